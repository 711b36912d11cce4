/* heapmm/classic/audit.h: verifying what an operation of the classic heap is about to read and change.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each function returns true; or false, after it has run HMM_AUDIT_FAIL with the reason. It only reads, and it reads no head
 * that is not within the span of the chunks and at a distance from its start where blocks can be.
 *
 * Tree nodes. A removal changes nodes on the way to the one removed and to its neighbours in the order of sizes, and reads
 * at most two levels beside that way, when it rotates. A second removal in the same operation may find nodes beside its way
 * that a rotation has just brought there, hence another two levels. An insertion reads its way only; and where a removal before
 * it has joined two gaps, the ways to the neighbours of what was removed. On all of them the sizes must be in order, which
 * also rules out cycles, and no balance may lean to where nothing is. */
#ifndef HMM_IMPL_AUDIT_H
#define HMM_IMPL_AUDIT_H

#include "bins.h"

/* Runs the user's statement; false if that falls through. */
static inline bool hmm_impl_fail(const char *hmm_audit_reason) {
    (void)hmm_audit_reason;
#if HMM_IMPL_AUDITS
    HMM_AUDIT_FAIL;
#endif
    return false;
}

/* ---- Heads --------------------------------------------------------------------------------------------------------------- */

/* Whether a head may be read at an address. */
static inline bool hmm_impl_is_place(const hmm_impl_heap *heap, const unsigned char *b) {
    const uintptr_t at = (uintptr_t)b, lowest = (uintptr_t)heap->lowest, highest = (uintptr_t)heap->highest;
    return heap->lowest != NULL && at >= lowest && at < highest && highest - at >= HMM_IMPL_END_BYTES &&
           (at - lowest) % heap->step == 0;
}

/* Whether the sizes of a block agree with those of the blocks on both sides. */
static inline bool hmm_impl_is_sound(const hmm_impl_heap *heap, unsigned char *b) {
    if (!hmm_impl_is_place(heap, b)) return false;
    const size_t size = hmm_impl_size(b), previous = hmm_impl_get_size(b, HMM_IMPL_PREVIOUS);
    const uintptr_t behind = (uintptr_t)heap->highest - (uintptr_t)b - HMM_IMPL_END_BYTES;
    if (size < HMM_IMPL_MIN_BAUS || size > behind / HMM_IMPL_BAU_BYTES) return false;
    if (hmm_impl_get_size(hmm_impl_after(b), HMM_IMPL_PREVIOUS) != size) return false;
    if (previous == 0) return !heap->one_chunk || b == heap->lowest;
    if (previous > ((uintptr_t)b - (uintptr_t)heap->lowest) / HMM_IMPL_BAU_BYTES) return false;
    unsigned char *before = hmm_impl_before(b);
    return hmm_impl_is_place(heap, before) && hmm_impl_size(before) == previous;
}

static inline bool hmm_impl_is_end(const hmm_impl_heap *heap, const unsigned char *b) {
    if (heap->one_chunk && (uintptr_t)heap->highest - (uintptr_t)b != HMM_IMPL_END_BYTES) return false;
    return hmm_impl_get_word(b, HMM_IMPL_SIZE) == 0 && hmm_impl_status(b) == HMM_IMPL_ALLOCATED;
}

static inline bool hmm_impl_audit_block(const hmm_impl_heap *heap, unsigned char *b, const char *reason) {
    return hmm_impl_is_sound(heap, b) || hmm_impl_fail(reason);
}

/* A block that the user says is allocated. */
static inline bool hmm_impl_audit_allocated(const hmm_impl_heap *heap, unsigned char *b) {
    if (!hmm_impl_is_place(heap, b)) return hmm_impl_fail("the pointer is not to a block of this heap");
    if (b == heap->last_freed) return hmm_impl_fail("the block was freed already, by the last free");
    if (!hmm_impl_is_sound(heap, b)) return hmm_impl_fail("the head of the block, or of one beside it, is damaged");
    if (hmm_impl_is_free(b)) return hmm_impl_fail("the block is free already");
    return true;
}

/* ---- Bins ---------------------------------------------------------------------------------------------------------------- */

/* A block behind the first of a bin; null is right too. */
static inline bool hmm_impl_audit_member(const hmm_impl_heap *heap, unsigned char *b, unsigned char *before) {
    if (b == NULL) return true;
    if (!hmm_impl_is_sound(heap, b) || !hmm_impl_is_free(b) || b == heap->last_freed || b == before ||
        hmm_impl_size(b) != hmm_impl_size(before) || hmm_impl_is_first(b) || hmm_impl_get_link(b, HMM_IMPL_BEFORE) != before)
        return hmm_impl_fail("a free block behind the first of its size is damaged");
    return true;
}

/* So many blocks behind the first of a bin. */
static inline bool hmm_impl_audit_front(const hmm_impl_heap *heap, unsigned char *first, int count) {
    unsigned char *before = first;
    for (; count > 0 && before != NULL; count--) {
        unsigned char *b = hmm_impl_get_link(before, HMM_IMPL_NEXT);
        if (!hmm_impl_audit_member(heap, b, before)) return false;
        before = b;
    }
    return true;
}

/* A node of the tree, whose size must be between two others. */
static inline bool hmm_impl_audit_node(const hmm_impl_heap *heap, unsigned char *b, size_t above, size_t below) {
    if (!hmm_impl_is_sound(heap, b) || !hmm_impl_is_free(b) || b == heap->last_freed)
        return hmm_impl_fail("a free block in the tree is damaged");
    const size_t size = hmm_impl_size(b);
    const int status = hmm_impl_status(b);
    const bool lesser = hmm_impl_get_link(b, 0) != NULL, greater = hmm_impl_get_link(b, 1) != NULL;
    const bool leans_well = status == HMM_IMPL_FREE ? lesser == greater : status == 1 ? lesser : greater;
    if (!hmm_impl_is_first(b) || size <= above || size >= below || !leans_well)
        return hmm_impl_fail("the tree of free blocks is damaged");
    return true;
}

/* A subtree, down to some levels: at most four. */
/* NOLINTNEXTLINE(misc-no-recursion) */
static inline bool hmm_impl_audit_beside(const hmm_impl_heap *heap, unsigned char *b, size_t above, size_t below, int levels) {
    if (b == NULL || levels == 0) return true;
    if (!hmm_impl_audit_node(heap, b, above, below)) return false;
    const size_t size = hmm_impl_size(b);
    return hmm_impl_audit_beside(heap, hmm_impl_get_link(b, 0), above, size, levels - 1) &&
           hmm_impl_audit_beside(heap, hmm_impl_get_link(b, 1), size, below, levels - 1);
}

/* A part of the tree, with the sizes between which its own must be, and at which depth it hangs. */
struct hmm_impl_part {
    unsigned char *top;
    size_t above, below;
    int depth;
};

/* One step down, with the other side audited some levels deep. */
static inline bool hmm_impl_audit_step(const hmm_impl_heap *heap, struct hmm_impl_part *part, int direction, int beside) {
    const size_t size = hmm_impl_size(part->top);
    unsigned char *other = hmm_impl_get_link(part->top, !direction);
    const size_t above = direction ? part->above : size, below = direction ? size : part->below;
    if (!hmm_impl_audit_beside(heap, other, above, below, beside)) return false;
    part->top = hmm_impl_get_link(part->top, direction);
    if (direction)
        part->above = size;
    else
        part->below = size;
    part->depth++;
    return true;
}

static inline bool hmm_impl_audit_top(const hmm_impl_heap *heap, const struct hmm_impl_part *part) {
    if (!hmm_impl_audit_node(heap, part->top, part->above, part->below)) return false;
    return part->depth < HMM_IMPL_DEEPEST || hmm_impl_fail("the tree of free blocks is damaged");
}

/* All nodes in a direction. */
static inline bool hmm_impl_audit_edge(const hmm_impl_heap *heap, struct hmm_impl_part part, int direction, int beside) {
    while (part.top != NULL)
        if (!hmm_impl_audit_top(heap, &part) || !hmm_impl_audit_step(heap, &part, direction, beside)) return false;
    return true;
}

/* The way to a size; if the size is there and beside > 0, also the ways to its neighbours. Sets *first to its bin or null. */
static inline bool hmm_impl_audit_way(const hmm_impl_heap *heap, size_t size, int beside, unsigned char **first) {
    struct hmm_impl_part part = {heap->root, 0, SIZE_MAX, 0};
    for (*first = NULL; part.top != NULL;) {
        if (!hmm_impl_audit_top(heap, &part)) return false;
        const size_t here = hmm_impl_size(part.top);
        if (here == size) {
            *first = part.top;
            if (beside == 0) return true;
            struct hmm_impl_part lesser = part, greater = part;
            return hmm_impl_audit_step(heap, &lesser, 0, 0) && hmm_impl_audit_edge(heap, lesser, 1, beside) &&
                   hmm_impl_audit_step(heap, &greater, 1, 0) && hmm_impl_audit_edge(heap, greater, 0, beside);
        }
        if (!hmm_impl_audit_step(heap, &part, size > here, beside)) return false;
    }
    return true;
}

/* ---- What operations do -------------------------------------------------------------------------------------------------- */

static inline bool hmm_impl_audit_root(const hmm_impl_heap *heap) {
    return heap->root == NULL || hmm_impl_audit_node(heap, heap->root, 0, SIZE_MAX);
}

/* A block of some size being put into its bin, after so many have been taken out of any: it will become the second, in front of
 * the one that is the second then. */
static inline bool hmm_impl_audit_put(const hmm_impl_heap *heap, size_t size, int taken) {
    unsigned char *first;
    return hmm_impl_audit_way(heap, size, 0, &first) && hmm_impl_audit_front(heap, first, 1 + taken);
}

/* The block freed last being put into its bin. */
static inline bool hmm_impl_audit_put_last(const hmm_impl_heap *heap, int taken) {
    unsigned char *last = heap->last_freed;
    if (last == NULL) return true;
    if (!hmm_impl_is_sound(heap, last) || !hmm_impl_is_free(last)) return hmm_impl_fail("the block freed last is damaged");
    return hmm_impl_audit_put(heap, hmm_impl_size(last), taken);
}

/* A sound block being taken out of its bin, and how many levels beside its way matter if that ends the bin. */
static inline bool hmm_impl_audit_take(const hmm_impl_heap *heap, unsigned char *b, int beside) {
    unsigned char *first;
    if (!hmm_impl_audit_way(heap, hmm_impl_size(b), beside, &first)) return false;
    if (hmm_impl_is_first(b)) {
        if (first != b) return hmm_impl_fail("a free block is not where the tree should have it");
        return hmm_impl_audit_front(heap, b, 1);
    }
    unsigned char *before = hmm_impl_get_link(b, HMM_IMPL_BEFORE);
    if (first == NULL || !hmm_impl_is_sound(heap, before) || !hmm_impl_is_free(before) || before == heap->last_freed ||
        hmm_impl_size(before) != hmm_impl_size(b) || hmm_impl_is_first(before) != (before == first) ||
        hmm_impl_get_link(before, HMM_IMPL_NEXT) != b)
        return hmm_impl_fail("a free block behind the first of its size is damaged");
    return hmm_impl_audit_member(heap, b, before) && hmm_impl_audit_front(heap, b, 1);
}

/* What a best fit search has found being taken: the block freed last, or the second of a bin, or its first if there is none. */
static inline bool hmm_impl_audit_take_found(const hmm_impl_heap *heap, unsigned char *found) {
    if (found == NULL || found == heap->last_freed) return true;
    if (hmm_impl_get_link(found, HMM_IMPL_NEXT) != NULL) return hmm_impl_audit_front(heap, found, 2);
    return hmm_impl_audit_take(heap, found, 2);
}

static inline bool hmm_impl_is_in_bin(const hmm_impl_heap *heap, const unsigned char *b) {
    return b != NULL && b != heap->last_freed && hmm_impl_is_free(b);
}

/* The blocks on both sides of one of some size, either of them null, being joined with it where they are free, and all else that
 * a free touches. */
static inline bool hmm_impl_audit_join(const hmm_impl_heap *heap, unsigned char *before, size_t size, unsigned char *after) {
    const char *damaged = "the head of a neighbour of the block is damaged";
    if (before != NULL && !hmm_impl_audit_block(heap, before, damaged)) return false;
    if (after != NULL && !hmm_impl_is_end(heap, after) && !hmm_impl_audit_block(heap, after, damaged)) return false;
    const bool takes_before = hmm_impl_is_in_bin(heap, before), takes_after = hmm_impl_is_in_bin(heap, after);
    const int taken = takes_before + takes_after, beside = taken == 2 ? 4 : 2;
    if (before != NULL && hmm_impl_is_free(before)) size += hmm_impl_size(before);
    if (after != NULL && hmm_impl_is_free(after)) size += hmm_impl_size(after);
    if (size > hmm_impl_most() - HMM_IMPL_END_BAUS) return hmm_impl_fail("the chunk has grown larger than can be counted");
    if (!hmm_impl_audit_root(heap)) return false;
    if (takes_before && !hmm_impl_audit_take(heap, before, beside)) return false;
    if (takes_after && !hmm_impl_audit_take(heap, after, beside)) return false;
    return hmm_impl_audit_put_last(heap, taken);
}

#endif
