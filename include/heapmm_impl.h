/* heapmm_impl.h: generates the code of the selected configuration of heapmm.h.
 *
 * SPDX-License-Identifier: MIT
 *
 * To be included by one .c file per configuration, at its end or as all there is, with HMM_CNFG_NUM and HMM_CNFG_HEADER as
 * heapmm.h describes them. A file can hold the code of one configuration, and use any number of them.
 *
 * Every function audits, then changes. The parts: a block (classic/block.h), the bins (classic/bins.h), the audits
 * (classic/audit.h), and here the functions themselves. */
#ifdef HMM_IMPL_INCLUDED
#error "one translation unit can hold the code of one configuration: include heapmm_impl.h once"
#endif
#define HMM_IMPL_INCLUDED 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heapmm.h"

/* Of the default configuration: 0 leaves the audits out; and whether there is an operating system to print a failed one on. */
#ifndef HMM_AUDIT_LEVEL
#define HMM_AUDIT_LEVEL 1
#endif
#ifndef HMM_HOSTED
#define HMM_HOSTED 0
#endif

#if HMM_CNFG_SELECTED == 6 && HMM_AUDIT_LEVEL == 0
#undef HMM_AUDIT_FAIL
#elif HMM_CNFG_SELECTED == 6 && !HMM_HOSTED
#undef HMM_AUDIT_FAIL
#define HMM_AUDIT_FAIL HMM_HALT();
#endif

#ifdef HMM_AUDIT_FAIL
#define HMM_IMPL_AUDITS 1
#else
#define HMM_IMPL_AUDITS 0
#endif

#include "heapmm/classic/audit.h"

/* ---- The heap and its chunks --------------------------------------------------------------------------------------------- */

void HMM_UNIQUE(init)(HMM_UNIQUE(descriptor) * desc) {
    desc->root = NULL;
    desc->last_freed = NULL;
    desc->lowest = NULL;
    desc->highest = NULL;
    desc->step = 1;
    desc->one_chunk = 0;
    desc->may_shrink = 0;
    desc->num_baus_can_shrink = 0;
    desc->end_of_shrinkable_chunk = NULL;
}

/* Widens the span by a chunk. The step stays a divisor of every distance between two blocks. */
static inline void hmm_impl_span(hmm_impl_heap *heap, unsigned char *first, unsigned char *end) {
    if (heap->lowest == NULL) {
        heap->lowest = first;
        heap->highest = end;
        heap->step = HMM_IMPL_BAU_BYTES;
        heap->one_chunk = 1;
        return;
    }
    heap->one_chunk = 0;
    const uintptr_t a = (uintptr_t)first, b = (uintptr_t)heap->lowest;
    unsigned rest = (unsigned)((a > b ? a - b : b - a) % heap->step);
    while (rest != 0) {
        const unsigned next = heap->step % rest;
        heap->step = rest;
        rest = next;
    }
    if (a < b) heap->lowest = first;
    if ((uintptr_t)end > (uintptr_t)heap->highest) heap->highest = end;
}

/* Narrows the span: the memory from `from` to `to` was given back, and before it is a block of the heap or, if `all`, it was a
 * chunk. */
static inline void hmm_impl_unspan(hmm_impl_heap *heap, unsigned char *from, unsigned char *to, bool all) {
    const bool is_lowest = all && from == heap->lowest, is_highest = to == heap->highest;
    if (is_highest) heap->highest = from;
    if (is_lowest) heap->lowest = is_highest ? NULL : to;
}

void HMM_UNIQUE(new_chunk)(HMM_UNIQUE(descriptor) * desc, void *first_byte_of_chunk, HMM_UNIQUE(size_bau) n_baus) {
    const uintmax_t n = n_baus;
    unsigned char *b = first_byte_of_chunk;
    if (n < HMM_IMPL_MIN_BAUS + HMM_IMPL_END_BAUS || n > hmm_impl_most() || n > UINTPTR_MAX / HMM_IMPL_BAU_BYTES ||
        (size_t)n * HMM_IMPL_BAU_BYTES > UINTPTR_MAX - (uintptr_t)b) {
        (void)hmm_impl_fail("the chunk is too small, or larger than can be counted");
        return;
    }
    const size_t size = (size_t)n - HMM_IMPL_END_BAUS;
    if (HMM_IMPL_AUDITS && !hmm_impl_audit_put(desc, size, 0)) return;

    hmm_impl_span(desc, b, hmm_impl_forward(b, (size_t)n));
    hmm_impl_make(b, 0, size, HMM_IMPL_FREE);
    hmm_impl_make(hmm_impl_forward(b, size), size, 0, HMM_IMPL_ALLOCATED);
    hmm_impl_put(desc, b);
    desc->may_shrink = 0;
}

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

/* The block is the user's, as low a part of it as was asked for; the rest, if it makes a block, counts as freed last. */
static inline void hmm_impl_cut(hmm_impl_heap *heap, unsigned char *b, size_t room, size_t wanted) {
    unsigned char *after = hmm_impl_forward(b, room);
    if (room - wanted < HMM_IMPL_MIN_BAUS) wanted = room;
    hmm_impl_make(b, hmm_impl_get_size(b, HMM_IMPL_PREVIOUS), wanted, HMM_IMPL_ALLOCATED);
    if (wanted < room) {
        heap->last_freed = hmm_impl_forward(b, wanted);
        hmm_impl_make(heap->last_freed, wanted, room - wanted, HMM_IMPL_FREE);
    }
    hmm_impl_set_size(after, HMM_IMPL_PREVIOUS, room - wanted >= HMM_IMPL_MIN_BAUS ? room - wanted : wanted);
}

/* Allocates `wanted` BAUs or, if nothing is so large, the largest block if that has `needed`. */
static inline void *hmm_impl_allocate(hmm_impl_heap *heap, size_t needed, size_t wanted) {
    unsigned char *passed;
    if (HMM_IMPL_AUDITS && !(hmm_impl_audit_put_last(heap, 0) && hmm_impl_audit_way(heap, wanted, &passed))) return NULL;
    unsigned char *found = hmm_impl_best_fit(heap, wanted);
    if (found == NULL) {
        /* Nothing on the audited way is as large as wanted: it led along the greatest sizes. */
        found = hmm_impl_largest(heap);
        if (found != NULL && hmm_impl_size(found) < needed) found = NULL;
        if (found != NULL) wanted = hmm_impl_size(found);
    }
    if (HMM_IMPL_AUDITS && !hmm_impl_audit_take_found(heap, found)) return NULL;

    unsigned char *b = found == NULL ? NULL : hmm_impl_take_found(heap, found);
    hmm_impl_put_last(heap);
    heap->may_shrink = 0;
    if (b == NULL) return NULL;
    hmm_impl_cut(heap, b, hmm_impl_size(b), wanted);
    return hmm_impl_payload(b);
}

void *HMM_UNIQUE(alloc)(HMM_UNIQUE(descriptor) * desc, HMM_UNIQUE(size_aau) n_aaus) {
    const size_t baus = hmm_impl_baus_for(n_aaus);
    return hmm_impl_allocate(desc, baus, baus);
}

void *HMM_UNIQUE(greedy_alloc)(HMM_UNIQUE(descriptor) * desc, HMM_UNIQUE(size_aau) needed, HMM_UNIQUE(size_aau) coveted) {
    return hmm_impl_allocate(desc, hmm_impl_baus_for(needed), hmm_impl_baus_for(coveted < needed ? needed : coveted));
}

/* ---- Freeing ------------------------------------------------------------------------------------------------------------- */

/* Takes a free neighbour, or what is to become part of one, out of wherever it is. */
static inline bool hmm_impl_absorb(hmm_impl_heap *heap, unsigned char *b) {
    if (b != heap->last_freed) return hmm_impl_take(heap, b);
    heap->last_freed = NULL;
    return true;
}

/* Takes both neighbours, where they are free, out of wherever they are. False, and each is free as before, if balances were
 * damaged in a way that no audit can see. */
static inline bool hmm_impl_absorb_both(hmm_impl_heap *heap, unsigned char *before, unsigned char *after) {
    if (before != NULL) (void)hmm_impl_absorb(heap, before);
    if (after == NULL || hmm_impl_absorb(heap, after)) return true;
    /* Two were in the tree: none is the one freed last. */
    if (before != NULL) hmm_impl_put(heap, before);
    return false;
}

/* Frees a block, whose head is right but for the status, and joins it with its free neighbours. */
static inline bool hmm_impl_release(hmm_impl_heap *heap, unsigned char *b) {
    unsigned char *before = hmm_impl_before(b), *after = hmm_impl_after(b);
    const bool joins_before = before != NULL && hmm_impl_is_free(before);
    const bool joins_after = hmm_impl_is_free(after);
    if (!hmm_impl_absorb_both(heap, joins_before ? before : NULL, joins_after ? after : NULL)) return false;
    size_t size = hmm_impl_size(b);
    unsigned char *whole = joins_before ? before : b;
    const size_t previous = hmm_impl_get_size(whole, HMM_IMPL_PREVIOUS);
    if (joins_before) size += hmm_impl_size(before);
    if (joins_after) size += hmm_impl_size(after);
    /* Heads that now lie inside a free block are erased: a pointer to such a block leads to none. */
    if (joins_after) hmm_impl_make(after, 0, 0, HMM_IMPL_ALLOCATED);
    hmm_impl_make(b, 0, 0, HMM_IMPL_ALLOCATED);
    hmm_impl_make(whole, previous, size, HMM_IMPL_FREE);
    after = hmm_impl_after(whole);
    hmm_impl_set_size(after, HMM_IMPL_PREVIOUS, size);

    hmm_impl_put_last(heap);
    heap->last_freed = whole;
    heap->num_baus_can_shrink = 0;
    heap->may_shrink = 0;
    if (hmm_impl_size(after) != 0) return true;
    heap->num_baus_can_shrink = (HMM_UNIQUE(size_bau))(previous == 0 ? size + HMM_IMPL_END_BAUS : size);
    heap->end_of_shrinkable_chunk = hmm_impl_forward(after, HMM_IMPL_END_BAUS);
    heap->may_shrink = 1;
    return true;
}

void HMM_UNIQUE(free)(HMM_UNIQUE(descriptor) * desc, void *mem) {
    unsigned char *b = hmm_impl_of_payload(mem);
    if (HMM_IMPL_AUDITS && !(hmm_impl_audit_allocated(desc, b) &&
                             hmm_impl_audit_join(desc, hmm_impl_before(b), hmm_impl_size(b), hmm_impl_after(b))))
        return;
    if (!hmm_impl_release(desc, b)) (void)hmm_impl_fail("the balances of the tree of free blocks are damaged");
}

/* ---- Resizing ------------------------------------------------------------------------------------------------------------ */

static inline bool hmm_impl_audit_resize(const hmm_impl_heap *heap, unsigned char *b) {
    if (!hmm_impl_audit_allocated(heap, b)) return false;
    unsigned char *before = hmm_impl_before(b);
    if (before != NULL && !hmm_impl_audit_block(heap, before, "the head of a neighbour of the block is damaged")) return false;
    return hmm_impl_audit_join(heap, NULL, hmm_impl_size(b), hmm_impl_after(b));
}

/* Resizes a block to as much of `wanted` BAUs as there is, but at least `needed`. */
static inline int hmm_impl_resize(hmm_impl_heap *heap, unsigned char *b, size_t needed, size_t wanted) {
    if (HMM_IMPL_AUDITS && !hmm_impl_audit_resize(heap, b)) return -1;
    unsigned char *after = hmm_impl_after(b);
    size_t room = hmm_impl_size(b);
    if (hmm_impl_is_free(after)) room += hmm_impl_size(after);
    if (needed > room) return -1;
    if (hmm_impl_is_free(after)) (void)hmm_impl_absorb(heap, after);
    if (wanted > room) wanted = room;
    if (room - wanted >= HMM_IMPL_MIN_BAUS) hmm_impl_put_last(heap);
    hmm_impl_cut(heap, b, room, wanted);
    heap->may_shrink = 0;
    return 0;
}

int HMM_UNIQUE(resize)(HMM_UNIQUE(descriptor) * desc, void *mem, HMM_UNIQUE(size_aau) n_aaus) {
    const size_t baus = hmm_impl_baus_for(n_aaus);
    return hmm_impl_resize(desc, hmm_impl_of_payload(mem), baus, baus);
}

int HMM_UNIQUE(greedy_resize)(HMM_UNIQUE(descriptor) * desc, void *mem, HMM_UNIQUE(size_aau) needed,
                              HMM_UNIQUE(size_aau) coveted) {
    return hmm_impl_resize(desc, hmm_impl_of_payload(mem), hmm_impl_baus_for(needed),
                           hmm_impl_baus_for(coveted < needed ? needed : coveted));
}

/* ---- Looking ------------------------------------------------------------------------------------------------------------- */

HMM_UNIQUE(size_aau) HMM_UNIQUE(true_size)(void *mem) {
    unsigned char *b = hmm_impl_of_payload(mem);
    if (HMM_IMPL_AUDITS && (hmm_impl_is_free(b) || hmm_impl_size(b) < HMM_IMPL_MIN_BAUS)) {
        (void)hmm_impl_fail("the block is free, or its head damaged");
        return 0;
    }
    return hmm_impl_aaus_of(hmm_impl_size(b));
}

HMM_UNIQUE(size_aau) HMM_UNIQUE(largest_available)(HMM_UNIQUE(descriptor) * desc) {
    unsigned char *passed;
    if (HMM_IMPL_AUDITS && !(hmm_impl_audit_put_last(desc, 0) && hmm_impl_audit_way(desc, SIZE_MAX, &passed))) return 0;
    const unsigned char *largest = hmm_impl_largest(desc);
    return largest == NULL ? 0 : hmm_impl_aaus_of(hmm_impl_size(largest));
}

/* ---- Growing and shrinking chunks ---------------------------------------------------------------------------------------- */

/* The end block of a chunk, and the block before it. */
static inline bool hmm_impl_audit_end(const hmm_impl_heap *heap, unsigned char *end) {
    if (!hmm_impl_is_place(heap, end) || !hmm_impl_is_end(heap, end)) return hmm_impl_fail("no chunk of this heap ends there");
    const size_t previous = hmm_impl_get_size(end, HMM_IMPL_PREVIOUS);
    if (previous < HMM_IMPL_MIN_BAUS || previous > ((uintptr_t)end - (uintptr_t)heap->lowest) / HMM_IMPL_BAU_BYTES)
        return hmm_impl_fail("the end block of the chunk is damaged");
    return hmm_impl_audit_block(heap, hmm_impl_before(end), "the last block of the chunk, or its end block, is damaged");
}

void HMM_UNIQUE(grow_chunk)(HMM_UNIQUE(descriptor) * desc, void *end_of_chunk, HMM_UNIQUE(size_bau) n_baus) {
    const uintmax_t n = n_baus;
    unsigned char *end = (unsigned char *)((uintptr_t)end_of_chunk - HMM_IMPL_END_BYTES);
    if (HMM_IMPL_AUDITS && !hmm_impl_audit_end(desc, end)) return;
    if (n < HMM_IMPL_MIN_BAUS || n > hmm_impl_most() - hmm_impl_get_size(end, HMM_IMPL_PREVIOUS) - HMM_IMPL_END_BAUS ||
        n > (UINTPTR_MAX - (uintptr_t)end_of_chunk) / HMM_IMPL_BAU_BYTES) {
        (void)hmm_impl_fail("the chunk is to grow by less than a smallest block, or by more than can be counted");
        return;
    }
    if (HMM_IMPL_AUDITS && !hmm_impl_audit_join(desc, hmm_impl_before(end), (size_t)n, NULL)) return;

    unsigned char *new_end = hmm_impl_forward(end, (size_t)n);
    hmm_impl_make(new_end, (size_t)n, 0, HMM_IMPL_ALLOCATED);
    hmm_impl_set_size(end, HMM_IMPL_SIZE, (size_t)n);
    new_end += HMM_IMPL_END_BYTES;
    if ((uintptr_t)new_end > (uintptr_t)desc->highest) desc->highest = new_end;
    (void)hmm_impl_release(desc, end);
}

/* Whether the last block, the only one of its chunk or not, may lose so many BAUs. */
static inline bool hmm_impl_can_shrink(size_t size, bool is_only, uintmax_t n) {
    if (is_only && n == (uintmax_t)size + HMM_IMPL_END_BAUS) return true;
    if (!is_only && n == size) return true;
    return n < size && size - (size_t)n >= HMM_IMPL_MIN_BAUS;
}

static inline bool hmm_impl_audit_shrink(const hmm_impl_heap *heap, unsigned char *end) {
    if (!hmm_impl_audit_end(heap, end)) return false;
    return hmm_impl_before(end) == heap->last_freed || hmm_impl_fail("the last block of the chunk is not the one freed last");
}

void HMM_UNIQUE(shrink_chunk)(HMM_UNIQUE(descriptor) * desc, HMM_UNIQUE(size_bau) n_baus) {
    if (n_baus == 0) return;
    if (!desc->may_shrink) {
        (void)hmm_impl_fail("a chunk can only be shrunk directly after a free that allows it");
        return;
    }
    unsigned char *end_of_chunk = desc->end_of_shrinkable_chunk;
    unsigned char *end = (unsigned char *)((uintptr_t)end_of_chunk - HMM_IMPL_END_BYTES);
    if (HMM_IMPL_AUDITS && !hmm_impl_audit_shrink(desc, end)) return;
    unsigned char *b = desc->last_freed;
    const size_t size = hmm_impl_size(b), previous = hmm_impl_get_size(b, HMM_IMPL_PREVIOUS);
    if (!hmm_impl_can_shrink(size, previous == 0, n_baus)) {
        (void)hmm_impl_fail("the chunk is to shrink by too much, or to leave less than a smallest block");
        return;
    }
    const bool disappears = n_baus > size;
    const size_t rest = disappears ? 0 : size - (size_t)n_baus;
    if (HMM_IMPL_AUDITS && rest > 0 && !hmm_impl_audit_put(desc, rest, 0)) return;

    desc->last_freed = NULL;
    desc->may_shrink = 0;
    if (disappears) {
        hmm_impl_unspan(desc, b, end_of_chunk, true);
        return;
    }
    unsigned char *new_end = hmm_impl_forward(b, rest);
    hmm_impl_make(new_end, rest > 0 ? rest : previous, 0, HMM_IMPL_ALLOCATED);
    hmm_impl_unspan(desc, new_end + HMM_IMPL_END_BYTES, end_of_chunk, false);
    if (rest == 0) return;
    hmm_impl_make(b, previous, rest, HMM_IMPL_FREE);
    hmm_impl_put(desc, b);
}
