/* control.h: the control block: its identity, its checksum, and how a span of memory is divided.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_HEAP_CONTROL_H
#define HMM_HEAP_CONTROL_H

#include "class.h"
#include "region.h"

/* "hmm" and a byte that no text has, so that memory of another byte order is refused. */
#define HMM_MAGIC 0x9B6D6D68u

/* All that decides what the bytes of a heap mean, in one number. */
HMM_INTERNAL uint32_t layout_number(void) {
    return (uint32_t)HMM_LAYOUT_VERSION << 24 | (uint32_t)HMM_CLASS_BITS << 20 | (uint32_t)HMM_STATS << 18 |
           (uint32_t)(HMM_AUDIT_LEVEL > 2 ? 2 : HMM_AUDIT_LEVEL) << 16 | (uint32_t)HMM_SIZE_BITS << 10 |
           (uint32_t)HMM_GRANULE_SHIFT << 4 | (uint32_t)sizeof(void *);
}

HMM_INTERNAL HMM_WORD key_from(uint64_t secret) {
    const uint64_t mixed = (secret ^ (secret >> 32)) * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u;
    return (HMM_WORD)(mixed >> (64 - HMM_WORD_BITS));
}

HMM_INTERNAL HMM_WORD control_seal(const struct HMM_HEAP *heap) {
    HMM_WORD seal = heap->key;
    seal = seal_add(seal, heap->magic);
    seal = seal_add(seal, heap->layout);
    seal = seal_add(seal, (HMM_WORD)heap->regions);
    seal = seal_add(seal, heap->exact);
    seal = seal_add(seal, heap->exact_bytes);
    seal = seal_add(seal, (uint32_t)heap->classes << 16 | heap->map_at);
    seal = seal_add(seal, (uint32_t)heap->exact_bits << 16 | (uint32_t)heap->class_bits << 8 | heap->capacity_bits);
    seal = seal_add(seal, heap->units_total);
    seal = seal_add(seal, heap->bytes_total);
    seal = seal_add(seal, (uintptr_t)heap->on_fault);
    seal = seal_add(seal, (uintptr_t)heap->on_exhausted);
    return seal_add(seal, address_of(heap->context));
}

/* The same of what says where everything is, in a few instructions: verified before each operation that is not straight. */
HMM_INLINE HMM_WORD control_bounds(const struct HMM_HEAP *heap) {
    hmm_units sum = (hmm_units)(HMM_WORD)heap->regions * HMM_MULTIPLIER + (HMM_WORD)heap->home.first;
    sum = sum * HMM_MULTIPLIER + (HMM_WORD)heap->home.end;
    sum = sum * HMM_MULTIPLIER + heap->exact + heap->exact_bits;
    sum = sum * HMM_MULTIPLIER + heap->classes + heap->class_bits;
    return (HMM_WORD)(sum * HMM_MULTIPLIER + heap->map_at + heap->key);
}

HMM_INLINE bool bounds_are_sound(const struct HMM_HEAP *heap) {
    return HMM_AUDIT_LEVEL < 1 || heap->bounds == control_bounds(heap);
}

HMM_INTERNAL void seal_control(struct HMM_HEAP *heap) {
    heap->seal = control_seal(heap);
    heap->bounds = control_bounds(heap);
}

/* Whether the numbers that say where the index is are those that its capacity gives. */
HMM_INTERNAL bool geometry_is_sound(const struct HMM_HEAP *heap) {
    if (heap->capacity_bits > HMM_SIZE_BITS) return false;
    const struct geometry g = geometry_for(heap->capacity_bits);
    return heap->exact_bits == g.exact_bits && heap->class_bits == g.class_bits && heap->exact == g.exact &&
           heap->exact_bytes == g.exact_bytes && heap->classes == g.classes && heap->map_at == g.map_at;
}

HMM_INTERNAL bool control_is_sound(const struct HMM_HEAP *heap) {
    return heap->magic == HMM_MAGIC && heap->layout == layout_number() && heap->seal == control_seal(heap) &&
           heap->bounds == control_bounds(heap) && geometry_is_sound(heap);
}

/* ---- How a span is divided ----------------------------------------------------------------------------------------------- */

/* What the bytes of a span become. Addresses, so that nothing is dereferenced; end and limit are one past. */
struct division {
    uintptr_t start;  /* lent */
    uintptr_t record; /* of the region; of the heap too in the first one */
    uintptr_t first;  /* payload of the first block */
    uintptr_t end;    /* payload that a block behind the last one would have */
    uintptr_t limit;  /* lent */
};

/* record_bytes: what stands at the start: a record, or a whole control block. */
HMM_INTERNAL struct division divide(uintptr_t start, size_t bytes, size_t alignment, size_t record_bytes) {
    struct division d = {start, start + hmm_padding(start, alignment), 0, 0, start + bytes};
    d.first = d.record + record_bytes + HMM_WORD_BYTES;
    d.first += hmm_padding(d.first, HMM_GRANULE);
    d.end = hmm_round_down(d.limit, HMM_GRANULE);
    return d;
}

/* Whether there is room for a block. What stands in front is compared as a size, so that a sum past the end of the address space
 * shows. If it fits, first is not above limit, and not above end either, since both are multiples of the granule. */
HMM_INTERNAL bool division_has_room(const struct division *d) {
    const size_t bytes = (size_t)(d->limit - d->start);
    const size_t in_front = (size_t)(d->first - d->start);
    return in_front <= bytes && d->end - d->first >= HMM_UNITS_LEAST * HMM_GRANULE;
}

HMM_INTERNAL bool division_is_too_large(const struct division *d) {
    return (d->end - d->first) >> HMM_GRANULE_SHIFT > HMM_UNITS_MOST;
}

/* Makes the record, its blocks one free one that is not in the index yet. */
HMM_INTERNAL void write_record(struct HMM_HEAP *heap, struct region *r, const struct division *d) {
    r->child[0] = HMM_NO_REGION;
    r->child[1] = HMM_NO_REGION;
    r->balance = 0;
    r->first = link_of(heap, block_at(d->first));
    r->end = link_of(heap, block_at(d->end));
    r->lead = (HMM_WORD)(d->record - d->start);
    r->tail = (HMM_WORD)(d->limit - d->end);
    seal_region(heap, r);
}

#endif
