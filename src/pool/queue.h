/* queue.h: the remote queue: pushing a block, and taking them all.
 *
 * SPDX-License-Identifier: MIT
 *
 * A list, newest first, whose head is one cell. A push links its block to the head that it saw and replaces that head by its block,
 * if it is still the head; else it tries again: some other push succeeded then. The owner takes the whole list by exchanging the
 * head with 0, then has it for itself.
 *
 * ABA. To pop a single block is to read the head's link and to replace the head by it, if the head is still that block. It may be
 * that block again, gone and handed out and come home with another link meanwhile, and a wrong list would be installed; the head
 * would need a version beside it. Nobody pops here. The exchange compares nothing. A push compares the head with a value that it
 * does not follow: that the head is H now, whatever became of H in between, is all that it takes for "this block, then the list
 * that begins at H" to be right.
 *
 * Memory order, operation by operation:
 *
 * replacing the head    release. What a thread did with its block, and the mark and link that it wrote into it, have happened before
 *                       for the owner, who reads this head, or a later one. A later one, because every change of the head is a
 *                       read-modify-write: the replacements after this one continue its release sequence, and the owner's acquire
 *                       of the last synchronizes with each of them. If it fails, relaxed: the value is only stored as a link.
 * the exchange          acquire, for the same reason. It needs no release: who reads the 0 stores it as a link and relies on
 *                       nothing that the owner did.
 * reading the head      relaxed: before a push, and before an exchange that would find nothing. A stale value costs a round, or
 *                       leaves a block to the next drain.
 * the marks             between pushes of one block, see waiting.h. Towards the owner they are published by the head.
 * abandon, adopt        release and acquire, of the owner's cell: all that the former owner wrote, the heap, the chain, the counters,
 *                       has happened before the next one begins. adopt is a compare-and-swap, so one succeeds.
 *
 * tests/pool/queue.pml is a model of all this, with each of these orders weakened in turn. */
#ifndef HMM_POOL_QUEUE_H
#define HMM_POOL_QUEUE_H

#include "waiting.h"

/* p: a block that bears no mark, or is claimed by the caller. */
HMM_INTERNAL void push(struct hmm_pool *pool, uintptr_t p, int32_t link) {
    hmm_shared head = cell_load_relaxed(&pool->head), expected;
    do {
        expected = head;
        set_link(pool, p, (int32_t)(uint32_t)expected);
        head = cell_replace_release(&pool->head, expected, (uint32_t)link);
    } while (head != expected);
}

/* Takes all that was pushed, to be drained from pool->chain, which must be empty. false: there is nothing. */
HMM_INTERNAL bool take_all(struct hmm_pool *pool) {
    if (cell_load_relaxed(&pool->head) == 0) return false;
    pool->chain = (int32_t)(uint32_t)cell_exchange_acquire(&pool->head, 0);
    return true;
}

#endif
