/* guard.h: what audit level 2 writes into memory to see it overwritten: canaries behind payloads, a pattern in free payloads.
 *
 * SPDX-License-Identifier: MIT
 *
 * In a free block the header, the tree node (or as much of one as fits) and the footer are metadata; all between is the
 * pattern, at all times. So merging blocks writes the pattern over the metadata that ends up inside, and handing out bytes
 * verifies them. */
#ifndef HMM_HEAP_GUARD_H
#define HMM_HEAP_GUARD_H

#include "fault.h"
#include "header.h"

#define HMM_FILL_BYTE 0xDF

HMM_INTERNAL size_t bytes_of(hmm_units units) {
    return (size_t)units << HMM_GRANULE_SHIFT;
}

HMM_INTERNAL size_t usable_of(hmm_units units) {
    return bytes_of(units) - HMM_BLOCK_OVERHEAD;
}

/* ---- Canaries ------------------------------------------------------------------------------------------------------------ */

/* Of the block whose payload is at b: depends on the place, so that a copied block does not bring a valid one along. */
HMM_INTERNAL HMM_WORD canary_for(const struct HMM_HEAP *heap, const struct block *b) {
    const HMM_WORD place = (HMM_WORD)((heap->key | 1) + (HMM_WORD)link_of(heap, b) + heap->key);
    return (HMM_WORD) ~((hmm_units)place * HMM_MULTIPLIER);
}

HMM_INTERNAL void write_canary(const struct HMM_HEAP *heap, struct block *b, hmm_units units) {
    if (HMM_AUDIT_LEVEL >= 2) *footer_before(block_after(b, units)) = canary_for(heap, b);
}

HMM_INTERNAL bool canary_is_intact(const struct HMM_HEAP *heap, const struct block *b, hmm_units units) {
    return HMM_AUDIT_LEVEL < 2 || *footer_before(block_after(b, units)) == canary_for(heap, b);
}

/* ---- The pattern --------------------------------------------------------------------------------------------------------- */

/* Where the pattern of a free block begins and ends. */
HMM_INTERNAL uintptr_t fill_begin(const struct block *b, hmm_units units) {
    const size_t payload = bytes_of(units) - 2 * HMM_WORD_BYTES;
    return address_of(b) + (payload < sizeof(struct block) ? payload : sizeof(struct block));
}

HMM_INTERNAL uintptr_t fill_end(const struct block *b, hmm_units units) {
    return address_of(footer_before(block_after(b, units)));
}

HMM_INTERNAL void fill(uintptr_t begin, uintptr_t end) {
    if (HMM_AUDIT_LEVEL < 2) return;
    for (uintptr_t at = begin; at < end; at += HMM_WORD_BYTES) {
        volatile hmm_word *word = (hmm_word *)at; /* not memset: the memory is guarded, and a sanitizer would intercept that */
        *word = (HMM_WORD) ~(HMM_WORD)0 / 0xFF * HMM_FILL_BYTE;
    }
}

/* The first byte of [begin, end) that does not hold the pattern; NULL if all do. */
HMM_INTERNAL const void *first_unfilled(uintptr_t begin, uintptr_t end) {
    for (uintptr_t at = begin; at < end; at++)
        if (*(const unsigned char *)at != HMM_FILL_BYTE) return (const void *)at;
    return NULL;
}

/* The first byte of a free block, between its start and `end`, that was written to since it was freed. */
HMM_INTERNAL const void *write_after_free(const struct block *b, hmm_units units, uintptr_t begin, uintptr_t end) {
    if (HMM_AUDIT_LEVEL < 2) return NULL;
    const uintptr_t pattern_begin = fill_begin(b, units), pattern_end = fill_end(b, units);
    return first_unfilled(begin > pattern_begin ? begin : pattern_begin, end < pattern_end ? end : pattern_end);
}

#endif
