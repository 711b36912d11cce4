/* model.h: a heap that is obviously right.
 *
 * SPDX-License-Identifier: MIT
 *
 * The model does what heap.h promises with a sorted array of intervals per region and a linear search. It touches no memory but
 * its own: the addresses in it are numbers. Each function predicts what the function of the same name does to a heap: result,
 * place, counters. The free intervals carry a stamp that grows each time one is put into the free index, so that the most recent
 * of equal sizes is the one with the highest stamp. */
#ifndef HMM_TESTS_MODEL_H
#define HMM_TESTS_MODEL_H

#include "layout.h"

typedef struct model_block {
    uintptr_t payload;
    size_t bytes;
    bool free;
    uint64_t stamp; /* of a free block: when it was put into the free index */
} model_block;

typedef struct model_region {
    uintptr_t memory;
    size_t bytes;    /* as lent */
    uintptr_t first; /* payload of the first block, if there is one */
    bool holds_control;
    model_block *blocks; /* by address, without a gap from `first` on */
    size_t count, room;
} model_region;

enum { MODEL_MAX_REGIONS = 8 };

typedef struct model {
    model_region regions[MODEL_MAX_REGIONS]; /* by address */
    size_t region_count;
    uint64_t stamp;
    size_t peak_in_use, allocations, frees, failures;
    bool (*on_exhausted)(void *context, size_t size);
    void *context;
} model;

void model_init(model *m);
void model_release(model *m);

/* first: the payload of the region's first block; how much of a region its record takes is the heap's own affair. */
void model_add_region(model *m, uintptr_t memory, size_t bytes, uintptr_t first, bool holds_control);
void model_extend_region(model *m, uintptr_t memory, size_t more_bytes);
size_t model_shrink_region(model *m, uintptr_t memory, size_t bytes);
int model_remove_region(model *m, uintptr_t memory);

/* Everything is so many bytes further on. */
void model_move(model *m, uintptr_t distance);

const model_region *model_region_at(const model *m, uintptr_t memory); /* NULL if there is none */

uintptr_t model_alloc(model *m, size_t size);
uintptr_t model_alloc_zeroed(model *m, size_t count, size_t size);
uintptr_t model_alloc_aligned(model *m, size_t alignment, size_t size);
uintptr_t model_alloc_greedy(model *m, size_t needed, size_t wanted, size_t *got);
int model_resize(model *m, uintptr_t p, size_t size);
int model_resize_greedy(model *m, uintptr_t p, size_t needed, size_t wanted, size_t *got);
uintptr_t model_realloc(model *m, uintptr_t p, size_t size);
uintptr_t model_realloc_aligned(model *m, uintptr_t p, size_t alignment, size_t size);
void model_free(model *m, uintptr_t p);

size_t model_usable_size(const model *m, uintptr_t p);
size_t model_largest_free(const model *m);
bool model_contains(const model *m, uintptr_t p);
void model_stats(const model *m, hmm_heap_statistics *stats);

#endif
