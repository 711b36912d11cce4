/* units_region.c: what heap.h says of making a heap and of lending it regions, sentence by sentence. Wrong regions are in
 * faults_region.c.
 *
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS */
#include <sys/mman.h>

#include "fixture.h"

/* MOST: what one region can take of it. */
enum { KIB = 1024, MEMORY = 128 * KIB, MOST = HMM_HEAP_LARGEST_BLOCK < MEMORY ? HMM_HEAP_LARGEST_BLOCK + GRANULE : MEMORY };

static _Alignas(4096) unsigned char memory[MEMORY];
static fault_notes notes;

static void end(hmm_heap *heap) {
    EXPECT_SOUND(heap);
    EXPECT_EQ(notes.count, 0);
    hmm_heap_destroy(heap);
}

/* Takes all that is free, as few blocks as possible. */
static void exhaust(hmm_heap *heap) {
    while (hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL) != NULL) continue;
}

/* ---- Making a heap ------------------------------------------------------------------------------------------------------- */

static void stands_at_the_start_of_its_memory(void) {
    for (size_t start = 0; start < 64; start++)
        for (size_t bytes = 1000; bytes < 1100; bytes++) {
            hmm_heap *heap = noting_heap(memory + start, bytes, &notes);
            EXPECT((unsigned char *)heap >= memory + start && (unsigned char *)heap < memory + start + HEAP_ALIGNMENT);
            const picture *p = picture_of(heap);
            EXPECT_EQ(p->count, 1);
            const uintptr_t limit = (uintptr_t)memory + start + bytes;
            EXPECT_EQ((uintptr_t)p->blocks[0].memory % GRANULE, 0);
            EXPECT_EQ((uintptr_t)p->blocks[0].memory + p->blocks[0].bytes, limit - limit % GRANULE);
            EXPECT_EQ(stats_of(heap).bytes_total, bytes);
            end(heap);
        }
}

/* The default options, and a heap that is filled to the brim with the sizes that the start of heap.h shows. */
static void without_options(void) {
    hmm_heap *heap = hmm_heap_create(memory, MOST, NULL);
    EXPECT(heap != NULL);
    char *text = hmm_heap_alloc(heap, 100);
    memset(text, 'x', 100);
    hmm_heap_free(heap, text);
    exhaust(heap);
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, 1), NULL);
    EXPECT_SOUND(heap);
    hmm_heap_destroy(heap);
}

/* What is not payload or header, in a heap of one region of a size that is a multiple of the granule: the control block, the
 * sentinel, and what brings the first payload to a multiple of the granule. */
static size_t overhead_for(size_t bytes, size_t capacity) {
    hmm_heap_options options = noting_options(&notes);
    options.capacity = capacity;
    hmm_heap *heap = hmm_heap_create(memory, bytes, &options);
    EXPECT(heap != NULL);
    const size_t overhead = stats_of(heap).bytes_overhead;
    end(heap);
    return overhead;
}

/* The most that an index takes, whatever the capacity. */
enum { LARGEST_INDEX = WORD > 4 ? 14 * KIB : 5 * KIB };

static void size_of_the_control_block(void) {
    const size_t wider = WORD > 4 ? WORD / 4 : 1; /* the index consists of words */
    EXPECT(overhead_for(32 * KIB, 0) <= 512 * wider + GRANULE);
    EXPECT(overhead_for(1 * KIB, 0) <= 300 * wider + GRANULE);
    if (WORD == 2 && sizeof(void *) == 4) EXPECT(overhead_for(2 * KIB, 0) <= 160 + GRANULE);
    for (size_t capacity = 1; capacity != 0; capacity *= 2) {
        const size_t overhead = overhead_for(MOST, capacity);
        EXPECT(overhead <= (capacity / 64 > 350 ? capacity / 64 : 350) * wider + GRANULE);
        EXPECT(overhead <= LARGEST_INDEX);
        if (capacity > 1) EXPECT(overhead >= overhead_for(MOST, capacity / 2));
    }
    EXPECT(overhead_for(MOST, SIZE_MAX) <= LARGEST_INDEX);
    EXPECT_EQ(overhead_for(MOST, 0), overhead_for(MOST, MOST));
}

/* A heap that grows beyond its capacity keeps working: a churn whose free blocks all share one tree. */
static void beyond_its_capacity(void) {
    hmm_heap_options options = noting_options(&notes);
    options.capacity = 1;
    hmm_heap *heap = hmm_heap_create(memory, MOST, &options);
    enum { COUNT = 64 };
    unsigned char *p[COUNT] = {NULL};
    for (size_t i = 0; i < 4000; i++) {
        const size_t at = i * 37 % COUNT;
        hmm_heap_free(heap, p[at]);
        p[at] = hmm_heap_alloc(heap, i * 7919 % (MOST < 64 * KIB ? 600 : MOST < MEMORY ? 1200 : 2500));
        EXPECT(p[at] != NULL);
        EXPECT_SOUND(heap);
    }
    end(heap);
}

static void destroyed(void) {
    hmm_heap_destroy(NULL);
    hmm_heap *heap = noting_heap(memory, MOST, &notes);
    EXPECT(hmm_heap_alloc(heap, 5000) != NULL);
    hmm_heap_destroy(heap);
    memset(memory, 0x5A, MOST); /* a sanitizer would tell */
    hmm_fault fault;
    EXPECT_PTR_EQ(hmm_heap_attach(&(hmm_span){memory, MOST}, 1, NULL, &fault), NULL);
}

static void destroyed_is_no_heap(void) {
    hmm_heap *heap = noting_heap(memory, MOST, &notes);
    hmm_heap_destroy(heap);
    hmm_fault fault;
    EXPECT_PTR_EQ(hmm_heap_attach(&(hmm_span){memory, MOST}, 1, NULL, &fault), NULL);
    EXPECT_EQ(fault.code, HMM_FAULT_NOT_A_HEAP);
}

/* ---- Adding -------------------------------------------------------------------------------------------------------------- */

/* Regions that touch are two regions: blocks at their border do not coalesce. */
static void touching_regions_stay_apart(void) {
    for (int above = 0; above < 2; above++) {
        unsigned char *first = above ? memory : memory + 8 * KIB, *second = above ? memory + 8 * KIB : memory;
        hmm_heap *heap = noting_heap(first, 8 * KIB, &notes);
        const size_t largest = hmm_heap_largest_free(heap);
        EXPECT_EQ(hmm_heap_add_region(heap, second, 8 * KIB), HMM_OK);
        EXPECT_EQ(picture_of(heap)->count, 2);
        EXPECT(hmm_heap_largest_free(heap) > largest && hmm_heap_largest_free(heap) < 8 * KIB);
        exhaust(heap);
        const picture all = *picture_of(heap);
        EXPECT_EQ(all.count, 2);
        EXPECT(all.blocks[0].memory < all.blocks[1].memory);
        hmm_heap_free(heap, (void *)(uintptr_t)all.blocks[0].memory);
        hmm_heap_free(heap, (void *)(uintptr_t)all.blocks[1].memory);
        EXPECT_EQ(picture_of(heap)->count, 2);
        end(heap);
    }
}

/* A region costs its record, eight words that may be aligned to 48 bytes, and what alignment takes. */
static void cost_of_a_region(void) {
    for (size_t start = 0; start < 64; start++) {
        hmm_heap *heap = noting_heap(memory, 4 * KIB, &notes);
        const size_t before = stats_of(heap).bytes_overhead;
        EXPECT_EQ(hmm_heap_add_region(heap, memory + 8 * KIB + start, 1000), HMM_OK);
        EXPECT(stats_of(heap).bytes_overhead - before <= (WORD > 4 ? 8 * WORD : 48) + WORD + 3 * GRANULE);
        EXPECT_EQ(stats_of(heap).bytes_total, 4 * KIB + 1000);
        end(heap);
    }
}

static void many_regions(void) {
    enum { COUNT = 100, EACH = 512 };
    hmm_heap *heap = noting_heap(memory + 50 * KIB, 4 * KIB, &notes);
    for (size_t i = 0; i < COUNT; i++) {
        const size_t at = i * 37 % COUNT;
        unsigned char *region = memory + (at < 50 ? at * 1000 : 60000 + at * 600);
        EXPECT_EQ(hmm_heap_add_region(heap, region, EACH), HMM_OK);
        EXPECT_SOUND(heap);
    }
    EXPECT_EQ(picture_of(heap)->count, COUNT + 1);
    exhaust(heap);
    const picture all = *picture_of(heap);
    for (size_t i = 0; i < all.count; i++) {
        EXPECT(i == 0 || all.blocks[i].memory > all.blocks[i - 1].memory);
        hmm_heap_free(heap, (void *)(uintptr_t)all.blocks[i].memory);
    }
    for (size_t i = 0; i < COUNT; i++) {
        const size_t at = i * 53 % COUNT;
        EXPECT_EQ(hmm_heap_remove_region(heap, memory + (at < 50 ? at * 1000 : 60000 + at * 600)), HMM_OK);
        EXPECT_SOUND(heap);
    }
    EXPECT_EQ(picture_of(heap)->count, 1);
    end(heap);
}

/* ---- Extending ----------------------------------------------------------------------------------------------------------- */

/* However the bytes come, the region is the same at the end. */
static void extended_in_steps(void) {
    for (size_t step = 1; step < 50; step++)
        for (int last_is_free = 0; last_is_free < 2; last_is_free++) {
            hmm_heap *heap = noting_heap(memory, 1001, &notes);
            if (!last_is_free) exhaust(heap);
            for (size_t bytes = 1001; bytes < 2000; bytes += step) {
                EXPECT_EQ(hmm_heap_extend_region(heap, memory, bytes + step > 2000 ? 2000 - bytes : step), HMM_OK);
                EXPECT_SOUND(heap);
            }
            const picture *p = picture_of(heap);
            EXPECT_EQ(p->count, last_is_free ? 1 : 2);
            const hmm_block last = p->blocks[p->count - 1];
            EXPECT(last.free);
            EXPECT_EQ((uintptr_t)last.memory + last.bytes, ((uintptr_t)memory + 2000) / GRANULE * GRANULE);
            EXPECT_EQ(stats_of(heap).bytes_total, 2000);
            end(heap);
        }
}

static void extended_by_nothing(void) {
    hmm_heap *heap = noting_heap(memory, 1001, &notes);
    const hmm_heap_statistics before = stats_of(heap);
    EXPECT_EQ(hmm_heap_extend_region(heap, memory, 0), HMM_OK);
    const hmm_heap_statistics after = stats_of(heap);
    EXPECT_EQ(memcmp(&before, &after, offsetof(hmm_heap_statistics, fragmentation)), 0);
    end(heap);
}

static void extended_to_the_next_region(void) {
    hmm_heap *heap = noting_heap(memory, 4 * KIB, &notes);
    EXPECT_EQ(hmm_heap_add_region(heap, memory + 8 * KIB, 4 * KIB), HMM_OK);
    EXPECT_EQ(hmm_heap_add_region(heap, memory + 16 * KIB + 3, 4 * KIB), HMM_OK);
    EXPECT_EQ(hmm_heap_extend_region(heap, memory, 4 * KIB), HMM_OK);
    EXPECT_EQ(hmm_heap_extend_region(heap, memory + 8 * KIB, 4 * KIB + 3), HMM_OK);
    EXPECT_EQ(picture_of(heap)->count, 3);
    EXPECT_EQ(stats_of(heap).bytes_total, 20 * KIB + 3);
    end(heap);
}

/* ---- Shrinking ----------------------------------------------------------------------------------------------------------- */

static void example_of_shrink(void) {
    hmm_heap *heap = noting_heap(memory, 16 * KIB, &notes);
    unsigned char *kept = hmm_heap_alloc(heap, 500);
    EXPECT_EQ(hmm_heap_shrink_region(heap, memory, 8192), 8192);
    memset(memory + 8 * KIB, 0xEE, 8 * KIB);
    memset(kept, 1, 500);
    EXPECT_EQ(stats_of(heap).bytes_total, 8 * KIB);
    end(heap);
}

/* Exactly what was asked for, to the byte, unless a piece too small for a block would be left. */
static void shrunk_by_every_number_of_bytes(void) {
    for (size_t bytes = 0; bytes < 900; bytes++) {
        hmm_heap *heap = noting_heap(memory, 2000, &notes);
        EXPECT(hmm_heap_alloc(heap, 100) != NULL);
        const picture *p = picture_of(heap);
        const uintptr_t last = (uintptr_t)p->blocks[1].memory, limit = (uintptr_t)memory + 2000;
        const size_t most = (size_t)(limit - last);
        size_t expected = bytes < most ? bytes : most;
        const size_t left = (size_t)((limit - expected) / GRANULE * GRANULE - last);
        if (left != 0 && left < SMALLEST) expected = most - SMALLEST;
        EXPECT_EQ(hmm_heap_shrink_region(heap, memory, bytes), expected);
        EXPECT_EQ(stats_of(heap).bytes_total, 2000 - expected);
        EXPECT_SOUND(heap);
        if (expected > 0) memset(memory + 2000 - expected, 0xEE, expected);
        EXPECT_EQ(hmm_heap_extend_region(heap, memory, expected), HMM_OK);
        EXPECT_EQ(block_at(heap, (void *)last).bytes, limit / GRANULE * GRANULE - last);
        end(heap);
    }
}

static void not_shrunk_when_the_last_block_is_allocated(void) {
    hmm_heap *heap = noting_heap(memory, 16 * KIB, &notes);
    unsigned char *low = hmm_heap_alloc(heap, 100);
    unsigned char *high = hmm_heap_alloc(heap, SPLIT_HIGH);
    EXPECT_EQ(hmm_heap_shrink_region(heap, memory, SIZE_MAX), 0);
    hmm_heap_free(heap, low);
    EXPECT_EQ(hmm_heap_shrink_region(heap, memory, SIZE_MAX), 0);
    memset(high, 7, SPLIT_HIGH);
    EXPECT_EQ(stats_of(heap).bytes_total, 16 * KIB);
    end(heap);
}

/* Even the first region can be given back but for the control block; there is room again when it is extended. */
static void shrunk_to_the_control_block(void) {
    hmm_heap *heap = noting_heap(memory, 16 * KIB, &notes);
    const hmm_block all = picture_of(heap)->blocks[0];
    const size_t given = hmm_heap_shrink_region(heap, memory, SIZE_MAX);
    EXPECT_EQ(given, all.bytes);
    EXPECT_EQ(picture_of(heap)->count, 0);
    EXPECT_EQ(hmm_heap_largest_free(heap), 0);
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, 0), NULL);
    EXPECT_EQ(stats_of(heap).fragmentation, 0);
    EXPECT_EQ(hmm_heap_shrink_region(heap, memory, 1), 0);
    EXPECT_SOUND(heap);
    EXPECT_EQ(hmm_heap_extend_region(heap, memory, given), HMM_OK);
    EXPECT_EQ(block_at(heap, all.memory).bytes, all.bytes);
    end(heap);
}

/* ---- Removing ------------------------------------------------------------------------------------------------------------ */

static void removed_when_nothing_in_it_is_allocated(void) {
    hmm_heap *heap = noting_heap(memory, 4 * KIB, &notes);
    unsigned char *region = memory + 8 * KIB + 5;
    EXPECT_EQ(hmm_heap_add_region(heap, region, 8 * KIB), HMM_OK);
    unsigned char *p = hmm_heap_alloc(heap, 5 * KIB);
    EXPECT_EQ(hmm_heap_remove_region(heap, region), HMM_IN_USE);
    EXPECT_EQ(hmm_heap_remove_region(heap, memory), HMM_IN_USE);
    EXPECT(hmm_heap_contains(heap, p));
    hmm_heap_free(heap, p);
    EXPECT_EQ(hmm_heap_remove_region(heap, memory), HMM_IN_USE);
    EXPECT_EQ(hmm_heap_remove_region(heap, region), HMM_OK);
    EXPECT(!hmm_heap_contains(heap, p));
    memset(region, 0xEE, 8 * KIB);
    EXPECT_EQ(stats_of(heap).bytes_total, 4 * KIB);
    EXPECT_EQ(hmm_heap_add_region(heap, region, 8 * KIB), HMM_OK);
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, 5 * KIB), p);
    hmm_heap_free(heap, p);
    EXPECT(hmm_heap_shrink_region(heap, region, SIZE_MAX) > 7 * KIB);
    EXPECT_EQ(hmm_heap_remove_region(heap, region), HMM_OK);
    end(heap);
}

/* Bytes that are too few for a block stay behind the end of a region whose last block is allocated; they are given back first. */
static void shrunk_by_less_than_was_added(void) {
    hmm_heap *heap = noting_heap(memory, 8 * KIB, &notes);
    exhaust(heap);
    for (size_t added = 1; added < SMALLEST; added++)
        for (size_t bytes = 1; bytes <= added; bytes++) {
            EXPECT_EQ(hmm_heap_extend_region(heap, memory, added), HMM_OK);
            EXPECT_EQ(hmm_heap_shrink_region(heap, memory, bytes), bytes);
            EXPECT_SOUND(heap);
            EXPECT_EQ(hmm_heap_shrink_region(heap, memory, added - bytes), added - bytes);
            EXPECT_EQ(stats_of(heap).bytes_total, 8 * KIB);
            EXPECT_EQ(hmm_heap_largest_free(heap), 0);
        }
    end(heap);
}

/* ---- Walking ------------------------------------------------------------------------------------------------------------- */

static bool stop_after(void *context, const hmm_block *block) {
    size_t *left = context;
    EXPECT(block->memory != NULL && *left > 0);
    return --*left > 0;
}

static void walk_stops_when_told(void) {
    hmm_heap *heap = noting_heap(memory, 8 * KIB, &notes);
    for (size_t i = 0; i < 5; i++) EXPECT(hmm_heap_alloc(heap, 10) != NULL);
    const size_t count = picture_of(heap)->count;
    EXPECT_EQ(count, 6);
    for (size_t blocks = 1; blocks <= count + 1; blocks++) {
        size_t left = blocks;
        EXPECT_EQ(hmm_heap_walk(heap, stop_after, &left), blocks <= count ? HMM_STOPPED : HMM_OK);
        EXPECT_EQ(left, blocks <= count ? 0 : 1);
    }
    end(heap);
}

/* ---- The last address ---------------------------------------------------------------------------------------------------- */

/* Bytes that would run past the last address are refused by each function that takes them, and said to do just that. */
static void regions_past_the_last_address(void) {
    static _Alignas(16) unsigned char beside[KIB];
    const hmm_heap_options options = noting_options(&notes);
    hmm_heap *heap = noting_heap(memory, MOST, &notes);
    for (size_t beyond = 1; beyond <= 64; beyond++) {
        const size_t bytes = UINTPTR_MAX - (uintptr_t)beside + beyond;
        EXPECT_PTR_EQ(hmm_heap_create(beside, bytes, &options), NULL);
        EXPECT_FAULT(&notes, HMM_FAULT_REGION_WRAPS, beside);
        EXPECT_EQ(hmm_heap_add_region(heap, beside, bytes), HMM_FAULT_REGION_WRAPS);
        EXPECT_FAULT(&notes, HMM_FAULT_REGION_WRAPS, beside);
        const size_t more = UINTPTR_MAX - (uintptr_t)(memory + MOST) + beyond;
        EXPECT_EQ(hmm_heap_extend_region(heap, memory, more), HMM_FAULT_REGION_WRAPS);
        EXPECT_FAULT(&notes, HMM_FAULT_REGION_WRAPS, memory);
    }
    end(heap);
}

/* ---- The largest heap ---------------------------------------------------------------------------------------------------- */

/* A region of the largest size, on memory that the system does not provide before it is touched. */
static void largest_region(void) {
    const size_t most = HMM_HEAP_LARGEST_BLOCK, bytes = most + 64 * KIB;
    if (HMM_AUDIT_LEVEL >= 2 || HMM_TESTS_ASAN || HMM_VALGRIND || most > SIZE_MAX / 4) return; /* they would touch all of it */
    unsigned char *space = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (space == MAP_FAILED) {
        printf("  skipped: no address space for %zu bytes\n", bytes);
        return;
    }
    size_t works = most / 2, fails = bytes;
    const hmm_heap_options options = noting_options(&notes);
    while (fails - works > 1) {
        const size_t middle = works + (fails - works) / 2;
        hmm_heap *heap = hmm_heap_create(space, middle, &options);
        if (heap == NULL) EXPECT_FAULT(&notes, HMM_FAULT_REGION_LARGE, space);
        if (heap != NULL) hmm_heap_destroy(heap);
        *(heap == NULL ? &fails : &works) = middle;
    }
    EXPECT(works >= most && works < most + LARGEST_INDEX);
    hmm_heap *heap = hmm_heap_create(space, works, &options);
    EXPECT_EQ(hmm_heap_largest_free(heap), most - OVERHEAD);
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, most - OVERHEAD + 1), NULL);
    EXPECT(hmm_heap_alloc(heap, most - OVERHEAD) != NULL);
    end(heap);
    munmap(space, bytes);
}

static const struct test tests[] = {
    TEST(stands_at_the_start_of_its_memory),
    TEST(without_options),
    TEST(size_of_the_control_block),
    TEST(beyond_its_capacity),
    TEST(destroyed),
    TEST(destroyed_is_no_heap),
    TEST(touching_regions_stay_apart),
    TEST(cost_of_a_region),
    TEST(many_regions),
    TEST(extended_in_steps),
    TEST(extended_by_nothing),
    TEST(extended_to_the_next_region),
    TEST(example_of_shrink),
    TEST(shrunk_by_every_number_of_bytes),
    TEST(not_shrunk_when_the_last_block_is_allocated),
    TEST(shrunk_to_the_control_block),
    TEST(removed_when_nothing_in_it_is_allocated),
    TEST(shrunk_by_less_than_was_added),
    TEST(walk_stops_when_told),
    TEST(regions_past_the_last_address),
    TEST(largest_region),
};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
