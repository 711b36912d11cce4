/* audit_fixture.h: what the tests of the audits of the classic heap have in common: the operations, whether one fails with the right
 * text and changes nothing, and heaps to be damaged.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_AUDIT_FIXTURE_H
#define HMM_TESTS_AUDIT_FIXTURE_H

#include "classic_fixture.h"

enum { BAUS = 40 * LEAST + END, ROOM = 100 * LEAST };

static _Alignas(16) unsigned char ground[2][ROOM * BAU], ground_before[2][ROOM * BAU];
static descriptor the_heap, heap_before;
static uintmax_t result; /* what the last operation returned, if anything */
enum { UNTOUCHED = 7 };

/* ---- Operations, each with one argument ----------------------------------------------------------------------------------- */

static inline void free_(void *p) {
    HMM_UNIQUE(free)(&the_heap, p);
}

static inline void resize_down(void *p) {
    result = (uintmax_t)HMM_UNIQUE(resize)(&the_heap, p, SMALL);
}

static inline void resize_greedily(void *p) {
    result = (uintmax_t)HMM_UNIQUE(greedy_resize)(&the_heap, p, 0, aaus(BAUS));
}

static inline void alloc_small(void *p) {
    (void)p;
    result = (uintptr_t)HMM_UNIQUE(alloc)(&the_heap, 0);
}

static inline void alloc_two(void *p) {
    (void)p;
    result = (uintptr_t)HMM_UNIQUE(alloc)(&the_heap, aaus(2 * LEAST));
}

static inline void alloc_greedily(void *p) {
    (void)p;
    result = (uintptr_t)HMM_UNIQUE(greedy_alloc)(&the_heap, 1, aaus(BAUS));
}

static inline void ask_largest(void *p) {
    (void)p;
    result = HMM_UNIQUE(largest_available)(&the_heap);
}

static inline void ask_size(void *p) {
    result = HMM_UNIQUE(true_size)(p);
}

static bau how_many; /* BAUs, of the next three */

static inline void shrink(void *p) {
    (void)p;
    HMM_UNIQUE(shrink_chunk)(&the_heap, how_many);
}

static inline void grow(void *end) {
    HMM_UNIQUE(grow_chunk)(&the_heap, end, how_many);
}

static inline void new_chunk(void *first) {
    HMM_UNIQUE(new_chunk)(&the_heap, first, how_many);
}

static inline void shrink_least(void *p) {
    (void)p;
    HMM_UNIQUE(shrink_chunk)(&the_heap, LEAST);
}

static inline void grow_least(void *end) {
    HMM_UNIQUE(grow_chunk)(&the_heap, end, LEAST);
}

static inline void new_least(void *first) {
    HMM_UNIQUE(new_chunk)(&the_heap, first, LEAST + END);
}

/* ---- Whether an audit fails ------------------------------------------------------------------------------------------------ */

static inline void keep(void) {
    memcpy(ground_before, ground, sizeof ground);
    memcpy(&heap_before, &the_heap, sizeof the_heap);
    test_reason = "";
    result = UNTOUCHED;
}

/* Where the audit falls through, a resize returns -1, and all others return 0. */
static inline void expect_audit(void (*operation)(void *), void *argument, const char *reason) {
    keep();
    if (setjmp(test_failed) == 0) {
        operation(argument);
        const bool resizes = operation == resize_down || operation == resize_greedily;
        if (result != UNTOUCHED) EXPECT_EQ(result, resizes ? -1 : 0);
    }
    EXPECT_STR_EQ(test_reason, reason);
    EXPECT_EQ(memcmp(ground_before, ground, sizeof ground), 0);
    EXPECT_EQ(memcmp(&heap_before, &the_heap, sizeof the_heap), 0);
}

static inline void expect_none(void (*operation)(void *), void *argument) {
    test_reason = "";
    if (setjmp(test_failed) == 0) operation(argument);
    EXPECT_STR_EQ(test_reason, "");
}

const char outside[] = "the pointer is not to a block of this heap", again[] = "the block was freed already, by the last free",
           bad_head[] = "the head of the block, or of one beside it, is damaged", is_free[] = "the block is free already",
           bad_member[] = "a free block behind the first of its size is damaged",
           bad_node[] = "a free block in the tree is damaged", bad_tree[] = "the tree of free blocks is damaged",
           bad_last[] = "the block freed last is damaged", elsewhere[] = "a free block is not where the tree should have it",
           bad_neighbour[] = "the head of a neighbour of the block is damaged",
           too_large[] = "the chunk has grown larger than can be counted", of_size[] = "the block is free, or its head damaged",
           no_end[] = "no chunk of this heap ends there", end_damaged[] = "the end block of the chunk is damaged",
           last_damaged[] = "the last block of the chunk, or its end block, is damaged",
           bad_growth[] = "the chunk is to grow by less than a smallest block, or by more than can be counted",
           bad_chunk[] = "the chunk is too small, or larger than can be counted",
           no_free[] = "a chunk can only be shrunk directly after a free that allows it",
           not_last[] = "the last block of the chunk is not the one freed last",
           bad_shrink[] = "the chunk is to shrink by too much, or to leave less than a smallest block";

/* ---- Heaps to be damaged --------------------------------------------------------------------------------------------------- */

static inline void begin(size_t size) {
    memset(ground, 0, sizeof ground);
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, ground[0], (bau)size);
}

static inline void *alloc_block(size_t size) {
    void *p = HMM_UNIQUE(alloc)(&the_heap, aaus(size));
    EXPECT(p != NULL);
    return p;
}

static inline unsigned char *end_of_chunk(size_t size) {
    return ground[0] + size * BAU;
}

/* Blocks of the given sizes, each in front of a fence, and nothing else. */
static void *blocks[16], *fences[16];

static inline void lay_out(const size_t *sizes, size_t count) {
    size_t size = END;
    for (size_t i = 0; i < count; i++) size += (sizes[i] + 1) * LEAST;
    begin(size);
    for (size_t i = 0; i < count; i++) {
        blocks[i] = alloc_block(sizes[i] * LEAST);
        fences[i] = alloc_block(LEAST);
    }
}

/* Blocks 0 to 4 are a bin of blocks of 2, the last one freed in it; 5 to 8 are of 1, 3, 4 and 5, in the tree with it. A fence was
 * freed and allocated again, so that none is deferred. */
static inline void lay_out_bins(void) {
    const size_t sizes[] = {2, 2, 2, 2, 2, 1, 3, 4, 5};
    lay_out(sizes, 9);
    for (size_t i = 0; i < 9; i++) free_(blocks[i]);
    EXPECT(HMM_UNIQUE(alloc)(&the_heap, aaus(6 * LEAST)) == NULL);
    EXPECT_PTR_EQ(the_heap.last_freed, NULL);
}

#endif
