/* atomic.h: words that threads, cores and interrupt handlers share without a lock.
 *
 * SPDX-License-Identifier: MIT
 *
 * A cell is a word as wide as a pointer, but at least 32 bits; a half cell has 32 bits. The name of an access says what it orders:
 *
 * relaxed   nothing but the accesses to this cell.
 * acquire   what comes later in this thread sees everything that was done before the release whose value was read.
 * release   what came earlier in this thread has happened before, for whoever reads the value with acquire.
 *
 * To replace is to store a value if the cell holds the one that is expected. It returns what the cell held, so it was done if that
 * is the expected value.
 *
 * With HMM_CRITICAL_SECTIONS 1, for one core that has no compare-and-swap, each access stands between HMM_CRITICAL_ENTER() and
 * HMM_CRITICAL_LEAVE(state), and the order is that of the program: volatile keeps the compiler to it for cells, and entering and
 * leaving must be something that it does not move other accesses across, such as a call of a function in another file or an asm
 * with a memory clobber. */
#ifndef HMM_BASE_ATOMIC_H
#define HMM_BASE_ATOMIC_H

#include <stdint.h>

#include "compiler.h"

#ifndef HMM_CRITICAL_SECTIONS
#define HMM_CRITICAL_SECTIONS 0
#endif

/* Bytes that cores exchange as one. */
#ifndef HMM_CACHE_LINE
#define HMM_CACHE_LINE (sizeof(void *) < 8 ? 8 : 64)
#endif

#if UINTPTR_MAX > UINT32_MAX
typedef uint64_t hmm_shared;
#else
typedef uint32_t hmm_shared;
#endif

#if HMM_CRITICAL_SECTIONS

#ifndef HMM_CRITICAL_ENTER
#error "HMM_CRITICAL_SECTIONS needs HMM_CRITICAL_ENTER() and HMM_CRITICAL_LEAVE(state): see heapmm/pool.h"
#endif

typedef volatile hmm_shared HMM_MAY_ALIAS hmm_cell;
typedef volatile uint32_t HMM_MAY_ALIAS hmm_half_cell;

HMM_INTERNAL hmm_shared cell_load_relaxed(const hmm_cell *cell) {
    const unsigned state = HMM_CRITICAL_ENTER();
    const hmm_shared value = *cell;
    HMM_CRITICAL_LEAVE(state);
    return value;
}

HMM_INTERNAL hmm_shared cell_load_acquire(const hmm_cell *cell) {
    return cell_load_relaxed(cell);
}

HMM_INTERNAL void cell_store_relaxed(hmm_cell *cell, hmm_shared value) {
    const unsigned state = HMM_CRITICAL_ENTER();
    *cell = value;
    HMM_CRITICAL_LEAVE(state);
}

HMM_INTERNAL void cell_store_release(hmm_cell *cell, hmm_shared value) {
    cell_store_relaxed(cell, value);
}

HMM_INTERNAL hmm_shared cell_exchange_acquire(hmm_cell *cell, hmm_shared value) {
    const unsigned state = HMM_CRITICAL_ENTER();
    const hmm_shared before = *cell;
    *cell = value;
    HMM_CRITICAL_LEAVE(state);
    return before;
}

HMM_INTERNAL hmm_shared cell_replace_relaxed(hmm_cell *cell, hmm_shared expected, hmm_shared value) {
    const unsigned state = HMM_CRITICAL_ENTER();
    const hmm_shared before = *cell;
    if (before == expected) *cell = value;
    HMM_CRITICAL_LEAVE(state);
    return before;
}

HMM_INTERNAL hmm_shared cell_replace_release(hmm_cell *cell, hmm_shared expected, hmm_shared value) {
    return cell_replace_relaxed(cell, expected, value);
}

HMM_INTERNAL hmm_shared cell_replace_acquire(hmm_cell *cell, hmm_shared expected, hmm_shared value) {
    return cell_replace_relaxed(cell, expected, value);
}

HMM_INTERNAL uint32_t half_load_relaxed(const hmm_half_cell *cell) {
    const unsigned state = HMM_CRITICAL_ENTER();
    const uint32_t value = *cell;
    HMM_CRITICAL_LEAVE(state);
    return value;
}

HMM_INTERNAL uint32_t half_load_acquire(const hmm_half_cell *cell) {
    return half_load_relaxed(cell);
}

HMM_INTERNAL void half_store_release(hmm_half_cell *cell, uint32_t value) {
    const unsigned state = HMM_CRITICAL_ENTER();
    *cell = value;
    HMM_CRITICAL_LEAVE(state);
}

#else

#include <stdatomic.h>

_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2,
               "this processor has no compare-and-swap: define HMM_CRITICAL_SECTIONS=1, see heapmm/pool.h");

typedef _Atomic(hmm_shared) HMM_MAY_ALIAS hmm_cell;
typedef _Atomic(uint32_t) HMM_MAY_ALIAS hmm_half_cell;

HMM_INTERNAL hmm_shared cell_load_relaxed(const hmm_cell *cell) {
    return atomic_load_explicit(cell, memory_order_relaxed);
}

HMM_INTERNAL hmm_shared cell_load_acquire(const hmm_cell *cell) {
    return atomic_load_explicit(cell, memory_order_acquire);
}

HMM_INTERNAL void cell_store_relaxed(hmm_cell *cell, hmm_shared value) {
    atomic_store_explicit(cell, value, memory_order_relaxed);
}

HMM_INTERNAL void cell_store_release(hmm_cell *cell, hmm_shared value) {
    atomic_store_explicit(cell, value, memory_order_release);
}

HMM_INTERNAL hmm_shared cell_exchange_acquire(hmm_cell *cell, hmm_shared value) {
    return atomic_exchange_explicit(cell, value, memory_order_acquire);
}

HMM_INTERNAL hmm_shared cell_replace_relaxed(hmm_cell *cell, hmm_shared expected, hmm_shared value) {
    atomic_compare_exchange_strong_explicit(cell, &expected, value, memory_order_relaxed, memory_order_relaxed);
    return expected;
}

HMM_INTERNAL hmm_shared cell_replace_release(hmm_cell *cell, hmm_shared expected, hmm_shared value) {
    atomic_compare_exchange_strong_explicit(cell, &expected, value, memory_order_release, memory_order_relaxed);
    return expected;
}

HMM_INTERNAL hmm_shared cell_replace_acquire(hmm_cell *cell, hmm_shared expected, hmm_shared value) {
    atomic_compare_exchange_strong_explicit(cell, &expected, value, memory_order_acquire, memory_order_relaxed);
    return expected;
}

HMM_INTERNAL uint32_t half_load_relaxed(const hmm_half_cell *cell) {
    return atomic_load_explicit(cell, memory_order_relaxed);
}

HMM_INTERNAL uint32_t half_load_acquire(const hmm_half_cell *cell) {
    return atomic_load_explicit(cell, memory_order_acquire);
}

HMM_INTERNAL void half_store_release(hmm_half_cell *cell, uint32_t value) {
    atomic_store_explicit(cell, value, memory_order_release);
}

#endif

#endif
