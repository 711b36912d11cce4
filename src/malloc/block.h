/* block.h: allocating, freeing and resizing blocks, small and large.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_MALLOC_BLOCK_H
#define HMM_MALLOC_BLOCK_H

#include "stock.h"

/* Checked mode, see checked.h: what the general functions hand on to. */
HMM_INTERNAL void *checked_allocate(size_t alignment, size_t size, bool *clean);
HMM_INTERNAL void checked_free(const char *function, void *p);
HMM_INTERNAL void *checked_resize(const char *function, void *p, size_t size);

/* ---- Small blocks -------------------------------------------------------------------------------------------------------- */

/* Takes the first free block of a slab, of which `bits` are free: not 0. */
HMM_INLINE void *take_block(struct span *slab, uint64_t bits) {
    store_free(slab, bits & (bits - 1));
    const uint32_t distance = hmm_lowest_bit(bits) * slab->size; /* at most that of a slab */
    return (void *)(slab->start + distance);
}

HMM_INTERNAL void *no_memory(void) {
    hmm_os_set_error(HMM_OS_NO_MEMORY);
    return NULL;
}

HMM_INTERNAL void *invalid(void) {
    hmm_os_set_error(HMM_OS_INVALID);
    return NULL;
}

/* When the thread has no free block at hand. */
HMM_INTERNAL void *allocate_small(size_t size) {
    const unsigned class = class_of(size);
    if (!have_stock() || !renew_current(my.stock, class)) return NULL;
    struct span *slab = current_slab(class);
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
    tend();
    struct span *span = NULL;
    hmm_os_acquire(&central.lock);
    if (open_place()) span = take_span(size == 0 ? 1 : units_for(size), alignment);
    if (span != NULL) {
        if (clean != NULL) *clean = span->clean;
        span->kind = SPAN_LARGE;
        enter_in_map(span->start, number_of(span));
        central.large++;
        central.large_units += span->units;
    }
    void *p = span == NULL ? NULL : (void *)span->start;
    release_lock();
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
    release_lock();
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
        count_taken(units - had);
        span->units = (uint32_t)units;
    } else if (end_of(span) == place.memory + central.fresh && have_memory(central.fresh + ((units - had) << HMM_UNIT_SHIFT))) {
        central.fresh += (units - had) << HMM_UNIT_SHIFT;
        count_taken(units - had);
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
    release_lock();
    return done;
}

/* ---- Any block ----------------------------------------------------------------------------------------------------------- */

HMM_INLINE void *allocate(size_t size);

/* When no free block is at hand. */
HMM_OUTLINE void *allocate_general(size_t size) {
    if (HMM_UNLIKELY(is_checked())) return checked_allocate(1, size, NULL);
    if (size > HMM_SMALL) return allocate_large(size, HMM_UNIT, NULL);
    void *p = allocate_small(size);
    if (my.leaving && my.stock != NULL) leave_stock();
    return p == NULL ? no_memory() : p;
}

HMM_INLINE void *allocate_in(size_t slot, size_t size) {
    struct span *slab = my.current[slot];
    const uint64_t bits = load_free(slab);
    return HMM_LIKELY(bits != 0) ? take_block(slab, bits) : allocate_general(size);
}

HMM_OUTLINE void *allocate_medium(size_t size) {
    return HMM_LIKELY(size <= HMM_SMALL) ? allocate_in(slot_of(size), size) : allocate_general(size);
}

HMM_INLINE void *allocate(size_t size) {
    return HMM_LIKELY(size <= HMM_DIRECT) ? allocate_in(slot_of(size), size) : allocate_medium(size);
}

/* The slab of an allocated block of an ordinary slab of this thread, or NULL. Reads the record only: some programs ask for the size of
 * each block that they allocate and free. */
HMM_INTERNAL struct span *slab_of_own_block(uintptr_t address, unsigned *block) {
    if (address - place.memory >= my.mapped) return NULL;
    struct span *slab = span_at(address);
    const uint64_t number = position_in(slab, address) - my.tag;
    if (number >= HMM_MOST_BLOCKS || (load_free(slab) >> number & 1) != 0) return NULL;
    *block = (unsigned)number;
    return slab;
}

/* The span of an allocated block, and which one of a slab it is; or NULL if the pointer is none to a block. */
HMM_INTERNAL struct span *find_block(uintptr_t address, unsigned *block) {
    struct span *own = slab_of_own_block(address, block);
    if (own != NULL) return own;
    if (!is_ours(address)) return NULL;
    struct span *span = span_at(address);
    if (is_large_block(span, address)) return span;
    if (span->kind != SPAN_SLAB) return NULL;
    const uint64_t position = position_in(span, address);
    *block = block_at(position);
    return !is_beginning(position) || is_free_block(span, *block) ? NULL : span;
}

/* The same; a pointer that is none is a fault. */
HMM_INTERNAL struct span *span_of_block(const char *function, const void *p, unsigned *block) {
    struct span *span = find_block((uintptr_t)p, block);
    if (span == NULL) fault(function, p);
    return span;
}

HMM_INTERNAL size_t usable_size(const struct span *span) {
    return span->kind == SPAN_SLAB ? span->size : bytes_of(span);
}

/* A block of a slab of this thread. */
HMM_INTERNAL void free_local(struct span *slab, unsigned block) {
    store_free(slab, load_free(slab) | (uint64_t)1 << block);
    if (is_marked(slab, MARK_FULL)) {
        unmark(slab, MARK_FULL);
        append_slab(my.stock, slab);
    } else if (slab != current_slab(slab->class)) {
        give_back_if_empty(my.stock, slab, false);
    }
}

/* Frees a block that span_of_block has found. */
HMM_INTERNAL void put_back(const char *function, struct span *span, unsigned block, void *p) {
    if (span->kind == SPAN_LARGE) {
        free_large(function, span, p);
    } else if (position_in(span, (uintptr_t)p) >> OWNER_SHIFT == my.tag >> OWNER_SHIFT) {
        free_local(span, block);
    } else if (!free_remote(p, span, block)) {
        fault(function, p);
    }
}

/* What the fast path could not free. */
HMM_OUTLINE void free_general(void *p, const char *function) {
    if (p == NULL) return;
    look_around();
    if (HMM_UNLIKELY(is_checked())) {
        checked_free(function, p);
        return;
    }
    unsigned block = 0;
    struct span *span = span_of_block(function, p, &block);
    if (span != NULL) put_back(function, span, block, p);
}

HMM_OUTLINE void give_back_emptied(void *p) {
    give_back_if_empty(my.stock, span_at((uintptr_t)p), false);
}

/* Frees a block of a slab of this thread that has marks. */
HMM_OUTLINE void release_marked(void *p, const char *function) {
    struct span *slab = span_at((uintptr_t)p);
    const uint64_t position = position_in(slab, (uintptr_t)p);
    if (HMM_LIKELY(is_beginning(position) && !is_free_block(slab, block_at(position)))) {
        free_local(slab, block_at(position));
    } else {
        free_general(p, function);
    }
}

/* Frees what is no block of an ordinary slab of this thread: mostly one of another thread's. */
HMM_INLINE void release_elsewhere(void *p, struct span *slab, uint64_t block, const char *function) {
    const uint64_t position = block + my.same_tag;
    if (HMM_UNLIKELY(block < (uint64_t)1 << OWNER_SHIFT)) {
        release_marked(p, function);
    } else if (HMM_UNLIKELY(!is_beginning(position) || (load_free(slab) >> (position & 63) & 1) != 0 ||
                            !free_remote(p, slab, position))) {
        free_general(p, function);
    }
}

/* Frees a block of an ordinary slab of this thread, unless it is free already. */
HMM_INLINE void free_in_slab(void *p, struct span *slab, uint64_t block, const char *function) {
    uint64_t bits = load_free(slab);
    if (HMM_UNLIKELY(hmm_set_bit(&bits, block))) {
        free_general(p, function);
        return;
    }
    store_free(slab, bits);
    if (HMM_UNLIKELY(bits == slab->empty)) give_back_emptied(p);
}

/* Frees a block of an ordinary slab of this thread, which is usual, and leaves the rest to other functions. Their first argument is p,
 * which so stays where it is. */
HMM_INLINE void release(void *p, const char *function) {
    const uintptr_t address = (uintptr_t)p;
    if (HMM_UNLIKELY(address - place.memory >= my.mapped)) {
        free_general(p, function);
        return;
    }
    struct span *slab = span_at(address);
    const uint64_t block = position_in(slab, address) - my.tag;
    if (HMM_UNLIKELY(block >= HMM_MOST_BLOCKS)) {
        release_elsewhere(p, slab, block, function);
        return;
    }
    free_in_slab(p, slab, block, function);
}

/* ---- Aligned, zeroed, resized ------------------------------------------------------------------------------------------- */

/* A multiple of the alignment has a class that is one too, up to HMM_UNIT, to which slabs are aligned. */
HMM_INTERNAL void *allocate_aligned(size_t alignment, size_t size) {
    if (is_checked()) return checked_allocate(alignment, size, NULL);
    if (!is_possible(size, alignment)) return no_memory();
    const size_t rounded = size + hmm_padding(size, alignment);
    if (alignment <= HMM_UNIT && rounded <= HMM_SMALL) return allocate(rounded == 0 ? alignment : rounded);
    return allocate_large(size, alignment < HMM_UNIT ? HMM_UNIT : alignment, NULL);
}

HMM_INTERNAL void *allocate_zeroed(size_t size) {
    bool clean = false;
    void *p = NULL;
    if (size <= HMM_SMALL) {
        p = allocate(size);
    } else {
        p = is_checked() ? checked_allocate(1, size, &clean) : allocate_large(size, HMM_UNIT, &clean);
    }
    if (p != NULL && !clean) memset(p, 0, size);
    return p;
}

/* A block stays where it is if that would not waste half of it. */
HMM_INTERNAL bool resize_in_place(struct span *span, size_t size) {
    if (span->kind == SPAN_SLAB) return size <= span->size && size >= span->size / 2;
    return size > HMM_SMALL && is_possible(size, 1) && resize_large(span, size);
}

/* Returns NULL with errno EINVAL where a fault has been reported, and goes on. */
HMM_INTERNAL void *resize(const char *function, void *p, size_t size) {
    if (is_checked()) return checked_resize(function, p, size);
    unsigned block = 0;
    struct span *span = span_of_block(function, p, &block);
    if (span == NULL) return invalid();
    if (resize_in_place(span, size)) return p;
    void *moved = allocate(size);
    if (moved == NULL) return NULL;
    const size_t usable = usable_size(span);
    memcpy(moved, p, usable < size ? usable : size);
    release(p, function);
    return moved;
}

#endif
