/* cells.h: the picture of a map: a row of cells, each for the same number of bytes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_CELLS_H
#define HEAPMM_TOOLS_CELLS_H

#include "map.h"

/* What is in a cell, in bytes. */
typedef struct cell {
    double bytes[MAP_KINDS], used[MAP_KINDS];
} cell;

typedef struct cells {
    cell *cells;
    size_t count;
    uint64_t bytes_per_cell;
} cells;

/* Makes at most so many cells, each for a multiple of `step` bytes. Returns false if there is no memory for them. */
bool cells_make(cells *c, const heap_map *map, size_t most, uint64_t step);

/* What a cell has in use, from 0 to 1, of all that is in it. */
double cell_fullness(const cell *c);

/* Of what is used in a cell, or in it at all, what there is most of. MAP_KINDS: there is nothing in it. */
map_kind cell_kind(const cell *c);

void cells_free(cells *c);

#endif
