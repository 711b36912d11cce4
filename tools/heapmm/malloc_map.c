/* malloc_map.c: see malloc_map.h.
 *
 * SPDX-License-Identifier: MIT
 *
 * The process goes on while it is read. So nothing that was read is believed: a record counts if its span lies in the memory and begins
 * where no other one is. If they do not lie one behind the other, without a gap and without an overlap, something was changed meanwhile,
 * and they are read again, a few times; what is then missing is shown as such. */
#include "malloc_map.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "say.h"

enum {
    CHUNK = 1 << 16,
    TRIES = 8,
    WAITS = 20, /* of WAIT nanoseconds, for a program that was just started */
    WAIT = 50000000,
    MOST_UNIT_BYTES = 1 << 20,
    MOST_RECORD_BYTES = 256,
    MOST_RECORDS = 1 << 24,
    MOST_BLOCKS = 64 /* in a slab */
};

static const uint64_t most_memory = (uint64_t)1 << 46, most_address = (uint64_t)1 << 56;

/* ---- Finding the window -------------------------------------------------------------------------------------------------- */

typedef struct search {
    malloc_map *map;
    bool found, seen, is_mapped, is_listed; /* a window of this version; of another one; the library; the list of mappings */
    uint64_t fresh;                         /* of what was found */
} search;

static bool read_number(const malloc_map *m, const void *where, uint64_t *number) {
    return process_read(&m->process, (uint64_t)(uintptr_t)where, number, sizeof *number);
}

static bool is_sound(const hmm_malloc_window *w) {
    const hmm_malloc_window_record *r = &w->record;
    const size_t bytes = w->record_bytes;
    return w->unit_bytes != 0 && w->unit_bytes <= MOST_UNIT_BYTES && (w->unit_bytes & (w->unit_bytes - 1)) == 0 &&
           bytes <= MOST_RECORD_BYTES && r->start + sizeof(uint64_t) <= bytes && r->units + sizeof(uint32_t) <= bytes &&
           r->kind < bytes && r->clean < bytes && r->free + sizeof(uint64_t) <= bytes && r->freed + sizeof(uint64_t) <= bytes &&
           r->size + sizeof(uint32_t) <= bytes && r->blocks < bytes;
}

/* Of several, the one whose allocator has most: a program can have one linked in and another one preloaded, which serves it. */
static void take_window(search *s, const hmm_malloc_window *window) {
    malloc_map other = *s->map;
    uint64_t fresh = 0;
    other.window = *window;
    if (window->version != HMM_MALLOC_WINDOW_VERSION || window->bytes != sizeof *window || !is_sound(window)) {
        s->seen = true;
        return;
    }
    if (!read_number(&other, window->fresh, &fresh) || (s->found && fresh <= s->fresh)) return;
    s->map->window = *window;
    s->fresh = fresh;
    s->found = true;
}

static void look_at(search *s, uint64_t address) {
    hmm_malloc_window window;
    if (process_read(&s->map->process, address, &window, sizeof window) && (uintptr_t)window.self == address)
        take_window(s, &window);
}

/* Chunks overlap by the tag. */
static bool search_mapping(void *context, const process_mapping *mapping) {
    static char chunk[CHUNK];
    search *s = context;
    const size_t tag = sizeof HMM_MALLOC_WINDOW_TAG;
    if (strstr(mapping->path, "libheapmm-malloc") != NULL) s->is_mapped = true;
    for (uint64_t at = mapping->start; at < mapping->end; at += CHUNK - tag) {
        const size_t bytes = mapping->end - at < CHUNK ? (size_t)(mapping->end - at) : CHUNK;
        if (!process_read(&s->map->process, at, chunk, bytes)) break;
        for (const char *from = chunk, *found;
             (found = memmem(from, bytes - (size_t)(from - chunk), HMM_MALLOC_WINDOW_TAG, tag)) != NULL; from = found + 1)
            look_at(s, at + (uint64_t)(found - chunk));
    }
    return true;
}

static void say_why_not(const malloc_map *m, const search *s) {
    const long pid = (long)m->process.pid;
    const char *name = m->process.name;
    if (!s->is_listed || process_has_ended(&m->process))
        say("process %ld has ended", pid);
    else if (s->seen || s->is_mapped)
        say("process %ld (%s) runs on the malloc of another version of heapmm: use the heapmm that comes with it", pid, name);
    else
        say("process %ld (%s) does not run on heapmm's malloc: start it with heapmm-run, as in heapmm-run %s", pid, name, name);
}

/* A process that was just started may still be the shell, or heapmm-run, or be about to load the library: so it is waited for. Each time it
 * is opened anew, since another program has other memory. */
bool malloc_map_open(malloc_map *m, pid_t pid) {
    const struct timespec pause = {.tv_nsec = WAIT};
    for (int i = 0;; i++) {
        *m = (malloc_map){0};
        if (!process_open(&m->process, pid)) return false;
        search s = {.map = m};
        s.is_listed = process_mappings(&m->process, search_mapping, &s);
        if (s.found) return true;
        if (s.seen || i == WAITS) {
            say_why_not(m, &s);
            malloc_map_close(m);
            return false;
        }
        malloc_map_close(m);
        nanosleep(&pause, NULL);
    }
}

/* ---- Reading ------------------------------------------------------------------------------------------------------------- */

/* The numbers of one moment, more or less. */
typedef struct numbers {
    uint64_t memory, mapped, fresh, most_taken, given_back, records;
    uint32_t record_count;
} numbers;

static bool read_numbers(const malloc_map *m, numbers *n) {
    const hmm_malloc_window *w = &m->window;
    return read_number(m, w->memory, &n->memory) && read_number(m, w->mapped, &n->mapped) &&
           read_number(m, w->fresh, &n->fresh) && read_number(m, w->most_taken, &n->most_taken) &&
           read_number(m, w->given_back, &n->given_back) && read_number(m, w->records, &n->records) &&
           process_read(&m->process, (uint64_t)(uintptr_t)w->record_count, &n->record_count, sizeof n->record_count);
}

static bool numbers_are_sound(const malloc_map *m, const numbers *n) {
    return n->records <= most_address && n->memory % m->window.unit_bytes == 0 && n->fresh % m->window.unit_bytes == 0 &&
           n->fresh <= n->mapped && n->mapped <= most_memory && n->memory <= most_address && n->record_count <= MOST_RECORDS;
}

/* All records, and behind them what other threads wrote of the same spans. */
static bool read_records(malloc_map *m, const numbers *n) {
    const size_t bytes = (size_t)n->record_count * m->window.record_bytes;
    if (bytes == 0) return true;
    if (m->room < 2 * bytes) {
        free(m->records);
        m->room = 4 * bytes;
        m->records = malloc(m->room);
        if (m->records == NULL) {
            m->room = 0;
            return false;
        }
    }
    return process_read(&m->process, n->records, m->records, bytes) &&
           process_read(&m->process, n->records + m->window.remote, m->records + bytes, bytes);
}

/* A span, as its record says. */
typedef struct span {
    uint64_t start, bytes; /* start: from the beginning of the memory */
    uint64_t free;         /* of a slab: bits */
    uint32_t size;
    unsigned char kind, clean, blocks;
} span;

static span read_span(const malloc_map *m, const numbers *n, uint32_t number) {
    const unsigned char *record = m->records + (size_t)number * m->window.record_bytes;
    const unsigned char *remote = record + (size_t)n->record_count * m->window.record_bytes;
    const hmm_malloc_window_record *at = &m->window.record;
    span s = {0};
    uint64_t freed;
    uint32_t units;
    memcpy(&s.start, record + at->start, sizeof s.start);
    memcpy(&units, record + at->units, sizeof units);
    memcpy(&s.free, record + at->free, sizeof s.free);
    memcpy(&freed, remote + at->freed, sizeof freed);
    memcpy(&s.size, record + at->size, sizeof s.size);
    s.kind = record[at->kind];
    s.clean = record[at->clean];
    s.blocks = record[at->blocks];
    s.start -= n->memory;
    s.bytes = (uint64_t)units * m->window.unit_bytes;
    s.free |= freed;
    return s;
}

static bool span_is_sound(const malloc_map *m, const numbers *n, const span *s) {
    if (s->kind == HMM_MALLOC_WINDOW_NONE || s->kind > HMM_MALLOC_WINDOW_GUARDED) return false;
    if (s->bytes == 0 || s->start >= n->fresh || s->bytes > n->fresh - s->start || s->start % m->window.unit_bytes != 0)
        return false;
    return s->kind != HMM_MALLOC_WINDOW_SLAB ||
           (s->blocks != 0 && s->blocks <= MOST_BLOCKS && (uint64_t)s->size * s->blocks == s->bytes);
}

static unsigned blocks_in_use(const span *slab) {
    const uint64_t all = ~(uint64_t)0 >> (MOST_BLOCKS - slab->blocks);
    unsigned count = 0;
    for (uint64_t used = ~slab->free & all; used != 0; used &= used - 1) count++;
    return count;
}

/* ---- Summing up ---------------------------------------------------------------------------------------------------------- */

typedef struct sums {
    uint64_t taken, live, free, clean, free_spans, largest, large, guarded, missing;
    size_t overlaps; /* spans that begin where another one is: one of the two is no more, which one is not known */
} sums;

static int compare_spans(const void *a, const void *b) {
    const span *x = a, *y = b;
    return (x->start > y->start) - (x->start < y->start);
}

/* The spans that are sound, by address. */
static size_t gather(const malloc_map *m, const numbers *n, span *spans) {
    size_t count = 0;
    for (uint32_t number = 1; number < n->record_count; number++) {
        const span s = read_span(m, n, number);
        if (span_is_sound(m, n, &s)) spans[count++] = s;
    }
    if (count > 1) qsort(spans, count, sizeof *spans, compare_spans);
    return count;
}

static map_piece piece_of(const span *s) {
    map_piece piece = {.start = s->start, .bytes = s->bytes, .used = s->bytes, .kind = MAP_OWN};
    if (s->kind == HMM_MALLOC_WINDOW_LARGE || s->kind == HMM_MALLOC_WINDOW_GUARDED) piece.kind = MAP_LARGE;
    if (s->kind == HMM_MALLOC_WINDOW_FREE) {
        piece.kind = s->clean ? MAP_GIVEN_BACK : MAP_FREE;
        piece.used = 0;
    }
    if (s->kind == HMM_MALLOC_WINDOW_SLAB) {
        piece.kind = MAP_SLAB;
        piece.used = (uint64_t)blocks_in_use(s) * s->size;
    }
    return piece;
}

static void count_span(const span *s, const map_piece *piece, sums *sum, heap_map *map) {
    if (s->kind == HMM_MALLOC_WINDOW_FREE) {
        *(s->clean ? &sum->clean : &sum->free) += s->bytes;
        sum->free_spans++;
        if (s->bytes > sum->largest) sum->largest = s->bytes;
        return;
    }
    sum->taken += s->bytes;
    if (s->kind != HMM_MALLOC_WINDOW_OWN) sum->live += piece->used;
    if (s->kind == HMM_MALLOC_WINDOW_LARGE) sum->large++;
    if (s->kind == HMM_MALLOC_WINDOW_GUARDED) sum->guarded++;
    if (s->kind == HMM_MALLOC_WINDOW_SLAB) map_add_class(map, s->size, s->blocks, blocks_in_use(s));
}

static bool add_gap(heap_map *map, uint64_t start, uint64_t end, sums *sum) {
    sum->missing += end - start;
    return start == end || map_add(map, (map_piece){.start = start, .bytes = end - start, .kind = MAP_CHANGING});
}

static bool add_spans(heap_map *map, const numbers *n, const span *spans, size_t count, sums *sum) {
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++) {
        if (spans[i].start < end) {
            sum->overlaps++;
            continue;
        }
        const map_piece piece = piece_of(&spans[i]);
        if (!add_gap(map, end, spans[i].start, sum) || !map_add(map, piece)) return false;
        count_span(&spans[i], &piece, sum, map);
        end = spans[i].start + spans[i].bytes;
    }
    return add_gap(map, end, n->fresh, sum);
}

/* By the words of the report that HEAPMM_STATS=1 prints. */
static void add_rows(heap_map *map, const malloc_map *m, const numbers *n, const sums *sum) {
    map_add_row(map, "in slabs and large blocks", sum->taken, MAP_BYTES);
    map_add_row(map, "of that, in blocks", sum->live, MAP_BYTES);
    map_add_row(map, "in use at most, at any time", n->most_taken * m->window.unit_bytes, MAP_BYTES);
    map_add_row(map, "mapped from the system", n->mapped, MAP_BYTES);
    map_add_row(map, "free, not given back", sum->free, MAP_BYTES);
    map_add_row(map, "free, given back", sum->clean, MAP_BYTES);
    map_add_row(map, "never used", n->mapped - n->fresh, MAP_BYTES);
    map_add_row(map, "given back in all", n->given_back, MAP_BYTES);
    map_add_row(map, "free spans", sum->free_spans, MAP_NUMBER);
    map_add_row(map, "largest free span", sum->largest, MAP_BYTES);
    map_add_row(map, "fragmentation", map_fragmentation(sum->largest, sum->free + sum->clean), MAP_PER_MILLE);
    map_add_row(map, "large blocks", sum->large, MAP_NUMBER);
    if (sum->guarded > 0) map_add_row(map, "blocks with guard pages", sum->guarded, MAP_NUMBER);
    if (sum->missing > 0) map_add_row(map, "changing at that moment", sum->missing, MAP_BYTES);
}

/* One look. Returns whether everything was there and could be stored. */
static bool look_once(malloc_map *m, heap_map *map, sums *sum) {
    numbers n;
    *sum = (sums){0};
    map_clear(map);
    if (!read_numbers(m, &n)) return false;
    if (n.memory == 0) n = (numbers){0}; /* nothing was allocated yet */
    if (!numbers_are_sound(m, &n) || !read_records(m, &n)) return false;
    span *spans = malloc(((size_t)n.record_count + 1) * sizeof *spans);
    if (spans == NULL) return false;
    const size_t count = gather(m, &n, spans);
    const bool added = add_spans(map, &n, spans, count, sum);
    free(spans);
    snprintf(map->title, sizeof map->title, "process %ld (%s), malloc", (long)m->process.pid, m->process.name);
    map->address = n.memory;
    map->bytes = n.fresh;
    add_rows(map, m, &n, sum);
    return added;
}

/* A look at which all fits together is not to be had of every program. The longer none was, the less is asked for. */
static bool is_good(const sums *sum, int tries) {
    if (tries < TRIES / 2) return sum->missing == 0 && sum->overlaps == 0;
    return sum->missing == 0 || tries + 1 == TRIES;
}

bool malloc_map_look(void *context, heap_map *map) {
    malloc_map *m = context;
    for (int i = 0; i < TRIES; i++) {
        sums sum;
        if (look_once(m, map, &sum) && is_good(&sum, i)) return true;
        map->ended = process_has_ended(&m->process);
        if (map->ended) return map_fail(map, "process %ld (%s) has ended", (long)m->process.pid, m->process.name);
    }
    return map_fail(
        map, "process %ld (%s): what its malloc keeps cannot be read, or makes no sense: it was overwritten, or memory is short",
        (long)m->process.pid, m->process.name);
}

void malloc_map_close(malloc_map *m) {
    free(m->records);
    m->records = NULL;
    process_close(&m->process);
}
