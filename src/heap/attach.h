/* attach.h: opening a heap in memory of which only the spans are trusted.
 *
 * SPDX-License-Identifier: MIT
 *
 * The check relies on checksums to know which region records to believe, and a checksum can be forged. So before it runs, the
 * spans say where the control block and each record must be and what it must contain; links between records may lead only to
 * one of these places. After that every link of the tree of regions is safe to follow, and the check verifies the rest. */
#ifndef HMM_HEAP_ATTACH_H
#define HMM_HEAP_ATTACH_H

#include "check.h"
#include "lend.h"

/* How the i-th span must have been divided. */
HMM_INTERNAL struct division division_of_span(const struct HMM_HEAP *heap, const hmm_span *regions, size_t i) {
    const uintptr_t start = address_of(regions[i].memory);
    if (i != 0) return divide(start, regions[i].bytes, HMM_GRANULE, sizeof(struct region));
    const struct geometry g = geometry_for(heap->capacity_bits);
    return divide(start, regions[i].bytes, HMM_HEAP_ALIGNMENT, control_bytes(&g));
}

/* Whether a span is one that can be divided: no overflow, and room at least for what stands in front and for the sentinel. */
HMM_INTERNAL bool span_is_usable(const hmm_span *span, size_t alignment, size_t record_bytes) {
    const uintptr_t start = address_of(span->memory);
    if (span->memory == NULL || hmm_span_wraps(start, span->bytes)) return false;
    const struct division d = divide(start, span->bytes, alignment, record_bytes);
    return d.first > start && d.first <= d.end;
}

HMM_INTERNAL bool link_is_a_record(const struct HMM_HEAP *heap, const hmm_span *regions, size_t count, HMM_LINK link) {
    if (link == HMM_NO_REGION) return true;
    for (size_t i = 0; i < count; i++)
        if (link == link_of(heap, block_at(division_of_span(heap, regions, i).record))) return true;
    return false;
}

/* Whether a record's links say that its blocks begin where a span's do and end inside it, not further than one block can reach. */
HMM_INTERNAL bool ends_fit_span(const struct HMM_HEAP *heap, const struct region *r, const struct division *d) {
    const struct block *first = first_block(heap, r), *end = region_end(heap, r);
    return (HMM_LINKS_ARE_SHORT || (r->first == link_of(heap, first) && r->end == link_of(heap, end))) &&
           address_of(first) == d->first && address_of(end) >= d->first && address_of(end) <= d->limit &&
           (address_of(end) - d->first) >> HMM_GRANULE_SHIFT <= HMM_UNITS_MOST;
}

/* Whether the record in a span is what a region of that span has. A shrunk or extended region may have bytes behind its end. */
HMM_INTERNAL bool record_fits_span(const struct HMM_HEAP *heap, const hmm_span *regions, size_t count, size_t i) {
    const struct division d = division_of_span(heap, regions, i);
    const struct region *r = (const struct region *)d.record;
    const uintptr_t tail = d.limit - address_of(region_end(heap, r));
    return region_is_sound(heap, r) && d.record - r->lead == d.start && ends_fit_span(heap, r, &d) && r->tail == tail &&
           tail < (HMM_UNITS_LEAST + 1) * HMM_GRANULE && r->balance >= -1 && r->balance <= 1 &&
           link_is_a_record(heap, regions, count, r->child[0]) && link_is_a_record(heap, regions, count, r->child[1]);
}

HMM_INTERNAL int audit_control_in_span(const hmm_span *span, hmm_fault *fault) {
    const struct HMM_HEAP *heap =
        (const struct HMM_HEAP *)(address_of(span->memory) + hmm_padding(address_of(span->memory), HMM_HEAP_ALIGNMENT));
    const struct geometry least = geometry_for(0);
    if (!span_is_usable(span, HMM_HEAP_ALIGNMENT, control_bytes(&least)))
        return found(fault, HMM_FAULT_NOT_A_HEAP, span->memory, "the first span is too small for a heap");
    if (heap->magic != HMM_MAGIC) return found(fault, HMM_FAULT_NOT_A_HEAP, heap, "no heap starts in the first span");
    if (heap->layout != layout_number())
        return found(fault, HMM_FAULT_LAYOUT, heap, "the heap was made by another version, instance, granule or audit level");
    if (!geometry_is_sound(heap) || heap->seal != control_seal(heap) || !region_is_sound(heap, &heap->home))
        return found(fault, HMM_FAULT_CONTROL, heap, "the control block was overwritten");
    const struct geometry g = geometry_for(heap->capacity_bits);
    if (!span_is_usable(span, HMM_HEAP_ALIGNMENT, control_bytes(&g)))
        return found(fault, HMM_FAULT_SPANS, span->memory, "the first span is smaller than the heap's first region");
    return HMM_OK;
}

HMM_INTERNAL int audit_spans(const struct HMM_HEAP *heap, const hmm_span *regions, size_t count, hmm_fault *fault) {
    for (size_t i = 1; i < count; i++)
        if (!span_is_usable(&regions[i], HMM_GRANULE, sizeof(struct region)))
            return found(fault, HMM_FAULT_SPANS, regions[i].memory, "a span is too small for a region");
    for (size_t i = 0; i < count; i++)
        if (!record_fits_span(heap, regions, count, i))
            return found(fault, HMM_FAULT_SPANS, regions[i].memory,
                         "a span is not a region of this heap, or was moved on its own");
    if (!link_is_a_record(heap, regions, count, heap->regions))
        return found(fault, HMM_FAULT_SPANS, heap, "a region of this heap is not among the spans");
    struct region_view view = {heap, NULL, true};
    if (regions_check(&view, heap->regions, count) != (ptrdiff_t)count)
        return found(fault, HMM_FAULT_SPANS, heap, "the spans are not exactly the regions of this heap");
    return HMM_OK;
}

HMM_INTERNAL struct HMM_HEAP *attach_heap(const hmm_span *regions, size_t count, const HMM_NAME(options) * options,
                                          hmm_fault *fault) {
    if (count == 0 || audit_control_in_span(&regions[0], fault) != HMM_OK) {
        if (count == 0) found(fault, HMM_FAULT_SPANS, regions, "a heap has at least one region");
        return NULL;
    }
    const uintptr_t start = address_of(regions[0].memory);
    struct HMM_HEAP *heap = (struct HMM_HEAP *)(start + hmm_padding(start, HMM_HEAP_ALIGNMENT));
    if (audit_spans(heap, regions, count, fault) != HMM_OK || check_heap(heap, fault) != HMM_OK) return NULL;

    heap->on_fault = options->on_fault;
    heap->on_exhausted = options->on_exhausted;
    heap->context = options->context;
    seal_control(heap);
    return heap;
}

#endif
