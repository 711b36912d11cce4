/* import_heaptrack.c: what heaptrack records, as text.
 *
 * SPDX-License-Identifier: MIT
 *
 * Numbers are hexadecimal. Of the raw form (heaptrack --raw):
 *
 *     v 10400 3            versions
 *     + 18 8 557014c981d0  a block of 18 bytes was allocated, from call stack 8, at an address
 *     - 557014c981d0       freed
 *     c 1a                 milliseconds since the beginning
 *
 * Of the interpreted form, which has no addresses:
 *
 *     a 18 8               blocks of 18 bytes from call stack 8 are of the next sort: 0, 1, 2 ...
 *     + 1                  one of sort 1 was allocated
 *     - 1                  one of sort 1 was freed
 *
 * There, addresses are made up, and whichever block of a sort was allocated last is taken to be the one that is freed. Neither form
 * knows threads, alignments, or that a realloc is one. */
#include <stdlib.h>
#include <string.h>

#include "import.h"

/* Blocks of one sort, by the addresses that they were given. */
typedef struct sort {
    uint64_t size;
    uint64_t *addresses;
    size_t count;
    size_t room;
} sort;

typedef struct sorts {
    sort *all;
    size_t count;
    size_t room;
    uint64_t next; /* address */
} sorts;

static sorts *sorts_of(import *i) {
    if (i->own == NULL) i->own = calloc(1, sizeof(sorts));
    return i->own;
}

static import_line add_sort(import *i, uint64_t size) {
    sorts *s = sorts_of(i);
    if (s == NULL) return LINE_FAILED;
    if (s->count == s->room) {
        const size_t room = s->room == 0 ? 64 : 2 * s->room;
        sort *larger = realloc(s->all, room * sizeof *larger);
        if (larger == NULL) return LINE_FAILED;
        s->all = larger;
        s->room = room;
    }
    s->all[s->count++] = (sort){.size = size};
    return LINE_USED;
}

static sort *sort_number(import *i, uint64_t number) {
    sorts *s = sorts_of(i);
    return s != NULL && number < s->count ? &s->all[number] : NULL;
}

/* No address is used twice. */
static import_line alloc_of_sort(import *i, uint64_t number) {
    sort *s = sort_number(i, number);
    if (s == NULL) return LINE_WRONG;
    if (s->count == s->room) {
        const size_t room = s->room == 0 ? 8 : 2 * s->room;
        uint64_t *larger = realloc(s->addresses, room * sizeof *larger);
        if (larger == NULL) return LINE_FAILED;
        s->addresses = larger;
        s->room = room;
    }
    sorts *all = i->own;
    const uint64_t address = all->next + 16;
    all->next = address + (s->size & ~(uint64_t)15);
    s->addresses[s->count++] = address;
    return import_put(i, &(hmm_trace_event){.kind = HMM_TRACE_MALLOC, .size = s->size, .address = address});
}

static import_line free_of_sort(import *i, uint64_t number) {
    sort *s = sort_number(i, number);
    if (s == NULL || s->count == 0) return LINE_WRONG;
    return import_put(i, &(hmm_trace_event){.kind = HMM_TRACE_FREE, .old_address = s->addresses[--s->count]});
}

/* Which form it is shows in the number of numbers. */
static import_line take_alloc(import *i, const uint64_t *numbers, size_t count) {
    if (count == 1) return alloc_of_sort(i, numbers[0]);
    if (count != 3) return LINE_WRONG;
    return import_put(
        i, &(hmm_trace_event){.kind = HMM_TRACE_MALLOC, .size = numbers[0], .address = numbers[2], .failed = numbers[2] == 0});
}

/* A sort has a small number, and an address a large one; only the interpreted form has sorts. */
static import_line take_free(import *i, const uint64_t *numbers, size_t count) {
    if (count != 1) return LINE_WRONG;
    if (i->own != NULL) return free_of_sort(i, numbers[0]);
    return import_put(i, &(hmm_trace_event){.kind = HMM_TRACE_FREE, .old_address = numbers[0]});
}

static import_line take(import *i, char *line) {
    const char letter = line[0];
    uint64_t numbers[3] = {0};
    size_t count = 0;
    if (letter == '\0' || letter == '#') return LINE_USED;
    if (line[1] != ' ' && line[1] != '\0') return LINE_WRONG;
    if (strchr("+-ac", letter) == NULL) return strchr("vxXIstimRASfr", letter) != NULL ? LINE_USED : LINE_WRONG;
    line++;
    while (count < 3 && import_number(&line, 16, &numbers[count])) count++;
    if (count == 0 || line[strspn(line, " \r")] != '\0') return LINE_WRONG;
    switch (letter) {
    case '+': return take_alloc(i, numbers, count);
    case '-': return take_free(i, numbers, count);
    case 'a': return add_sort(i, numbers[0]);
    default: i->time = import_product(numbers[0], 1000000); return LINE_USED;
    }
}

static bool fits(const char *line) {
    return strncmp(line, "v ", 2) == 0;
}

static void end(import *i) {
    sorts *s = i->own;
    if (s == NULL) return;
    for (size_t n = 0; n < s->count; n++) free(s->all[n].addresses);
    free(s->all);
    free(s);
}

const import_format import_heaptrack = {"heaptrack", fits, take, end};
