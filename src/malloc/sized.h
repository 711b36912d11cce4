/* sized.h: freeing a block whose size the caller tells: a wrong one is a fault.
 *
 * SPDX-License-Identifier: MIT
 *
 * Unless there are notes, the allocator knows the size of the block, and not what was asked for. A size is right for sure only within
 * bounds: at most the block's, and not less than half of it, since what realloc makes smaller stays where it is down to that. */
#ifndef HMM_MALLOC_SIZED_H
#define HMM_MALLOC_SIZED_H

#include "checked.h"

/* alignment: a multiple of it was allocated. */
HMM_INTERNAL bool may_be_size(size_t told, size_t alignment, size_t size) {
    const size_t least = told == 0 ? alignment : told + hmm_padding(told, alignment);
    return told <= size && (least >= size / 2 || size == HMM_STEP);
}

HMM_OUTLINE void release_sized_general(void *p, size_t alignment, size_t size, const char *function) {
    if (p == NULL) return;
    if (is_checked()) {
        checked_free_sized(function, p, size);
        return;
    }
    unsigned block;
    const struct span *span = find_block((uintptr_t)p, &block);
    if (span == NULL || check_level() == LEVEL_TRUSTING || may_be_size(size, alignment, usable_size(span))) {
        release(p, function);
    } else {
        fault_of_size(function, p, size, usable_size(span));
    }
}

/* As release does, with a look at the size besides: that of the block, or down to half of it, is right. */
HMM_INLINE void release_sized(void *p, size_t alignment, size_t size, const char *function) {
    const uintptr_t address = (uintptr_t)p;
    if (HMM_UNLIKELY(address - place.memory >= my.mapped)) {
        release_sized_general(p, alignment, size, function);
        return;
    }
    struct span *slab = span_at(address);
    const uint64_t block = position_in(slab, address) - my.tag;
    if (HMM_UNLIKELY(block >= HMM_MOST_BLOCKS || slab->size - size > slab->size / 2)) {
        release_sized_general(p, alignment, size, function);
        return;
    }
    free_in_slab(p, slab, block, function);
}

#endif
