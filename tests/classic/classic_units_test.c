/* classic_units_test.c: each function of the classic heap, at its exact places and counts, in any configuration.
 *
 * SPDX-License-Identifier: MIT */
#include "classic_fixture.h"

enum { BAUS = 60 * LEAST + END };

static _Alignas(16) unsigned char ground[3 * BAUS * BAU];
static descriptor the_heap;

static unsigned char *at(size_t baus) {
    return ground + baus * BAU;
}

static void *payload_at(size_t baus) {
    return at(baus) + HEAD * AAU;
}

static void begin(size_t baus) {
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, ground, (bau)baus);
}

static void *alloc(uintmax_t n) {
    return HMM_UNIQUE(alloc)(&the_heap, (aau)n);
}

/* A block of exactly so many BAUs. */
static void *alloc_block(size_t baus) {
    void *p = alloc(aaus(baus));
    EXPECT(p != NULL);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(baus));
    return p;
}

static void release(void *p) {
    HMM_UNIQUE(free)(&the_heap, p);
}

static size_t largest(void) {
    return (size_t)HMM_UNIQUE(largest_available)(&the_heap);
}

/* Blocks of the given sizes, each in front of a fence of a smallest one; the rest of the chunk is used up, so that nothing is free
 * but what the test frees. */
static void lay_out(void **blocks, const size_t *sizes, size_t count) {
    size_t baus = END;
    for (size_t i = 0; i < count; i++) baus += sizes[i] + LEAST;
    begin(baus);
    for (size_t i = 0; i < count; i++) {
        blocks[i] = alloc_block(sizes[i]);
        (void)alloc_block(LEAST);
    }
    EXPECT_EQ(largest(), 0);
}

/* ---- Geometry ------------------------------------------------------------------------------------------------------------ */

static void geometry_is_that_of_1_1(void) {
    size_t head = 0, least = 0, end = 0, pointers = 0;
    while (head * AAU < 2 * sizeof(bau)) head++;
    while (pointers * AAU < 3 * sizeof(void *)) pointers++;
    while (least * UNIT < head + pointers) least++;
    while (end * UNIT < head) end++;
    EXPECT_EQ(HMM_HEAD_AAUS, head);
    EXPECT_EQ(HMM_MIN_BLOCK_BAUS, least);
    EXPECT_EQ(HMM_END_BLOCK_BAUS, end);
    EXPECT_EQ(HMM_ADDR_ALIGN_UNIT * HMM_BLOCK_ALIGN_UNIT, BAU);
}

static void smallest_chunk_serves_one(void) {
    begin(LEAST + END);
    EXPECT_EQ(largest(), SMALL);
    EXPECT(alloc(SMALL + 1) == NULL);
    for (size_t n = 0; n <= SMALL; n++) {
        void *p = alloc(n);
        EXPECT_PTR_EQ(p, payload_at(0));
        EXPECT_EQ(HMM_UNIQUE(true_size)(p), SMALL);
        EXPECT_EQ(largest(), 0);
        EXPECT(alloc(0) == NULL);
        release(p);
        EXPECT_EQ(the_heap.num_baus_can_shrink, LEAST + END);
        EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, at(LEAST + END));
    }
}

static void empty_heap(void) {
    memset(&the_heap, 0xA5, sizeof the_heap);
    HMM_UNIQUE(init)(&the_heap);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 0);
    EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, NULL);
    EXPECT_EQ(largest(), 0);
    EXPECT(alloc(0) == NULL);
    EXPECT(HMM_UNIQUE(greedy_alloc)(&the_heap, 0, 100) == NULL);
}

/* All that a chunk has beyond its ends is left alone. */
static void chunk_keeps_its_bounds(void) {
    memset(ground, 0xA5, sizeof ground);
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, at(BAUS), LEAST + END);
    void *p = alloc(0);
    memset(p, 0, SMALL * AAU);
    release(p);
    for (size_t i = 0; i < (size_t)BAUS * BAU; i++) EXPECT_EQ(ground[i], 0xA5);
    for (size_t i = (size_t)(BAUS + LEAST + END) * BAU; i < sizeof ground; i++) EXPECT_EQ(ground[i], 0xA5);
}

/* ---- alloc --------------------------------------------------------------------------------------------------------------- */

static void alloc_every_size(void) {
    for (size_t n = 0; n < 20U * UNIT * LEAST; n++) {
        begin(BAUS);
        size_t baus = LEAST;
        while (baus * UNIT < n + HEAD) baus++;
        unsigned char *p = alloc(n);
        EXPECT_PTR_EQ(p, payload_at(0));
        EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(baus));
        memset(p, 0xFF, (size_t)aaus(baus) * AAU);
        EXPECT_PTR_EQ(alloc(0), payload_at(baus));
        EXPECT_EQ(get_word(at(baus), PREVIOUS), baus);
        EXPECT_EQ(get_word(at(baus), SIZE), LEAST);
        EXPECT_EQ(largest(), aaus(BAUS - END - baus - LEAST));
    }
}

static void alloc_leaves_no_small_rest(void) {
    for (size_t rest = 0; rest <= LEAST; rest++) {
        begin(2 * LEAST + rest + END);
        void *p = alloc(aaus(2 * LEAST));
        EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(rest < LEAST ? 2 * LEAST + rest : 2 * LEAST));
        EXPECT_EQ(largest(), rest < LEAST ? 0 : SMALL);
        release(p);
        EXPECT_EQ(the_heap.num_baus_can_shrink, 2 * LEAST + rest + END);
    }
}

static void alloc_takes_the_best_fit(void) {
    const size_t sizes[] = {5 * LEAST, 2 * LEAST, 9 * LEAST, 3 * LEAST};
    void *blocks[4];
    for (size_t last = 0; last < 4; last++) {
        lay_out(blocks, sizes, 4);
        for (size_t i = 0; i < 4; i++) release(blocks[(last + 1 + i) % 4]);
        EXPECT_EQ(largest(), aaus(9 * LEAST));
        EXPECT_PTR_EQ(alloc(aaus(2 * LEAST) + 1), blocks[3]);
        EXPECT_PTR_EQ(alloc(aaus(3 * LEAST) + 1), blocks[0]);
        EXPECT_PTR_EQ(alloc(aaus(5 * LEAST) + 1), blocks[2]);
        EXPECT(alloc(aaus(5 * LEAST) + 1) == NULL);
        EXPECT_PTR_EQ(alloc(aaus(2 * LEAST)), blocks[1]);
    }
}

/* The first to come is the first of the bin; of the others, the last to come is taken first. */
static void alloc_order_in_a_bin(void) {
    const size_t sizes[] = {2 * LEAST, 2 * LEAST, 2 * LEAST, 2 * LEAST, 7 * LEAST};
    void *blocks[5];
    for (size_t deferred = 0; deferred < 2; deferred++) {
        lay_out(blocks, sizes, 5);
        for (size_t i = 0; i < 4; i++) release(blocks[i]);
        if (!deferred) release(blocks[4]);
        EXPECT_PTR_EQ(alloc(aaus(2 * LEAST)), blocks[3]);
        EXPECT_PTR_EQ(alloc(aaus(2 * LEAST)), blocks[2]);
        EXPECT_PTR_EQ(alloc(aaus(2 * LEAST)), blocks[1]);
        EXPECT_PTR_EQ(alloc(aaus(2 * LEAST)), blocks[0]);
    }
}

static void extreme_sizes(void) {
    const aau most = (aau) ~(aau)0;
    begin(BAUS);
    void *p = alloc_block(LEAST);
    const size_t before = largest();
    for (aau k = 0; k < 40; k++) {
        const aau sizes[] = {(aau)(most - k), (aau)(most / 2 + 20 - k), (aau)(most / UNIT + 20 - k), (aau)(before + 1 + k)};
        for (size_t i = 0; i < 4; i++) {
            if (sizes[i] <= before) continue;
            EXPECT(HMM_UNIQUE(alloc)(&the_heap, sizes[i]) == NULL);
            EXPECT(HMM_UNIQUE(greedy_alloc)(&the_heap, sizes[i], 0) == NULL);
            EXPECT(HMM_UNIQUE(greedy_alloc)(&the_heap, sizes[i], most) == NULL);
            EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, (aau)(sizes[i] | (most / 2 + 1))), -1);
            EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, (aau)(sizes[i] | (most / 2 + 1)), 0), -1);
        }
    }
    EXPECT_EQ(largest(), before);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), SMALL);
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, 0, most), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(BAUS - END));
}

/* ---- greedy_alloc -------------------------------------------------------------------------------------------------------- */

static void greedy_alloc(void) {
    const size_t sizes[] = {5 * LEAST, 2 * LEAST, 9 * LEAST};
    void *blocks[3];
    for (size_t last = 0; last < 3; last++) {
        lay_out(blocks, sizes, 3);
        for (size_t i = 0; i < 3; i++) release(blocks[(last + 1 + i) % 3]);
        /* as much as is coveted, by best fit */
        void *p = HMM_UNIQUE(greedy_alloc)(&the_heap, 1, aaus(4 * LEAST));
        EXPECT_PTR_EQ(p, blocks[0]);
        EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(4 * LEAST));
        /* the largest, if that is enough */
        EXPECT(HMM_UNIQUE(greedy_alloc)(&the_heap, aaus(9 * LEAST) + 1, aaus(10 * LEAST)) == NULL);
        p = HMM_UNIQUE(greedy_alloc)(&the_heap, aaus(9 * LEAST), aaus(10 * LEAST));
        EXPECT_PTR_EQ(p, blocks[2]);
        EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(9 * LEAST));
        /* what is coveted is never less than what is needed */
        p = HMM_UNIQUE(greedy_alloc)(&the_heap, aaus(2 * LEAST), 0);
        EXPECT_PTR_EQ(p, blocks[1]);
        EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(2 * LEAST));
        EXPECT(HMM_UNIQUE(greedy_alloc)(&the_heap, aaus(2 * LEAST), 0) == NULL);
    }
}

/* Of several largest blocks, the one that alloc would take. */
static void greedy_alloc_order(void) {
    const size_t sizes[] = {5 * LEAST, 5 * LEAST, 2 * LEAST};
    void *blocks[3];
    lay_out(blocks, sizes, 3);
    for (size_t i = 0; i < 3; i++) release(blocks[i]);
    EXPECT_PTR_EQ(HMM_UNIQUE(greedy_alloc)(&the_heap, 0, aaus(6 * LEAST)), blocks[1]);
    release(blocks[1]);
    EXPECT_PTR_EQ(HMM_UNIQUE(greedy_alloc)(&the_heap, 0, aaus(6 * LEAST)), blocks[1]);
    EXPECT_PTR_EQ(HMM_UNIQUE(greedy_alloc)(&the_heap, 0, aaus(6 * LEAST)), blocks[0]);
}

/* ---- free ---------------------------------------------------------------------------------------------------------------- */

/* The middle one of three, its neighbours free or not; the one freed last of them deferred, or both in bins. */
static void free_joins_its_neighbours(void) {
    for (unsigned which = 0; which < 4; which++) {
        for (unsigned order = 0; order < 3; order++) {
            begin(10 * LEAST + END);
            void *before = alloc_block(2 * LEAST), *middle = alloc_block(LEAST), *after = alloc_block(3 * LEAST);
            (void)alloc_block(LEAST);
            void *other = alloc_block(3 * LEAST);
            if (order == 1 && (which & 1)) release(before);
            if (which & 2) release(after);
            if (order != 1 && (which & 1)) release(before);
            if (order == 2) release(other);
            release(middle);
            const size_t size = LEAST * (1U + (which & 1 ? 2 : 0) + (which & 2 ? 3 : 0));
            EXPECT_EQ(the_heap.num_baus_can_shrink, 0);
            EXPECT_PTR_EQ(alloc(aaus(size)), which & 1 ? before : middle);
            EXPECT_EQ(largest(), order == 2 ? aaus(3 * LEAST) : 0);
        }
    }
}

static void free_says_what_can_shrink(void) {
    begin(6 * LEAST + END);
    void *a = alloc_block(LEAST), *b = alloc_block(2 * LEAST), *c = alloc_block(3 * LEAST);
    release(b);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 0);
    EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, NULL);
    release(c);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 5 * LEAST);
    EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, at(6 * LEAST + END));
    release(a);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 6 * LEAST + END);
    a = alloc_block(LEAST);
    b = alloc_block(LEAST);
    release(a);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 0);
    release(b);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 6 * LEAST + END);
}

/* ---- resize -------------------------------------------------------------------------------------------------------------- */

static void resize_shrinks_and_grows(void) {
    begin(10 * LEAST + END);
    unsigned char *p = alloc_block(6 * LEAST);
    void *fence = alloc_block(4 * LEAST);
    for (size_t i = 0; i < aaus(6 * LEAST) * (size_t)AAU; i++) p[i] = (unsigned char)i;
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, aaus(2 * LEAST)), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(2 * LEAST));
    EXPECT_EQ(largest(), aaus(4 * LEAST));
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, (aau)(aaus(6 * LEAST) + 1)), -1);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(2 * LEAST));
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, aaus(5 * LEAST + 1)), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), LEAST == 1 ? aaus(5 * LEAST + 1) : aaus(6 * LEAST));
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, 0), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), SMALL);
    EXPECT_EQ(largest(), aaus(5 * LEAST));
    for (size_t i = 0; i < SMALL * (size_t)AAU; i++) EXPECT_EQ(p[i], (unsigned char)i);
    release(fence);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 9 * LEAST);
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, aaus(10 * LEAST)), 0);
    EXPECT_EQ(largest(), 0);
    EXPECT_EQ(get_word(at(10 * LEAST), PREVIOUS), 10 * LEAST);
}

/* A block that stays as it is, with nothing free behind it. */
static void resize_between_used(void) {
    begin(4 * LEAST + END);
    void *p = alloc_block(2 * LEAST);
    void *fence = alloc_block(2 * LEAST);
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, aaus(2 * LEAST)), 0);
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, (aau)(aaus(2 * LEAST) + 1)), -1);
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, aaus(LEAST + 1)), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), LEAST == 1 ? aaus(LEAST + 1) : aaus(2 * LEAST));
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, aaus(LEAST)), 0);
    EXPECT_EQ(largest(), SMALL);
    release(fence);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 3 * LEAST);
}

static void greedy_resize(void) {
    begin(10 * LEAST + END);
    void *p = alloc_block(4 * LEAST), *fence = alloc_block(6 * LEAST);
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, aaus(4 * LEAST), aaus(9 * LEAST)), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(4 * LEAST));
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, (aau)(aaus(4 * LEAST) + 1), aaus(9 * LEAST)), -1);
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, 0, aaus(3 * LEAST)), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(3 * LEAST));
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, aaus(4 * LEAST), 0), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(4 * LEAST));
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, aaus(2 * LEAST), 0), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(2 * LEAST));
    release(fence);
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, aaus(10 * LEAST), aaus(11 * LEAST)), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), aaus(10 * LEAST));
    release(p);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 10 * LEAST + END);
}

/* ---- Chunks -------------------------------------------------------------------------------------------------------------- */

/* Adjacent chunks are not joined, whichever came first. */
static void chunks_stay_apart(void) {
    for (unsigned reverse = 0; reverse < 2; reverse++) {
        HMM_UNIQUE(init)(&the_heap);
        for (unsigned i = 0; i < 3; i++)
            HMM_UNIQUE(new_chunk)(&the_heap, at((reverse ? 2 - i : i) * (2U * LEAST + END)), 2 * LEAST + END);
        EXPECT_EQ(largest(), aaus(2 * LEAST));
        EXPECT(alloc(aaus(2 * LEAST + 1)) == NULL);
        void *p[3];
        for (unsigned i = 0; i < 3; i++) p[i] = alloc_block(2 * LEAST);
        EXPECT(alloc(0) == NULL);
        for (unsigned i = 0; i < 3; i++) {
            release(p[i]);
            EXPECT_EQ(the_heap.num_baus_can_shrink, 2 * LEAST + END);
            EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, (unsigned char *)p[i] - HEAD * AAU + (2 * LEAST + END) * BAU);
        }
    }
}

static void grow_behind_a_used_block(void) {
    begin(2 * LEAST + END);
    void *p = alloc_block(2 * LEAST);
    HMM_UNIQUE(grow_chunk)(&the_heap, at(2 * LEAST + END), LEAST);
    EXPECT_EQ(the_heap.num_baus_can_shrink, LEAST);
    EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, at(3 * LEAST + END));
    EXPECT_PTR_EQ(alloc(SMALL), payload_at(2 * LEAST));
    EXPECT(alloc(0) == NULL);
    release(p);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 0);
}

static void grow_behind_a_free_block(void) {
    for (unsigned deferred = 0; deferred < 2; deferred++) {
        begin(4 * LEAST + END);
        void *p = alloc_block(LEAST), *q = alloc_block(3 * LEAST);
        release(q);
        if (!deferred) release(p);
        HMM_UNIQUE(grow_chunk)(&the_heap, at(4 * LEAST + END), LEAST);
        EXPECT_EQ(the_heap.num_baus_can_shrink, deferred ? 4 * LEAST : 5 * LEAST + END);
        EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, at(5 * LEAST + END));
        EXPECT_EQ(largest(), aaus(deferred ? 4 * LEAST : 5 * LEAST));
    }
}

static void shrink_by_a_part(void) {
    begin(4 * LEAST + END);
    void *p = alloc_block(LEAST), *q = alloc_block(3 * LEAST);
    release(q);
    HMM_UNIQUE(shrink_chunk)(&the_heap, 0);
    HMM_UNIQUE(shrink_chunk)(&the_heap, 2 * LEAST);
    EXPECT_EQ(largest(), SMALL);
    EXPECT_PTR_EQ(alloc(SMALL), payload_at(LEAST));
    EXPECT(alloc(0) == NULL);
    /* It ends earlier now, and can grow from there. */
    memset(at(2 * LEAST + END), 0xA5, 2 * LEAST * BAU);
    release(q);
    EXPECT_EQ(the_heap.num_baus_can_shrink, LEAST);
    EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, at(2 * LEAST + END));
    HMM_UNIQUE(grow_chunk)(&the_heap, at(2 * LEAST + END), 2 * LEAST);
    EXPECT_EQ(largest(), aaus(3 * LEAST));
    release(p);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 4 * LEAST + END);
}

/* All of the last block, where others remain. */
static void shrink_by_the_last_block(void) {
    begin(4 * LEAST + END);
    void *p = alloc_block(LEAST), *q = alloc_block(3 * LEAST);
    release(q);
    HMM_UNIQUE(shrink_chunk)(&the_heap, 3 * LEAST);
    EXPECT_EQ(largest(), 0);
    memset(at(LEAST + END), 0xA5, 3 * LEAST * BAU);
    release(p);
    EXPECT_EQ(the_heap.num_baus_can_shrink, LEAST + END);
    EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, at(LEAST + END));
}

/* A chunk that is given whole disappears: its memory is the caller's again. The others stay. */
static void shrink_by_the_whole_chunk(void) {
    for (size_t gone = 0; gone < 3; gone++) {
        HMM_UNIQUE(init)(&the_heap);
        void *p[3];
        for (size_t i = 0; i < 3; i++) {
            HMM_UNIQUE(new_chunk)(&the_heap, at(i * (2U * LEAST + END)), 2 * LEAST + END);
            p[i] = alloc_block(2 * LEAST);
        }
        release(p[gone]);
        HMM_UNIQUE(shrink_chunk)(&the_heap, the_heap.num_baus_can_shrink);
        EXPECT_EQ(largest(), 0);
        memset(head_of(p[gone]), 0xA5, (2 * LEAST + END) * BAU);
        for (size_t i = 0; i < 3; i++)
            if (i != gone) release(p[i]);
        EXPECT_EQ(the_heap.num_baus_can_shrink, 2 * LEAST + END);
        EXPECT(alloc(aaus(2 * LEAST)) != NULL);
        EXPECT(alloc(aaus(2 * LEAST)) != NULL);
        EXPECT(alloc(0) == NULL);
        HMM_UNIQUE(new_chunk)(&the_heap, head_of(p[gone]), LEAST + END);
        EXPECT_PTR_EQ(alloc(0), p[gone]);
    }
}

/* Chunk after chunk, at any distance, and none left: then it begins anew. */
static void chunks_come_and_go(void) {
    HMM_UNIQUE(init)(&the_heap);
    for (size_t i = 0; i < 8; i++) {
        HMM_UNIQUE(new_chunk)(&the_heap, ground + i * 16, LEAST + END);
        void *p = alloc(0);
        EXPECT_PTR_EQ(p, ground + i * 16 + HEAD * AAU);
        release(p);
        HMM_UNIQUE(shrink_chunk)(&the_heap, LEAST + END);
        EXPECT_EQ(largest(), 0);
        EXPECT(alloc(0) == NULL);
    }
}

/* ---- The largest chunks that words of 16 bits count ----------------------------------------------------------------------- */

static void largest_chunk(void) {
    if (sizeof(bau) > 2) return;
    const size_t most = 32767;
    unsigned char *memory = malloc(most * BAU);
    EXPECT(memory != NULL);
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, memory, (bau)most);
    const size_t all = (most - END) * UNIT - HEAD, sayable = (size_t)((aau) ~(aau)0), said = all < sayable ? all : sayable;
    EXPECT_EQ(largest(), said);
    unsigned char *p = HMM_UNIQUE(greedy_alloc)(&the_heap, 0, (aau)said);
    EXPECT_PTR_EQ(p, memory + HEAD * AAU);
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, 0, (aau) ~(aau)0), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), said);
    release(p);
    EXPECT_EQ(the_heap.num_baus_can_shrink, most);
    p = alloc_block(LEAST);
    void *q = alloc_block(LEAST);
    release(p);
    EXPECT_EQ(largest(), said == all ? all - 2 * LEAST * UNIT : said);
    release(q);
    EXPECT_EQ(the_heap.num_baus_can_shrink, most);
    HMM_UNIQUE(shrink_chunk)(&the_heap, (bau)(most - LEAST - END));
    HMM_UNIQUE(grow_chunk)(&the_heap, memory + (LEAST + END) * BAU, (bau)(most - LEAST - END));
    EXPECT_EQ(the_heap.num_baus_can_shrink, most);
    free(memory);
}

/* The examples of heapmm.h, which are written for the default configuration on 64 bits, where its numbers are these. */
static void examples_of_the_header(void) {
    if (HMM_CNFG_SELECTED != 6 || sizeof(bau) != 8) return;
    EXPECT_EQ(HEAD, 4);
    EXPECT_EQ(LEAST, 10);
    EXPECT_EQ(END, 4);
    begin(14);
    EXPECT(alloc(6) != NULL);
    EXPECT(alloc(0) == NULL);
    HMM_UNIQUE(grow_chunk)(&the_heap, at(14), 10);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 10);
    EXPECT_EQ(largest(), 6);

    begin(24);
    void *p = alloc(6), *q = alloc(6);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), 6);
    release(q);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 10);
    release(p);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 24);
    HMM_UNIQUE(shrink_chunk)(&the_heap, 10);
    EXPECT_EQ(largest(), 6);

    for (unsigned greedy = 0; greedy < 2; greedy++) {
        void *blocks[3];
        lay_out(blocks, (const size_t[]){14, 24, 34}, 3);
        for (unsigned i = 0; i < 3; i++) release(blocks[i]);
        EXPECT_EQ(largest(), 30);
        EXPECT(HMM_UNIQUE(greedy_alloc)(&the_heap, 40, 99) == NULL);
        if (greedy) EXPECT_PTR_EQ(HMM_UNIQUE(greedy_alloc)(&the_heap, 10, 99), blocks[2]);
        p = greedy ? HMM_UNIQUE(greedy_alloc)(&the_heap, 10, 20) : alloc(15);
        EXPECT_PTR_EQ(p, blocks[1]);
        EXPECT_EQ(HMM_UNIQUE(true_size)(p), 20);
    }

    begin(24 + 34 + END);
    p = alloc(20);
    EXPECT_EQ(largest(), 30);
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, 55), -1);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), 20);
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, 60, 99), -1);
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, 30, 99), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), 54);
    EXPECT_EQ(HMM_UNIQUE(greedy_resize)(&the_heap, p, 5, 10), 0);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), 10);
    EXPECT_EQ(largest(), 40);
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, p, 54), 0);
}

static const struct test tests[] = {TEST(geometry_is_that_of_1_1),
                                    TEST(smallest_chunk_serves_one),
                                    TEST(empty_heap),
                                    TEST(chunk_keeps_its_bounds),
                                    TEST(alloc_every_size),
                                    TEST(alloc_leaves_no_small_rest),
                                    TEST(alloc_takes_the_best_fit),
                                    TEST(alloc_order_in_a_bin),
                                    TEST(extreme_sizes),
                                    TEST(greedy_alloc),
                                    TEST(greedy_alloc_order),
                                    TEST(free_joins_its_neighbours),
                                    TEST(free_says_what_can_shrink),
                                    TEST(resize_shrinks_and_grows),
                                    TEST(resize_between_used),
                                    TEST(greedy_resize),
                                    TEST(chunks_stay_apart),
                                    TEST(grow_behind_a_used_block),
                                    TEST(grow_behind_a_free_block),
                                    TEST(shrink_by_a_part),
                                    TEST(shrink_by_the_last_block),
                                    TEST(shrink_by_the_whole_chunk),
                                    TEST(chunks_come_and_go),
                                    TEST(largest_chunk),
                                    TEST(examples_of_the_header)};

int main(int argc, char **argv) {
    if (setjmp(test_failed) == 0) return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
    fprintf(stderr, "an audit failed: %s\n", test_reason);
    return EXIT_FAILURE;
}

#include "heapmm_impl.h"
