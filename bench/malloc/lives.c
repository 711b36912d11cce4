/* lives.c: blocks of random sizes and lives: allocation tests of one and two threads, larson, short threads.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

/* ---- Random lives: a slot at random; if it is empty, a block is allocated and filled, else it is read and freed ------------------ */

#define LIVES_SLOTS 32768
#define LIVES_TURNS 36000000

static uint64_t read_all(const unsigned char *block, size_t size) {
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i += 64) sum += block[i];
    return sum;
}

static uint64_t one_life(void **slot, struct random *random) {
    if (*slot != NULL) {
        const uint64_t size = block_drop(*slot);
        *slot = NULL;
        return size;
    }
    const size_t size = random_size(random, 16, 1024);
    unsigned char *block = block_make(size);
    memset(block + 4, (int)size, size - 5);
    *slot = block;
    return read_all(block + 4, size - 5);
}

static uint64_t random_lives(size_t turns, size_t slots, uint64_t seed) {
    struct random random = random_from(seed);
    void **blocks = calloc(slots, sizeof *blocks);
    uint64_t sum = 0;
    if (blocks == NULL) give_up("out of memory");
    for (size_t i = 0; i < turns; i++) sum += one_life(&blocks[random_below(&random, slots)], &random);
    sum += block_drop_all(blocks, slots);
    free(blocks);
    return sum;
}

uint64_t random_lives_alone(unsigned scale) {
    return random_lives(scaled(scale, LIVES_TURNS), LIVES_SLOTS, 1);
}

static void live_in_thread(struct member *self) {
    self->sum = random_lives(scaled(self->scale, LIVES_TURNS), LIVES_SLOTS / 2, self->number);
}

uint64_t random_lives_of_two(unsigned scale) {
    return team_run(2, live_in_thread, scale, NULL);
}

/* ---- Larson: a server's thread replaces blocks at random, ends, and leaves its blocks to the next thread -------------------------- */

#define LARSON_BLOCKS 5000
#define LARSON_GENERATIONS 100
#define LARSON_TURNS 200000

struct lane {
    void *blocks[LARSON_BLOCKS];
    struct random random;
};

static void larson_generation(struct member *self) {
    struct lane *lane = (struct lane *)self->shared + self->number;
    const size_t turns = scaled(self->scale, LARSON_TURNS);
    for (size_t i = 0; i < turns; i++) {
        void **block = &lane->blocks[random_below(&lane->random, LARSON_BLOCKS)];
        self->sum += block_drop(*block);
        *block = block_make(8 + random_below(&lane->random, 1000));
    }
}

uint64_t larson(unsigned scale) {
    enum { LANES = 2 };
    static struct lane lanes[LANES];
    uint64_t sum = 0;
    for (unsigned i = 0; i < LANES; i++) lanes[i].random = random_from(i);
    for (unsigned generation = 0; generation < LARSON_GENERATIONS; generation++)
        sum += team_run(LANES, larson_generation, scale, lanes);
    for (unsigned i = 0; i < LANES; i++) sum += block_drop_all(lanes[i].blocks, LARSON_BLOCKS);
    return sum;
}

/* ---- Short threads: each allocates and frees a little, and ends ----------------------------------------------------------------- */

#define SHORT_PAIRS 5000
#define SHORT_BLOCKS 100

static void short_life(struct member *self) {
    struct random random = random_from(self->number);
    void *blocks[SHORT_BLOCKS];
    for (size_t i = 0; i < SHORT_BLOCKS; i++) blocks[i] = block_make(random_size(&random, 16, 2048));
    self->sum = block_drop_all(blocks, SHORT_BLOCKS);
}

uint64_t short_threads(unsigned scale) {
    const size_t pairs = scaled(scale, SHORT_PAIRS);
    uint64_t sum = 0;
    for (size_t i = 0; i < pairs; i++) sum += team_run(2, short_life, scale, NULL);
    return sum;
}
