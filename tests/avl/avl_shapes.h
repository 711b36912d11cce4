/* avl_shapes.h: every AVL tree of up to SHAPE_NODES nodes.
 *
 * SPDX-License-Identifier: MIT
 *
 * Built link by link, without avl.h: whatever may happen to a small tree is tried on all of them. */
#ifndef HMM_TESTS_AVL_SHAPES_H
#define HMM_TESTS_AVL_SHAPES_H

#include "avl_checked.h"

enum { SHAPE_NODES = 15 };

/* How many AVL trees of n nodes there are. avl_shapes(7) => 17 */
int avl_shapes(int n);

/* Makes *c the shape number `which` of n nodes: nodes 0 to n - 1 in ascending order, the other nodes not in the tree, keys as
 * after checked_init, but shifted by one: node i has the key 2 i + 1, so that every even key is missing. */
void avl_shape_make(checked *c, const subject *tree, int n, int which);

#endif
