/* drain.h: the owner's part of a remote free: looking at what was pushed, and freeing it in the heap.
 *
 * SPDX-License-Identifier: MIT
 *
 * Whoever pushes sees a pointer and nothing else, so here is where the block is verified. The chain is followed first and the block
 * freed then: whatever is wrong with it, and whatever the fault handler does, a jump out of it included, the chain is sound. */
#ifndef HMM_POOL_DRAIN_H
#define HMM_POOL_DRAIN_H

#include "queue.h"

/* Whether the first HMM_POOL_NODE_BYTES at p may be read: they lie in a region. p: a multiple of the granule. */
HMM_INTERNAL bool lies_inside(const struct hmm_pool *pool, uintptr_t p) {
    const size_t word = sizeof(uint32_t); /* contains looks at a block's first word behind the header */
    if (!hmm_heap_contains(heap_of(pool), (const void *)p)) return false;
    return HMM_HEAP_GRANULE >= HMM_POOL_NODE_BYTES ||
           hmm_heap_contains(heap_of(pool), (const void *)(p + HMM_POOL_NODE_BYTES - word));
}

/* A block of the queue as it was found. */
struct found_waiting {
    uintptr_t p;
    bool inside;
    bool sound;   /* it bears its mark, so the link was written by a push */
    int32_t next; /* if it is sound */
};

/* Relaxed: the head from which the block was reached has been read with acquire. A foreign block's memory is read, too: it was
 * written to by the push, and is known by a link that bears a mark. */
HMM_INTERNAL struct found_waiting look_at(const struct hmm_pool *pool, int32_t link) {
    const uintptr_t p = linked_block(pool, link);
    hmm_memory_enter();
    struct found_waiting found = {p, true, true, (int32_t)half_load_relaxed(link_cell(p))};
    if (HMM_AUDIT_LEVEL >= 1) {
        found.inside = lies_inside(pool, p);
        found.sound = mark_is_waiting(pool, p, cell_load_relaxed(mark_cell(p)), found.next);
    }
    looked_at_bytes(&found, sizeof found);
    hmm_memory_leave();
    return found;
}

static const char lost_text[] = "a block was written to after its remote free: it and what was freed remotely before it are lost";
static const char foreign_text[] = "a block was freed remotely into a pool that it does not belong to";

/* What is wrong with a block of the queue. */
HMM_INTERNAL hmm_fault fault_of(const struct found_waiting *found) {
    if (!found->sound) return (hmm_fault){HMM_FAULT_WRITE_AFTER_FREE, (const void *)found->p, lost_text};
    if (!found->inside) return (hmm_fault){HMM_FAULT_OUTSIDE, (const void *)found->p, foreign_text};
    return (hmm_fault){HMM_OK, NULL, "no fault was found"};
}

/* HMM_OK, or the code of the fault that was reported. */
HMM_INTERNAL int audit_found(const struct hmm_pool *pool, const struct found_waiting *found, const void *moving) {
    const hmm_fault fault = fault_of(found);
    if (HMM_UNLIKELY(fault.code != HMM_OK)) return report_to_user(pool, &fault);
    if (HMM_UNLIKELY((const void *)found->p == moving))
        return report_fault(pool, HMM_FAULT_NOT_ALLOCATED, moving, "a block was freed remotely while the owner reallocates it");
    return HMM_OK;
}

/* Frees the first block of the chain, which is not empty. Returns whether it came home. */
HMM_INTERNAL bool bring_home(struct hmm_pool *pool, const void *moving) {
    const struct found_waiting found = look_at(pool, pool->chain);
    const size_t heap_faults = pool->heap_faults;
    pool->tried++;
    pool->chain = found.sound ? found.next : 0;
    if (HMM_AUDIT_LEVEL >= 1) {
        if (found.sound) erase_mark(found.p);
        if (audit_found(pool, &found, moving) != HMM_OK) return false;
    }
    hmm_heap_free(heap_of(pool), (void *)found.p);
    if (pool->heap_faults != heap_faults) return false;
    pool->drained++;
    return true;
}

/* Drains at most `most` of the blocks that wait now. Returns how many came home. */
HMM_INTERNAL size_t drain(struct hmm_pool *pool, size_t most, const void *moving) {
    size_t home = 0;
    bool taken = false;
    for (; most != 0; most--) {
        if (pool->chain == 0) {
            if (taken || !take_all(pool)) break;
            taken = true;
        }
        home += bring_home(pool, moving);
    }
    return home;
}

/* ---- Looking, and changing nothing --------------------------------------------------------------------------------------- */

/* Counts the blocks from a link on, as far as links can be believed. *fault becomes the first fault, if it is none yet. A list can
 * only be longer than the heap has granules if it is a circle. */
HMM_INTERNAL size_t count_from(const struct hmm_pool *pool, int32_t link, size_t most, hmm_fault *fault) {
    size_t count = 0;
    while (link != 0) {
        const struct found_waiting found = look_at(pool, link);
        hmm_fault here = fault_of(&found);
        if (count == most) here = (hmm_fault){HMM_FAULT_LINK, (const void *)found.p, "the remote queue is a circle"};
        if (fault->code == HMM_OK) *fault = here;
        if (!found.sound || count == most) break;
        count++;
        link = found.next;
    }
    return count;
}

/* Counts the blocks that wait. *fault: the first that is wrong with one of them, or that nothing is. */
HMM_INTERNAL size_t count_waiting(const struct hmm_pool *pool, hmm_fault *fault) {
    hmm_heap_statistics stats;
    hmm_heap_stats(heap_of(pool), &stats);
    const size_t most = stats.bytes_total / HMM_HEAP_GRANULE;
    *fault = (hmm_fault){HMM_OK, NULL, "no fault was found"};
    const size_t taken = count_from(pool, pool->chain, most, fault);
    return taken + count_from(pool, (int32_t)(uint32_t)cell_load_acquire(&pool->head), most, fault);
}

#endif
