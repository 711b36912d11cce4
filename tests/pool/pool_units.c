/* pool_units.c: what pool.h says, sentence by sentence, in one thread.
 *
 * SPDX-License-Identifier: MIT */
#include "pool_fixture.h"

enum { KIB = 1024, MEMORY = 64 * KIB };

static _Alignas(4096) unsigned char memory[MEMORY];
static _Alignas(4096) unsigned char more[MEMORY];
static fault_notes notes;

static hmm_pool *new_pool(void) {
    return noting_pool(memory, sizeof memory, &notes);
}

static void end(hmm_pool *pool) {
    EXPECT_POOL_SOUND(pool);
    EXPECT_EQ(notes.count, 0);
    hmm_pool_destroy(pool);
}

/* ---- Making -------------------------------------------------------------------------------------------------------------- */

static void stands_in_its_memory_wherever_that_is(void) {
    for (size_t at = 0; at < 200; at++) {
        hmm_pool *pool = noting_pool(memory + at, 8 * KIB, &notes);
        EXPECT((uintptr_t)pool >= (uintptr_t)(memory + at));
        const hmm_pool_statistics stats = pool_stats_of(pool);
        EXPECT_EQ(stats.heap.bytes_total, 8 * KIB);
        EXPECT_EQ(stats.heap.bytes_total, stats.heap.bytes_in_use + stats.heap.bytes_free + stats.heap.bytes_overhead);
        unsigned char *p = filled_block(pool, 100, 1);
        EXPECT(p > memory + at && p + 100 <= memory + at + 8 * KIB);
        EXPECT_EQ(hmm_pool_free_remote(pool, p), HMM_OK);
        EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 1);
        end(pool);
    }
}

static void needs_room_for_itself(void) {
    fault_notes refused = {.count = 0};
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = note_fault;
    options.context = &refused;
    size_t bytes = 0;
    hmm_pool *pool;
    while ((pool = hmm_pool_create(memory, bytes, &options)) == NULL) {
        EXPECT_EQ(refused.count, 1);
        EXPECT_EQ(refused.last.code, HMM_FAULT_REGION_SMALL);
        refused.count = 0;
        bytes++;
    }
    EXPECT(bytes > 100 && bytes < 2 * KIB);
    hmm_pool_destroy(pool);
    EXPECT(hmm_pool_create(NULL, sizeof memory, &options) == NULL);
    EXPECT_FAULT(&refused, HMM_FAULT_REGION_SMALL, NULL);
    void *high = (void *)(UINTPTR_MAX - 4 * KIB);
    EXPECT(hmm_pool_create(high, MEMORY, &options) == NULL);
    EXPECT_FAULT(&refused, HMM_FAULT_REGION_WRAPS, high);
}

/* ---- The heap's functions ------------------------------------------------------------------------------------------------ */

static void does_what_the_heap_does(void) {
    hmm_pool *pool = new_pool();
    size_t got = 0;
    EXPECT_EQ(pool_stats_of(pool).heap.blocks_in_use, 0);
    unsigned char *p = hmm_pool_alloc(pool, 13);
    EXPECT(p != NULL && (uintptr_t)p % GRANULE == 0 && hmm_pool_contains(pool, p) && !hmm_pool_contains(pool, more));
    EXPECT(hmm_pool_usable_size(pool, p) >= 13);
    unsigned char *zeroed = hmm_pool_alloc_zeroed(pool, 10, 7);
    for (size_t i = 0; i < 70; i++) EXPECT_EQ(zeroed[i], 0);
    unsigned char *little = hmm_pool_alloc_zeroed(pool, 1, 1);
    EXPECT_EQ(*little, 0);
    unsigned char *aligned = hmm_pool_alloc_aligned(pool, 1024, 50);
    EXPECT(aligned != NULL && (uintptr_t)aligned % 1024 == 0);
    EXPECT_EQ(hmm_pool_resize(pool, aligned, 90), HMM_OK);
    EXPECT(hmm_pool_resize(pool, aligned, MEMORY) == HMM_NO_ROOM);
    EXPECT_EQ(hmm_pool_resize_greedy(pool, aligned, 10, 200, &got), HMM_OK);
    EXPECT(got >= 200 && hmm_pool_usable_size(pool, aligned) == got);
    EXPECT_EQ(hmm_pool_resize_greedy(pool, aligned, 10, 9, &got), HMM_BAD_SIZE);
    aligned = hmm_pool_realloc_aligned(pool, aligned, 2048, 5000);
    EXPECT(aligned != NULL && (uintptr_t)aligned % 2048 == 0);
    p[12] = 77;
    p = hmm_pool_realloc(pool, p, 3000);
    EXPECT(p != NULL && p[12] == 77);
    unsigned char *rest = hmm_pool_alloc_greedy(pool, 100, SIZE_MAX, &got);
    EXPECT(rest != NULL && got >= 100 && got == hmm_pool_usable_size(pool, rest));
    EXPECT(hmm_pool_alloc_greedy(pool, 2, 1, &got) == NULL && got == 0);
    EXPECT(hmm_pool_alloc_zeroed(pool, SIZE_MAX, 2) == NULL && hmm_pool_alloc_aligned(pool, 3, 1) == NULL);
    hmm_pool_free(pool, NULL);
    void *all[] = {p, zeroed, little, aligned, rest};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) hmm_pool_free(pool, all[i]);
    EXPECT_EQ(pool_stats_of(pool).heap.blocks_in_use, 0);
    EXPECT(hmm_pool_largest_free(pool) > MEMORY / 2);
    end(pool);
}

static void has_regions(void) {
    hmm_pool *pool = new_pool();
    void *p = hmm_pool_alloc_greedy(pool, 0, SIZE_MAX, NULL);
    EXPECT(p != NULL && hmm_pool_alloc(pool, 20 * KIB) == NULL);
    EXPECT_EQ(hmm_pool_add_region(pool, more, MEMORY / 2), HMM_OK);
    unsigned char *q = filled_block(pool, 20 * KIB, 3);
    EXPECT(q > more && q < more + MEMORY / 2);
    EXPECT_EQ(hmm_pool_extend_region(pool, more, MEMORY / 2), HMM_OK);
    EXPECT(hmm_pool_alloc(pool, 20 * KIB) != NULL);
    EXPECT_EQ(hmm_pool_remove_region(pool, more), HMM_IN_USE);
    EXPECT_EQ(hmm_pool_remove_region(pool, memory), HMM_IN_USE);
    EXPECT_EQ(hmm_pool_remove_region(pool, memory + 1), HMM_FAULT_REGION_UNKNOWN);
    EXPECT_FAULT(&notes, HMM_FAULT_REGION_UNKNOWN, memory + 1);
    end(pool);
}

static void the_first_region_has_the_address_that_was_lent(void) {
    hmm_pool *pool = noting_pool(memory, MEMORY / 2, &notes);
    EXPECT_EQ(hmm_pool_extend_region(pool, memory, MEMORY / 2), HMM_OK);
    void *p = hmm_pool_alloc(pool, MEMORY / 2);
    EXPECT(p != NULL);
    EXPECT_EQ(pool_stats_of(pool).heap.bytes_total, MEMORY);
    hmm_pool_free(pool, p);
    EXPECT(hmm_pool_shrink_region(pool, memory, 4 * KIB) == 4 * KIB);
    EXPECT_EQ(pool_stats_of(pool).heap.bytes_total, MEMORY - 4 * KIB);
    end(pool);
}

static bool count_blocks(void *context, const hmm_block *block) {
    size_t *count = context;
    *count += !block->free;
    return *count < 3;
}

static void walks(void) {
    hmm_pool *pool = new_pool();
    size_t count = 0;
    EXPECT(hmm_pool_alloc(pool, 1) != NULL);
    EXPECT_EQ(hmm_pool_free_remote(pool, hmm_pool_alloc(pool, 1)), HMM_OK);
    EXPECT_EQ(hmm_pool_walk(pool, count_blocks, &count), HMM_OK);
    EXPECT_EQ(count, 2); /* what waits is allocated */
    end(pool);
}

/* ---- Remote frees -------------------------------------------------------------------------------------------------------- */

enum { MANY = 100 };

static void *blocks[MANY];

static void allocate_many(hmm_pool *pool, size_t size) {
    for (size_t i = 0; i < MANY; i++) blocks[i] = filled_block(pool, size, (unsigned char)i);
}

static void free_many_remotely(hmm_pool *pool) {
    for (size_t i = 0; i < MANY; i++) EXPECT_EQ(hmm_pool_free_remote(pool, blocks[i]), HMM_OK);
}

static void what_waits_is_counted(void) {
    hmm_pool *pool = new_pool();
    allocate_many(pool, 50);
    for (size_t i = 0; i < MANY; i++) {
        EXPECT_EQ(hmm_pool_free_remote(pool, blocks[i]), HMM_OK);
        EXPECT_EQ(pool_stats_of(pool).remote_pending, i + 1);
    }
    EXPECT_EQ(hmm_pool_free_remote(pool, NULL), HMM_OK);
    EXPECT_EQ(pool_stats_of(pool).heap.blocks_in_use, MANY);
    EXPECT_POOL_SOUND(pool);
    EXPECT_EQ(hmm_pool_collect(pool, 30), 30);
    EXPECT_EQ(hmm_pool_free_remote(pool, hmm_pool_alloc(pool, 1)), HMM_OK); /* drains 4, and then one more waits */
    hmm_pool_statistics stats = pool_stats_of(pool);
    EXPECT_EQ(stats.remote_drained, 30 + HMM_POOL_DRAIN);
    EXPECT_EQ(stats.remote_pending, MANY - 30 - HMM_POOL_DRAIN + 1);
    EXPECT_EQ(stats.heap.blocks_in_use, stats.remote_pending);
    EXPECT_POOL_SOUND(pool);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), MANY - 30 - HMM_POOL_DRAIN + 1);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 0);
    stats = pool_stats_of(pool);
    EXPECT_EQ(stats.heap.blocks_in_use, 0);
    EXPECT_EQ(stats.remote_pending, 0);
    EXPECT_EQ(stats.remote_faults, 0);
    end(pool);
}

/* One operation of each kind that allocates. */
static void *allocate_somehow(hmm_pool *pool, int kind, void *p) {
    switch (kind) {
    case 0: return hmm_pool_alloc(pool, 10);
    case 1: return hmm_pool_alloc_zeroed(pool, 2, 5);
    case 2: return hmm_pool_alloc_aligned(pool, 64, 10);
    case 3: return hmm_pool_alloc_greedy(pool, 10, 10, NULL);
    case 4: return hmm_pool_realloc(pool, p, 200);
    default: return hmm_pool_realloc_aligned(pool, p, 64, 400);
    }
}

static void each_allocation_drains_a_bounded_number(void) {
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = note_fault;
    options.context = &notes;
    options.drain = 7;
    hmm_pool *pool = hmm_pool_create(memory, sizeof memory, &options);
    void *p = hmm_pool_alloc(pool, 100), *q = hmm_pool_alloc(pool, 100);
    allocate_many(pool, 50);
    free_many_remotely(pool);
    for (int kind = 0; kind < 6; kind++) {
        EXPECT(allocate_somehow(pool, kind, kind == 4 ? p : q) != NULL);
        EXPECT_EQ(pool_stats_of(pool).remote_drained, 7 * ((size_t)kind + 1));
    }
    EXPECT_EQ(hmm_pool_collect(pool, 0), 0);
    end(pool);
}

static void frees_and_resizes_drain_nothing(void) {
    hmm_pool *pool = new_pool();
    void *p = hmm_pool_alloc(pool, 100);
    allocate_many(pool, 50);
    free_many_remotely(pool);
    EXPECT_EQ(hmm_pool_resize(pool, p, 20), HMM_OK);
    EXPECT(hmm_pool_usable_size(pool, p) >= 20);
    hmm_pool_free(pool, p);
    EXPECT_EQ(pool_stats_of(pool).remote_pending, MANY);
    end(pool);
}

static void memory_that_waits_is_found_before_an_allocation_fails(void) {
    hmm_pool *pool = new_pool();
    allocate_many(pool, 300);
    void *rest;
    while ((rest = hmm_pool_alloc_greedy(pool, 0, SIZE_MAX, NULL)) != NULL) continue;
    free_many_remotely(pool);
    EXPECT(hmm_pool_alloc(pool, 20 * KIB) != NULL); /* the blocks are neighbours */
    EXPECT_EQ(pool_stats_of(pool).remote_drained, MANY);
    EXPECT(hmm_pool_alloc(pool, MEMORY) == NULL);
    end(pool);
}

static void the_limit_holds_when_memory_is_exhausted(void) {
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = note_fault;
    options.context = &notes;
    options.drain = 2;
    options.drain_exhausted = 5;
    hmm_pool *pool = hmm_pool_create(memory, sizeof memory, &options);
    allocate_many(pool, 300);
    while (hmm_pool_alloc_greedy(pool, 0, SIZE_MAX, NULL) != NULL) continue;
    free_many_remotely(pool);
    EXPECT(hmm_pool_alloc(pool, 20 * KIB) == NULL);
    EXPECT_EQ(pool_stats_of(pool).remote_drained, 7);
    EXPECT(hmm_pool_alloc_greedy(pool, MEMORY, MEMORY, NULL) == NULL);
    EXPECT_EQ(pool_stats_of(pool).remote_drained, 14);
    end(pool);
}

static size_t asked;

static bool add_more(void *context, hmm_pool *pool, size_t size) {
    EXPECT(context == &notes && size > 0);
    asked++;
    return hmm_pool_add_region(pool, more, sizeof more) == HMM_OK;
}

static void the_user_is_asked_last(void) {
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = note_fault;
    options.on_exhausted = add_more;
    options.context = &notes;
    hmm_pool *pool = hmm_pool_create(memory, sizeof memory, &options);
    unsigned char *p = filled_block(pool, 40 * KIB, 1);
    EXPECT_EQ(hmm_pool_free_remote(pool, p), HMM_OK);
    for (size_t i = 0; i < MANY; i++) blocks[i] = NULL;
    EXPECT(hmm_pool_alloc(pool, 50 * KIB) != NULL); /* drained before it looks */
    EXPECT_EQ(asked, 0);
    p = filled_block(pool, 50 * KIB, 1);
    EXPECT_EQ(asked, 1);
    EXPECT(p > more && p < more + MEMORY);
    end(pool);
}

static void an_aligned_allocation_asks_when_what_was_drained_is_not_enough(void) {
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = note_fault;
    options.on_exhausted = add_more;
    options.context = &notes;
    options.drain = 1;
    hmm_pool *pool = hmm_pool_create(memory, sizeof memory, &options);
    void *p = hmm_pool_alloc_greedy(pool, 0, SIZE_MAX, NULL); /* all of it, cut in three */
    const size_t all = hmm_pool_usable_size(pool, p);
    EXPECT_EQ(hmm_pool_resize(pool, p, 1000), HMM_OK);
    void *q = hmm_pool_alloc(pool, 100);
    void *r = hmm_pool_alloc_greedy(pool, 0, SIZE_MAX, NULL);
    EXPECT(q != NULL && r != NULL && all > 2000);
    EXPECT_EQ(hmm_pool_free_remote(pool, p), HMM_OK);
    EXPECT_EQ(hmm_pool_free_remote(pool, q), HMM_OK);
    asked = 0;
    EXPECT(hmm_pool_alloc_aligned(pool, 4096, 1000) != NULL);
    EXPECT_EQ(asked, 1);
    end(pool);
}

static void a_block_may_be_freed_remotely_into_another_region(void) {
    hmm_pool *pool = new_pool();
    EXPECT_EQ(hmm_pool_add_region(pool, more, sizeof more), HMM_OK);
    void *p = hmm_pool_alloc(pool, 40 * KIB), *q = hmm_pool_alloc(pool, 40 * KIB);
    EXPECT(p != NULL && q != NULL);
    EXPECT_EQ(hmm_pool_free_remote(pool, p), HMM_OK);
    EXPECT_EQ(hmm_pool_free_remote(pool, q), HMM_OK);
    EXPECT_EQ(hmm_pool_remove_region(pool, more), HMM_OK); /* which drains */
    EXPECT_EQ(pool_stats_of(pool).remote_drained, 2);
    end(pool);
}

static void shrinking_drains(void) {
    hmm_pool *pool = new_pool();
    void *p = hmm_pool_alloc(pool, 50 * KIB);
    EXPECT_EQ(hmm_pool_free_remote(pool, p), HMM_OK);
    EXPECT_EQ(hmm_pool_shrink_region(pool, memory, 40 * KIB), 40 * KIB);
    end(pool);
}

static void every_size_can_wait(void) {
    hmm_pool *pool = new_pool();
    for (size_t size = 0; size < 200; size++) {
        unsigned char *p = hmm_pool_alloc(pool, size), *q = hmm_pool_alloc_zeroed(pool, 1, size), *r = hmm_pool_alloc(pool, 60);
        EXPECT(p != NULL && q != NULL && r != NULL);
        EXPECT(hmm_pool_usable_size(pool, p) >= HMM_POOL_NODE_BYTES && hmm_pool_usable_size(pool, q) >= HMM_POOL_NODE_BYTES);
        EXPECT_EQ(hmm_pool_resize(pool, r, size < 60 ? size : 60), HMM_OK);
        EXPECT(hmm_pool_usable_size(pool, r) >= HMM_POOL_NODE_BYTES);
        EXPECT_EQ(hmm_pool_free_remote(pool, q), HMM_OK);
        EXPECT_EQ(hmm_pool_free_remote(pool, p), HMM_OK);
        EXPECT_EQ(hmm_pool_free_remote(pool, r), HMM_OK);
        EXPECT_POOL_SOUND(pool);
        EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 3);
        EXPECT_POOL_SOUND(pool);
    }
    end(pool);
}

/* What came home bears no mark, handed out again with its contents as they were. The block is merged with the one before it, so that
 * the heap writes no links there, and taken again as the high end of that. */
static void a_mark_does_not_outlive_the_drain(void) {
    hmm_pool *pool = new_pool();
    void *p = hmm_pool_alloc(pool, 100), *high = hmm_pool_alloc_greedy(pool, 0, SIZE_MAX, NULL);
    EXPECT(p != NULL && high != NULL);
    EXPECT_EQ(hmm_pool_resize(pool, high, 4 * KIB), HMM_OK);
    EXPECT(hmm_pool_alloc_greedy(pool, 0, SIZE_MAX, NULL) != NULL);
    hmm_pool_free(pool, p);
    EXPECT_EQ(hmm_pool_free_remote(pool, high), HMM_OK);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 1);
    EXPECT_PTR_EQ(hmm_pool_alloc(pool, 4 * KIB), high);
    EXPECT_EQ(hmm_pool_free_remote(pool, high), HMM_OK);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 1);
    end(pool);
}

/* ---- Owners -------------------------------------------------------------------------------------------------------------- */

static void an_abandoned_pool_is_adopted_once(void) {
    hmm_pool *pool = new_pool();
    allocate_many(pool, 50);
    EXPECT_EQ(hmm_pool_adopt(pool), HMM_IN_USE);
    EXPECT_EQ(hmm_pool_free_remote(pool, blocks[0]), HMM_OK);
    EXPECT_EQ(hmm_pool_abandon(pool), HMM_OK);
    EXPECT_EQ(hmm_pool_free_remote(pool, blocks[1]), HMM_OK);
    EXPECT_EQ(hmm_pool_adopt(pool), HMM_OK);
    EXPECT_EQ(hmm_pool_adopt(pool), HMM_IN_USE);
    EXPECT_EQ(pool_stats_of(pool).remote_pending, 2);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 2);
    end(pool);
}

static void a_chain_half_drained_is_adopted_too(void) {
    hmm_pool *pool = new_pool();
    allocate_many(pool, 50);
    free_many_remotely(pool);
    EXPECT_EQ(hmm_pool_collect(pool, 10), 10);
    EXPECT_EQ(hmm_pool_abandon(pool), HMM_OK);
    EXPECT_EQ(hmm_pool_adopt(pool), HMM_OK);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), MANY - 10);
    end(pool);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        TEST(stands_in_its_memory_wherever_that_is),
        TEST(needs_room_for_itself),
        TEST(does_what_the_heap_does),
        TEST(has_regions),
        TEST(the_first_region_has_the_address_that_was_lent),
        TEST(walks),
        TEST(what_waits_is_counted),
        TEST(each_allocation_drains_a_bounded_number),
        TEST(frees_and_resizes_drain_nothing),
        TEST(memory_that_waits_is_found_before_an_allocation_fails),
        TEST(the_limit_holds_when_memory_is_exhausted),
        TEST(the_user_is_asked_last),
        TEST(an_aligned_allocation_asks_when_what_was_drained_is_not_enough),
        TEST(a_block_may_be_freed_remotely_into_another_region),
        TEST(shrinking_drains),
        TEST(every_size_can_wait),
        TEST(a_mark_does_not_outlive_the_drain),
        TEST(an_abandoned_pool_is_adopted_once),
        TEST(a_chain_half_drained_is_adopted_too),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
