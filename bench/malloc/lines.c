/* lines.c: cache lines that threads share without need, because an allocator put blocks of several threads on one.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "pattern.h"

#define LINE_THREADS 2
#define LINE_ROUNDS 2000
#define LINE_WRITES 300000
#define LINE_BYTES 8

/* Writes to the block again and again, as a program does that counts in it. */
static void count_in(volatile unsigned char *block, size_t times) {
    for (size_t i = 0; i < times; i++) block[i % (LINE_BYTES - 5) + 4]++;
}

static void rounds(struct member *self) {
    for (size_t i = 0; i < LINE_ROUNDS; i++) {
        unsigned char *block = block_make(LINE_BYTES);
        count_in(block, scaled(self->scale, LINE_WRITES));
        self->sum += block_drop(block);
    }
}

/* Active: a thread is given memory on a line that another one uses. */
uint64_t cache_thrash(unsigned scale) {
    return team_run(LINE_THREADS, rounds, scale, NULL);
}

static void free_given(struct member *self) {
    void **given = self->shared;
    self->sum += block_drop(given[self->number]);
    rounds(self);
}

/* Passive: a thread frees a block of the main thread, its neighbours on the line are others' blocks, and it may be given that one again. */
uint64_t cache_scratch(unsigned scale) {
    void *given[LINE_THREADS];
    for (unsigned i = 0; i < LINE_THREADS; i++) given[i] = block_make(LINE_BYTES);
    return team_run(LINE_THREADS, free_given, scale, given);
}
