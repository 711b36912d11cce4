/* scene.h: heaps in three positions, with blocks that misuse can be tried on.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_SCENE_H
#define HMM_TESTS_SCENE_H

#include "shadow.h"

/* fresh: only the blocks below. busy: besides, after some hundred operations of the program, more than half full. full: nothing
 * left, then one block in sixteen was freed. */
typedef enum position { FRESH, BUSY, FULL, POSITIONS } position;

/* In units of blocks. ROW_UNITS: too few for a tree, enough for a node, a footer, and bytes between. */
enum { ROW = 12, ROW_UNITS = 7, LARGE_BLOCKS = 5 };

/* Allocated blocks of ROW_UNITS, each directly behind the one before, the first one the first block of the first region. */
extern unsigned char *row[ROW];

/* Allocated blocks of three sizes of one tree, [0], [2], [4], and [1], [3] between them; [0] is the last block of its region. */
extern unsigned char *large[LARGE_BLOCKS];

/* Another heap, with a block; and memory that no heap has. */
extern hmm_heap *other_heap;
extern unsigned char *other_block;
extern unsigned char *on_the_stack, *of_the_program;

/* Makes the heap anew. capacity: of its options. */
void scene_make(position where, uint64_t seed, size_t capacity);

static inline unsigned char *first_region(void) {
    return ground + FIRST_AT;
}

static inline unsigned char *second_region(void) {
    return ground + SECOND_AT;
}

/* Memory that no heap has, and that links of every instance reach. */
static inline unsigned char *spare(void) {
    return ground + SPARE_AT;
}

/* Where a block behind the last one of the first region would have its payload; the sentinel is the word before it. */
extern unsigned char *first_end;

#endif
