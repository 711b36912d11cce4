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
#include "forge.h"

enum { NODES = 7, FIRST_UNITS = 20, NEXT = 0, PREVIOUS, SMALLER, LARGER, BALANCE };

static unsigned char *node[NODES], *newest, *oldest_other;

static size_t units_of(size_t number) {
    return FIRST_UNITS + number;
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

/* ---- A tree of one node --------------------------------------------------------------------------------------------------- */

enum { LONE_UNITS = FIRST_UNITS };

/* node[0] is all that is free, between two blocks that are allocated. */
static void make_lone(void) {
    memset(ground, 0, sizeof ground);
    hmm_heap_options options = noting_options(&notes);
    options.capacity = 1;
    heap = hmm_heap_create(ground, GROUND, &options);
    EXPECT(heap != NULL);
    newest = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    node[0] = hmm_heap_alloc(heap, usable_of(LONE_UNITS));
    oldest_other = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    EXPECT(newest != NULL && node[0] != NULL && oldest_other != NULL);
    while (hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL) != NULL) continue;
    hmm_heap_free(heap, node[0]);
    EXPECT_SOUND(heap);
}

/* Neither what takes the node nor what would join it. */
static void expect_lone_refused(hmm_result when_taken, const void *there, hmm_result when_joined, const void *here) {
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc(heap, usable_of(LONE_UNITS)) == NULL), when_taken, there);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc(heap, usable_of(LONE_UNITS - 4)) == NULL), when_taken, there);
    EXPECT_REFUSED(hmm_heap_free(heap, newest), when_joined, here);
    EXPECT_REFUSED(hmm_heap_free(heap, oldest_other), when_joined, here);
}

/* With room for what end_heap allocates. */
static void end_lone(void) {
    hmm_heap_free(heap, newest);
    hmm_heap_free(heap, oldest_other);
    end_heap();
}

static void words_of_a_lone_node(void) {
    make_lone();
    for (size_t word = NEXT; word <= BALANCE; word++) {
        overwrite(word_of(node[0], word), word_of_bytes(0x41));
        expect_lone_refused(HMM_FAULT_LINK, node[0], HMM_FAULT_LINK, node[0]);
        repair();
    }
    overwrite(word_of(node[0], BALANCE), 1);
    expect_lone_refused(HMM_FAULT_LINK, node[0], HMM_FAULT_LINK, node[0]);
    repair();
    end_lone();
}

/* Of a size that its place, its class or its footer refuses, with a check value that is right. */
static void sizes_of_a_lone_node(void) {
    const size_t sizes[] = {2, 10, LONE_UNITS - 4, HMM_HEAP_LARGEST_BLOCK / GRANULE};
    make_lone();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const void *head = forge_class_head(heap, (size_t)LONE_UNITS * GRANULE);
        forge_header(heap, node[0], sizes[i] * GRANULE, true, false);
        const bool fits = sizes[i] < LONE_UNITS;
        if (fits) overwrite(node[0] + sizes[i] * GRANULE - 2 * (size_t)WORD, (heap_word)sizes[i]);
        if (sizes[i] != LONE_UNITS - 4) EXPECT_REFUSED(EXPECT(hmm_heap_alloc(heap, usable_of(9)) == NULL), HMM_FAULT_INDEX, head);
        if (fits) repair_word();
        if (sizes[i] == LONE_UNITS - 4)
            EXPECT_REFUSED_IN(EXPECT(hmm_heap_alloc(heap, usable_of(9)) == NULL), HMM_FAULT_HEADER, node[0], oldest_other);
        forge_header(heap, node[0], (size_t)LONE_UNITS * GRANULE, true, false);
    }
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        flip_bit(node[0] - WORD, bit);
        EXPECT_REFUSED(EXPECT(hmm_heap_alloc(heap, usable_of(9)) == NULL), HMM_FAULT_INDEX,
                       forge_class_head(heap, (size_t)LONE_UNITS * GRANULE));
        repair();
    }
    overwrite(oldest_other - 2 * (size_t)WORD, LONE_UNITS + 1);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc(heap, usable_of(9)) == NULL), HMM_FAULT_FOOTER, node[0]);
    repair();
    end_lone();
}

/* ---- Several words overwritten -------------------------------------------------------------------------------------------- */

static void set_link(unsigned char *p, size_t word, const unsigned char *to) {
    raw_set_word(word_of(p, word), to == NULL ? 0 : link_to(to));
}

static unsigned char kept[GROUND];

static void keep(void) {
    raw_copy(kept, ground, GROUND);
}

static void restore(void) {
    raw_copy(ground, kept, GROUND);
}

/* Two neighbours in a ring that agree, but are of different sizes. */
static void ring_of_two_sizes(void) {
    make_tree();
    keep();
    set_link(node[0], NEXT, node[2]);
    set_link(node[2], PREVIOUS, node[0]);
    EXPECT_ALLOC_REFUSED(0, HMM_FAULT_LINK, node[0]);
    EXPECT_FOUND(HMM_FAULT_LINK, node[2]);
    restore();
    /* A member of one ring in another, and both are rings again. */
    unsigned char *const rings[][2] = {{node[0], newest}, {newest, node[0]}, {node[4], oldest_other}, {oldest_other, node[4]}};
    for (size_t i = 0; i < sizeof rings / sizeof rings[0]; i++) {
        set_link(rings[i][0], NEXT, rings[i][1]);
        set_link(rings[i][1], PREVIOUS, rings[i][0]);
    }
    EXPECT_ALLOC_REFUSED(0, HMM_FAULT_LINK, node[0]);
    EXPECT_FOUND(HMM_FAULT_LINK, newest);
    restore();
    end_heap();
}

/* A node that its parent no longer leads to, and a node that says it is a ring's other member. Freeing what is between it and the
 * fence behind it would take it out. */
static void node_that_is_not_in_the_tree(void) {
    make_tree();
    keep();
    unsigned char *fence = node[6] + units_of(6) * GRANULE;
    set_link(node[5], LARGER, NULL);
    raw_set_word(word_of(node[5], BALANCE), (heap_word)-1);
    EXPECT_REFUSED(hmm_heap_free(heap, fence), HMM_FAULT_LINK, node[6]);
    EXPECT_FOUND_IN(HMM_FAULT_INDEX, ground, node[0]);
    restore();
    raw_set_word(word_of(node[6], BALANCE), raw_word(word_of(newest, BALANCE)));
    EXPECT_REFUSED(hmm_heap_free(heap, fence), HMM_FAULT_LINK, node[6]);
    EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
    restore();
    end_heap();
}

/* A ring of which no node is in the tree: two of its members are taken out at once. */
static void ring_that_is_not_in_the_tree(void) {
    make_tree();
    keep();
    unsigned char *fence = oldest_other + units_of(4) * GRANULE;
    set_link(node[5], SMALLER, NULL);
    raw_set_word(word_of(node[5], BALANCE), 1);
    EXPECT_REFUSED(hmm_heap_free(heap, fence), HMM_FAULT_LINK, oldest_other);
    EXPECT_FOUND_IN(HMM_FAULT_INDEX, ground, node[0]);
    restore();
    end_heap();
}

/* A member of a ring that is alone, and says that it is a node: another is in the tree. */
static void member_that_says_it_is_a_node(void) {
    make_tree();
    keep();
    unsigned char *fence = newest + units_of(4) * GRANULE;
    set_link(newest, NEXT, newest);
    set_link(newest, PREVIOUS, newest);
    raw_set_word(word_of(newest, BALANCE), 0);
    EXPECT_REFUSED(hmm_heap_free(heap, fence), HMM_FAULT_LINK, newest);
    restore();
    end_heap();
}

/* A node below the neighbour that would take the place of a removed one: 3 has 2 and 4 beside it, of which 4 gets a child. */
static void damage_on_the_way_to_the_neighbour(void) {
    make_tree();
    keep();
    for (size_t side = SMALLER; side <= LARGER; side++) {
        raw_set_word(word_of(node[4], side), word_of_bytes(0x41));
        raw_set_word(word_of(node[4], BALANCE), side == SMALLER ? (heap_word)-1 : 1);
        raw_set_word(word_of(node[3], BALANCE), 1);
        EXPECT_ALLOC_REFUSED(3, HMM_FAULT_LINK, node[4]);
        restore();
    }
    end_heap();
}

/* Children of a larger and of a smaller size than their place allows, and of another class. */
static void child_out_of_range(void) {
    make_tree();
    hmm_heap_free(heap, elsewhere);
    keep();
    static const struct { size_t from, side, to; } wrong[] = {{5, SMALLER, 2}, {5, SMALLER, 6}, {1, LARGER, 4}, {1, LARGER, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        set_link(node[wrong[i].from], wrong[i].side, node[wrong[i].to]);
        EXPECT_ALLOC_REFUSED(wrong[i].from, HMM_FAULT_LINK, node[wrong[i].from]);
        EXPECT_FOUND_IN(HMM_FAULT_TREE, ground, node[0]);
        restore();
    }
    set_link(node[0], SMALLER, elsewhere);
    raw_set_word(word_of(node[0], BALANCE), (heap_word)-1);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc(heap, usable_of(FIRST_UNITS - 1)) == NULL), HMM_FAULT_LINK, node[0]);
    restore();
    elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    end_heap();
}

/* ---- Balances that are not those of the tree ----------------------------------------------------------------------------- */

static uint64_t chance = 1;

static size_t below(size_t bound) {
    chance = chance * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(chance >> 33) % bound;
}

/* A balance for which there are the children that it tells of. */
static int plausible_balance(unsigned char *p) {
    const bool smaller = raw_word(word_of(p, SMALLER)) != 0, larger = raw_word(word_of(p, LARGER)) != 0;
    return smaller != larger ? (smaller ? -1 : 1) : smaller ? (int)below(3) - 1 : 0;
}

static bool starts_allocated(const unsigned char *p) {
    const picture *all = picture_of(heap);
    for (size_t i = 0; i < all->count; i++)
        if (all->blocks[i].memory == p) return !all->blocks[i].free;
    return false;
}

static bool take_node(size_t number) {
    return hmm_heap_alloc(heap, usable_of(units_of(number))) != NULL;
}

static unsigned char *fence_behind(size_t number) {
    return node[number] + units_of(number) * GRANULE;
}

/* All headers, and the control block. */
static void expect_walk(void) {
    EXPECT_EQ(hmm_heap_walk(heap, add_to_picture, &(picture){.count = 0}), HMM_OK);
}

/* No operation can see that they are wrong; each must end, and change nothing but the nodes, whatever is rotated then. */
static void balances_that_are_plausible(void) {
    make_tree();
    keep();
    for (int i = 0; i < 3000; i++) {
        for (size_t n = 0; n < NODES; n++) raw_set_word(word_of(node[n], BALANCE), (heap_word)plausible_balance(node[n]));
        for (int steps = 0; steps < 6 && notes.count == 0; steps++) {
            const size_t n = below(NODES);
            unsigned char *fence = fence_behind(n);
            if (below(2) == 0 && starts_allocated(fence))
                hmm_heap_free(heap, fence); /* and what is free on both sides */
            else if (!starts_allocated(node[n]))
                EXPECT(take_node(n) || notes.count <= 1);
            else
                hmm_heap_free(heap, node[n]);
        }
        notes.count = 0;
        expect_walk();
        restore();
    }
    end_heap();
}

/* The same, where a rotation looks for a child that is not there: the last free takes two nodes out and puts one in. */
static void balances_that_lead_to_no_node(void) {
    static const int balances[NODES] = {0, 0, 0, -1, 0, -1, 0};
    make_tree();
    keep();
    for (size_t n = 0; n < NODES; n++) raw_set_word(word_of(node[n], BALANCE), (heap_word)balances[n]);
    hmm_heap_free(heap, fence_behind(4));
    EXPECT(take_node(4) && take_node(4));
    hmm_heap_free(heap, fence_behind(5));
    EXPECT_EQ(notes.count, 0);
    expect_walk();
    restore();
    end_heap();
}

/* ---- Trees that are too deep --------------------------------------------------------------------------------------------- */

enum { CHAIN = WORD > 4 ? 100 : 50, CHAIN_UNITS = 20 };

static _Alignas(4096) unsigned char wide_ground[CHAIN * (CHAIN_UNITS + CHAIN) * GRANULE > HMM_HEAP_LARGEST_BLOCK
                                                    ? HMM_HEAP_LARGEST_BLOCK
                                                    : CHAIN *(CHAIN_UNITS + CHAIN) * GRANULE];

/* Nodes of which each is the only child of the one before: links and sizes are plausible, one by one. */
static void chain(void) {
    static unsigned char *link[CHAIN];
    size_t count = 0;
    hmm_heap_options options = noting_options(&notes);
    options.capacity = 1;
    heap = hmm_heap_create(wide_ground, sizeof wide_ground, &options);
    EXPECT(heap != NULL);
    while (count < CHAIN) {
        link[count] = hmm_heap_alloc_greedy(heap, usable_of(CHAIN_UNITS + count), SIZE_MAX, NULL);
        if (link[count] == NULL) break;
        EXPECT_EQ(hmm_heap_resize(heap, link[count], usable_of(CHAIN_UNITS + count)), HMM_OK);
        if (hmm_heap_alloc(heap, 0) == NULL) break;
        count++;
    }
    while (hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL) != NULL) continue;
    for (size_t i = 0; i < count; i++) hmm_heap_free(heap, link[i]);
    EXPECT_SOUND(heap);
    for (int direction = 0; direction <= 1; direction++) {
        for (size_t i = 0; i < count; i++) {
            const size_t at = direction ? i : count - 1 - i, next = direction ? i + 1 : count - 2 - i;
            set_link(link[at], (size_t)SMALLER + (size_t)!direction, NULL);
            set_link(link[at], (size_t)SMALLER + (size_t)direction, i + 1 < count ? link[next] : NULL);
            raw_set_word(word_of(link[at], BALANCE), (heap_word)(i + 1 == count ? 0 : 2 * direction - 1));
        }
        overwrite(forge_class_head(heap, (size_t)CHAIN_UNITS * GRANULE), link_to(link[direction ? 0 : count - 1]));
        EXPECT(hmm_heap_alloc(heap, usable_of(direction ? CHAIN_UNITS + count - 1 : CHAIN_UNITS)) == NULL);
        EXPECT(notes.count == 1 && notes.last.code == HMM_FAULT_TREE);
        notes.count = 0;
        repair_word();
    }
    /* A node with two children, and a way to its neighbour that does not end. */
    for (size_t i = 2; i < count; i++) {
        set_link(link[i], SMALLER, i > 2 ? link[i - 1] : NULL);
        set_link(link[i], LARGER, NULL);
        raw_set_word(word_of(link[i], BALANCE), (heap_word)(i > 2 ? -1 : 0));
    }
    for (size_t side = SMALLER; side <= LARGER; side++) set_link(link[0], side, NULL);
    raw_set_word(word_of(link[0], BALANCE), 0);
    set_link(link[1], SMALLER, link[0]);
    set_link(link[1], LARGER, link[count - 1]);
    raw_set_word(word_of(link[1], BALANCE), 1);
    overwrite(forge_class_head(heap, (size_t)CHAIN_UNITS * GRANULE), link_to(link[1]));
    EXPECT(hmm_heap_alloc(heap, usable_of(CHAIN_UNITS + 1)) == NULL);
    EXPECT(notes.count == 1 && notes.last.code == HMM_FAULT_TREE);
}

static const struct test tests[] = {
    TEST(ring_of_two_sizes),
    TEST(node_that_is_not_in_the_tree),
    TEST(ring_that_is_not_in_the_tree),
    TEST(member_that_says_it_is_a_node),
    TEST(damage_on_the_way_to_the_neighbour),
    TEST(child_out_of_range),
    TEST(balances_that_are_plausible),
    TEST(balances_that_lead_to_no_node),
    TEST(chain),
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
    TEST(words_of_a_lone_node),
    TEST(sizes_of_a_lone_node),
    TEST(way_to_the_largest),
};

const fault_tests tree_faults = {tests, sizeof tests / sizeof tests[0]};
