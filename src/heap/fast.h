/* fast.h: the commonest allocation and the commonest free, in a straight line.
 *
 * SPDX-License-Identifier: MIT
 *
 * Common is: every free block concerned is of an exact class and lies in the first region, and nothing is wrong. Whatever else is
 * met, damage included, ends the attempt before its first store, and the caller goes on with the general function, which starts
 * anew, knows every case and reports what is damaged. So these functions call nothing and keep all they know in registers.
 *
 * What is read through or changed is audited as in audit.h, in the form that lists in one region allow: a link is followed when it
 * stays below the region's end (a wrong one that leads into the control block is still inside the region), and believed when the
 * block there links back. */
#ifndef HMM_HEAP_FAST_H
#define HMM_HEAP_FAST_H

#include "alloc.h"
#include "release.h"

enum { HMM_AUDITED = HMM_AUDIT_LEVEL >= 1 };

/* Whether a link leads into the first region. */
HMM_INLINE bool link_is_home(const struct HMM_HEAP *heap, HMM_LINK link) {
    return (HMM_WORD)link < (HMM_WORD)heap->home.end;
}

/* Whether the header of a block is that of a free one of so many units. */
HMM_INLINE bool is_free_of(const struct HMM_HEAP *heap, const struct block *b, HMM_LINK link, hmm_units units) {
    return *header_of(b) == header_for(heap, link, units | HMM_FREE);
}

/* Whether the header behind a free block is sound and says so. */
HMM_INLINE bool follows_free(const struct HMM_HEAP *heap, const struct block *b, HMM_LINK link) {
    const hmm_word header = *header_of(b);
    const HMM_WORD wrong_flags = (HMM_WORD)((header ^ HMM_PREVIOUS_FREE) & (HMM_PREVIOUS_FREE | HMM_FREE));
    return ((header_mismatch(heap, link, header) & HMM_CHECK_MASK) | wrong_flags) == 0;
}

/* Whether the list of an exact class can take another block: it is empty, or its head is its newest block. */
HMM_INLINE bool list_is_open(const struct HMM_HEAP *heap, hmm_units units) {
    const HMM_LINK head = heap->heads[units];
    if (head == HMM_NO_BLOCK) return true;
    return link_is_home(heap, head) && block_of_link(heap, head)->previous == HMM_LIST_END(units);
}

/* Whether the next block of a list links back to b, whose link is given, or b is the oldest. */
HMM_INLINE bool next_links_back(const struct HMM_HEAP *heap, const struct block *b, HMM_LINK link, hmm_units units) {
    if (b->next == HMM_LIST_END(units)) return true;
    return link_is_home(heap, b->next) && block_of_link(heap, b->next)->previous == link;
}

/* Whether the previous block of a list, or the class, links back to b. */
HMM_INLINE bool previous_links_back(const struct HMM_HEAP *heap, const struct block *b, HMM_LINK link, hmm_units units) {
    if (b->previous == HMM_LIST_END(units)) return heap->heads[units] == link;
    return link_is_home(heap, b->previous) && block_of_link(heap, b->previous)->next == link;
}

/* Whether a free block of a list may be taken out of it. */
HMM_INLINE bool seat_is_sound(const struct HMM_HEAP *heap, const struct block *b, HMM_LINK link, hmm_units units) {
    return next_links_back(heap, b, link, units) && previous_links_back(heap, b, link, units);
}

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

/* The newest block of an exact class. */
struct newest {
    struct block *b;
    hmm_units units;
    HMM_LINK link;
};

/* The newest block of the first class that is not empty, from `units` on. */
HMM_INLINE bool find_newest(const struct HMM_HEAP *heap, hmm_units units, struct newest *newest) {
    const unsigned number = marked_class_from(heap, (unsigned)units);
    if (HMM_UNLIKELY(number >= heap->exact)) return false;
    const HMM_LINK head = heap->heads[number];
    struct block *b = block_of_link(heap, head);
    *newest = (struct newest){b, (hmm_units)number, head};
    if (!HMM_AUDITED) return true;

    if (HMM_UNLIKELY(head == HMM_NO_BLOCK || !link_is_home(heap, head))) return false;
    if (HMM_UNLIKELY(number > (hmm_units)heap->home.end - (hmm_units)head)) return false;
    return is_free_of(heap, b, head, newest->units) && *footer_before(block_after(b, newest->units)) == newest->units &&
           b->previous == HMM_LIST_END(number) && next_links_back(heap, b, head, newest->units);
}

/* Makes the whole of a free block an allocated one. */
HMM_INLINE bool take_whole(struct HMM_HEAP *heap, const struct newest *from) {
    struct block *next = block_after(from->b, from->units);
    const HMM_LINK next_link = from->link + (HMM_LINK)from->units;
    if (HMM_AUDITED && HMM_UNLIKELY(!follows_free(heap, next, next_link))) return false;
    take_newest(heap, from->b, (unsigned)from->units);
    *header_of(from->b) = header_for(heap, from->link, from->units);
    *header_of(next) = header_for(heap, next_link, body_with(*header_of(next), false));
    if (HMM_STATS) heap->blocks_free--;
    count_in_use(heap, from->units);
    return true;
}

/* Cuts `units` off one end of a free block, which then starts there. */
HMM_INLINE bool take_part(struct HMM_HEAP *heap, struct newest *from, hmm_units units, bool high) {
    const hmm_units rest = from->units - units;
    struct block *b = high ? block_after(from->b, rest) : from->b;
    struct block *left = high ? from->b : block_after(b, units);
    struct block *next = block_after(b, units);
    const HMM_LINK link = high ? from->link + (HMM_LINK)rest : from->link;
    const HMM_LINK left_link = high ? from->link : link + (HMM_LINK)units;
    const HMM_LINK next_link = link + (HMM_LINK)units;
    if (HMM_AUDITED && HMM_UNLIKELY(!list_is_open(heap, rest))) return false;
    if (HMM_AUDITED && high && HMM_UNLIKELY(!follows_free(heap, next, next_link))) return false;

    *header_of(b) = header_for(heap, link, high ? units | HMM_PREVIOUS_FREE : units);
    *header_of(left) = header_for(heap, left_link, rest | HMM_FREE);
    write_footer(block_after(left, rest), rest);
    if (high) *header_of(next) = header_for(heap, next_link, body_with(*header_of(next), false));
    count_in_use(heap, units);
    take_newest(heap, from->b, (unsigned)from->units);
    put_in_list(heap, left, left_link, (unsigned)rest);
    from->b = b;
    return true;
}

/* *p: the payload. false: not a common case, and nothing has changed. */
HMM_INLINE bool allocate_fast(struct HMM_HEAP *heap, size_t size, void **p) {
    struct newest from;
    if (HMM_UNLIKELY(size > usable_of((hmm_units)1 << HMM_EXACT_BITS_MOST))) return false;
    const hmm_units units = units_for(size);
    if (HMM_UNLIKELY(units >= heap->exact || !find_newest(heap, units, &from))) return false;
    const bool whole = from.units - units < HMM_UNITS_LEAST;
    const bool high = size >= HMM_SPLIT_HIGH_BYTES;
    if (!(whole ? take_whole(heap, &from) : high ? take_part(heap, &from, units, true) : take_part(heap, &from, units, false)))
        return false;
    if (HMM_STATS) heap->allocations++;
    *p = from.b;
    return true;
}

/* ---- Freeing ------------------------------------------------------------------------------------------------------------- */

/* The bits of a distance in bytes turned so that a distance that is no multiple of the granule becomes a huge number of units. */
HMM_INLINE uintptr_t units_in(uintptr_t distance) {
    return distance >> HMM_GRANULE_SHIFT | distance << (sizeof distance * CHAR_BIT - HMM_GRANULE_SHIFT);
}

/* What is known of a block that is being freed. */
struct freed {
    struct block *b;
    struct block *next;
    hmm_units units;
    HMM_LINK link;
};

/* Whether it is an allocated block, as far as its header and the next one tell. */
HMM_INLINE bool is_allocated(const struct HMM_HEAP *heap, const struct freed *f) {
    const hmm_word header = *header_of(f->b), next_header = *header_of(f->next);
    const HMM_WORD mismatch =
        header_mismatch(heap, f->link, header) | header_mismatch(heap, f->link + (HMM_LINK)f->units, next_header);
    return ((mismatch & HMM_CHECK_MASK) | (header & HMM_FREE) | (next_header & HMM_PREVIOUS_FREE)) == 0;
}

enum { HMM_JOINS_BEFORE = 1, HMM_JOINS_AFTER = 2 };

/* Frees a block that was audited. sides: which of its neighbours are free; before, after: their units, or 0. */
HMM_INLINE bool join(struct HMM_HEAP *heap, const struct freed *f, int sides, hmm_units before, hmm_units after) {
    const bool joins_before = (sides & HMM_JOINS_BEFORE) != 0, joins_after = (sides & HMM_JOINS_AFTER) != 0;
    const hmm_units total = before + f->units + after;
    struct block *start = block_before(f->b, before);
    const HMM_LINK link = f->link - (HMM_LINK)before;
    if (HMM_UNLIKELY(total >= heap->exact)) return false;
    if (HMM_AUDITED) {
        if (joins_before && HMM_UNLIKELY(!seat_is_sound(heap, start, link, before))) return false;
        if (joins_after && HMM_UNLIKELY(!seat_is_sound(heap, f->next, f->link + (HMM_LINK)f->units, after))) return false;
        if (HMM_UNLIKELY(!list_is_open(heap, total))) return false;
    }
    if (joins_before) take_from_list(heap, start, (unsigned)before);
    if (joins_after) take_from_list(heap, f->next, (unsigned)after);
    if (joins_before) erase_header(f->b);
    if (joins_after)
        erase_header(f->next);
    else
        *header_of(f->next) = header_for(heap, f->link + (HMM_LINK)f->units, body_with(*header_of(f->next), true));
    *header_of(start) = header_for(heap, link, total | HMM_FREE);
    write_footer(block_after(start, total), total);
    if (HMM_STATS) {
        heap->blocks_free += !joins_before - (hmm_units)joins_after;
        heap->frees++;
    }
    count_out_of_use(heap, f->units);
    put_in_list(heap, start, link, (unsigned)total);
    return true;
}

/* The size of the free block before f; 0 if that is not sound. */
HMM_INLINE hmm_units free_before(const struct HMM_HEAP *heap, const struct freed *f) {
    const hmm_units before = *footer_before(f->b);
    const hmm_units room = (hmm_units)f->link - (hmm_units)heap->home.first;
    if (!HMM_AUDITED) return before;
    if (HMM_UNLIKELY(!size_is_plausible(before, room))) return 0;
    return is_free_of(heap, block_before(f->b, before), f->link - (HMM_LINK)before, before) ? before : 0;
}

/* The size of the free block behind f, whose header was audited; 0 if that is not sound. */
HMM_INLINE hmm_units free_after(const struct HMM_HEAP *heap, const struct freed *f) {
    const hmm_units after = size_in(*header_of(f->next));
    const hmm_units room = (hmm_units)heap->home.end - (hmm_units)f->link - f->units;
    if (!HMM_AUDITED) return after;
    if (HMM_UNLIKELY(!size_is_plausible(after, room))) return 0;
    return *footer_before(block_after(f->next, after)) == after ? after : 0;
}

/* false: not a common case, and nothing has changed. */
HMM_INLINE bool free_fast(struct HMM_HEAP *heap, void *p) {
    struct block *b = (struct block *)p;
    const uintptr_t first = (uintptr_t)(HMM_WORD)heap->home.first, end = (uintptr_t)(HMM_WORD)heap->home.end;
    const uintptr_t at = units_in(address_of(b) - address_of(heap));
    if (HMM_AUDITED && HMM_UNLIKELY(at - first >= end - first)) return false;
    const hmm_word header = *header_of(b);
    const hmm_units units = size_in(header);
    if (HMM_AUDITED && HMM_UNLIKELY(!size_is_plausible(units, (hmm_units)(end - at)))) return false;
    const struct freed f = {b, block_after(b, units), units, HMM_AUDITED ? (HMM_LINK)at : link_of(heap, b)};
    if (HMM_AUDITED && HMM_UNLIKELY(!is_allocated(heap, &f))) return false;

    if (!says_previous_free(header)) {
        if (!says_free(*header_of(f.next))) return join(heap, &f, 0, 0, 0);
        const hmm_units after = free_after(heap, &f);
        return (!HMM_AUDITED || after != 0) && join(heap, &f, HMM_JOINS_AFTER, 0, after);
    }
    const hmm_units before = free_before(heap, &f);
    if (HMM_AUDITED && HMM_UNLIKELY(before == 0)) return false;
    if (!says_free(*header_of(f.next))) return join(heap, &f, HMM_JOINS_BEFORE, before, 0);
    const hmm_units after = free_after(heap, &f);
    return (!HMM_AUDITED || after != 0) && join(heap, &f, HMM_JOINS_BEFORE | HMM_JOINS_AFTER, before, after);
}

#endif
