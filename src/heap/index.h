/* index.h: the free index: finding, taking out and putting in free blocks.
 *
 * SPDX-License-Identifier: MIT
 *
 * Nothing here is audited: what is read and changed was verified before, see audit.h. */
#ifndef HMM_HEAP_INDEX_H
#define HMM_HEAP_INDEX_H

#include "size_tree.h"

/* ---- Bitmap -------------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL hmm_bits *bitmap_of(const struct HMM_HEAP *heap) {
    return (hmm_bits *)(address_of(heap) + heap->map_at);
}

HMM_INTERNAL void mark_class(struct HMM_HEAP *heap, unsigned number) {
    bitmap_of(heap)[number / HMM_BITS] |= (hmm_bits)1 << number % HMM_BITS;
    heap->summary |= (hmm_bits)1 << number / HMM_BITS;
}

HMM_INTERNAL void unmark_class(struct HMM_HEAP *heap, unsigned number) {
    hmm_bits *word = &bitmap_of(heap)[number / HMM_BITS];
    *word &= ~((hmm_bits)1 << number % HMM_BITS);
    if (*word == 0) heap->summary &= ~((hmm_bits)1 << number / HMM_BITS);
}

/* The first class from `number` on that is marked; 0 if there is none. */
HMM_INTERNAL unsigned marked_class_from(const struct HMM_HEAP *heap, unsigned number) {
    const hmm_bits *map = bitmap_of(heap);
    unsigned word = number / HMM_BITS;
    const hmm_bits here = map[word] >> number % HMM_BITS;
    if (here != 0) return number + hmm_lowest_bit(here);

    const hmm_bits above = (heap->summary >> word) >> 1;
    if (above == 0) return 0;
    word += 1 + hmm_lowest_bit(above);
    return map[word] == 0 ? 0 : word * HMM_BITS + hmm_lowest_bit(map[word]);
}

/* The last class that is marked; 0 if there is none. */
HMM_INTERNAL unsigned last_marked_class(const struct HMM_HEAP *heap) {
    if (heap->summary == 0) return 0;
    const unsigned word = hmm_highest_bit(heap->summary);
    const hmm_bits bits = bitmap_of(heap)[word];
    return bits == 0 ? 0 : word * HMM_BITS + hmm_highest_bit(bits);
}

/* ---- Bins ---------------------------------------------------------------------------------------------------------------- */

/* Puts a block between `previous` and what follows that. */
HMM_INTERNAL void link_behind(struct HMM_HEAP *heap, struct block *previous, struct block *b) {
    b->previous = link_of(heap, previous);
    b->next = previous->next;
    if (b->next != HMM_NO_BLOCK) block_of_link(heap, b->next)->previous = link_of(heap, b);
    previous->next = link_of(heap, b);
}

HMM_INTERNAL void put_in_list(struct HMM_HEAP *heap, struct block *b, unsigned number) {
    hmm_link *head = &heap->heads[number];
    b->previous = HMM_NO_BLOCK;
    b->next = *head;
    if (*head != HMM_NO_BLOCK)
        block_of_link(heap, *head)->previous = link_of(heap, b);
    else
        mark_class(heap, number);
    *head = link_of(heap, b);
}

HMM_OUTLINE void put_in_tree(struct HMM_HEAP *heap, struct block *b, unsigned number) {
    hmm_link *root = &heap->heads[number];
    const HMM_LINK link = link_of(heap, b);
    b->previous = HMM_NO_BLOCK;
    b->next = HMM_NO_BLOCK;
    if (*root == HMM_NO_BLOCK) mark_class(heap, number);
    const HMM_LINK node = by_size_insert(heap, root, link);
    if (node != link) link_behind(heap, block_of_link(heap, node), b);
}

/* Puts a free block into the index. Its header is written. */
HMM_INTERNAL void index_put(struct HMM_HEAP *heap, struct block *b, hmm_units units) {
    const unsigned number = class_of(heap, units);
    if (class_is_tree(heap, number))
        put_in_tree(heap, b, number);
    else
        put_in_list(heap, b, number);
    if (HMM_STATS) heap->blocks_free++;
}

/* Takes out a tree's node: the block behind it, if there is one, takes its place. */
HMM_OUTLINE void take_from_tree(struct HMM_HEAP *heap, struct block *b, unsigned number, hmm_units units) {
    hmm_link *root = &heap->heads[number];
    if (b->next != HMM_NO_BLOCK) {
        block_of_link(heap, b->next)->previous = HMM_NO_BLOCK;
        by_size_substitute(heap, root, b->next);
    } else {
        by_size_remove(heap, root, units);
        if (*root == HMM_NO_BLOCK) unmark_class(heap, number);
    }
}

HMM_INTERNAL void take_first_of_list(struct HMM_HEAP *heap, const struct block *b, unsigned number) {
    heap->heads[number] = b->next;
    if (b->next != HMM_NO_BLOCK)
        block_of_link(heap, b->next)->previous = HMM_NO_BLOCK;
    else
        unmark_class(heap, number);
}

/* Takes a free block out of the index. */
HMM_INTERNAL void index_take(struct HMM_HEAP *heap, struct block *b, hmm_units units) {
    if (HMM_STATS) heap->blocks_free--;
    if (b->previous != HMM_NO_BLOCK) {
        block_of_link(heap, b->previous)->next = b->next;
        if (b->next != HMM_NO_BLOCK) block_of_link(heap, b->next)->previous = b->previous;
        return;
    }
    const unsigned number = class_of(heap, units);
    if (class_is_tree(heap, number))
        take_from_tree(heap, b, number, units);
    else
        take_first_of_list(heap, b, number);
}

#endif
