/* avl_subjects.c: the trees under test: several types of tree in one file.
 *
 * SPDX-License-Identifier: MIT */
#include "avl_subject.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "expect.h"

/* ---- Handles are pointers ------------------------------------------------------------------------------------------------ */

struct pointed {
    struct pointed *lesser, *greater;
    int key;
    int balance;
};

static struct pointed pointed_nodes[NODES];

static inline struct pointed *pointers_get_child(void *context, struct pointed *node, int direction) {
    (void)context;
    return direction ? node->greater : node->lesser;
}

static inline void pointers_set_child(void *context, struct pointed *node, int direction, struct pointed *child) {
    (void)context;
    *(direction ? &node->greater : &node->lesser) = child;
}

static inline int pointers_get_balance(void *context, struct pointed *node) {
    (void)context;
    return node->balance;
}

static inline void pointers_set_balance(void *context, struct pointed *node, int balance) {
    (void)context;
    node->balance = balance;
}

static inline int pointers_key(void *context, struct pointed *node) {
    (void)context;
    return node->key;
}

static inline int pointers_compare(void *context, int key, struct pointed *node) {
    (void)context;
    return (key > node->key) - (key < node->key);
}

static inline void pointers_set_key(void *context, struct pointed *node, int key) {
    (void)context;
    node->key = key;
}

static inline struct pointed *pointers_handle(int node) {
    return &pointed_nodes[node];
}

static inline int pointers_number(struct pointed *node) {
    return (int)(node - pointed_nodes);
}

#define SUBJECT(name) pointers_##name
#define SUBJECT_HANDLE struct pointed *
#define SUBJECT_NULL NULL
#define SUBJECT_CONTEXT void *
#define SUBJECT_MAX_DEPTH 45
#define SUBJECT_CAN_FAIL 0
#define SUBJECT_VALUE NULL
#define SUBJECT_IMAGE pointed_nodes
#define SUBJECT_VARIABLE avl_pointers
#define SUBJECT_NAME "pointers"
#include "avl_subject_type.h"

/* ---- Handles are indexes: two types of tree over the same kind of node --------------------------------------------------- */

/* The balance is packed into the key's word: balance + 1 in its lowest two bits. */
struct indexed {
    int key_and_balance;
    uint16_t child[2];
};

static inline uint16_t indexed_get_child(struct indexed *nodes, uint16_t node, int direction) {
    return nodes[node].child[direction];
}

static inline void indexed_set_child(struct indexed *nodes, uint16_t node, int direction, uint16_t child) {
    nodes[node].child[direction] = child;
}

static inline int indexed_get_balance(struct indexed *nodes, uint16_t node) {
    return (nodes[node].key_and_balance & 3) - 1;
}

static inline void indexed_set_balance(struct indexed *nodes, uint16_t node, int balance) {
    nodes[node].key_and_balance = (nodes[node].key_and_balance & ~3) | ((balance + 1) & 3);
}

static inline int indexed_key(struct indexed *nodes, uint16_t node) {
    return (nodes[node].key_and_balance & ~3) / 4;
}

static inline int indexed_compare(struct indexed *nodes, int key, uint16_t node) {
    return key - indexed_key(nodes, node);
}

static inline void indexed_set_key(struct indexed *nodes, uint16_t node, int key) {
    nodes[node].key_and_balance = key * 4 + (nodes[node].key_and_balance & 3);
}

static inline uint16_t indexed_handle(int node) {
    return (uint16_t)node;
}

static inline int indexed_number(uint16_t node) {
    return node;
}

static struct indexed indexed_nodes[NODES];

#define SUBJECT(name) indexed_##name
#define SUBJECT_HANDLE uint16_t
#define SUBJECT_NULL UINT16_MAX
#define SUBJECT_CONTEXT struct indexed *
#define SUBJECT_MAX_DEPTH HMM_AVL_DEPTH_FOR(UINT16_MAX)
#define SUBJECT_CAN_FAIL 0
#define SUBJECT_VALUE indexed_nodes
#define SUBJECT_IMAGE indexed_nodes
#define SUBJECT_VARIABLE avl_indexes
#define SUBJECT_NAME "indexes"
#include "avl_subject_type.h"

static struct indexed shallow_nodes[NODES];

#define shallow_get_child indexed_get_child
#define shallow_set_child indexed_set_child
#define shallow_get_balance indexed_get_balance
#define shallow_set_balance indexed_set_balance
#define shallow_key indexed_key
#define shallow_compare indexed_compare
#define shallow_set_key indexed_set_key
#define shallow_handle indexed_handle
#define shallow_number indexed_number

#define SUBJECT(name) shallow_##name
#define SUBJECT_HANDLE uint16_t
#define SUBJECT_NULL UINT16_MAX
#define SUBJECT_CONTEXT struct indexed *
#define SUBJECT_CAN_FAIL 0
#define SUBJECT_MAX_DEPTH SHALLOW
#define SUBJECT_VALUE shallow_nodes
#define SUBJECT_IMAGE shallow_nodes
#define SUBJECT_VARIABLE avl_shallow
#define SUBJECT_NAME "shallow"
#include "avl_subject_type.h"

/* ---- Handles are offsets ------------------------------------------------------------------------------------------------- */

/* Children are offsets from the node, so that nodes could be moved together; a node cannot be its own child, so 0 is none. */
struct placed {
    int32_t child[2];
    short key;
    signed char balance;
};

static struct placed places[1 + NODES]; /* the first is none: the offset 0 is no node */

static inline struct placed *offsets_node(char *base, int32_t node) {
    return (struct placed *)(void *)(base + node);
}

static inline int32_t offsets_get_child(char *base, int32_t node, int direction) {
    const int32_t away = offsets_node(base, node)->child[direction];
    return away == 0 ? 0 : node + away;
}

static inline void offsets_set_child(char *base, int32_t node, int direction, int32_t child) {
    offsets_node(base, node)->child[direction] = child == 0 ? 0 : child - node;
}

static inline int offsets_get_balance(char *base, int32_t node) {
    return offsets_node(base, node)->balance;
}

static inline void offsets_set_balance(char *base, int32_t node, int balance) {
    offsets_node(base, node)->balance = (signed char)balance;
}

static inline int offsets_key(char *base, int32_t node) {
    return offsets_node(base, node)->key;
}

static inline int offsets_compare(char *base, int key, int32_t node) {
    return key - offsets_node(base, node)->key;
}

static inline void offsets_set_key(char *base, int32_t node, int key) {
    offsets_node(base, node)->key = (short)key;
}

static inline int32_t offsets_handle(int node) {
    return (1 + node) * (int32_t)sizeof(struct placed);
}

static inline int offsets_number(int32_t node) {
    return node / (int32_t)sizeof(struct placed) - 1;
}

#define SUBJECT(name) offsets_##name
#define SUBJECT_HANDLE int32_t
#define SUBJECT_NULL 0
#define SUBJECT_CONTEXT char *
#define SUBJECT_MAX_DEPTH 45
#define SUBJECT_CAN_FAIL 0
#define SUBJECT_VALUE (char *)places
#define SUBJECT_IMAGE places
#define SUBJECT_VARIABLE avl_offsets
#define SUBJECT_NAME "offsets"
#include "avl_subject_type.h"

/* ---- Access may fail ----------------------------------------------------------------------------------------------------- */

struct stored {
    int key;
    int child[2];
    int balance;
};

static struct stored stored_nodes[NODES];

/* Times are counts of accesses since the beginning, of all nodes. */
struct storage {
    struct stored *nodes;
    long now;
    long accessed[NODES];    /* when each node was last accessed */
    long since;              /* what was accessed no later than this is out of reach */
    long iteration;          /* `since` of the operation that started the iterator */
    long window;             /* how many nodes, those last accessed, are in reach */
    long operations;         /* number of the operation */
    long handed_over[NODES]; /* the operation that each node was last given to */
    long counted_from;       /* when failing was set */
    long failing;            /* when an access will fail; 0: none will */
    bool failed;
};

static struct storage storage = {.nodes = stored_nodes};

static void storage_begin(int window) {
    storage.operations++;
    storage.window = window;
    storage.since = storage.now;
}

static void storage_begin_iteration(void) {
    storage_begin(1);
    storage.iteration = storage.since;
}

static void storage_go_on(void) {
    storage_begin(INT_MAX);
    storage.since = storage.iteration;
}

static void storage_hand_over(int node) {
    storage.handed_over[node] = storage.operations;
}

static bool storage_access(struct storage *s, int node) {
    EXPECT(!s->failed);
    s->now++;
    if (s->now == s->failing) s->failed = true;
    if (s->failed || node < 0 || node >= NODES) return false;
    s->accessed[node] = s->now;
    return true;
}

/* Every other hook comes through here. */
static struct stored *storage_node(struct storage *s, int node) {
    EXPECT(!s->failed);
    EXPECT(node >= 0 && node < NODES);
    if (s->handed_over[node] != s->operations) {
        EXPECT(s->accessed[node] > s->since);
        EXPECT(s->accessed[node] > s->now - s->window);
    }
    return &s->nodes[node];
}

static int storage_get_child(struct storage *s, int node, int direction) {
    return storage_node(s, node)->child[direction];
}

static void storage_set_child(struct storage *s, int node, int direction, int child) {
    storage_node(s, node)->child[direction] = child;
}

static int storage_get_balance(struct storage *s, int node) {
    return storage_node(s, node)->balance;
}

static void storage_set_balance(struct storage *s, int node, int balance) {
    storage_node(s, node)->balance = balance;
}

static int storage_key(struct storage *s, int node) {
    return storage_node(s, node)->key;
}

static int storage_compare(struct storage *s, int key, int node) {
    return key - storage_node(s, node)->key;
}

static void storage_set_key(struct storage *s, int node, int key) {
    s->nodes[node].key = key;
}

static int storage_handle(int node) {
    return node;
}

static int storage_number(int node) {
    return node;
}

#define SUBJECT(name) storage_##name
#define SUBJECT_HANDLE int
#define SUBJECT_NULL NONE
#define SUBJECT_CONTEXT struct storage *
#define SUBJECT_MAX_DEPTH HMM_AVL_DEPTH_FOR(NODES)
#define SUBJECT_CAN_FAIL 1
#define SUBJECT_VALUE &storage
#define SUBJECT_IMAGE stored_nodes
#define SUBJECT_VARIABLE avl_storage
#define SUBJECT_NAME "storage"
#include "avl_subject_type.h"

void avl_storage_fail(long nth) {
    storage.counted_from = storage.now;
    storage.failing = nth == 0 ? 0 : storage.now + nth;
    storage.failed = false;
}

bool avl_storage_failed(void) {
    return storage.failed;
}

long avl_storage_accesses(void) {
    return storage.now - storage.counted_from;
}

/* ---- All of them --------------------------------------------------------------------------------------------------------- */

const subject *const avl_subjects[SUBJECTS] = {&avl_pointers, &avl_indexes, &avl_offsets, &avl_storage};

void avl_for_each_subject(void (*test)(const subject *s)) {
    for (int i = 0; i < SUBJECTS; i++) {
        printf("  %s\n", avl_subjects[i]->name);
        fflush(stdout);
        test(avl_subjects[i]);
    }
}
