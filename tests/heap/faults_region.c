/* faults_region.c: regions that cannot be taken, and calls that name no region of the heap. Made-up addresses are never touched:
 * here, that would crash.
 *
 * SPDX-License-Identifier: MIT */
#include "faults.h"

/* A number of bytes that is too large for one region. */
static size_t too_large(void) {
    return HMM_HEAP_LARGEST_BLOCK + 64 * KIB;
}

/* ---- Making a heap ------------------------------------------------------------------------------------------------------- */

static hmm_heap *create(void *memory, size_t bytes) {
    const hmm_heap_options options = noting_options(&notes);
    return hmm_heap_create(memory, bytes, &options);
}

#define EXPECT_CREATE_REFUSED(memory, bytes, code) EXPECT_REFUSED(EXPECT(create(memory, bytes) == NULL), code, memory)

/* From 1 on, until one is enough; where the memory is aligned, from then on every number is. */
static void create_of_every_size(void) {
    raw_fill(ground, 0xA5, GROUND);
    for (size_t start = 0; start <= GRANULE; start += GRANULE < 8 ? 1 : GRANULE / 8) {
        size_t bytes = 0;
        hmm_heap *least = NULL;
        while (least == NULL) {
            watch();
            least = create(ground + start, ++bytes);
            if (least == NULL) expect_refused(__FILE__, __LINE__, HMM_FAULT_REGION_SMALL, ground + start, ground + start);
        }
        EXPECT_EQ(picture_of(least)->count, 1);
        EXPECT_EQ(picture_of(least)->blocks[0].bytes, SMALLEST);
        hmm_heap_destroy(least);
        for (size_t more = 0; more < 64 && start % GRANULE == 0; more++) {
            hmm_heap *made = create(ground + start, bytes + more);
            EXPECT(made != NULL);
            EXPECT_SOUND(made);
            hmm_heap_destroy(made);
        }
    }
}

static void create_without_memory(void) {
    EXPECT_CREATE_REFUSED(ground, 0, HMM_FAULT_REGION_SMALL);
    const size_t sizes[] = {0, 1, KIB, too_large(), SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) EXPECT_CREATE_REFUSED(NULL, sizes[i], HMM_FAULT_REGION_SMALL);
}

static void create_past_the_end_of_the_address_space(void) {
    EXPECT_CREATE_REFUSED(ground, SIZE_MAX, HMM_FAULT_REGION_WRAPS);
    EXPECT_CREATE_REFUSED(ground, SIZE_MAX - (uintptr_t)ground + 1, HMM_FAULT_REGION_WRAPS);
    EXPECT_CREATE_REFUSED((void *)(UINTPTR_MAX - 4095), 4097, HMM_FAULT_REGION_WRAPS);
    EXPECT_CREATE_REFUSED((void *)UINTPTR_MAX, 2, HMM_FAULT_REGION_WRAPS);
    EXPECT_CREATE_REFUSED((void *)(UINTPTR_MAX - 100), 10, HMM_FAULT_REGION_SMALL);
}

static void create_of_too_much(void) {
    if (!has_sizes_too_large()) return;
    EXPECT_CREATE_REFUSED(ground, too_large(), HMM_FAULT_REGION_LARGE);
    EXPECT_CREATE_REFUSED(ground, SIZE_MAX - (uintptr_t)ground, HMM_FAULT_REGION_LARGE);
    EXPECT_CREATE_REFUSED((void *)4096, too_large(), HMM_FAULT_REGION_LARGE);
}

/* ---- Adding -------------------------------------------------------------------------------------------------------------- */

enum { REGIONS = 3 };

/* Regions at odd places: the first one, a small one, one whose end is odd. */
static const struct {
    size_t start, bytes;
} lent[REGIONS] = {{4 * KIB, 4 * KIB}, {12 * KIB + 3, 600}, {20 * KIB - 5, 2 * KIB + 7}};

static void make_regions(void) {
    memset(ground, 0, sizeof ground);
    heap = noting_heap(ground + lent[0].start, lent[0].bytes, &notes);
    for (size_t i = 1; i < REGIONS; i++) EXPECT_EQ(hmm_heap_add_region(heap, ground + lent[i].start, lent[i].bytes), HMM_OK);
}

static bool touches_a_region(size_t start, size_t bytes) {
    for (size_t i = 0; i < REGIONS; i++)
        if (start < lent[i].start + lent[i].bytes && lent[i].start < start + bytes) return true;
    return false;
}

#define EXPECT_ADD_REFUSED(memory, bytes, code) \
    EXPECT_REFUSED(EXPECT(hmm_heap_add_region(heap, memory, bytes) == (int)(code)), code, memory)

static void add_at(size_t start, size_t bytes) {
    if (touches_a_region(start, bytes)) {
        EXPECT_ADD_REFUSED(ground + start, bytes, HMM_FAULT_REGION_OVERLAPS);
    } else {
        EXPECT_EQ(hmm_heap_add_region(heap, ground + start, bytes), HMM_OK);
        EXPECT_SOUND(heap);
        EXPECT_EQ(hmm_heap_remove_region(heap, ground + start), HMM_OK);
    }
}

/* In front, behind, inside, around, the same: every region in turn, to the byte; and the places that only just do not. */
static void add_overlapping(void) {
    static const size_t sizes[] = {200, 601, 5 * KIB};
    make_regions();
    for (size_t i = 0; i < REGIONS; i++) {
        const size_t start = lent[i].start, end = start + lent[i].bytes;
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            for (size_t by = 0; by <= 2 * GRANULE; by++) {
                if (start + by >= sizes[s] + GRANULE) add_at(start + by - sizes[s] - GRANULE, sizes[s]); /* in front */
                add_at(end + by - GRANULE, sizes[s]);                                                    /* behind */
                add_at(start + by - GRANULE, sizes[s]);
            }
            add_at(start + 100, sizes[s]);
        }
        EXPECT_ADD_REFUSED(ground + start, lent[i].bytes, HMM_FAULT_REGION_OVERLAPS);            /* the same */
        EXPECT_ADD_REFUSED(ground + start - 50, lent[i].bytes + 100, HMM_FAULT_REGION_OVERLAPS); /* around */
        EXPECT_ADD_REFUSED(ground + start + 50, lent[i].bytes - 100, HMM_FAULT_REGION_OVERLAPS); /* inside */
    }
    EXPECT_ADD_REFUSED(ground, GROUND, HMM_FAULT_REGION_OVERLAPS);
    for (size_t start = 0; start < 26 * KIB; start += 97) add_at(start, 900);
    end_heap();
}

static void add_of_every_size(void) {
    make_regions();
    for (size_t start = 26 * KIB; start <= 26 * KIB + GRANULE; start++) {
        size_t bytes = 0;
        while (bytes < KIB) {
            watch();
            if (hmm_heap_add_region(heap, ground + start, bytes) == HMM_OK) break;
            expect_refused(__FILE__, __LINE__, HMM_FAULT_REGION_SMALL, ground + start, ground + start);
            bytes++;
        }
        const picture *all = picture_of(heap);
        EXPECT_EQ(all->blocks[all->count - 1].bytes, SMALLEST);
        EXPECT_EQ(hmm_heap_remove_region(heap, ground + start), HMM_OK);
    }
    end_heap();
}

static void add_of_no_memory(void) {
    make_regions();
    EXPECT_ADD_REFUSED(NULL, 0, HMM_FAULT_REGION_SMALL);
    EXPECT_ADD_REFUSED(NULL, KIB, HMM_FAULT_REGION_SMALL);
    EXPECT_ADD_REFUSED(NULL, SIZE_MAX, HMM_FAULT_REGION_SMALL);
    EXPECT_ADD_REFUSED(ground + 26 * KIB, SIZE_MAX, HMM_FAULT_REGION_WRAPS);
    EXPECT_ADD_REFUSED(ground + 26 * KIB, SIZE_MAX - (uintptr_t)ground, HMM_FAULT_REGION_WRAPS);
    EXPECT_ADD_REFUSED((void *)(UINTPTR_MAX - 4095), 4097, HMM_FAULT_REGION_WRAPS);
    if (has_sizes_too_large()) EXPECT_ADD_REFUSED(ground + 26 * KIB, too_large(), HMM_FAULT_REGION_LARGE);
    end_heap();
}

/* Links reach half of what a word counts, in granules. Where addresses have no more bits than words that is everywhere. */
static void add_out_of_reach(void) {
    make_regions();
    if (WORD < sizeof(void *)) {
        const uintptr_t here = (uintptr_t)heap, far = (uintptr_t)word_bit(WORD_BITS - 1) * GRANULE;
        const uintptr_t places[] = {here + far,
                                    here + far + 4 * KIB,
                                    here + far - KIB,
                                    here - far - 1,
                                    here - far - 2 * GRANULE,
                                    here - far + 2 * GRANULE,
                                    here + UINTPTR_MAX / 2};
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
            EXPECT_ADD_REFUSED((void *)places[i], 4 * KIB, HMM_FAULT_REGION_FAR);
    } else { /* neither above nor below the heap, but half of all addresses away */
        EXPECT_ADD_REFUSED((void *)((uintptr_t)heap + UINTPTR_MAX / 2 - KIB), 4 * KIB, HMM_FAULT_REGION_FAR);
    }
    end_heap();
}

/* ---- Extending ----------------------------------------------------------------------------------------------------------- */

#define EXPECT_EXTEND_REFUSED(memory, bytes, code, address) \
    EXPECT_REFUSED(EXPECT(hmm_heap_extend_region(heap, memory, bytes) == (int)(code)), code, address)

static void extend_too_far(void) {
    make_regions();
    for (size_t i = 0; i < REGIONS; i++) {
        unsigned char *start = ground + lent[i].start, *end = start + lent[i].bytes;
        EXPECT_EXTEND_REFUSED(start, SIZE_MAX, HMM_FAULT_REGION_WRAPS, start);
        EXPECT_EXTEND_REFUSED(start, SIZE_MAX - (uintptr_t)end + 1, HMM_FAULT_REGION_WRAPS, start);
        if (has_sizes_too_large()) EXPECT_EXTEND_REFUSED(start, too_large(), HMM_FAULT_REGION_LARGE, start);
        if (i + 1 == REGIONS) continue;
        const size_t gap = lent[i + 1].start - lent[i].start - lent[i].bytes;
        EXPECT_EXTEND_REFUSED(start, gap + 1, HMM_FAULT_REGION_OVERLAPS, end);
        EXPECT_EXTEND_REFUSED(start, gap + lent[i + 1].bytes, HMM_FAULT_REGION_OVERLAPS, end);
        EXPECT_EXTEND_REFUSED(start, gap + lent[i + 1].bytes + 100, HMM_FAULT_REGION_OVERLAPS, end);
        EXPECT_EXTEND_REFUSED(start, GROUND / 2, HMM_FAULT_REGION_OVERLAPS, end);
    }
    EXPECT_EQ(hmm_heap_extend_region(heap, ground + lent[0].start, lent[1].start - lent[0].start - lent[0].bytes), HMM_OK);
    end_heap();
}

/* ---- No region of the heap ----------------------------------------------------------------------------------------------- */

static void expect_unknown(const void *address) {
    void *const memory = (void *)(uintptr_t)address;
    EXPECT_EXTEND_REFUSED(memory, 0, HMM_FAULT_REGION_UNKNOWN, memory);
    EXPECT_EXTEND_REFUSED(memory, KIB, HMM_FAULT_REGION_UNKNOWN, memory);
    EXPECT_REFUSED(EXPECT(hmm_heap_shrink_region(heap, memory, KIB) == 0), HMM_FAULT_REGION_UNKNOWN, memory);
    EXPECT_REFUSED(EXPECT(hmm_heap_remove_region(heap, memory) == HMM_FAULT_REGION_UNKNOWN), HMM_FAULT_REGION_UNKNOWN, memory);
}

static void start_of_no_region(void) {
    make_regions();
    void *p = hmm_heap_alloc(heap, 100);
    expect_unknown(NULL);
    expect_unknown(p);
    expect_unknown(ground);
    expect_unknown(&notes);
    for (uintptr_t distance = (uintptr_t)2 * GROUND; distance != 0; distance *= 2) {
        expect_unknown((void *)((uintptr_t)ground + distance));
        expect_unknown((void *)((uintptr_t)ground - distance));
    }
    for (size_t i = 0; i < REGIONS; i++) {
        for (size_t by = 1; by <= GRANULE; by++) {
            expect_unknown(ground + lent[i].start - by);
            expect_unknown(ground + lent[i].start + by);
        }
        expect_unknown(ground + lent[i].start + lent[i].bytes);
    }
    end_heap();
}

static void region_of_another_heap(void) {
    static _Alignas(64) unsigned char other_ground[4 * KIB];
    make_regions();
    hmm_heap *other = noting_heap(other_ground, sizeof other_ground, &notes);
    expect_unknown(other_ground);
    EXPECT_EQ(hmm_heap_remove_region(heap, ground + lent[1].start), HMM_OK);
    expect_unknown(ground + lent[1].start);
    EXPECT_SOUND(other);
    hmm_heap_destroy(other);
    end_heap();
}

static const struct test tests[] = {
    TEST(create_of_every_size), TEST(create_without_memory),  TEST(create_past_the_end_of_the_address_space),
    TEST(create_of_too_much),   TEST(add_overlapping),        TEST(add_of_every_size),
    TEST(add_of_no_memory),     TEST(add_out_of_reach),       TEST(extend_too_far),
    TEST(start_of_no_region),   TEST(region_of_another_heap),
};

const fault_tests region_faults = {tests, sizeof tests / sizeof tests[0]};
