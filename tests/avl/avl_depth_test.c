/* avl_depth_test.c: the deepest trees, the table of depths, and the limit that a type of tree sets to its depth.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "avl_shapes.h"
#include "expect.h"

enum { DEEPEST = 91, FIBONACCI_DEPTH = 13 };

static checked c;

/* The least nodes of an AVL tree of depth d: one of depth d - 1, one of depth d - 2, and the root. */
static uint64_t least_nodes(int d) {
    uint64_t shallower = 0, same = 0; /* of depths -1, which stands for no tree, and 0 */
    for (int i = 1; i <= d; i++) {
        const uint64_t deeper = i == 1 ? 1 : same + shallower + 1;
        shallower = same;
        same = deeper;
    }
    return same;
}

static void computes_depths(void) {
    EXPECT_EQ(least_nodes(1), 1);
    EXPECT_EQ(least_nodes(2), 2);
    EXPECT_EQ(least_nodes(5), 12);
    EXPECT_EQ(HMM_AVL_DEPTH_FOR(0), 0);
    for (int d = 1; d <= 45; d++) {
        EXPECT_EQ(HMM_AVL_DEPTH_FOR(least_nodes(d) - 1), d - 1);
        EXPECT_EQ(HMM_AVL_DEPTH_FOR(least_nodes(d)), d);
    }
    EXPECT_EQ(HMM_AVL_DEPTH_FOR(least_nodes(46) - 1), 45);
    EXPECT_EQ(HMM_AVL_DEPTH_FOR(UINT64_C(1) << 32), 45);
    EXPECT_EQ(HMM_AVL_DEPTH_FOR(UINT16_MAX), 22);
    EXPECT_EQ(HMM_AVL_DEPTH_FOR(UINT8_MAX), 11);
}

/* What the macro gives for anything larger: deep enough for 2^64 nodes, and no deeper. */
static void ends_with_the_deepest(void) {
    EXPECT_EQ(HMM_AVL_DEPTH_FOR(least_nodes(46)), DEEPEST);
    EXPECT_EQ(HMM_AVL_DEPTH_FOR(UINT64_MAX), DEEPEST);
    EXPECT(least_nodes(DEEPEST) > least_nodes(DEEPEST - 1));
    EXPECT(UINT64_MAX - least_nodes(DEEPEST) < least_nodes(DEEPEST - 1)); /* depth 92 would need more than 2^64 */
}

/* The macro in constant expressions, in the preprocessor's too. */
#if HMM_AVL_DEPTH_FOR(1000) != 14
#error "HMM_AVL_DEPTH_FOR is to be usable here"
#endif
enum { CONSTANT = HMM_AVL_DEPTH_FOR(UINT32_MAX) };

static void is_constant(void) {
    EXPECT_EQ(CONSTANT, 45);
}

/* The rows of the table in the comment of avl.h: three columns of depth, least and most nodes. */
static int compare_row(const char *line) {
    int d, used, entries = 0;
    unsigned long long least, most;
    while (sscanf(line, " %d %llu %n", &d, &least, &used) == 2) {
        line += used;
        EXPECT_EQ(least, least_nodes(d));
        if (sscanf(line, "%llu %n", &most, &used) == 1) {
            EXPECT_EQ(most, (UINT64_C(1) << d) - 1);
        } else {
            EXPECT_EQ(strncmp(line, "...", 3), 0);
            used = 3;
        }
        line += used;
        entries++;
    }
    return entries;
}

static void documents_the_depths(void) {
    char line[200];
    int entries = 0;
    bool in_table = false;
    FILE *header = fopen(HMM_AVL_HEADER, "r");
    EXPECT(header != NULL);
    while (fgets(line, sizeof line, header) != NULL) {
        if (strncmp(line, " *      d ", 10) == 0)
            in_table = true;
        else if (in_table && strlen(line) > 3)
            entries += compare_row(line + 3);
        else
            in_table = false;
    }
    fclose(header);
    EXPECT_EQ(entries, 3 * 12);
}

/* Links nodes from *first on into a tree of this depth with as few nodes as possible. */
static int link_fibonacci(const subject *s, int *first, int depth, int heavy) {
    if (depth <= 0) return NONE;
    const int lesser = link_fibonacci(s, first, depth - (heavy ? 2 : 1), heavy);
    const int root = (*first)++;
    c.nodes[c.count++] = root;
    s->set_child(root, 0, lesser);
    s->set_child(root, 1, link_fibonacci(s, first, depth - (heavy ? 1 : 2), heavy));
    s->set_balance(root, depth == 1 ? 0 : heavy ? 1 : -1);
    return root;
}

static void make_fibonacci(const subject *s, int depth, int heavy) {
    int first = 0;
    checked_init(&c, s);
    s->set_root(link_fibonacci(s, &first, depth, heavy));
    EXPECT_EQ(c.count, least_nodes(depth));
    EXPECT_EQ(checked_depth(s, s->root()), depth);
    checked_compare(&c);
}

/* Where the shallow side of a Fibonacci tree loses a node, every level rotates: the most that a removal can have to do. */
static void removes_from_fibonacci_trees_of(const subject *s) {
    for (int depth = 1; depth <= FIBONACCI_DEPTH; depth++) {
        for (int heavy = 0; heavy < 2; heavy++) {
            make_fibonacci(s, depth, heavy);
            checked_remove(&c, c.keys[c.nodes[heavy ? 0 : c.count - 1]]);
            make_fibonacci(s, depth, heavy);
            while (c.count > 0) checked_remove(&c, c.keys[s->root()]);
        }
    }
}

static void removes_from_fibonacci_trees(void) {
    avl_for_each_subject(removes_from_fibonacci_trees_of);
}

/* The shallow tree must take a node exactly if an unlimited tree of the same shape stays shallow. */
static void insert_into_shallow(int n, int which, int gap) {
    avl_shape_make(&c, &avl_pointers, n, which);
    if (checked_depth(c.tree, c.tree->root()) > SHALLOW) return;
    checked_set_key(&c, SHAPE_NODES, 2 * gap);
    checked_insert(&c, SHAPE_NODES);
    const bool fits = checked_depth(c.tree, c.tree->root()) <= SHALLOW;

    avl_shape_make(&c, &avl_shallow, n, which);
    checked_set_key(&c, SHAPE_NODES, 2 * gap);
    if (fits) {
        EXPECT_EQ(checked_insert(&c, SHAPE_NODES), SHAPE_NODES);
    } else {
        EXPECT_EQ(avl_shallow.insert(SHAPE_NODES), NONE);
        checked_compare(&c);
    }
}

static void refuses_to_become_too_deep(void) {
    for (int n = 0; n <= SHAPE_NODES; n++)
        for (int which = 0; which < avl_shapes(n); which++)
            for (int gap = 0; gap <= n; gap++) insert_into_shallow(n, which, gap);
}

/* Everything else works on the deepest trees of the type. */
static void serves_the_deepest_trees(void) {
    for (int n = 1; n <= SHAPE_NODES; n++) {
        for (int which = 0; which < avl_shapes(n); which++) {
            avl_shape_make(&c, &avl_shallow, n, which);
            if (checked_depth(&avl_shallow, avl_shallow.root()) != SHALLOW) continue;
            checked_compare(&c);
            for (int i = 0; i < n; i++) {
                avl_shape_make(&c, &avl_shallow, n, which);
                checked_search(&c, c.keys[i]);
                EXPECT_EQ(avl_shallow.next(), i + 1 < n ? i + 1 : NONE);
                checked_remove(&c, c.keys[i]);
            }
        }
    }
}

static const struct test tests[] = {
    TEST(computes_depths),         TEST(ends_with_the_deepest),        TEST(is_constant),
    TEST(documents_the_depths),    TEST(removes_from_fibonacci_trees), TEST(refuses_to_become_too_deep),
    TEST(serves_the_deepest_trees)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
