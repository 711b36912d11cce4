/* size_tree.h: the tree of a class that covers several sizes: its free blocks by size, one node for each size.
 *
 * SPDX-License-Identifier: MIT
 *
 * Blocks of equal size form a ring with the node, which is the oldest of them and taken last. So most insertions and removals of
 * an often used size do not change the tree. */
#ifndef HMM_HEAP_SIZE_TREE_H
#define HMM_HEAP_SIZE_TREE_H

#include "class.h"
#include "header.h"

/* k nodes have k different sizes, at least 1 + 2 + ... + k units together, which must be within the 2^HMM_WORD_BITS that links
 * reach: so k < 2^((HMM_WORD_BITS + 1) / 2), even in the open-ended last class. An audited path is not longer; but where balances
 * are wrong, each of two removals before an insertion may lengthen it by a rotation at every level, so there is room for that. */
#define HMM_SIZE_TREE_DEPTH HMM_AVL_DEPTH_FOR((uintmax_t)1 << (HMM_WORD_BITS / 2 + 1))

/* Whether a handle may be used as a node. A tree that was overwritten so that it is still one, each node between the right sizes,
 * but its balances are wrong, is not recognised before the next check; a rotation may then look for a child that is not there. It
 * must not find the control block. */
HMM_INLINE bool by_size_is_node(HMM_LINK node) {
    return HMM_AUDIT_LEVEL < 1 || node != HMM_NO_BLOCK;
}

HMM_INLINE HMM_LINK by_size_get_child(const struct HMM_HEAP *heap, HMM_LINK node, int direction) {
    return by_size_is_node(node) ? block_of_link(heap, node)->child[direction] : HMM_NO_BLOCK;
}

HMM_INLINE void by_size_set_child(const struct HMM_HEAP *heap, HMM_LINK node, int direction, HMM_LINK child) {
    if (by_size_is_node(node)) block_of_link(heap, node)->child[direction] = child;
}

HMM_INLINE int by_size_get_balance(const struct HMM_HEAP *heap, HMM_LINK node) {
    return by_size_is_node(node) ? (int)block_of_link(heap, node)->balance : 0;
}

HMM_INLINE void by_size_set_balance(const struct HMM_HEAP *heap, HMM_LINK node, int balance) {
    if (by_size_is_node(node)) block_of_link(heap, node)->balance = (HMM_LINK)balance;
}

HMM_INLINE hmm_units by_size_key(const struct HMM_HEAP *heap, HMM_LINK node) {
    return size_in(*header_of(block_of_link(heap, node)));
}

HMM_INLINE int by_size_compare(const struct HMM_HEAP *heap, hmm_units key, HMM_LINK node) {
    const hmm_units size = by_size_key(heap, node);
    return (key > size) - (key < size);
}

#define HMM_AVL(name) by_size_##name
#define HMM_AVL_HANDLE hmm_link
#define HMM_AVL_NULL HMM_NO_BLOCK
#define HMM_AVL_KEY hmm_units
#define HMM_AVL_CONTEXT const struct HMM_HEAP *
#define HMM_AVL_MAX_DEPTH (3 * HMM_SIZE_TREE_DEPTH)
#define HMM_AVL_FUNCTION HMM_INTERNAL
#include "heapmm/avl.h"

#endif
