/* avl_subject_type.h: makes one subject, around one inclusion of avl.h. Without include guard, like it.
 *
 * SPDX-License-Identifier: MIT
 *
 * SUBJECT(name)      makes the names
 * SUBJECT_HANDLE, SUBJECT_NULL, SUBJECT_CONTEXT, SUBJECT_MAX_DEPTH, SUBJECT_CAN_FAIL    as those of avl.h
 * SUBJECT_VALUE      the context
 * SUBJECT_IMAGE      the array of all nodes
 * SUBJECT_VARIABLE   the subject to be defined
 * SUBJECT_NAME       its name, a string
 *
 * All are undefined at the end. Besides the hooks there must be SUBJECT(handle)(number), SUBJECT(number)(handle),
 * SUBJECT(set_key)(context, handle, key), and if access can fail the four functions that are empty below. */
#define HMM_AVL(name) SUBJECT(name)
#define HMM_AVL_HANDLE SUBJECT_HANDLE
#define HMM_AVL_NULL SUBJECT_NULL
#define HMM_AVL_KEY int
#define HMM_AVL_CONTEXT SUBJECT_CONTEXT
#define HMM_AVL_MAX_DEPTH SUBJECT_MAX_DEPTH
#define HMM_AVL_CAN_FAIL SUBJECT_CAN_FAIL
#include "heapmm/avl.h"

#if !SUBJECT_CAN_FAIL
/* Begins an operation, which needs the last `window` nodes accessed. */
static inline void SUBJECT(begin)(int window) {
    (void)window;
}

/* Begins an operation that starts the iterator. */
static inline void SUBJECT(begin_iteration)(void) {
}

/* Begins an operation that needs all nodes accessed since the iterator was started. */
static inline void SUBJECT(go_on)(void) {
}

/* Tells that a node is given to the operation. */
static inline void SUBJECT(hand_over)(int node) {
    (void)node;
}
#endif

static SUBJECT_HANDLE SUBJECT(the_root);
static SUBJECT(iterator) SUBJECT(the_iterator);

static int SUBJECT(number_or_none)(SUBJECT_HANDLE handle) {
    return handle == SUBJECT_NULL ? NONE : SUBJECT(number)(handle);
}

static SUBJECT_HANDLE SUBJECT(handle_or_null)(int node) {
    return node == NONE ? SUBJECT_NULL : SUBJECT(handle)(node);
}

/* ---- By number, not through the tree ------------------------------------------------------------------------------------- */

static int SUBJECT(raw_key)(int node) {
    SUBJECT(begin)(0);
    SUBJECT(hand_over)(node);
    return SUBJECT(key)(SUBJECT_VALUE, SUBJECT(handle)(node));
}

static void SUBJECT(raw_set_key)(int node, int key) {
    SUBJECT(set_key)(SUBJECT_VALUE, SUBJECT(handle)(node), key);
}

static int SUBJECT(raw_root)(void) {
    return SUBJECT(number_or_none)(SUBJECT(the_root));
}

static void SUBJECT(raw_set_root)(int node) {
    SUBJECT(the_root) = SUBJECT(handle_or_null)(node);
}

static int SUBJECT(raw_child)(int node, int direction) {
    SUBJECT(begin)(0);
    SUBJECT(hand_over)(node);
    return SUBJECT(number_or_none)(SUBJECT(get_child)(SUBJECT_VALUE, SUBJECT(handle)(node), direction));
}

static void SUBJECT(raw_set_child)(int node, int direction, int child) {
    SUBJECT(begin)(0);
    SUBJECT(hand_over)(node);
    SUBJECT(set_child)(SUBJECT_VALUE, SUBJECT(handle)(node), direction, SUBJECT(handle_or_null)(child));
}

static int SUBJECT(raw_balance)(int node) {
    SUBJECT(begin)(0);
    SUBJECT(hand_over)(node);
    return SUBJECT(get_balance)(SUBJECT_VALUE, SUBJECT(handle)(node));
}

static void SUBJECT(raw_set_balance)(int node, int balance) {
    SUBJECT(begin)(0);
    SUBJECT(hand_over)(node);
    SUBJECT(set_balance)(SUBJECT_VALUE, SUBJECT(handle)(node), balance);
}

/* ---- Through the tree ---------------------------------------------------------------------------------------------------- */

static void SUBJECT(do_init)(void) {
    SUBJECT(init)(&SUBJECT(the_root));
}

static bool SUBJECT(do_is_empty)(void) {
    return SUBJECT(is_empty)(SUBJECT(the_root));
}

static int SUBJECT(do_insert)(int node) {
    SUBJECT(begin)(INT_MAX);
    SUBJECT(hand_over)(node);
    return SUBJECT(number_or_none)(SUBJECT(insert)(SUBJECT_VALUE, &SUBJECT(the_root), SUBJECT(handle)(node)));
}

static int SUBJECT(do_search)(int key, hmm_avl_relation relation) {
    SUBJECT(begin)(1);
    return SUBJECT(number_or_none)(SUBJECT(search)(SUBJECT_VALUE, SUBJECT(the_root), key, relation));
}

static int SUBJECT(do_least)(void) {
    SUBJECT(begin)(1);
    return SUBJECT(number_or_none)(SUBJECT(least)(SUBJECT_VALUE, SUBJECT(the_root)));
}

static int SUBJECT(do_greatest)(void) {
    SUBJECT(begin)(1);
    return SUBJECT(number_or_none)(SUBJECT(greatest)(SUBJECT_VALUE, SUBJECT(the_root)));
}

static int SUBJECT(do_remove)(int key) {
    SUBJECT(begin)(INT_MAX);
    return SUBJECT(number_or_none)(SUBJECT(remove)(SUBJECT_VALUE, &SUBJECT(the_root), key));
}

static int SUBJECT(do_substitute)(int node) {
    SUBJECT(begin)(INT_MAX);
    SUBJECT(hand_over)(node);
    return SUBJECT(number_or_none)(SUBJECT(substitute)(SUBJECT_VALUE, &SUBJECT(the_root), SUBJECT(handle)(node)));
}

static SUBJECT_HANDLE SUBJECT(next_of_sequence)(void *sequence) {
    const int **nodes = (const int **)sequence;
    const int node = *(*nodes)++;
    if (node != NONE) SUBJECT(hand_over)(node);
    return SUBJECT(handle_or_null)(node);
}

static bool SUBJECT(do_build)(const int *nodes, int count) {
    SUBJECT(begin)(INT_MAX);
    return SUBJECT(build)(SUBJECT_VALUE, &SUBJECT(the_root), SUBJECT(next_of_sequence), &nodes, (size_t)count);
}

/* Nothing of what an iterator was before may matter. */
static void SUBJECT(prepare_iterator)(void) {
    memset(&SUBJECT(the_iterator), 0x5A, sizeof SUBJECT(the_iterator));
    SUBJECT(begin_iteration)();
}

static int SUBJECT(do_start)(int key, hmm_avl_relation relation) {
    SUBJECT(prepare_iterator)();
    return SUBJECT(number_or_none)(SUBJECT(start)(&SUBJECT(the_iterator), SUBJECT_VALUE, SUBJECT(the_root), key, relation));
}

static int SUBJECT(do_start_least)(void) {
    SUBJECT(prepare_iterator)();
    return SUBJECT(number_or_none)(SUBJECT(start_least)(&SUBJECT(the_iterator), SUBJECT_VALUE, SUBJECT(the_root)));
}

static int SUBJECT(do_start_greatest)(void) {
    SUBJECT(prepare_iterator)();
    return SUBJECT(number_or_none)(SUBJECT(start_greatest)(&SUBJECT(the_iterator), SUBJECT_VALUE, SUBJECT(the_root)));
}

static int SUBJECT(do_get)(void) {
    return SUBJECT(number_or_none)(SUBJECT(get)(&SUBJECT(the_iterator)));
}

static int SUBJECT(do_next)(void) {
    SUBJECT(begin)(1);
    return SUBJECT(number_or_none)(SUBJECT(next)(&SUBJECT(the_iterator)));
}

static int SUBJECT(do_previous)(void) {
    SUBJECT(begin)(1);
    return SUBJECT(number_or_none)(SUBJECT(previous)(&SUBJECT(the_iterator)));
}

static int SUBJECT(do_remove_at)(void) {
    SUBJECT(go_on)();
    return SUBJECT(number_or_none)(SUBJECT(remove_at)(&SUBJECT(the_iterator), &SUBJECT(the_root)));
}

static long SUBJECT(do_check)(size_t limit) {
    SUBJECT(begin)(2);
    return (long)SUBJECT(check)(SUBJECT_VALUE, SUBJECT(the_root), limit);
}

const subject SUBJECT_VARIABLE = {
    .name = SUBJECT_NAME,
    .max_depth = SUBJECT_MAX_DEPTH,
    .image = SUBJECT_IMAGE,
    .image_size = sizeof SUBJECT_IMAGE,
    .key = SUBJECT(raw_key),
    .set_key = SUBJECT(raw_set_key),
    .root = SUBJECT(raw_root),
    .set_root = SUBJECT(raw_set_root),
    .child = SUBJECT(raw_child),
    .set_child = SUBJECT(raw_set_child),
    .balance = SUBJECT(raw_balance),
    .set_balance = SUBJECT(raw_set_balance),
    .init = SUBJECT(do_init),
    .is_empty = SUBJECT(do_is_empty),
    .insert = SUBJECT(do_insert),
    .search = SUBJECT(do_search),
    .least = SUBJECT(do_least),
    .greatest = SUBJECT(do_greatest),
    .remove = SUBJECT(do_remove),
    .substitute = SUBJECT(do_substitute),
    .build = SUBJECT(do_build),
    .start = SUBJECT(do_start),
    .start_least = SUBJECT(do_start_least),
    .start_greatest = SUBJECT(do_start_greatest),
    .get = SUBJECT(do_get),
    .next = SUBJECT(do_next),
    .previous = SUBJECT(do_previous),
    .remove_at = SUBJECT(do_remove_at),
    .check = SUBJECT(do_check),
};

#undef SUBJECT
#undef SUBJECT_NAME
#undef SUBJECT_VARIABLE
#undef SUBJECT_HANDLE
#undef SUBJECT_NULL
#undef SUBJECT_CONTEXT
#undef SUBJECT_MAX_DEPTH
#undef SUBJECT_CAN_FAIL
#undef SUBJECT_VALUE
#undef SUBJECT_IMAGE
