/* classic_audit_test.c: misuse and damage of the classic heap: each is found, and the heap is then as it was, byte for byte.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "expect.h"
#include "heapmm.h"

jmp_buf test_failed;
const char *test_reason = "";

typedef HMM_UNIQUE(descriptor) descriptor;
typedef HMM_UNIQUE(size_bau) bau;

enum { HEAD = HMM_HEAD_AAUS, LEAST = HMM_MIN_BLOCK_BAUS, END = HMM_END_BLOCK_BAUS, UNIT = HMM_BLOCK_ALIGN_UNIT };
enum { BAU = UNIT * (int)HMM_ADDR_ALIGN_UNIT, BAUS = 40 * LEAST + END, SMALL = LEAST * UNIT - HEAD };

static _Alignas(16) unsigned char ground[BAUS * BAU], ground_before[BAUS * BAU];
static descriptor the_heap, heap_before;
static unsigned char *blocks[12];

/* Blocks of 1 to 9 smallest blocks, each between two others; every second one is free, the last of them deferred. */
static void prepare(void) {
    static unsigned char *fences[12];
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, ground, BAUS);
    for (unsigned i = 0; i < 8; i++) {
        blocks[i] = HMM_UNIQUE(alloc)(&the_heap, (HMM_UNIQUE(size_aau))(SMALL + (i % 5) * LEAST * UNIT));
        fences[i] = HMM_UNIQUE(alloc)(&the_heap, SMALL);
    }
    for (unsigned i = 0; i < 8; i++) HMM_UNIQUE(free)(&the_heap, blocks[i]);
    blocks[8] = fences[0];
    blocks[9] = fences[3];
    blocks[10] = fences[6];
    test_reason = "";
}

/* Whether an operation ends in a failed audit, with nothing changed. */
static bool is_found(void (*operation)(void)) {
    memcpy(ground_before, ground, sizeof ground);
    memcpy(&heap_before, &the_heap, sizeof the_heap);
    if (setjmp(test_failed) == 0) operation();
    if (test_reason[0] == '\0') return false;
    EXPECT_EQ(memcmp(ground_before, ground, sizeof ground), 0);
    EXPECT_EQ(memcmp(&heap_before, &the_heap, sizeof the_heap), 0);
    test_reason = "";
    return true;
}

static void free_fence(void) {
    HMM_UNIQUE(free)(&the_heap, blocks[9]);
}

static void free_last_freed(void) {
    HMM_UNIQUE(free)(&the_heap, blocks[7]);
}

static void free_freed(void) {
    HMM_UNIQUE(free)(&the_heap, blocks[2]);
}

static void free_inside(void) {
    HMM_UNIQUE(free)(&the_heap, blocks[9] + BAU);
}

static void free_unaligned(void) {
    HMM_UNIQUE(free)(&the_heap, blocks[9] + 1);
}

static void free_null(void) {
    HMM_UNIQUE(free)(&the_heap, NULL);
}

static void free_page_zero(void) {
    uintptr_t address = 4096;
    HMM_UNIQUE(free)(&the_heap, (void *)address);
}

static void free_beyond(void) {
    uintptr_t address = (uintptr_t)ground + sizeof ground + HEAD * HMM_ADDR_ALIGN_UNIT;
    HMM_UNIQUE(free)(&the_heap, (void *)address);
}

static void resize_freed(void) {
    (void)HMM_UNIQUE(resize)(&the_heap, blocks[2], SMALL);
}

static void resize_fence(void) {
    (void)HMM_UNIQUE(resize)(&the_heap, blocks[9], SMALL + 1);
}

static void resize_last_freed(void) {
    (void)HMM_UNIQUE(greedy_resize)(&the_heap, blocks[7], 0, SMALL);
}

static void shrink_one(void) {
    HMM_UNIQUE(shrink_chunk)(&the_heap, 1);
}

static void shrink_too_much(void) {
    HMM_UNIQUE(shrink_chunk)(&the_heap, (bau)(the_heap.num_baus_can_shrink + 1));
}

static void shrink_to_too_small_a_rest(void) {
    HMM_UNIQUE(shrink_chunk)(&the_heap, (bau)(the_heap.num_baus_can_shrink - LEAST + 1));
}

static void new_small_chunk(void) {
    HMM_UNIQUE(new_chunk)(&the_heap, ground, LEAST + END - 1);
}

static void grow_nowhere(void) {
    HMM_UNIQUE(grow_chunk)(&the_heap, ground + 8 * BAU, LEAST);
}

static void grow_by_too_little(void) {
    HMM_UNIQUE(grow_chunk)(&the_heap, ground + sizeof ground, LEAST - 1);
}

static void alloc_some(void) {
    (void)HMM_UNIQUE(alloc)(&the_heap, SMALL + 2 * LEAST * UNIT);
}

static void alloc_small(void) {
    (void)HMM_UNIQUE(alloc)(&the_heap, SMALL);
}

static void alloc_greedily(void) {
    (void)HMM_UNIQUE(greedy_alloc)(&the_heap, SMALL, BAUS * UNIT);
}

static void ask_largest(void) {
    (void)HMM_UNIQUE(largest_available)(&the_heap);
}

static void misuse(void) {
    void (*const all[])(void) = {free_last_freed, free_freed,         free_inside,       free_unaligned, free_null,
                                 free_page_zero,  free_beyond,        resize_last_freed, resize_freed,   new_small_chunk,
                                 grow_nowhere,    grow_by_too_little, shrink_one};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        prepare();
        if (!is_found(all[i])) EXPECT_EQ(i, -1);
    }
}

static void shrinking(void) {
    HMM_UNIQUE(init)(&the_heap);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 0);
    EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, NULL);
    HMM_UNIQUE(new_chunk)(&the_heap, ground, BAUS);
    EXPECT(is_found(shrink_one));
    void *p = HMM_UNIQUE(alloc)(&the_heap, SMALL);
    void *q = HMM_UNIQUE(alloc)(&the_heap, SMALL);
    HMM_UNIQUE(free)(&the_heap, q);
    EXPECT_EQ(the_heap.num_baus_can_shrink, BAUS - END - LEAST);
    EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, ground + sizeof ground);
    EXPECT(is_found(shrink_too_much));
    EXPECT(is_found(shrink_to_too_small_a_rest));
    q = HMM_UNIQUE(alloc)(&the_heap, SMALL);
    EXPECT(is_found(shrink_one));
    HMM_UNIQUE(free)(&the_heap, q);
    HMM_UNIQUE(free)(&the_heap, p);
    EXPECT_EQ(the_heap.num_baus_can_shrink, BAUS);
    memset(ground + sizeof ground - END * BAU, 0xA5, sizeof(bau) * 2);
    EXPECT(is_found(shrink_one));
}

/* Each head, overwritten, is seen by whatever comes by. */
static void damaged_heads(void) {
    const struct {
        int block;
        void (*operation)(void);
    } cases[] = {{9, free_fence},   {9, resize_fence}, {3, free_fence},  {4, free_fence},     {3, resize_fence},
                 {4, resize_fence}, {7, alloc_some},   {7, ask_largest}, {7, free_fence},     {2, alloc_some},
                 {1, alloc_some},   {3, ask_largest},  {1, free_fence},  {7, alloc_greedily}, {3, alloc_greedily}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        prepare();
        memset(blocks[cases[i].block] - HEAD * HMM_ADDR_ALIGN_UNIT, 0xA5, HEAD * HMM_ADDR_ALIGN_UNIT);
        if (!is_found(cases[i].operation)) EXPECT_EQ(i, -1);
    }
}

/* Blocks 0 and 5 are of one size: 0 is the first of the bin, 5 the second, which is taken. */
static void damaged_second(void) {
    prepare();
    memset(blocks[5] - HEAD * HMM_ADDR_ALIGN_UNIT, 0xA5, HEAD * HMM_ADDR_ALIGN_UNIT);
    EXPECT(is_found(alloc_small));
}

static uint64_t state = 1;

static size_t below(size_t limit) {
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((state >> 33) % limit);
}

/* Any byte anywhere: whatever an operation does with it, a failed audit has changed nothing, and nothing is read elsewhere. */
static void random_damage(void) {
    void (*const all[])(void) = {free_fence,  free_freed,      resize_fence, alloc_some, alloc_greedily,
                                 ask_largest, free_last_freed, grow_nowhere, shrink_one};
    size_t found = 0;
    for (unsigned i = 0; i < 100000; i++) {
        prepare();
        for (size_t n = 1 + below(3); n > 0; n--) {
            unsigned char *p =
                below(3) ? blocks[below(11)] + below(3 * sizeof(void *)) : blocks[below(11)] - 1 - below(2 * sizeof(bau));
            *p = (unsigned char)(below(2) ? below(256) : *p ^ (1U << below(8)));
        }
        found += is_found(all[below(sizeof all / sizeof all[0])]);
    }
    EXPECT(found > 30000);
}

static const struct test tests[] = {TEST(misuse), TEST(shrinking), TEST(damaged_heads), TEST(damaged_second),
                                    TEST(random_damage)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}

#include "heapmm_impl.h"
