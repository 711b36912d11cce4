/* ideal.h: a simulated best-fit heap that keeps all it knows elsewhere: the floor that a real one is compared with.
 *
 * SPDX-License-Identifier: MIT
 *
 * Strict best fit, the newest free block among equals, immediate coalescing. A block costs the stated header and is rounded up to
 * the granule; there is no control block, no alignment of the first block, no end. */
#ifndef HMM_BENCH_IDEAL_H
#define HMM_BENCH_IDEAL_H

#include <stddef.h>
#include <stdint.h>

struct ideal_rules {
    size_t header;    /* bytes of a block that are not payload */
    size_t granule;   /* of block sizes, bytes */
    size_t least;     /* smallest block, bytes */
    size_t high_from; /* requests of so many bytes take the high end of a free block; SIZE_MAX: none does */
};

struct ideal;

#define IDEAL_NONE UINT32_MAX

/* Never NULL: ends the program when there is no memory. */
struct ideal *ideal_create(const struct ideal_rules *rules, size_t bytes);
void ideal_destroy(struct ideal *heap);

/* A block is the number of its first granule. IDEAL_NONE: nothing fits, and nothing has changed. */
uint32_t ideal_alloc(struct ideal *heap, size_t size);
void ideal_free(struct ideal *heap, uint32_t block);

/* In place if the free block behind suffices; else into the free block before; else to a new block. */
uint32_t ideal_realloc(struct ideal *heap, uint32_t block, size_t size);

#endif
