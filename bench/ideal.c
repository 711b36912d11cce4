/* ideal.c: the simulated heap: tables indexed by granule, a list for every size, a bitmap of the sizes there are.
 *
 * SPDX-License-Identifier: MIT */
#include "ideal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEVELS = 6 }; /* 64^6 exceeds all numbers of granules */

struct granule {
    uint32_t size;           /* at the first granule of a block: granules */
    uint32_t start;          /* at the last one: the first */
    uint32_t next, previous; /* at the first one of a free block: others of the size; previous IDEAL_NONE: the newest */
    bool free;               /* at the first one */
};

struct ideal {
    struct ideal_rules rules;
    uint32_t units, least;
    struct granule *at;
    uint32_t *newest;        /* free block of each size */
    uint64_t *marks[LEVELS]; /* of sizes; of words of the level below that are not 0 */
};

static void *zeroed(size_t count, size_t size) {
    void *memory = calloc(count + 1, size);
    if (memory != NULL) return memory;
    perror("ideal");
    exit(EXIT_FAILURE);
}

/* ---- Which sizes there are ----------------------------------------------------------------------------------------------- */

static void mark(struct ideal *heap, uint32_t size) {
    for (int level = 0; level < LEVELS; level++, size /= 64) heap->marks[level][size / 64] |= (uint64_t)1 << size % 64;
}

static void unmark(struct ideal *heap, uint32_t size) {
    for (int level = 0; level < LEVELS; level++, size /= 64)
        if ((heap->marks[level][size / 64] &= ~((uint64_t)1 << size % 64)) != 0) return;
}

static uint32_t lowest_bit(uint64_t bits) {
    uint32_t n = 0;
    while (!(bits >> n & 1)) n++;
    return n;
}

/* The least marked size from `size` on; IDEAL_NONE if there is none. Up until a word holds one, then down to it. */
static uint32_t marked_from(const struct ideal *heap, uint32_t size) {
    const uint32_t words = heap->units / 64;
    uint32_t at = size;
    for (int level = 0; level < LEVELS; level++, at = at / 64 + 1) {
        if (at / 64 > words) return IDEAL_NONE;
        const uint64_t here = heap->marks[level][at / 64] >> at % 64;
        if (here == 0) continue;
        at += lowest_bit(here);
        while (level-- > 0) at = 64 * at + lowest_bit(heap->marks[level][at]);
        return at;
    }
    return IDEAL_NONE;
}

/* ---- Blocks -------------------------------------------------------------------------------------------------------------- */

static uint32_t units_for(const struct ideal *heap, size_t size) {
    const struct ideal_rules *r = &heap->rules;
    const size_t bytes = size + r->header < r->least ? r->least : size + r->header;
    const size_t units = (bytes + r->granule - 1) / r->granule;
    return units > heap->units ? IDEAL_NONE : (uint32_t)units;
}

static void set_block(struct ideal *heap, uint32_t block, uint32_t units, bool is_free) {
    heap->at[block].size = units;
    heap->at[block].free = is_free;
    heap->at[block + units - 1].start = block;
}

static void put_in(struct ideal *heap, uint32_t block, uint32_t units) {
    set_block(heap, block, units, true);
    struct granule *b = &heap->at[block];
    b->next = heap->newest[units];
    b->previous = IDEAL_NONE;
    if (b->next != IDEAL_NONE) heap->at[b->next].previous = block;
    heap->newest[units] = block;
    mark(heap, units);
}

static void take_out(struct ideal *heap, uint32_t block) {
    const struct granule *b = &heap->at[block];
    if (b->next != IDEAL_NONE) heap->at[b->next].previous = b->previous;
    if (b->previous != IDEAL_NONE)
        heap->at[b->previous].next = b->next;
    else if ((heap->newest[b->size] = b->next) == IDEAL_NONE)
        unmark(heap, b->size);
}

/* The free block that ends where `block` starts; IDEAL_NONE if there is none. */
static uint32_t free_before(const struct ideal *heap, uint32_t block) {
    if (block == 0) return IDEAL_NONE;
    const uint32_t before = heap->at[block - 1].start;
    return heap->at[before].free ? before : IDEAL_NONE;
}

/* The size of the free block behind; 0 if there is none. */
static uint32_t free_behind(const struct ideal *heap, uint32_t block) {
    const uint32_t behind = block + heap->at[block].size;
    return behind < heap->units && heap->at[behind].free ? heap->at[behind].size : 0;
}

/* Frees units of which the index knows nothing, joined with their free neighbours. */
static void release(struct ideal *heap, uint32_t block, uint32_t units) {
    set_block(heap, block, units, false);
    const uint32_t behind = free_behind(heap, block);
    const uint32_t before = free_before(heap, block);
    if (behind != 0) take_out(heap, block + units);
    units += behind;
    if (before != IDEAL_NONE) {
        take_out(heap, before);
        units += heap->at[before].size;
        block = before;
    }
    put_in(heap, block, units);
}

/* Allocates the low end of units of which the index knows nothing; frees the rest if it can be a block. */
static void occupy(struct ideal *heap, uint32_t block, uint32_t room, uint32_t units) {
    if (room - units < heap->least) units = room;
    set_block(heap, block, units, false);
    if (room != units) release(heap, block + units, room - units);
}

struct ideal *ideal_create(const struct ideal_rules *rules, size_t bytes) {
    struct ideal *heap = zeroed(1, sizeof *heap);
    heap->rules = *rules;
    heap->units = (uint32_t)(bytes / rules->granule);
    heap->least = (uint32_t)((rules->least + rules->granule - 1) / rules->granule);
    heap->at = zeroed(heap->units, sizeof *heap->at);
    heap->newest = zeroed(heap->units + (size_t)1, sizeof *heap->newest);
    for (size_t size = 0; size <= heap->units; size++) heap->newest[size] = IDEAL_NONE;
    size_t words = heap->units;
    for (int level = 0; level < LEVELS; level++) {
        words = words / 64 + 1;
        heap->marks[level] = zeroed(words, sizeof *heap->marks[level]);
    }
    if (heap->units != 0) put_in(heap, 0, heap->units);
    return heap;
}

void ideal_destroy(struct ideal *heap) {
    for (int level = 0; level < LEVELS; level++) free(heap->marks[level]);
    free(heap->newest);
    free(heap->at);
    free(heap);
}

uint32_t ideal_alloc(struct ideal *heap, size_t size) {
    const uint32_t units = units_for(heap, size);
    const uint32_t found = units == IDEAL_NONE ? IDEAL_NONE : marked_from(heap, units);
    if (found == IDEAL_NONE) return IDEAL_NONE;
    const uint32_t block = heap->newest[found];
    take_out(heap, block);
    if (size < heap->rules.high_from || found - units < heap->least) {
        occupy(heap, block, found, units);
        return block;
    }
    put_in(heap, block, found - units);
    set_block(heap, block + found - units, units, false);
    return block + found - units;
}

void ideal_free(struct ideal *heap, uint32_t block) {
    release(heap, block, heap->at[block].size);
}

uint32_t ideal_realloc(struct ideal *heap, uint32_t block, size_t size) {
    const uint32_t units = units_for(heap, size);
    const uint32_t old = heap->at[block].size;
    const uint32_t behind = free_behind(heap, block);
    const uint32_t before = free_before(heap, block);
    if (units == IDEAL_NONE) return IDEAL_NONE;
    const uint32_t in_front = before == IDEAL_NONE ? 0 : heap->at[before].size;
    if (units <= old) {
        occupy(heap, block, old, units);
        return block;
    }
    if (units > in_front + old + behind) {
        const uint32_t moved = ideal_alloc(heap, size);
        if (moved != IDEAL_NONE) ideal_free(heap, block);
        return moved;
    }
    if (behind != 0) take_out(heap, block + old);
    if (units <= old + behind) {
        occupy(heap, block, old + behind, units);
        return block;
    }
    take_out(heap, before);
    occupy(heap, before, in_front + old + behind, units);
    return before;
}
