/* check.h: the full, read-only check of a heap.
 *
 * SPDX-License-Identifier: MIT
 *
 * In this order, so that each part may rely on what came before: the control block by its checksum; the tree of regions, each
 * record by its checksum; every block of every region; the free index. Links of the index are followed only to places inside a
 * region whose header is that of a free block. That the index holds exactly the free blocks of the regions is compared by their
 * number and by the sum of a scrambled value of each one's place and size: a block left out, held twice, or imitated inside a
 * payload changes it. */
#ifndef HMM_HEAP_CHECK_H
#define HMM_HEAP_CHECK_H

#include "audit.h"
#include "control.h"

/* What a check counts on its way. */
struct tally {
    hmm_units units;
    size_t bytes;
    hmm_units units_in_use;
    size_t blocks_in_use;
    size_t blocks_free;
    size_t blocks_most; /* how many free blocks the index may have, against cycles */
    uint64_t free_sum;
};

HMM_INTERNAL void tally_free(const struct HMM_HEAP *heap, const struct block *b, hmm_units units, struct tally *tally) {
    const uint64_t value = (uint64_t)link_of(heap, b) * 0x9E3779B97F4A7C15u + units;
    tally->free_sum += (value ^ (value >> 29)) * 0xBF58476D1CE4E5B9u;
    tally->blocks_free++;
}

/* ---- Regions ------------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL int check_control(const struct HMM_HEAP *heap, hmm_fault *fault) {
    if (!control_is_sound(heap))
        return found(fault, HMM_FAULT_CONTROL, heap, "the control block was overwritten, or this is not a heap");
    return HMM_OK;
}

/* That the records form a tree, and that no two regions overlap. */
HMM_INTERNAL int check_regions(const struct HMM_HEAP *heap, hmm_fault *fault) {
    struct region_view view = {heap, NULL, true};
    const ptrdiff_t count = regions_check(&view, heap->regions, SIZE_MAX / 2);
    if (view.damaged != NULL)
        return found(fault, HMM_FAULT_REGION_RECORD, view.damaged, "the record at the start of a region was overwritten");
    if (count < 1) return found(fault, HMM_FAULT_TREE, heap, "the tree of regions is out of order or out of balance");

    regions_iterator it;
    intptr_t limit = INTPTR_MIN; /* of the region below; distances from the heap, as links are */
    for (HMM_LINK node = regions_start_least(&it, &view, heap->regions); node != HMM_NO_REGION; node = regions_next(&it)) {
        const struct region *r = region_of_link(heap, node);
        const intptr_t start = (intptr_t)(region_start(r) - address_of(heap));
        const intptr_t end = (intptr_t)(region_limit(heap, r) - address_of(heap));
        if (start < limit || r->first > r->end || end < start)
            return found(fault, HMM_FAULT_REGION_RECORD, r, "two regions overlap, or one ends before it begins");
        limit = end;
    }
    return HMM_OK;
}

/* ---- Blocks -------------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL int check_free_block(const struct HMM_HEAP *heap, const struct block *b, hmm_units units, struct tally *tally,
                                  hmm_fault *fault) {
    if (*footer_before(block_after(b, units)) != units)
        return found(fault, HMM_FAULT_FOOTER, b, "the size at the end of a free block was overwritten, by an underflow perhaps");
    const void *written = write_after_free(b, units, 0, UINTPTR_MAX);
    if (written != NULL) return found(fault, HMM_FAULT_WRITE_AFTER_FREE, written, "a free payload was written to");
    tally_free(heap, b, units, tally);
    return HMM_OK;
}

HMM_INTERNAL int check_allocated_block(const struct HMM_HEAP *heap, const struct block *b, hmm_units units, struct tally *tally,
                                       hmm_fault *fault) {
    if (!canary_is_intact(heap, b, units))
        return found(fault, HMM_FAULT_CANARY, b, "the word behind the payload was overwritten: an overflow of this block");
    tally->units_in_use += units;
    tally->blocks_in_use++;
    return HMM_OK;
}

/* The header of a block or, at the end of a region, of its sentinel. */
HMM_INTERNAL int check_header(const struct HMM_HEAP *heap, const struct block *b, const struct block *end, bool previous_free,
                              hmm_fault *fault) {
    const hmm_word header = *header_of(b);
    const bool valid = HMM_AUDIT_LEVEL < 1 ? header == (header & HMM_BODY_MASK) : header_is_valid(heap, b, header);
    if (b == end) {
        if (valid && size_in(header) == 0 && !says_free(header) && says_previous_free(header) == previous_free) return HMM_OK;
        return found(fault, HMM_FAULT_SENTINEL, b, "the end of the region was overwritten");
    }
    if (valid && size_is_plausible(size_in(header), units_between(b, end)) && says_previous_free(header) == previous_free &&
        !(previous_free && says_free(header)))
        return HMM_OK;
    return found(fault, HMM_FAULT_HEADER, b, "the header was overwritten, by an overflow of the block before it perhaps");
}

HMM_INTERNAL int check_blocks(const struct HMM_HEAP *heap, const struct region *r, struct tally *tally, hmm_fault *fault) {
    const struct block *end = region_end(heap, r);
    const struct block *b = first_block(heap, r);
    bool previous_free = false;
    for (;;) {
        int code = check_header(heap, b, end, previous_free, fault);
        if (code != HMM_OK || b == end) return code;
        const hmm_units units = size_in(*header_of(b));
        previous_free = says_free(*header_of(b));
        code =
            previous_free ? check_free_block(heap, b, units, tally, fault) : check_allocated_block(heap, b, units, tally, fault);
        if (code != HMM_OK) return code;
        b = block_after(b, units);
    }
}

HMM_INTERNAL int check_all_blocks(const struct HMM_HEAP *heap, struct tally *tally, hmm_fault *fault) {
    struct region_view view = {heap, NULL, false};
    regions_iterator it;
    for (HMM_LINK node = regions_start_least(&it, &view, heap->regions); node != HMM_NO_REGION; node = regions_next(&it)) {
        const struct region *r = region_of_link(heap, node);
        tally->units += units_between(first_block(heap, r), region_end(heap, r));
        tally->bytes += (size_t)(region_limit(heap, r) - region_start(r));
        const int code = check_blocks(heap, r, tally, fault);
        if (code != HMM_OK) return code;
    }
    return HMM_OK;
}

/* ---- Index --------------------------------------------------------------------------------------------------------------- */

/* What the hooks of the tree of one class work on while it is checked: links are verified before they are followed. */
struct class_view {
    const struct HMM_HEAP *heap;
    unsigned number;
};

HMM_INTERNAL HMM_LINK checked_get_child(struct class_view *view, HMM_LINK node, int direction) {
    return by_size_get_child(view->heap, node, direction);
}

HMM_INTERNAL int checked_get_balance(struct class_view *view, HMM_LINK node) {
    const HMM_LINK balance = block_of_link(view->heap, node)->balance;
    return balance < -1 || balance > 1 ? 2 : (int)balance;
}

HMM_INTERNAL hmm_units checked_key(struct class_view *view, HMM_LINK node) {
    return by_size_key(view->heap, node);
}

HMM_INTERNAL int checked_compare(struct class_view *view, hmm_units key, HMM_LINK node) {
    return by_size_compare(view->heap, key, node);
}

/* Whether a link leads to a free block of that class. */
HMM_INTERNAL bool link_is_sound(const struct HMM_HEAP *heap, HMM_LINK link, unsigned number) {
    const struct block *b = block_of_link(heap, link);
    const hmm_units room = units_to_end(heap, b);
    if (room < HMM_UNITS_LEAST || !(HMM_LINKS_ARE_SHORT || link == link_of(heap, b))) return false;
    const hmm_word header = *header_of(b);
    const bool valid = HMM_AUDIT_LEVEL < 1 || header_is_valid(heap, b, header);
    return valid && says_free(header) && size_is_plausible(size_in(header), room) && class_of(heap, size_in(header)) == number;
}

HMM_INTERNAL bool checked_access(struct class_view *view, HMM_LINK node) {
    return link_is_sound(view->heap, node, view->number);
}

#define HMM_AVL(name) checked_##name
#define HMM_AVL_HANDLE hmm_link
#define HMM_AVL_NULL HMM_NO_BLOCK
#define HMM_AVL_KEY hmm_units
#define HMM_AVL_CONTEXT struct class_view *
#define HMM_AVL_MAX_DEPTH HMM_SIZE_TREE_DEPTH
#define HMM_AVL_CAN_FAIL 1
#define HMM_AVL_READ_ONLY 1
#define HMM_AVL_FUNCTION HMM_INTERNAL
#include "heapmm/avl.h"

/* One block of a bin: that the link leads to a free block of that size, and that it links back. */
HMM_INTERNAL int check_member(const struct HMM_HEAP *heap, HMM_LINK link, HMM_LINK previous, hmm_units units, const void *holder,
                              struct tally *indexed, hmm_fault *fault) {
    if (indexed->blocks_free == indexed->blocks_most || !link_is_sound(heap, link, class_of(heap, units)))
        return found(fault, HMM_FAULT_LINK, holder, "a link to a free block was overwritten");
    const struct block *b = block_of_link(heap, link);
    if (b->previous != previous || size_in(*header_of(b)) != units)
        return found(fault, HMM_FAULT_LINK, b, "two neighbours in a bin do not agree: a link was overwritten");
    tally_free(heap, b, units, indexed);
    return HMM_OK;
}

HMM_INTERNAL int check_list(const struct HMM_HEAP *heap, unsigned number, struct tally *indexed, hmm_fault *fault) {
    const void *holder = &heap->heads[number];
    HMM_LINK previous = HMM_LIST_END(number);
    HMM_LINK link = heap->heads[number];
    if (link == HMM_NO_BLOCK) return HMM_OK;
    while (link != HMM_LIST_END(number)) {
        const int code = check_member(heap, link, previous, number, holder, indexed, fault);
        if (code != HMM_OK) return code;
        holder = block_of_link(heap, link);
        previous = link;
        link = block_of_link(heap, link)->next;
    }
    return HMM_OK;
}

/* The ring of a node of a tree that was checked. */
HMM_INTERNAL int check_ring(const struct HMM_HEAP *heap, HMM_LINK node, struct tally *indexed, hmm_fault *fault) {
    const hmm_units units = by_size_key(heap, node);
    HMM_LINK previous = block_of_link(heap, node)->previous;
    HMM_LINK link = node;
    do {
        const struct block *holder = block_of_link(heap, link == node ? node : previous);
        const int code = check_member(heap, link, previous, units, holder, indexed, fault);
        if (code != HMM_OK) return code;
        if (is_node(block_of_link(heap, link)) != (link == node))
            return found(fault, HMM_FAULT_LINK, block_of_link(heap, link), "a balance in a tree of free blocks was overwritten");
        previous = link;
        link = block_of_link(heap, link)->next;
    } while (link != node);
    if (block_of_link(heap, node)->previous != previous)
        return found(fault, HMM_FAULT_LINK, block_of_link(heap, node), "a link in a bin was overwritten");
    return HMM_OK;
}

HMM_INTERNAL int check_tree(const struct HMM_HEAP *heap, unsigned number, struct tally *indexed, hmm_fault *fault) {
    struct class_view view = {heap, number};
    const HMM_LINK root = heap->heads[number];
    if (checked_check(&view, root, indexed->blocks_most) < 0)
        return found(fault, HMM_FAULT_TREE, &heap->heads[number],
                     "a tree of free blocks is out of order, or a link in it was overwritten");
    checked_iterator it;
    for (HMM_LINK node = checked_start_least(&it, &view, root); node != HMM_NO_BLOCK; node = checked_next(&it)) {
        const int code = check_ring(heap, node, indexed, fault);
        if (code != HMM_OK) return code;
    }
    return HMM_OK;
}

HMM_INTERNAL int check_bitmap(const struct HMM_HEAP *heap, hmm_fault *fault) {
    const struct geometry g = geometry_for(heap->capacity_bits);
    for (unsigned number = 0; number < g.map_words * HMM_BITS; number++) {
        const hmm_bits word = bitmap_of(heap)[number / HMM_BITS];
        const bool marked = (word >> number % HMM_BITS & 1) != 0;
        if (marked != (number >= HMM_UNITS_LEAST && number < g.classes && heap->heads[number] != HMM_NO_BLOCK))
            return found(fault, HMM_FAULT_INDEX, &bitmap_of(heap)[number / HMM_BITS], "the bitmap and the classes do not agree");
    }
    for (unsigned word = 0; word < HMM_BITS; word++)
        if ((heap->summary >> word & 1) != (word < g.map_words && bitmap_of(heap)[word] != 0))
            return found(fault, HMM_FAULT_INDEX, &heap->summary, "the summary of the bitmap was overwritten");
    return HMM_OK;
}

HMM_INTERNAL int check_index(const struct HMM_HEAP *heap, const struct tally *tally, hmm_fault *fault) {
    struct tally indexed = {.blocks_most = tally->blocks_free};
    int code = check_bitmap(heap, fault);
    for (unsigned number = 0; number < HMM_UNITS_LEAST; number++)
        if (heap->heads[number] != HMM_NO_LIST)
            return found(fault, HMM_FAULT_INDEX, &heap->heads[number], "the head of a list was overwritten");
    for (unsigned number = HMM_UNITS_LEAST; number < heap->classes && code == HMM_OK; number++)
        code =
            class_is_tree(heap, number) ? check_tree(heap, number, &indexed, fault) : check_list(heap, number, &indexed, fault);
    if (code != HMM_OK) return code;
    if (indexed.blocks_free != tally->blocks_free || indexed.free_sum != tally->free_sum)
        return found(fault, HMM_FAULT_INDEX, heap->heads, "the index does not hold exactly the free blocks");
    return HMM_OK;
}

/* ---- Counters ------------------------------------------------------------------------------------------------------------ */

HMM_INTERNAL int check_counts(const struct HMM_HEAP *heap, const struct tally *tally, hmm_fault *fault) {
    bool agree = heap->units_total == tally->units && heap->bytes_total == tally->bytes;
    if (HMM_STATS)
        agree = agree && heap->units_in_use == tally->units_in_use && heap->units_peak >= heap->units_in_use &&
                heap->blocks_free == tally->blocks_free && heap->allocations - heap->frees == tally->blocks_in_use;
    return agree ? HMM_OK : found(fault, HMM_FAULT_COUNTS, heap, "the counters disagree with the blocks");
}

HMM_INTERNAL int check_heap(const struct HMM_HEAP *heap, hmm_fault *fault) {
    struct tally tally = {0};
    int code = check_control(heap, fault);
    if (code == HMM_OK) code = check_regions(heap, fault);
    if (code == HMM_OK) code = check_all_blocks(heap, &tally, fault);
    if (code == HMM_OK) code = check_index(heap, &tally, fault);
    if (code == HMM_OK) code = check_counts(heap, &tally, fault);
    return code != HMM_OK ? code : found(fault, HMM_OK, NULL, "no fault was found");
}

#endif
