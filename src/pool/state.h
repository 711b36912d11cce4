/* state.h: the pool itself: what stands in front of its heap, who writes what of it, and telling the user of a fault.
 *
 * SPDX-License-Identifier: MIT
 *
 * Three parts, each with cache lines of its own: what nobody writes once the pool is made, what everybody writes (the head of the
 * queue), and what the owner writes. So a push takes no line from the owner but that of the head, and reads only the first part.
 *
 * The pool uses its heap through the public interface alone. */
#ifndef HMM_POOL_STATE_H
#define HMM_POOL_STATE_H

#include "../base/arithmetic.h"
#include "../base/atomic.h"
#include "../base/bits.h"
#include "../base/memory.h"
#include "../heap/config.h"
#include "heapmm/pool.h"

/* No text, and far from each other in the number of bits. */
#define HMM_POOL_MAGIC 0x9B70D1E5u
#define HMM_POOL_OWNED 0x6A09E667u
#define HMM_POOL_ABANDONED 0xB5F1D998u

struct hmm_pool {
    uint32_t magic;
    hmm_shared key;  /* of the marks */
    hmm_shared seal; /* checksum of this part */
    void *memory;    /* the first region as it was lent */
    void (*on_fault)(void *context, const hmm_fault *fault);
    bool (*on_exhausted)(void *context, struct hmm_pool *pool, size_t size);
    void *context;
    size_t drain, drain_exhausted;

    _Alignas(HMM_CACHE_LINE) hmm_cell head; /* link of the block pushed last, or 0 */

    _Alignas(HMM_CACHE_LINE) hmm_cell owner; /* HMM_POOL_OWNED or HMM_POOL_ABANDONED */
    int32_t chain;                           /* link of the next block to drain, of those taken from the queue; 0: none */
    const void *moving;                      /* the block that an operation under way reallocates, or NULL */
    size_t slack;                            /* what that operation needs beyond the size, because of an alignment */
    size_t tried, drained;                   /* blocks of the chain looked at, and come home */
    size_t heap_faults;                      /* that the heap has reported */
} HMM_DECLARED_MAY_ALIAS;

#define HMM_POOL_ALIGNMENT (HMM_HEAP_GRANULE > HMM_CACHE_LINE ? (size_t)HMM_HEAP_GRANULE : (size_t)HMM_CACHE_LINE)

/* From the pool to its heap. Fixed, so that whoever pushes can compute a link from the pool's address alone. */
#define HMM_POOL_OFFSET ((sizeof(struct hmm_pool) + HMM_POOL_ALIGNMENT - 1) / HMM_POOL_ALIGNMENT * HMM_POOL_ALIGNMENT)

_Static_assert(HMM_POOL_ALIGNMENT % _Alignof(struct hmm_pool) == 0, "a line or a granule aligns a pool, and so its heap");
_Static_assert(HMM_POOL_NODE_BYTES == sizeof(hmm_shared) + sizeof(int32_t), "the public header knows how much a push writes");
_Static_assert(HMM_AUDIT_LEVEL >= 2 || HMM_POOL_NODE_BYTES <= 3 * sizeof(uint32_t),
               "mark and link fit into the payload of the smallest block, which is four words with the header");

HMM_INLINE hmm_heap *heap_of(const struct hmm_pool *pool) {
    return (hmm_heap *)((uintptr_t)pool + HMM_POOL_OFFSET);
}

/* What was found by looking at bytes which perhaps nobody ever wrote is meant to depend on them: valgrind is told. */
HMM_INTERNAL void looked_at_bytes(void *result, size_t bytes) {
    HMM_VALGRIND_DEFINED(result, bytes);
}

HMM_INLINE hmm_shared mixed(hmm_shared a, hmm_shared b) {
    const hmm_shared product = (a ^ b) * (hmm_shared)0x9E3779B97F4A7C15u;
    return product ^ product >> (sizeof product * 4);
}

HMM_INTERNAL hmm_shared pool_seal(const struct hmm_pool *pool) {
    hmm_shared seal = mixed(pool->key, pool->magic);
    seal = mixed(seal, (hmm_shared)(uintptr_t)pool->memory);
    seal = mixed(seal, (hmm_shared)(uintptr_t)pool->on_fault);
    seal = mixed(seal, (hmm_shared)(uintptr_t)pool->on_exhausted);
    seal = mixed(seal, (hmm_shared)(uintptr_t)pool->context);
    return mixed(mixed(seal, pool->drain), pool->drain_exhausted);
}

/* ---- Faults -------------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL void tell_user(void (*handler)(void *, const hmm_fault *), void *context, const hmm_fault *fault) {
    if (handler != NULL)
        handler(context, fault);
    else if (HMM_HOSTED)
        hmm_fault_abort(context, fault);
    else
        HMM_TRAP();
}

/* A handler in a pool that was overwritten is not called, but the default one. */
HMM_OUTLINE int report_to_user(const struct hmm_pool *pool, const hmm_fault *fault) {
    const bool sound = pool->magic == HMM_POOL_MAGIC && pool->seal == pool_seal(pool);
    tell_user(sound ? pool->on_fault : NULL, sound ? pool->context : NULL, fault);
    return (int)fault->code;
}

HMM_OUTLINE int report_fault(const struct hmm_pool *pool, hmm_result code, const void *address, const char *text) {
    const hmm_fault fault = {code, address, text};
    return report_to_user(pool, &fault);
}

HMM_INTERNAL bool is_pool(const struct hmm_pool *pool) {
    return HMM_AUDIT_LEVEL < 1 || pool->magic == HMM_POOL_MAGIC;
}

HMM_OUTLINE int report_no_pool(const struct hmm_pool *pool) {
    return report_fault(pool, HMM_FAULT_NOT_A_HEAP, pool, "no pool is there: it was destroyed, or never made");
}

#endif
