/* region.h: the tree of regions by address, and which region an address lies in.
 *
 * SPDX-License-Identifier: MIT
 *
 * A region's handle is the link of its record, which is also its key: regions do not overlap, so their records have the order
 * of their addresses. Each record carries a checksum over all of itself, links included: a record is believed, and its links
 * followed, only when that is right. The root's link is covered by the checksum of the control block. */
#ifndef HMM_HEAP_REGION_H
#define HMM_HEAP_REGION_H

#include "header.h"

/* What the hooks of the tree work on. */
struct region_view {
    const struct HMM_HEAP *heap;
    const struct region *damaged; /* a record whose checksum is wrong, if one was met */
    bool checking;                /* records are verified even at audit level 0 */
};

HMM_INLINE struct region *region_of_link(const struct HMM_HEAP *heap, HMM_LINK link) {
    return (struct region *)(address_of(heap) + ((uintptr_t)(intptr_t)link << HMM_GRANULE_SHIFT));
}

HMM_INTERNAL HMM_LINK link_of_region(const struct HMM_HEAP *heap, const struct region *r) {
    return (HMM_LINK)((intptr_t)(address_of(r) - address_of(heap)) >> HMM_GRANULE_SHIFT);
}

/* Fletcher's idea of a running sum of sums, with a multiplication to reach all bits. */
HMM_INTERNAL HMM_WORD seal_add(HMM_WORD seal, uintmax_t value) {
    for (size_t i = 0; i < sizeof value; i += HMM_WORD_BYTES) {
        seal = (HMM_WORD)((hmm_units)(HMM_WORD)(seal + (HMM_WORD)value) * HMM_MULTIPLIER);
        seal ^= (HMM_WORD)(seal >> (HMM_WORD_BITS / 2));
        value >>= HMM_WORD_BITS / 2;
        value >>= HMM_WORD_BITS / 2;
    }
    return seal;
}

HMM_INTERNAL HMM_WORD region_seal(const struct HMM_HEAP *heap, const struct region *r) {
    HMM_WORD seal = (HMM_WORD)(heap->key + (HMM_WORD)link_of_region(heap, r));
    seal = seal_add(seal, (HMM_WORD)r->child[0]);
    seal = seal_add(seal, (HMM_WORD)r->child[1]);
    seal = seal_add(seal, (HMM_WORD)r->balance);
    seal = seal_add(seal, (HMM_WORD)r->first);
    seal = seal_add(seal, (HMM_WORD)r->end);
    seal = seal_add(seal, r->lead);
    return seal_add(seal, r->tail);
}

HMM_INTERNAL bool region_is_sound(const struct HMM_HEAP *heap, const struct region *r) {
    return r->seal == region_seal(heap, r);
}

HMM_INTERNAL void seal_region(const struct HMM_HEAP *heap, struct region *r) {
    r->seal = region_seal(heap, r);
}

/* ---- The tree ------------------------------------------------------------------------------------------------------------ */

HMM_INTERNAL HMM_LINK regions_get_child(struct region_view *view, HMM_LINK node, int direction) {
    return region_of_link(view->heap, node)->child[direction];
}

HMM_INTERNAL void regions_set_child(struct region_view *view, HMM_LINK node, int direction, HMM_LINK child) {
    region_of_link(view->heap, node)->child[direction] = child;
    seal_region(view->heap, region_of_link(view->heap, node));
}

HMM_INTERNAL int regions_get_balance(struct region_view *view, HMM_LINK node) {
    return (int)region_of_link(view->heap, node)->balance;
}

HMM_INTERNAL void regions_set_balance(struct region_view *view, HMM_LINK node, int balance) {
    region_of_link(view->heap, node)->balance = (HMM_LINK)balance;
    seal_region(view->heap, region_of_link(view->heap, node));
}

HMM_INTERNAL HMM_LINK regions_key(struct region_view *view, HMM_LINK node) {
    (void)view;
    return node;
}

HMM_INTERNAL int regions_compare(struct region_view *view, HMM_LINK key, HMM_LINK node) {
    (void)view;
    return (key > node) - (key < node);
}

HMM_INTERNAL bool regions_access(struct region_view *view, HMM_LINK node) {
    const struct region *r = region_of_link(view->heap, node);
    if ((HMM_AUDIT_LEVEL < 1 && !view->checking) || region_is_sound(view->heap, r)) return true;
    view->damaged = r;
    return false;
}

#define HMM_AVL(name) regions_##name
#define HMM_AVL_HANDLE HMM_LINK
#define HMM_AVL_NULL HMM_NO_REGION
#define HMM_AVL_KEY HMM_LINK
#define HMM_AVL_CONTEXT struct region_view *
#define HMM_AVL_CAN_FAIL 1
#define HMM_AVL_FUNCTION HMM_INTERNAL
#include "heapmm/avl.h"

/* ---- Which region -------------------------------------------------------------------------------------------------------- */

HMM_INLINE struct block *first_block(const struct HMM_HEAP *heap, const struct region *r) {
    return block_of_link(heap, r->first);
}

HMM_INLINE struct block *region_end(const struct HMM_HEAP *heap, const struct region *r) {
    return block_of_link(heap, r->end);
}

/* The address lent first. */
HMM_INTERNAL uintptr_t region_start(const struct region *r) {
    return address_of(r) - (uintptr_t)r->lead;
}

/* One past the address lent last. */
HMM_INTERNAL uintptr_t region_limit(const struct HMM_HEAP *heap, const struct region *r) {
    return address_of(region_end(heap, r)) + (uintptr_t)r->tail;
}

HMM_INLINE bool region_holds(const struct HMM_HEAP *heap, const struct region *r, uintptr_t address) {
    const uintptr_t first = address_of(first_block(heap, r));
    return address - first < address_of(region_end(heap, r)) - first;
}

/* The greatest link at or below an address that links reach. */
HMM_INTERNAL HMM_LINK link_at_or_below(const struct HMM_HEAP *heap, uintptr_t address) {
    return (HMM_LINK)((intptr_t)(address - address_of(heap)) >> HMM_GRANULE_SHIFT);
}

/* Whether links reach from start to limit. */
HMM_INTERNAL bool links_reach(const struct HMM_HEAP *heap, uintptr_t start, uintptr_t limit) {
    const HMM_LINK low = link_at_or_below(heap, start), high = link_at_or_below(heap, limit);
    if (!HMM_LINKS_ARE_SHORT) return low <= high;
    const intptr_t to_start = (intptr_t)(start - address_of(heap)), to_limit = (intptr_t)(limit - address_of(heap));
    return low == to_start >> HMM_GRANULE_SHIFT && high == to_limit >> HMM_GRANULE_SHIFT && low >= HMM_LINK_LEAST;
}

HMM_OUTLINE const struct region *search_region(struct region_view *view, uintptr_t address) {
    if (HMM_LINKS_ARE_SHORT && !links_reach(view->heap, address, address)) return NULL;
    const HMM_LINK link = link_at_or_below(view->heap, address);
    const HMM_LINK node = regions_search(view, view->heap->regions, link, HMM_AVL_LESS_EQUAL);
    if (node == HMM_NO_REGION) return NULL;
    const struct region *r = region_of_link(view->heap, node);
    return region_holds(view->heap, r, address) ? r : NULL;
}

/* The region in whose blocks an address lies, NULL if none. A damaged record on the way hides the regions behind it. */
HMM_INLINE const struct region *region_of(const struct HMM_HEAP *heap, uintptr_t address) {
    if (region_holds(heap, &heap->home, address)) return &heap->home;
    struct region_view view = {heap, NULL, false};
    return search_region(&view, address);
}

#endif
