/* place.h: taking a free block and cutting an allocated one out of it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_HEAP_PLACE_H
#define HMM_HEAP_PLACE_H

#include "audit.h"

/* Where in a free block an allocated one goes. */
struct place {
    struct block *from; /* the free block, still in the index */
    hmm_units size;     /* its size */
    hmm_units lead;     /* units in front that stay free: 0 or at least a smallest block */
    hmm_units units;    /* of the allocated block */
};

HMM_INTERNAL hmm_units rest_behind(const struct place *place) {
    return place->size - place->lead - place->units;
}

/* A place at the low end; a rest too small for a block is taken, too. */
HMM_INTERNAL struct place place_low(struct block *from, hmm_units units) {
    const hmm_units size = size_in(*header_of(from));
    const bool whole = size - units < HMM_UNITS_LEAST;
    return (struct place){from, size, 0, whole ? size : units};
}

HMM_INTERNAL struct place place_high(struct block *from, hmm_units units) {
    struct place place = place_low(from, units);
    place.lead = place.size - place.units;
    return place;
}

/* The lowest place aligned to that many units. from holds units + alignment + smallest block - 1. */
HMM_INTERNAL struct place place_aligned(struct block *from, hmm_units units, hmm_units alignment) {
    struct place place = {from, size_in(*header_of(from)), 0, units};
    const uintptr_t bytes = (uintptr_t)bytes_of(alignment);
    if (address_of(from) % bytes != 0) {
        const uintptr_t least = address_of(from) + bytes_of(HMM_UNITS_LEAST);
        place.lead = units_between(from, block_at(least + hmm_padding(least, bytes)));
    }
    if (rest_behind(&place) < HMM_UNITS_LEAST) place.units += rest_behind(&place);
    return place;
}

/* Audits all that taking a place changes. The block itself was audited. */
HMM_INTERNAL int audit_place(const struct HMM_HEAP *heap, const struct place *place) {
    const hmm_units rest = rest_behind(place);
    int code = audit_take(heap, place->from, HMM_BESIDE_REMOVAL);
    if (code == HMM_OK && place->lead != 0) code = audit_put(heap, place->lead);
    if (code == HMM_OK && rest != 0) code = audit_put(heap, rest);
    if (code != HMM_OK || HMM_AUDIT_LEVEL < 2) return code;

    const struct block *b = block_after(place->from, place->lead);
    const void *written = write_after_free(place->from, place->size, address_of(header_of(b)),
                                           address_of(b) + bytes_of(place->units) + sizeof(struct block));
    if (written == NULL) return HMM_OK;
    return report(heap, HMM_FAULT_WRITE_AFTER_FREE, written, "a free payload was written to");
}

/* Makes a free block of what is neither allocated nor in the index, and puts it there. What lies before it is allocated. */
HMM_INTERNAL void make_free(struct HMM_HEAP *heap, struct block *b, hmm_units units) {
    write_header(heap, b, units | HMM_FREE);
    write_footer(block_after(b, units), units);
    index_put(heap, b, units);
}

HMM_INLINE void count_in_use(struct HMM_HEAP *heap, hmm_units more) {
    if (!HMM_STATS) return;
    heap->units_in_use += more;
    if (heap->units_in_use > heap->units_peak) heap->units_peak = heap->units_in_use;
}

/* Takes an audited place. Returns the allocated block. */
HMM_INTERNAL struct block *take_place(struct HMM_HEAP *heap, const struct place *place) {
    struct block *b = block_after(place->from, place->lead);
    struct block *next = block_after(b, place->units);
    const hmm_units rest = rest_behind(place);

    index_take(heap, place->from, place->size);
    if (place->lead != 0) make_free(heap, place->from, place->lead);
    write_header(heap, b, place->lead != 0 ? place->units | HMM_PREVIOUS_FREE : place->units);
    write_canary(heap, b, place->units);
    if (rest != 0)
        make_free(heap, next, rest);
    else
        set_previous_free(next, false);
    count_in_use(heap, place->units);
    return b;
}

#endif
