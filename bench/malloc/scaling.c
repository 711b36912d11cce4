/* scaling.c: the same work, done by one thread or by many: is each served equally, and what does it cost in memory?
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "pattern.h"

#define ALL_BLOCKS 131072
#define ALL_TURNS 16000000

struct shift {
    pthread_barrier_t start;
    unsigned threads;
    double started[TEAM_MOST], ended[TEAM_MOST];
};

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Replaces blocks at random; a fixed share of all blocks, and of all turns. */
static void work(struct member *self) {
    struct shift *shift = self->shared;
    struct random random = random_from(self->number);
    const size_t count = ALL_BLOCKS / shift->threads, turns = scaled(self->scale, ALL_TURNS) / shift->threads;
    void **blocks = calloc(count, sizeof *blocks);
    if (blocks == NULL) give_up("out of memory");
    pthread_barrier_wait(&shift->start);
    shift->started[self->number] = now();
    for (size_t i = 0; i < turns; i++) {
        void **block = &blocks[i < count ? i : random_below(&random, count)];
        self->sum += block_drop(*block);
        *block = block_make(random_size(&random, 16, 1024));
    }
    shift->ended[self->number] = now();
    pthread_barrier_wait(&shift->start);
    self->sum += block_drop_all(blocks, count);
    free(blocks);
}

static double least(const double *values, unsigned count) {
    double found = values[0];
    for (unsigned i = 1; i < count; i++)
        if (values[i] < found) found = values[i];
    return found;
}

static double most(const double *values, unsigned count) {
    double found = values[0];
    for (unsigned i = 1; i < count; i++)
        if (values[i] > found) found = values[i];
    return found;
}

/* All times count from the start of the first thread: a thread that has to wait for a processor is slow. */
void scaling(unsigned threads, unsigned scale) {
    struct shift shift = {.threads = threads};
    pthread_barrier_init(&shift.start, NULL, threads);
    team_run(threads, work, scale, &shift);
    const double start = least(shift.started, threads);
    printf("fastest %.6f\nslowest %.6f\n", least(shift.ended, threads) - start, most(shift.ended, threads) - start);
}
