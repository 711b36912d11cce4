/* inspect.h: what a heap tells about itself: statistics and the walk.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_HEAP_INSPECT_H
#define HMM_HEAP_INSPECT_H

#include "alloc.h"

/* 0 also where the index is damaged: the fault handler itself may ask, so nothing is reported. */
HMM_INTERNAL size_t largest_free_bytes(const struct HMM_HEAP *heap) {
    if (!control_is_sound(heap)) return 0;
    const unsigned number = last_marked_class(heap);
    if (number == 0 || number >= heap->classes) return 0;
    struct class_view view = {heap, number};
    const HMM_LINK link = class_is_tree(heap, number) ? checked_greatest(&view, heap->heads[number]) : heap->heads[number];
    if (link == HMM_NO_BLOCK || !link_is_sound(heap, link, number)) return 0;
    return bytes_of(size_in(*header_of(block_of_link(heap, link))));
}

HMM_INTERNAL void count_by_walking(const struct HMM_HEAP *heap, struct tally *tally) {
    hmm_fault fault;
    check_all_blocks(heap, tally, &fault);
}

/* 1000 * part / whole, rounded down; both whole granules, part <= whole. Bit by bit, since the product may not fit into a size_t
 * and a wider division is a library call on small processors. */
HMM_INTERNAL unsigned per_mille(size_t part, size_t whole) {
    const size_t part_units = part >> HMM_GRANULE_SHIFT;
    const size_t whole_units = whole >> HMM_GRANULE_SHIFT;
    unsigned quotient = 0;
    size_t rest = 0;
    for (unsigned bit = 512; bit != 0 && whole_units != 0; bit /= 2) {
        quotient *= 2;
        rest = 2 * rest + ((1000 & bit) != 0 ? part_units : 0);
        for (; rest >= whole_units; rest -= whole_units) quotient++;
    }
    return quotient;
}

HMM_INTERNAL void take_statistics(const struct HMM_HEAP *heap, hmm_heap_statistics *stats) {
    struct tally tally = {0};
    *stats = (hmm_heap_statistics){0};
    if (!control_is_sound(heap)) return;
    if (HMM_STATS) {
        tally.units_in_use = heap->units_in_use;
        tally.blocks_in_use = heap->allocations - heap->frees;
        tally.blocks_free = (size_t)heap->blocks_free;
    } else {
        count_by_walking(heap, &tally);
    }
    /* A counter that was overwritten must not make a difference negative. */
    if (tally.units_in_use > heap->units_total) tally.units_in_use = heap->units_total;
    stats->bytes_total = heap->bytes_total;
    stats->bytes_in_use = bytes_of(tally.units_in_use);
    stats->bytes_free = bytes_of(heap->units_total - tally.units_in_use);
    stats->bytes_overhead = heap->bytes_total - bytes_of(heap->units_total);
    stats->largest_free = largest_free_bytes(heap);
    stats->peak_in_use = bytes_of(heap->units_peak);
    stats->blocks_in_use = tally.blocks_in_use;
    stats->blocks_free = tally.blocks_free;
    stats->allocations = heap->allocations;
    stats->frees = heap->frees;
    stats->failures = heap->failures;
    const size_t scattered = stats->bytes_free > stats->largest_free ? stats->bytes_free - stats->largest_free : 0;
    stats->fragmentation = per_mille(scattered, stats->bytes_free);
}

/* Walks over the blocks of one region. */
HMM_INTERNAL int walk_region(const struct HMM_HEAP *heap, const struct region *r, bool (*visit)(void *, const hmm_block *),
                             void *context) {
    const struct block *end = region_end(heap, r);
    bool previous_free = false;
    for (const struct block *b = first_block(heap, r); b != end; b = next_of(b)) {
        const int code = check_header(heap, b, end, previous_free, NULL);
        if (code != HMM_OK) return code;
        const hmm_units units = size_in(*header_of(b));
        previous_free = says_free(*header_of(b));
        const hmm_block block = {b, previous_free ? bytes_of(units) - HMM_WORD_BYTES : usable_of(units), bytes_of(units),
                                 previous_free};
        hmm_memory_leave();
        const bool go_on = visit(context, &block);
        hmm_memory_enter();
        if (!go_on) return HMM_STOPPED;
    }
    return HMM_OK;
}

HMM_INTERNAL int walk_heap(const struct HMM_HEAP *heap, bool (*visit)(void *, const hmm_block *), void *context) {
    int code = check_control(heap, NULL);
    if (code == HMM_OK) code = check_regions(heap, NULL);
    if (code != HMM_OK) return code;
    struct region_view view = {heap, NULL, false};
    regions_iterator it;
    for (HMM_LINK node = regions_start_least(&it, &view, heap->regions); node != HMM_NO_REGION; node = regions_next(&it)) {
        code = walk_region(heap, region_of_link(heap, node), visit, context);
        if (code != HMM_OK) return code;
    }
    return HMM_OK;
}

#endif
