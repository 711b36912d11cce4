/* heap_map.h: how full which addresses were when: a picture of a heap over time, as a grid.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_HEAP_MAP_H
#define HEAPMM_TOOLS_HEAP_MAP_H

#include "survey.h"

typedef struct heap_map {
    size_t columns;     /* moments of the survey, from the second on */
    size_t rows;        /* equal parts of the axis of recorded addresses */
    uint64_t row_bytes; /* of each part */
    double *bytes;      /* in blocks; of a row all columns, then the next row */
} heap_map;

/* Makes it. False: no memory. */
bool heap_map_make(heap_map *m, const survey *s, size_t rows);

/* The part of a cell that blocks fill, up to 1. */
double heap_map_part(const heap_map *m, size_t row, size_t column);

void heap_map_free(heap_map *m);

#endif
