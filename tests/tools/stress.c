/* stress.c: a program to be recorded: many threads that allocate, resize and free blocks, mostly those of others.
 *
 * SPDX-License-Identifier: MIT
 *
 *     stress THREADS EVENTS          about so many calls in all
 *     stress THREADS EVENTS forks    and then the same in children, one for every fourth thread, at the same time
 *     stress THREADS 0               on and on
 *
 * Blocks lie in a few places that all threads share: whoever comes takes what is there, and puts something else in its place. So the
 * memory that one thread frees is soon that of another, and an order of events that is wrong shows. */
#define _GNU_SOURCE 1
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PLACES = 256, MOST_THREADS = 256 };

static _Atomic(void *) places[PLACES];
static long calls_each; /* 0: without end */

static uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

/* Of few sizes, so that memory is used again at once. */
static void *something(uint32_t word) {
    const size_t size = 24 + (word >> 8) % 4 * 40;
    void *p = NULL;
    switch (word % 8) {
    case 0: return calloc(2, size / 2);
    case 1: return aligned_alloc(64, 64 + size / 64 * 64);
    case 2: return posix_memalign(&p, 32, size) == 0 ? p : NULL;
    case 3: return realloc(NULL, size);
    default: return malloc(size);
    }
}

static void *work(void *seed) {
    uint32_t state = (uint32_t)(uintptr_t)seed * 2654435761u + 1;
    for (long i = 0; calls_each == 0 || i < calls_each; i += 2) {
        const uint32_t word = next_random(&state);
        void *mine = word % 4 == 3 ? NULL : something(word >> 2);
        void *theirs = atomic_exchange(&places[(word >> 16) % PLACES], mine);
        if (theirs == NULL) continue;
        if (word % 4 == 2) {
            void *resized = realloc(theirs, 16 + (word >> 4) % 400);
            theirs = atomic_exchange(&places[(word >> 20) % PLACES], resized);
        }
        free(theirs);
    }
    return NULL;
}

static void work_in_child(void) {
    const pid_t child = fork();
    if (child == 0) {
        work(&calls_each);
        _exit(0);
    }
    int status = -1;
    if (waitpid(child, &status, 0) != child || status != 0) abort();
}

static void *work_and_fork(void *seed) {
    work(seed);
    if ((uintptr_t)seed % 4 == 0) work_in_child();
    return work(seed);
}

int main(int argc, char **argv) {
    const int threads = argc > 1 ? atoi(argv[1]) : 4;
    const long events = argc > 2 ? atol(argv[2]) : 100000;
    void *(*what)(void *) = argc > 3 && strcmp(argv[3], "forks") == 0 ? work_and_fork : work;
    static pthread_t ids[MOST_THREADS];
    if (threads < 1 || threads > MOST_THREADS) return 2;
    calls_each = events == 0 ? 0 : events / threads + 1;
    for (int i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, what, (void *)(uintptr_t)(i + 1)) != 0) return 1;
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    for (size_t i = 0; i < PLACES; i++) free(places[i]);
    puts("done");
    return 0;
}
