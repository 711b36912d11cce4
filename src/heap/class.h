/* class.h: which class of the free index a size belongs to, and how many classes a heap needs.
 *
 * SPDX-License-Identifier: MIT
 *
 * With E exact classes and R ranges per power of two, here 4:
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
    unsigned class_bits;
    unsigned exact;
    size_t exact_bytes; /* the largest request that an exact class serves */
    unsigned classes;
    size_t map_at; /* bytes from the control block */
    size_t map_words;
};

HMM_INTERNAL size_t control_bytes(const struct geometry *g) {
    return g->map_at + g->map_words * sizeof(hmm_bits);
}

HMM_INTERNAL struct geometry geometry_with(unsigned capacity_bits, unsigned exact_bits, unsigned class_bits) {
    struct geometry g;
    const unsigned powers = capacity_bits < exact_bits ? 1 : capacity_bits - exact_bits + 1;
    g.exact_bits = exact_bits;
    g.class_bits = class_bits;
    g.exact = 1u << exact_bits;
    g.exact_bytes = ((size_t)(g.exact - 1) << HMM_GRANULE_SHIFT) - HMM_BLOCK_OVERHEAD;
    g.classes = g.exact + (powers << class_bits);
    g.map_words = (g.classes + HMM_BITS - 1) / HMM_BITS;
    const size_t heads_end = offsetof(struct HMM_HEAP, heads) + g.classes * sizeof(hmm_link);
    g.map_at = heads_end + hmm_padding(heads_end, sizeof(hmm_bits));
    return g;
}

/* The index for a heap whose largest block has capacity_bits as its highest bit: as many exact classes as keep the control block
 * within a 64th of the heap, then as narrow ranges as keep it within a 256th. Only a heap that has the most exact classes can have
 * narrower ranges: a further doubling of the exact classes would take less than the 256th. */
HMM_INTERNAL struct geometry geometry_for(unsigned capacity_bits) {
    const uint64_t bytes = (uint64_t)2 << capacity_bits << HMM_GRANULE_SHIFT;
    struct geometry g = geometry_with(capacity_bits, HMM_EXACT_BITS_LEAST, HMM_CLASS_BITS_LEAST);
    for (unsigned exact_bits = HMM_EXACT_BITS_LEAST + 1; exact_bits <= HMM_EXACT_BITS_MOST; exact_bits++) {
        const struct geometry more = geometry_with(capacity_bits, exact_bits, HMM_CLASS_BITS_LEAST);
        if (control_bytes(&more) <= bytes / 64) g = more;
    }
    for (unsigned class_bits = HMM_CLASS_BITS_LEAST + 1; HMM_HAS_NARROW_CLASSES && class_bits <= HMM_CLASS_BITS; class_bits++) {
        const struct geometry more = geometry_with(capacity_bits, g.exact_bits, class_bits);
        if (control_bytes(&more) <= bytes / 256) g = more;
    }
    return g;
}

/* Classes from the first of several sizes on are trees. */
HMM_INLINE bool class_is_tree(const struct HMM_HEAP *heap, unsigned class_number) {
    return class_number >= heap->exact;
}

HMM_INTERNAL unsigned class_of_large(const struct HMM_HEAP *heap, hmm_units units) {
    const unsigned power = hmm_highest_bit((hmm_bits)units);
    const unsigned range = (unsigned)(units >> (power - heap->class_bits)) - (1u << heap->class_bits);
    const unsigned number = (unsigned)heap->exact + ((power - heap->exact_bits) << heap->class_bits) + range;
    return number < heap->classes ? number : heap->classes - 1u;
}

HMM_INLINE unsigned class_of(const struct HMM_HEAP *heap, hmm_units units) {
    return units < heap->exact ? (unsigned)units : class_of_large(heap, units);
}

#endif
