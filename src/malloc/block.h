/* block.h: allocating and freeing blocks, small and large, where the fast path in malloc.c does not know what to do.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_MALLOC_BLOCK_H
#define HMM_MALLOC_BLOCK_H

#include "stock.h"

/* ---- Small blocks -------------------------------------------------------------------------------------------------------- */

/* Takes the first free block of a slab, of which `bits` are free: not 0. */
HMM_INLINE void *take_block(struct span *slab, uint64_t bits) {
    store_free(slab, bits & (bits - 1));
    return (void *)(slab->start + (uintptr_t)hmm_lowest_bit(bits) * slab->size);
}

HMM_INTERNAL void *no_memory(void) {
    hmm_os_set_error(HMM_OS_NO_MEMORY);
    return NULL;
}

HMM_INTERNAL void *allocate_small(size_t size) {
    struct span *slab = mine->current[slot_of(size)];
    if (load_free(slab) == 0) {
        if (!have_stock() || !renew_current(mine, class_of(size))) return NULL;
        slab = mine->current[slot_of(size)];
    }
    return take_block(slab, load_free(slab));
}

/* ---- Large blocks -------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL size_t units_for(size_t size) {
    return (size + HMM_UNIT - 1) >> HMM_UNIT_SHIFT;
}

/* Whether size and alignment can be computed with: beyond, there is no memory anyway. */
HMM_INTERNAL bool is_possible(size_t size, size_t alignment) {
    const size_t most = (size_t)1 << MEMORY_BYTES_SHIFT;
    return size <= most && alignment <= most;
}

/* clean: set to whether all bytes are zero; may be NULL. alignment: at least HMM_UNIT. */
HMM_INTERNAL void *allocate_large(size_t size, size_t alignment, bool *clean) {
    if (!is_possible(size, alignment)) return no_memory();
    struct span *span = NULL;
    hmm_os_acquire(&central.lock);
    if (open_place()) span = take_span(size == 0 ? 1 : units_for(size), alignment);
    if (span != NULL) {
        if (clean != NULL) *clean = span->clean;
        span->kind = SPAN_LARGE;
        enter_in_map(span->start, number_of(span));
        central.large++;
        central.large_units += span->units;
        purge_old();
    }
    void *p = span == NULL ? NULL : (void *)span->start;
    hmm_os_release(&central.lock);
    return p == NULL ? no_memory() : p;
}

HMM_INTERNAL bool is_large_block(const struct span *span, uintptr_t address) {
    return span->kind == SPAN_LARGE && span->start == address;
}

/* Of two threads that free the same block at the same time, one finds another kind of span here. */
HMM_INTERNAL void free_large(const char *function, struct span *span, void *p) {
    hmm_os_acquire(&central.lock);
    const bool right = is_large_block(span, (uintptr_t)p);
    if (right) {
        central.large--;
        central.large_units -= span->units;
        enter_in_map(span->start, 0);
        give_span(span);
    }
    hmm_os_release(&central.lock);
    if (!right) fault(function, p);
}

/* Makes a large block end elsewhere, under the lock, or returns false. What is behind it is taken if it is free or fresh. */
HMM_INTERNAL bool move_end(struct span *span, size_t units) {
    if (!have_records(1)) return false;
    const size_t had = span->units;
    struct span *behind = free_span_at(end_of(span));
    if (units < had) {
        span->units = (uint32_t)units;
        give_span(new_record(end_of(span), had - units));
    } else if (behind != NULL && behind->units >= units - had) {
        remove_free(behind);
        insert_free_part(behind, behind->start + ((units - had) << HMM_UNIT_SHIFT), behind->units - (units - had));
        drop_record(behind);
        central.taken += units - had;
        span->units = (uint32_t)units;
    } else if (end_of(span) == place.memory + central.fresh && have_memory(central.fresh + ((units - had) << HMM_UNIT_SHIFT))) {
        central.fresh += (units - had) << HMM_UNIT_SHIFT;
        central.taken += units - had;
        span->units = (uint32_t)units;
    } else {
        return false;
    }
    central.large_units += units - had;
    return true;
}

HMM_INTERNAL bool resize_large(struct span *span, size_t size) {
    const size_t units = units_for(size);
    if (units == span->units) return true;
    hmm_os_acquire(&central.lock);
    const bool done = move_end(span, units);
    hmm_os_release(&central.lock);
    return done;
}

/* ---- Any block ----------------------------------------------------------------------------------------------------------- */

HMM_INLINE void *allocate(size_t size);

/* What the fast path could not allocate. */
HMM_OUTLINE void *allocate_general(size_t size) {
    if (size > HMM_SMALL) return allocate_large(size, HMM_UNIT, NULL);
    void *p = allocate_small(size);
    if (leaving && mine != &nobody) leave_stock();
    return p == NULL ? no_memory() : p;
}

HMM_INLINE void *allocate(size_t size) {
    if (HMM_UNLIKELY(size > HMM_DIRECT)) return allocate_general(size);
    struct span *slab = mine->current[slot_of(size)];
    const uint64_t bits = load_free(slab);
    return HMM_LIKELY(bits != 0) ? take_block(slab, bits) : allocate_general(size);
}

/* The span of an allocated block; block: which one of a slab. A pointer that is none is a fault. */
HMM_INTERNAL struct span *span_of_block(const char *function, const void *p, unsigned *block) {
    const uintptr_t address = (uintptr_t)p;
    if (!is_ours(address)) fault(function, p);
    struct span *span = span_at(address);
    if (is_large_block(span, address)) return span;
    if (span->kind != SPAN_SLAB) fault(function, p);
    const uint64_t product = (uint64_t)(address - span->start) * span->reciprocal;
    if (has_rest(product, span->reciprocal) || is_free_block(span, quotient_of(product))) fault(function, p);
    *block = quotient_of(product);
    return span;
}

HMM_INTERNAL size_t usable_size(const struct span *span) {
    return span->kind == SPAN_SLAB ? span->size : bytes_of(span);
}

/* A block of a slab of this thread. */
HMM_INTERNAL void free_local(struct span *slab, unsigned block) {
    store_free(slab, load_free(slab) | (uint64_t)1 << block);
    if ((load_owner(slab) & OWNER_FULL) != 0) {
        unmark_owner(slab, OWNER_FULL);
        append_slab(mine, slab);
    } else if (slab != current_slab(mine, slab->class)) {
        give_back_if_empty(mine, slab, false);
    }
}

/* What the fast path could not free. */
HMM_OUTLINE void free_general(const char *function, void *p) {
    if (p == NULL) return;
    unsigned block = 0;
    struct span *span = span_of_block(function, p, &block);
    if (span->kind == SPAN_LARGE) {
        free_large(function, span, p);
    } else if ((load_owner(span) & ~(uintptr_t)OWNER_MARKS) == (uintptr_t)mine) {
        free_local(span, block);
    } else if (!free_remote(span, block)) {
        fault(function, p);
    }
}

HMM_OUTLINE void give_back_emptied(struct span *slab) {
    give_back_if_empty(mine, slab, false);
}

/* Frees a block of a slab of this thread that has others which are free, which is usual, and leaves the rest to the general function. */
HMM_INLINE void release(const char *function, void *p) {
    const uintptr_t address = (uintptr_t)p;
    if (HMM_UNLIKELY(!is_ours(address))) {
        free_general(function, p);
        return;
    }
    struct span *slab = span_at(address);
    const uint64_t product = (uint64_t)(address - slab->start) * slab->reciprocal;
    const unsigned block = quotient_of(product) & 63;
    const uint64_t bits = load_free(slab);
    if (HMM_UNLIKELY(load_owner(slab) != (uintptr_t)mine || has_rest(product, slab->reciprocal) || (bits >> block & 1) != 0)) {
        free_general(function, p);
        return;
    }
    const uint64_t bits_after = bits | (uint64_t)1 << block;
    store_free(slab, bits_after);
    if (HMM_UNLIKELY(bits_after == slab->empty)) give_back_emptied(slab);
}

/* ---- Aligned, zeroed, resized ------------------------------------------------------------------------------------------- */

/* A multiple of the alignment has a class that is one too, up to HMM_UNIT, to which slabs are aligned. */
HMM_INTERNAL void *allocate_aligned(size_t alignment, size_t size) {
    if (!is_possible(size, alignment)) return no_memory();
    const size_t rounded = size + hmm_padding(size, alignment);
    if (alignment <= HMM_UNIT && rounded <= HMM_SMALL) return allocate(rounded == 0 ? alignment : rounded);
    return allocate_large(size, alignment < HMM_UNIT ? HMM_UNIT : alignment, NULL);
}

HMM_INTERNAL void *allocate_zeroed(size_t size) {
    bool clean = false;
    void *p = size > HMM_SMALL ? allocate_large(size, HMM_UNIT, &clean) : allocate(size);
    if (p != NULL && !clean) memset(p, 0, size);
    return p;
}

/* A block stays where it is if that would not waste half of it. */
HMM_INTERNAL bool resize_in_place(struct span *span, size_t size) {
    if (span->kind == SPAN_SLAB) return size <= span->size && size >= span->size / 2;
    return size > HMM_SMALL && is_possible(size, 1) && resize_large(span, size);
}

HMM_INTERNAL void *resize(const char *function, void *p, size_t size) {
    unsigned block = 0;
    struct span *span = span_of_block(function, p, &block);
    if (resize_in_place(span, size)) return p;
    void *moved = allocate(size);
    if (moved == NULL) return NULL;
    const size_t usable = usable_size(span);
    memcpy(moved, p, usable < size ? usable : size);
    free_general(function, p);
    return moved;
}

#endif
