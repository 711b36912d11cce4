/* footprint.h: the pages in which blocks lie at one moment: what a trace's blocks need at least, wherever its allocator put them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_FOOTPRINT_H
#define HEAPMM_TOOLS_FOOTPRINT_H

#include "blocks.h"

/* All zero: no pages. */
typedef struct footprint {
    blocks edges;   /* pages in which blocks begin or end, by how many */
    uint64_t inner; /* pages that a block fills */
} footprint;

/* A block comes to be. False: no memory. */
bool footprint_add(footprint *f, uint64_t address, uint64_t bytes);

/* A block that was added is no more. */
void footprint_remove(footprint *f, uint64_t address, uint64_t bytes);

uint64_t footprint_bytes(const footprint *f);

void footprint_free(footprint *f);

#endif
