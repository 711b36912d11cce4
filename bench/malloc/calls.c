/* calls.c: malloc and free in three patterns, for counting the instructions of a pair.
 *
 * SPDX-License-Identifier: MIT
 *
 *     calls pairs|mixed|remote       prints the number of pairs that were made while instructions were counted
 *
 * instructions.py counts what functions named count_... call, without these functions themselves. Each pattern first runs twice as
 * long under another name. The allocator is the one that the process is started with. */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS = 20000, LIVE = 1000, BATCH = 500, TABLE = 4096 };

static unsigned short sizes[TABLE]; /* 16..1024 */
static unsigned short places[TABLE];
static void *volatile blocks[LIVE];

#define BODY static inline __attribute__((always_inline)) void
#define FUNCTION static __attribute__((noinline)) void

static unsigned next_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void fill_tables(void) {
    unsigned state = 1;
    for (int i = 0; i < TABLE; i++) {
        sizes[i] = (unsigned short)(16 + next_random(&state) % (1024 - 16 + 1));
        places[i] = (unsigned short)(next_random(&state) % LIVE);
    }
}

/* A block of 64 bytes is freed at once. */
BODY make_pairs(int count) {
    for (int i = 0; i < count; i++) {
        blocks[0] = malloc(64);
        free(blocks[0]);
    }
}

FUNCTION warm_pairs(int count) {
    make_pairs(count);
}

FUNCTION count_pairs(int count) {
    make_pairs(count);
}

/* A random one of the live blocks is replaced by one of another size. */
BODY replace_blocks(int count) {
    for (int i = 0; i < count; i++) {
        void *volatile *place = &blocks[places[i % TABLE]];
        free(*place);
        *place = malloc(sizes[(i * 7 + i / TABLE) % TABLE]);
    }
}

FUNCTION warm_mixed(int count) {
    replace_blocks(count);
}

FUNCTION count_mixed(int count) {
    replace_blocks(count);
}

/* ---- Freed by another thread --------------------------------------------------------------------------------------------- */

enum { BATCHES = PAIRS / BATCH, WARM_BATCHES = 2 * BATCHES };

static _Atomic(int) turn; /* of the thread that allocates: 0; of the one that frees: 1 */

static void wait_for_turn(int whose) {
    while (atomic_load(&turn) != whose) sched_yield();
}

BODY allocate_batch(int batch) {
    for (int i = 0; i < BATCH; i++) blocks[i] = malloc(sizes[(batch * 31 + i) % TABLE]);
}

BODY free_batch(void) {
    for (int i = 0; i < BATCH; i++) free(blocks[i]);
}

FUNCTION warm_allocations(int batch) {
    allocate_batch(batch);
}

FUNCTION count_allocations(int batch) {
    allocate_batch(batch);
}

FUNCTION warm_frees(void) {
    free_batch();
}

FUNCTION count_frees(void) {
    free_batch();
}

static void *free_batches(void *none) {
    for (int batch = 0; batch < WARM_BATCHES + BATCHES; batch++) {
        wait_for_turn(1);
        if (batch < WARM_BATCHES) {
            warm_frees();
        } else {
            count_frees();
        }
        atomic_store(&turn, 0);
    }
    return none;
}

static void run_remote(void) {
    pthread_t other;
    if (pthread_create(&other, NULL, free_batches, NULL) != 0) exit(EXIT_FAILURE);
    for (int batch = 0; batch < WARM_BATCHES + BATCHES; batch++) {
        wait_for_turn(0);
        if (batch < WARM_BATCHES) {
            warm_allocations(batch);
        } else {
            count_allocations(batch);
        }
        atomic_store(&turn, 1);
    }
    pthread_join(other, NULL);
}

int main(int argc, char **argv) {
    const char *pattern = argc == 2 ? argv[1] : "";
    fill_tables();
    if (strcmp(pattern, "pairs") == 0) {
        warm_pairs(2 * PAIRS);
        count_pairs(PAIRS);
    } else if (strcmp(pattern, "mixed") == 0) {
        warm_mixed(2 * PAIRS);
        count_mixed(PAIRS);
    } else if (strcmp(pattern, "remote") == 0) {
        run_remote();
    } else {
        fprintf(stderr, "usage: calls pairs|mixed|remote\n");
        return EXIT_FAILURE;
    }
    printf("%d\n", PAIRS);
    return EXIT_SUCCESS;
}
