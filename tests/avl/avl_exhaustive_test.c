/* avl_exhaustive_test.c: everything that can happen to a small tree.
 *
 * SPDX-License-Identifier: MIT */
#include "avl_shapes.h"
#include "expect.h"

enum { ORDERED = 7, SPARE = SHAPE_NODES };

static checked c;

/* ---- All orders of insertion --------------------------------------------------------------------------------------------- */

static void insert_in_order(const int *order, int n) {
    checked_clear(&c);
    for (int i = 0; i < n; i++) checked_insert(&c, order[i]);
}

/* After inserting in the order, removes each node in turn from a tree of all. */
static void insert_and_remove(const int *order, int n) {
    for (int removed = 0; removed < n; removed++) {
        insert_in_order(order, n);
        checked_remove(&c, c.keys[removed]);
    }
}

/* Runs `test` for all orders of n nodes: order[0 .. fixed - 1] stands, the others are permuted. */
static void for_each_order(void (*test)(const int *order, int n), int *order, int fixed, int n) {
    if (fixed == n) {
        test(order, n);
        return;
    }
    for (int i = fixed; i < n; i++) {
        const int chosen = order[i];
        order[i] = order[fixed];
        order[fixed] = chosen;
        for_each_order(test, order, fixed + 1, n);
        order[fixed] = order[i];
        order[i] = chosen;
    }
}

static void inserts_in_any_order_of(const subject *s) {
    checked_init(&c, s);
    for (int n = 0; n <= ORDERED - (checked_slowness() > 1); n++) {
        int order[ORDERED];
        for (int i = 0; i < n; i++) order[i] = i;
        for_each_order(insert_and_remove, order, 0, n);
    }
}

static void inserts_in_any_order(void) {
    avl_for_each_subject(inserts_in_any_order_of);
}

/* ---- All shapes ---------------------------------------------------------------------------------------------------------- */

static int shape_nodes, shape_number;

static void for_each_shape(const subject *s, void (*test)(const subject *s)) {
    for (shape_nodes = 0; shape_nodes <= SHAPE_NODES - 4 * (checked_slowness() > 1); shape_nodes++)
        for (shape_number = 0; shape_number < avl_shapes(shape_nodes); shape_number++) test(s);
}

static void make_shape(const subject *s) {
    avl_shape_make(&c, s, shape_nodes, shape_number);
}

static void knows_the_shapes(void) {
    static const int known[SHAPE_NODES + 1] = {1, 1, 2, 1, 4, 6, 4, 17, 32, 44, 60, 70, 184, 476, 872, 1553};
    for (int n = 0; n <= SHAPE_NODES; n++) EXPECT_EQ(avl_shapes(n), known[n]);
}

static void check_shape(const subject *s) {
    make_shape(s);
    checked_compare(&c);
}

static void insert_into_shape(const subject *s) {
    for (int gap = 0; gap <= shape_nodes; gap++) {
        make_shape(s);
        checked_set_key(&c, SPARE, 2 * gap);
        EXPECT_EQ(checked_insert(&c, SPARE), SPARE);
    }
}

static void insert_equal_into_shape(const subject *s) {
    make_shape(s);
    for (int i = 0; i < shape_nodes; i++) {
        checked_set_key(&c, SPARE, c.keys[i]);
        EXPECT_EQ(checked_insert(&c, SPARE), i);
        EXPECT_EQ(checked_insert(&c, i), i);
    }
}

static void remove_from_shape(const subject *s) {
    for (int i = 0; i < shape_nodes; i++) {
        make_shape(s);
        EXPECT_EQ(checked_remove(&c, 2 * i), NONE);
        EXPECT_EQ(checked_remove(&c, 2 * i + 1), i);
    }
}

/* Each node, found by one of the relations in turn. */
static void remove_at_from_shape(const subject *s) {
    static const int key_from_node[5] = {0, 1, -1, 1, -1}; /* in the order of checked_relations */
    for (int i = 0; i < shape_nodes; i++) {
        const int way = (shape_number + i) % 5;
        make_shape(s);
        EXPECT_EQ(s->start(2 * i + 1 + key_from_node[way], checked_relations[way]), i);
        EXPECT_EQ(checked_remove_at(&c), i);
        EXPECT_EQ(checked_remove_at(&c), NONE);
    }
}

static void remove_at_after_steps(const subject *s) {
    for (int i = 1; i + 1 < shape_nodes; i++) {
        make_shape(s);
        s->start(c.keys[i], HMM_AVL_EQUAL);
        EXPECT_EQ(s->next(), i + 1);
        EXPECT_EQ(checked_remove_at(&c), i + 1);
        make_shape(s);
        s->start(c.keys[i], HMM_AVL_EQUAL);
        EXPECT_EQ(s->previous(), i - 1);
        EXPECT_EQ(checked_remove_at(&c), i - 1);
    }
}

static void substitute_in_shape(const subject *s) {
    for (int i = 0; i < shape_nodes; i++) {
        make_shape(s);
        checked_set_key(&c, SPARE, 2 * i);
        EXPECT_EQ(checked_substitute(&c, SPARE), NONE);
        checked_set_key(&c, SPARE, 2 * i + 1);
        EXPECT_EQ(checked_substitute(&c, SPARE), i);
    }
}

static void search_shape(const subject *s) {
    make_shape(s);
    for (int key = -1; key <= 2 * shape_nodes + 1; key++) checked_search(&c, key);
    EXPECT_EQ(s->least(), shape_nodes == 0 ? NONE : 0);
    EXPECT_EQ(s->greatest(), shape_nodes - 1);
}

static void for_each_subject_and_shape(void (*test)(const subject *s)) {
    for (int i = 0; i < SUBJECTS; i++) for_each_shape(avl_subjects[i], test);
}

static void checks_every_shape(void) {
    for_each_subject_and_shape(check_shape);
}

static void inserts_into_every_shape(void) {
    for_each_subject_and_shape(insert_into_shape);
}

static void returns_the_equal_node_in_every_shape(void) {
    for_each_subject_and_shape(insert_equal_into_shape);
}

static void removes_from_every_shape(void) {
    for_each_subject_and_shape(remove_from_shape);
}

static void removes_at_an_iterator_from_every_shape(void) {
    for_each_subject_and_shape(remove_at_from_shape);
}

static void removes_at_an_iterator_that_moved(void) {
    for_each_subject_and_shape(remove_at_after_steps);
}

static void substitutes_in_every_shape(void) {
    for_each_subject_and_shape(substitute_in_shape);
}

static void searches_every_shape(void) {
    for_each_subject_and_shape(search_shape);
}

static const struct test tests[] = {TEST(inserts_in_any_order),
                                    TEST(knows_the_shapes),
                                    TEST(checks_every_shape),
                                    TEST(inserts_into_every_shape),
                                    TEST(returns_the_equal_node_in_every_shape),
                                    TEST(removes_from_every_shape),
                                    TEST(removes_at_an_iterator_from_every_shape),
                                    TEST(removes_at_an_iterator_that_moved),
                                    TEST(substitutes_in_every_shape),
                                    TEST(searches_every_shape)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
