/* misuse_write.c: writes past the ends of blocks and into freed ones, then the first operation on the block.
 *
 * SPDX-License-Identifier: MIT */
#include "misuse.h"

enum { ROW_USABLE = ROW_UNITS * GRANULE - OVERHEAD, TREE_BLOCK = 2816 };

static answer free_properly(void *p) {
    shadow_disown(p);
    hmm_heap_free(heap, p);
    return unless_fault();
}

static answer alloc_block(size_t bytes) {
    void *p = hmm_heap_alloc(heap, bytes - OVERHEAD);
    if (p != NULL) shadow_own(p, bytes - OVERHEAD, false);
    return unless_fault();
}

/* ---- Past the ends of blocks --------------------------------------------------------------------------------------------- */

static answer overflow(const misuse *self) {
    shadow_scribble(row[4] + ROW_USABLE, self->bytes);
    return free_properly(row[4]);
}

static answer overflow_before_the_next_is_freed(const misuse *self) {
    shadow_scribble(row[4] + ROW_USABLE, self->bytes);
    return free_properly(row[5]);
}

static answer overflow_into_a_free_block(const misuse *self) {
    free_properly(row[5]);
    return overflow(self);
}

static answer overflow_at_the_end_of_a_region(const misuse *self) {
    shadow_scribble(large[0] + hmm_heap_usable_size(heap, large[0]), self->bytes);
    return free_properly(large[0]);
}

static answer underflow(const misuse *self) {
    shadow_scribble(row[4] - self->bytes, self->bytes);
    return free_properly(row[4]);
}

static answer underflow_into_a_free_block(const misuse *self) {
    free_properly(row[3]);
    return underflow(self);
}

static answer underflow_into_the_control_block(const misuse *self) {
    shadow_scribble(row[0] - self->bytes, self->bytes);
    return free_properly(row[0]);
}

static answer overflow_into_the_control_block(const misuse *self) {
    shadow_scribble(first_region(), self->bytes);
    return free_properly(row[4]);
}

static answer overflow_into_a_region_record(const misuse *self) {
    void *p = hmm_heap_alloc(heap, 0);
    if (p == NULL) return ABSENT;
    shadow_own(p, 0, false);
    shadow_scribble(second_region(), self->bytes);
    return free_properly(p);
}

/* ---- Into freed blocks --------------------------------------------------------------------------------------------------- */

static answer write_to_a_listed_block(const misuse *self) {
    free_properly(row[4]);
    shadow_scribble(row[4] + self->at, self->bytes);
    return alloc_block((size_t)ROW_UNITS * GRANULE);
}

static answer write_before_the_next_is_freed(const misuse *self) {
    free_properly(row[4]);
    shadow_scribble(row[4] + self->at, self->bytes);
    return free_properly(row[5]);
}

static answer write_to_a_block_in_a_tree(const misuse *self) {
    for (size_t i = 0; i < LARGE_BLOCKS; i += 2) free_properly(large[i]);
    shadow_scribble(large[2] + self->at, self->bytes);
    return alloc_block(TREE_BLOCK);
}

/* ---- The table ----------------------------------------------------------------------------------------------------------- */

#define WRITE(name, with, function, from, count) \
    { .what = name, .how = with, .run = function, .at = from, .bytes = count, .damages = true }
#define WRITES(name, with, function)                                                      \
    WRITE(name " by 1", with, function, 0, 1), WRITE(name " by 4", with, function, 0, 4), \
        WRITE(name " by 8", with, function, 0, 8), WRITE(name " by 64", with, function, 0, 64)

enum { FOOTER_AT = ROW_UNITS * GRANULE - 2 * WORD, MIDDLE_AT = FOOTER_AT - 2 * WORD, TREE_FOOTER_AT = TREE_BLOCK - 2 * WORD };

static const misuse list[] = {
    WRITES("overflow", "then the block is freed", overflow),
    WRITES("overflow", "then the next block is freed", overflow_before_the_next_is_freed),
    WRITES("overflow", "into a free block", overflow_into_a_free_block),
    WRITES("overflow", "over the end of the region", overflow_at_the_end_of_a_region),
    WRITES("underflow", "then the block is freed", underflow),
    WRITE("underflow by 1", "into a free block", underflow_into_a_free_block, 0, 1),
    WRITE("underflow by 8", "into a free block", underflow_into_a_free_block, 0, 8),
    WRITES("underflow", "of the first block, into the control block", underflow_into_the_control_block),
    WRITES("overflow", "of what lies before the heap, into its control block", overflow_into_the_control_block),
    WRITES("overflow", "of what lies before a region, into its record", overflow_into_a_region_record),
    WRITE("write after free", "first byte", write_to_a_listed_block, 0, 1),
    WRITE("write after free", "first word", write_to_a_listed_block, 0, WORD),
    WRITE("write after free", "second word", write_to_a_listed_block, WORD, WORD),
    WRITE("write after free", "word in the middle", write_to_a_listed_block, MIDDLE_AT, WORD),
    WRITE("write after free", "last word", write_to_a_listed_block, FOOTER_AT, WORD),
    WRITE("write after free", "all of it", write_to_a_listed_block, 0, FOOTER_AT + WORD),
    WRITE("write after free", "first word, then the next block is freed", write_before_the_next_is_freed, 0, WORD),
    WRITE("write after free", "last word, then the next block is freed", write_before_the_next_is_freed, FOOTER_AT, WORD),
    WRITE("write after free", "all of it, then the next block is freed", write_before_the_next_is_freed, 0, FOOTER_AT + WORD),
    WRITE("write after free", "in a tree, first word", write_to_a_block_in_a_tree, 0, WORD),
    WRITE("write after free", "in a tree, third word", write_to_a_block_in_a_tree, 2 * WORD, WORD),
    WRITE("write after free", "in a tree, fifth word", write_to_a_block_in_a_tree, 4 * WORD, WORD),
    WRITE("write after free", "in a tree, word in the middle", write_to_a_block_in_a_tree, TREE_BLOCK / 2, WORD),
    WRITE("write after free", "in a tree, last word", write_to_a_block_in_a_tree, TREE_FOOTER_AT, WORD),
    WRITE("write after free", "in a tree, all of it", write_to_a_block_in_a_tree, 0, TREE_FOOTER_AT + WORD),
};

const misuses write_misuses = {list, sizeof list / sizeof list[0]};
