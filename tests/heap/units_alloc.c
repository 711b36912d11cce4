/* units_alloc.c: what heap.h says of the functions that allocate, sentence by sentence.
 *
 * SPDX-License-Identifier: MIT */
#include "fixture.h"

/* LARGE: that and some more fits in. */
enum {
    KIB = 1024,
    MEMORY = HMM_HEAP_LARGEST_BLOCK < 256 * KIB ? HMM_HEAP_LARGEST_BLOCK + GRANULE : 256 * KIB,
    LARGE = MEMORY < 64 * KIB    ? 4000
            : MEMORY < 256 * KIB ? 8000
                                 : 40000
};

static _Alignas(4096) unsigned char memory[MEMORY];
static fault_notes notes;

static hmm_heap *new_heap(void) {
    return noting_heap(memory, sizeof memory, &notes);
}

static void end(hmm_heap *heap) {
    EXPECT_SOUND(heap);
    EXPECT_EQ(notes.count, 0);
    hmm_heap_destroy(heap);
}

/* A block with another beside it that keeps the free space away: freed, it leaves a hole of its size. */
static unsigned char *fenced(hmm_heap *heap, size_t size) {
    unsigned char *p = hmm_heap_alloc(heap, size);
    EXPECT(p != NULL);
    EXPECT(hmm_heap_alloc(heap, size < SPLIT_HIGH ? 0 : SPLIT_HIGH) != NULL);
    return p;
}

/* Takes all that is free. */
static void exhaust(hmm_heap *heap) {
    size_t got;
    while (hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, &got) != NULL) continue;
    EXPECT_EQ(hmm_heap_largest_free(heap), 0);
}

static void expect_block(hmm_heap *heap, void *p, size_t size) {
    EXPECT(p != NULL);
    EXPECT_EQ((uintptr_t)p % GRANULE, 0);
    const hmm_block block = block_at(heap, p);
    EXPECT(!block.free);
    EXPECT_EQ(block.bytes, block_bytes(size));
    EXPECT_EQ(block.usable, usable_bytes(block.bytes));
    EXPECT_EQ(hmm_heap_usable_size(heap, p), block.usable);
    EXPECT(block.usable >= size);
    memset(p, 0xA5, block.usable);
    EXPECT_SOUND(heap);
}

/* ---- Sizes --------------------------------------------------------------------------------------------------------------- */

static void every_small_size(void) {
    hmm_heap *heap = new_heap();
    for (size_t size = 0; size < 3000; size++) {
        void *p = hmm_heap_alloc(heap, size);
        expect_block(heap, p, size);
        hmm_heap_free(heap, p);
        EXPECT_EQ(picture_of(heap)->count, 1);
    }
    end(heap);
}

static void sizes_of_the_example(void) {
    if (GRANULE != 16 || OVERHEAD != 4) return;
    hmm_heap *heap = new_heap();
    EXPECT_EQ(block_at(heap, hmm_heap_alloc(heap, 12)).bytes, 16);
    EXPECT_EQ(block_at(heap, hmm_heap_alloc(heap, 13)).bytes, 32);
    end(heap);
}

static bool count_calls(void *context, hmm_heap *heap, size_t size) {
    (void)heap;
    (void)size;
    ++*(size_t *)context;
    return true;
}

/* No allocating function answers such a size otherwise than by NULL, nor asks on_exhausted for it. */
static void refuses(hmm_heap *heap, size_t size) {
    size_t got = 1;
    if (block_bytes(size) != 0) return; /* where words are wider than addresses, nearly all sizes are possible */
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, size), NULL);
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, 1, size), NULL);
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, size, 1), NULL);
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, size, size), NULL);
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, 2, size), NULL);
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, size, 3), NULL);
    for (size_t alignment = 1; alignment != 0; alignment *= 2) EXPECT_PTR_EQ(hmm_heap_alloc_aligned(heap, alignment, size), NULL);
    EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, size, size, &got), NULL);
    EXPECT_EQ(got, 0);
    EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, size, SIZE_MAX, NULL), NULL);
    EXPECT_PTR_EQ(hmm_heap_realloc(heap, NULL, size), NULL);
    EXPECT_PTR_EQ(hmm_heap_realloc_aligned(heap, NULL, 64, size), NULL);
}

static void impossible_sizes(void) {
    size_t calls = 0;
    hmm_heap_options options = noting_options(&notes);
    options.on_exhausted = count_calls;
    options.context = &calls;
    hmm_heap *heap = hmm_heap_create(memory, sizeof memory, &options);
    const size_t largest = HMM_HEAP_LARGEST_BLOCK - OVERHEAD;
    for (size_t k = 0; k <= 64; k++) {
        refuses(heap, SIZE_MAX - k);
        refuses(heap, SIZE_MAX / 2 - k);
        refuses(heap, SIZE_MAX / 2 + 1 + k);
        refuses(heap, (size_t)PTRDIFF_MAX - k);
        refuses(heap, (size_t)PTRDIFF_MAX + k);
        refuses(heap, largest + 1 + k);
    }
    EXPECT_EQ(calls, 0);
    EXPECT_EQ(picture_of(heap)->count, 1);
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, largest), NULL);
    EXPECT_EQ(calls, 1);
    EXPECT_SOUND(heap);
    hmm_heap_destroy(heap);
}

static void counts_that_overflow(void) {
    hmm_heap *heap = new_heap();
    const size_t half = (size_t)1 << (sizeof(size_t) * 4);
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, half, half), NULL);          /* 0 modulo 2^n */
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, half + 1, half), NULL);      /* half */
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, SIZE_MAX / 2 + 2, 2), NULL); /* 2 */
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, 2, SIZE_MAX / 2 + 2), NULL);
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, SIZE_MAX, SIZE_MAX), NULL); /* 1 */
    for (size_t k = 0; k <= 64; k++) {
        EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, SIZE_MAX - k, 64), NULL);
        EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, SIZE_MAX / 16 + 1 + k, 16), NULL);
    }
    if (HMM_STATS) EXPECT_EQ(stats_of(heap).failures, 5 + 2 * 65);
    expect_block(heap, hmm_heap_alloc_zeroed(heap, 0, 0), 0);
    expect_block(heap, hmm_heap_alloc_zeroed(heap, SIZE_MAX, 0), 0);
    expect_block(heap, hmm_heap_alloc_zeroed(heap, 0, SIZE_MAX), 0);
    end(heap);
}

static void zeroed_is_zero(void) {
    hmm_heap *heap = new_heap();
    for (size_t size = 0; size < 5000; size += 1 + size / 7) {
        void *dirty = hmm_heap_alloc(heap, size);
        memset(dirty, 0xFF, size);
        hmm_heap_free(heap, dirty);
        unsigned char *p = hmm_heap_alloc_zeroed(heap, 1, size);
        EXPECT_PTR_EQ(p, dirty);
        for (size_t i = 0; i < size; i++) EXPECT_EQ(p[i], 0);
        hmm_heap_free(heap, p);
    }
    expect_block(heap, hmm_heap_alloc_zeroed(heap, 7, 13), 91);
    end(heap);
}

/* ---- The place ----------------------------------------------------------------------------------------------------------- */

static void small_at_the_low_end_large_at_the_high_end(void) {
    hmm_heap *heap = new_heap();
    const hmm_block all = picture_of(heap)->blocks[0];
    const uintptr_t low = (uintptr_t)all.memory, high = low + all.bytes;
    unsigned char *p = hmm_heap_alloc(heap, SPLIT_HIGH - 1);
    EXPECT_PTR_EQ(p, low);
    unsigned char *q = hmm_heap_alloc(heap, SPLIT_HIGH);
    EXPECT_PTR_EQ(q, high - block_bytes(SPLIT_HIGH));
    EXPECT_PTR_EQ(hmm_heap_alloc_zeroed(heap, SPLIT_HIGH / 2, 2), (uintptr_t)q - block_bytes(SPLIT_HIGH));
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, 1), (uintptr_t)p + block_bytes(SPLIT_HIGH - 1));
    end(heap);
}

static void smallest_free_block_that_fits(void) {
    static const size_t sizes[] = {700, 60, 900, 220, 100, 5000, 1500, LARGE / 2, 2500, LARGE};
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    hmm_heap *heap = new_heap();
    unsigned char *holes[COUNT];
    for (size_t i = 0; i < COUNT; i++) holes[i] = fenced(heap, sizes[i]);
    exhaust(heap);
    for (size_t i = 0; i < COUNT; i++) hmm_heap_free(heap, holes[i]);
    for (size_t size = 1; size <= LARGE; size += 1 + size / 10) {
        size_t best = COUNT;
        for (size_t i = 0; i < COUNT; i++)
            if (block_bytes(sizes[i]) >= block_bytes(size) && (best == COUNT || sizes[i] < sizes[best])) best = i;
        unsigned char *p = hmm_heap_alloc(heap, size);
        EXPECT(p >= holes[best] && p < holes[best] + block_bytes(sizes[best]));
        hmm_heap_free(heap, p);
    }
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, LARGE + 10000), NULL);
    end(heap);
}

/* Frees blocks of one size in a scrambled order; they come back in the opposite one. */
static void newest_first(size_t size) {
    enum { COUNT = 7 };
    static const size_t order[COUNT] = {3, 0, 6, 2, 5, 1, 4};
    hmm_heap *heap = new_heap();
    unsigned char *p[COUNT];
    for (size_t i = 0; i < COUNT; i++) p[i] = fenced(heap, size);
    exhaust(heap);
    for (size_t i = 0; i < COUNT; i++) hmm_heap_free(heap, p[order[i]]);
    for (size_t i = COUNT; i-- > 0;) EXPECT_PTR_EQ(hmm_heap_alloc(heap, size), p[order[i]]);
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, size), NULL);
    end(heap);
}

static void most_recently_freed_among_equals(void) {
    static const size_t sizes[] = {0, 20, 100, 500, 1000, 1024, 3000, 8000, 15000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i] <= MEMORY / 16) newest_first(sizes[i]); /* else there is no room for them */
}

/* With 8-byte granules a rest of one granule is less than a block: it stays with the block, and the caller may use it. */
static void rest_too_small_for_a_block(void) {
    for (size_t size = 100; size < 2000; size += 950) {
        hmm_heap *heap = new_heap();
        unsigned char *p = fenced(heap, size + GRANULE);
        exhaust(heap);
        hmm_heap_free(heap, p);
        unsigned char *q = hmm_heap_alloc(heap, size);
        const size_t rest = GRANULE < SMALLEST ? GRANULE : 0;
        EXPECT_EQ(hmm_heap_usable_size(heap, q), usable_bytes(block_bytes(size) + rest));
        memset(q, 1, hmm_heap_usable_size(heap, q));
        end(heap);
    }
}

static void until_nothing_is_left(void) {
    hmm_heap *heap = new_heap();
    const size_t largest = hmm_heap_largest_free(heap);
    size_t count = 0;
    while (hmm_heap_alloc(heap, count % 300) != NULL) count++;
    const size_t failing = count % 300;
    EXPECT(count > MEMORY / 512);
    EXPECT(hmm_heap_largest_free(heap) < failing);
    const picture all = *picture_of(heap);
    for (size_t i = 0; i < all.count; i += 2)
        if (!all.blocks[i].free) hmm_heap_free(heap, (void *)(uintptr_t)all.blocks[i].memory);
    EXPECT_SOUND(heap);
    for (size_t i = 1; i < all.count; i += 2)
        if (!all.blocks[i].free) hmm_heap_free(heap, (void *)(uintptr_t)all.blocks[i].memory);
    EXPECT_EQ(hmm_heap_largest_free(heap), largest);
    void *whole = hmm_heap_alloc(heap, largest);
    EXPECT(whole != NULL);
    EXPECT_EQ(hmm_heap_largest_free(heap), 0);
    end(heap);
}

/* ---- Aligned ------------------------------------------------------------------------------------------------------------- */

/* The lowest place in a free block at `start` that leaves no scrap in front. */
static uintptr_t lowest_aligned(uintptr_t start, size_t alignment) {
    uintptr_t p = (start + alignment - 1) / alignment * alignment;
    if (p != start && p - start < SMALLEST) p += alignment;
    return p;
}

static void every_alignment(void) {
    for (size_t alignment = 1; alignment <= 32 * KIB; alignment *= 2)
        for (size_t size = 0; size < 40000 && alignment + size < MEMORY - 4 * KIB; size = size * 2 + 1) {
            hmm_heap *heap = new_heap();
            EXPECT(hmm_heap_alloc(heap, 3 * alignment % 1000) != NULL);
            const picture *before = picture_of(heap);
            const hmm_block space = before->blocks[before->count - 1];
            void *p = hmm_heap_alloc_aligned(heap, alignment, size);
            expect_block(heap, p, size);
            EXPECT_EQ((uintptr_t)p % alignment, 0);
            if (alignment > GRANULE) EXPECT_PTR_EQ(p, lowest_aligned((uintptr_t)space.memory, alignment));
            hmm_heap_free(heap, p);
            EXPECT_EQ(block_at(heap, space.memory).bytes, space.bytes);
            end(heap);
        }
}

static void no_power_of_two(void) {
    hmm_heap *heap = new_heap();
    static const size_t wrong[] = {0, 3, 5, 6, 7, 12, 24, 100, 4095, 4097, SIZE_MAX, SIZE_MAX - 1, SIZE_MAX / 2};
    void *p = hmm_heap_alloc(heap, 100);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        EXPECT_PTR_EQ(hmm_heap_alloc_aligned(heap, wrong[i], 10), NULL);
        EXPECT_PTR_EQ(hmm_heap_realloc_aligned(heap, p, wrong[i], 10), NULL);
        EXPECT_PTR_EQ(hmm_heap_realloc_aligned(heap, NULL, wrong[i], 10), NULL);
    }
    expect_block(heap, p, 100);
    end(heap);
}

static void alignment_beyond_the_heap(void) {
    hmm_heap *heap = new_heap();
    for (size_t alignment = MEMORY; alignment != 0; alignment *= 2)
        for (size_t k = 0; k <= 64; k++) {
            EXPECT_PTR_EQ(hmm_heap_alloc_aligned(heap, alignment, k), NULL);
            EXPECT_PTR_EQ(hmm_heap_alloc_aligned(heap, alignment, SIZE_MAX - alignment + k), NULL);
            EXPECT_PTR_EQ(hmm_heap_alloc_aligned(heap, alignment, SIZE_MAX - alignment - k), NULL);
        }
    EXPECT_EQ(picture_of(heap)->count, 1);
    end(heap);
}

/* Size and alignment together are more than a block can be: nobody is asked to find one. */
static void alignment_beyond_the_largest_block(void) {
    size_t calls = 0;
    hmm_heap_options options = noting_options(&notes);
    options.on_exhausted = count_calls;
    options.context = &calls;
    hmm_heap *heap = hmm_heap_create(memory, sizeof memory, &options);
    for (size_t alignment = 2 * GRANULE; alignment != 0; alignment *= 2)
        for (size_t missing = 0; missing <= 4 * GRANULE; missing += GRANULE) {
            const size_t slack = alignment - GRANULE + SMALLEST;
            EXPECT_PTR_EQ(hmm_heap_alloc_aligned(heap, alignment, HMM_HEAP_LARGEST_BLOCK - OVERHEAD - missing), NULL);
            EXPECT_EQ(calls, slack <= missing);
            calls = 0;
        }
    hmm_heap_destroy(heap);
}

/* A hole whose start is aligned and that just holds the size: not enough by one granule, enough with the documented slack. */
static void needs_room_for_the_worst_place(void) {
    enum { ALIGNMENT = 512, SIZE = 600 };
    const size_t enough = block_bytes(SIZE) + ALIGNMENT - GRANULE + SMALLEST;
    for (size_t missing = 0; missing <= 2 * GRANULE; missing += GRANULE) {
        hmm_heap *heap = new_heap();
        unsigned char *p = hmm_heap_alloc_aligned(heap, ALIGNMENT, enough - missing - OVERHEAD);
        EXPECT(hmm_heap_alloc(heap, 0) != NULL);
        exhaust(heap);
        hmm_heap_free(heap, p);
        void *q = hmm_heap_alloc_aligned(heap, ALIGNMENT, SIZE);
        EXPECT_PTR_EQ(q, missing == 0 ? p : NULL);
        end(heap);
    }
}

/* ---- Greedy -------------------------------------------------------------------------------------------------------------- */

static void greedy_takes_what_is_wanted(void) {
    hmm_heap *heap = new_heap();
    const hmm_block all = picture_of(heap)->blocks[0];
    size_t got = 0;
    void *p = hmm_heap_alloc_greedy(heap, 10, 100, &got);
    expect_block(heap, p, 100);
    EXPECT_EQ(got, usable_bytes(block_bytes(100)));
    EXPECT_PTR_EQ(p, all.memory);
    p = hmm_heap_alloc_greedy(heap, 10, SPLIT_HIGH, NULL);
    EXPECT_PTR_EQ(p, (uintptr_t)all.memory + all.bytes - block_bytes(SPLIT_HIGH));
    expect_block(heap, hmm_heap_alloc_greedy(heap, 0, 0, &got), 0);
    EXPECT_EQ(got, usable_bytes(SMALLEST));
    end(heap);
}

static void greedy_takes_the_largest(void) {
    static const size_t wanted[] = {1500, 4096, HMM_HEAP_LARGEST_BLOCK, SIZE_MAX / 2, SIZE_MAX};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        hmm_heap *heap = new_heap();
        unsigned char *small = fenced(heap, 500), *older = fenced(heap, 1000), *newer = fenced(heap, 1000);
        exhaust(heap);
        hmm_heap_free(heap, newer);
        hmm_heap_free(heap, older);
        hmm_heap_free(heap, small);
        size_t got = 0;
        EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, got + 1001 + GRANULE, wanted[i], &got), NULL);
        EXPECT_EQ(got, 0);
        EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, 100, wanted[i], &got), older);
        EXPECT_EQ(got, usable_bytes(block_bytes(1000)));
        EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, got, wanted[i], &got), newer);
        EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, 0, wanted[i], &got), small);
        EXPECT_EQ(got, usable_bytes(block_bytes(500)));
        memset(small, 1, got);
        end(heap);
    }
}

static void greedy_wants_less_than_it_needs(void) {
    hmm_heap *heap = new_heap();
    size_t got = 1;
    EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, 1, 0, &got), NULL);
    EXPECT_EQ(got, 0);
    EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, SIZE_MAX, 100, NULL), NULL);
    end(heap);
}

static const struct test tests[] = {
    TEST(every_small_size),
    TEST(sizes_of_the_example),
    TEST(impossible_sizes),
    TEST(counts_that_overflow),
    TEST(zeroed_is_zero),
    TEST(small_at_the_low_end_large_at_the_high_end),
    TEST(smallest_free_block_that_fits),
    TEST(most_recently_freed_among_equals),
    TEST(rest_too_small_for_a_block),
    TEST(until_nothing_is_left),
    TEST(every_alignment),
    TEST(no_power_of_two),
    TEST(alignment_beyond_the_heap),
    TEST(alignment_beyond_the_largest_block),
    TEST(needs_room_for_the_worst_place),
    TEST(greedy_takes_what_is_wanted),
    TEST(greedy_takes_the_largest),
    TEST(greedy_wants_less_than_it_needs),
};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
