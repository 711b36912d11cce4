/* classic_audit_chunks_test.c: the audits of chunks given, grown and shrunk, and of their end blocks. A test does exactly the
 * damage or the misuse that the audit is for, and expects its text, the failure value, and the heap as it was, byte for byte.
 *
 * SPDX-License-Identifier: MIT */
#include "audit_fixture.h"

/* ---- Chunks ---------------------------------------------------------------------------------------------------------------- */

static void wrong_new_chunks(void) {
    begin(BAUS);
    const bau most = (bau)((bau) ~(bau)0 >> 1);
    const bau wrong[] = {0, 1, LEAST, LEAST + END - 1, (bau)(most + 1), (bau)(most + LEAST + END), (bau) ~(bau)0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        how_many = wrong[i];
        expect_audit(new_chunk, ground[1], bad_chunk);
    }
    uintptr_t top = UINTPTR_MAX - (LEAST + END) * BAU + 1;
    expect_audit(new_least, (void *)top, bad_chunk);
    if (sizeof(bau) < sizeof(size_t)) return;
    how_many = (bau)(SIZE_MAX / BAU - 20);
    expect_audit(new_chunk, ground[1], bad_chunk);
}

static void wrong_ends(void) {
    begin(4 * LEAST + END);
    void *p = alloc_block(3 * LEAST);
    unsigned char *end = end_of_chunk(4 * LEAST + END);
    void *const wrong[] = {NULL, end - 1, end + 1, end - BAU, end + BAU, ground[0], ground[1], head_of(p) + END * BAU};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) expect_audit(grow_least, wrong[i], no_end);
    const bau previous = get_word(end - END * BAU, PREVIOUS);
    const bau sizes[] = {0, 1, LEAST - 1, 5 * LEAST, BAUS, (bau)((bau) ~(bau)0 >> 1)};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        set_word(end - END * BAU, PREVIOUS, sizes[i]);
        expect_audit(grow_least, end, end_damaged);
    }
    set_word(end - END * BAU, PREVIOUS, 2 * LEAST);
    expect_audit(grow_least, end, last_damaged);
    set_word(end - END * BAU, PREVIOUS, previous);
    expect_none(grow_least, end);
}

static void wrong_growths(void) {
    begin(4 * LEAST + END);
    (void)alloc_block(4 * LEAST);
    unsigned char *end = end_of_chunk(4 * LEAST + END);
    const bau most = (bau)((bau) ~(bau)0 >> 1);
    const bau wrong[] = {0, LEAST - 1, (bau)(most - 4 * LEAST - END + 1), most, (bau) ~(bau)0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        how_many = wrong[i];
        expect_audit(grow, end, bad_growth);
    }
    if (sizeof(bau) < sizeof(size_t)) return;
    how_many = (bau)(SIZE_MAX / BAU - LEAST);
    expect_audit(grow, end, bad_growth);
}

/* A chunk can be grown piece by piece to more than its words count. That is seen when so much would become one block. */
static void grown_too_large(void) {
    if (sizeof(bau) > 2) return;
    unsigned char *memory = calloc(41000, BAU);
    EXPECT(memory != NULL);
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, memory, 25000);
    void *p = alloc_block(8000), *q = alloc_block(8000), *r = alloc_block(9000 - END);
    HMM_UNIQUE(grow_chunk)(&the_heap, memory + 25000 * BAU, 16000);
    expect_none(free_, r);
    expect_audit(free_, q, too_large);
    expect_audit(resize_greedily, q, too_large);
    expect_none(free_, p);
    expect_audit(free_, q, too_large);
    if (sizeof(aau) <= 2) {
        free(memory);
        return;
    }
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, memory, 20000);
    p = alloc_block(20000 - END);
    HMM_UNIQUE(grow_chunk)(&the_heap, memory + 20000 * BAU, 12000);
    q = alloc_block(12000);
    HMM_UNIQUE(grow_chunk)(&the_heap, memory + 32000 * BAU, 9000);
    EXPECT_EQ(HMM_UNIQUE(resize)(&the_heap, q, aaus(21000)), 0);
    expect_none(free_, p); /* what is behind is not joined */
    expect_audit(free_, q, too_large);
    free(memory);
}

static void wrong_shrinks(void) {
    memset(&the_heap, 0xA5, sizeof the_heap);
    HMM_UNIQUE(init)(&the_heap);
    expect_audit(shrink_least, NULL, no_free);
    begin(6 * LEAST + END);
    expect_audit(shrink_least, NULL, no_free);
    void *p = alloc_block(2 * LEAST), *q = alloc_block(4 * LEAST);
    expect_audit(shrink_least, NULL, no_free);
    free_(q);
    const bau wrong[] = {3 * LEAST + 1, 4 * LEAST - 1, 4 * LEAST + 1, 4 * LEAST + END, BAUS, (bau) ~(bau)0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (wrong[i] == 4 * LEAST || wrong[i] == 3 * LEAST) continue;
        if (LEAST == 1 && wrong[i] <= 4 * LEAST) continue;
        how_many = wrong[i];
        expect_audit(shrink, NULL, bad_shrink);
    }
    /* Anything between makes the free one forgotten. */
    void (*const between[])(void *) = {alloc_small, resize_down, new_least};
    for (size_t i = 0; i < 3; i++) {
        begin(6 * LEAST + END);
        p = alloc_block(2 * LEAST);
        q = alloc_block(4 * LEAST);
        free_(q);
        between[i](i == 2 ? (void *)ground[1] : p);
        expect_audit(shrink_least, NULL, no_free);
    }
    begin(6 * LEAST + END);
    p = alloc_block(2 * LEAST);
    q = alloc_block(4 * LEAST);
    free_(q);
    free_(p);
    const bau all[] = {6 * LEAST, 6 * LEAST + END + 1, 6 * LEAST - 1, 5 * LEAST + 1};
    for (size_t i = 0; i < 4; i++) {
        if (all[i] == 6 * LEAST - 1 && LEAST == 1) continue;
        how_many = all[i];
        expect_audit(shrink, NULL, bad_shrink);
    }
    shrink_least(NULL);
    expect_audit(shrink_least, NULL, no_free);
}

/* Not after the free of another block, which is not the last of its chunk. */
static void shrink_after_another_free(void) {
    begin(6 * LEAST + END);
    void *p = alloc_block(2 * LEAST);
    (void)alloc_block(LEAST);
    free_(alloc_block(3 * LEAST));
    free_(p);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 0);
    expect_audit(shrink_least, NULL, no_free);
}

static void damaged_end_when_shrinking(void) {
    begin(6 * LEAST + END);
    void *p = alloc_block(2 * LEAST), *q = alloc_block(4 * LEAST);
    free_(q);
    unsigned char *end = end_of_chunk(6 * LEAST);
    set_word(end, SIZE, 1);
    expect_audit(shrink_least, NULL, no_end);
    set_word(end, SIZE, 0);
    set_word(end, PREVIOUS, LEAST - 1);
    expect_audit(shrink_least, NULL, end_damaged);
    set_word(end, PREVIOUS, 3 * LEAST);
    expect_audit(shrink_least, NULL, last_damaged);
    set_word(end, PREVIOUS, 4 * LEAST);
    the_heap.end_of_shrinkable_chunk = NULL;
    expect_audit(shrink_least, NULL, no_end);
    the_heap.end_of_shrinkable_chunk = end + END * BAU;
    the_heap.last_freed = NULL;
    expect_audit(shrink_least, NULL, not_last);
    the_heap.last_freed = head_of(q);
    expect_none(shrink_least, NULL);
    (void)p;
}

/* What was given back is no memory of the heap any more, whatever stands in it. */
static void given_back_at_the_end(void) {
    for (size_t rest = 0; rest <= 2 * LEAST; rest += LEAST) {
        begin(20 * LEAST + END);
        void *p = alloc_block(2 * LEAST), *q = alloc_block(18 * LEAST);
        free_(q);
        HMM_UNIQUE(shrink_chunk)(&the_heap, (bau)(18 * LEAST - rest));
        for (size_t i = 2 * LEAST + rest + END; i + 2 * LEAST <= 20 * LEAST; i++) {
            set_head(ground[0] + i * BAU, 0, LEAST);
            set_head(ground[0] + (i + LEAST) * BAU, LEAST, LEAST);
            expect_audit(free_, ground[0] + i * BAU + HEAD * AAU, outside);
        }
        expect_none(free_, p);
    }
}

static void given_back_chunks(void) {
    for (size_t gone = 0; gone < 2; gone++) {
        HMM_UNIQUE(init)(&the_heap);
        void *p[2];
        for (size_t i = 0; i < 2; i++) {
            HMM_UNIQUE(new_chunk)(&the_heap, ground[0] + i * (10 * LEAST + END) * BAU, 10 * LEAST + END);
            p[i] = alloc_block(10 * LEAST);
        }
        free_(p[gone]);
        HMM_UNIQUE(shrink_chunk)(&the_heap, 10 * LEAST + END);
        set_head(head_of(p[gone]), 0, LEAST);
        set_head(head_of(p[gone]) + LEAST * BAU, LEAST, LEAST);
        expect_audit(free_, p[gone], outside);
        expect_none(free_, p[1 - gone]);
        HMM_UNIQUE(shrink_chunk)(&the_heap, 10 * LEAST + END);
        set_head(head_of(p[1 - gone]), 0, LEAST);
        set_head(head_of(p[1 - gone]) + LEAST * BAU, LEAST, LEAST);
        expect_audit(free_, p[1 - gone], outside);
    }
}

static const struct test tests[] = {TEST(wrong_new_chunks),
                                    TEST(wrong_ends),
                                    TEST(wrong_growths),
                                    TEST(grown_too_large),
                                    TEST(wrong_shrinks),
                                    TEST(shrink_after_another_free),
                                    TEST(damaged_end_when_shrinking),
                                    TEST(given_back_at_the_end),
                                    TEST(given_back_chunks)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}

#include "heapmm_impl.h"
