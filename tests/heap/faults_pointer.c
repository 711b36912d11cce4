/* faults_pointer.c: pointers that are no allocated block of the heap, given to every function that takes one.
 *
 * SPDX-License-Identifier: MIT */
#include "faults.h"

/* ---- Freed already ------------------------------------------------------------------------------------------------------- */

static void freed_twice_at_once(void) {
    make_row();
    hmm_heap_free(heap, row[4]);
    EXPECT_UNUSABLE(row[4], HMM_FAULT_NOT_ALLOCATED, row[4]);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

static void freed_twice_later(void) {
    make_row();
    hmm_heap_free(heap, row[4]);
    for (size_t i = 0; i < 20; i++) {
        void *p = hmm_heap_alloc(heap, usable_of(ROW_UNITS + 1 + i));
        EXPECT(p != NULL);
        if (i % 2 == 0) hmm_heap_free(heap, p);
    }
    hmm_heap_free(heap, row[8]);
    EXPECT_UNUSABLE(row[4], HMM_FAULT_NOT_ALLOCATED, row[4]);
    EXPECT_UNUSABLE(row[8], HMM_FAULT_NOT_ALLOCATED, row[8]);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* The first payload of the coalesced block is that of a free block; where its other parts began, no block starts. */
static void freed_twice_after_coalescing_with_the_previous(void) {
    make_row();
    hmm_heap_free(heap, row[3]);
    hmm_heap_free(heap, row[4]);
    EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
    EXPECT_UNUSABLE(row[3], HMM_FAULT_NOT_ALLOCATED, row[3]);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

static void freed_twice_after_coalescing_with_the_next(void) {
    make_row();
    hmm_heap_free(heap, row[4]);
    hmm_heap_free(heap, row[3]);
    EXPECT_UNUSABLE(row[3], HMM_FAULT_NOT_ALLOCATED, row[3]);
    EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

static void freed_twice_after_coalescing_with_both(void) {
    make_row();
    hmm_heap_free(heap, row[3]);
    hmm_heap_free(heap, row[5]);
    hmm_heap_free(heap, row[4]);
    EXPECT_UNUSABLE(row[3], HMM_FAULT_NOT_ALLOCATED, row[3]);
    EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
    EXPECT_UNUSABLE(row[5], HMM_FAULT_HEADER, row[5]);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

static void freed_twice_after_coalescing_with_the_free_space(void) {
    make_heap(GROUND);
    unsigned char *kept = hmm_heap_alloc(heap, 100), *p = hmm_heap_alloc(heap, 100), *q = hmm_heap_alloc(heap, 100);
    EXPECT(kept != NULL && p != NULL && q != NULL);
    hmm_heap_free(heap, q);
    EXPECT_UNUSABLE(q, HMM_FAULT_NOT_ALLOCATED, q);
    hmm_heap_free(heap, p);
    EXPECT_UNUSABLE(p, HMM_FAULT_NOT_ALLOCATED, p);
    EXPECT_UNUSABLE(q, HMM_FAULT_HEADER, q);
    end_heap();
}

/* The memory of three freed blocks is one block again: only its start is a block. */
static void freed_twice_inside_a_new_block(void) {
    make_row();
    for (size_t i = 3; i < 6; i++) hmm_heap_free(heap, row[i]);
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, usable_of(3 * ROW_UNITS)), row[3]);
    EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
    EXPECT_UNUSABLE(row[5], HMM_FAULT_HEADER, row[5]);
    EXPECT_EQ(hmm_heap_usable_size(heap, row[3]), usable_of(3 * ROW_UNITS));
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* A block that realloc moved away is freed, and a block that it moved down is no longer where it was. */
static void used_after_realloc_moved_it(void) {
    make_row();
    EXPECT(hmm_heap_realloc(heap, row[4], usable_of(4 * ROW_UNITS)) != row[4]);
    EXPECT_UNUSABLE(row[4], HMM_FAULT_NOT_ALLOCATED, row[4]);
    EXPECT_PTR_EQ(hmm_heap_realloc(heap, row[5], usable_of(ROW_UNITS + 3)), row[4]);
    EXPECT_UNUSABLE(row[5], HMM_FAULT_HEADER, row[5]);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* ---- Not the start of a block -------------------------------------------------------------------------------------------- */

static void interior_of_an_allocated_block(void) {
    static const unsigned char contents[] = {0x00, 0xFF, 0xA5, 0x5A, ' ', 'A'};
    const size_t sure = CHECK_BITS > 1 ? sizeof contents : 2; /* a single check bit is right for half of the plausible sizes */
    make_row();
    hmm_heap_free(heap, row[3]);
    hmm_heap_free(heap, row[9]);
    for (size_t i = 0; i < sure; i++) {
        memset(row[4], contents[i], usable_of(ROW_UNITS));
        for (unsigned char *p = row[4] + GRANULE; p < row[5]; p += GRANULE) EXPECT_UNUSABLE(p, HMM_FAULT_HEADER, p);
        EXPECT_SOUND(heap);
    }
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* With one check bit and a granule of two words, links and footers stand where headers do, and every other passes for one. */
static void interior_of_a_free_block(void) {
    if (CHECK_BITS == 1 && GRANULE == 2 * WORD) return;
    make_row();
    hmm_heap_free(heap, row[4]);
    hmm_heap_free(heap, row[6]);
    hmm_heap_free(heap, row[7]);
    for (unsigned char *p = row[4] + GRANULE; p < row[5]; p += GRANULE) EXPECT_UNUSABLE(p, HMM_FAULT_HEADER, p);
    for (unsigned char *p = row[6] + GRANULE; p < row[8]; p += GRANULE) EXPECT_UNUSABLE(p, HMM_FAULT_HEADER, p);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* Payloads of plausible sizes, wherever they stand: heap.h promises that about one in 2^8 is taken for a block at
 * most: by two headers with 4 check bits each. */
static void interior_that_imitates_headers(void) {
    enum { BYTES = 24 * KIB, SIZES = 40 };
    make_heap(GROUND);
    unsigned char *p = hmm_heap_alloc(heap, BYTES);
    EXPECT(p != NULL);
    size_t tried = 0, taken = 0;
    for (heap_word size = 2; size < SIZES; size++) {
        for (size_t i = 0; i < BYTES; i += WORD) memcpy(p + i, &size, WORD);
        for (size_t i = GRANULE; i < BYTES - (size_t)SIZES * GRANULE; i += GRANULE * (HMM_VALGRIND ? 16 : 1)) {
            tried++;
            taken += hmm_heap_usable_size(heap, p + i) != 0;
        }
    }
    EXPECT_EQ(notes.count, tried - taken);
    EXPECT(taken <= (uint64_t)tried >> (2 * CHECK_BITS - 1));
    notes = (fault_notes){.count = 0};
    end_heap();
}

static void misaligned(void) {
    make_row();
    hmm_heap_free(heap, row[6]);
    static const size_t places[] = {4, 6}; /* allocated and free */
    for (size_t i = 0; i < 2; i++)
        for (unsigned char *p = row[places[i]] - GRANULE + 1; p < row[places[i]] + 2 * GRANULE; p++)
            if ((uintptr_t)p % GRANULE != 0) EXPECT_UNUSABLE(p, HMM_FAULT_MISALIGNED, p);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* ---- Not in the heap ----------------------------------------------------------------------------------------------------- */

static void of_the_null_page(void) {
    make_row();
    watch();
    for (uintptr_t p = 1; p < 4096; p++) {
        hmm_heap_free(heap, (void *)p);
        EXPECT_FAULT(&notes, HMM_FAULT_OUTSIDE, (void *)p);
    }
    EXPECT_UNCHANGED();
    for (uintptr_t p = 1; p < 4096; p *= 2) EXPECT_UNUSABLE((void *)p, HMM_FAULT_OUTSIDE, (void *)p);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* To free nothing is allowed, to ask for its size and to reallocate it, too; to resize it is not. */
static void null(void) {
    make_row();
    watch();
    hmm_heap_free(heap, NULL);
    EXPECT_EQ(hmm_heap_usable_size(heap, NULL), 0);
    EXPECT_EQ(notes.count, 0);
    EXPECT_UNCHANGED();
    EXPECT_UNUSABLE(NULL, HMM_FAULT_OUTSIDE, NULL);
    EXPECT(hmm_heap_realloc(heap, NULL, 10) != NULL);
    EXPECT(hmm_heap_realloc_aligned(heap, NULL, 64, 10) != NULL);
    end_heap();
}

static void of_other_memory(void) {
    static _Alignas(64) unsigned char of_the_program[64];
    _Alignas(64) unsigned char of_the_stack[64] = {0};
    unsigned char *of_malloc = malloc(64);
    EXPECT(of_malloc != NULL);
    make_row();
    for (size_t i = 0; i < 64; i += 4) {
        EXPECT_UNUSABLE(of_the_program + i, HMM_FAULT_OUTSIDE, of_the_program + i);
        EXPECT_UNUSABLE(of_the_stack + i, HMM_FAULT_OUTSIDE, of_the_stack + i);
        EXPECT_UNUSABLE(of_malloc + i, HMM_FAULT_OUTSIDE, of_malloc + i);
    }
    free(of_malloc);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* Addresses at every distance from the heap, where mostly nothing is mapped. */
static void made_up(void) {
    make_row();
    const uintptr_t middle = (uintptr_t)row[4];
    for (size_t distance = 2 * (size_t)GROUND; distance != 0; distance *= 2)
        for (size_t i = 0; i < 3; i++) {
            const uintptr_t above = middle + distance + i, below = middle - distance - i;
            EXPECT_UNUSABLE((void *)above, HMM_FAULT_OUTSIDE, (void *)above);
            EXPECT_UNUSABLE((void *)below, HMM_FAULT_OUTSIDE, (void *)below);
        }
    for (uintptr_t p = UINTPTR_MAX; p > UINTPTR_MAX - 2 * GRANULE; p--) EXPECT_UNUSABLE((void *)p, HMM_FAULT_OUTSIDE, (void *)p);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* The control block, and what follows the last block. */
static void beside_the_blocks(void) {
    make_row();
    const unsigned char *first = picture_of(heap)->blocks[0].memory;
    for (unsigned char *p = ground; p < first; p += GRANULE) EXPECT_UNUSABLE(p, HMM_FAULT_OUTSIDE, p);
    EXPECT_UNUSABLE(end_of_heap, HMM_FAULT_OUTSIDE, end_of_heap);
    EXPECT_UNUSABLE(end_of_heap + 1, HMM_FAULT_OUTSIDE, end_of_heap + 1);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

static void of_another_heap(void) {
    static _Alignas(64) unsigned char other_ground[8 * KIB];
    make_row();
    hmm_heap *other = noting_heap(other_ground, sizeof other_ground, &notes);
    unsigned char *p = hmm_heap_alloc(other, 100);
    EXPECT(p != NULL);
    EXPECT_UNUSABLE(p, HMM_FAULT_OUTSIDE, p);
    EXPECT_UNUSABLE(p + 1, HMM_FAULT_OUTSIDE, p + 1);
    EXPECT_UNUSABLE((unsigned char *)other, HMM_FAULT_OUTSIDE, other);
    expect_unusable(__FILE__, __LINE__, other, row[4], HMM_FAULT_OUTSIDE, row[4]);
    EXPECT_SOUND(other);
    hmm_heap_free(other, p);
    hmm_heap_destroy(other);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* A heap inside a block of another one. */
static void of_the_heap_around(void) {
    make_row();
    unsigned char *inner_ground = hmm_heap_alloc(heap, 4 * KIB);
    EXPECT(inner_ground != NULL);
    hmm_heap_options options = noting_options(&notes);
    options.secret = 1;
    hmm_heap *inner = hmm_heap_create(inner_ground, 4 * KIB, &options);
    EXPECT(inner != NULL);
    expect_unusable(__FILE__, __LINE__, inner, row[4], HMM_FAULT_OUTSIDE, row[4]);
    expect_unusable(__FILE__, __LINE__, inner, inner_ground, HMM_FAULT_OUTSIDE, inner_ground);
    EXPECT_SOUND(inner);
    hmm_heap_destroy(inner);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* ---- Several regions ----------------------------------------------------------------------------------------------------- */

static void of_a_second_region(void) {
    make_heap(4 * KIB);
    unsigned char *region = ground + 8 * KIB + 3;
    EXPECT_EQ(hmm_heap_add_region(heap, region, 8 * KIB), HMM_OK);
    unsigned char *p = hmm_heap_alloc(heap, 5 * KIB), *q = hmm_heap_alloc(heap, 2 * KIB);
    EXPECT(p > region && p < region + 8 * KIB && q != NULL);
    memset(p, 0xA5, 5 * KIB);
    EXPECT_UNUSABLE(p + 16 * GRANULE, HMM_FAULT_HEADER, p + 16 * GRANULE);
    EXPECT_UNUSABLE(p + 1, HMM_FAULT_MISALIGNED, p + 1);
    EXPECT_UNUSABLE(region, HMM_FAULT_OUTSIDE, region);
    EXPECT_UNUSABLE(region + 8 * KIB, HMM_FAULT_OUTSIDE, region + 8 * KIB);
    EXPECT_UNUSABLE(ground + 6 * KIB, HMM_FAULT_OUTSIDE, ground + 6 * KIB);
    hmm_heap_free(heap, p);
    EXPECT_UNUSABLE(p, HMM_FAULT_NOT_ALLOCATED, p);
    end_heap();
}

/* Blocks cease to exist with the memory that was given back. */
static void of_a_region_given_back(void) {
    make_heap(4 * KIB);
    unsigned char *region = ground + 8 * KIB;
    EXPECT_EQ(hmm_heap_add_region(heap, region, 8 * KIB), HMM_OK);
    unsigned char *p = hmm_heap_alloc(heap, 5 * KIB);
    EXPECT(p > region);
    hmm_heap_free(heap, p);
    EXPECT(hmm_heap_shrink_region(heap, region, 7 * KIB) > 5 * KIB);
    EXPECT_UNUSABLE(p, HMM_FAULT_OUTSIDE, p);
    EXPECT_EQ(hmm_heap_remove_region(heap, region), HMM_OK);
    EXPECT_UNUSABLE(p, HMM_FAULT_OUTSIDE, p);
    EXPECT_UNUSABLE(region + KIB, HMM_FAULT_OUTSIDE, region + KIB);
    end_heap();
}

static const struct test tests[] = {
    TEST(freed_twice_at_once),
    TEST(freed_twice_later),
    TEST(freed_twice_after_coalescing_with_the_previous),
    TEST(freed_twice_after_coalescing_with_the_next),
    TEST(freed_twice_after_coalescing_with_both),
    TEST(freed_twice_after_coalescing_with_the_free_space),
    TEST(freed_twice_inside_a_new_block),
    TEST(used_after_realloc_moved_it),
    TEST(interior_of_an_allocated_block),
    TEST(interior_of_a_free_block),
    TEST(interior_that_imitates_headers),
    TEST(misaligned),
    TEST(of_the_null_page),
    TEST(null),
    TEST(of_other_memory),
    TEST(made_up),
    TEST(beside_the_blocks),
    TEST(of_another_heap),
    TEST(of_the_heap_around),
    TEST(of_a_second_region),
    TEST(of_a_region_given_back),
};

const fault_tests pointer_faults = {tests, sizeof tests / sizeof tests[0]};
