/* pages_main.c: the program `pages`: how many distinct pages of 4 KiB one allocation and one free touch.
 *
 * SPDX-License-Identifier: MIT
 *
 * The heap in this program is compiled with -fsanitize=thread but not linked with that sanitizer: its calls, one for each access,
 * come here. What lies outside the arena is the stack. */
#include <stdio.h>
#include <stdlib.h>

#include "replay.h"

enum { PAGES = 1024, PAGE_SHIFT = 12 };

static uintptr_t arena_from, arena_to;
static uintptr_t touched[PAGES];
static size_t count;

static void touch_page(uintptr_t page) {
    for (size_t i = 0; i < count; i++)
        if (touched[i] == page) return;
    if (count < PAGES) touched[count++] = page;
}

static void touch(const volatile void *memory, size_t bytes) {
    if ((uintptr_t)memory < arena_from || (uintptr_t)memory >= arena_to) return;
    const uintptr_t last = ((uintptr_t)memory + bytes - 1) >> PAGE_SHIFT;
    for (uintptr_t page = (uintptr_t)memory >> PAGE_SHIFT; page <= last; page++) touch_page(page);
}

#define ACCESS(name, bytes)     \
    void name(void *memory);    \
    void name(void *memory) {   \
        touch(memory, (bytes)); \
    }
#define ACCESSES(bytes)                         \
    ACCESS(__tsan_read##bytes, bytes)           \
    ACCESS(__tsan_write##bytes, bytes)          \
    ACCESS(__tsan_unaligned_read##bytes, bytes) \
    ACCESS(__tsan_unaligned_write##bytes, bytes)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

void __tsan_init(void);
void __tsan_func_entry(void *caller);
void __tsan_func_exit(void);
void __tsan_read_range(void *memory, size_t bytes);
void __tsan_write_range(void *memory, size_t bytes);

void __tsan_init(void) {
}

void __tsan_func_entry(void *caller) {
    (void)caller;
}

void __tsan_func_exit(void) {
}

void __tsan_read_range(void *memory, size_t bytes) {
    touch(memory, bytes);
}

void __tsan_write_range(void *memory, size_t bytes) {
    touch(memory, bytes);
}

int main(int argc, char **argv) {
    const struct subject *subject = argc == 3 ? subject_named(argv[1]) : NULL;
    struct trace t;
    if (subject == NULL || (!trace_make(&t, argv[2], TRACE_NO_SEED) && !trace_read(&t, argv[2]))) {
        fprintf(stderr, "usage: pages SUBJECT KIND|FILE\nprints: mean and most pages of an alloc, mean and most of a free\n");
        return 2;
    }
    const size_t bytes = replay_arena_bytes(&t);
    void *arena = arena_of(bytes);
    arena_from = (uintptr_t)arena;
    arena_to = arena_from + bytes;
    struct replay r;
    if (!replay_begin(&r, subject, &t, arena, bytes)) return EXIT_FAILURE;
    if (replay_part(&r, &t, 0, t.steady_from) != t.steady_from) return EXIT_FAILURE;
    size_t operations[3] = {0}, sum[3] = {0}, most[3] = {0};
    for (size_t at = t.steady_from; at < t.count; at++) {
        const unsigned verb = verb_of(&t.operations[at]);
        count = 0;
        if (replay_part(&r, &t, at, at + 1) == at) return EXIT_FAILURE;
        operations[verb]++;
        sum[verb] += count;
        if (count > most[verb]) most[verb] = count;
    }
    for (unsigned verb = TRACE_ALLOC; verb <= TRACE_FREE; verb++)
        printf("%.4f %zu ", (double)sum[verb] / (double)operations[verb], most[verb]);
    puts("");
    return EXIT_SUCCESS;
}
