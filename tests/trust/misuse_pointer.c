/* misuse_pointer.c: pointers that are no allocated block, given to every function that takes one.
 *
 * SPDX-License-Identifier: MIT */
#include "misuse.h"

static const size_t row_bytes = (size_t)ROW_UNITS * GRANULE;

static void *free_properly(void *p) {
    shadow_disown(p);
    hmm_heap_free(heap, p);
    return p;
}

/* ---- Freed already ------------------------------------------------------------------------------------------------------- */

static void *freed_at_once(void) {
    return free_properly(row[4]);
}

static void *freed_before_another(void) {
    void *p = free_properly(row[4]);
    free_properly(row[6]);
    return p;
}

/* After operations on other blocks, none of which fits into this one. */
static void *freed_long_ago(void) {
    void *p = free_properly(row[4]);
    for (int i = 0; i < 100; i++) play_above(row_bytes);
    return p;
}

static void *freed_and_merged_with_the_previous(void) {
    free_properly(row[3]);
    return free_properly(row[4]);
}

static void *freed_and_merged_with_the_next(void) {
    free_properly(row[5]);
    return free_properly(row[4]);
}

static void *freed_and_merged_with_both(void) {
    free_properly(row[3]);
    free_properly(row[5]);
    return free_properly(row[4]);
}

static void *freed_large(void) {
    return free_properly(large[2]);
}

/* Best fit gives the newest block of exactly that size. */
static void *handed_out_again(void) {
    void *p = free_properly(row[4]);
    EXPECT(hmm_heap_alloc(heap, row_bytes - OVERHEAD) == p);
    shadow_own(p, row_bytes - OVERHEAD, false);
    return p;
}

static void *handed_out_inside_another(void) {
    for (size_t i = 3; i < 6; i++) free_properly(row[i]);
    EXPECT(hmm_heap_alloc(heap, 3 * row_bytes - OVERHEAD) == row[3]);
    shadow_own(row[3], 3 * row_bytes - OVERHEAD, false);
    return row[4];
}

static void *moved_by_realloc(void) {
    free_properly(row[8]);
    free_properly(row[9]);
    shadow_disown(row[4]);
    void *p = hmm_heap_realloc(heap, row[4], 2 * row_bytes - OVERHEAD);
    EXPECT(p == row[8]);
    shadow_own(p, 2 * row_bytes - OVERHEAD, false);
    return row[4];
}

static void *of_a_region_given_back(void) {
    EXPECT_EQ(hmm_heap_add_region(heap, spare(), SPARE_BYTES), HMM_OK);
    EXPECT_EQ(hmm_heap_remove_region(heap, spare()), HMM_OK);
    return spare() + KIB;
}

/* ---- Not the start of a block -------------------------------------------------------------------------------------------- */

/* The payload is noise. */
static void *interior(void) {
    return row[4] + GRANULE * (1 + random_below(ROW_UNITS - 1));
}

static void *interior_of_large(void) {
    return large[2] + GRANULE * (1 + random_below(KIB / GRANULE));
}

/* Every word of the payload is a small number, as a size would be. */
static void *interior_of_small_numbers(void) {
    for (size_t i = 0; i < KIB; i += WORD) {
        const heap_word number = (heap_word)(2 + random_below(30));
        shadow_write(large[2] + i, &number, WORD);
    }
    return large[2] + GRANULE * (1 + random_below(KIB / 2 / GRANULE));
}

static void *interior_of_a_free_block(void) {
    return (unsigned char *)free_properly(large[2]) + GRANULE * (1 + random_below(KIB / GRANULE));
}

static void *misaligned_by_1(void) {
    return row[4] + 1;
}

static void *misaligned_by_a_word(void) {
    return row[4] + WORD;
}

static void *misaligned_by_half_a_granule(void) {
    return row[4] + GRANULE / 2;
}

static void *before_by_a_word(void) {
    return row[4] - WORD;
}

/* ---- Not in the heap ----------------------------------------------------------------------------------------------------- */

static void *of_the_stack(void) {
    return on_the_stack;
}

static void *static_memory(void) {
    return of_the_program;
}

static void *of_another_heap(void) {
    return other_block;
}

static void *of_the_null_page(void) {
    return (void *)(uintptr_t)(64 * (1 + random_below(63)));
}

static void *control_block(void) {
    return heap;
}

static void *inside_the_control_block(void) {
    return (unsigned char *)heap + GRANULE * (1 + random_below(8));
}

static void *region_record(void) {
    return second_region();
}

static void *sentinel(void) {
    return first_end;
}

static void *between_the_regions(void) {
    return first_end + MARGIN / 2;
}

static void *wild(void) {
    return ground + GROUND + ((size_t)1 << (20 + random_below(20)));
}

static void *end_of_the_address_space(void) {
    return (void *)(UINTPTR_MAX - 63);
}

static void *all_ones(void) {
    return (void *)UINTPTR_MAX;
}

/* ---- Functions ----------------------------------------------------------------------------------------------------------- */

static answer to_free(void *p) {
    hmm_heap_free(heap, p);
    return unless_fault();
}

/* Longer or shorter. */
static size_t another_size(void) {
    return random_below(2) == 0 ? row_bytes / 2 : 3 * row_bytes;
}

static answer own_result(void *p, size_t size) {
    if (p != NULL) shadow_own(p, size, false);
    return unless_fault();
}

static answer to_realloc(void *p) {
    const size_t size = another_size();
    return own_result(hmm_heap_realloc(heap, p, size), size);
}

static answer to_realloc_aligned(void *p) {
    const size_t size = another_size();
    return own_result(hmm_heap_realloc_aligned(heap, p, (size_t)4 * GRANULE, size), size);
}

static answer to_resize(void *p) {
    const size_t size = another_size();
    return own_result(hmm_heap_resize(heap, p, size) == HMM_OK ? p : NULL, size);
}

static answer to_resize_greedy(void *p) {
    size_t got = 0;
    const int code = hmm_heap_resize_greedy(heap, p, row_bytes / 2, 3 * row_bytes, &got);
    return own_result(code == HMM_OK ? p : NULL, got);
}

static answer to_usable_size(void *p) {
    (void)hmm_heap_usable_size(heap, p);
    return unless_fault();
}

/* ---- The table ----------------------------------------------------------------------------------------------------------- */

static answer give(const misuse *self) {
    return self->call(self->pointer());
}

#define GIVE(function, with, which) \
    { .what = #function, .how = with, .run = give, .call = to_##function, .pointer = which }

/* What differs from function to function: what becomes of the block. */
#define GIVE_TO(function)                                                                                                   \
    GIVE(function, "a freed block", freed_at_once), GIVE(function, "a block freed and merged", freed_and_merged_with_both), \
        GIVE(function, "an interior pointer, payload of noise", interior),                                                  \
        GIVE(function, "a misaligned pointer", misaligned_by_1), GIVE(function, "a pointer to the stack", of_the_stack),    \
        GIVE(function, "a pointer to another heap's block", of_another_heap),                                               \
        GIVE(function, "the control block", control_block), GIVE(function, "the end of a region", sentinel)

static const misuse list[] = {
    GIVE(free, "a block freed just before", freed_at_once),
    GIVE(free, "a block freed before another", freed_before_another),
    GIVE(free, "a block freed 100 operations before", freed_long_ago),
    GIVE(free, "a block freed and merged with the previous", freed_and_merged_with_the_previous),
    GIVE(free, "a block freed and merged with the next", freed_and_merged_with_the_next),
    GIVE(free, "a block freed and merged with both", freed_and_merged_with_both),
    GIVE(free, "a freed block of 1.4 KiB", freed_large),
    GIVE(free, "a block freed and handed out again", handed_out_again),
    GIVE(free, "a block freed and now inside another", handed_out_inside_another),
    GIVE(free, "a block that realloc moved", moved_by_realloc),
    GIVE(free, "a block of a region given back", of_a_region_given_back),
    GIVE(free, "an interior pointer, payload of noise", interior),
    GIVE(free, "an interior pointer, 1.4 KiB of noise", interior_of_large),
    GIVE(free, "an interior pointer, payload of small numbers", interior_of_small_numbers),
    GIVE(free, "an interior pointer of a free block", interior_of_a_free_block),
    GIVE(free, "a pointer misaligned by 1", misaligned_by_1),
    GIVE(free, "a pointer misaligned by a word", misaligned_by_a_word),
    GIVE(free, "a pointer misaligned by half a granule", misaligned_by_half_a_granule),
    GIVE(free, "a pointer a word too low", before_by_a_word),
    GIVE(free, "a pointer to the stack", of_the_stack),
    GIVE(free, "a pointer to static memory", static_memory),
    GIVE(free, "a pointer to another heap's block", of_another_heap),
    GIVE(free, "a pointer to the null page", of_the_null_page),
    GIVE(free, "the control block", control_block),
    GIVE(free, "a pointer into the control block", inside_the_control_block),
    GIVE(free, "a region record", region_record),
    GIVE(free, "the end of a region", sentinel),
    GIVE(free, "a pointer between two regions", between_the_regions),
    GIVE(free, "a wild pointer", wild),
    GIVE(free, "the end of the address space", end_of_the_address_space),
    GIVE(free, "a pointer of all ones", all_ones),
    GIVE_TO(realloc),
    GIVE_TO(realloc_aligned),
    GIVE_TO(resize),
    GIVE_TO(resize_greedy),
    GIVE_TO(usable_size),
};

const misuses pointer_misuses = {list, sizeof list / sizeof list[0]};
