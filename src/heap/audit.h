/* audit.h: verifying, before the first store of an operation, all that it is going to read through or change.
 *
 * SPDX-License-Identifier: MIT
 *
 * Every function returns HMM_OK, or reports a fault and returns its code. None stores anything. No address is dereferenced
 * before it is known to lie in a region: a pointer and a link are looked up, a size is compared with the distance to the
 * region's end. At audit level 0 the callers skip them all.
 *
 * Trees. An insertion changes nodes on the path of its key only. A removal changes, besides, where it rotates, the other child of
 * a node on the path and the inner child of that: so the path is audited to a depth of 2 beside it. When one operation changes
 * the same tree again, the second change follows paths of a tree that the first has rebuilt:
 *
 * - All nodes whose links a removal writes lie within 2 of its path, and the children and grandchildren that they then have were
 *   their children or grandchildren, or each other's, before: within 4 of the path. So two removals audit both paths to a depth
 *   of 4.
 * - A path in the new tree goes through nodes that the removal wrote and through nodes that the key's path in the old one had,
 *   but for a key between the removed node and the neighbour that takes its place: that one leads to the other neighbour, so the
 *   way there is audited, too.
 * - Which neighbour it is depends on a balance that the removal before can change; and it can leave a node alone in its ring. So
 *   with two removals both ways are audited to a depth of 4, whoever is alone.
 *
 * Since a class is a narrow range of sizes, its tree has few nodes, and often this is the whole of it. tests/heap/damage_test.c
 * looks for gaps in this argument. */
#ifndef HMM_HEAP_AUDIT_H
#define HMM_HEAP_AUDIT_H

#include "fault.h"
#include "guard.h"
#include "index.h"
#include "region.h"

enum { HMM_BESIDE_INSERTION = 0, HMM_BESIDE_REMOVAL = 2, HMM_BESIDE_TWO_REMOVALS = 4 };

/* ---- Places -------------------------------------------------------------------------------------------------------------- */

/* Units from b to the end of its region; 0 if b lies in none. */
HMM_INLINE hmm_units units_to_end(const struct HMM_HEAP *heap, const struct block *b) {
    const struct region *r = region_of(heap, address_of(b));
    return r == NULL ? 0 : units_between(b, region_end(heap, r));
}

HMM_OUTLINE int report_record(const struct HMM_HEAP *heap, const struct region *damaged) {
    return report(heap, HMM_FAULT_REGION_RECORD, damaged, "the record at the start of a region was overwritten");
}

/* For what leads to an address in no region: a damaged record hides the regions behind it, and then is what is wrong. */
HMM_OUTLINE int report_no_region(const struct HMM_HEAP *heap, const void *target, hmm_result code, const void *address,
                                 const char *text) {
    struct region_view view = {heap, NULL, false};
    search_region(&view, address_of(target));
    return view.damaged != NULL ? report_record(heap, view.damaged) : report(heap, code, address, text);
}

/* Whether a header gives a block at b a size that fits into its region. */
HMM_INLINE bool size_is_plausible(hmm_units units, hmm_units room) {
    return units >= HMM_UNITS_LEAST && units <= room;
}

/* ---- Blocks -------------------------------------------------------------------------------------------------------------- */

HMM_OUTLINE int report_next_header(const struct HMM_HEAP *heap, const struct block *next) {
    if (units_to_end(heap, next) == 0)
        return report(heap, HMM_FAULT_SENTINEL, next,
                      "the end of the region was overwritten, or the size of the block before it");
    return report(heap, HMM_FAULT_HEADER, next, "the header was overwritten, by an overflow of the block before it perhaps");
}

/* An allocated block that the caller names: its header, the next one, and its canary. */
HMM_OUTLINE int report_not_allocated(const struct HMM_HEAP *heap, const struct block *b, hmm_units room) {
    const hmm_word header = *header_of(b);
    if (!header_is_valid(heap, b, header) || !size_is_plausible(size_in(header), room))
        return report(heap, HMM_FAULT_HEADER, b,
                      "no block starts here: an interior pointer, a block freed and coalesced, or its header was overwritten");
    if (says_free(header)) return report(heap, HMM_FAULT_NOT_ALLOCATED, b, "the block is free: freed twice, or used after free");
    const struct block *next = block_after(b, size_in(header));
    const hmm_word next_header = *header_of(next);
    if (!header_is_valid(heap, next, next_header) || (size_in(next_header) == 0 && units_to_end(heap, next) != 0))
        return report_next_header(heap, next);
    return report(heap, HMM_FAULT_HEADER, b,
                  "the header disagrees with the next block's: no block starts here, or one was overwritten");
}

HMM_INTERNAL int audit_allocated(const struct HMM_HEAP *heap, const void *p) {
    const struct region *r = region_of(heap, address_of(p));
    if (HMM_UNLIKELY(r == NULL))
        return report_no_region(heap, p, HMM_FAULT_OUTSIDE, p, "the pointer lies in no block of this heap");
    if (HMM_UNLIKELY(address_of(p) % HMM_GRANULE != 0))
        return report(heap, HMM_FAULT_MISALIGNED, p, "the pointer is not a multiple of the granule: no block starts there");

    const struct block *b = (const struct block *)p;
    const hmm_units room = units_between(b, region_end(heap, r));
    const hmm_word header = *header_of(b);
    if (HMM_UNLIKELY(!size_is_plausible(size_in(header), room))) return report_not_allocated(heap, b, room);
    const struct block *next = block_after(b, size_in(header));
    const HMM_WORD mismatch =
        header_mismatch(heap, link_of(heap, b), header) | header_mismatch(heap, link_of(heap, next), *header_of(next));
    if (HMM_UNLIKELY((mismatch & HMM_CHECK_MASK) != 0 || says_free(header) || says_previous_free(*header_of(next)) ||
                     (size_in(*header_of(next)) == 0 && next != region_end(heap, r))))
        return report_not_allocated(heap, b, room);
    if (HMM_UNLIKELY(!canary_is_intact(heap, b, size_in(header))))
        return report(heap, HMM_FAULT_CANARY, b, "the word behind the payload was overwritten: an overflow of this block");
    return HMM_OK;
}

/* A free block that a link or the header of the block before led to: its check value was right and it is free. The rest of its
 * header, its footer, and what the next header says of it. room: units to the region's end. */
HMM_INTERNAL int audit_free(const struct HMM_HEAP *heap, const struct block *b, hmm_units room) {
    const hmm_word header = *header_of(b);
    const hmm_units units = size_in(header);
    if (HMM_UNLIKELY(says_previous_free(header) || !size_is_plausible(units, room)))
        return report(heap, HMM_FAULT_HEADER, b, "the header of a free block was overwritten");
    const struct block *next = block_after(b, units);
    const hmm_word next_header = *header_of(next);
    if (HMM_UNLIKELY(!header_is_valid(heap, next, next_header) || says_free(next_header) || !says_previous_free(next_header)))
        return report_next_header(heap, next);
    if (HMM_UNLIKELY(*footer_before(next) != units))
        return report(heap, HMM_FAULT_FOOTER, b, "the size at the end of a free block was overwritten, by an underflow perhaps");
    return HMM_OK;
}

/* The free block before b, of which b's header says that it is there. */
HMM_INTERNAL int audit_free_before(const struct HMM_HEAP *heap, const struct block *b, struct block **before) {
    const struct region *r = region_of(heap, address_of(footer_before(b)));
    const hmm_units units = r == NULL ? 0 : *footer_before(b);
    if (HMM_UNLIKELY(r == NULL || !size_is_plausible(units, units_between(first_block(heap, r), b))))
        return report(heap, HMM_FAULT_FOOTER, b,
                      "the size at the end of the free block before was overwritten, by an underflow perhaps");
    *before = block_before(b, units);
    const hmm_word header = *header_of(*before);
    if (HMM_UNLIKELY(!header_is_valid(heap, *before, header) || !says_free(header) || says_previous_free(header)))
        return report(heap, HMM_FAULT_HEADER, *before, "the header of a free block was overwritten, or the size at its end");
    if (HMM_UNLIKELY(size_in(header) != units))
        return report(heap, HMM_FAULT_FOOTER, *before, "header and footer of a free block give different sizes");
    return HMM_OK;
}

/* ---- Links --------------------------------------------------------------------------------------------------------------- */

/* A link of b to another free block: that it leads to one. */
HMM_INLINE int audit_link(const struct HMM_HEAP *heap, HMM_LINK link, const void *holder, hmm_result code) {
    const struct block *target = block_of_link(heap, link);
    const hmm_units room = units_to_end(heap, target);
    if (HMM_UNLIKELY(room < HMM_UNITS_LEAST))
        return report_no_region(heap, target, code, holder, "a link to a free block leads out of the heap: it was overwritten");
    const hmm_word header = *header_of(target);
    if (HMM_UNLIKELY(!header_is_valid(heap, target, header) || !says_free(header) || !size_is_plausible(size_in(header), room)))
        return report(heap, code, holder, "a link leads to something that is no free block: one of them was overwritten");
    return HMM_OK;
}

/* A neighbour of b in a ring: a free block of the same size that links back. */
HMM_INTERNAL int audit_neighbour(const struct HMM_HEAP *heap, const struct block *b, hmm_units units, HMM_LINK link,
                                 bool is_next) {
    const int code = audit_link(heap, link, b, HMM_FAULT_LINK);
    if (HMM_UNLIKELY(code != HMM_OK)) return code;
    const struct block *neighbour = block_of_link(heap, link);
    const HMM_LINK back = is_next ? neighbour->previous : neighbour->next;
    if (HMM_UNLIKELY(back != link_of(heap, b) || size_in(*header_of(neighbour)) != units))
        return report(heap, HMM_FAULT_LINK, b, "two neighbours in a list of free blocks do not agree: a link was overwritten");
    return HMM_OK;
}

/* ---- Trees --------------------------------------------------------------------------------------------------------------- */

/* Sizes that a subtree may have, the ends not included. */
struct range {
    hmm_units low;
    hmm_units high;
};

/* Those on one side of a node of that size. */
HMM_INLINE struct range range_on(struct range range, hmm_units size, int side) {
    return side ? (struct range){size, range.high} : (struct range){range.low, size};
}

/* Whether a node's balance is one, and the children that it tells of are there. */
HMM_INLINE bool balance_is_plausible(const struct block *node) {
    const bool lesser = node->child[0] != HMM_NO_BLOCK, greater = node->child[1] != HMM_NO_BLOCK;
    switch (node->balance) {
    case -1: return lesser;
    case 0: return lesser == greater;
    case 1: return greater;
    default: return false;
    }
}

/* A node, of which its place in the tree says between which sizes it is. So the nodes audited from one root are different ones,
 * and form a tree: a size has one place. */
HMM_INLINE int audit_node(const struct HMM_HEAP *heap, HMM_LINK link, const void *holder, hmm_result code, unsigned number,
                          struct range range) {
    const int result = audit_link(heap, link, holder, code);
    if (HMM_UNLIKELY(result != HMM_OK)) return result;
    const struct block *node = block_of_link(heap, link);
    const hmm_units size = size_in(*header_of(node));
    if (HMM_UNLIKELY(size <= range.low || size >= range.high || class_of(heap, size) != number))
        return report(heap, code, holder, "a link leads to a free block of a wrong size: one of them was overwritten");
    if (HMM_UNLIKELY(!balance_is_plausible(node)))
        return report(heap, HMM_FAULT_LINK, node, "a node of a tree of free blocks was overwritten");
    return HMM_OK;
}

/* The nodes below a sound node on one side, down to a depth. */
HMM_INTERNAL int audit_beside(const struct HMM_HEAP *heap, const struct block *node, int side, int depth, unsigned number,
                              struct range range) {
    struct {
        const struct block *node;
        struct range range;
        int side; /* to go to next */
    } way[HMM_BESIDE_TWO_REMOVALS];
    int level = depth == 0 ? -1 : 0;
    way[0].node = node;
    way[0].range = range;
    way[0].side = side;
    while (level >= 0) {
        const int direction = way[level].side;
        if (direction > 1 || (level == 0 && direction != side)) {
            level--;
            continue;
        }
        way[level].side++;
        const struct block *holder = way[level].node;
        const HMM_LINK link = holder->child[direction];
        if (link == HMM_NO_BLOCK) continue;
        const struct range below = range_on(way[level].range, size_in(*header_of(holder)), direction);
        const int code = audit_node(heap, link, holder, HMM_FAULT_LINK, number, below);
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
        if (level + 1 == depth) continue;
        way[++level].node = block_of_link(heap, link);
        way[level].range = below;
        way[level].side = 0;
    }
    return HMM_OK;
}

/* From a node to its neighbour in order on one side, and what is within `depth` beside that path. */
HMM_INTERNAL int audit_way_to_neighbour(const struct HMM_HEAP *heap, const struct block *node, int side, int depth,
                                        unsigned number, struct range range) {
    int direction = side;
    for (int level = 0; level < (int)HMM_SIZE_TREE_DEPTH; level++) {
        const HMM_LINK link = node->child[direction];
        if (link == HMM_NO_BLOCK) return HMM_OK;
        range = range_on(range, size_in(*header_of(node)), direction);
        int code = audit_node(heap, link, node, HMM_FAULT_LINK, number, range);
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
        node = block_of_link(heap, link);
        direction = !side;
        code = audit_beside(heap, node, side, depth, number, range);
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
    }
    return report(heap, HMM_FAULT_TREE, node, "a tree of free blocks is too deep");
}

/* A removed node with two children is replaced by its neighbour on the deeper side; a key between the two then leads to the
 * neighbour on the other side. And a removal before that can change which side is deeper. */
HMM_INTERNAL int audit_replacement(const struct HMM_HEAP *heap, const struct block *node, int depth, unsigned number,
                                   struct range range) {
    const int deeper = node->balance > 0;
    const int other_depth = depth == HMM_BESIDE_TWO_REMOVALS ? depth : HMM_BESIDE_INSERTION;
    int code = audit_beside(heap, node, !deeper, depth, number, range);
    if (code == HMM_OK) code = audit_way_to_neighbour(heap, node, deeper, depth, number, range);
    if (code == HMM_OK) code = audit_way_to_neighbour(heap, node, !deeper, other_depth, number, range);
    return code;
}

/* The path of a key in a class's tree, what is within `depth` beside it and, if depth is not 0, what the removal of the node of
 * that size needs. *node: the node of that size, or NULL. */
HMM_OUTLINE int audit_tree_path(const struct HMM_HEAP *heap, unsigned number, hmm_units units, int depth, struct block **node) {
    const void *holder = &heap->heads[number];
    hmm_result code = HMM_FAULT_INDEX;
    HMM_LINK link = heap->heads[number];
    struct range range = {0, HMM_UNITS_MOST + 1};

    *node = NULL;
    for (int level = 0; link != HMM_NO_BLOCK; level++) {
        if (level == (int)HMM_SIZE_TREE_DEPTH) return report(heap, HMM_FAULT_TREE, holder, "a tree of free blocks is too deep");
        int result = audit_node(heap, link, holder, code, number, range);
        if (HMM_UNLIKELY(result != HMM_OK)) return result;

        struct block *b = block_of_link(heap, link);
        const hmm_units size = size_in(*header_of(b));
        if (units == size) {
            *node = b;
            return depth == 0 ? HMM_OK : audit_replacement(heap, b, depth, number, range);
        }
        const int direction = units > size;
        result = depth == 0 ? HMM_OK : audit_beside(heap, b, !direction, depth, number, range);
        if (HMM_UNLIKELY(result != HMM_OK)) return result;
        holder = b;
        code = HMM_FAULT_LINK;
        range = range_on(range, size, direction);
        link = b->child[direction];
    }
    return HMM_OK;
}

/* ---- Index --------------------------------------------------------------------------------------------------------------- */

/* Whether a link leads to a place in a region where a block can be. */
HMM_INTERNAL bool link_is_inside(const struct HMM_HEAP *heap, HMM_LINK link) {
    return units_to_end(heap, block_of_link(heap, link)) >= HMM_UNITS_LEAST;
}

/* Taking out b, a sound free block of an exact class. Its neighbours in the list are only relinked: they must link back. */
HMM_INTERNAL int audit_take_from_list(const struct HMM_HEAP *heap, const struct block *b, hmm_units units) {
    const HMM_LINK link = link_of(heap, b), next = b->next, previous = b->previous;
    const bool oldest = next == HMM_LIST_END(units), newest = previous == HMM_LIST_END(units);
    if (HMM_UNLIKELY(!oldest && !link_is_inside(heap, next)))
        return report_no_region(heap, block_of_link(heap, next), HMM_FAULT_LINK, b, "a link to a free block was overwritten");
    if (HMM_UNLIKELY(!newest && !link_is_inside(heap, previous)))
        return report_no_region(heap, block_of_link(heap, previous), HMM_FAULT_LINK, b, "a link to a free block was overwritten");
    if (HMM_UNLIKELY(!oldest && block_of_link(heap, next)->previous != link))
        return report(heap, HMM_FAULT_LINK, b, "the next block of a list does not link back: a link was overwritten");
    if (HMM_UNLIKELY(newest ? heap->heads[units] != link : block_of_link(heap, previous)->next != link))
        return report(heap, HMM_FAULT_LINK, b, "a free block is not where the index has it: a link was overwritten");
    return HMM_OK;
}

/* Taking out b, a sound free block of a class that is a tree. A node that is not alone only hands its place on; but of two blocks
 * taken out, the first may leave the second alone. */
HMM_OUTLINE int audit_take_from_tree(const struct HMM_HEAP *heap, const struct block *b, hmm_units units, int beside) {
    int code = audit_neighbour(heap, b, units, b->next, true);
    if (code == HMM_OK) code = audit_neighbour(heap, b, units, b->previous, false);
    if (HMM_UNLIKELY(code != HMM_OK)) return code;
    const bool in_tree = is_node(b) || is_alone(heap, b);
    if (!in_tree && beside != HMM_BESIDE_TWO_REMOVALS) return HMM_OK;

    const bool leaves = is_alone(heap, b) || beside == HMM_BESIDE_TWO_REMOVALS;
    struct block *node;
    code = audit_tree_path(heap, class_of(heap, units), units, leaves ? beside : HMM_BESIDE_INSERTION, &node);
    if (HMM_UNLIKELY(code != HMM_OK)) return code;
    if (HMM_UNLIKELY(node == NULL || (in_tree && node != b)))
        return report(heap, HMM_FAULT_LINK, b, "a free block is not where the index has it: a link was overwritten");
    return HMM_OK;
}

/* Taking out b, a sound free block. */
HMM_INTERNAL int audit_take(const struct HMM_HEAP *heap, const struct block *b, int beside) {
    const hmm_units units = size_in(*header_of(b));
    return class_is_tree(heap, class_of(heap, units)) ? audit_take_from_tree(heap, b, units, beside)
                                                      : audit_take_from_list(heap, b, units);
}

/* Putting in a free block of that size. */
HMM_INTERNAL int audit_put(const struct HMM_HEAP *heap, hmm_units units) {
    const unsigned number = class_of(heap, units);
    if (class_is_tree(heap, number)) {
        struct block *node;
        const int code = audit_tree_path(heap, number, units, HMM_BESIDE_INSERTION, &node);
        return code != HMM_OK || node == NULL ? code : audit_neighbour(heap, node, units, node->next, true);
    }
    const HMM_LINK head = heap->heads[number];
    if (head == HMM_NO_BLOCK) return HMM_OK;
    if (HMM_UNLIKELY(!link_is_inside(heap, head)))
        return report_no_region(heap, block_of_link(heap, head), HMM_FAULT_INDEX, &heap->heads[number],
                                "the head of a list leads out of the heap: it was overwritten");
    if (HMM_UNLIKELY(block_of_link(heap, head)->previous != HMM_LIST_END(units)))
        return report(heap, HMM_FAULT_LINK, block_of_link(heap, head),
                      "the newest block of a list of free blocks was overwritten");
    return HMM_OK;
}

#endif
