/* public.h: the public functions of an instance: entered, counted and checked alike.
 *
 * SPDX-License-Identifier: MIT
 *
 * Their contracts stand in the public header. The only names made by token pasting are here. */
#ifndef HMM_HEAP_PUBLIC_H
#define HMM_HEAP_PUBLIC_H

#include "attach.h"
#include "fast.h"
#include "inspect.h"
#include "resize.h"

#define HMM_TEXT_OPTIONS "options.size is not the size of a known version of the options"

/* A sound copy of the options; false if their size is not that of a known version. */
HMM_INTERNAL bool options_are_sound(const HMM_NAME(options) * options, HMM_NAME(options) * sound) {
    *sound = (HMM_NAME(options)){.size = sizeof *sound};
    if (options == NULL) return true;
    if (options->size != sizeof *options) return false;
    *sound = *options;
    return true;
}

/* ---- Making and unmaking ------------------------------------------------------------------------------------------------- */

HMM_ENTRY struct HMM_HEAP *HMM_NAME(create)(void *memory, size_t bytes, const HMM_NAME(options) * options) {
    HMM_NAME(options) sound;
    struct HMM_HEAP *heap = NULL;
    const hmm_fault fault = {HMM_FAULT_OPTIONS, options, HMM_TEXT_OPTIONS};
    if (options_are_sound(options, &sound))
        heap = create_heap(memory, bytes, &sound);
    else
        call_fault_handler(NULL, NULL, &fault);
    return heap;
}

HMM_ENTRY struct HMM_HEAP *HMM_NAME(attach)(const hmm_span *regions, size_t count, const HMM_NAME(options) * options,
                                            hmm_fault *fault) {
    HMM_NAME(options) sound;
    if (!options_are_sound(options, &sound)) {
        found(fault, HMM_FAULT_OPTIONS, options, HMM_TEXT_OPTIONS);
        return NULL;
    }
    hmm_memory_enter();
    struct HMM_HEAP *heap = attach_heap(regions, count, &sound, fault);
    hmm_memory_leave();
    return heap;
}

HMM_ENTRY void HMM_NAME(destroy)(struct HMM_HEAP *heap) {
    if (heap == NULL) return;
    hmm_memory_enter();
    destroy_heap(heap);
    hmm_memory_leave();
}

HMM_ENTRY int HMM_NAME(add_region)(struct HMM_HEAP *heap, void *memory, size_t bytes) {
    hmm_memory_enter();
    int code = audit_bounds(heap);
    if (code == HMM_OK) code = add_region(heap, memory, bytes);
    hmm_memory_leave();
    return code;
}

HMM_ENTRY int HMM_NAME(extend_region)(struct HMM_HEAP *heap, void *memory, size_t more_bytes) {
    hmm_memory_enter();
    int code = audit_bounds(heap);
    if (code == HMM_OK) code = extend_region(heap, memory, more_bytes);
    hmm_memory_leave();
    return code;
}

HMM_ENTRY size_t HMM_NAME(shrink_region)(struct HMM_HEAP *heap, void *memory, size_t bytes) {
    hmm_memory_enter();
    const size_t given = audit_bounds(heap) == HMM_OK ? shrink_region(heap, memory, bytes) : 0;
    hmm_memory_leave();
    return given;
}

HMM_ENTRY int HMM_NAME(remove_region)(struct HMM_HEAP *heap, void *memory) {
    hmm_memory_enter();
    int code = audit_bounds(heap);
    if (code == HMM_OK) code = remove_region(heap, memory);
    hmm_memory_leave();
    return code;
}

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

HMM_OUTLINE void *alloc_general(struct HMM_HEAP *heap, size_t size) {
    hmm_memory_enter();
    void *p = audit_heap(heap) == HMM_OK ? allocate(heap, size) : NULL;
    hmm_memory_leave();
    return p;
}

/* The straight paths are out of line, each with what is known by then: so each saves no more registers than it needs. */
HMM_OUTLINE void *alloc_large(struct HMM_HEAP *heap, size_t size) {
    const hmm_units units = units_for(size);
    void *p = units == 0 ? NULL : allocate_large(heap, size, units);
    return p != NULL ? p : alloc_general(heap, size);
}

HMM_OUTLINE void *alloc_fit(struct HMM_HEAP *heap, size_t size, hmm_units units) {
    void *p = allocate_fit(heap, size, units);
    return p != NULL ? p : alloc_large(heap, size);
}

HMM_OUTLINE void *alloc_exact(struct HMM_HEAP *heap, size_t size, hmm_units units, HMM_LINK head) {
    void *p = allocate_exact(heap, head, units);
    return p != NULL ? p : alloc_general(heap, size);
}

HMM_ENTRY void *HMM_NAME(alloc)(struct HMM_HEAP *heap, size_t size) {
    if (!HMM_HAS_FAST_PATH) return alloc_general(heap, size);
    if (HMM_UNLIKELY(size > heap->exact_bytes)) return alloc_large(heap, size);
    const hmm_units units = units_holding(size);
    const HMM_LINK head = heap->heads[units];
    return head != HMM_NO_BLOCK ? alloc_exact(heap, size, units, head) : alloc_fit(heap, size, units);
}

HMM_ENTRY void *HMM_NAME(alloc_zeroed)(struct HMM_HEAP *heap, size_t count, size_t size) {
    hmm_memory_enter();
    void *p = NULL;
    if (hmm_product_overflows(count, size))
        no_room(heap);
    else if (audit_heap(heap) == HMM_OK)
        p = allocate(heap, count * size);
    hmm_memory_leave();
    return p == NULL ? NULL : memset(p, 0, count * size);
}

HMM_ENTRY void *HMM_NAME(alloc_aligned)(struct HMM_HEAP *heap, size_t alignment, size_t size) {
    hmm_memory_enter();
    void *p = audit_heap(heap) == HMM_OK ? allocate_aligned(heap, alignment, size) : NULL;
    hmm_memory_leave();
    return p;
}

HMM_ENTRY void *HMM_NAME(alloc_greedy)(struct HMM_HEAP *heap, size_t needed, size_t wanted, size_t *got) {
    size_t usable = 0;
    hmm_memory_enter();
    void *p = audit_heap(heap) == HMM_OK ? allocate_greedy(heap, needed, wanted, &usable) : NULL;
    hmm_memory_leave();
    if (got != NULL) *got = usable;
    return p;
}

/* ---- Changing the size --------------------------------------------------------------------------------------------------- */

HMM_ENTRY int HMM_NAME(resize)(struct HMM_HEAP *heap, void *p, size_t size) {
    hmm_memory_enter();
    int code = audit_heap(heap);
    if (code == HMM_OK) code = resize_greedy_in_place(heap, p, size, size);
    hmm_memory_leave();
    return code;
}

HMM_ENTRY int HMM_NAME(resize_greedy)(struct HMM_HEAP *heap, void *p, size_t needed, size_t wanted, size_t *got) {
    size_t usable = 0;
    hmm_memory_enter();
    int code = audit_heap(heap);
    if (code == HMM_OK) code = resize_greedy_in_place(heap, p, needed, wanted);
    if (code < HMM_FAULT_HEADER) {
        usable = usable_of(size_in(*header_of((struct block *)p)));
        hmm_memory_revealed(p, usable);
    }
    hmm_memory_leave();
    if (got != NULL) *got = usable;
    return code;
}

HMM_ENTRY void *HMM_NAME(realloc)(struct HMM_HEAP *heap, void *p, size_t size) {
    hmm_memory_enter();
    void *moved = audit_heap(heap) == HMM_OK ? reallocate(heap, p, 1, size) : NULL;
    hmm_memory_leave();
    return moved;
}

HMM_ENTRY void *HMM_NAME(realloc_aligned)(struct HMM_HEAP *heap, void *p, size_t alignment, size_t size) {
    hmm_memory_enter();
    void *moved = audit_heap(heap) == HMM_OK ? reallocate(heap, p, alignment, size) : NULL;
    hmm_memory_leave();
    return moved;
}

HMM_OUTLINE void free_general(struct HMM_HEAP *heap, void *p) {
    hmm_memory_enter();
    if (audit_heap(heap) == HMM_OK) free_block(heap, p);
    hmm_memory_leave();
}

HMM_OUTLINE void free_large(struct HMM_HEAP *heap, void *p, HMM_LINK link, HMM_WORD header, HMM_WORD next_header) {
    const struct freed f = {(struct block *)p, link, size_in(header), header, next_header};
    if (!free_beside(heap, &f, says_previous_free(header), says_free(next_header), true)) free_general(heap, p);
}

HMM_OUTLINE void free_between(struct HMM_HEAP *heap, void *p, HMM_LINK link, HMM_WORD header, HMM_WORD next_header) {
    const struct freed f = {(struct block *)p, link, size_in(header), header, next_header};
    if (!free_alone(heap, &f)) free_large(heap, p, link, header, next_header);
}

HMM_OUTLINE void free_behind(struct HMM_HEAP *heap, void *p, HMM_LINK link, HMM_WORD header, HMM_WORD next_header) {
    const struct freed f = {(struct block *)p, link, size_in(header), header, next_header};
    if (!free_beside(heap, &f, true, false, false)) free_large(heap, p, link, header, next_header);
}

HMM_OUTLINE void free_in_front(struct HMM_HEAP *heap, void *p, HMM_LINK link, HMM_WORD header, HMM_WORD next_header) {
    const struct freed f = {(struct block *)p, link, size_in(header), header, next_header};
    if (!free_beside(heap, &f, false, true, false)) free_large(heap, p, link, header, next_header);
}

HMM_OUTLINE void free_in_the_middle(struct HMM_HEAP *heap, void *p, HMM_LINK link, HMM_WORD header, HMM_WORD next_header) {
    const struct freed f = {(struct block *)p, link, size_in(header), header, next_header};
    if (!free_beside(heap, &f, true, true, false)) free_large(heap, p, link, header, next_header);
}

HMM_ENTRY void HMM_NAME(free)(struct HMM_HEAP *heap, void *p) {
    struct freed f;
    if (p == NULL) return;
    if (!HMM_HAS_FAST_PATH || HMM_UNLIKELY(!look_at_freed(heap, p, &f)))
        free_general(heap, p);
    else if (((f.header | f.next_header) & HMM_FLAGS) == 0)
        free_between(heap, p, f.link, f.header, f.next_header);
    else if (!says_free(f.next_header))
        free_behind(heap, p, f.link, f.header, f.next_header);
    else if (!says_previous_free(f.header))
        free_in_front(heap, p, f.link, f.header, f.next_header);
    else
        free_in_the_middle(heap, p, f.link, f.header, f.next_header);
}

/* ---- Asking -------------------------------------------------------------------------------------------------------------- */

HMM_ENTRY size_t HMM_NAME(usable_size)(struct HMM_HEAP *heap, const void *p) {
    if (p == NULL) return 0;
    size_t usable = 0;
    hmm_memory_enter();
    if (HMM_AUDIT_LEVEL < 1 || (audit_bounds(heap) == HMM_OK && audit_allocated(heap, p) == HMM_OK)) {
        usable = usable_of(size_in(*header_of((const struct block *)p)));
        hmm_memory_revealed(p, usable);
    }
    hmm_memory_leave();
    return usable;
}

HMM_ENTRY size_t HMM_NAME(largest_free)(const struct HMM_HEAP *heap) {
    hmm_memory_enter();
    const size_t bytes = largest_free_bytes(heap);
    hmm_memory_leave();
    return bytes == 0 ? 0 : bytes - HMM_BLOCK_OVERHEAD;
}

HMM_ENTRY bool HMM_NAME(contains)(const struct HMM_HEAP *heap, const void *p) {
    hmm_memory_enter();
    const bool inside =
        bounds_are_sound(heap) && region_of(heap, address_of(p) + HMM_WORD_BYTES) != NULL; /* a block begins with its header */
    hmm_memory_leave();
    return inside;
}

HMM_ENTRY void HMM_NAME(stats)(const struct HMM_HEAP *heap, hmm_heap_statistics *stats) {
    hmm_memory_enter();
    take_statistics(heap, stats);
    hmm_memory_leave();
}

HMM_ENTRY int HMM_NAME(walk)(const struct HMM_HEAP *heap, bool (*visit)(void *context, const hmm_block *block), void *context) {
    hmm_memory_enter();
    const int code = walk_heap(heap, visit, context);
    hmm_memory_leave();
    return code;
}

HMM_ENTRY int HMM_NAME(check)(const struct HMM_HEAP *heap, hmm_fault *fault) {
    hmm_memory_enter();
    const int code = check_heap(heap, fault);
    hmm_memory_leave();
    return code;
}

#endif
