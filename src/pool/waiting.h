/* waiting.h: a block that waits in the remote queue: its link, and the mark beside it.
 *
 * SPDX-License-Identifier: MIT
 *
 *     payload   | mark (a cell) | link (32 bits) | ...
 *
 * The link is the distance of the next block in the queue from the heap in granules, 0 for the last. The mark depends on the
 * block's address, on the link and on the key. It has two forms:
 *
 * claimed   a push has begun, and the link is not there yet.
 * waiting   the link is there. So whoever reads the link knows that it was written by a push, and not by a user of a block that he
 *           no longer owns.
 *
 * A block that bears either is being freed; another push finds that out and stops. A push makes the claim by a compare-and-swap:
 * of two that free one block at the same time, one is told. The drain erases the mark, so that it does not turn up as the contents
 * of a block which is handed out again.
 *
 * Order, for two pushes of one block at the same time. The first writes, again and again while others push: claimed; link;
 * waiting. The second reads mark, then link, and if it takes both for contents, replaces the mark that it has read. It must not
 * succeed in that. It read a waiting mark, and a link of another round: the release of the link, and the acquire of its read, have
 * put the claim of that round before the replacement, which then finds another mark and fails. It read a waiting mark, and an
 * older link: excluded by the release of the mark and the acquire of its read. */
#ifndef HMM_POOL_WAITING_H
#define HMM_POOL_WAITING_H

#include "state.h"

/* The reach of links, as in the heap: 2^31 granules, below 2^16 less. */
#define HMM_POOL_LINK_LEAST (INT32_MIN + 0x10000)

/* In place of a link in the claimed form of a mark. */
#define HMM_POOL_CLAIMED INT32_MIN

HMM_INLINE hmm_cell *mark_cell(uintptr_t p) {
    return (hmm_cell *)p;
}

HMM_INLINE hmm_half_cell *link_cell(uintptr_t p) {
    return (hmm_half_cell *)(p + sizeof(hmm_shared));
}

HMM_INLINE uintptr_t linked_block(const struct hmm_pool *pool, int32_t link) {
    return (uintptr_t)heap_of(pool) + ((uintptr_t)(intptr_t)link << HMM_LOG2(HMM_HEAP_GRANULE));
}

/* 0 if p is out of reach. */
HMM_INLINE int32_t link_to(const struct hmm_pool *pool, uintptr_t p) {
    const intptr_t units = (intptr_t)(p - (uintptr_t)heap_of(pool)) >> HMM_LOG2(HMM_HEAP_GRANULE);
    const int32_t link = (int32_t)units;
    return link == units && link >= HMM_POOL_LINK_LEAST ? link : 0;
}

/* Never 0, which is what the drain leaves. */
HMM_INLINE hmm_shared mark_for(const struct hmm_pool *pool, uintptr_t p, int32_t link) {
    return (mixed((hmm_shared)p, pool->key) + (uint32_t)link * (hmm_shared)0xD1B54A32D192ED03u) | 1;
}

HMM_INLINE bool mark_is_waiting(const struct hmm_pool *pool, uintptr_t p, hmm_shared mark, int32_t link) {
    return mark == mark_for(pool, p, link);
}

/* Whether a block that holds this mark is being freed remotely: a push has begun and it was not drained yet. */
HMM_INLINE bool bears_mark(const struct hmm_pool *pool, uintptr_t p, hmm_shared mark) {
    const int32_t link = (int32_t)half_load_acquire(link_cell(p));
    return mark_is_waiting(pool, p, mark, link) || mark == mark_for(pool, p, HMM_POOL_CLAIMED);
}

/* Marks a block as claimed; false if it bears a mark already. */
HMM_INTERNAL bool claim(const struct hmm_pool *pool, uintptr_t p) {
    const hmm_shared claimed = mark_for(pool, p, HMM_POOL_CLAIMED);
    for (;;) {
        const hmm_shared mark = cell_load_acquire(mark_cell(p));
        if (HMM_UNLIKELY(bears_mark(pool, p, mark))) return false;
        if (cell_replace_relaxed(mark_cell(p), mark, claimed) == mark) return true;
    }
}

/* Gives a claimed block its link, or another one. */
HMM_INTERNAL void set_link(const struct hmm_pool *pool, uintptr_t p, int32_t link) {
    if (HMM_AUDIT_LEVEL >= 1) cell_store_relaxed(mark_cell(p), mark_for(pool, p, HMM_POOL_CLAIMED));
    half_store_release(link_cell(p), (uint32_t)link);
    if (HMM_AUDIT_LEVEL >= 1) cell_store_release(mark_cell(p), mark_for(pool, p, link));
}

HMM_INTERNAL void erase_mark(uintptr_t p) {
    hmm_memory_enter();
    cell_store_relaxed(mark_cell(p), 0);
    hmm_memory_leave();
}

#endif
