/* classic_audit_test.c: each audit of the classic heap. A test does exactly the damage or the misuse that the audit is for, and
 * expects its text, the failure value, and the heap as it was, byte for byte.
 *
 * SPDX-License-Identifier: MIT */
#include "classic_fixture.h"

enum { BAUS = 40 * LEAST + END, ROOM = 100 * LEAST };

static _Alignas(16) unsigned char ground[2][ROOM * BAU], ground_before[2][ROOM * BAU];
static descriptor the_heap, heap_before;
static uintmax_t result; /* what the last operation returned, if anything */
enum { UNTOUCHED = 7 };

/* ---- Operations, each with one argument ----------------------------------------------------------------------------------- */

static void free_(void *p) {
    HMM_UNIQUE(free)(&the_heap, p);
}

static void resize_down(void *p) {
    result = (uintmax_t)HMM_UNIQUE(resize)(&the_heap, p, SMALL);
}

static void resize_greedily(void *p) {
    result = (uintmax_t)HMM_UNIQUE(greedy_resize)(&the_heap, p, 0, aaus(BAUS));
}

static void alloc_small(void *p) {
    (void)p;
    result = (uintptr_t)HMM_UNIQUE(alloc)(&the_heap, 0);
}

static void alloc_two(void *p) {
    (void)p;
    result = (uintptr_t)HMM_UNIQUE(alloc)(&the_heap, aaus(2 * LEAST));
}

static void alloc_greedily(void *p) {
    (void)p;
    result = (uintptr_t)HMM_UNIQUE(greedy_alloc)(&the_heap, 1, aaus(BAUS));
}

static void ask_largest(void *p) {
    (void)p;
    result = HMM_UNIQUE(largest_available)(&the_heap);
}

static void ask_size(void *p) {
    result = HMM_UNIQUE(true_size)(p);
}

static bau how_many; /* BAUs, of the next three */

static void shrink(void *p) {
    (void)p;
    HMM_UNIQUE(shrink_chunk)(&the_heap, how_many);
}

static void grow(void *end) {
    HMM_UNIQUE(grow_chunk)(&the_heap, end, how_many);
}

static void new_chunk(void *first) {
    HMM_UNIQUE(new_chunk)(&the_heap, first, how_many);
}

static void shrink_least(void *p) {
    (void)p;
    HMM_UNIQUE(shrink_chunk)(&the_heap, LEAST);
}

static void grow_least(void *end) {
    HMM_UNIQUE(grow_chunk)(&the_heap, end, LEAST);
}

static void new_least(void *first) {
    HMM_UNIQUE(new_chunk)(&the_heap, first, LEAST + END);
}

/* ---- Whether an audit fails ------------------------------------------------------------------------------------------------ */

static void keep(void) {
    memcpy(ground_before, ground, sizeof ground);
    memcpy(&heap_before, &the_heap, sizeof the_heap);
    test_reason = "";
    result = UNTOUCHED;
}

/* Where the audit falls through, a resize returns -1, and all others return 0. */
static void expect_audit(void (*operation)(void *), void *argument, const char *reason) {
    keep();
    if (setjmp(test_failed) == 0) {
        operation(argument);
        const bool resizes = operation == resize_down || operation == resize_greedily;
        if (result != UNTOUCHED) EXPECT_EQ(result, resizes ? -1 : 0);
    }
    EXPECT_STR_EQ(test_reason, reason);
    EXPECT_EQ(memcmp(ground_before, ground, sizeof ground), 0);
    EXPECT_EQ(memcmp(&heap_before, &the_heap, sizeof the_heap), 0);
}

static void expect_none(void (*operation)(void *), void *argument) {
    test_reason = "";
    if (setjmp(test_failed) == 0) operation(argument);
    EXPECT_STR_EQ(test_reason, "");
}

static const char outside[] = "the pointer is not to a block of this heap",
                  again[] = "the block was freed already, by the last free",
                  bad_head[] = "the head of the block, or of one beside it, is damaged", is_free[] = "the block is free already",
                  bad_member[] = "a free block behind the first of its size is damaged",
                  bad_node[] = "a free block in the tree is damaged", bad_tree[] = "the tree of free blocks is damaged",
                  bad_last[] = "the block freed last is damaged",
                  elsewhere[] = "a free block is not where the tree should have it",
                  bad_neighbour[] = "the head of a neighbour of the block is damaged",
                  too_large[] = "the chunk has grown larger than can be counted",
                  of_size[] = "the block is free, or its head damaged", no_end[] = "no chunk of this heap ends there",
                  end_damaged[] = "the end block of the chunk is damaged",
                  last_damaged[] = "the last block of the chunk, or its end block, is damaged",
                  bad_growth[] = "the chunk is to grow by less than a smallest block, or by more than can be counted",
                  bad_chunk[] = "the chunk is too small, or larger than can be counted",
                  no_free[] = "a chunk can only be shrunk directly after a free that allows it",
                  not_last[] = "the last block of the chunk is not the one freed last",
                  bad_shrink[] = "the chunk is to shrink by too much, or to leave less than a smallest block";

/* ---- Heaps to be damaged --------------------------------------------------------------------------------------------------- */

static void begin(size_t size) {
    memset(ground, 0, sizeof ground);
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, ground[0], (bau)size);
}

static void *alloc_block(size_t size) {
    void *p = HMM_UNIQUE(alloc)(&the_heap, aaus(size));
    EXPECT(p != NULL);
    return p;
}

static unsigned char *end_of_chunk(size_t size) {
    return ground[0] + size * BAU;
}

/* Blocks of the given sizes, each in front of a fence, and nothing else. */
static void *blocks[16], *fences[16];

static void lay_out(const size_t *sizes, size_t count) {
    size_t size = END;
    for (size_t i = 0; i < count; i++) size += (sizes[i] + 1) * LEAST;
    begin(size);
    for (size_t i = 0; i < count; i++) {
        blocks[i] = alloc_block(sizes[i] * LEAST);
        fences[i] = alloc_block(LEAST);
    }
}

/* Blocks 0 to 4 are a bin of blocks of 2, the last one freed in it; 5 to 8 are of 1, 3, 4 and 5, in the tree with it. A fence was
 * freed and allocated again, so that none is deferred. */
static void lay_out_bins(void) {
    const size_t sizes[] = {2, 2, 2, 2, 2, 1, 3, 4, 5};
    lay_out(sizes, 9);
    for (size_t i = 0; i < 9; i++) free_(blocks[i]);
    EXPECT(HMM_UNIQUE(alloc)(&the_heap, aaus(6 * LEAST)) == NULL);
    EXPECT_PTR_EQ(the_heap.last_freed, NULL);
}

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

/* ---- The tree -------------------------------------------------------------------------------------------------------------- */

/* The root, and a node on the way, in each way that makes it none. */
static void damaged_nodes(void) {
    for (size_t block = 5; block < 9; block++) {
        lay_out_bins();
        unsigned char *head = head_of(blocks[block]);
        const bau sizes[2] = {get_word(head, PREVIOUS), get_word(head, SIZE)};
        const bau top = top_bit();
        const bau plain[2] = {(bau)(sizes[0] & (bau)~top), (bau)(sizes[1] & (bau)~top)};
        const bau wrong[][2] = {{sizes[0], 0},
                                {sizes[0], (bau)(sizes[1] + 1)},
                                {(bau)(sizes[0] + 1), sizes[1]},
                                {plain[0], plain[1]}};
        for (size_t i = 0; i < 4; i++) {
            set_word(head, PREVIOUS, wrong[i][0]);
            set_word(head, SIZE, wrong[i][1]);
            const bool is_root = head == the_heap.root;
            if (block == 8 || is_root) {
                expect_audit(alloc_greedily, NULL, bad_node);
                expect_audit(ask_largest, NULL, bad_node);
            }
            if (block == 5 || is_root) expect_audit(alloc_small, NULL, bad_node);
            if (is_root) {
                expect_audit(free_, fences[0], bad_node);
                expect_audit(resize_down, fences[1], bad_node);
                expect_audit(new_least, ground[1], bad_node);
            }
            set_word(head, PREVIOUS, sizes[0]);
            set_word(head, SIZE, sizes[1]);
        }
    }
}

/* Nothing freed last and nothing free beside the block: a free and a resize see the root all the same. */
static void damaged_root(void) {
    const size_t sizes[] = {2, 3};
    lay_out(sizes, 2);
    free_(blocks[0]);
    alloc_greedily(NULL);
    free_(blocks[0]);
    EXPECT(HMM_UNIQUE(alloc)(&the_heap, aaus(BAUS)) == NULL);
    EXPECT_PTR_EQ(the_heap.last_freed, NULL);
    void *const right = the_heap.root;
    the_heap.root = ground[1];
    expect_audit(free_, fences[1], bad_node);
    expect_audit(resize_down, blocks[1], bad_node);
    expect_audit(alloc_small, NULL, bad_node);
    expect_audit(ask_largest, NULL, bad_node);
    expect_audit(new_least, ground[1], bad_node);
    expect_audit(grow_least, end_of_chunk(7 * LEAST + END), bad_node);
    the_heap.root = right;
    set_link(right, SELF, right);
    expect_audit(free_, fences[1], bad_tree);
    expect_audit(resize_down, blocks[1], bad_tree);
}

/* A link of the tree to a block that is none of it: allocated, freed last, in a bin, out of order, at the wrong place. */
static void wrong_links_of_the_tree(void) {
    lay_out_bins();
    unsigned char *root = the_heap.root;
    for (int side = LESSER; side <= GREATER; side++) {
        void (*const operation)(void *) = side == LESSER ? alloc_small : ask_largest;
        const void *const right = get_link(root, side);
        set_link(root, side, head_of(fences[0]));
        expect_audit(operation, NULL, bad_node);
        set_link(root, side, ground[1]);
        expect_audit(operation, NULL, bad_node);
        set_link(root, side, ground[0] + 1);
        expect_audit(operation, NULL, bad_node);
        set_link(root, side, root);
        expect_audit(operation, NULL, bad_tree);
        set_link(root, side, head_of(blocks[2]));
        expect_audit(operation, NULL, bad_tree);
        set_link(root, side, get_link(root, 1 - side));
        expect_audit(operation, NULL, bad_tree);
        set_link(root, side, NULL);
        if (side == GREATER) expect_audit(operation, NULL, bad_tree); /* where it leans */
        set_link(root, side, right);
        expect_none(ask_largest, NULL);
    }
    free_(fences[1]);
    EXPECT_PTR_EQ(the_heap.root, root);
    set_link(root, GREATER, the_heap.last_freed);
    expect_audit(ask_largest, NULL, bad_node);
}

/* Balances that lean to where nothing is. */
static void wrong_balances(void) {
    const size_t sizes[] = {1, 3};
    lay_out(sizes, 2);
    free_(blocks[0]);
    free_(blocks[1]);
    EXPECT(HMM_UNIQUE(alloc)(&the_heap, aaus(4 * LEAST)) == NULL);
    unsigned char *leaf = head_of(blocks[1]);
    EXPECT_PTR_EQ(the_heap.root, head_of(blocks[0]));
    for (unsigned lean = 1; lean <= 2; lean++) {
        set_word(leaf, PREVIOUS, (bau)(LEAST | (lean & 1 ? top_bit() : 0)));
        set_word(leaf, SIZE, (bau)(3 * LEAST | (lean & 2 ? top_bit() : 0)));
        expect_audit(ask_largest, NULL, bad_tree);
        expect_audit(alloc_two, NULL, bad_tree);
    }
    set_word(leaf, PREVIOUS, (bau)(LEAST | top_bit()));
    expect_none(ask_largest, NULL);
    unsigned char *root = head_of(blocks[0]);
    set_word(root, PREVIOUS, top_bit()); /* balanced, with one child */
    expect_audit(ask_largest, NULL, bad_tree);
    expect_audit(free_, fences[1], bad_tree);
}

/* A way that is longer than that of any tree can be. */
static void too_deep_a_tree(void) {
    enum { DEEP = 60 };
    if (sizeof(bau) > 2) return;
    size_t size = END;
    for (size_t i = 0; i < DEEP; i++) size += 2 * LEAST + i;
    unsigned char *memory = calloc(size, BAU), *heads[DEEP];
    EXPECT(memory != NULL);
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, memory, (bau)size);
    for (size_t i = 0; i < DEEP; i++) {
        heads[i] = head_of(alloc_block(LEAST + i));
        (void)alloc_block(LEAST);
    }
    for (size_t i = 0; i < DEEP; i++) free_(heads[i] + HEAD * AAU);
    EXPECT(HMM_UNIQUE(alloc)(&the_heap, aaus(LEAST + DEEP)) == NULL);
    for (size_t deep = 20; deep < DEEP; deep++) {
        for (size_t i = 0; i < deep; i++) {
            set_link(heads[i], LESSER, NULL);
            set_link(heads[i], GREATER, i + 1 < deep ? heads[i + 1] : NULL);
            set_word(heads[i], PREVIOUS, (bau)((i ? LEAST : 0) | (i + 1 < deep ? 0 : top_bit())));
            set_word(heads[i], SIZE, (bau)(LEAST + i + top_bit()));
        }
        the_heap.root = heads[0];
        if (deep > 21) {
            expect_audit(ask_largest, NULL, bad_tree);
            continue;
        }
        expect_none(ask_largest, NULL);
        EXPECT_EQ(result, aaus(LEAST + deep - 1));
    }
    free(memory);
}

/* ---- Bins ------------------------------------------------------------------------------------------------------------------ */

/* The second of a bin, which alloc takes, and the third, which it relinks: heads, links to them, links between them. */
static void damaged_members(void) {
    lay_out_bins();
    unsigned char *first = head_of(blocks[0]), *second = head_of(blocks[4]), *third = head_of(blocks[3]);
    unsigned char *heads[] = {second, third};
    EXPECT_PTR_EQ(get_link(first, NEXT), second);
    EXPECT_PTR_EQ(get_link(second, NEXT), third);
    for (size_t i = 0; i < 2; i++) {
        unsigned char *b = heads[i], *before = i ? second : first;
        const bau size = get_word(b, SIZE);
        set_word(b, SIZE, 0);
        expect_audit(alloc_two, NULL, bad_member);
        set_word(b, SIZE, (bau)(size ^ top_bit()));
        set_word(b, PREVIOUS, get_word(b, PREVIOUS) ^ top_bit());
        expect_audit(alloc_two, NULL, bad_member);
        set_word(b, SIZE, size);
        set_word(b, PREVIOUS, get_word(b, PREVIOUS) ^ top_bit());
        void *const links[] = {ground[1], ground[0] + 1, head_of(fences[0]),   head_of(blocks[7]),
                               first,     before,        (void *)(uintptr_t)16};
        for (size_t k = 0; k < sizeof links / sizeof links[0]; k++) {
            set_link(before, NEXT, links[k]);
            expect_audit(alloc_two, NULL, bad_member);
        }
        set_link(before, NEXT, b);
        set_link(b, BEFORE, head_of(blocks[1]));
        expect_audit(alloc_two, NULL, bad_member);
        set_link(b, BEFORE, before);
        set_link(b, SELF, NULL);
        expect_audit(alloc_two, NULL, bad_member);
        set_link(b, SELF, b);
    }
    expect_none(alloc_two, NULL);
    EXPECT_PTR_EQ((void *)(uintptr_t)result, blocks[4]);
}

/* A link to the block freed last, which was the second of that bin before it was allocated and still looks like it. */
static void last_freed_in_its_bin(void) {
    lay_out_bins();
    unsigned char *first = head_of(blocks[0]), *second = head_of(blocks[4]);
    expect_none(alloc_two, NULL);
    free_(blocks[4]);
    EXPECT_PTR_EQ(the_heap.last_freed, second);
    EXPECT_PTR_EQ(get_link(second, SELF), second);
    void *const right = get_link(first, NEXT);
    set_link(first, NEXT, second);
    expect_audit(alloc_two, NULL, bad_member);
    expect_audit(free_, fences[8], bad_member);
    set_link(first, NEXT, right);
    expect_none(alloc_two, NULL);
}

/* A greedy allocation takes the second of the largest bin. */
static void damaged_member_of_the_largest(void) {
    const size_t sizes[] = {2, 2, 2, 1};
    lay_out(sizes, 4);
    for (size_t i = 0; i < 4; i++) free_(blocks[i]);
    set_link(head_of(blocks[0]), NEXT, (void *)(uintptr_t)16);
    expect_audit(alloc_greedily, NULL, bad_member);
    expect_none(ask_largest, NULL);
}

/* The second of the bin that a block is going into: the deferred one, a new chunk, the rest of a shrunk one. */
static void damaged_second_where_one_is_put(void) {
    const size_t sizes[] = {2, 2, 2, 1, 3};
    lay_out(sizes, 5);
    unsigned char *end = end_of_chunk(15 * LEAST + END);
    for (size_t i = 0; i < 3; i++) free_(blocks[i]);
    unsigned char *first = head_of(blocks[0]), *second = head_of(blocks[1]);
    set_link(first, NEXT, ground[1]);
    expect_audit(alloc_small, NULL, bad_member);
    expect_audit(alloc_greedily, NULL, bad_member);
    expect_audit(ask_largest, NULL, bad_member);
    expect_audit(free_, fences[3], bad_member);
    expect_audit(resize_down, blocks[4], bad_member);
    expect_audit(grow_least, end, bad_member);
    set_link(first, NEXT, second);
    EXPECT(HMM_UNIQUE(alloc)(&the_heap, aaus(9 * LEAST)) == NULL);
    set_link(first, NEXT, ground[1]);
    how_many = 2 * LEAST + END;
    expect_audit(new_chunk, ground[1], bad_member);
    set_link(first, NEXT, head_of(blocks[2]));
    free_(blocks[4]);
    free_(fences[4]);
    EXPECT_EQ(the_heap.num_baus_can_shrink, 4 * LEAST);
    set_link(first, NEXT, ground[1]);
    how_many = 2 * LEAST;
    expect_audit(shrink, NULL, bad_member);
    set_link(first, NEXT, head_of(blocks[2]));
    expect_none(shrink_least, NULL);
}

/* A free neighbour behind the first of its bin: the block before it in the list, itself, the one behind. */
static void damaged_list_at_a_neighbour(void) {
    const size_t sizes[] = {2, 1, 2, 1, 2, 1, 2, 1, 2};
    lay_out(sizes, 9);
    for (size_t i = 0; i < 9; i += 2) free_(blocks[i]); /* the list: 0, 8, 6, 4, 2 */
    EXPECT(HMM_UNIQUE(alloc)(&the_heap, aaus(9 * LEAST)) == NULL);
    unsigned char *first = head_of(blocks[0]), *before = head_of(blocks[6]), *b = head_of(blocks[4]), *next = head_of(blocks[2]);
    void (*const operations[])(void *) = {free_, resize_greedily};
    for (size_t k = 0; k < 2; k++) {
        void *p = k ? fences[3] : fences[4];
        void *const links[] = {NULL, ground[1], ground[0] + 1, head_of(fences[0]), head_of(blocks[8]), first, next, b};
        for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
            set_link(b, BEFORE, links[i]);
            expect_audit(operations[k], p, bad_member);
            set_link(b, BEFORE, before);
            set_link(before, NEXT, links[i] == b ? next : links[i]);
            expect_audit(operations[k], p, bad_member);
            set_link(before, NEXT, b);
            if (links[i] == NULL || links[i] == next) continue;
            set_link(b, NEXT, links[i]);
            expect_audit(operations[k], p, bad_member);
            set_link(b, NEXT, next);
        }
        set_link(b, NEXT, b);
        set_link(b, BEFORE, b);
        expect_audit(operations[k], p, bad_member);
        set_link(b, NEXT, next);
        set_link(b, BEFORE, before);
        set_link(before, SELF, NULL);
        expect_audit(operations[k], p, bad_member);
        set_link(before, SELF, before);
        const bau size = get_word(before, SIZE), previous = get_word(before, PREVIOUS);
        set_word(before, SIZE, (bau)(size + 1));
        expect_audit(operations[k], p, bad_member);
        set_head(before, previous ^ top_bit(), size ^ top_bit());
        expect_audit(operations[k], p, bad_member);
        set_head(before, previous, size);
    }
    expect_none(free_, fences[4]);
}

/* A free neighbour that says it is the first of its bin where the tree has another, or has none. */
static void neighbour_not_in_the_tree(void) {
    lay_out_bins();
    unsigned char *b = head_of(blocks[2]);
    set_link(b, SELF, NULL);
    expect_audit(free_, fences[2], elsewhere);
    expect_audit(resize_greedily, fences[1], elsewhere);
    set_link(b, SELF, b);
    expect_none(ask_largest, NULL);
    lay_out_bins();
    b = head_of(blocks[8]);
    set_link(b, SELF, b);
    expect_audit(free_, fences[8], bad_tree);
    set_link(b, SELF, NULL);
    the_heap.root = NULL;
    expect_audit(free_, fences[8], elsewhere);
    set_link(b, SELF, b);
    expect_audit(free_, fences[8], bad_member);
}

/* Both neighbours are the first two of the bin that the deferred block is put into: the fourth is going to be relinked. */
static void damaged_fourth_of_a_bin(void) {
    const size_t sizes[] = {2, 2, 2, 2, 2};
    lay_out(sizes, 5);
    const int order[] = {0, 4, 3, 1, 2}; /* the list: 0, 1, 3, 4; deferred: 2 */
    for (size_t i = 0; i < 5; i++) free_(blocks[order[i]]);
    EXPECT_PTR_EQ(get_link(head_of(blocks[0]), NEXT), head_of(blocks[1]));
    EXPECT_PTR_EQ(get_link(head_of(blocks[3]), NEXT), head_of(blocks[4]));
    set_link(head_of(blocks[3]), NEXT, ground[1]);
    expect_audit(free_, fences[0], bad_member);
    set_link(head_of(blocks[3]), NEXT, head_of(blocks[4]));
    expect_none(free_, fences[0]);
}

/* One neighbour is the first of that bin: the third is going to be relinked. */
static void damaged_third_of_a_bin(void) {
    const size_t sizes[] = {2, 2, 2, 2};
    lay_out(sizes, 4);
    const int order[] = {0, 3, 2, 1}; /* the list: 0, 2, 3; deferred: 1 */
    for (size_t i = 0; i < 4; i++) free_(blocks[order[i]]);
    EXPECT_PTR_EQ(get_link(head_of(blocks[2]), NEXT), head_of(blocks[3]));
    set_link(head_of(blocks[2]), NEXT, ground[1]);
    expect_audit(free_, fences[3], bad_member); /* beside 3 */
    set_link(head_of(blocks[2]), NEXT, head_of(blocks[3]));
    expect_none(free_, fences[3]);
}

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
                                    TEST(damaged_last_freed),
                                    TEST(damaged_nodes),
                                    TEST(damaged_root),
                                    TEST(wrong_links_of_the_tree),
                                    TEST(wrong_balances),
                                    TEST(too_deep_a_tree),
                                    TEST(damaged_members),
                                    TEST(last_freed_in_its_bin),
                                    TEST(damaged_member_of_the_largest),
                                    TEST(damaged_second_where_one_is_put),
                                    TEST(damaged_list_at_a_neighbour),
                                    TEST(neighbour_not_in_the_tree),
                                    TEST(damaged_fourth_of_a_bin),
                                    TEST(damaged_third_of_a_bin),
                                    TEST(wrong_new_chunks),
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
