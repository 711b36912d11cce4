/* classic_audit_bins_test.c: the audits of the tree of free blocks and of the lists behind its nodes. A test does exactly the
 * damage that the audit is for, and expects its text, the failure value, and the heap as it was, byte for byte.
 *
 * SPDX-License-Identifier: MIT */
#include "audit_fixture.h"

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

/* Both neighbours of the block freed leave the tree. The first leaves 8 with one child; 6 leans to the lesser side then, and is
 * rotated with 3, without the subtree becoming less deep: 3 is on top, 6 below it leans to 4. When 8 leaves, 6 is rotated again,
 * with 4 and 5: three levels beside the way from 6 to 8, as it was. Sizes in smallest blocks:
 *
 *           6                    3                3
 *        3     8              2     6          2     5
 *      2   4  7             1     4   8      1      4 6
 *     1     5                      5                          */
static void third_level_beside_a_second_removal(void) {
    const size_t sizes[] = {7, 8, 6, 3, 2, 4, 1, 5};
    const int order[] = {2, 3, 1, 4, 5, 0, 6, 7};
    lay_out(sizes, 8);
    for (size_t i = 0; i < 8; i++) free_(blocks[order[i]]);
    EXPECT(HMM_UNIQUE(alloc)(&the_heap, aaus(9 * LEAST)) == NULL);
    EXPECT_PTR_EQ(the_heap.root, head_of(blocks[2]));
    EXPECT_PTR_EQ(get_link(head_of(blocks[5]), GREATER), head_of(blocks[7]));
    unsigned char *third = head_of(blocks[7]);
    const bau previous = get_word(third, PREVIOUS), size = get_word(third, SIZE);
    set_head(third, previous & (bau)~top_bit(), size & (bau)~top_bit());
    expect_audit(free_, fences[0], bad_node);
    set_head(third, previous, size);
    expect_none(free_, fences[0]);
    EXPECT_PTR_EQ(the_heap.root, head_of(blocks[3]));
    EXPECT_PTR_EQ(get_link(the_heap.root, GREATER), third);
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
        expect_audit(operations[k], p, elsewhere);
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
    expect_audit(free_, fences[8], bad_member);
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

static const struct test tests[] = {TEST(damaged_nodes),
                                    TEST(damaged_root),
                                    TEST(wrong_links_of_the_tree),
                                    TEST(wrong_balances),
                                    TEST(third_level_beside_a_second_removal),
                                    TEST(too_deep_a_tree),
                                    TEST(damaged_members),
                                    TEST(last_freed_in_its_bin),
                                    TEST(damaged_member_of_the_largest),
                                    TEST(damaged_second_where_one_is_put),
                                    TEST(damaged_list_at_a_neighbour),
                                    TEST(neighbour_not_in_the_tree),
                                    TEST(damaged_fourth_of_a_bin),
                                    TEST(damaged_third_of_a_bin)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}

#include "heapmm_impl.h"
