/* lend.h: taking regions over from the caller and giving them back.
 *
 * SPDX-License-Identifier: MIT
 *
 * Nothing in a span is read or written before it is known to be a good region. */
#ifndef HMM_HEAP_LEND_H
#define HMM_HEAP_LEND_H

#include "control.h"
#include "release.h"

#define HMM_TEXT_WRAPS "the region runs past the end of the address space"
#define HMM_TEXT_LARGE "the region is larger than the largest block: use the wide instance or several regions"

/* ---- Finding a region ---------------------------------------------------------------------------------------------------- */

/* The region that was lent at that address. *code: HMM_OK, or the fault that was reported. */
HMM_OUTLINE struct region *region_lent_at(const struct HMM_HEAP *heap, const void *memory, int *code) {
    struct region_view view = {heap, NULL, false};
    const uintptr_t start = address_of(memory);
    HMM_LINK node = HMM_NO_REGION;
    *code = HMM_OK;
    /* A record lies at the start of its region or a little above. */
    if (start == region_start(&heap->home))
        node = 0;
    else if (!HMM_LINKS_ARE_SHORT || links_reach(heap, start, start))
        node = regions_search(&view, heap->regions, link_at_or_below(heap, start), HMM_AVL_GREATER_EQUAL);
    if (node != HMM_NO_REGION && regions_access(&view, node) && region_start(region_of_link(heap, node)) == start)
        return region_of_link(heap, node);
    *code = view.damaged != NULL
                ? report_record(heap, view.damaged)
                : report(heap, HMM_FAULT_REGION_UNKNOWN, memory, "no region of this heap starts at that address");
    return NULL;
}

/* Whether a region of the heap, other than `except`, has bytes in [start, limit). */
HMM_INTERNAL bool overlaps(struct region_view *view, HMM_LINK node, const struct region *except, uintptr_t start,
                           uintptr_t limit) {
    if (node == HMM_NO_REGION) return false;
    const struct region *r = region_of_link(view->heap, node);
    return r != except && region_start(r) < limit && region_limit(view->heap, r) > start;
}

/* Audits that [start, limit) is in reach of links and overlaps no region but `except`. Regions are disjoint, so of all that
 * start below limit the highest reaches furthest; a record may stand a little above its region's start, so the next one counts,
 * too. */
HMM_INTERNAL int audit_span(const struct HMM_HEAP *heap, uintptr_t start, uintptr_t limit, const struct region *except) {
    struct region_view view = {heap, NULL, false};
    const HMM_LINK high = link_at_or_below(heap, limit);
    if (!links_reach(heap, start, limit))
        return report(heap, HMM_FAULT_REGION_FAR, (void *)start,
                      "the region is too far from the control block for links to reach");

    const HMM_LINK below = regions_search(&view, heap->regions, high, HMM_AVL_LESS);
    const HMM_LINK above =
        view.damaged != NULL ? HMM_NO_REGION : regions_search(&view, heap->regions, high, HMM_AVL_GREATER_EQUAL);
    if (view.damaged != NULL) return report_record(heap, view.damaged);
    bool taken = overlaps(&view, below, except, start, limit) || overlaps(&view, above, except, start, limit);
    if (!taken && below != HMM_NO_REGION && region_of_link(heap, below) == except) {
        const HMM_LINK next_below = regions_search(&view, heap->regions, below, HMM_AVL_LESS);
        taken = overlaps(&view, next_below, except, start, limit);
    }
    if (taken) return report(heap, HMM_FAULT_REGION_OVERLAPS, (void *)start, "the region overlaps one that the heap already has");
    return HMM_OK;
}

/* ---- Making a heap ------------------------------------------------------------------------------------------------------- */

/* The highest bit of the largest block in that many bytes. */
HMM_INTERNAL unsigned capacity_bits_for(size_t bytes) {
    const size_t units = bytes >> HMM_GRANULE_SHIFT;
    if (units > HMM_UNITS_MOST) return HMM_SIZE_BITS - 1;
    return units < 2 ? 0 : hmm_highest_bit(units - 1);
}

/* For a heap whose capacity is that of its first region: of what the smallest control block leaves of it. So a longer region never
 * has less room for blocks. */
HMM_INTERNAL unsigned capacity_bits_in(size_t usable) {
    const struct geometry least = geometry_for(0);
    return capacity_bits_for(usable < control_bytes(&least) ? 0 : usable - control_bytes(&least));
}

/* Fills in a control block of zeros. */
HMM_INTERNAL void write_control(struct HMM_HEAP *heap, const HMM_NAME(options) * options, unsigned capacity_bits) {
    const struct geometry g = geometry_for(capacity_bits);
    heap->magic = HMM_MAGIC;
    heap->layout = layout_number();
    heap->key = key_from(options->secret);
    heap->exact = (hmm_units)g.exact;
    heap->exact_bytes = g.exact_bytes;
    heap->classes = (uint16_t)g.classes;
    heap->map_at = (uint16_t)g.map_at;
    heap->exact_bits = (uint8_t)g.exact_bits;
    heap->class_bits = (uint8_t)g.class_bits;
    heap->capacity_bits = (uint8_t)capacity_bits;
    heap->on_fault = options->on_fault;
    heap->on_exhausted = options->on_exhausted;
    heap->context = options->context;
    for (unsigned number = 0; number < HMM_UNITS_LEAST; number++) heap->heads[number] = HMM_NO_LIST;
    regions_init(&heap->regions);
}

/* Takes over a span that was audited: writes its record, its one free block and its sentinel. */
HMM_INTERNAL void take_over(struct HMM_HEAP *heap, const struct division *d) {
    struct region *r = (struct region *)d->record;
    struct region_view view = {heap, NULL, false};
    const hmm_units units = (hmm_units)((d->end - d->first) >> HMM_GRANULE_SHIFT);

    write_record(heap, r, d);
    regions_insert(&view, &heap->regions, link_of_region(heap, r));
    heap->units_total += units;
    heap->bytes_total += (size_t)(d->limit - d->start);
    seal_control(heap);

    fill(d->first, d->end - 2 * HMM_WORD_BYTES);
    write_header(heap, block_at(d->end), HMM_PREVIOUS_FREE);
    make_free(heap, block_at(d->first), units);
    hmm_memory_guard((void *)d->start, (size_t)(d->limit - d->start));
}

/* options: a sound copy. Returns the heap, or NULL after a fault. */
HMM_INTERNAL struct HMM_HEAP *create_heap(void *memory, size_t bytes, const HMM_NAME(options) * options) {
    const uintptr_t start = address_of(memory);
    const size_t padding = hmm_padding(start, HMM_HEAP_ALIGNMENT);
    const size_t usable = bytes < padding ? 0 : bytes - padding;
    const unsigned capacity_bits = options->capacity != 0 ? capacity_bits_for(options->capacity) : capacity_bits_in(usable);
    const struct geometry g = geometry_for(capacity_bits);
    hmm_fault fault = {HMM_OK, memory, NULL};

    const struct division d = divide(start, bytes, HMM_HEAP_ALIGNMENT, control_bytes(&g));
    if (memory != NULL && hmm_span_wraps(start, bytes))
        found(&fault, HMM_FAULT_REGION_WRAPS, memory, HMM_TEXT_WRAPS);
    else if (memory == NULL || !division_has_room(&d))
        found(&fault, HMM_FAULT_REGION_SMALL, memory, "the region is NULL or too small for the control block and one block");
    else if (division_is_too_large(&d))
        found(&fault, HMM_FAULT_REGION_LARGE, memory, HMM_TEXT_LARGE);
    if (fault.code != HMM_OK) {
        call_fault_handler(options->on_fault, options->context, &fault);
        return NULL;
    }

    struct HMM_HEAP *heap = (struct HMM_HEAP *)d.record;
    memset(heap, 0, control_bytes(&g));
    write_control(heap, options, capacity_bits);
    take_over(heap, &d);
    return heap;
}

/* ---- More regions -------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL int add_region(struct HMM_HEAP *heap, void *memory, size_t bytes) {
    const uintptr_t start = address_of(memory);
    if (memory != NULL && hmm_span_wraps(start, bytes)) return report(heap, HMM_FAULT_REGION_WRAPS, memory, HMM_TEXT_WRAPS);
    const struct division d = divide(start, bytes, HMM_GRANULE, sizeof(struct region));
    if (memory == NULL || !division_has_room(&d))
        return report(heap, HMM_FAULT_REGION_SMALL, memory, "the region is NULL or too small for its record and one block");
    if (division_is_too_large(&d)) return report(heap, HMM_FAULT_REGION_LARGE, memory, HMM_TEXT_LARGE);
    int code = audit_span(heap, start, d.limit, NULL);
    if (code == HMM_OK && HMM_AUDIT_LEVEL >= 1) code = audit_put(heap, (hmm_units)((d.end - d.first) >> HMM_GRANULE_SHIFT));
    if (code == HMM_OK) take_over(heap, &d);
    return code;
}

/* Sets a region's end and the bytes behind it. The block before the end was dealt with. */
HMM_INTERNAL void move_end(struct HMM_HEAP *heap, struct region *r, struct block *end, size_t tail, bool previous_free) {
    heap->units_total += (hmm_units)(link_of(heap, end) - r->end);
    heap->bytes_total += (size_t)(address_of(end) + tail - region_limit(heap, r));
    r->end = link_of(heap, end);
    r->tail = (HMM_WORD)tail;
    seal_region(heap, r);
    seal_control(heap);
    write_header(heap, end, previous_free ? HMM_PREVIOUS_FREE : 0);
}

/* The header at a region's end. */
HMM_INTERNAL int audit_sentinel(const struct HMM_HEAP *heap, const struct block *end) {
    const hmm_word header = *header_of(end);
    if (header_is_valid(heap, end, header) && size_in(header) == 0 && !says_free(header)) return HMM_OK;
    return report(heap, HMM_FAULT_SENTINEL, end, "the end of the region was overwritten");
}

HMM_INTERNAL int extend_region(struct HMM_HEAP *heap, void *memory, size_t more_bytes) {
    int code;
    struct region *r = region_lent_at(heap, memory, &code);
    if (r == NULL || more_bytes == 0) return code;
    const uintptr_t limit = region_limit(heap, r);
    if (hmm_span_wraps(limit, more_bytes)) return report(heap, HMM_FAULT_REGION_WRAPS, memory, HMM_TEXT_WRAPS);
    struct block *old_end = region_end(heap, r);
    struct block *end = block_at(hmm_round_down(limit + more_bytes, HMM_GRANULE));
    if ((address_of(end) - address_of(first_block(heap, r))) >> HMM_GRANULE_SHIFT > HMM_UNITS_MOST)
        return report(heap, HMM_FAULT_REGION_LARGE, memory, HMM_TEXT_LARGE);
    code = audit_span(heap, limit, limit + more_bytes, r);
    if (code == HMM_OK && HMM_AUDIT_LEVEL >= 1) code = audit_sentinel(heap, old_end);
    if (HMM_UNLIKELY(code != HMM_OK)) return code;

    const bool previous_free = says_previous_free(*header_of(old_end));
    const hmm_units units = units_between(old_end, end);
    if (units == 0 || (units < HMM_UNITS_LEAST && !previous_free)) {
        hmm_memory_guard((void *)limit, more_bytes);
        move_end(heap, r, old_end, (size_t)(limit + more_bytes - address_of(old_end)), previous_free);
        return HMM_OK;
    }
    struct release release = {old_end, units, 0, 0};
    if (previous_free) {
        struct block *before;
        code = HMM_AUDIT_LEVEL >= 1 ? audit_free_before(heap, old_end, &before) : HMM_OK;
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
        release.before = *footer_before(old_end);
    }
    if (HMM_AUDIT_LEVEL >= 1) {
        code = audit_sides(heap, &release);
        if (code == HMM_OK) code = audit_put(heap, released_units(&release));
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
    }
    hmm_memory_guard((void *)limit, more_bytes);
    move_end(heap, r, end, (size_t)(limit + more_bytes - address_of(end)), true);
    do_release(heap, &release);
    return HMM_OK;
}

/* ---- Giving back --------------------------------------------------------------------------------------------------------- */

/* Where a region can end when `bytes` are to be given back and its last `units` units are free. */
HMM_INTERNAL struct block *new_end(const struct HMM_HEAP *heap, const struct region *r, hmm_units units, size_t bytes) {
    struct block *last = block_before(region_end(heap, r), units);
    const size_t most = (size_t)(region_limit(heap, r) - address_of(last));
    struct block *end = block_at(hmm_round_down(region_limit(heap, r) - (bytes < most ? bytes : most), HMM_GRANULE));
    if (address_of(end) > address_of(region_end(heap, r))) end = region_end(heap, r);
    const hmm_units left = units_between(last, end);
    return left != 0 && left < HMM_UNITS_LEAST ? block_after(last, HMM_UNITS_LEAST) : end;
}

HMM_INTERNAL size_t shrink_region(struct HMM_HEAP *heap, void *memory, size_t bytes) {
    int code;
    struct region *r = region_lent_at(heap, memory, &code);
    if (r == NULL) return 0;
    struct block *old_end = region_end(heap, r);
    if (HMM_AUDIT_LEVEL >= 1 && audit_sentinel(heap, old_end) != HMM_OK) return 0;

    hmm_units units = 0; /* free before the end */
    struct block *last = old_end;
    if (says_previous_free(*header_of(old_end))) {
        if (HMM_AUDIT_LEVEL >= 1 && audit_free_before(heap, old_end, &last) != HMM_OK) return 0;
        units = *footer_before(old_end);
        last = block_before(old_end, units);
    }
    const uintptr_t limit = region_limit(heap, r);
    struct block *end = new_end(heap, r, units, bytes);
    const size_t available = (size_t)(limit - address_of(end));
    const size_t given = bytes < available ? bytes : available;
    const hmm_units left = units_between(last, end);
    if (end != old_end) {
        if (HMM_AUDIT_LEVEL >= 1 &&
            (audit_take(heap, last, HMM_BESIDE_REMOVAL) != HMM_OK || (left != 0 && audit_put(heap, left) != HMM_OK)))
            return 0;
        index_take(heap, last, units);
    }
    move_end(heap, r, end, available - given, left != 0);
    if (end != old_end && left != 0) make_free(heap, last, left);
    hmm_memory_release((void *)(limit - given), given);
    return given;
}

HMM_INTERNAL int remove_region(struct HMM_HEAP *heap, void *memory) {
    int code;
    struct region *r = region_lent_at(heap, memory, &code);
    if (r == NULL) return code;
    struct block *first = first_block(heap, r);
    const hmm_units units = units_between(first, region_end(heap, r));
    if (r == &heap->home) return HMM_IN_USE;
    if (HMM_AUDIT_LEVEL >= 1 && !header_is_valid(heap, first, *header_of(first)))
        return report(heap, HMM_FAULT_HEADER, first, "the header of a region's first block was overwritten");
    if (units != 0 && (!says_free(*header_of(first)) || size_in(*header_of(first)) != units)) return HMM_IN_USE;
    if (HMM_AUDIT_LEVEL >= 1 && units != 0) {
        code = audit_free(heap, first, units);
        if (code == HMM_OK) code = audit_take(heap, first, HMM_BESIDE_REMOVAL);
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
    }

    struct region_view view = {heap, NULL, false};
    const uintptr_t start = region_start(r);
    const size_t bytes = (size_t)(region_limit(heap, r) - start);
    if (regions_remove(&view, &heap->regions, link_of_region(heap, r)) == HMM_NO_REGION) return report_record(heap, view.damaged);
    if (units != 0) index_take(heap, first, units);
    heap->units_total -= units;
    heap->bytes_total -= bytes;
    seal_control(heap);
    hmm_memory_release((void *)start, bytes);
    return HMM_OK;
}

/* ---- Unmaking a heap ----------------------------------------------------------------------------------------------------- */

HMM_INTERNAL void destroy_heap(struct HMM_HEAP *heap) {
    regions_iterator it;
    struct region_view view = {heap, NULL, false};
    for (HMM_LINK node = regions_start_least(&it, &view, heap->regions); node != HMM_NO_REGION;) {
        const struct region *r = region_of_link(heap, node);
        const uintptr_t start = region_start(r);
        const size_t bytes = (size_t)(region_limit(heap, r) - start);
        node = regions_next(&it);
        if (r != &heap->home) hmm_memory_release((void *)start, bytes);
    }
    heap->magic = 0;
    hmm_memory_release((void *)region_start(&heap->home), (size_t)(region_limit(heap, &heap->home) - region_start(&heap->home)));
}

#endif
