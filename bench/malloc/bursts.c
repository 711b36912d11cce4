/* bursts.c: bursts of blocks, freed in different orders; growth by realloc; large blocks.
 *
 * SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdlib.h>

#include "pattern.h"

/* ---- Bursts: many blocks of a size or a few, a third freed at once, the newest half backwards, the rest forwards ------------------ */

#define BURST_BLOCKS 4096
#define BURSTS 4500

static uint64_t free_every(void **blocks, size_t step) {
    uint64_t sum = 0;
    for (size_t i = 0; i < BURST_BLOCKS; i += step) {
        sum += block_drop(blocks[i]);
        blocks[i] = NULL;
    }
    return sum;
}

static uint64_t free_backwards(void **blocks, size_t from) {
    uint64_t sum = 0;
    for (size_t i = BURST_BLOCKS; i-- > from;) {
        sum += block_drop(blocks[i]);
        blocks[i] = NULL;
    }
    return sum;
}

static void fill_up(void **blocks, struct random *random, size_t most) {
    for (size_t i = 0; i < BURST_BLOCKS; i++)
        if (blocks[i] == NULL) blocks[i] = block_make(BLOCK_LEAST + random_below(random, most));
}

static uint64_t one_burst(void **blocks, struct random *random) {
    const size_t most = random_size(random, 8, 1024);
    uint64_t sum = 0;
    fill_up(blocks, random, most);
    sum += free_every(blocks, 3);
    fill_up(blocks, random, most);
    sum += free_backwards(blocks, BURST_BLOCKS / 2);
    fill_up(blocks, random, most);
    return sum;
}

uint64_t bursts_alone(unsigned scale) {
    static void *blocks[BURST_BLOCKS];
    struct random random = random_from(1);
    const size_t bursts = scaled(scale, BURSTS);
    uint64_t sum = 0;
    for (size_t i = 0; i < bursts; i++) {
        sum += one_burst(blocks, &random);
        sum += block_drop_all(blocks, BURST_BLOCKS);
    }
    return sum;
}

/* Two threads; what is left of a burst is handed over, and freed by whoever hands over next. */
static void burst_in_thread(struct member *self) {
    _Atomic(void **) *handed = self->shared;
    struct random random = random_from(self->number);
    const size_t bursts = scaled(self->scale, BURSTS);
    for (size_t i = 0; i < bursts; i++) {
        void **blocks = calloc(BURST_BLOCKS, sizeof *blocks);
        if (blocks == NULL) give_up("out of memory");
        self->sum += one_burst(blocks, &random);
        blocks = atomic_exchange(handed, blocks);
        if (blocks != NULL) self->sum += block_drop_all(blocks, BURST_BLOCKS);
        free(blocks);
    }
}

uint64_t bursts_of_two(unsigned scale) {
    _Atomic(void **) handed = NULL;
    uint64_t sum = team_run(2, burst_in_thread, scale, &handed);
    void **left = atomic_load(&handed);
    sum += block_drop_all(left, BURST_BLOCKS);
    free(left);
    return sum;
}

/* ---- Growth: buffers that grow by half, side by side, and start again ------------------------------------------------------------- */

#define GROWTH_BUFFERS 200
#define GROWTH_STEPS 2000000

/* One in twenty is a document, the others are texts. */
static size_t growth_most(size_t buffer) {
    return buffer % 20 == 0 ? 1 << 20 : 16 << 10;
}

uint64_t growth(unsigned scale) {
    void *buffers[GROWTH_BUFFERS] = {NULL};
    size_t sizes[GROWTH_BUFFERS] = {0};
    struct random random = random_from(1);
    const size_t steps = scaled(scale, GROWTH_STEPS);
    uint64_t sum = 0;
    for (size_t i = 0; i < steps; i++) {
        const size_t at = random_below(&random, GROWTH_BUFFERS);
        if (sizes[at] > growth_most(at)) {
            sum += block_drop(buffers[at]);
            buffers[at] = NULL;
        }
        sizes[at] = buffers[at] == NULL ? 16 + random_below(&random, 32) : sizes[at] + sizes[at] / 2;
        buffers[at] = buffers[at] == NULL ? block_make(sizes[at]) : block_resize(buffers[at], sizes[at]);
    }
    return sum + block_drop_all(buffers, GROWTH_BUFFERS);
}

/* ---- Large blocks: 5 to 25 MiB, of which every page is written -------------------------------------------------------------------- */

#define LARGE_BLOCKS 10
#define LARGE_TURNS 1000
#define PAGE 4096

uint64_t large_blocks(unsigned scale) {
    void *blocks[LARGE_BLOCKS] = {NULL};
    struct random random = random_from(1);
    const size_t turns = scaled(scale, LARGE_TURNS);
    uint64_t sum = 0;
    for (size_t i = 0; i < turns; i++) {
        void **block = &blocks[random_below(&random, LARGE_BLOCKS)];
        sum += block_drop(*block);
        const size_t size = ((size_t)5 << 20) + random_below(&random, 20 << 20);
        *block = block_make(size);
        for (size_t at = PAGE; at < size; at += PAGE) ((unsigned char *)*block)[at - 1] = 1;
    }
    return sum + block_drop_all(blocks, LARGE_BLOCKS);
}
