/* avl_random_test.c: random sequences of all operations, on trees of up to a thousand nodes.
 *
 * SPDX-License-Identifier: MIT
 *
 *     HEAPMM_TEST_SEED=n    seed, else 1 */
#include "avl_checked.h"
#include "expect.h"

static checked c;
static uint64_t chance;

/* Nodes that share their keys: those above `twins` have the keys of those below. */
static int key_of_node(int node, int twins) {
    return 2 * (node % twins);
}

static int random_sequence(int *nodes, int twins) {
    int count = 0;
    for (int i = 0; i < twins; i++)
        if (checked_random(&chance) % 2 == 0) nodes[count++] = checked_random(&chance) % 2 == 0 ? i : i + twins;
    return count;
}

static void iterate(void) {
    const subject *s = c.tree;
    int node = s->start_least();
    for (int i = 0; i < c.count; i++, node = s->next()) EXPECT_EQ(node, c.nodes[i]);
    EXPECT_EQ(node, NONE);
    node = s->start_greatest();
    for (int i = c.count - 1; i >= 0; i--, node = s->previous()) EXPECT_EQ(node, c.nodes[i]);
    EXPECT_EQ(node, NONE);
}

/* Walks to and fro from a random place, then may remove the node where it stopped. */
static void wander(int twins) {
    const subject *s = c.tree;
    const int key = checked_random_below(&chance, 2 * twins);
    int node = s->start(key, HMM_AVL_GREATER_EQUAL);
    for (int place = checked_place(&c, key); node != NONE && checked_random(&chance) % 8 != 0;) {
        const bool forward = checked_random(&chance) % 2 == 0;
        place += forward ? 1 : -1;
        node = forward ? s->next() : s->previous();
        EXPECT_EQ(node, place >= 0 && place < c.count ? c.nodes[place] : NONE);
    }
    if (checked_random(&chance) % 4 == 0) checked_remove_at(&c);
}

/* growing: out of 100, how many of the insertions and removals are insertions. */
static void step(int twins, int growing) {
    const int node = checked_random_below(&chance, 2 * twins);
    switch (checked_random_below(&chance, 16)) {
    case 0:
        if (checked_expected(&c, c.keys[node], HMM_AVL_EQUAL) != node) checked_substitute(&c, node);
        break;
    case 1: wander(twins); break;
    case 2: checked_search(&c, checked_random_below(&chance, 2 * twins + 2) - 1); break;
    default:
        if (checked_random_below(&chance, 100) < growing)
            checked_insert(&c, node);
        else
            checked_remove(&c, c.keys[node]);
    }
}

static void run(const subject *s, int twins, int steps) {
    checked_init(&c, s);
    for (int i = 0; i < 2 * twins; i++) checked_set_key(&c, i, key_of_node(i, twins));
    for (int i = 0; i < steps; i++) {
        const int phase = i % (8 * twins);
        step(twins, phase < 3 * twins ? 80 : phase < 6 * twins ? 50 : 20);
        if (i % (2 * twins) == 0) iterate();
    }
    int sequence[NODES];
    checked_build(&c, sequence, random_sequence(sequence, twins));
    iterate();
    while (c.count > 0) checked_remove(&c, c.keys[c.nodes[checked_random_below(&chance, c.count)]]);
}

static void run_size(const subject *s, int twins, int steps, int programs) {
    for (int i = 0; i < programs; i++) {
        chance = checked_seed() + (uint64_t)i;
        run(s, twins, steps / checked_slowness());
    }
}

static void small_of(const subject *s) {
    run_size(s, 12, 1000, 20);
}

static void middle_of(const subject *s) {
    run_size(s, 100, 2000, 5);
}

static void large_of(const subject *s) {
    run_size(s, NODES / 2, 5000, 1);
}

static void small(void) {
    avl_for_each_subject(small_of);
}

static void middle(void) {
    avl_for_each_subject(middle_of);
}

static void large(void) {
    avl_for_each_subject(large_of);
}

static const struct test tests[] = {TEST(small), TEST(middle), TEST(large)};

int main(int argc, char **argv) {
    printf("seed %llu\n", (unsigned long long)checked_seed());
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
