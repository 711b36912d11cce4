/* picture.h: what a heap holds at one moment, drawn in the terminal, a cell for each so many bytes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "heapmm/heap.h"

#define PICTURE_COLUMNS 64
#define PICTURE_ROWS 16
#define PICTURE_CELLS (PICTURE_COLUMNS * PICTURE_ROWS)

/* What a block is used for, told from its size: a page of SQLite's is 4 KiB and its page header. USE_HEAP is
 * what belongs to no block: the heap's control block and index. */
enum use { USE_HEAP, USE_SMALL, USE_PAGE, USE_LARGE, USE_FREE, USES };

struct picture {
    const void *memory; /* where the heap begins */
    size_t bytes;       /* in all cells */
    size_t cell_bytes;
    unsigned cells;                      /* that the heap has, at most PICTURE_CELLS */
    size_t in_cell[PICTURE_CELLS][USES]; /* bytes by use */
    size_t use_bytes[USES], use_blocks[USES];
};

/* Takes the picture of a heap of one region. Returns HMM_OK, or the fault that ended the walk. */
int picture_take(struct picture *picture, const hmm_heap *heap, const void *memory, size_t bytes);

/* Prints it, in colour or in plain characters, with its legend. */
void picture_print(const struct picture *picture, FILE *file, bool colour);

/* Whether a picture on this file should be in colour: it is a terminal and NO_COLOR is not set. */
bool picture_in_colour(FILE *file);

#endif
