/* heapmm/classic/audit.h: verifying what an operation of the classic heap is about to read and change.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each function returns true; or false, after it has run HMM_AUDIT_FAIL with the reason. It only reads, and it reads no head
 * that is not within the span of the chunks and at a distance from its start where blocks can be.
 *
 * Tree nodes. All of them on the ways to the sizes concerned are audited, in order of size, which also rules out cycles; no balance
 * may lean to where nothing is. An insertion needs no more; but where a removal before it has joined two gaps, it may come by
 * either neighbour of the node removed, in the order of sizes. So a removal audits the ways to both.
 *
 * A removal rotates where a node on its way leans to the other side. It reads the child there and, if that leans back, the
 * child's child nearest to the way; nothing further. Which way it takes and where it rotates is told by balances on the
 * way, so exactly these are audited.
 *
 * A second removal in the same operation meets a tree that the first has changed. Where the first has rotated and their ways
 * are the same, nodes from beside the way are now on it, and may have others beside them:
 * - The subtree has become less deep: the lower two nodes that were rotated, of which one is on the way, do not lean away from
 *   it, and the upper one is balanced. So the second removal rotates at none of them, and ends there.
 * - It is as deep as before. Then the child beside the way was balanced, is now on the way, and leans to it. The node that was
 *   on the way leans to the other side, where the child's child now hangs: two levels beside the way, as it was. The second removal
 *   may rotate there, and read one more.
 * Where their ways part, the first removal may have rotated on its own below, and left that side as deep as it was: the second
 * reads the nodes of that rotation, which the first has read. Hence three levels beside the way, in each the node nearest to
 * it; whatever the balances say before. */
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
    return hmm_impl_size(hmm_impl_before(b)) == previous;
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

/* A part of the tree, with the sizes between which its own must be, and at which depth it hangs. */
struct hmm_impl_part {
    unsigned char *top;
    size_t above, below;
    int depth;
};

static inline bool hmm_impl_audit_top(const hmm_impl_heap *heap, const struct hmm_impl_part *part) {
    if (!hmm_impl_audit_node(heap, part->top, part->above, part->below)) return false;
    return part->depth < HMM_IMPL_DEEPEST || hmm_impl_fail("the tree of free blocks is damaged");
}

static inline void hmm_impl_descend(struct hmm_impl_part *part, int direction) {
    const size_t size = hmm_impl_size(part->top);
    part->top = hmm_impl_get_link(part->top, direction);
    if (direction)
        part->above = size;
    else
        part->below = size;
    part->depth++;
}

/* The way to a size. Sets *first to its bin, or null if there is none. */
static inline bool hmm_impl_audit_way(const hmm_impl_heap *heap, size_t size, unsigned char **first) {
    struct hmm_impl_part part = {heap->root, 0, SIZE_MAX, 0};
    for (*first = NULL; part.top != NULL;) {
        if (!hmm_impl_audit_top(heap, &part)) return false;
        const size_t here = hmm_impl_size(part.top);
        if (here == size) {
            *first = part.top;
            return true;
        }
        hmm_impl_descend(&part, size > here);
    }
    return true;
}

/* How much is read beside the way of a removal: see above. */
enum { HMM_IMPL_ONE_REMOVAL, HMM_IMPL_TWO_REMOVALS };

static inline bool hmm_impl_leans(const unsigned char *b, int direction) {
    return hmm_impl_status(b) == (direction ? 2 : 1);
}

/* The nodes beside a way that goes on in a direction. */
static inline bool hmm_impl_audit_beside(const hmm_impl_heap *heap, struct hmm_impl_part part, int direction, int removals) {
    bool goes_on = removals == HMM_IMPL_TWO_REMOVALS || hmm_impl_leans(part.top, !direction);
    hmm_impl_descend(&part, !direction);
    for (int level = 0; level < 3 && goes_on && part.top != NULL; level++) {
        if (!hmm_impl_audit_top(heap, &part)) return false;
        goes_on = removals == HMM_IMPL_TWO_REMOVALS || (level == 0 && hmm_impl_leans(part.top, direction));
        hmm_impl_descend(&part, direction);
    }
    return true;
}

/* A node being removed, the way to which has been audited: what is beside that way, and the ways to its neighbours. */
static inline bool hmm_impl_audit_removal(const hmm_impl_heap *heap, const unsigned char *node, int removals) {
    struct hmm_impl_part part = {heap->root, 0, SIZE_MAX, 0};
    while (part.top != node) {
        const int direction = hmm_impl_size(node) > hmm_impl_size(part.top);
        if (!hmm_impl_audit_beside(heap, part, direction, removals)) return false;
        hmm_impl_descend(&part, direction);
    }
    for (int side = 0; side < 2; side++) {
        struct hmm_impl_part edge = part;
        for (hmm_impl_descend(&edge, side); edge.top != NULL; hmm_impl_descend(&edge, !side))
            if (!hmm_impl_audit_top(heap, &edge) || !hmm_impl_audit_beside(heap, edge, !side, removals)) return false;
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
    return hmm_impl_audit_way(heap, size, &first) && hmm_impl_audit_front(heap, first, 1 + taken);
}

/* The block freed last being put into its bin. */
static inline bool hmm_impl_audit_put_last(const hmm_impl_heap *heap, int taken) {
    unsigned char *last = heap->last_freed;
    if (last == NULL) return true;
    if (!hmm_impl_is_sound(heap, last) || !hmm_impl_is_free(last)) return hmm_impl_fail("the block freed last is damaged");
    return hmm_impl_audit_put(heap, hmm_impl_size(last), taken);
}

/* A sound block being taken out of its bin. Where it is the first or the second, the tree must have that bin. */
static inline bool hmm_impl_audit_take(const hmm_impl_heap *heap, unsigned char *b) {
    unsigned char *first = b;
    if (!hmm_impl_is_first(b)) {
        first = hmm_impl_get_link(b, HMM_IMPL_BEFORE);
        if (!hmm_impl_is_sound(heap, first) || !hmm_impl_is_free(first) || first == heap->last_freed ||
            hmm_impl_size(first) != hmm_impl_size(b) || hmm_impl_get_link(first, HMM_IMPL_NEXT) != b)
            return hmm_impl_fail("a free block behind the first of its size is damaged");
        if (!hmm_impl_audit_member(heap, b, first)) return false;
    }
    if (hmm_impl_is_first(first)) {
        unsigned char *bin;
        if (!hmm_impl_audit_way(heap, hmm_impl_size(b), &bin)) return false;
        if (bin != first) return hmm_impl_fail("a free block is not where the tree should have it");
    }
    return hmm_impl_audit_front(heap, b, 1);
}

/* What a best fit search on an audited way has found being taken: the block freed last, or the second of a bin, or its first if
 * there is none. */
static inline bool hmm_impl_audit_take_found(const hmm_impl_heap *heap, unsigned char *found) {
    if (found == NULL || found == heap->last_freed) return true;
    if (hmm_impl_get_link(found, HMM_IMPL_NEXT) != NULL) return hmm_impl_audit_front(heap, found, 2);
    return hmm_impl_audit_removal(heap, found, HMM_IMPL_ONE_REMOVAL);
}

static inline bool hmm_impl_is_in_bin(const hmm_impl_heap *heap, const unsigned char *b) {
    return b != NULL && b != heap->last_freed && hmm_impl_is_free(b);
}

/* Whether a block is all there is in its bin, once another, or null, has been taken out. */
static inline bool hmm_impl_is_alone(const unsigned char *b, const unsigned char *taken) {
    const unsigned char *next = hmm_impl_get_link(b, HMM_IMPL_NEXT);
    if (hmm_impl_is_first(b)) return next == NULL || (next == taken && hmm_impl_get_link(taken, HMM_IMPL_NEXT) == NULL);
    return next == NULL && taken != NULL && hmm_impl_is_first(taken) && hmm_impl_get_link(taken, HMM_IMPL_NEXT) == b;
}

/* Two blocks, either of them null, being taken out of their bins. */
static inline bool hmm_impl_audit_take_both(const hmm_impl_heap *heap, unsigned char *before, unsigned char *after) {
    if (before != NULL && !hmm_impl_audit_take(heap, before)) return false;
    if (after != NULL && !hmm_impl_audit_take(heap, after)) return false;
    const bool before_leaves = before != NULL && hmm_impl_is_alone(before, NULL);
    const bool after_leaves = after != NULL && hmm_impl_is_alone(after, before);
    const int removals = before_leaves && after_leaves ? HMM_IMPL_TWO_REMOVALS : HMM_IMPL_ONE_REMOVAL;
    if (before_leaves && !hmm_impl_audit_removal(heap, before, removals)) return false;
    return !after_leaves || hmm_impl_audit_removal(heap, hmm_impl_is_first(after) ? after : before, removals);
}

/* The blocks on both sides of one of some size, either of them null, being joined with it where they are free, and all else that
 * a free touches. */
static inline bool hmm_impl_audit_join(const hmm_impl_heap *heap, unsigned char *before, size_t size, unsigned char *after) {
    const char *damaged = "the head of a neighbour of the block is damaged";
    if (before != NULL && !hmm_impl_audit_block(heap, before, damaged)) return false;
    if (after != NULL && !hmm_impl_is_end(heap, after) && !hmm_impl_audit_block(heap, after, damaged)) return false;
    if (before != NULL && hmm_impl_is_free(before)) size += hmm_impl_size(before);
    if (after != NULL && hmm_impl_is_free(after)) size += hmm_impl_size(after);
    if (size > hmm_impl_most() - HMM_IMPL_END_BAUS) return hmm_impl_fail("the chunk has grown larger than can be counted");
    if (!hmm_impl_is_in_bin(heap, before)) before = NULL;
    if (!hmm_impl_is_in_bin(heap, after)) after = NULL;
    return hmm_impl_audit_root(heap) && hmm_impl_audit_take_both(heap, before, after) &&
           hmm_impl_audit_put_last(heap, (before != NULL) + (after != NULL));
}

#endif
