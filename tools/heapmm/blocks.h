/* blocks.h: the blocks that are allocated at one moment of a trace, found by their addresses.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_BLOCKS_H
#define HEAPMM_TOOLS_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct block {
    uint64_t address; /* 0: none */
    uint64_t size;
    uint64_t time;     /* of its allocation */
    uint64_t sequence; /* the same */
    uint32_t thread;   /* the same */
} block;

/* All zero: no blocks. */
typedef struct blocks {
    block *table;
    size_t room; /* a power of two */
    size_t count;
} blocks;

/* The block at an address; NULL if there is none. Valid until the next change. */
block *blocks_find(const blocks *b, uint64_t address);

/* Adds a block, whose address is not there. False: no memory. */
bool blocks_add(blocks *b, const block *added);

/* Removes a block that blocks_find gave. */
void blocks_remove(blocks *b, block *removed);

void blocks_free(blocks *b);

#endif
