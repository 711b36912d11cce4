/* faults_tree.c: overwritten nodes and rings of a tree of free blocks.
 *
 * SPDX-License-Identifier: MIT
 *
 * The heap is made for a capacity of 1 byte, so that all its larger free blocks stand in one tree. Freed in this order, the blocks
 * of FIRST_UNITS + 0 ... + 6 units make it
 *
 *              3
 *          1       5
 *        0   2   4   6          and a ring of three with 4. */
#include "faults.h"

enum { NODES = 7, FIRST_UNITS = 20, NEXT = 0, PREVIOUS, SMALLER, LARGER, BALANCE };

static unsigned char *node[NODES], *newest, *oldest_other;

static size_t units_of(size_t number) {
    return FIRST_UNITS + number;
}

static unsigned char *word_of(unsigned char *p, size_t word) {
    return p + word * WORD;
}

static heap_word link_to(const unsigned char *p) {
    return (heap_word)((p - (unsigned char *)heap) / GRANULE);
}

/* A block that will have no free neighbours. */
static unsigned char *fenced(size_t units) {
    const size_t size = usable_of(units);
    unsigned char *p = hmm_heap_alloc(heap, size);
    EXPECT(p != NULL && hmm_heap_alloc(heap, size < SPLIT_HIGH ? 0 : SPLIT_HIGH) != NULL);
    return p;
}

/* Leaves no free block but those of the tree. */
static void make_tree(void) {
    static const size_t order[NODES] = {3, 1, 5, 0, 2, 4, 6};
    memset(ground, 0, sizeof ground);
    hmm_heap_options options = noting_options(&notes);
    options.capacity = 1;
    heap = hmm_heap_create(ground, GROUND, &options);
    EXPECT(heap != NULL);
    elsewhere = fenced(ELSEWHERE_UNITS);
    for (size_t i = 0; i < NODES; i++) node[i] = fenced(units_of(i));
    oldest_other = fenced(units_of(4));
    newest = fenced(units_of(4));
    while (hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL) != NULL) continue;
    for (size_t i = 0; i < NODES; i++) hmm_heap_free(heap, node[order[i]]);
    hmm_heap_free(heap, oldest_other);
    hmm_heap_free(heap, newest);
    EXPECT_SOUND(heap);
}

#define EXPECT_ALLOC_REFUSED(number, code, address) \
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc(heap, usable_of(units_of(number))) == NULL), code, address)

/* A node that the damage is not near to can still be taken and put back. */
static void expect_node_works(size_t number) {
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, usable_of(units_of(number))), node[number]);
    hmm_heap_free(heap, node[number]);
    EXPECT_EQ(notes.count, 0);
}

/* A link that leads nowhere is found by each operation that goes that way, and by the check. */
static void child_of_the_root(void) {
    const heap_word links[] = {word_of_bytes(0x41), word_bit(WORD_BITS - 1), (heap_word)-1, 1};
    make_tree();
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        for (size_t side = SMALLER; side <= LARGER; side++) {
            overwrite(word_of(node[3], side), links[i]);
            EXPECT_ALLOC_REFUSED(0, HMM_FAULT_LINK, node[3]);
            EXPECT_ALLOC_REFUSED(3, HMM_FAULT_LINK, node[3]);
            EXPECT_ALLOC_REFUSED(6, HMM_FAULT_LINK, node[3]);
            EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
            EXPECT_WORKS_ELSEWHERE();
            repair();
        }
    end_heap();
}

static void child_that_is_no_node(void) {
    make_tree();
    unsigned char *allocated = elsewhere;
    overwrite(word_of(node[5], LARGER), link_to(allocated));
    EXPECT_ALLOC_REFUSED(6, HMM_FAULT_LINK, node[5]);
    EXPECT_ALLOC_REFUSED(5, HMM_FAULT_LINK, node[5]);
    EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
    repair();
    overwrite(word_of(node[5], LARGER), link_to(node[1] + GRANULE));
    EXPECT_ALLOC_REFUSED(6, HMM_FAULT_LINK, node[5]);
    EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
    repair();
    hmm_heap_free(heap, elsewhere); /* a free block of another class */
    overwrite(word_of(node[5], LARGER), link_to(elsewhere));
    EXPECT_ALLOC_REFUSED(6, HMM_FAULT_LINK, node[5]);
    EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
    repair();
    end_heap();
}

static void child_of_a_leaf(void) {
    make_tree();
    for (size_t side = SMALLER; side <= LARGER; side++) {
        overwrite(word_of(node[0], side), word_of_bytes(0x41));
        EXPECT_ALLOC_REFUSED(0, HMM_FAULT_LINK, node[0]);
        EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

static void balance_of_a_node(void) {
    const heap_word balances[] = {2, (heap_word)-2, word_of_bytes(0x41), word_bit(WORD_BITS - 1)};
    make_tree();
    for (size_t i = 0; i < sizeof balances / sizeof balances[0]; i++) {
        overwrite(word_of(node[3], BALANCE), balances[i]);
        EXPECT_ALLOC_REFUSED(0, HMM_FAULT_LINK, node[3]);
        EXPECT_ALLOC_REFUSED(6, HMM_FAULT_LINK, node[3]);
        EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
        EXPECT_WORKS_ELSEWHERE();
        repair();
        overwrite(word_of(node[1], BALANCE), balances[i]);
        EXPECT_ALLOC_REFUSED(0, HMM_FAULT_LINK, node[1]);
        EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
        repair();
    }
    end_heap();
}

/* A possible balance, but not that of its node: only the check, which sees the whole tree, can tell. */
static void balance_that_is_possible(void) {
    make_tree();
    for (int balance = -1; balance <= 1; balance++)
        for (size_t i = 0; i < NODES; i++) {
            if (raw_word(word_of(node[i], BALANCE)) == (heap_word)balance) continue;
            overwrite(word_of(node[i], BALANCE), (heap_word)balance);
            EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
            repair();
        }
    end_heap();
}

/* Children that are nodes of the same tree, but elsewhere in it. */
static void tree_out_of_order(void) {
    make_tree();
    for (size_t from = 0; from < NODES; from++)
        for (size_t to = 0; to < NODES; to++)
            for (size_t side = SMALLER; side <= LARGER; side++) {
                if (raw_word(word_of(node[from], side)) == link_to(node[to])) continue;
                overwrite(word_of(node[from], side), link_to(node[to]));
                EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
                repair();
            }
    end_heap();
}

/* A way through the tree that never ends. */
static void tree_that_is_a_circle(void) {
    make_tree();
    overwrite(word_of(node[5], LARGER), link_to(node[3]));
    EXPECT_ALLOC_REFUSED(6, HMM_FAULT_LINK, node[5]);
    EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
    EXPECT_WORKS_ELSEWHERE();
    repair();
    end_heap();
}

static void ring(void) {
    const heap_word links[] = {word_of_bytes(0x41), word_bit(WORD_BITS - 1), (heap_word)-1, 1, 0};
    make_tree();
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        overwrite(word_of(node[4], NEXT), links[i]);
        EXPECT_ALLOC_REFUSED(4, HMM_FAULT_LINK, node[4]);
        EXPECT_FOUND_IN(HMM_FAULT_LINK, node[4], node[4]);
        expect_node_works(0);
        EXPECT_WORKS_ELSEWHERE();
        repair();
        overwrite(word_of(newest, NEXT), links[i]);
        EXPECT_ALLOC_REFUSED(4, HMM_FAULT_LINK, newest);
        EXPECT_FOUND_IN(HMM_FAULT_LINK, newest, newest);
        repair();
        overwrite(word_of(newest, PREVIOUS), links[i]);
        EXPECT_ALLOC_REFUSED(4, HMM_FAULT_LINK, node[4]);
        EXPECT_FOUND_IN(HMM_FAULT_LINK, newest, newest);
        repair();
    }
    end_heap();
}

/* A member of a ring that passes for a node. */
static void balance_of_a_member_of_a_ring(void) {
    make_tree();
    for (int balance = -1; balance <= 1; balance++) {
        overwrite(word_of(newest, BALANCE), (heap_word)balance);
        EXPECT_ALLOC_REFUSED(4, HMM_FAULT_LINK, newest);
        EXPECT_FOUND(HMM_FAULT_LINK, newest);
        expect_node_works(0);
        repair();
    }
    end_heap();
}

/* Any bit of the header of any node stops the operations that would read its size. */
static void header_of_a_node(void) {
    make_tree();
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        flip_bit(node[1] - WORD, bit);
        EXPECT_ALLOC_REFUSED(0, HMM_FAULT_LINK, node[3]);
        EXPECT_ALLOC_REFUSED(2, HMM_FAULT_LINK, node[3]);
        EXPECT_REFUSED(hmm_heap_free(heap, node[1]), HMM_FAULT_HEADER, node[1]);
        EXPECT_FOUND(HMM_FAULT_HEADER, node[1]);
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

/* What takes the largest free block goes the way to it, and no other. */
static void way_to_the_largest(void) {
    size_t got;
    make_tree();
    for (size_t i = 3; i <= 5; i += 2) {
        overwrite(word_of(node[i], LARGER), word_of_bytes(0x41));
        EXPECT_REFUSED(EXPECT(hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, &got) == NULL), HMM_FAULT_LINK, node[i]);
        EXPECT_EQ(got, 0);
        repair();
        overwrite(word_of(node[i], BALANCE), 2);
        EXPECT_REFUSED(EXPECT(hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, &got) == NULL), HMM_FAULT_LINK, node[i]);
        repair();
    }
    overwrite(word_of(node[6], NEXT), link_to(node[4]));
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, &got) == NULL), HMM_FAULT_LINK, node[6]);
    repair();
    overwrite(word_of(node[0], NEXT), link_to(node[4]));
    EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, &got), node[6]);
    hmm_heap_free(heap, node[6]);
    repair();
    end_heap();
}

static const struct test tests[] = {
    TEST(child_of_the_root),
    TEST(child_that_is_no_node),
    TEST(child_of_a_leaf),
    TEST(balance_of_a_node),
    TEST(balance_that_is_possible),
    TEST(tree_out_of_order),
    TEST(tree_that_is_a_circle),
    TEST(ring),
    TEST(balance_of_a_member_of_a_ring),
    TEST(header_of_a_node),
    TEST(way_to_the_largest),
};

const fault_tests tree_faults = {tests, sizeof tests / sizeof tests[0]};
