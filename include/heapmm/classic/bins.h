/* heapmm/classic/bins.h: the free blocks of the classic heap: a bin for each size, the bins in one AVL tree.
 *
 * SPDX-License-Identifier: MIT
 *
 * The first block of a bin is the node of the tree, the others are a list behind it. What is put into a bin becomes its second,
 * and the second is taken first: both leave the tree alone. */
#ifndef HMM_IMPL_BINS_H
#define HMM_IMPL_BINS_H

#include "block.h"

static inline void *hmm_impl_bins_get_child(hmm_impl_heap *heap, void *node, int direction) {
    (void)heap;
    return hmm_impl_get_link(node, direction);
}

static inline void hmm_impl_bins_set_child(hmm_impl_heap *heap, void *node, int direction, void *child) {
    (void)heap;
    hmm_impl_set_link(node, direction, child);
}

/* Status 1, 3, 2: balance -1, 0, 1. */
static inline int hmm_impl_bins_get_balance(hmm_impl_heap *heap, void *node) {
    (void)heap;
    const int status = hmm_impl_status(node);
    return (status == 2) - (status == 1);
}

static inline void hmm_impl_bins_set_balance(hmm_impl_heap *heap, void *node, int balance) {
    (void)heap;
    hmm_impl_set_status(node, balance == 0 ? HMM_IMPL_FREE : balance < 0 ? 1 : 2);
}

static inline size_t hmm_impl_bins_key(hmm_impl_heap *heap, void *node) {
    (void)heap;
    return hmm_impl_size(node);
}

static inline int hmm_impl_bins_compare(hmm_impl_heap *heap, size_t key, void *node) {
    (void)heap;
    const size_t size = hmm_impl_size(node);
    return (key > size) - (key < size);
}

/* With audits, a removal first looks whether the nodes are where their balances say. All of them have been audited before. */
#if HMM_IMPL_AUDITS
static inline bool hmm_impl_bins_access(hmm_impl_heap *heap, void *node) {
    (void)heap;
    (void)node;
    return true;
}
#endif

/* The depth of the deepest tree. Blocks of k different sizes fill at least k(k + 1)/2 BAUs: k < 2^15 with words of 16 bits,
 * < 2^16.5 with 32-bit addresses. On the way of an insertion there is one more for a moment. */
enum { HMM_IMPL_DEEPEST = sizeof(hmm_impl_word) <= 2 ? 21 : sizeof(void *) <= 4 ? 23 : 45 };

#define HMM_AVL(name) hmm_impl_bins_##name
#define HMM_AVL_HANDLE void *
#define HMM_AVL_NULL NULL
#define HMM_AVL_KEY size_t
#define HMM_AVL_CONTEXT hmm_impl_heap *
#define HMM_AVL_MAX_DEPTH (HMM_IMPL_DEEPEST + 1)
#define HMM_AVL_CAN_FAIL HMM_IMPL_AUDITS
#include "heapmm/avl.h"

static inline bool hmm_impl_is_first(const unsigned char *b) {
    return hmm_impl_get_link(b, HMM_IMPL_SELF) != b;
}

/* Puts a block into the bin of its size. */
static inline void hmm_impl_put(hmm_impl_heap *heap, unsigned char *b) {
    unsigned char *first = hmm_impl_bins_insert(heap, &heap->root, b);
    if (first == b || first == NULL) {
        hmm_impl_set_link(b, HMM_IMPL_NEXT, NULL);
        return;
    }
    unsigned char *second = hmm_impl_get_link(first, HMM_IMPL_NEXT);
    hmm_impl_set_status(b, HMM_IMPL_FREE);
    hmm_impl_set_link(b, HMM_IMPL_SELF, b);
    hmm_impl_set_link(b, HMM_IMPL_BEFORE, first);
    hmm_impl_set_link(b, HMM_IMPL_NEXT, second);
    if (second != NULL) hmm_impl_set_link(second, HMM_IMPL_BEFORE, b);
    hmm_impl_set_link(first, HMM_IMPL_NEXT, b);
}

/* Takes a block out of its bin.
 *
 * False, nothing changed, if balances are so wrong that the tree cannot be put right. After an audit that happens to the second
 * block that an operation takes only: the audit of the first has seen all that avl.h looks at. */
static inline bool hmm_impl_take(hmm_impl_heap *heap, unsigned char *b) {
    unsigned char *next = hmm_impl_get_link(b, HMM_IMPL_NEXT);
    if (!hmm_impl_is_first(b)) {
        unsigned char *before = hmm_impl_get_link(b, HMM_IMPL_BEFORE);
        hmm_impl_set_link(before, HMM_IMPL_NEXT, next);
        if (next != NULL) hmm_impl_set_link(next, HMM_IMPL_BEFORE, before);
        return true;
    }
    if (next != NULL) return hmm_impl_bins_substitute(heap, &heap->root, next) != NULL;
    return hmm_impl_bins_remove(heap, &heap->root, hmm_impl_size(b)) != NULL;
}

/* Puts the block freed last into its bin. */
static inline void hmm_impl_put_last(hmm_impl_heap *heap) {
    if (heap->last_freed != NULL) hmm_impl_put(heap, heap->last_freed);
    heap->last_freed = NULL;
}

/* Two searches. Each returns the first of a bin; or the block freed last, also where it would be the second of that bin; or
 * null. They follow the links of the tree only. */

/* The smallest free block of at least so many BAUs. */
static inline unsigned char *hmm_impl_best_fit(hmm_impl_heap *heap, size_t baus) {
    unsigned char *first = hmm_impl_bins_search(heap, heap->root, baus, HMM_AVL_GREATER_EQUAL);
    const size_t last = heap->last_freed != NULL ? hmm_impl_size(heap->last_freed) : 0;
    return last >= baus && (first == NULL || last <= hmm_impl_size(first)) ? heap->last_freed : first;
}

/* The largest free block. */
static inline unsigned char *hmm_impl_largest(hmm_impl_heap *heap) {
    unsigned char *first = hmm_impl_bins_greatest(heap, heap->root);
    const size_t last = heap->last_freed != NULL ? hmm_impl_size(heap->last_freed) : 0;
    return last > 0 && (first == NULL || last >= hmm_impl_size(first)) ? heap->last_freed : first;
}

/* Takes what a search has found, or rather the second of that bin, which leaves the tree alone. */
static inline unsigned char *hmm_impl_take_found(hmm_impl_heap *heap, unsigned char *found) {
    if (found == heap->last_freed) {
        heap->last_freed = NULL;
        return found;
    }
    unsigned char *second = hmm_impl_get_link(found, HMM_IMPL_NEXT);
    unsigned char *b = second != NULL ? second : found;
    (void)hmm_impl_take(heap, b);
    return b;
}

#endif
