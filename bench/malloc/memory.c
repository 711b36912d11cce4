/* memory.c: what stays resident: of an empty program, and after threads have freed what they had.
 *
 * SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pattern.h"

/* Resident KiB of this process; needs no allocator. */
static long resident(void) {
    char text[128] = "";
    const int file = open("/proc/self/statm", O_RDONLY);
    const ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (length <= 0) give_up("/proc/self/statm cannot be read");
    close(file);
    return strtol(strchr(text, ' '), NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

void memory_of_nothing(void) {
    free(block_make(BLOCK_LEAST));
    const long kibibytes = resident();
    printf("resident %ld\n", kibibytes);
}

/* ---- Four threads, 64 MiB each ----------------------------------------------------------------------------------------------- */

#define GIVING_THREADS 4
#define GIVING_BYTES ((size_t)64 << 20)
#define GIVING_LARGEST 2048
#define GIVING_MOST_BLOCKS (GIVING_BYTES / (GIVING_LARGEST / 4))

static pthread_barrier_t allocated, freed, ended;

/* keep_one_in 0: frees all, and waits until the measurements are over. Else keeps one block in so many, and ends. */
static void allocate_and_free(struct member *self) {
    struct random random = random_from(self->number);
    void **blocks = malloc(GIVING_MOST_BLOCKS * sizeof *blocks);
    const unsigned keep_one_in = *(unsigned *)self->shared;
    size_t count = 0;
    if (blocks == NULL) give_up("out of memory");
    for (size_t bytes = 0; bytes < GIVING_BYTES && count < GIVING_MOST_BLOCKS; count++) {
        const size_t size = 16 + random_below(&random, GIVING_LARGEST - 16);
        blocks[count] = block_make(size);
        memset((char *)blocks[count] + 4, 1, size - 5);
        bytes += size;
    }
    pthread_barrier_wait(&allocated);
    pthread_barrier_wait(&allocated);
    for (size_t i = 0; i < count; i++)
        if (keep_one_in == 0 || i % keep_one_in != 0) block_drop(blocks[i]);
    free(blocks);
    pthread_barrier_wait(&freed);
    if (keep_one_in == 0) pthread_barrier_wait(&ended);
}

static void small_calls(void) {
    struct random random = random_from(99);
    for (unsigned i = 0; i < 1000; i++) block_drop(block_make(random_size(&random, 16, 256)));
}

struct giving {
    pthread_t thread;
    struct member member;
};

static void *give(void *argument) {
    allocate_and_free(&((struct giving *)argument)->member);
    return NULL;
}

void memory_given_back(unsigned keep_one_in) {
    static struct giving team[GIVING_THREADS];
    const struct timespec pause = {2, 0};
    pthread_barrier_init(&allocated, NULL, GIVING_THREADS + 1);
    pthread_barrier_init(&freed, NULL, GIVING_THREADS + 1);
    pthread_barrier_init(&ended, NULL, GIVING_THREADS + 1);
    for (unsigned i = 0; i < GIVING_THREADS; i++) {
        team[i].member = (struct member){.number = i, .shared = &keep_one_in};
        if (pthread_create(&team[i].thread, NULL, give, &team[i]) != 0) give_up("no thread could be created");
    }
    pthread_barrier_wait(&allocated);
    const long full = resident();
    pthread_barrier_wait(&allocated);
    pthread_barrier_wait(&freed);
    if (keep_one_in != 0)
        for (unsigned i = 0; i < GIVING_THREADS; i++) pthread_join(team[i].thread, NULL);
    const long at_once = resident();
    nanosleep(&pause, NULL);
    const long later = resident();
    small_calls();
    const long after_calls = resident();
    printf("full %ld\nat_once %ld\nlater %ld\nafter_calls %ld\n", full, at_once, later, after_calls);
    if (keep_one_in != 0) return;
    pthread_barrier_wait(&ended);
    for (unsigned i = 0; i < GIVING_THREADS; i++) pthread_join(team[i].thread, NULL);
}
