/* Where the samples of heapmm/avl.h run. In them prefix, context and root are left out, and a node is its key.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

struct node {
    int key;
    uint16_t child[2];
    int8_t balance;
};

static inline uint16_t doc_get_child(struct node *all, uint16_t node, int direction) {
    return all[node].child[direction];
}
static inline void doc_set_child(struct node *all, uint16_t node, int direction, uint16_t child) {
    all[node].child[direction] = child;
}
static inline int doc_get_balance(struct node *all, uint16_t node) {
    return all[node].balance;
}
static inline void doc_set_balance(struct node *all, uint16_t node, int balance) {
    all[node].balance = (int8_t)balance;
}
static inline int doc_key(struct node *all, uint16_t node) {
    return all[node].key;
}
static inline int doc_compare(struct node *all, int key, uint16_t node) {
    return (key > all[node].key) - (key < all[node].key);
}

#define HMM_AVL(name) doc_##name
#define HMM_AVL_HANDLE uint16_t
#define HMM_AVL_NULL UINT16_MAX
#define HMM_AVL_KEY int
#define HMM_AVL_CONTEXT struct node *
#include "heapmm/avl.h"

#define HMM_AVL_NULL (-1)

static struct node all[64];
static uint16_t used, root;
static doc_iterator it;
static int node, following, destroyed;

static int shown(uint16_t handle) {
    return handle == UINT16_MAX ? HMM_AVL_NULL : all[handle].key;
}

static uint16_t new (int key) {
    all[used].key = key;
    return used++;
}

static void make_tree(const int *keys, size_t count) {
    doc_init(&root);
    for (size_t i = 0; i < count; i++) doc_insert(all, &root, new (keys[i]));
}

static bool tree_is(const int *keys, size_t count) {
    doc_iterator walk;
    uint16_t at = doc_start_least(&walk, all, root);
    size_t i = 0;
    for (; i < count && shown(at) == keys[i]; i++) at = doc_next(&walk);
    return i == count && at == UINT16_MAX && doc_check(all, root, count) == (ptrdiff_t)count;
}

static uint16_t ascending(void *sequence) {
    int *key = sequence;
    *key += 2;
    return new (*key);
}

static int sequence;

#define COUNT(...) (sizeof((int[]){__VA_ARGS__}) / sizeof(int))
#define MAKE_TREE(...) make_tree((int[]){__VA_ARGS__}, COUNT(__VA_ARGS__))
#define EXPECT_TREE(...) EXPECT(tree_is((int[]){__VA_ARGS__}, COUNT(__VA_ARGS__)))
#define search(key, relation) shown(doc_search(all, root, key, relation))
#define least() shown(doc_least(all, root))
#define greatest() shown(doc_greatest(all, root))
#define start(it, key, relation) shown(doc_start(it, all, root, key, relation))
#define start_least(it) shown(doc_start_least(it, all, root))
#define next(it) shown(doc_next(it))
#define insert(node) shown(doc_insert(all, &root, node))
#define remove(key) shown(doc_remove(all, &root, key))
#define remove_at(it) shown(doc_remove_at(it, &root))
#define substitute(node) shown(doc_substitute(all, &root, node))
#define build(next, count) doc_build(all, &root, next, &sequence, count)
#define destroy(node) (destroyed += node)

static void before_sample(void) {
    used = 0;
    sequence = -1;
    destroyed = 0;
    MAKE_TREE(1, 3, 5, 7);
}

/* SAMPLES */
