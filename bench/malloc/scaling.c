/* scaling.c: the same work, done by one thread or by many: what does it cost in time and memory, and is each thread served equally?
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pattern.h"

#define ALL_BLOCKS 131072
#define ALL_TURNS 16000000
#define FAIR_MILLISECONDS 2000

struct shift {
    pthread_barrier_t start, end;
    unsigned threads;
    atomic_bool over;
    size_t turns[TEAM_MOST];
};

struct bench {
    struct random random;
    size_t count;
    void **blocks;
};

/* A thread's share of all blocks. */
static struct bench bench_open(const struct member *self, const struct shift *shift) {
    struct bench bench = {random_from(self->number), ALL_BLOCKS / shift->threads, NULL};
    bench.blocks = calloc(bench.count, sizeof *bench.blocks);
    if (bench.blocks == NULL) give_up("out of memory");
    return bench;
}

/* Fills the places one by one, and then replaces blocks at random. Returns the bytes freed. */
static uint64_t bench_turn(struct bench *bench, size_t turn) {
    void **block = &bench->blocks[turn < bench->count ? turn : random_below(&bench->random, bench->count)];
    const uint64_t freed = block_drop(*block);
    *block = block_make(random_size(&bench->random, 16, 1024));
    return freed;
}

/* All have their blocks before the first one frees them. */
static uint64_t bench_close(struct bench *bench, struct shift *shift) {
    pthread_barrier_wait(&shift->end);
    const uint64_t freed = block_drop_all(bench->blocks, bench->count);
    free(bench->blocks);
    return freed;
}

static void shift_begin(struct shift *shift, unsigned threads) {
    shift->threads = threads;
    pthread_barrier_init(&shift->start, NULL, threads);
    pthread_barrier_init(&shift->end, NULL, threads);
}

/* ---- A fixed amount of work ---------------------------------------------------------------------------------------------- */

static void work_share(struct member *self) {
    struct shift *shift = self->shared;
    struct bench bench = bench_open(self, shift);
    const size_t turns = scaled(self->scale, ALL_TURNS) / shift->threads;
    for (size_t i = 0; i < turns; i++) self->sum += bench_turn(&bench, i);
    self->sum += bench_close(&bench, shift);
}

uint64_t scaling(unsigned threads, unsigned scale) {
    struct shift shift = {0};
    shift_begin(&shift, threads);
    return team_run(threads, work_share, scale, &shift);
}

/* ---- A fixed time -------------------------------------------------------------------------------------------------------- */

/* The first thread sees to the time. */
static void work_until_over(struct member *self) {
    struct shift *shift = self->shared;
    struct bench bench = bench_open(self, shift);
    struct timespec start, now;
    const long milliseconds = (long)scaled(self->scale, FAIR_MILLISECONDS);
    size_t turn = 0;
    pthread_barrier_wait(&shift->start);
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (; !atomic_load_explicit(&shift->over, memory_order_relaxed); turn++) {
        self->sum += bench_turn(&bench, turn);
        if (self->number != 0 || turn % 64 != 0) continue;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 >= milliseconds) shift->over = true;
    }
    shift->turns[self->number] = turn;
    self->sum += bench_close(&bench, shift);
}

void fairness(unsigned threads, unsigned scale) {
    struct shift shift = {0};
    shift_begin(&shift, threads);
    team_run(threads, work_until_over, scale, &shift);
    size_t fewest = shift.turns[0], most = shift.turns[0], all = 0;
    for (unsigned i = 0; i < threads; i++) {
        if (shift.turns[i] < fewest) fewest = shift.turns[i];
        if (shift.turns[i] > most) most = shift.turns[i];
        all += shift.turns[i];
    }
    printf("fewest %zu\nmost %zu\nall %zu\n", fewest, most, all);
}
