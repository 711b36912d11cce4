/* avl_build_test.c: trees made of sorted sequences.
 *
 * SPDX-License-Identifier: MIT */
#include "avl_checked.h"
#include "expect.h"

enum { LONGEST = 300 };

static checked c;
static int sequence[NODES + 1];

static void number_nodes(void) {
    for (int i = 0; i <= NODES; i++) sequence[i] = i;
}

static int least_depth(int count) {
    int depth = 0;
    while ((1 << depth) - 1 < count) depth++;
    return depth;
}

/* Also that the tree serves: it is emptied from its middle. */
static void builds_every_count_of(const subject *s) {
    number_nodes();
    checked_init(&c, s);
    for (int count = 0; count <= LONGEST; count++) {
        checked_build(&c, sequence, count);
        EXPECT_EQ(checked_depth(s, s->root()), least_depth(count));
        if (count % 50 == 0)
            while (c.count > 0) checked_remove(&c, c.keys[c.nodes[c.count / 2]]);
    }
}

static void builds_every_count(void) {
    avl_for_each_subject(builds_every_count_of);
}

static void gives_up_with_the_sequence_of(const subject *s) {
    number_nodes();
    for (int count = 1; count <= 40; count++) {
        for (int given = 0; given < count; given++) {
            checked_init(&c, s);
            checked_insert(&c, NODES - 1);
            checked_insert(&c, NODES - 2);
            sequence[given] = NONE;
            EXPECT(!s->build(sequence, count));
            sequence[given] = given;
            checked_compare(&c);
        }
    }
}

static void gives_up_with_the_sequence(void) {
    avl_for_each_subject(gives_up_with_the_sequence_of);
}

static void forgets_the_old_tree_of(const subject *s) {
    number_nodes();
    checked_init(&c, s);
    for (int i = 0; i < 10; i++) checked_insert(&c, i);
    checked_build(&c, sequence + 100, 7);
    checked_build(&c, sequence, 0);
}

static void forgets_the_old_tree(void) {
    avl_for_each_subject(forgets_the_old_tree_of);
}

/* A tree of depth 4 holds 15 nodes. The sixteenth is refused before any is asked for: there is no sequence to ask. */
static void refuses_what_is_too_deep(void) {
    number_nodes();
    checked_init(&c, &avl_shallow);
    checked_build(&c, sequence, (1 << SHALLOW) - 1);
    EXPECT(!avl_shallow.build(NULL, 1 << SHALLOW));
    checked_compare(&c);
    EXPECT(!avl_shallow.build(NULL, NODES));
    checked_compare(&c);
}

static const struct test tests[] = {TEST(builds_every_count), TEST(gives_up_with_the_sequence), TEST(forgets_the_old_tree),
                                    TEST(refuses_what_is_too_deep)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
