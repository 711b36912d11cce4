/* mapped.c: a program to be looked at by heapmm map, while it runs on heapmm's malloc.
 *
 * SPDX-License-Identifier: MIT
 *
 *     mapped still      allocates blocks of many sizes, frees some, tells what mallinfo2 and malloc_stats say, and waits
 *     mapped busy N     N threads allocate and free until standard input ends
 *     mapped nothing    waits
 *     mapped sharing    has memory that others could share, and of which no page is there yet, and a name that a terminal would obey
 *
 * It waits until standard input ends, and then ends itself, with status 0 if no block was overwritten meanwhile. */
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { BLOCKS = 6000, LARGEST = 100000, SLOTS = 500, MOST_THREADS = 16 };

static atomic_bool stops, went_wrong;

static void *allocate(size_t size, unsigned char mark) {
    unsigned char *block = malloc(size);
    if (block == NULL) abort();
    memset(block, mark, size);
    return block;
}

static void *blocks[BLOCKS];

/* Another thread than the one that allocated them, which does not look at what is freed so. */
static void *free_some(void *unused) {
    for (size_t i = 2; i < BLOCKS; i += 5) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
    return unused;
}

static void be_still(void) {
    for (size_t i = 0; i < BLOCKS; i++) blocks[i] = allocate(1 + i * i % (i % 100 == 0 ? LARGEST : 3000), 1);
    for (size_t i = 0; i < BLOCKS; i += i % 3 + 1) {
        free(blocks[i]);
        blocks[i] = NULL;
    }
    pthread_t other;
    if (pthread_create(&other, NULL, free_some, NULL) != 0 || pthread_join(other, NULL) != 0) abort();
    static char buffer[1 << 12];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    const struct mallinfo2 now = mallinfo2();
    malloc_stats();
    printf("%zu %zu %zu %zu %zu\n", now.arena, now.uordblks, now.fordblks, now.hblks, now.hblkhd);
    fflush(stdout);
}

/* Each block holds its own size and a mark at its end. */
static void *be_busy(void *seed) {
    uint32_t state = (uint32_t)(uintptr_t)seed * 2654435761u + 1;
    struct {
        unsigned char *block;
        size_t size;
    } slots[SLOTS] = {{NULL, 0}};
    while (!stops) {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        const size_t i = state % SLOTS, size = 1 + (state >> 10) % (state % 50 == 0 ? LARGEST : 2000);
        if (slots[i].block != NULL &&
            (slots[i].block[0] != (unsigned char)i || slots[i].block[slots[i].size - 1] != (unsigned char)i))
            went_wrong = true;
        free(slots[i].block);
        slots[i].block = allocate(size, (unsigned char)i);
        slots[i].size = size;
    }
    for (size_t i = 0; i < SLOTS; i++) free(slots[i].block);
    return NULL;
}

static void share(void) {
    const size_t bytes = (size_t)64 << 20;
    if (mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) abort();
    if (prctl(PR_SET_NAME, "\033[31mred") != 0) abort();
}

static void wait_for_the_end(void) {
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0) continue;
    stops = true;
}

int main(int argc, char **argv) {
    pthread_t threads[MOST_THREADS];
    const int count = argc > 2 ? atoi(argv[2]) : 0;
    if (argc < 2 || count < 0 || count > MOST_THREADS) return 2;
    if (strcmp(argv[1], "still") == 0) be_still();
    if (strcmp(argv[1], "sharing") == 0) share();
    for (int i = 0; i < count; i++)
        if (pthread_create(&threads[i], NULL, be_busy, (void *)(uintptr_t)i) != 0) return 2;
    if (write(STDOUT_FILENO, "ready\n", 6) != 6) return 2;
    wait_for_the_end();
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    return went_wrong ? 1 : 0;
}
