/* release.h: giving units back: coalescing them with the free blocks on both sides.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_HEAP_RELEASE_H
#define HMM_HEAP_RELEASE_H

#include "place.h"

/* Units that become free, and the free blocks beside them. */
struct release {
    struct block *b;
    hmm_units units;
    hmm_units before; /* size of the free block before; 0 if that is allocated */
    hmm_units after;  /* size of the free block behind; 0 if that is allocated */
};

HMM_INTERNAL hmm_units released_units(const struct release *r) {
    return r->before + r->units + r->after;
}

/* Two removals from one tree need more of it audited. */
HMM_INTERNAL int beside_for(const struct HMM_HEAP *heap, const struct release *r) {
    if (r->before == 0 || r->after == 0) return HMM_BESIDE_REMOVAL;
    const unsigned number = class_of(heap, r->before);
    return class_is_tree(heap, number) && number == class_of(heap, r->after) ? HMM_BESIDE_TWO_REMOVALS : HMM_BESIDE_REMOVAL;
}

/* Audits the free blocks on both sides, in memory and in the index. */
HMM_INTERNAL int audit_sides(const struct HMM_HEAP *heap, const struct release *r) {
    int code = HMM_OK;
    const int beside = beside_for(heap, r);
    if (r->before != 0) code = audit_take(heap, block_before(r->b, r->before), beside);
    if (code == HMM_OK && r->after != 0) code = audit_take(heap, block_after(r->b, r->units), beside);
    return code;
}

/* Finds out what is free beside `units` units at b, which are allocated or in no block yet. The header of what follows was
 * audited. With previous_free the block before b is free. Audits what it meets. */
HMM_INTERNAL int look_beside(const struct HMM_HEAP *heap, struct block *b, hmm_units units, bool previous_free,
                             struct release *r) {
    const struct block *next = block_after(b, units);
    const hmm_word next_header = *header_of(next);
    *r = (struct release){b, units, 0, 0};
    if (previous_free) {
        struct block *before;
        const int code = HMM_AUDIT_LEVEL >= 1 ? audit_free_before(heap, b, &before) : HMM_OK;
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
        r->before = *footer_before(b);
    }
    if (says_free(next_header)) {
        const int code = HMM_AUDIT_LEVEL >= 1 ? audit_free(heap, next, units_to_end(heap, next)) : HMM_OK;
        if (HMM_UNLIKELY(code != HMM_OK)) return code;
        r->after = size_in(next_header);
    }
    return HMM_OK;
}

/* Plans a release, auditing all that it will change. */
HMM_INTERNAL int plan_release(const struct HMM_HEAP *heap, struct block *b, hmm_units units, bool previous_free,
                              struct release *r) {
    int code = look_beside(heap, b, units, previous_free, r);
    if (code != HMM_OK || HMM_AUDIT_LEVEL < 1) return code;
    code = audit_sides(heap, r);
    return code != HMM_OK ? code : audit_put(heap, released_units(r));
}

/* At audit level 2: the pattern over all that is now inside a free payload. */
HMM_INTERNAL void fill_released(const struct release *r) {
    if (HMM_AUDIT_LEVEL < 2) return;
    const struct block *next = block_after(r->b, r->units);
    const uintptr_t begin = r->before != 0 ? address_of(footer_before(r->b)) : address_of(r->b);
    fill(begin, r->after != 0 ? fill_begin(next, r->after) : address_of(footer_before(next)));
}

HMM_INTERNAL void do_release(struct HMM_HEAP *heap, const struct release *r) {
    struct block *next = block_after(r->b, r->units);
    struct block *start = block_before(r->b, r->before);

    if (r->before != 0) {
        index_take(heap, start, r->before);
        erase_header(r->b);
    }
    if (r->after != 0) {
        index_take(heap, next, r->after);
        erase_header(next);
    } else {
        set_previous_free(next, true);
    }
    fill_released(r);
    hmm_memory_guard(header_of(r->b), bytes_of(r->units));
    make_free(heap, start, released_units(r));
}

HMM_INLINE void count_out_of_use(struct HMM_HEAP *heap, hmm_units fewer) {
    if (HMM_STATS) heap->units_in_use -= fewer;
}

/* Frees an allocated block that was audited. */
HMM_INTERNAL int release_block(struct HMM_HEAP *heap, struct block *b) {
    const hmm_word header = *header_of(b);
    struct release r;
    const int code = plan_release(heap, b, size_in(header), says_previous_free(header), &r);
    if (HMM_UNLIKELY(code != HMM_OK)) return code;
    do_release(heap, &r);
    if (HMM_STATS) heap->frees++;
    count_out_of_use(heap, r.units);
    return HMM_OK;
}

HMM_INTERNAL int free_block(struct HMM_HEAP *heap, void *p) {
    const int code = HMM_AUDIT_LEVEL >= 1 ? audit_allocated(heap, p) : HMM_OK;
    return code != HMM_OK ? code : release_block(heap, (struct block *)p);
}

#endif
