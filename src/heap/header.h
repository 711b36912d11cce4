/* header.h: blocks: their headers, footers, neighbours and links.
 *
 * SPDX-License-Identifier: MIT
 *
 * A header is a word of [check value | previous free | free | size in units], the check value in the highest bits. The check
 * value depends on the other bits, on the block's place, and on the heap's key, so that a header
 * overwritten by anything, moved, or left over elsewhere is recognised as such: with 4 bits, all but one in 16. It is made so
 * that both verifying and changing a flag are cheap.
 *
 * With x = link + key, a header h without flags is valid iff the highest bits of (h + x) * HMM_MULTIPLIER are all 0; two are
 * verified with one branch by or-ing the products. HMM_MULTIPLIER ends in as many 1 bits as there are check bits, so that a
 * difference in the check value alone always shows; and none of its runs of equal bits fills the check value, so that a
 * difference in any other single bit always shows, too. No product does that for a single check bit: that one is the parity of
 * header, link and key.
 *
 * A flag inverts check bits of its own besides, two where there are four: HMM_FLIP_FREE, HMM_FLIP_PREVIOUS_FREE. So a valid header
 * becomes the valid header with that flag inverted by an exclusive or, wherever it stands. */
#ifndef HMM_HEAP_HEADER_H
#define HMM_HEAP_HEADER_H

#include "instance.h"

#define HMM_FREE ((HMM_WORD)((HMM_WORD)1 << HMM_SIZE_BITS))
#define HMM_PREVIOUS_FREE ((HMM_WORD)((HMM_WORD)2 << HMM_SIZE_BITS))
#define HMM_FLAGS (HMM_FREE | HMM_PREVIOUS_FREE)
#define HMM_BODY_MASK ((HMM_WORD)(((HMM_WORD)4 << HMM_SIZE_BITS) - 1))
#define HMM_CHECK_MASK ((HMM_WORD)~HMM_BODY_MASK)

/* A flag times this is what it flips in a header: itself, and its check bits. */
#define HMM_FLIPS (HMM_AUDIT_LEVEL < 1 ? 1u : HMM_CHECK_BITS >= 4 ? 1u + 4u + 16u : 1u + 4u)
#define HMM_FLIP_FREE (HMM_CHECK_BITS == 1 ? HMM_ONE_CHECK_BIT | HMM_FREE : (HMM_WORD)(HMM_FREE * HMM_FLIPS))
#define HMM_FLIP_PREVIOUS_FREE \
    (HMM_CHECK_BITS == 1 ? HMM_ONE_CHECK_BIT | HMM_PREVIOUS_FREE : (HMM_WORD)(HMM_PREVIOUS_FREE * HMM_FLIPS))
#define HMM_ONE_CHECK_BIT ((HMM_WORD)(HMM_AUDIT_LEVEL < 1 ? 0 : (HMM_WORD)1 << (HMM_WORD_BITS - 1)))

HMM_INLINE uintptr_t address_of(const void *p) {
    return (uintptr_t)p;
}

HMM_INLINE struct block *block_at(uintptr_t address) {
    return (struct block *)address;
}

HMM_INLINE struct block *block_after(const struct block *b, hmm_units units) {
    return block_at(address_of(b) + ((uintptr_t)units << HMM_GRANULE_SHIFT));
}

HMM_INLINE struct block *block_before(const struct block *b, hmm_units units) {
    return block_at(address_of(b) - ((uintptr_t)units << HMM_GRANULE_SHIFT));
}

/* From b up to a later block. */
HMM_INLINE hmm_units units_between(const struct block *b, const struct block *later) {
    return (hmm_units)((address_of(later) - address_of(b)) >> HMM_GRANULE_SHIFT);
}

HMM_INLINE struct block *block_of_link(const struct HMM_HEAP *heap, HMM_LINK link) {
    return block_at(address_of(heap) + ((uintptr_t)(intptr_t)link << HMM_GRANULE_SHIFT));
}

/* The shift of a negative distance is arithmetic in every compiler that this is known to build with; the tests would tell. */
HMM_INLINE HMM_LINK link_of(const struct HMM_HEAP *heap, const struct block *b) {
    return (HMM_LINK)((intptr_t)(address_of(b) - address_of(heap)) >> HMM_GRANULE_SHIFT);
}

HMM_INLINE hmm_word *header_of(const struct block *b) {
    return (hmm_word *)(address_of(b) - HMM_WORD_BYTES);
}

/* The last word of the block that ends where `next` begins. */
HMM_INLINE hmm_word *footer_before(const struct block *next) {
    return (hmm_word *)(address_of(next) - 2 * HMM_WORD_BYTES);
}

HMM_INLINE hmm_units size_in(hmm_word header) {
    return header & (HMM_FREE - 1u);
}

HMM_INLINE bool says_free(hmm_word header) {
    return (header & HMM_FREE) != 0;
}

HMM_INLINE bool says_previous_free(hmm_word header) {
    return (header & HMM_PREVIOUS_FREE) != 0;
}

/* The same header as if it had neither flag. */
HMM_INLINE HMM_WORD without_flags(HMM_WORD header) {
    if (HMM_CHECK_BITS == 1) return header;
    return (HMM_WORD)(header ^ (HMM_WORD)((hmm_units)(HMM_WORD)(header & HMM_FLAGS) * HMM_FLIPS));
}

/* Of a header or body without flags (but where the check value is a parity). */
HMM_INLINE HMM_WORD scramble(const struct HMM_HEAP *heap, HMM_LINK link, HMM_WORD word) {
    if (HMM_CHECK_BITS == 1) {
        const hmm_units odd = hmm_parity((hmm_bits)(HMM_WORD)(word ^ (HMM_WORD)link ^ heap->key));
        return (HMM_WORD)(odd << (HMM_WORD_BITS - 1));
    }
    return (HMM_WORD)((hmm_units)(HMM_WORD)(word + (HMM_WORD)link + heap->key) * HMM_MULTIPLIER);
}

/* 0 in the bits of HMM_CHECK_MASK if the header is valid for a block with that link. */
HMM_INLINE HMM_WORD header_mismatch(const struct HMM_HEAP *heap, HMM_LINK link, HMM_WORD header) {
    return scramble(heap, link, without_flags(header));
}

HMM_INLINE bool header_is_valid(const struct HMM_HEAP *heap, const struct block *b, HMM_WORD header) {
    return (header_mismatch(heap, link_of(heap, b), header) & HMM_CHECK_MASK) == 0;
}

/* The header of an allocated block with that link, behind an allocated one. */
HMM_INLINE HMM_WORD header_for(const struct HMM_HEAP *heap, HMM_LINK link, hmm_units units) {
    if (HMM_AUDIT_LEVEL < 1) return (HMM_WORD)units;
    return (HMM_WORD)(units | (scramble(heap, link, (HMM_WORD)units) & HMM_CHECK_MASK));
}

/* body: size and flags. */
HMM_INLINE void write_header(struct HMM_HEAP *heap, struct block *b, hmm_units body) {
    HMM_WORD header = header_for(heap, link_of(heap, b), size_in((HMM_WORD)body));
    if (says_free((HMM_WORD)body)) header ^= HMM_FLIP_FREE;
    if (says_previous_free((HMM_WORD)body)) header ^= HMM_FLIP_PREVIOUS_FREE;
    *header_of(b) = header;
}

/* A header that stays behind inside a payload must not look like one. */
HMM_INLINE void erase_header(struct block *b) {
    *header_of(b) = 0;
}

HMM_INLINE void write_footer(struct block *next, hmm_units units) {
    *footer_before(next) = (hmm_word)units;
}

/* Says in a block's header whether the block before it is free. */
HMM_INLINE void set_previous_free(struct block *b, bool previous_free) {
    const hmm_word header = *header_of(b);
    *header_of(b) = says_previous_free(header) == previous_free ? header : header ^ HMM_FLIP_PREVIOUS_FREE;
}

HMM_INLINE struct block *next_of(const struct block *b) {
    return block_after(b, size_in(*header_of(b)));
}

#endif
