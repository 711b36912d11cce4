/* classic_audit_block_test.c: the audits of the block freed or resized, its neighbours, and the block freed last. A test does
 * exactly the damage or the misuse that the audit is for, and expects its text, the failure value, and the heap as it was, byte for byte.
 *
 * SPDX-License-Identifier: MIT */
#include "audit_fixture.h"

/* ---- The block freed or resized -------------------------------------------------------------------------------------------- */

static void wrong_pointers(void) {
    begin(BAUS);
    unsigned char *p = alloc_block(LEAST);
    uintptr_t page_zero = 4096, top = UINTPTR_MAX - 7;
    unsigned char *end = end_of_chunk(BAUS - END) + HEAD * AAU; /* as if the end block were one */
    void *const wrong[] = {NULL,      (void *)page_zero, (void *)top,           p - BAU,
                           ground[1], end + END * BAU,   end + END * BAU + BAU, end + BAU};
    void (*const operations[])(void *) = {free_, resize_down, resize_greedily};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        for (size_t k = 0; k < 3; k++) expect_audit(operations[k], wrong[i], outside);
    for (size_t i = 1; i < 3 * BAU; i++) expect_audit(free_, p - i, outside);
    expect_audit(free_, end, bad_head);
    expect_audit(resize_down, end, bad_head);
    HMM_UNIQUE(init)(&the_heap);
    expect_audit(free_, p, outside);
    expect_audit(resize_down, p, outside);
}

/* The payload imitates two heads, but no block begins at such an address. */
static void imitated_heads(void) {
    if (BAU == 1) return;
    begin(BAUS);
    unsigned char *p = alloc_block(10 * LEAST);
    for (size_t shift = 1; shift < BAU; shift++) {
        if ((HEAD * AAU + shift) % BAU == 0) continue;
        set_head(p + shift, 0, LEAST);
        set_head(p + shift + LEAST * BAU, LEAST, LEAST);
        expect_audit(free_, p + shift + HEAD * AAU, outside);
        expect_audit(resize_greedily, p + shift + HEAD * AAU, outside);
        memset(p, 0, (size_t)aaus(10 * LEAST) * AAU);
    }
}

/* Two chunks at any distance: blocks of both are found, and what lies between is none, as far as the distance tells. */
static void imitated_heads_of_two_chunks(void) {
    for (size_t shift = 0; shift < BAU; shift++) {
        begin(10 * LEAST + END);
        void *p = alloc_block(LEAST), *q = alloc_block(LEAST), *r = alloc_block(8 * LEAST);
        HMM_UNIQUE(new_chunk)(&the_heap, ground[0] + (20 * LEAST + END) * BAU + shift, 3 * LEAST + END);
        void *s = alloc_block(LEAST), *t = alloc_block(2 * LEAST);
        size_t step = BAU;
        while (shift % step != 0 || BAU % step != 0) step--;
        for (size_t i = 1; i < BAU; i++) {
            const size_t at = i + (BAU - HEAD * AAU % BAU);
            unsigned char *head = (unsigned char *)r + at;
            set_head(head, 0, LEAST);
            set_head(head + LEAST * BAU, LEAST, LEAST);
            if (i % step != 0) expect_audit(free_, head + HEAD * AAU, outside);
        }
        expect_none(free_, s);
        expect_none(free_, q);
        expect_none(free_, t);
        EXPECT_EQ(the_heap.num_baus_can_shrink, 3 * LEAST + END);
        expect_none(free_, p);
        expect_none(free_, r);
        EXPECT_EQ(the_heap.num_baus_can_shrink, 10 * LEAST + END);
    }
}

static void freed_twice(void) {
    begin(BAUS);
    void *p = alloc_block(LEAST), *q = alloc_block(LEAST), *r = alloc_block(LEAST);
    (void)alloc_block(LEAST);
    free_(q);
    expect_audit(free_, q, again);
    expect_audit(resize_down, q, again);
    expect_audit(resize_greedily, q, again);
    expect_audit(ask_size, q, of_size);
    alloc_greedily(NULL);
    EXPECT_PTR_EQ(the_heap.last_freed, NULL);
    expect_audit(free_, q, is_free);
    expect_audit(resize_down, q, is_free);
    expect_audit(resize_greedily, q, is_free);
    /* Coalesced, its head is none. */
    free_(r);
    expect_audit(free_, r, bad_head);
    expect_audit(ask_size, r, of_size);
    free_(p);
    expect_audit(free_, p, again);
    expect_audit(free_, q, bad_head);
    expect_audit(resize_down, q, bad_head);
}

/* Each word of the head of the block, of the one behind and of the one before: any size that is not the right one. */
static void damaged_heads_beside(void) {
    begin(BAUS);
    void *p = alloc_block(2 * LEAST), *q = alloc_block(3 * LEAST), *r = alloc_block(4 * LEAST);
    void *const heads[] = {p, q, r};
    const bau most = (bau)((bau) ~(bau)0 >> 1);
    for (size_t i = 0; i < 3; i++) {
        for (int word = PREVIOUS; word <= SIZE; word++) {
            const bau right = get_word(head_of(heads[i]), word);
            const bau wrong[] = {0, 1, LEAST - 1, LEAST, 2 * LEAST, 3 * LEAST, 4 * LEAST, 7 * LEAST, BAUS, BAUS + 1, most};
            for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++) {
                if (wrong[k] == right || (i == 0 && word == PREVIOUS)) continue;
                set_word(head_of(heads[i]), word, wrong[k]);
                const char *reason =
                    (i == 1 || (i == 0 && word == SIZE) || (i == 2 && word == PREVIOUS)) ? bad_head : bad_neighbour;
                expect_audit(free_, q, reason);
                expect_audit(resize_down, q, reason);
                expect_audit(resize_greedily, q, reason);
                set_word(head_of(heads[i]), word, right);
            }
        }
    }
    set_word(head_of(p), PREVIOUS, LEAST);
    expect_audit(free_, q, bad_neighbour);
    expect_audit(resize_down, q, bad_neighbour);
    set_word(head_of(p), PREVIOUS, 0);
    expect_none(free_, q);
}

/* With a second chunk, a block may have none before it. Then the block before finds that it is not so. */
static void damaged_previous_is_none(void) {
    for (unsigned chunks = 1; chunks <= 2; chunks++) {
        begin(BAUS);
        void *p = alloc_block(2 * LEAST), *q = alloc_block(3 * LEAST);
        if (chunks == 2) new_least(ground[1]);
        set_word(head_of(q), PREVIOUS, 0);
        expect_audit(free_, p, bad_head);
        expect_audit(resize_greedily, p, bad_head);
        if (chunks == 1) expect_audit(free_, q, bad_head);
    }
}

/* A used block behind, whose size was overwritten with 0, is no end of the chunk. */
static void damaged_size_is_none(void) {
    begin(6 * LEAST + END);
    void *p = alloc_block(2 * LEAST), *q = alloc_block(4 * LEAST);
    set_word(head_of(q), SIZE, 0);
    expect_audit(free_, p, bad_neighbour);
    expect_audit(resize_down, p, bad_neighbour);
    expect_audit(grow_least, head_of(q) + END * BAU, no_end);
}

/* A head before the block that lies where none can be: in a heap whose lowest chunk is another. */
static void damaged_previous_leads_below(void) {
    begin(4 * LEAST + END);
    void *p = alloc_block(LEAST), *q = alloc_block(LEAST);
    const bau wrong[] = {2 * LEAST, 3 * LEAST, BAUS};
    for (size_t i = 0; i < 3; i++) {
        set_word(head_of(q), PREVIOUS, wrong[i]);
        expect_audit(free_, q, bad_head);
    }
    (void)p;
}

static void damaged_end_block(void) {
    begin(3 * LEAST + END);
    void *p = alloc_block(3 * LEAST);
    unsigned char *end = end_of_chunk(3 * LEAST);
    set_word(end, PREVIOUS, 2 * LEAST);
    expect_audit(free_, p, bad_head);
    set_word(end, PREVIOUS, 3 * LEAST);
    set_word(end, SIZE, LEAST);
    expect_audit(free_, p, bad_neighbour);
    expect_audit(resize_down, p, bad_neighbour);
    set_word(end, SIZE, top_bit());
    expect_audit(free_, p, bad_neighbour);
    set_word(end, SIZE, 0);
    set_word(end, PREVIOUS, (bau)(top_bit() | 3 * LEAST));
    expect_audit(free_, p, bad_neighbour);
    set_word(end, PREVIOUS, 3 * LEAST);
    expect_none(free_, p);
}

static void sizes_of_used_blocks(void) {
    begin(BAUS);
    void *p = alloc_block(LEAST);
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), SMALL);
    set_word(head_of(p), SIZE, LEAST - 1);
    expect_audit(ask_size, p, of_size);
    set_word(head_of(p), SIZE, (bau)(top_bit() | LEAST));
    expect_audit(ask_size, p, of_size);
}

/* ---- The block freed last -------------------------------------------------------------------------------------------------- */

static void damaged_last_freed(void) {
    begin(8 * LEAST + END);
    void *p = alloc_block(2 * LEAST), *q = alloc_block(LEAST), *r = alloc_block(LEAST);
    (void)alloc_block(LEAST);
    void *s = alloc_block(3 * LEAST);
    free_(q);
    free_(p);
    EXPECT_PTR_EQ(the_heap.last_freed, head_of(p));
    unsigned char *head = head_of(p);
    const bau top = top_bit(), right[2] = {get_word(head, PREVIOUS), get_word(head, SIZE)};
    EXPECT_EQ(right[SIZE], (bau)(top | 3 * LEAST));
    const bau wrong[][2] = {{top, top}, {top, (bau)(top | 2 * LEAST)}, {(bau)(top | LEAST), right[SIZE]}, {0, 3 * LEAST}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        set_head(head, wrong[i][PREVIOUS], wrong[i][SIZE]);
        expect_audit(alloc_small, NULL, bad_last);
        expect_audit(alloc_greedily, NULL, bad_last);
        expect_audit(ask_largest, NULL, bad_last);
        expect_audit(free_, s, bad_last);
        expect_audit(resize_down, s, bad_last);
        expect_audit(grow_least, end_of_chunk(8 * LEAST + END), bad_last);
        set_head(head, right[PREVIOUS], right[SIZE]);
    }
    the_heap.last_freed = ground[0] + 1;
    expect_audit(alloc_small, NULL, bad_last);
    the_heap.last_freed = ground[1];
    expect_audit(alloc_small, NULL, bad_last);
    expect_audit(ask_largest, NULL, bad_last);
    the_heap.last_freed = head;
    expect_none(free_, r);
}

static const struct test tests[] = {TEST(wrong_pointers),
                                    TEST(imitated_heads),
                                    TEST(imitated_heads_of_two_chunks),
                                    TEST(freed_twice),
                                    TEST(damaged_heads_beside),
                                    TEST(damaged_previous_is_none),
                                    TEST(damaged_size_is_none),
                                    TEST(damaged_previous_leads_below),
                                    TEST(damaged_end_block),
                                    TEST(sizes_of_used_blocks),
                                    TEST(damaged_last_freed)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}

#include "heapmm_impl.h"
