/* avl_subject.h: trees of different types of handle behind one interface, so that each test runs on all of them.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each subject has NODES nodes, known to the tests by number, one tree and one iterator. Keys are ints. What stands in a node
 * is read and written by number too, for checkers that do not trust the tree and for tests that damage it. */
#ifndef HMM_TESTS_AVL_SUBJECT_H
#define HMM_TESTS_AVL_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>

#include "heapmm/avl_relation.h"

enum { NODES = 1024, NONE = -1 };

typedef struct subject {
    const char *name;
    int max_depth;
    void *image; /* the bytes of all nodes */
    size_t image_size;

    int (*key)(int node);
    void (*set_key)(int node, int key);
    int (*root)(void);
    void (*set_root)(int node);
    int (*child)(int node, int direction);
    void (*set_child)(int node, int direction, int child);
    int (*balance)(int node);
    void (*set_balance)(int node, int balance);

    void (*init)(void);
    bool (*is_empty)(void);
    int (*insert)(int node);
    int (*search)(int key, hmm_avl_relation relation);
    int (*least)(void);
    int (*greatest)(void);
    int (*remove)(int key);
    int (*substitute)(int node);
    bool (*build)(const int *nodes, int count); /* nodes[i] NONE: the sequence gives up there */
    int (*start)(int key, hmm_avl_relation relation);
    int (*start_least)(void);
    int (*start_greatest)(void);
    int (*get)(void);
    int (*next)(void);
    int (*previous)(void);
    int (*remove_at)(void);
    long (*check)(size_t limit);
} subject;

/* Handles are pointers; 16-bit indexes; 32-bit offsets from a base, kept in the nodes as offsets from the node. */
extern const subject avl_pointers, avl_indexes, avl_offsets;

/* 16-bit indexes again, in trees at most SHALLOW deep. */
enum { SHALLOW = 4 };
extern const subject avl_shallow;

/* Nodes in a pretended storage whose access may fail. Its hooks end the test when they are called with a node that has not been
 * accessed in the same operation, or not lately enough, see "Access that may fail" in avl.h; or after an access has failed.
 * Handles are node numbers; access refuses all others, and so lets tests set wild ones. */
extern const subject avl_storage;

/* Lets the nth access of a node from now on fail; 0: none. */
void avl_storage_fail(long nth);

/* Whether an access has failed since. */
bool avl_storage_failed(void);

/* Accesses since avl_storage_fail was called. */
long avl_storage_accesses(void);

/* Those that hold any tree of NODES nodes. */
enum { SUBJECTS = 4 };
extern const subject *const avl_subjects[SUBJECTS];

/* Runs a test on each of them. */
void avl_for_each_subject(void (*test)(const subject *s));

#endif
