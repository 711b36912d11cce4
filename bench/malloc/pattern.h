/* pattern.h: what the patterns share: random numbers, blocks that carry their size, threads.
 *
 * SPDX-License-Identifier: MIT
 *
 * A pattern does an amount of work that its scale fixes, and returns a sum over all blocks it has freed. The sum does not depend on
 * which thread ran when, so that two allocators must give the same. */
#ifndef BENCH_MALLOC_PATTERN_H
#define BENCH_MALLOC_PATTERN_H

#include <stddef.h>
#include <stdint.h>

struct pattern {
    const char *name;
    uint64_t (*run)(unsigned scale); /* scale: percent of a full run, at least 1 */
};

/* The percentage of a count, at least 1. */
size_t scaled(unsigned scale, size_t count);

struct random {
    uint64_t state;
};

struct random random_from(uint64_t seed);
uint64_t random_next(struct random *random);

/* A number below `limit`, which is less than 2^32. */
static inline size_t random_below(struct random *random, size_t limit) {
    return (size_t)(((random_next(random) >> 32) * limit) >> 32);
}

/* A size from `least` to `most`, each power of two as likely as any other. */
size_t random_size(struct random *random, size_t least, size_t most);

#define BLOCK_LEAST 8

/* Allocates a block of at least BLOCK_LEAST bytes, which has its size at the start and a byte of it at the end. */
void *block_make(size_t size);
/* Makes a block larger or smaller, with the size at its new end. */
void *block_resize(void *block, size_t size);
/* Verifies size and end, frees the block. Returns its size; 0 for NULL. Ends the program if the block was damaged. */
uint64_t block_drop(void *block);
uint64_t block_drop_all(void **blocks, size_t count);

_Noreturn void give_up(const char *reason);

/* A thread of a team: its number, and what it returns. */
struct member {
    unsigned number;
    unsigned scale;
    uint64_t sum;
    void *shared;
};

/* Runs `count` threads, at most TEAM_MOST, and returns the sum of their sums. */
#define TEAM_MOST 64
uint64_t team_run(unsigned count, void (*work)(struct member *), unsigned scale, void *shared);

/* ---- The patterns, each described where it is ----------------------------------------------------------------------------- */

uint64_t random_lives_alone(unsigned scale);
uint64_t random_lives_of_two(unsigned scale);
uint64_t larson(unsigned scale);
uint64_t producer_consumer(unsigned scale);
uint64_t bursts_alone(unsigned scale);
uint64_t bursts_of_two(unsigned scale);
uint64_t stress(unsigned scale);
uint64_t exchange(unsigned scale);
uint64_t cache_scratch(unsigned scale);
uint64_t cache_thrash(unsigned scale);
uint64_t large_blocks(unsigned scale);
uint64_t short_threads(unsigned scale);
uint64_t growth(unsigned scale);

/* Those that print themselves what they measure, in memory.c and scaling.c. */
void memory_of_nothing(void);
void memory_given_back(unsigned keep_one_in);
void fairness(unsigned threads, unsigned scale);

/* The same work by however many threads. */
uint64_t scaling(unsigned threads, unsigned scale);

#endif
