/* class.h: which class of the free index a size belongs to, and how many classes a heap needs.
 *
 * SPDX-License-Identifier: MIT
 *
 * With E exact classes and R = 2^HMM_CLASS_BITS ranges per power of two:
 *
 *     size in units   1 2 3 ... E-1 | E .. | .. | .. | ..2E-1 | 2E ..  |    ...     | last, open-ended
 *     class           1 2 3 ... E-1 | E    |E+1 |E+2 |  E+3   | E+4    |    ...     | classes - 1
 *
 * The same idea as the two levels of TLSF (M. Masmano et al., "TLSF: a new dynamic memory allocator for real-time systems",
 * 2004), but a class of several sizes is searched, so that the fit is the best and not merely a good one. */
#ifndef HMM_HEAP_CLASS_H
#define HMM_HEAP_CLASS_H

#include "instance.h"

/* The shape of an index. */
struct geometry {
    unsigned exact_bits;
    unsigned exact;
    unsigned classes;
    size_t map_at; /* bytes from the control block */
    size_t map_words;
};

HMM_INTERNAL size_t control_bytes(const struct geometry *g) {
    return g->map_at + g->map_words * sizeof(hmm_bits);
}

HMM_INTERNAL struct geometry geometry_with(unsigned capacity_bits, unsigned exact_bits) {
    struct geometry g;
    const unsigned powers = capacity_bits < exact_bits ? 1 : capacity_bits - exact_bits + 1;
    g.exact_bits = exact_bits;
    g.exact = 1u << exact_bits;
    g.classes = g.exact + (powers << HMM_CLASS_BITS);
    g.map_words = (g.classes + HMM_BITS - 1) / HMM_BITS;
    const size_t heads_end = offsetof(struct HMM_HEAP, heads) + g.classes * sizeof(hmm_link);
    g.map_at = heads_end + hmm_padding(heads_end, sizeof(hmm_bits));
    return g;
}

/* The index for a heap whose largest block has capacity_bits as its highest bit: as many exact classes as keep the control block
 * within a 64th of the heap. */
HMM_INTERNAL struct geometry geometry_for(unsigned capacity_bits) {
    struct geometry g = geometry_with(capacity_bits, HMM_EXACT_BITS_LEAST);
    const uint64_t most = ((uint64_t)2 << capacity_bits << HMM_GRANULE_SHIFT) / 64;
    for (unsigned exact_bits = HMM_EXACT_BITS_LEAST + 1; exact_bits <= HMM_EXACT_BITS_MOST; exact_bits++) {
        const struct geometry more = geometry_with(capacity_bits, exact_bits);
        if (control_bytes(&more) <= most) g = more;
    }
    return g;
}

/* Classes from the first of several sizes on are trees. */
HMM_INLINE bool class_is_tree(const struct HMM_HEAP *heap, unsigned class_number) {
    return class_number >= heap->exact;
}

HMM_INTERNAL unsigned class_of_large(const struct HMM_HEAP *heap, hmm_units units) {
    const unsigned power = hmm_highest_bit((hmm_bits)units);
    const unsigned range = (unsigned)(units >> (power - HMM_CLASS_BITS)) - (1u << HMM_CLASS_BITS);
    const unsigned number = (unsigned)heap->exact + ((power - heap->exact_bits) << HMM_CLASS_BITS) + range;
    return number < heap->classes ? number : heap->classes - 1u;
}

HMM_INLINE unsigned class_of(const struct HMM_HEAP *heap, hmm_units units) {
    return units < heap->exact ? (unsigned)units : class_of_large(heap, units);
}

#endif
