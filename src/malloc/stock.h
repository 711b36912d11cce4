/* stock.h: stocks: the slabs from which a thread allocates. A stock outlives its thread, and another thread adopts it.
 *
 * SPDX-License-Identifier: MIT
 *
 * For each class a stock has a current slab, from which blocks are taken, and a list of slabs that have free blocks too. Slabs without
 * a free block are in no list: a free finds them through the map. A thread changes only slabs of its own stock.
 *
 * Blocks freed by other threads are bits in `freed`, beside the record of their slab. Who sets the first one, marks the slab with
 * MARK_WAITS and pushes it onto the stock's list of slabs that wait, and nobody else does, until the stock has taken the bits:
 *
 *     freeing thread                                      owner of the stock, at times
 *     1. freed |= bit; only if freed was 0:               4. take the list of waiting slabs; for each of them:
 *     2. home |= MARK_WAITS, which says whose it is       5. home &= ~MARK_WAITS
 *     3. push it onto that stock's list                   6. bits = freed, freed = 0; free |= bits
 *
 * A bit set between 5 and 6 is taken at 6, and sees that freed was not 0. A bit set after 6 sees 0, and its thread marks and pushes
 * anew. A slab is thus in one list at most, and while a bit is in freed its block counts as allocated, so the slab is not given
 * back. The list is pushed one by one and taken whole, so a head that comes back does no harm.
 *
 * The stock of a thread that has ended is idle. Then who frees remotely does 4 to 6 himself, under the lock; that a push and the
 * end of the thread do not miss each other is ensured by the order of their accesses, which is total: one stores and then looks for
 * pushes, the other pushes and then looks whether it is idle. Any thread may also take slabs from idle stocks. */
#ifndef HMM_MALLOC_STOCK_H
#define HMM_MALLOC_STOCK_H

#include "fault.h"

struct stock {
    uint32_t first[HMM_CLASSES], last[HMM_CLASSES];
    uint32_t slabs[HMM_CLASSES]; /* in lists or not */
    uint64_t tag;                /* the number of its first unit, plus 1, where it stands in a position */
    struct stock *next_idle;
    bool may_purge; /* idle: pages of its slabs may be free and not given back yet, and are to be from this tick on */
    uint64_t purge_tick;
    _Alignas(64) _Atomic(uint32_t) waiting;
    _Atomic(bool) idle;
};

static struct stock *idle_stocks; /* under the lock, as the next one is */
static unsigned stocks_in_use;

static struct span no_slab;

#define NO_SLABS_7 &no_slab, &no_slab, &no_slab, &no_slab, &no_slab, &no_slab, &no_slab
#define NO_SLABS_35 NO_SLABS_7, NO_SLABS_7, NO_SLABS_7, NO_SLABS_7, NO_SLABS_7
_Static_assert(HMM_SLOTS == 105, "as many as are written here");

/* What a thread has at hand: the slabs that it allocates from, and what a free compares with. All in one variable, which is found by
 * one load. A thread without a stock has no slab, and the tag of no stock. */
static HMM_THREAD_LOCAL struct {
    struct span *current[HMM_SLOTS]; /* with no free block: `no_slab` */
    uint64_t tag,
        same_tag;  /* twice: compilers that know them to be equal save one operation where it is rare, by one where it is not */
    size_t mapped; /* place.mapped, at some time; 0: each free shall leave the fast path */
    struct stock *stock;
    bool leaving;    /* the thread has given up its stock, since it is about to end */
    bool attentive;  /* much memory is to be given back: so that the thread looks at the clock, `mapped` is 0 */
    unsigned looked; /* frees since it began */
} my = {.current = {NO_SLABS_35, NO_SLABS_35, NO_SLABS_35}, .tag = no_tag, .same_tag = no_tag};

/* ---- The lock, and the clock --------------------------------------------------------------------------------------------- */

enum {
    MUCH_DIRTY = 8 << 10, /* units */
    FREES_PER_LOOK = 8
};

/* Nobody but the threads' ordinary calls sees that time passes. Those that leave the fast path do; the others do it, now and then,
 * while there is much to give back, more than is in use. */
HMM_INTERNAL void release_lock(void) {
    my.attentive = is_overdue() || (load_dirty() > MUCH_DIRTY && load_dirty() / 2 > central.taken);
    my.mapped = my.attentive ? 0 : atomic_load_explicit(&place.mapped, memory_order_relaxed);
    hmm_os_release(&central.lock);
}

/* ---- Lists of slabs with free blocks ------------------------------------------------------------------------------------- */

/* At the end: those that are there have had more time to gather free blocks. */
HMM_INTERNAL void append_slab(struct stock *stock, struct span *slab) {
    const unsigned class = slab->class;
    const uint32_t last = stock->last[class];
    slab->next = 0;
    slab->previous = last;
    *(last == 0 ? &stock->first[class] : &place.spans[last].next) = number_of(slab);
    stock->last[class] = number_of(slab);
    slab->empty = all_blocks(slab);
    slab->clean = false;
}

HMM_INTERNAL void remove_slab(struct stock *stock, struct span *slab) {
    const unsigned class = slab->class;
    *(slab->previous == 0 ? &stock->first[class] : &place.spans[slab->previous].next) = slab->next;
    *(slab->next == 0 ? &stock->last[class] : &place.spans[slab->next].previous) = slab->previous;
}

HMM_INTERNAL struct span *current_slab(unsigned class) {
    return my.current[last_slot(class)];
}

HMM_INTERNAL void set_current(unsigned class, struct span *slab) {
    struct span **last = &my.current[last_slot(class)];
    for (struct span **slot = &my.current[first_slot(class)]; slot <= last; slot++) *slot = slab;
    if (slab != &no_slab) slab->empty = 0;
}

HMM_INTERNAL void unmark(struct span *slab, uint64_t mark) {
    atomic_fetch_and_explicit(&slab->home, ~mark, memory_order_acq_rel);
}

/* Whether a slab has one of the marks. */
HMM_INTERNAL bool is_marked(const struct span *slab, uint64_t marks) {
    return (load_home(slab) & marks) != 0;
}

/* span.home of a slab without marks. */
HMM_INTERNAL uint64_t home_in(const struct stock *stock, const struct span *slab) {
    return (stock->tag >> HMM_NUMBER_BITS) - slab->start * slab->factor;
}

HMM_INTERNAL struct stock *owner_at(uint64_t position) {
    return (struct stock *)(place.memory + (((position >> OWNER_SHIFT) - 1) << HMM_UNIT_SHIFT));
}

/* Puts a slab where it belongs when it is not the current one. */
HMM_INTERNAL void put_aside(struct stock *stock, struct span *slab) {
    if (slab == &no_slab) return;
    if (load_free(slab) != 0) {
        append_slab(stock, slab);
    } else {
        atomic_fetch_or_explicit(&slab->home, MARK_FULL, memory_order_acq_rel);
    }
}

/* Afterwards the thread has no slab of the class. */
HMM_INTERNAL void leave_current(struct stock *stock, unsigned class) {
    struct span *slab = current_slab(class);
    if (slab == &no_slab) return;
    set_current(class, &no_slab);
    put_aside(stock, slab);
}

/* ---- Slabs from and to the central memory -------------------------------------------------------------------------------- */

enum { MANY_STOCKS = 8 };

HMM_INTERNAL struct span *make_slab(struct stock *stock, unsigned class) {
    const bool small = stock->slabs[class] < small_slabs(class, stocks_in_use >= MANY_STOCKS);
    const unsigned blocks = class_count(class, small);
    struct span *slab = take_span(class_units(class, blocks), HMM_UNIT);
    if (slab == NULL) return NULL;
    stock->slabs[class]++;
    slab->blocks = (unsigned char)blocks;
    slab->size = (uint32_t)class_size(class);
    slab->factor = factor_of(slab->size);
    slab->class = (unsigned char)class;
    store_free(slab, all_blocks(slab));
    atomic_store_explicit(&slab->home, home_in(stock, slab), memory_order_relaxed);
    slab->kind = SPAN_SLAB;
    enter_all_in_map(slab, number_of(slab));
    return slab;
}

/* Under the lock. The slab is in no list, and wholly free. */
HMM_INTERNAL void unmake_slab(struct stock *stock, struct span *slab) {
    stock->slabs[slab->class]--;
    slab->factor = 0;
    atomic_store_explicit(&slab->home, no_home, memory_order_relaxed);
    enter_all_in_map(slab, 0);
    give_span(slab);
}

/* Gives back a slab of a list if it is wholly free. One that is the only one in its list stays: it would be taken again soon. */
HMM_INTERNAL void give_back_if_empty(struct stock *stock, struct span *slab, bool locked) {
    if (!is_slab_full_of_free(slab) || is_marked(slab, MARK_WAITS)) return;
    if (slab->next == 0 && slab->previous == 0 && !locked) {
        slab->empty = 0;
        return;
    }
    remove_slab(stock, slab);
    if (!locked) hmm_os_acquire(&central.lock);
    unmake_slab(stock, slab);
    if (!locked) release_lock();
}

/* ---- Blocks freed by other threads --------------------------------------------------------------------------------------- */

/* What has been freed in a slab becomes free in it. */
HMM_INTERNAL void take_remote(struct stock *stock, struct span *slab, bool locked) {
    const uint64_t home = atomic_fetch_and_explicit(&slab->home, ~(uint64_t)MARKS, memory_order_acq_rel);
    const uint64_t bits = atomic_exchange_explicit(&remote_of(slab)->freed, 0, memory_order_acq_rel);
    store_free(slab, load_free(slab) | bits);
    if (slab == current_slab(slab->class)) return;
    if ((home & MARK_FULL) != 0) append_slab(stock, slab);
    slab->clean = false;
    give_back_if_empty(stock, slab, locked);
}

/* locked: under the lock, for an idle stock. */
HMM_INTERNAL void take_all_remote(struct stock *stock, bool locked) {
    if (atomic_load_explicit(&stock->waiting, memory_order_seq_cst) == 0) return;
    uint32_t number = atomic_exchange_explicit(&stock->waiting, 0, memory_order_seq_cst);
    while (number != 0) {
        struct span *slab = place.spans + number;
        number = remote_of(slab)->next;
        take_remote(stock, slab, locked);
    }
}

HMM_INTERNAL void push_waiting(struct stock *stock, struct span *slab) {
    uint32_t head = atomic_load_explicit(&stock->waiting, memory_order_relaxed);
    do {
        remote_of(slab)->next = head;
    } while (!atomic_compare_exchange_weak_explicit(&stock->waiting, &head, number_of(slab), memory_order_seq_cst,
                                                    memory_order_relaxed));
}

HMM_INTERNAL void set_may_purge(struct stock *stock, bool may) {
    if (stock->may_purge == may) return;
    if (may) start_clock();
    stock->may_purge = may;
    stock->purge_tick = central.tick + RINGS - 1;
    add_dirty(may ? 1 : (size_t)0 - 1);
}

HMM_INTERNAL void tend_idle(struct stock *stock) {
    hmm_os_acquire(&central.lock);
    if (atomic_load_explicit(&stock->idle, memory_order_relaxed)) {
        take_all_remote(stock, true);
        set_may_purge(stock, true);
    }
    release_lock();
}

/* The first block of a slab that is freed by another thread. */
HMM_OUTLINE void announce(void *p) {
    struct span *slab = span_at((uintptr_t)p);
    const uint64_t home = atomic_fetch_or_explicit(&slab->home, MARK_WAITS, memory_order_acq_rel);
    struct stock *stock = owner_at(hmm_rotate_left(slab->start * slab->factor + home, HMM_NUMBER_BITS));
    push_waiting(stock, slab);
    if (HMM_UNLIKELY(atomic_load_explicit(&stock->idle, memory_order_seq_cst))) tend_idle(stock);
}

/* Frees a block of a slab that is another thread's. Returns false if it has been freed already. */
HMM_INLINE bool free_remote(void *p, struct span *slab, uint64_t block) {
    _Atomic(uint64_t) *freed = &remote_of(slab)->freed;
    uint64_t before = atomic_load_explicit(freed, memory_order_relaxed), after;
    do {
        after = before;
        if (HMM_UNLIKELY(hmm_set_bit(&after, block))) return false;
    } while (!atomic_compare_exchange_weak_explicit(freed, &before, after, memory_order_acq_rel, memory_order_relaxed));
    if (HMM_UNLIKELY(before == 0)) announce(p);
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
    stock->tag = (uint64_t)(((span->start - place.memory) >> HMM_UNIT_SHIFT) + 1) << OWNER_SHIFT;
    return stock;
}

HMM_INTERNAL struct stock *adopt_or_make_stock(void) {
    if (!open_place()) return NULL;
    struct stock *stock = idle_stocks;
    if (stock == NULL) {
        stock = make_stock();
        if (stock == NULL) return NULL;
    } else {
        idle_stocks = stock->next_idle;
        set_may_purge(stock, false);
        atomic_store_explicit(&stock->idle, false, memory_order_seq_cst);
    }
    stocks_in_use++;
    return stock;
}

/* Gives back the slabs of a class that are wholly free, under the lock; not the last one of the list, unless all are to go. */
HMM_INTERNAL void give_back_empty(struct stock *stock, unsigned class, bool all) {
    for (uint32_t number = stock->first[class], next; number != 0; number = next) {
        next = place.spans[number].next;
        if (all || next != 0) give_back_if_empty(stock, place.spans + number, true);
    }
}

/* The slabs of a class may have free pages again. */
HMM_INTERNAL void set_unclean(const struct stock *stock, unsigned class) {
    for (uint32_t number = stock->first[class]; number != 0; number = place.spans[number].next) place.spans[number].clean = false;
}

/* One slab of each class stays until memory that is not used is given back: the next thread will want it. */
HMM_INTERNAL void leave_stock(void) {
    struct stock *stock = my.stock;
    hmm_os_acquire(&central.lock);
    for (unsigned class = 0; class < HMM_CLASSES; class ++) leave_current(stock, class);
    my.stock = NULL;
    my.tag = my.same_tag = no_tag;
    atomic_store_explicit(&stock->idle, true, memory_order_seq_cst);
    take_all_remote(stock, true);
    for (unsigned class = 0; class < HMM_CLASSES; class ++) {
        give_back_empty(stock, class, false);
        set_unclean(stock, class);
    }
    set_may_purge(stock, true);
    stock->next_idle = idle_stocks;
    idle_stocks = stock;
    stocks_in_use--;
    release_lock();
}

/* Gives the thread a stock. One that has given up its stock already will have this one for a single allocation only. */
HMM_INTERNAL bool have_stock(void) {
    if (my.stock != NULL) return true;
    hmm_os_acquire(&central.lock);
    struct stock *stock = adopt_or_make_stock();
    release_lock();
    if (stock == NULL) return false;
    my.stock = stock;
    my.tag = my.same_tag = stock->tag;
    if (!my.leaving) hmm_os_tell_when_thread_ends();
    return true;
}

/* ---- Giving back pages of slabs, under the lock -------------------------------------------------------------------------- */

enum { SLABS_PURGED_AT_ONCE = 64 };

HMM_INTERNAL void purge_blocks(const struct span *slab, unsigned first, unsigned end) {
    const uintptr_t start = start_of_block(slab, first);
    const uintptr_t page = start + hmm_padding(start, HMM_OS_PAGE);
    const uintptr_t end_page = hmm_round_down(start_of_block(slab, end), HMM_OS_PAGE);
    if (page >= end_page) return;
    hmm_os_purge(page, end_page - page);
    central.given_back += end_page - page;
}

/* Gives back the pages of a slab in which all blocks are free. */
HMM_INTERNAL void purge_slab(struct span *slab) {
    uint64_t bits = load_free(slab);
    for (unsigned end = 0; bits != 0; bits = end == HMM_MOST_BLOCKS ? 0 : bits >> end << end) {
        const unsigned first = hmm_lowest_bit(bits);
        const uint64_t others = ~(bits >> first) << first;
        end = others == 0 ? HMM_MOST_BLOCKS : hmm_lowest_bit(others);
        purge_blocks(slab, first, end);
    }
    slab->clean = true;
}

/* At most so many slabs. Returns how many are left of that. */
HMM_INTERNAL int purge_stock(struct stock *stock, int most) {
    for (unsigned class = 0; class < HMM_CLASSES; class ++) {
        for (struct span *slab = place.spans + stock->first[class]; slab != place.spans; slab = place.spans + slab->next) {
            if (slab->clean) continue;
            if (most-- == 0) return 0;
            purge_slab(slab);
        }
    }
    return most;
}

/* Of stocks that are idle since before the tick. Returns how many slabs. */
HMM_INTERNAL int purge_idle(uint64_t tick, int most) {
    const int before = most;
    for (struct stock *stock = idle_stocks; stock != NULL && most > 0; stock = stock->next_idle) {
        if (!stock->may_purge || stock->purge_tick > tick) continue;
        for (unsigned class = 0; class < HMM_CLASSES; class ++) give_back_empty(stock, class, true);
        most = purge_stock(stock, most);
        if (most > 0) set_may_purge(stock, false);
    }
    return before - most;
}

/* What is due at times. */
HMM_INTERNAL void tend(void) {
    if (!is_something_due()) return;
    hmm_os_acquire(&central.lock);
    purge_old();
    const int slabs = purge_idle(central.tick, SLABS_PURGED_AT_ONCE);
    const bool more = slabs == SLABS_PURGED_AT_ONCE || place.spans[1].next != 1;
    atomic_store_explicit(&central.overdue, more, memory_order_relaxed);
    release_lock();
}

/* Called by a free that has left the fast path. */
HMM_INTERNAL void look_around(void) {
    if (!my.attentive) {
        my.mapped = atomic_load_explicit(&place.mapped, memory_order_acquire);
    } else if (++my.looked % FREES_PER_LOOK == 0) {
        my.attentive = is_overdue() || load_dirty() > MUCH_DIRTY;
        tend();
    }
}

/* ---- Finding a slab with a free block ------------------------------------------------------------------------------------ */

enum { IDLE_STOCKS_ASKED = 8 };

/* Takes a slab from an idle stock, under the lock. One on which freed blocks wait, or are about to, is left: it is in the list of
 * the other stock, or will be. */
HMM_INTERNAL struct span *take_from_idle(struct stock *stock, unsigned class) {
    struct stock *other = idle_stocks;
    for (int i = 0; i < IDLE_STOCKS_ASKED && other != NULL; i++, other = other->next_idle) {
        struct span *slab = place.spans + other->first[class];
        uint64_t home = home_in(other, slab);
        if (other->first[class] == 0 || !atomic_compare_exchange_strong_explicit(&slab->home, &home, home_in(stock, slab),
                                                                                 memory_order_acq_rel, memory_order_relaxed))
            continue;
        remove_slab(other, slab);
        other->slabs[class]--;
        stock->slabs[class]++;
        return slab;
    }
    return NULL;
}

HMM_INTERNAL struct span *slab_from_outside(struct stock *stock, unsigned class) {
    hmm_os_acquire(&central.lock);
    struct span *slab = take_from_idle(stock, class);
    if (slab == NULL) slab = make_slab(stock, class);
    release_lock();
    return slab;
}

/* Makes the current slab of a class one with a free block. */
HMM_INTERNAL bool renew_current(struct stock *stock, unsigned class) {
    take_all_remote(stock, false);
    if (load_free(current_slab(class)) != 0) return true;
    struct span *before = current_slab(class), *slab = place.spans + stock->first[class];
    if (slab != place.spans) {
        remove_slab(stock, slab);
    } else {
        tend();
        slab = slab_from_outside(stock, class);
        if (slab == NULL) return false;
    }
    set_current(class, slab);
    put_aside(stock, before);
    return true;
}

#endif
