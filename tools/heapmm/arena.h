/* arena.h: memory that is lent to an allocator: as much as it needs, or so much and no more.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_ARENA_H
#define HEAPMM_TOOLS_ARENA_H

#include <stdint.h>

#include "allocator.h"

typedef struct arena {
    const allocator *on;
    void *heap;
    unsigned char *memory;
    size_t reserved; /* addresses */
    size_t bytes;    /* lent */
    size_t region;   /* where the last region begins */
    bool is_fixed;
    bool is_tried; /* a fault now means that it cannot be lent so much or so little */
} arena;

/* Begins with `fixed` bytes; or, if that is 0, with few, which grow. capacity: what it will come to, about. most: what it may come
 * to. False: it cannot be. */
bool arena_begin(arena *a, const allocator *on, size_t fixed, size_t capacity, uint64_t most);

/* Lends some more, for a block of `size` bytes; lent: how much there was when that failed first. False: more will not help. */
bool arena_grow(arena *a, size_t size, size_t lent);

void arena_end(arena *a);

#endif
