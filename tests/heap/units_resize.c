/* units_resize.c: what heap.h says of resize, resize_greedy, realloc, realloc_aligned and free, sentence by sentence.
 *
 * SPDX-License-Identifier: MIT */
#include "fixture.h"

enum { MEMORY = HMM_HEAP_LARGEST_BLOCK < 64 * 1024 ? HMM_HEAP_LARGEST_BLOCK + GRANULE : 64 * 1024 };

static _Alignas(4096) unsigned char memory[MEMORY];
static fault_notes notes;

/* Three blocks of 100 bytes side by side: a, b, c, then the rest of the heap, which is free. */
typedef struct row {
    hmm_heap *heap;
    unsigned char *a, *b, *c;
} row;

enum { SIZE = 100 };

static unsigned char *filled(unsigned char *p) {
    for (int i = 0; i < SIZE; i++) p[i] = (unsigned char)(i + 7);
    return p;
}

static void expect_filled(const unsigned char *p, size_t bytes) {
    for (size_t i = 0; i < bytes && i < SIZE; i++) EXPECT_EQ(p[i], (unsigned char)(i + 7));
}

static row new_row(void) {
    row r;
    r.heap = noting_heap(memory, sizeof memory, &notes);
    r.a = filled(hmm_heap_alloc(r.heap, SIZE));
    r.b = filled(hmm_heap_alloc(r.heap, SIZE));
    r.c = filled(hmm_heap_alloc(r.heap, SIZE));
    EXPECT_PTR_EQ(r.b, r.a + block_bytes(SIZE));
    EXPECT_PTR_EQ(r.c, r.b + block_bytes(SIZE));
    return r;
}

/* The same, with no other free space. */
static row new_full_row(void) {
    row r = new_row();
    size_t got;
    while (hmm_heap_alloc_greedy(r.heap, 0, SIZE_MAX, &got) != NULL) continue;
    return r;
}

static void end(row *r) {
    EXPECT_SOUND(r->heap);
    EXPECT_EQ(notes.count, 0);
    hmm_heap_destroy(r->heap);
}

/* ---- In place ------------------------------------------------------------------------------------------------------------ */

static void grows_into_the_lower_part_of_what_follows(void) {
    row r = new_row();
    hmm_heap_free(r.heap, r.b);
    const size_t size = SIZE + block_bytes(SIZE) - SMALLEST; /* leaves a smallest block */
    EXPECT_EQ(hmm_heap_resize(r.heap, r.a, size), HMM_OK);
    EXPECT_EQ(hmm_heap_usable_size(r.heap, r.a), usable_bytes(2 * block_bytes(SIZE) - SMALLEST));
    EXPECT(block_at(r.heap, r.c - SMALLEST).free);
    expect_filled(r.a, SIZE);
    end(&r);
}

static void takes_all_of_what_follows(void) {
    row r = new_row();
    hmm_heap_free(r.heap, r.b);
    EXPECT_EQ(hmm_heap_resize(r.heap, r.a, usable_bytes(2 * block_bytes(SIZE)) + 1), HMM_NO_ROOM);
    EXPECT_EQ(hmm_heap_usable_size(r.heap, r.a), usable_bytes(block_bytes(SIZE)));
    EXPECT(block_at(r.heap, r.b).free);
    EXPECT_EQ(hmm_heap_resize(r.heap, r.a, usable_bytes(2 * block_bytes(SIZE))), HMM_OK);
    EXPECT_EQ(hmm_heap_usable_size(r.heap, r.a), usable_bytes(2 * block_bytes(SIZE)));
    expect_filled(r.a, SIZE);
    end(&r);
}

static void does_not_grow_into_an_allocated_block(void) {
    row r = new_row();
    const hmm_heap_statistics before = stats_of(r.heap);
    EXPECT_EQ(hmm_heap_resize(r.heap, r.a, usable_bytes(block_bytes(SIZE)) + 1), HMM_NO_ROOM);
    EXPECT_EQ(hmm_heap_resize(r.heap, r.a, usable_bytes(block_bytes(SIZE))), HMM_OK);
    if (HMM_STATS) EXPECT_EQ(stats_of(r.heap).failures, before.failures + 1);
    EXPECT_EQ(stats_of(r.heap).bytes_in_use, before.bytes_in_use);
    end(&r);
}

static void shrinking_gives_the_tail_back(void) {
    row r = new_row();
    EXPECT_EQ(hmm_heap_resize(r.heap, r.a, 0), HMM_OK);
    EXPECT_EQ(block_at(r.heap, r.a).bytes, SMALLEST);
    EXPECT(block_at(r.heap, r.a + SMALLEST).free);
    EXPECT_EQ(block_at(r.heap, r.a + SMALLEST).bytes, block_bytes(SIZE) - SMALLEST);
    expect_filled(r.a, usable_bytes(SMALLEST));
    end(&r);
}

/* The tail joins the free block behind, even a tail that would be too small for a block of its own. */
static void shrinking_coalesces(void) {
    row r = new_row();
    hmm_heap_free(r.heap, r.b);
    EXPECT_EQ(hmm_heap_resize(r.heap, r.a, SIZE - GRANULE), HMM_OK);
    const size_t kept = block_bytes(SIZE - GRANULE);
    EXPECT_EQ(block_at(r.heap, r.a).bytes, kept);
    EXPECT_EQ(block_at(r.heap, r.a + kept).bytes, 2 * block_bytes(SIZE) - kept);
    expect_filled(r.a, usable_bytes(kept));
    end(&r);
}

static void a_tail_too_small_stays(void) {
    row r = new_row();
    EXPECT_EQ(hmm_heap_resize(r.heap, r.a, SIZE - GRANULE), HMM_OK);
    EXPECT_EQ(block_at(r.heap, r.a).bytes, GRANULE < SMALLEST ? block_bytes(SIZE) : block_bytes(SIZE) - GRANULE);
    expect_filled(r.a, SIZE - GRANULE);
    end(&r);
}

static void sizes_no_block_can_have(void) {
    row r = new_full_row();
    size_t got;
    for (size_t k = 0; k <= 64; k++) {
        const size_t sizes[] = {SIZE_MAX - k, SIZE_MAX / 2 - k, SIZE_MAX / 2 + k, HMM_HEAP_LARGEST_BLOCK - OVERHEAD + 1 + k};
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            if (block_bytes(sizes[i]) != 0) continue; /* where words are wider than addresses, nearly all are possible */
            EXPECT_EQ(hmm_heap_resize(r.heap, r.a, sizes[i]), HMM_BAD_SIZE);
            EXPECT_EQ(hmm_heap_resize_greedy(r.heap, r.a, sizes[i], SIZE_MAX, &got), HMM_BAD_SIZE);
            EXPECT_EQ(got, usable_bytes(block_bytes(SIZE)));
            EXPECT_PTR_EQ(hmm_heap_realloc(r.heap, r.a, sizes[i]), NULL);
            EXPECT_PTR_EQ(hmm_heap_realloc_aligned(r.heap, r.a, GRANULE, sizes[i]), NULL);
            EXPECT_PTR_EQ(hmm_heap_realloc_aligned(r.heap, r.a, 4096, sizes[i]), NULL);
        }
    }
    EXPECT_EQ(hmm_heap_resize(r.heap, r.a, HMM_HEAP_LARGEST_BLOCK - OVERHEAD), HMM_NO_ROOM);
    EXPECT_EQ(hmm_heap_usable_size(r.heap, r.a), usable_bytes(block_bytes(SIZE)));
    expect_filled(r.a, SIZE);
    end(&r);
}

static void example_of_resize(void) {
    if (GRANULE != 16 || OVERHEAD != 4) return;
    hmm_heap *heap = noting_heap(memory, sizeof memory, &notes);
    void *p = hmm_heap_alloc(heap, 44), *q = hmm_heap_alloc(heap, 60);
    EXPECT(hmm_heap_alloc(heap, 1) != NULL);
    hmm_heap_free(heap, q);
    EXPECT_EQ(hmm_heap_usable_size(heap, p), 44);
    EXPECT_EQ(hmm_heap_resize(heap, p, 200), HMM_NO_ROOM);
    EXPECT_EQ(hmm_heap_usable_size(heap, p), 44);
    EXPECT_EQ(hmm_heap_resize(heap, p, 100), HMM_OK);
    EXPECT_EQ(hmm_heap_usable_size(heap, p), 108);
    hmm_heap_destroy(heap);
}

/* ---- In place, greedily -------------------------------------------------------------------------------------------------- */

static void greedy_grows_as_far_as_there_is_room(void) {
    static const size_t wanted[] = {1000, HMM_HEAP_LARGEST_BLOCK, SIZE_MAX};
    for (size_t i = 0; i < 3; i++) {
        row r = new_full_row();
        size_t got = 1;
        hmm_heap_free(r.heap, r.b);
        const size_t most = usable_bytes(2 * block_bytes(SIZE));
        EXPECT_EQ(hmm_heap_resize_greedy(r.heap, r.a, most + 1, wanted[i], &got), HMM_NO_ROOM);
        EXPECT_EQ(got, usable_bytes(block_bytes(SIZE)));
        EXPECT(block_at(r.heap, r.b).free);
        EXPECT_EQ(hmm_heap_resize_greedy(r.heap, r.a, most, wanted[i], &got), HMM_OK);
        EXPECT_EQ(got, most);
        EXPECT_EQ(hmm_heap_resize_greedy(r.heap, r.a, 0, wanted[i], NULL), HMM_OK);
        EXPECT_EQ(hmm_heap_usable_size(r.heap, r.a), most);
        expect_filled(r.a, SIZE);
        end(&r);
    }
}

static void greedy_grows_to_what_is_wanted(void) {
    row r = new_row();
    size_t got = 0;
    EXPECT_EQ(hmm_heap_resize_greedy(r.heap, r.c, SIZE, 3000, &got), HMM_OK);
    EXPECT_EQ(got, usable_bytes(block_bytes(3000)));
    EXPECT_EQ(hmm_heap_usable_size(r.heap, r.c), got);
    expect_filled(r.c, SIZE);
    end(&r);
}

static void greedy_shrinks_only_to_a_smaller_wanted(void) {
    row r = new_row();
    size_t got = 0;
    EXPECT_EQ(hmm_heap_resize_greedy(r.heap, r.a, 0, SIZE, &got), HMM_OK);
    EXPECT_EQ(got, usable_bytes(block_bytes(SIZE)));
    EXPECT_EQ(hmm_heap_resize_greedy(r.heap, r.a, 0, 1, &got), HMM_OK);
    EXPECT_EQ(got, usable_bytes(SMALLEST));
    EXPECT_EQ(hmm_heap_resize_greedy(r.heap, r.a, 2, 1, &got), HMM_BAD_SIZE);
    EXPECT_EQ(got, usable_bytes(SMALLEST));
    end(&r);
}

/* ---- Moving -------------------------------------------------------------------------------------------------------------- */

static void realloc_of_null_allocates(void) {
    row r = new_row();
    unsigned char *p = hmm_heap_realloc(r.heap, NULL, 50);
    EXPECT_PTR_EQ(p, r.c + block_bytes(SIZE));
    EXPECT_EQ(block_at(r.heap, p).bytes, block_bytes(50));
    p = hmm_heap_realloc_aligned(r.heap, NULL, 256, 50);
    EXPECT_EQ((uintptr_t)p % 256, 0);
    end(&r);
}

static void realloc_to_nothing_keeps_a_block(void) {
    row r = new_row();
    EXPECT_PTR_EQ(hmm_heap_realloc(r.heap, r.a, 0), r.a);
    EXPECT_EQ(block_at(r.heap, r.a).bytes, SMALLEST);
    EXPECT_PTR_EQ(hmm_heap_realloc_aligned(r.heap, r.b, GRANULE, 0), r.b);
    EXPECT_EQ(stats_of(r.heap).blocks_in_use, 3);
    end(&r);
}

static void realloc_in_place_if_it_can(void) {
    row r = new_row();
    hmm_heap_free(r.heap, r.b);
    const hmm_heap_statistics before = stats_of(r.heap);
    EXPECT_PTR_EQ(hmm_heap_realloc(r.heap, r.a, SIZE + GRANULE), r.a);
    EXPECT_PTR_EQ(hmm_heap_realloc(r.heap, r.a, 10), r.a);
    EXPECT_EQ(stats_of(r.heap).allocations, before.allocations);
    EXPECT_EQ(stats_of(r.heap).frees, before.frees);
    expect_filled(r.a, 10);
    end(&r);
}

static void realloc_into_the_block_before(void) {
    for (int follower_is_free = 0; follower_is_free < 2; follower_is_free++) {
        row r = new_full_row();
        const hmm_heap_statistics before = stats_of(r.heap);
        hmm_heap_free(r.heap, r.a);
        if (follower_is_free) hmm_heap_free(r.heap, r.c);
        const size_t size = usable_bytes((follower_is_free ? 3 : 2) * block_bytes(SIZE));
        EXPECT_PTR_EQ(hmm_heap_realloc(r.heap, r.b, size + 1), NULL);
        expect_filled(r.b, SIZE);
        EXPECT_PTR_EQ(hmm_heap_realloc(r.heap, r.b, size), r.a);
        expect_filled(r.a, SIZE);
        EXPECT_EQ(hmm_heap_usable_size(r.heap, r.a), size);
        EXPECT_EQ(stats_of(r.heap).allocations, before.allocations);
        if (HMM_STATS) EXPECT_EQ(stats_of(r.heap).frees, before.frees + 1u + (unsigned)follower_is_free);
        end(&r);
    }
}

static void realloc_into_the_block_before_leaves_a_rest(void) {
    row r = new_full_row();
    hmm_heap_free(r.heap, r.a);
    const size_t size = SIZE + SMALLEST, bytes = block_bytes(size);
    EXPECT_PTR_EQ(hmm_heap_realloc(r.heap, r.b, size), r.a);
    expect_filled(r.a, SIZE);
    EXPECT_EQ(block_at(r.heap, r.a).bytes, bytes);
    EXPECT(block_at(r.heap, r.a + bytes).free);
    EXPECT_EQ(block_at(r.heap, r.a + bytes).bytes, 2 * block_bytes(SIZE) - bytes);
    end(&r);
}

static void realloc_elsewhere(void) {
    row r = new_row();
    const hmm_heap_statistics before = stats_of(r.heap);
    unsigned char *p = hmm_heap_realloc(r.heap, r.b, 500);
    EXPECT_PTR_EQ(p, r.c + block_bytes(SIZE));
    expect_filled(p, SIZE);
    EXPECT(block_at(r.heap, r.b).free);
    if (HMM_STATS) {
        EXPECT_EQ(stats_of(r.heap).allocations, before.allocations + 1);
        EXPECT_EQ(stats_of(r.heap).frees, before.frees + 1);
        EXPECT_EQ(stats_of(r.heap).peak_in_use, before.bytes_in_use + block_bytes(500));
    }
    end(&r);
}

static void realloc_that_fails_leaves_the_block(void) {
    row r = new_full_row();
    const hmm_heap_statistics before = stats_of(r.heap);
    EXPECT_PTR_EQ(hmm_heap_realloc(r.heap, r.b, SIZE + GRANULE), NULL);
    EXPECT_PTR_EQ(hmm_heap_realloc_aligned(r.heap, r.b, 64, SIZE + GRANULE), NULL);
    expect_filled(r.b, SIZE);
    EXPECT_EQ(hmm_heap_usable_size(r.heap, r.b), usable_bytes(block_bytes(SIZE)));
    if (HMM_STATS) EXPECT_EQ(stats_of(r.heap).failures, before.failures + 2);
    end(&r);
}

static void realloc_aligned_moves_what_is_not_aligned(void) {
    for (size_t alignment = 1; alignment <= 8192; alignment *= 2) {
        row r = new_row();
        unsigned char *p = hmm_heap_realloc_aligned(r.heap, r.b, alignment, SIZE);
        EXPECT_EQ((uintptr_t)p % alignment, 0);
        EXPECT_EQ(p == r.b, (uintptr_t)r.b % alignment == 0);
        expect_filled(p, SIZE);
        unsigned char *q = hmm_heap_realloc_aligned(r.heap, p, alignment, 10000);
        EXPECT_EQ((uintptr_t)q % alignment, 0);
        expect_filled(q, SIZE);
        EXPECT_PTR_EQ(hmm_heap_realloc_aligned(r.heap, q, alignment, 50), q);
        end(&r);
    }
}

/* ---- Freeing ------------------------------------------------------------------------------------------------------------- */

static void free_of_null_does_nothing(void) {
    row r = new_row();
    const hmm_heap_statistics before = stats_of(r.heap);
    hmm_heap_free(r.heap, NULL);
    EXPECT_EQ(stats_of(r.heap).frees, before.frees);
    EXPECT_EQ(stats_of(r.heap).blocks_in_use, before.blocks_in_use);
    end(&r);
}

/* The three blocks freed in every order: no two free blocks are ever neighbours, and all is one block at the end. */
static void coalesces_in_every_order(void) {
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (int i = 0; i < 6; i++)
        for (int full = 0; full < 2; full++) {
            row r = full ? new_full_row() : new_row();
            unsigned char *const blocks[3] = {r.a, r.b, r.c};
            for (int k = 0; k < 3; k++) {
                hmm_heap_free(r.heap, blocks[orders[i][k]]);
                EXPECT_SOUND(r.heap);
                const picture *p = picture_of(r.heap);
                for (size_t at = 1; at < p->count; at++) EXPECT(!p->blocks[at - 1].free || !p->blocks[at].free);
            }
            EXPECT(block_at(r.heap, r.a).free);
            if (full) EXPECT_EQ(block_at(r.heap, r.a).bytes, 3 * block_bytes(SIZE));
            if (!full) EXPECT_EQ(picture_of(r.heap)->count, 1);
            end(&r);
        }
}

static const struct test tests[] = {
    TEST(grows_into_the_lower_part_of_what_follows),
    TEST(takes_all_of_what_follows),
    TEST(does_not_grow_into_an_allocated_block),
    TEST(shrinking_gives_the_tail_back),
    TEST(shrinking_coalesces),
    TEST(a_tail_too_small_stays),
    TEST(sizes_no_block_can_have),
    TEST(example_of_resize),
    TEST(greedy_grows_as_far_as_there_is_room),
    TEST(greedy_grows_to_what_is_wanted),
    TEST(greedy_shrinks_only_to_a_smaller_wanted),
    TEST(realloc_of_null_allocates),
    TEST(realloc_to_nothing_keeps_a_block),
    TEST(realloc_in_place_if_it_can),
    TEST(realloc_into_the_block_before),
    TEST(realloc_into_the_block_before_leaves_a_rest),
    TEST(realloc_elsewhere),
    TEST(realloc_that_fails_leaves_the_block),
    TEST(realloc_aligned_moves_what_is_not_aligned),
    TEST(free_of_null_does_nothing),
    TEST(coalesces_in_every_order),
};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
