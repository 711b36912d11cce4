/* stock.h: stocks: the slabs from which a thread allocates. A stock outlives its thread, and another thread adopts it.
 *
 * SPDX-License-Identifier: MIT
 *
 * For each class a stock has a current slab, from which blocks are taken, and a list of slabs that have free blocks too. Slabs without
 * a free block are in no list: a free finds them through the map. A thread changes only slabs of its own stock.
 *
 * Blocks freed by other threads are bits in `remote` of their slab. Who sets the first one, marks the owner with OWNER_WAITS and pushes
 * the slab onto the stock's list of slabs that wait, and nobody else does, until the stock has taken the bits:
 *
 *     freeing thread                                      owner of the stock, at times
 *     1. remote |= bit; only if remote was 0:             4. take the list of waiting slabs; for each of them:
 *     2. owner |= OWNER_WAITS, which says whose it is     5. owner &= ~OWNER_WAITS
 *     3. push it onto that stock's list                   6. bits = remote, remote = 0; free |= bits
 *
 * A bit set between 5 and 6 is taken at 6, and sees that remote was not 0. A bit set after 6 sees 0, and its thread marks and pushes
 * anew. A slab is thus in one list at most, and while a bit is in remote its block counts as allocated, so the slab is not given
 * back. The list is pushed one by one and taken whole, so a head that comes back does no harm.
 *
 * The stock of a thread that has ended is idle. Then who frees remotely does 4 to 6 himself, under the lock; that a push and the
 * end of the thread do not miss each other is ensured by the order of their accesses, which is total: one stores and then looks for
 * pushes, the other pushes and then looks whether it is idle. Any thread may also take slabs from idle stocks. */
#ifndef HMM_MALLOC_STOCK_H
#define HMM_MALLOC_STOCK_H

#include "fault.h"

struct stock {
    _Alignas(64) struct span *current[HMM_SLOTS]; /* with no free block: `no_slab` */
    uint32_t first[HMM_CLASSES], last[HMM_CLASSES];
    _Alignas(64) _Atomic(uint32_t) waiting;
    _Atomic(bool) idle;
    struct stock *next_idle;
};

static struct span no_slab;

#define NO_SLABS_9 &no_slab, &no_slab, &no_slab, &no_slab, &no_slab, &no_slab, &no_slab, &no_slab, &no_slab
_Static_assert(HMM_SLOTS == 81, "as many as are written here");

/* The stock of a thread that has none: it never has a free block, and owns no slab. */
static struct stock nobody = {
    .current = {NO_SLABS_9, NO_SLABS_9, NO_SLABS_9, NO_SLABS_9, NO_SLABS_9, NO_SLABS_9, NO_SLABS_9, NO_SLABS_9, NO_SLABS_9}};

static struct stock *idle_stocks; /* under the lock */

static HMM_THREAD_LOCAL struct stock *mine = &nobody;
static HMM_THREAD_LOCAL bool leaving; /* the thread has given up its stock, since it is about to end */

/* ---- Lists of slabs with free blocks ------------------------------------------------------------------------------------- */

/* At the end: those that are there have had more time to gather free blocks. */
HMM_INTERNAL void append_slab(struct stock *stock, struct span *slab) {
    const unsigned class = slab->class;
    const uint32_t last = stock->last[class];
    slab->next = 0;
    slab->previous = last;
    *(last == 0 ? &stock->first[class] : &place.spans[last].next) = number_of(slab);
    stock->last[class] = number_of(slab);
    slab->empty = all_blocks(class);
}

HMM_INTERNAL void remove_slab(struct stock *stock, struct span *slab) {
    const unsigned class = slab->class;
    *(slab->previous == 0 ? &stock->first[class] : &place.spans[slab->previous].next) = slab->next;
    *(slab->next == 0 ? &stock->last[class] : &place.spans[slab->next].previous) = slab->previous;
}

HMM_INTERNAL struct span *current_slab(const struct stock *stock, unsigned class) {
    return stock->current[last_slot(class)];
}

HMM_INTERNAL void set_current(struct stock *stock, unsigned class, struct span *slab) {
    for (size_t slot = first_slot(class); slot <= last_slot(class); slot++) stock->current[slot] = slab;
    if (slab != &no_slab) slab->empty = 0;
}

HMM_INTERNAL void unmark_owner(struct span *slab, uintptr_t mark) {
    atomic_fetch_and_explicit(&slab->owner, ~mark, memory_order_acq_rel);
}

/* Takes the current slab out of use. */
HMM_INTERNAL void leave_current(struct stock *stock, unsigned class) {
    struct span *slab = current_slab(stock, class);
    if (slab == &no_slab) return;
    set_current(stock, class, &no_slab);
    if (load_free(slab) != 0) {
        append_slab(stock, slab);
    } else {
        atomic_fetch_or_explicit(&slab->owner, OWNER_FULL, memory_order_acq_rel);
    }
}

/* ---- Slabs from and to the central memory -------------------------------------------------------------------------------- */

HMM_INTERNAL struct span *make_slab(struct stock *stock, unsigned class) {
    struct span *slab = take_span(class_units(class), HMM_UNIT);
    if (slab == NULL) return NULL;
    slab->size = (uint16_t)class_size(class);
    slab->reciprocal = reciprocal_of(slab->size);
    slab->class = (unsigned char)class;
    store_free(slab, all_blocks(class));
    atomic_store_explicit(&slab->remote, 0, memory_order_relaxed);
    atomic_store_explicit(&slab->owner, (uintptr_t)stock, memory_order_relaxed);
    slab->kind = SPAN_SLAB;
    enter_all_in_map(slab, number_of(slab));
    return slab;
}

/* Under the lock. The slab is in no list, and wholly free. */
HMM_INTERNAL void unmake_slab(struct span *slab) {
    atomic_store_explicit(&slab->owner, 0, memory_order_relaxed);
    enter_all_in_map(slab, 0);
    give_span(slab);
}

/* Gives back a slab of a list if it is wholly free. One that is the only one in its list stays: it would be taken again soon. */
HMM_INTERNAL void give_back_if_empty(struct stock *stock, struct span *slab, bool locked) {
    if (!is_slab_full_of_free(slab) || (load_owner(slab) & OWNER_WAITS) != 0) return;
    if (slab->next == 0 && slab->previous == 0 && !locked) {
        slab->empty = 0;
        return;
    }
    remove_slab(stock, slab);
    if (!locked) hmm_os_acquire(&central.lock);
    unmake_slab(slab);
    if (!locked) hmm_os_release(&central.lock);
}

/* ---- Blocks freed by other threads --------------------------------------------------------------------------------------- */

/* What has been freed in a slab becomes free in it. */
HMM_INTERNAL void take_remote(struct stock *stock, struct span *slab, bool locked) {
    const uintptr_t owner = atomic_fetch_and_explicit(&slab->owner, ~(uintptr_t)OWNER_WAITS, memory_order_acq_rel);
    const uint64_t bits = atomic_exchange_explicit(&slab->remote, 0, memory_order_acq_rel);
    store_free(slab, load_free(slab) | bits);
    if (slab == current_slab(stock, slab->class)) return;
    if ((owner & OWNER_FULL) != 0) {
        unmark_owner(slab, OWNER_FULL);
        append_slab(stock, slab);
    }
    give_back_if_empty(stock, slab, locked);
}

/* locked: under the lock, for an idle stock. */
HMM_INTERNAL void take_all_remote(struct stock *stock, bool locked) {
    if (atomic_load_explicit(&stock->waiting, memory_order_seq_cst) == 0) return;
    uint32_t number = atomic_exchange_explicit(&stock->waiting, 0, memory_order_seq_cst);
    while (number != 0) {
        struct span *slab = place.spans + number;
        number = slab->waiting;
        take_remote(stock, slab, locked);
    }
}

HMM_INTERNAL void push_waiting(struct stock *stock, struct span *slab) {
    uint32_t head = atomic_load_explicit(&stock->waiting, memory_order_relaxed);
    do {
        slab->waiting = head;
    } while (!atomic_compare_exchange_weak_explicit(&stock->waiting, &head, number_of(slab), memory_order_seq_cst,
                                                    memory_order_relaxed));
}

HMM_INTERNAL void tend_idle(struct stock *stock) {
    hmm_os_acquire(&central.lock);
    if (atomic_load_explicit(&stock->idle, memory_order_relaxed)) take_all_remote(stock, true);
    hmm_os_release(&central.lock);
}

/* Frees a block of a slab that is another thread's. Returns false if it has been freed already. */
HMM_INTERNAL bool free_remote(struct span *slab, unsigned block) {
    const uint64_t bit = (uint64_t)1 << block;
    const uint64_t before = atomic_fetch_or_explicit(&slab->remote, bit, memory_order_acq_rel);
    if (HMM_UNLIKELY((before & bit) != 0)) return false;
    if (before != 0) return true;
    const uintptr_t owner = atomic_fetch_or_explicit(&slab->owner, OWNER_WAITS, memory_order_acq_rel);
    struct stock *stock = (struct stock *)(owner & ~(uintptr_t)OWNER_MARKS);
    push_waiting(stock, slab);
    if (HMM_UNLIKELY(atomic_load_explicit(&stock->idle, memory_order_seq_cst))) tend_idle(stock);
    return true;
}

/* ---- Stocks and threads -------------------------------------------------------------------------------------------------- */

HMM_INTERNAL struct stock *make_stock(void) {
    const size_t units = (sizeof(struct stock) + HMM_UNIT - 1) / HMM_UNIT;
    struct span *span = take_span(units, HMM_UNIT);
    if (span == NULL) return NULL;
    span->kind = SPAN_OWN;
    enter_all_in_map(span, number_of(span));
    struct stock *stock = (struct stock *)span->start;
    memset(stock, 0, sizeof *stock);
    for (size_t slot = 0; slot < HMM_SLOTS; slot++) stock->current[slot] = &no_slab;
    return stock;
}

HMM_INTERNAL struct stock *adopt_or_make_stock(void) {
    if (!open_place()) return NULL;
    struct stock *stock = idle_stocks;
    if (stock == NULL) return make_stock();
    idle_stocks = stock->next_idle;
    atomic_store_explicit(&stock->idle, false, memory_order_seq_cst);
    return stock;
}

/* Gives back all slabs of a class that are wholly free, under the lock. */
HMM_INTERNAL void give_back_empty(struct stock *stock, unsigned class) {
    leave_current(stock, class);
    for (uint32_t number = stock->first[class], next; number != 0; number = next) {
        next = place.spans[number].next;
        give_back_if_empty(stock, place.spans + number, true);
    }
}

HMM_INTERNAL void leave_stock(void) {
    struct stock *stock = mine;
    mine = &nobody;
    hmm_os_acquire(&central.lock);
    atomic_store_explicit(&stock->idle, true, memory_order_seq_cst);
    take_all_remote(stock, true);
    for (unsigned class = 0; class < HMM_CLASSES; class ++) give_back_empty(stock, class);
    stock->next_idle = idle_stocks;
    idle_stocks = stock;
    hmm_os_release(&central.lock);
}

/* Gives the thread a stock. One that has given up its stock already will have this one for a single allocation only. */
HMM_INTERNAL bool have_stock(void) {
    if (mine != &nobody) return true;
    hmm_os_acquire(&central.lock);
    struct stock *stock = adopt_or_make_stock();
    hmm_os_release(&central.lock);
    if (stock == NULL) return false;
    mine = stock;
    if (!leaving) hmm_os_tell_when_thread_ends();
    return true;
}

/* ---- Finding a slab with a free block ------------------------------------------------------------------------------------ */

enum { IDLE_STOCKS_ASKED = 8 };

/* Takes a slab from an idle stock, under the lock. One on which freed blocks wait, or are about to, is left: it is in the list of
 * the other stock, or will be. */
HMM_INTERNAL struct span *take_from_idle(struct stock *stock, unsigned class) {
    struct stock *other = idle_stocks;
    for (int i = 0; i < IDLE_STOCKS_ASKED && other != NULL; i++, other = other->next_idle) {
        struct span *slab = place.spans + other->first[class];
        uintptr_t owner = (uintptr_t)other;
        if (other->first[class] == 0 || !atomic_compare_exchange_strong_explicit(&slab->owner, &owner, (uintptr_t)stock,
                                                                                 memory_order_acq_rel, memory_order_relaxed))
            continue;
        remove_slab(other, slab);
        return slab;
    }
    return NULL;
}

HMM_INTERNAL struct span *slab_from_outside(struct stock *stock, unsigned class) {
    hmm_os_acquire(&central.lock);
    struct span *slab = take_from_idle(stock, class);
    if (slab == NULL) slab = make_slab(stock, class);
    purge_old();
    hmm_os_release(&central.lock);
    return slab;
}

/* Makes the current slab of a class one with a free block. */
HMM_INTERNAL bool renew_current(struct stock *stock, unsigned class) {
    take_all_remote(stock, false);
    if (load_free(current_slab(stock, class)) != 0) return true;
    leave_current(stock, class);
    struct span *slab = place.spans + stock->first[class];
    if (stock->first[class] != 0) {
        remove_slab(stock, slab);
    } else {
        slab = slab_from_outside(stock, class);
        if (slab == NULL) return false;
    }
    set_current(stock, class, slab);
    return true;
}

#endif
