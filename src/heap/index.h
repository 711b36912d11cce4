/* index.h: the free index: finding, taking out and putting in free blocks.
 *
 * SPDX-License-Identifier: MIT
 *
 * Nothing here is audited: what is read and changed was verified before, see audit.h. */
#ifndef HMM_HEAP_INDEX_H
#define HMM_HEAP_INDEX_H

#include "size_tree.h"

/* ---- Bitmap -------------------------------------------------------------------------------------------------------------- */

HMM_INLINE hmm_bits *bitmap_of(const struct HMM_HEAP *heap) {
    return (hmm_bits *)(address_of(heap) + heap->map_at);
}

HMM_INLINE void mark_class(struct HMM_HEAP *heap, unsigned number) {
    hmm_bits *place = &bitmap_of(heap)[number / HMM_BITS];
    const hmm_bits word = *place;
    *place = word | (hmm_bits)1 << number % HMM_BITS;
    if (word == 0) heap->summary |= (hmm_bits)1 << number / HMM_BITS;
}

HMM_INLINE void unmark_class(struct HMM_HEAP *heap, unsigned number) {
    hmm_bits *place = &bitmap_of(heap)[number / HMM_BITS];
    const hmm_bits word = *place & ~((hmm_bits)1 << number % HMM_BITS);
    *place = word;
    if (word == 0) heap->summary &= ~((hmm_bits)1 << number / HMM_BITS);
}

/* The first class from `number` on that is marked; if there is none, the number of classes or more. */
HMM_INLINE unsigned marked_class_from(const struct HMM_HEAP *heap, unsigned number) {
    const hmm_bits *map = bitmap_of(heap);
    unsigned word = number / HMM_BITS;
    const hmm_bits here = map[word] >> number % HMM_BITS;
    if (here != 0) return number + hmm_lowest_bit(here);

    const hmm_bits above = (heap->summary >> word) >> 1;
    if (above == 0) return heap->classes;
    word += 1 + hmm_lowest_bit(above);
    if (HMM_AUDIT_LEVEL >= 1 && (word * HMM_BITS >= heap->classes || map[word] == 0)) return UINT_MAX;
    return word * HMM_BITS + hmm_lowest_bit(map[word]);
}

/* The last class that is marked; 0 if there is none. */
HMM_INLINE unsigned last_marked_class(const struct HMM_HEAP *heap) {
    if (heap->summary == 0) return 0;
    const unsigned word = hmm_highest_bit(heap->summary);
    if (HMM_AUDIT_LEVEL >= 1 && word * HMM_BITS >= heap->classes) return UINT_MAX;
    const hmm_bits bits = bitmap_of(heap)[word];
    return bits == 0 ? 0 : word * HMM_BITS + hmm_highest_bit(bits);
}

/* ---- Lists: exact classes ------------------------------------------------------------------------------------------------ */

/* link: of b. */
HMM_INLINE void put_in_list(struct HMM_HEAP *heap, struct block *b, HMM_LINK link, unsigned number) {
    const HMM_LINK head = heap->heads[number];
    b->previous = HMM_LIST_END(number);
    heap->heads[number] = link;
    if (head != HMM_NO_BLOCK) {
        b->next = head;
        block_of_link(heap, head)->previous = link;
    } else {
        b->next = HMM_LIST_END(number);
        mark_class(heap, number);
    }
}

/* Links that stay behind in a payload must not seem to lead back to a block that was a neighbour once. */
HMM_INLINE void erase_links(struct block *b) {
    if (HMM_AUDIT_LEVEL < 1) return;
    b->next = HMM_NO_BLOCK;
    b->previous = HMM_NO_BLOCK;
}

/* Takes the newest block out of a list; the next one becomes the newest. */
HMM_INLINE void take_newest(struct HMM_HEAP *heap, struct block *b, unsigned number) {
    const HMM_LINK next = b->next;
    erase_links(b);
    if (next != HMM_LIST_END(number)) {
        heap->heads[number] = next;
        block_of_link(heap, next)->previous = HMM_LIST_END(number);
    } else {
        heap->heads[number] = HMM_NO_BLOCK;
        unmark_class(heap, number);
    }
}

HMM_INLINE void take_from_list(struct HMM_HEAP *heap, struct block *b, unsigned number) {
    const HMM_LINK next = b->next, previous = b->previous;
    if (previous == HMM_LIST_END(number)) {
        take_newest(heap, b, number);
        return;
    }
    erase_links(b);
    block_of_link(heap, previous)->next = next;
    if (next != HMM_LIST_END(number)) block_of_link(heap, next)->previous = previous;
}

/* ---- Rings in trees: the other classes ----------------------------------------------------------------------------------- */

HMM_INTERNAL bool is_node(const struct block *b) {
    return b->balance != HMM_NOT_A_NODE;
}

HMM_INTERNAL bool is_alone(const struct HMM_HEAP *heap, const struct block *b) {
    return b->next == link_of(heap, b);
}

/* Makes b the newest block of a node's ring. */
HMM_INTERNAL void put_in_ring(struct HMM_HEAP *heap, struct block *node, struct block *b) {
    b->balance = HMM_NOT_A_NODE;
    b->next = node->next;
    b->previous = link_of(heap, node);
    block_of_link(heap, node->next)->previous = link_of(heap, b);
    node->next = link_of(heap, b);
}

HMM_INTERNAL void take_from_ring(struct HMM_HEAP *heap, const struct block *b) {
    block_of_link(heap, b->next)->previous = b->previous;
    block_of_link(heap, b->previous)->next = b->next;
}

/* The first node of a tree. */
HMM_INTERNAL void start_tree(struct HMM_HEAP *heap, struct block *b, unsigned number) {
    const HMM_LINK link = link_of(heap, b);
    b->next = link;
    b->previous = link;
    b->child[0] = HMM_NO_BLOCK;
    b->child[1] = HMM_NO_BLOCK;
    b->balance = 0;
    heap->heads[number] = link;
    mark_class(heap, number);
}

HMM_OUTLINE void put_in_tree(struct HMM_HEAP *heap, struct block *b, unsigned number) {
    const HMM_LINK link = link_of(heap, b);
    const HMM_LINK node = by_size_insert(heap, &heap->heads[number], link);
    if (node != link) {
        put_in_ring(heap, block_of_link(heap, node), b);
    } else {
        b->next = link;
        b->previous = link;
    }
}

HMM_OUTLINE void take_from_tree(struct HMM_HEAP *heap, struct block *b, unsigned number, hmm_units units) {
    hmm_link *root = &heap->heads[number];
    const HMM_LINK oldest_other = b->previous;
    const bool alone = is_alone(heap, b);
    take_from_ring(heap, b);
    if (!is_node(b)) return;
    if (!alone)
        by_size_substitute(heap, root, oldest_other);
    else
        by_size_remove(heap, root, units);
}

/* Whether b is all that a class holds, as is usual of the large ones. */
HMM_INTERNAL bool is_all(const struct HMM_HEAP *heap, const struct block *b, unsigned number) {
    return heap->heads[number] == link_of(heap, b) && is_alone(heap, b) && b->child[0] == HMM_NO_BLOCK &&
           b->child[1] == HMM_NO_BLOCK;
}

/* ---- Any class ----------------------------------------------------------------------------------------------------------- */

/* Puts a free block into the index. Its header is written. */
HMM_INTERNAL void index_put(struct HMM_HEAP *heap, struct block *b, hmm_units units) {
    const unsigned number = class_of(heap, units);
    if (!class_is_tree(heap, number))
        put_in_list(heap, b, link_of(heap, b), number);
    else if (heap->heads[number] == HMM_NO_BLOCK)
        start_tree(heap, b, number);
    else
        put_in_tree(heap, b, number);
    if (HMM_STATS) heap->blocks_free++;
    if (HMM_AUDIT_LEVEL >= 2) heap->changes++;
}

/* Takes a free block out of the index. */
HMM_INTERNAL void index_take(struct HMM_HEAP *heap, struct block *b, hmm_units units) {
    const unsigned number = class_of(heap, units);
    if (!class_is_tree(heap, number)) {
        take_from_list(heap, b, number);
    } else if (is_all(heap, b, number)) {
        heap->heads[number] = HMM_NO_BLOCK;
        unmark_class(heap, number);
    } else {
        take_from_tree(heap, b, number, units);
    }
    if (HMM_STATS) heap->blocks_free--;
    if (HMM_AUDIT_LEVEL >= 2) heap->changes++;
}

#endif
