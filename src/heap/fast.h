/* fast.h: the commonest allocation and the commonest free, in a straight line.
 *
 * SPDX-License-Identifier: MIT
 *
 * Common is: every free block concerned lies in the first region, and is of an exact class; or, with `large`, also in a class of
 * several sizes, as long as that holds no other block. A tree of one node needs no search and no rotation, and since such classes are
 * narrow, most are that. Whatever else is met, damage included, ends the attempt before its first store, and the general function
 * starts anew, knows every case and reports what is damaged.
 *
 * Without audits nothing can be found to be wrong, so with `large` every tree is common, and any region: only a request that no free
 * block fits is left to the general function.
 *
 * What is read through or changed is audited as in audit.h, in the form that lists in one region allow: a link is followed when it
 * stays below the region's end (a wrong one that leads into the control block is still inside the region), and believed when the
 * block there links back. */
#ifndef HMM_HEAP_FAST_H
#define HMM_HEAP_FAST_H

#include "alloc.h"
#include "release.h"

enum { HMM_AUDITED = HMM_AUDIT_LEVEL >= 1 };

/* Links into the first region are not negative. Unaudited links may lead to any. */
HMM_INLINE struct block *home_block(const struct HMM_HEAP *heap, HMM_LINK link) {
    if (!HMM_AUDITED) return block_of_link(heap, link);
    return block_at(address_of(heap) + ((uintptr_t)(HMM_WORD)link << HMM_GRANULE_SHIFT));
}

/* Whether a link leads into the first region. */
HMM_INLINE bool link_is_home(const struct HMM_HEAP *heap, HMM_LINK link) {
    return (HMM_WORD)link < (HMM_WORD)heap->home.end;
}

/* The links of the blocks that many units behind and before another. */
HMM_INLINE HMM_LINK link_past(HMM_LINK link, hmm_units units) {
    return (HMM_LINK)((HMM_WORD)link + units);
}

HMM_INLINE HMM_LINK link_before(HMM_LINK link, hmm_units units) {
    return (HMM_LINK)((HMM_WORD)link - units);
}

/* Whether so many units of an exact class, from a link on, end in the first region. Such sizes are too small for the sum to wrap. */
HMM_INLINE bool ends_at_home(const struct HMM_HEAP *heap, HMM_LINK link, hmm_units units) {
    return link_is_home(heap, link) && link_is_home(heap, link_past(link, units - 1));
}

/* Whether a header is sound and has neither flag: that of an allocated block behind another. */
HMM_INLINE bool header_is_plain(const struct HMM_HEAP *heap, HMM_LINK link, HMM_WORD header) {
    return ((scramble(heap, link, header) & HMM_CHECK_MASK) | (header & HMM_FLAGS)) == 0;
}

/* Whether the list of an exact class can take another block: it is empty, or its head is its newest block. */
HMM_INLINE bool list_is_open(const struct HMM_HEAP *heap, hmm_units units) {
    const HMM_LINK head = heap->heads[units];
    if (head == HMM_NO_BLOCK) return true;
    return link_is_home(heap, head) && home_block(heap, head)->previous == HMM_LIST_END(units);
}

/* Whether the next block of a list links back to b, whose link is given, or b is the oldest. */
HMM_INLINE bool next_links_back(const struct HMM_HEAP *heap, HMM_LINK next, HMM_LINK link, hmm_units units) {
    if (next == HMM_LIST_END(units)) return true;
    return link_is_home(heap, next) && home_block(heap, next)->previous == link;
}

/* Whether the previous block of a list, or the class, links back to b. */
HMM_INLINE bool previous_links_back(const struct HMM_HEAP *heap, HMM_LINK previous, HMM_LINK link, hmm_units units) {
    if (previous == HMM_LIST_END(units)) return heap->heads[units] == link;
    return link_is_home(heap, previous) && home_block(heap, previous)->next == link;
}

/* Whether a free block is all that a class of several sizes holds. */
HMM_INLINE bool is_lone(const struct HMM_HEAP *heap, const struct block *b, HMM_LINK link, unsigned number) {
    return heap->heads[number] == link && b->next == link && (!HMM_AUDITED || b->previous == link) &&
           b->child[0] == HMM_NO_BLOCK && b->child[1] == HMM_NO_BLOCK && (!HMM_AUDITED || b->balance == 0);
}

/* Whether a class can take a block of that size. */
HMM_INLINE bool class_is_open(const struct HMM_HEAP *heap, hmm_units units, bool large) {
    if (!HMM_AUDITED) return true;
    if (large && units >= heap->exact) return heap->heads[class_of_large(heap, units)] == HMM_NO_BLOCK;
    return list_is_open(heap, units);
}

/* Whether a free block may be taken out of its class. */
HMM_INLINE bool seat_is_sound(const struct HMM_HEAP *heap, const struct block *b, HMM_LINK link, hmm_units units, bool large) {
    if (!HMM_AUDITED) return true;
    if (large && units >= heap->exact) return is_lone(heap, b, link, class_of_large(heap, units));
    return next_links_back(heap, b->next, link, units) && previous_links_back(heap, b->previous, link, units);
}

HMM_INLINE void empty_class(struct HMM_HEAP *heap, unsigned number) {
    heap->heads[number] = HMM_NO_BLOCK;
    unmark_class(heap, number);
}

/* Takes a block out of a class of several sizes; lone: it is all that the class holds. */
HMM_INLINE void leave_tree(struct HMM_HEAP *heap, struct block *b, unsigned number, hmm_units units, bool lone) {
    if (HMM_AUDITED || HMM_LIKELY(lone))
        empty_class(heap, number);
    else
        take_from_tree(heap, b, number, units);
}

/* Takes a block out of its class. */
HMM_INLINE void leave_class(struct HMM_HEAP *heap, struct block *b, HMM_LINK link, hmm_units units, bool large) {
    if (large && units >= heap->exact) {
        const unsigned number = class_of_large(heap, units);
        leave_tree(heap, b, number, units, is_lone(heap, b, link, number));
    } else {
        take_from_list(heap, b, (unsigned)units);
    }
}

/* Puts a block into a class of several sizes. */
HMM_INLINE void join_tree(struct HMM_HEAP *heap, struct block *b, unsigned number) {
    if (HMM_AUDITED || HMM_LIKELY(heap->heads[number] == HMM_NO_BLOCK))
        start_tree(heap, b, number);
    else
        put_in_tree(heap, b, number);
}

/* Makes a block, behind an allocated one, free. */
HMM_INLINE void put_free(struct HMM_HEAP *heap, struct block *b, HMM_LINK link, hmm_units units, bool large) {
    *header_of(b) = header_for(heap, link, units) ^ HMM_FLIP_FREE;
    write_footer(block_after(b, units), units);
    if (large && units >= heap->exact)
        join_tree(heap, b, class_of_large(heap, units));
    else
        put_in_list(heap, b, link, (unsigned)units);
}

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

/* The best fit: the newest block of its size. */
struct fit {
    struct block *b;
    HMM_LINK link;
    hmm_units units;
    unsigned number; /* of its class */
    bool lone;       /* it is all that a class of several sizes holds */
    HMM_WORD header; /* as it will be when it is allocated */
};

/* The newest block of an exact class that is not empty. link: the class's head. false: something is wrong with it. */
HMM_INLINE bool look_at_newest(const struct HMM_HEAP *heap, HMM_LINK link, hmm_units units, struct fit *fit) {
    struct block *b = home_block(heap, link);
    if (HMM_AUDITED && HMM_UNLIKELY(!ends_at_home(heap, link, units))) return false;
    *fit = (struct fit){b, link, units, (unsigned)units, false, header_for(heap, link, units)};
    if (!HMM_AUDITED) return true;
    return *header_of(b) == (fit->header ^ HMM_FLIP_FREE) && *footer_before(block_after(b, units)) == units &&
           b->previous == HMM_LIST_END(units) && next_links_back(heap, b->next, link, units);
}

/* The only block of a class of several sizes that is not empty. false: it is not the only one, or something is wrong with it. */
HMM_INLINE bool look_at_lone(const struct HMM_HEAP *heap, unsigned number, struct fit *fit) {
    const HMM_LINK link = heap->heads[number];
    struct block *b = home_block(heap, link);
    if (HMM_AUDITED && HMM_UNLIKELY(link == HMM_NO_BLOCK || !link_is_home(heap, link))) return false;
    const hmm_units units = size_in(*header_of(b)), room = (hmm_units)heap->home.end - (hmm_units)link;
    if (HMM_AUDITED && HMM_UNLIKELY(units < heap->exact || units > room)) return false;
    *fit = (struct fit){b, link, units, number, true, header_for(heap, link, units)};
    if (!is_lone(heap, b, link, number)) return false;
    if (!HMM_AUDITED) return true;
    return *header_of(b) == (fit->header ^ HMM_FLIP_FREE) && *footer_before(block_after(b, units)) == units &&
           class_of_large(heap, units) == number;
}

/* The best fit in a class of several sizes that is not empty; of 0 units or too few, if nothing there fits. false: with audits, something
 * is wrong, or the class holds several blocks. */
HMM_INLINE bool look_in_tree(const struct HMM_HEAP *heap, unsigned number, hmm_units units, struct fit *fit) {
    if (HMM_LIKELY(look_at_lone(heap, number, fit))) return true;
    if (HMM_AUDITED) return false;
    fit_in_tree(heap, number, units, &fit->b);
    fit->units = 0;
    if (fit->b == NULL) return true;
    fit->link = link_of(heap, fit->b);
    fit->units = size_in(*header_of(fit->b));
    fit->lone = false;
    fit->header = header_for(heap, fit->link, fit->units);
    return true;
}

/* Takes a fit out of its class. */
HMM_INLINE void take_fit(struct HMM_HEAP *heap, const struct fit *fit, bool large) {
    if (large)
        leave_tree(heap, fit->b, fit->number, fit->units, fit->lone);
    else
        take_newest(heap, fit->b, fit->number);
}

/* The header behind a free block, as it will be when that is allocated. false: it is not sound. */
HMM_INLINE bool look_behind(const struct HMM_HEAP *heap, const struct fit *fit, HMM_WORD *header) {
    *header = *header_of(block_after(fit->b, fit->units)) ^ HMM_FLIP_PREVIOUS_FREE;
    return !HMM_AUDITED || header_is_plain(heap, link_past(fit->link, fit->units), *header);
}

HMM_INLINE void count_allocation(struct HMM_HEAP *heap, hmm_units units) {
    if (HMM_STATS) heap->allocations++;
    count_in_use(heap, units);
}

/* Each of these three allocates a fit, or returns NULL when something is wrong, and then nothing has changed. The whole of it. */
HMM_INLINE struct block *take_whole(struct HMM_HEAP *heap, const struct fit *fit, bool large) {
    HMM_WORD next_header;
    if (HMM_UNLIKELY(!look_behind(heap, fit, &next_header))) return NULL;
    take_fit(heap, fit, large);
    *header_of(fit->b) = fit->header;
    *header_of(block_after(fit->b, fit->units)) = next_header;
    if (HMM_STATS) heap->blocks_free--;
    count_allocation(heap, fit->units);
    return fit->b;
}

/* Its low end. The header behind it stays as it is. */
HMM_INLINE struct block *take_low(struct HMM_HEAP *heap, const struct fit *fit, hmm_units units, bool large) {
    const hmm_units rest = fit->units - units;
    HMM_WORD next_header;
    if (HMM_UNLIKELY(!class_is_open(heap, rest, large) || !look_behind(heap, fit, &next_header))) return NULL;
    take_fit(heap, fit, large);
    *header_of(fit->b) = header_for(heap, fit->link, units);
    put_free(heap, block_after(fit->b, units), link_past(fit->link, units), rest, large);
    count_allocation(heap, units);
    return fit->b;
}

/* Its high end. */
HMM_INLINE struct block *take_high(struct HMM_HEAP *heap, const struct fit *fit, hmm_units units, bool large) {
    const hmm_units rest = fit->units - units;
    struct block *b = block_after(fit->b, rest);
    HMM_WORD next_header;
    if (HMM_UNLIKELY(!class_is_open(heap, rest, large) || !look_behind(heap, fit, &next_header))) return NULL;
    take_fit(heap, fit, large);
    *header_of(block_after(b, units)) = next_header;
    *header_of(b) = header_for(heap, link_past(fit->link, rest), units) ^ HMM_FLIP_PREVIOUS_FREE;
    put_free(heap, fit->b, fit->link, rest, large);
    count_allocation(heap, units);
    return b;
}

HMM_INLINE struct block *take_some(struct HMM_HEAP *heap, const struct fit *fit, size_t size, hmm_units units, bool large) {
    if (fit->units - units < HMM_UNITS_LEAST) return take_whole(heap, fit, large);
    return size >= HMM_SPLIT_HIGH_BYTES ? take_high(heap, fit, units, large) : take_low(heap, fit, units, large);
}

/* The three ways to allocate return NULL when their case is not given, or something is wrong, and nothing has changed. The newest
 * block of an exact class, whose head is given. */
HMM_INLINE struct block *allocate_exact(struct HMM_HEAP *heap, HMM_LINK head, hmm_units units) {
    struct fit fit;
    return HMM_UNLIKELY(!look_at_newest(heap, head, units, &fit)) ? NULL : take_whole(heap, &fit, false);
}

/* The best fit, if it is of an exact class. */
HMM_INLINE struct block *allocate_fit(struct HMM_HEAP *heap, size_t size, hmm_units units) {
    struct fit fit;
    const unsigned number = marked_class_from(heap, (unsigned)units);
    if (HMM_UNLIKELY(number >= heap->exact || heap->heads[number] == HMM_NO_BLOCK)) return NULL;
    if (HMM_UNLIKELY(!look_at_newest(heap, heap->heads[number], (hmm_units)number, &fit))) return NULL;
    return take_some(heap, &fit, size, units, false);
}

/* The best fit, if it is of a class of several sizes. Of the class of its own size all blocks may be too small. */
HMM_INLINE struct block *allocate_large(struct HMM_HEAP *heap, size_t size, hmm_units units) {
    struct fit fit;
    unsigned number = marked_class_from(heap, class_of(heap, units));
    if (number < heap->exact || number >= heap->classes || !look_in_tree(heap, number, units, &fit)) return NULL;
    if (fit.units < units) {
        number = number + 1 < heap->classes ? marked_class_from(heap, number + 1) : heap->classes;
        if (number >= heap->classes || !look_in_tree(heap, number, 0, &fit)) return NULL;
    }
    return take_some(heap, &fit, size, units, true);
}

/* ---- Freeing ------------------------------------------------------------------------------------------------------------- */

/* The bits of a distance in bytes turned so that a distance that is no multiple of the granule becomes a huge number of units. */
HMM_INLINE uintptr_t units_in(uintptr_t distance) {
    return distance >> HMM_GRANULE_SHIFT | distance << (sizeof distance * CHAR_BIT - HMM_GRANULE_SHIFT);
}

/* A block that is being freed, and the headers that change with it. */
struct freed {
    struct block *b;
    HMM_LINK link;
    hmm_units units;
    HMM_WORD header;
    HMM_WORD next_header;
};

HMM_INLINE struct block *next_of_freed(const struct freed *f) {
    return block_after(f->b, f->units);
}

/* Whether p lies in the first region where a block may, and so does what its header says is the next block. */
HMM_INLINE bool look_at_freed(const struct HMM_HEAP *heap, void *p, struct freed *f) {
    const uintptr_t first = (uintptr_t)(HMM_WORD)heap->home.first, end = (uintptr_t)(HMM_WORD)heap->home.end;
    const uintptr_t at = units_in(address_of(p) - address_of(heap));
    if (HMM_AUDITED && HMM_UNLIKELY(at >= end || at < first)) return false;
    f->b = (struct block *)p;
    f->link = HMM_AUDITED ? (HMM_LINK)at : link_of(heap, f->b);
    f->header = *header_of(f->b);
    f->units = size_in(f->header);
    if (HMM_AUDITED && HMM_UNLIKELY(f->units > end - at)) return false;
    f->next_header = *header_of(next_of_freed(f));
    return true;
}

/* Whether f is an allocated block, whose neighbours are free as told. Only the end of a region has size 0: where a single check bit is
 * all, zeros would pass for it half of the time. */
HMM_INLINE bool is_allocated(const struct HMM_HEAP *heap, const struct freed *f, bool before_free, bool next_free) {
    const HMM_WORD header = before_free ? f->header ^ HMM_FLIP_PREVIOUS_FREE : f->header;
    const HMM_WORD next_header = next_free ? f->next_header ^ HMM_FLIP_FREE : f->next_header;
    const HMM_WORD mismatch = scramble(heap, f->link, header) | scramble(heap, link_past(f->link, f->units), next_header);
    return ((mismatch & HMM_CHECK_MASK) | ((header | next_header) & HMM_FLAGS)) == 0 &&
           (HMM_CHECK_BITS > 1 || size_in(f->next_header) != 0 || link_past(f->link, f->units) == heap->home.end);
}

HMM_INLINE void count_free(struct HMM_HEAP *heap, hmm_units units) {
    if (HMM_STATS) heap->frees++;
    count_out_of_use(heap, units);
}

/* Frees a block of an exact class whose neighbours are allocated. false: something is wrong, and nothing has changed. The list of
 * a size that no block has is not open. */
HMM_INLINE bool free_alone(struct HMM_HEAP *heap, const struct freed *f) {
    if (HMM_UNLIKELY(f->units >= heap->exact)) return false;
    if (HMM_AUDITED && HMM_UNLIKELY(!is_allocated(heap, f, false, false) || !list_is_open(heap, f->units))) return false;
    *header_of(next_of_freed(f)) = f->next_header ^ HMM_FLIP_PREVIOUS_FREE;
    *header_of(f->b) = f->header ^ HMM_FLIP_FREE;
    write_footer(next_of_freed(f), f->units);
    put_in_list(heap, f->b, f->link, (unsigned)f->units);
    if (HMM_STATS) heap->blocks_free++;
    count_free(heap, f->units);
    return true;
}

/* The size of the free block before f; 0 if that is not sound. */
HMM_INLINE hmm_units free_before(const struct HMM_HEAP *heap, const struct freed *f) {
    const hmm_units before = *footer_before(f->b);
    const hmm_units room = (hmm_units)f->link - (hmm_units)heap->home.first;
    if (!HMM_AUDITED) return before;
    if (HMM_UNLIKELY(!size_is_plausible(before, room))) return 0;
    const HMM_WORD header = header_for(heap, link_before(f->link, before), before) ^ HMM_FLIP_FREE;
    return *header_of(block_before(f->b, before)) == header ? before : 0;
}

/* The size of the free block behind f, whose header was audited; 0 if that is not sound. */
HMM_INLINE hmm_units free_after(const struct HMM_HEAP *heap, const struct freed *f) {
    const hmm_units after = size_in(f->next_header);
    const hmm_units room = (hmm_units)heap->home.end - (hmm_units)f->link - f->units;
    if (!HMM_AUDITED) return after;
    if (HMM_UNLIKELY(!size_is_plausible(after, room))) return 0;
    return *footer_before(block_after(next_of_freed(f), after)) == after ? after : 0;
}

/* Frees a block beside free ones, on the sides told. false: something is wrong, or this is no common case, and nothing has
 * changed. */
HMM_INLINE bool free_beside(struct HMM_HEAP *heap, const struct freed *f, bool before_free, bool next_free, bool large) {
    if (HMM_AUDITED && HMM_UNLIKELY(f->units == 0 || !is_allocated(heap, f, before_free, next_free))) return false;
    const hmm_units before = before_free ? free_before(heap, f) : 0, after = next_free ? free_after(heap, f) : 0;
    if (HMM_AUDITED && HMM_UNLIKELY((before_free && before == 0) || (next_free && after == 0))) return false;

    const hmm_units total = before + f->units + after;
    struct block *start = block_before(f->b, before);
    struct block *next = next_of_freed(f);
    const HMM_LINK link = link_before(f->link, before), next_link = link_past(f->link, f->units);
    if (!large && HMM_UNLIKELY(total >= heap->exact)) return false;
    if (before_free && HMM_UNLIKELY(!seat_is_sound(heap, start, link, before, large))) return false;
    if (next_free && HMM_UNLIKELY(!seat_is_sound(heap, next, next_link, after, large))) return false;
    if (HMM_UNLIKELY(!class_is_open(heap, total, large))) return false;
    if (before_free) leave_class(heap, start, link, before, large);
    if (next_free) leave_class(heap, next, next_link, after, large);
    if (before_free) erase_header(f->b);
    if (next_free)
        erase_header(next);
    else
        *header_of(next) = f->next_header ^ HMM_FLIP_PREVIOUS_FREE;
    put_free(heap, start, link, total, large);
    if (HMM_STATS) heap->blocks_free += 1u - (hmm_units)before_free - (hmm_units)next_free;
    count_free(heap, f->units);
    return true;
}

#endif
