/* avl_checked.h: operations on a tree and on a model of it, compared after every step.
 *
 * SPDX-License-Identifier: MIT
 *
 * The model is the array of the tree's nodes in ascending order of keys: obviously right. Whatever an operation should answer is
 * looked up in it, and after each change the whole tree is compared with it by a checker that shares nothing with avl.h. Any
 * difference ends the test. */
#ifndef HMM_TESTS_AVL_CHECKED_H
#define HMM_TESTS_AVL_CHECKED_H

#include <stdint.h>

#include "avl_subject.h"

typedef struct checked {
    const subject *tree;
    int count;
    int nodes[NODES]; /* those in the tree, ascending */
    int keys[NODES];  /* of each node, in the tree or not */
} checked;

/* An empty tree; the key of node i is 2 i, so that there is a gap on either side of it. */
void checked_init(checked *c, const subject *tree);

/* Empties the tree; keys stay as they are. */
void checked_clear(checked *c);

/* Gives a node that is not in the tree another key. */
void checked_set_key(checked *c, int node, int key);

/* The place in c->nodes where a node of this key is or should be. */
int checked_place(const checked *c, int key);

/* The node that the model says a search should find. */
int checked_expected(const checked *c, int key, hmm_avl_relation relation);

/* The same operations as the subject's. */
int checked_insert(checked *c, int node);
int checked_remove(checked *c, int key);
int checked_substitute(checked *c, int node);
void checked_build(checked *c, const int *nodes, int count);
int checked_remove_at(checked *c);

/* Compares every search, by all relations, for a key. */
void checked_search(const checked *c, int key);

/* Compares the whole tree with the model. */
void checked_compare(const checked *c);

/* Depth of the tree below a node, by the links alone. */
int checked_depth(const subject *tree, int node);

/* Whether a tree is well formed. Reads at most `limit` nodes; *count is how many. */
bool checked_is_sound(const subject *tree, int limit, int *count);

extern const hmm_avl_relation checked_relations[5];

/* splitmix64: every seed is a good one. */
uint64_t checked_random(uint64_t *state);

/* A number below `bound`. */
int checked_random_below(uint64_t *state, int bound);

/* HEAPMM_TEST_SEED, else 1: for tests whose failure can be repeated with it. */
uint64_t checked_seed(void);

/* How much more slowly this program runs: a divisor of the number of random steps. */
int checked_slowness(void);

#endif
