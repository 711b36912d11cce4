/* heapmm/avl_relation.h: what the trees of heapmm/avl.h share: the relations of a search, and depths.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_AVL_RELATION_H
#define HEAPMM_AVL_RELATION_H

/* How the key of the node looked for is to stand to the key given. Each is a set of the first three, which the searches test
 * bit by bit: where the relation is a constant, the tests fold away. */
typedef enum hmm_avl_relation {
    HMM_AVL_EQUAL = 1,        /* the equal key */
    HMM_AVL_LESS = 2,         /* the greatest of the lesser keys */
    HMM_AVL_GREATER = 4,      /* the least of the greater keys */
    HMM_AVL_LESS_EQUAL = 3,   /* the equal key, else as HMM_AVL_LESS */
    HMM_AVL_GREATER_EQUAL = 5 /* the equal key, else as HMM_AVL_GREATER */
} hmm_avl_relation;

/* The depth of the deepest AVL tree of at most n nodes, a constant expression if n is one:
 * HMM_AVL_DEPTH_FOR(0) => 0, HMM_AVL_DEPTH_FOR(11) => 4, HMM_AVL_DEPTH_FOR(12) => 5.
 *
 * A tree of depth d has at least N(d) nodes, with N(0) = 0, N(1) = 1, N(d) = N(d - 1) + N(d - 2) + 1: its root, a subtree of
 * depth d - 1 and, at worst, one of depth d - 2. Beyond N(46) - 1 nodes, which is more than 2^32, the macro gives 91, the
 * depth that 2^64 nodes can have. */
/* clang-format off */
#define HMM_AVL_DEPTH_FOR(n)                                                                                                 \
    ((n) < 1 ? 0 : (n) < 2 ? 1 : (n) < 4 ? 2 : (n) < 7 ? 3 : (n) < 12 ? 4 : (n) < 20 ? 5 : (n) < 33 ? 6 : (n) < 54 ? 7       \
     : (n) < 88 ? 8 : (n) < 143 ? 9 : (n) < 232 ? 10 : (n) < 376 ? 11 : (n) < 609 ? 12 : (n) < 986 ? 13 : (n) < 1596 ? 14    \
     : (n) < 2583 ? 15 : (n) < 4180 ? 16 : (n) < 6764 ? 17 : (n) < 10945 ? 18 : (n) < 17710 ? 19 : (n) < 28656 ? 20          \
     : (n) < 46367 ? 21 : (n) < 75024 ? 22 : (n) < 121392 ? 23 : (n) < 196417 ? 24 : (n) < 317810 ? 25 : (n) < 514228 ? 26   \
     : (n) < 832039 ? 27 : (n) < 1346268 ? 28 : (n) < 2178308 ? 29 : (n) < 3524577 ? 30 : (n) < 5702886 ? 31                 \
     : (n) < 9227464 ? 32 : (n) < 14930351 ? 33 : (n) < 24157816 ? 34 : (n) < 39088168 ? 35 : (n) < 63245985 ? 36            \
     : (n) < 102334154 ? 37 : (n) < 165580140 ? 38 : (n) < 267914295 ? 39 : (n) < 433494436 ? 40 : (n) < 701408732 ? 41      \
     : (n) < 1134903169 ? 42 : (n) < 1836311902 ? 43 : (n) < 2971215072 ? 44 : (n) < 4807526975 ? 45 : 91)
/* clang-format on */

#endif
