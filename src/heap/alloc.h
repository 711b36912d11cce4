/* alloc.h: finding the best fit, and allocating.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_HEAP_ALLOC_H
#define HMM_HEAP_ALLOC_H

#include "check.h"
#include "place.h"

/* ---- Sizes --------------------------------------------------------------------------------------------------------------- */

/* The units of a block with that usable size, which is within what a block can have. units_holding(13) => 2 on 64 bit */
HMM_INLINE hmm_units units_holding(size_t size) {
    const hmm_units units = (hmm_units)((size + HMM_BLOCK_OVERHEAD + HMM_GRANULE - 1) >> HMM_GRANULE_SHIFT);
    return HMM_UNITS_LEAST > 1 && units < HMM_UNITS_LEAST ? HMM_UNITS_LEAST : units;
}

/* The same, 0 if no block can be so large. */
HMM_INLINE hmm_units units_for(size_t size) {
    return HMM_UNLIKELY(size > usable_of(HMM_UNITS_MOST)) ? 0 : units_holding(size);
}

/* ---- Finding ------------------------------------------------------------------------------------------------------------- */

/* The newest block of the ring whose node was found. */
HMM_INTERNAL int newest_of_ring(const struct HMM_HEAP *heap, HMM_LINK link, struct block **b) {
    const struct block *node = block_of_link(heap, link);
    const HMM_LINK newest = node->next;
    const int code = HMM_AUDIT_LEVEL >= 1 ? audit_neighbour(heap, node, size_in(*header_of(node)), newest, true) : HMM_OK;
    *b = block_of_link(heap, newest);
    return code;
}

/* The best fit in a class that is a tree; *b is NULL if nothing there fits. */
HMM_OUTLINE int fit_in_tree(const struct HMM_HEAP *heap, unsigned number, hmm_units units, struct block **b) {
    if (HMM_AUDIT_LEVEL >= 1) {
        const int code = audit_tree_path(heap, number, units, HMM_BESIDE_INSERTION, b);
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
    }
    *b = NULL;
    const HMM_LINK node = by_size_search(heap, heap->heads[number], units, HMM_AVL_GREATER_EQUAL);
    return node == HMM_NO_BLOCK ? HMM_OK : newest_of_ring(heap, node, b);
}

/* The first block of an exact class that is marked. */
HMM_INTERNAL int fit_in_list(const struct HMM_HEAP *heap, unsigned number, struct block **b) {
    const HMM_LINK head = heap->heads[number];
    if (HMM_AUDIT_LEVEL >= 1) {
        if (HMM_UNLIKELY(head == HMM_NO_BLOCK))
            return report(heap, HMM_FAULT_INDEX, &heap->heads[number], "the bitmap marks a class that is empty");
        const int code = audit_link(heap, head, &heap->heads[number], HMM_FAULT_INDEX);
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
    }
    *b = block_of_link(heap, head);
    return HMM_OK;
}

/* The best fit; *b is NULL if there is none. The block is audited, its place in the index is not. */
HMM_INTERNAL int find_fit(const struct HMM_HEAP *heap, hmm_units units, struct block **b) {
    unsigned number = class_of(heap, units);
    int code = HMM_OK;
    *b = NULL;
    if (class_is_tree(heap, number)) {
        code = fit_in_tree(heap, number, units, b);
        number++;
    }
    if (*b == NULL && code == HMM_OK && number < heap->classes) {
        number = marked_class_from(heap, number);
        if (HMM_AUDIT_LEVEL >= 1 && HMM_UNLIKELY(number > heap->classes))
            return report(heap, HMM_FAULT_INDEX, bitmap_of(heap), "the bitmap marks a class that does not exist");
        if (number < heap->classes)
            code = class_is_tree(heap, number) ? fit_in_tree(heap, number, 0, b) : fit_in_list(heap, number, b);
    }
    if (*b == NULL || code != HMM_OK || HMM_AUDIT_LEVEL < 1) return code;
    if (HMM_UNLIKELY(size_in(*header_of(*b)) < units))
        return report(heap, HMM_FAULT_INDEX, *b, "a free block is in the class of a larger size");
    return audit_free(heap, *b, units_to_end(heap, *b));
}

/* The newest of the largest free blocks; *b is NULL if nothing is free. */
HMM_INTERNAL int find_largest(const struct HMM_HEAP *heap, struct block **b) {
    const unsigned number = last_marked_class(heap);
    int code = HMM_OK;
    *b = NULL;
    if (number == 0) return HMM_OK;
    if (HMM_AUDIT_LEVEL >= 1 && HMM_UNLIKELY(number >= heap->classes))
        return report(heap, HMM_FAULT_INDEX, bitmap_of(heap), "the bitmap marks a class that does not exist");
    if (class_is_tree(heap, number)) {
        if (HMM_AUDIT_LEVEL >= 1) code = audit_tree_path(heap, number, HMM_UNITS_MOST, HMM_BESIDE_INSERTION, b);
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
        const HMM_LINK node = by_size_greatest(heap, heap->heads[number]);
        if (HMM_AUDIT_LEVEL >= 1 && HMM_UNLIKELY(node == HMM_NO_BLOCK))
            return report(heap, HMM_FAULT_INDEX, &heap->heads[number], "the bitmap marks a class that is empty");
        code = newest_of_ring(heap, node, b);
    } else {
        code = fit_in_list(heap, number, b);
    }
    if (code != HMM_OK || HMM_AUDIT_LEVEL < 1) return code;
    return audit_free(heap, *b, units_to_end(heap, *b));
}

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

/* What comes before every operation that is not straight. At audit level 2 the whole heap is checked when it has changed often
 * enough since the last time. */
HMM_INTERNAL int audit_heap(struct HMM_HEAP *heap) {
    const int code = audit_bounds(heap);
    if (code != HMM_OK) return code;
    if (HMM_AUDIT_LEVEL < 2 || HMM_CHECK_INTERVAL == 0 || heap->changes + 1 <= HMM_CHECK_INTERVAL) return HMM_OK;
    heap->changes = 0;
    hmm_fault fault;
    if (check_heap(heap, &fault) == HMM_OK) return HMM_OK;
    return report(heap, fault.code, fault.address, fault.text);
}

HMM_INTERNAL bool user_made_room(struct HMM_HEAP *heap, size_t size) {
    bool (*handler)(void *, struct HMM_HEAP *, size_t) = heap->on_exhausted;
    void *context = heap->context;
    if (handler == NULL) return false;
    hmm_memory_leave();
    const bool again = handler(context, heap, size);
    hmm_memory_enter();
    return again;
}

HMM_INTERNAL void *no_room(struct HMM_HEAP *heap) {
    if (HMM_STATS) heap->failures++;
    return NULL;
}

/* Finds a free block of `units`, asking the user for memory once. NULL: there is none, or a fault; both are accounted for. */
HMM_INTERNAL struct block *find_or_ask(struct HMM_HEAP *heap, hmm_units units, size_t size) {
    struct block *b;
    if (find_fit(heap, units, &b) != HMM_OK) return NULL;
    if (b != NULL) return b;
    if (user_made_room(heap, size)) {
        if (find_fit(heap, units, &b) != HMM_OK) return NULL;
        if (b != NULL) return b;
    }
    return no_room(heap);
}

HMM_INTERNAL struct block *audit_and_take(struct HMM_HEAP *heap, const struct place *place) {
    if (HMM_AUDIT_LEVEL >= 1 && audit_place(heap, place) != HMM_OK) return NULL;
    if (HMM_STATS) heap->allocations++;
    return take_place(heap, place);
}

HMM_INTERNAL void *handed_out(struct block *b, size_t size) {
    hmm_memory_allocated(b, size, usable_of(size_in(*header_of(b))));
    return b;
}

HMM_INTERNAL void *allocate(struct HMM_HEAP *heap, size_t size) {
    const hmm_units units = units_for(size);
    if (HMM_UNLIKELY(units == 0)) return no_room(heap);
    struct block *b = find_or_ask(heap, units, size);
    if (b == NULL) return NULL;
    const struct place place = size < HMM_SPLIT_HIGH_BYTES ? place_low(b, units) : place_high(b, units);
    b = audit_and_take(heap, &place);
    return b == NULL ? NULL : handed_out(b, size);
}

HMM_INTERNAL void *allocate_aligned(struct HMM_HEAP *heap, size_t alignment, size_t size) {
    if (!hmm_is_power_of_two(alignment)) return no_room(heap);
    if (alignment <= HMM_GRANULE) return allocate(heap, size);
    const hmm_units units = units_for(size);
    const size_t needed = (size_t)units + (alignment >> HMM_GRANULE_SHIFT) + (size_t)HMM_UNITS_LEAST - 1;
    if (units == 0 || needed > HMM_UNITS_MOST) return no_room(heap);

    struct block *b = find_or_ask(heap, (hmm_units)needed, size);
    if (b == NULL) return NULL;
    const struct place place = place_aligned(b, units, (hmm_units)(alignment >> HMM_GRANULE_SHIFT));
    b = audit_and_take(heap, &place);
    return b == NULL ? NULL : handed_out(b, size);
}

/* The place for a greedy allocation: a best fit for `wanted`, else the whole largest free block if that holds `needed`. */
HMM_INTERNAL int find_greedy(const struct HMM_HEAP *heap, hmm_units needed, hmm_units wanted, bool high, struct place *place) {
    struct block *b = NULL;
    int code = wanted == 0 ? HMM_OK : find_fit(heap, wanted, &b);
    if (code != HMM_OK) return code;
    if (b != NULL) {
        *place = high ? place_high(b, wanted) : place_low(b, wanted);
        return HMM_OK;
    }
    code = find_largest(heap, &b);
    if (code != HMM_OK) return code;
    if (b == NULL || size_in(*header_of(b)) < needed) return HMM_NO_ROOM;
    *place = place_low(b, size_in(*header_of(b)));
    return HMM_OK;
}

HMM_INTERNAL void *allocate_greedy(struct HMM_HEAP *heap, size_t needed, size_t wanted, size_t *got) {
    const hmm_units needed_units = units_for(needed);
    const hmm_units wanted_units = units_for(wanted); /* 0: more than any block has */
    const bool high = wanted >= HMM_SPLIT_HIGH_BYTES;
    struct place place;

    if (needed > wanted || needed_units == 0) return no_room(heap);
    int code = find_greedy(heap, needed_units, wanted_units, high, &place);
    if (code == HMM_NO_ROOM && user_made_room(heap, needed)) code = find_greedy(heap, needed_units, wanted_units, high, &place);
    if (code == HMM_NO_ROOM) return no_room(heap);
    if (code != HMM_OK) return NULL;
    struct block *b = audit_and_take(heap, &place);
    if (b == NULL) return NULL;
    *got = usable_of(size_in(*header_of(b)));
    return handed_out(b, *got);
}

#endif
