/* avl_checked.c: operations on a tree and on a model of it, compared after every step.
 *
 * SPDX-License-Identifier: MIT */
#include "avl_checked.h"

#include "expect.h"

const hmm_avl_relation checked_relations[5] = {HMM_AVL_EQUAL, HMM_AVL_LESS, HMM_AVL_GREATER, HMM_AVL_LESS_EQUAL,
                                               HMM_AVL_GREATER_EQUAL};

/* ---- The model ----------------------------------------------------------------------------------------------------------- */

static bool stands_so(int node_key, int key, hmm_avl_relation relation) {
    switch (relation) {
    case HMM_AVL_EQUAL: return node_key == key;
    case HMM_AVL_LESS: return node_key < key;
    case HMM_AVL_GREATER: return node_key > key;
    case HMM_AVL_LESS_EQUAL: return node_key <= key;
    default: return node_key >= key;
    }
}

int checked_expected(const checked *c, int key, hmm_avl_relation relation) {
    const bool from_below = relation == HMM_AVL_GREATER || relation == HMM_AVL_GREATER_EQUAL;
    for (int i = 0; i < c->count; i++) {
        const int node = c->nodes[from_below ? i : c->count - 1 - i];
        if (stands_so(c->keys[node], key, relation)) return node;
    }
    return NONE;
}

int checked_place(const checked *c, int key) {
    int place = 0;
    while (place < c->count && c->keys[c->nodes[place]] < key) place++;
    return place;
}

static void model_insert(checked *c, int node) {
    const int place = checked_place(c, c->keys[node]);
    memmove(&c->nodes[place + 1], &c->nodes[place], (size_t)(c->count - place) * sizeof c->nodes[0]);
    c->nodes[place] = node;
    c->count++;
}

static void model_remove(checked *c, int node) {
    const int place = checked_place(c, c->keys[node]);
    c->count--;
    memmove(&c->nodes[place], &c->nodes[place + 1], (size_t)(c->count - place) * sizeof c->nodes[0]);
}

/* ---- The checker --------------------------------------------------------------------------------------------------------- */

int checked_depth(const subject *tree, int node) {
    if (node == NONE) return 0;
    const int lesser = checked_depth(tree, tree->child(node, 0));
    const int greater = checked_depth(tree, tree->child(node, 1));
    return 1 + (lesser > greater ? lesser : greater);
}

/* Compares a subtree with the model from *place on; returns its depth. */
static int compare_subtree(const checked *c, int node, int *place) {
    if (node == NONE) return 0;
    const int lesser = compare_subtree(c, c->tree->child(node, 0), place);
    EXPECT(*place < c->count);
    EXPECT_EQ(node, c->nodes[*place]);
    EXPECT_EQ(c->tree->key(node), c->keys[node]);
    (*place)++;
    const int greater = compare_subtree(c, c->tree->child(node, 1), place);
    EXPECT_EQ(c->tree->balance(node), greater - lesser);
    EXPECT(greater - lesser >= -1 && greater - lesser <= 1);
    return 1 + (lesser > greater ? lesser : greater);
}

void checked_compare(const checked *c) {
    int place = 0;
    const int depth = compare_subtree(c, c->tree->root(), &place);
    EXPECT_EQ(place, c->count);
    EXPECT(depth <= HMM_AVL_DEPTH_FOR((long long)c->count));
    EXPECT_EQ(c->tree->is_empty(), c->count == 0);
    EXPECT_EQ(c->tree->check(NODES), c->count);
}

struct soundness {
    const subject *tree;
    int limit, count;
    int previous_key;
    bool sound;
};

static int sound_depth(struct soundness *s, int node, int level) {
    if (node == NONE || !s->sound) return 0;
    if (node < 0 || node >= NODES || s->count == s->limit || level > s->tree->max_depth) {
        s->sound = false;
        return 0;
    }
    s->count++;
    const int lesser = sound_depth(s, s->tree->child(node, 0), level + 1);
    if (!s->sound || s->tree->key(node) <= s->previous_key) {
        s->sound = false;
        return 0;
    }
    s->previous_key = s->tree->key(node);
    const int greater = sound_depth(s, s->tree->child(node, 1), level + 1);
    const int balance = greater - lesser;
    if (balance != s->tree->balance(node) || balance < -1 || balance > 1) s->sound = false;
    return 1 + (lesser > greater ? lesser : greater);
}

bool checked_is_sound(const subject *tree, int limit, int *count) {
    struct soundness s = {tree, limit, 0, INT32_MIN, true};
    sound_depth(&s, tree->root(), 1);
    *count = s.count;
    return s.sound;
}

/* ---- The operations ------------------------------------------------------------------------------------------------------ */

void checked_init(checked *c, const subject *tree) {
    c->tree = tree;
    for (int i = 0; i < NODES; i++) checked_set_key(c, i, 2 * i);
    checked_clear(c);
}

void checked_clear(checked *c) {
    c->count = 0;
    c->tree->init();
    checked_compare(c);
}

void checked_set_key(checked *c, int node, int key) {
    c->keys[node] = key;
    c->tree->set_key(node, key);
}

/* Leaves in a node what a new node may hold: nonsense. */
static void scribble(const checked *c, int node) {
    c->tree->set_child(node, 0, (node + 1) % NODES);
    c->tree->set_child(node, 1, (node + 2) % NODES);
    c->tree->set_balance(node, 1);
}

int checked_insert(checked *c, int node) {
    const int there = checked_expected(c, c->keys[node], HMM_AVL_EQUAL);
    if (there != node) scribble(c, node);
    const int inserted = c->tree->insert(node);
    EXPECT_EQ(inserted, there == NONE ? node : there);
    if (there == NONE) model_insert(c, node);
    checked_compare(c);
    return inserted;
}

int checked_remove(checked *c, int key) {
    const int there = checked_expected(c, key, HMM_AVL_EQUAL);
    EXPECT_EQ(c->tree->remove(key), there);
    if (there != NONE) {
        model_remove(c, there);
        scribble(c, there);
    }
    checked_compare(c);
    return there;
}

int checked_substitute(checked *c, int node) {
    const int there = checked_expected(c, c->keys[node], HMM_AVL_EQUAL);
    scribble(c, node);
    EXPECT_EQ(c->tree->substitute(node), there);
    if (there != NONE) {
        c->nodes[checked_place(c, c->keys[node])] = node;
        scribble(c, there);
    }
    checked_compare(c);
    return there;
}

void checked_build(checked *c, const int *nodes, int count) {
    c->count = count;
    for (int i = 0; i < count; i++) {
        c->nodes[i] = nodes[i];
        scribble(c, nodes[i]);
    }
    EXPECT(c->tree->build(nodes, count));
    checked_compare(c);
}

int checked_remove_at(checked *c) {
    const int there = c->tree->get();
    EXPECT_EQ(c->tree->remove_at(), there);
    EXPECT_EQ(c->tree->get(), NONE);
    if (there != NONE) {
        model_remove(c, there);
        scribble(c, there);
    }
    checked_compare(c);
    return there;
}

void checked_search(const checked *c, int key) {
    for (int i = 0; i < 5; i++) {
        const int expected = checked_expected(c, key, checked_relations[i]);
        EXPECT_EQ(c->tree->search(key, checked_relations[i]), expected);
        EXPECT_EQ(c->tree->start(key, checked_relations[i]), expected);
        EXPECT_EQ(c->tree->get(), expected);
    }
}

/* ---- Chance -------------------------------------------------------------------------------------------------------------- */

uint64_t checked_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int checked_random_below(uint64_t *state, int bound) {
    return (int)(checked_random(state) % (uint64_t)bound);
}

uint64_t checked_seed(void) {
    const char *text = getenv("HEAPMM_TEST_SEED");
    return text == NULL || *text == '\0' ? 1 : strtoull(text, NULL, 0);
}

#ifndef HMM_VALGRIND
#define HMM_VALGRIND 0
#endif

int checked_slowness(void) {
    return HMM_VALGRIND ? 20 : 1;
}
