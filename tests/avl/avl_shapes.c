/* avl_shapes.c: every AVL tree of up to SHAPE_NODES nodes.
 *
 * SPDX-License-Identifier: MIT */
#include "avl_shapes.h"

#include "expect.h"

enum { DEPTHS = 6 };

/* Depths of the two subtrees of a tree of depth d. */
struct split {
    int lesser, greater;
};

static const struct split splits[3] = {{1, 1}, {1, 2}, {2, 1}}; /* subtracted from d */

/* Number of trees of n nodes and depth d. */
static int shapes_of_depth(int n, int d) {
    static int known[SHAPE_NODES + 1][DEPTHS]; /* plus one */
    if (d <= 0) return n == 0 && d == 0;
    if (known[n][d] > 0) return known[n][d] - 1;
    int shapes = 0;
    for (int i = 0; i < 3; i++)
        for (int lesser = 0; lesser < n; lesser++)
            shapes += shapes_of_depth(lesser, d - splits[i].lesser) * shapes_of_depth(n - 1 - lesser, d - splits[i].greater);
    known[n][d] = shapes + 1;
    return shapes;
}

int avl_shapes(int n) {
    int shapes = 0;
    for (int d = 0; d < DEPTHS; d++) shapes += shapes_of_depth(n, d);
    return shapes;
}

/* Links the nodes from `first` on into the shape `which` of n nodes and depth d; returns its root. */
static int link_shape(const subject *tree, int first, int n, int d, int which) {
    if (n == 0) return NONE;
    for (int i = 0; i < 3; i++) {
        for (int lesser = 0; lesser < n; lesser++) {
            const struct split depth = {d - splits[i].lesser, d - splits[i].greater};
            const int greater_shapes = shapes_of_depth(n - 1 - lesser, depth.greater);
            const int shapes = shapes_of_depth(lesser, depth.lesser) * greater_shapes;
            if (which >= shapes) {
                which -= shapes;
                continue;
            }
            const int root = first + lesser;
            tree->set_child(root, 0, link_shape(tree, first, lesser, depth.lesser, which / greater_shapes));
            tree->set_child(root, 1, link_shape(tree, root + 1, n - 1 - lesser, depth.greater, which % greater_shapes));
            tree->set_balance(root, depth.greater - depth.lesser);
            return root;
        }
    }
    EXPECT_STR_EQ("no shape", "a shape of this number");
    return NONE;
}

void avl_shape_make(checked *c, const subject *tree, int n, int which) {
    c->tree = tree;
    c->count = n;
    for (int i = 0; i < SHAPE_NODES + 1; i++) checked_set_key(c, i, 2 * i + 1);
    for (int i = 0; i < n; i++) c->nodes[i] = i;
    int d = 0;
    while (which >= shapes_of_depth(n, d)) which -= shapes_of_depth(n, d++);
    tree->set_root(link_shape(tree, 0, n, d, which));
}
