/* heap_behind_a_mutex.c: one heap for several threads.
 *
 * SPDX-License-Identifier: MIT
 *
 * A heap takes no lock, because many have one thread only, or a lock of their own kind: a mutex, a critical section, a disabled
 * interrupt. The caller puts his own around the calls, as here. Every function needs it, those that only ask too: they read what
 * another thread may be writing.
 *
 * Each of four threads allocates, resizes and frees at random. Blocks wander: a thread takes a block that any thread has left
 * in a shared slot, looks whether its bytes are still those that were written, frees it, and leaves a new one there. */
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heapmm/heap.h"

#define THREADS 4
#define SLOTS 64
#define TURNS 50000
#define LARGEST 900

/* A heap and the lock that goes with it: kept in one struct, so that nobody can use one without the other. */
struct locked_heap {
    pthread_mutex_t mutex;
    hmm_heap *heap;
};

struct slot {
    unsigned char *bytes;
    size_t count;
    unsigned char value; /* of every byte */
};

struct worker {
    pthread_t thread;
    uint32_t random;
    size_t damaged, refused;
};

static max_align_t memory[36 * 1024 / sizeof(max_align_t)];
static struct locked_heap shared = {.mutex = PTHREAD_MUTEX_INITIALIZER};
static struct slot slots[SLOTS];
static pthread_mutex_t slots_mutex = PTHREAD_MUTEX_INITIALIZER;

static void *locked_alloc(struct locked_heap *locked, size_t size) {
    pthread_mutex_lock(&locked->mutex);
    void *p = hmm_heap_alloc(locked->heap, size);
    pthread_mutex_unlock(&locked->mutex);
    return p;
}

static int locked_resize(struct locked_heap *locked, void *p, size_t size) {
    pthread_mutex_lock(&locked->mutex);
    const int result = hmm_heap_resize(locked->heap, p, size);
    pthread_mutex_unlock(&locked->mutex);
    return result;
}

static void locked_free(struct locked_heap *locked, void *p) {
    pthread_mutex_lock(&locked->mutex);
    hmm_heap_free(locked->heap, p);
    pthread_mutex_unlock(&locked->mutex);
}

static uint32_t random_below(struct worker *worker, uint32_t bound) {
    worker->random = worker->random * 1664525u + 1013904223u;
    return (worker->random >> 16) % bound;
}

static bool is_whole(const struct slot *block) {
    for (size_t i = 0; i < block->count; i++)
        if (block->bytes[i] != block->value) return false;
    return true;
}

/* Fills a block while this thread alone knows it: that needs no lock. */
static struct slot make_block(struct worker *worker) {
    struct slot block = {NULL, 1 + random_below(worker, LARGEST), (unsigned char)random_below(worker, 256)};
    block.bytes = locked_alloc(&shared, block.count);
    if (block.bytes == NULL) return (struct slot){0};
    const size_t half = block.count / 2;
    if (random_below(worker, 4) == 0 && locked_resize(&shared, block.bytes, half) == HMM_OK) block.count = half;
    memset(block.bytes, block.value, block.count);
    return block;
}

static struct slot exchange(size_t slot, struct slot block) {
    pthread_mutex_lock(&slots_mutex);
    const struct slot before = slots[slot];
    slots[slot] = block;
    pthread_mutex_unlock(&slots_mutex);
    return before;
}

static void *work(void *argument) {
    struct worker *worker = argument;
    for (int turn = 0; turn < TURNS; turn++) {
        const struct slot block = make_block(worker);
        if (block.bytes == NULL) worker->refused++;
        const struct slot before = exchange(random_below(worker, SLOTS), block);
        if (!is_whole(&before)) worker->damaged++;
        locked_free(&shared, before.bytes);
    }
    return NULL;
}

static bool run_workers(struct worker *workers) {
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.random = i + 1};
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) return false;
    }
    for (unsigned i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
    return true;
}

int main(void) {
    struct worker workers[THREADS];
    size_t damaged = 0, refused = 0;
    hmm_heap_statistics stats;
    shared.heap = hmm_heap_create(memory, sizeof memory, NULL);
    if (shared.heap == NULL || !run_workers(workers)) return EXIT_FAILURE;

    for (unsigned i = 0; i < THREADS; i++) {
        damaged += workers[i].damaged;
        refused += workers[i].refused;
    }
    for (size_t i = 0; i < SLOTS; i++) locked_free(&shared, slots[i].bytes);

    /* The threads are joined: from here on one thread is left, and needs no lock. */
    const int result = hmm_heap_check(shared.heap, NULL);
    hmm_heap_stats(shared.heap, &stats);
    printf("%d threads, %d turns each: %zu requests found no room, %zu blocks were damaged\n", THREADS, TURNS, refused, damaged);
    printf("check %s, %zu blocks left in use\n", hmm_result_name(result), stats.blocks_in_use);
    hmm_heap_destroy(shared.heap);
    return damaged == 0 && result == HMM_OK && stats.blocks_in_use == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
