/* span.h: spans, the records that describe them, and the map that finds the record of an address.
 *
 * SPDX-License-Identifier: MIT
 *
 * A span is a run of units: a slab, a large block, free memory, or the allocator's own. All that is known of it stands in its
 * record, away from the memory that users write to: no overrun and no stale pointer can damage it.
 *
 *     map     | distance | distance | ...    from the first record to that of the unit, in bytes; 0: none
 *     spans   | nothing | record | record | ...
 *     memory  | unit | unit | ... | fresh: mapped, never used | not mapped yet
 *
 * The three lie far apart in one range of addresses, and are mapped as they grow. A slab is in the map with all its units, a large
 * block with its first one, a free span with its first and its last one. */
#ifndef HMM_MALLOC_SPAN_H
#define HMM_MALLOC_SPAN_H

#include <stdatomic.h>

#include "size.h"

enum span_kind { SPAN_NONE, SPAN_FREE, SPAN_SLAB, SPAN_LARGE, SPAN_OWN };

/* What is added to the address of the stock in span.owner. Such a slab's owner is no stock's address, so a free of one of its
 * blocks leaves the fast path. */
enum {
    OWNER_FULL = 1,  /* the stock does not know of it: no block was free when it last looked */
    OWNER_WAITS = 2, /* blocks freed by other threads wait for the stock: `remote` is not 0, or is about to be taken */
    OWNER_MARKS = 3
};

/* One cache line. The words that threads share are atomic; nearly all accesses are relaxed, which is a plain load or store. */
struct span {
    _Alignas(64) _Atomic(uintptr_t) owner; /* of a slab: its stock, and marks; else 0 */
    uintptr_t start;
    uint16_t size; /* of each block of a slab */
    unsigned char class;
    unsigned char kind;
    uint32_t reciprocal;
    union {
        struct {
            _Atomic(uint64_t)
                free;       /* a bit for each block. Only the owner writes it, or who holds the lock while the stock is idle */
            uint64_t empty; /* the value of `free` with which the slab may be given back; 0: it may not */
            _Atomic(uint64_t) remote; /* blocks freed by other threads */
        };
        struct {
            uint32_t child[2]; /* in the tree of free spans */
            uint64_t since;    /* when it became free */
            signed char balance;
            bool clean; /* all bytes are zero */
        };
    };
    uint32_t next, previous; /* slab: among those of the stock that have free blocks; free span: among the dirty ones */
    uint32_t waiting;        /* slab: the next one that waits for the stock; unused record: the next one */
    uint32_t units;
};

_Static_assert(sizeof(struct span) == 64, "a record is a cache line");

enum {
    MAP_BYTES_SHIFT = 30, /* 4 bytes for each unit */
    SPANS_BYTES_SHIFT = 32,
    MEMORY_BYTES_SHIFT = 38 /* 256 GiB */
};

/* Where everything is. `mapped` only grows, and is read without the lock: what it says is mapped, and so is its part of the map. */
static struct {
    uintptr_t memory;
    _Atomic(size_t) mapped; /* bytes from memory on */
    _Atomic(uint32_t) *map;
    struct span *spans;
} place;

HMM_INLINE bool is_ours(uintptr_t address) {
    return address - place.memory < atomic_load_explicit(&place.mapped, memory_order_relaxed);
}

/* The record of an address of ours; that of nothing, whose kind is SPAN_NONE, if its unit is not in the map. */
HMM_INLINE struct span *span_at(uintptr_t address) {
    const size_t unit = (address - place.memory) >> HMM_UNIT_SHIFT;
    return (struct span *)((uintptr_t)place.spans + atomic_load_explicit(place.map + unit, memory_order_relaxed));
}

HMM_INTERNAL uint32_t number_of(const struct span *span) {
    return (uint32_t)(span - place.spans);
}

HMM_INTERNAL size_t bytes_of(const struct span *span) {
    return (size_t)span->units << HMM_UNIT_SHIFT;
}

HMM_INTERNAL uintptr_t end_of(const struct span *span) {
    return span->start + bytes_of(span);
}

HMM_INTERNAL void enter_in_map(uintptr_t address, uint32_t number) {
    const uint32_t distance = number * (uint32_t)sizeof(struct span);
    atomic_store_explicit(place.map + ((address - place.memory) >> HMM_UNIT_SHIFT), distance, memory_order_relaxed);
}

HMM_INTERNAL void enter_all_in_map(const struct span *span, uint32_t number) {
    for (uintptr_t unit = span->start; unit < end_of(span); unit += HMM_UNIT) enter_in_map(unit, number);
}

HMM_INTERNAL uint64_t load_free(const struct span *slab) {
    return atomic_load_explicit(&slab->free, memory_order_relaxed);
}

HMM_INTERNAL void store_free(struct span *slab, uint64_t bits) {
    atomic_store_explicit(&slab->free, bits, memory_order_relaxed);
}

HMM_INTERNAL uintptr_t load_owner(const struct span *slab) {
    return atomic_load_explicit(&slab->owner, memory_order_relaxed);
}

HMM_INTERNAL uint64_t all_blocks(unsigned class) {
    return ~(uint64_t)0 >> (64 - class_count(class));
}

HMM_INTERNAL bool is_slab_full_of_free(const struct span *slab) {
    return load_free(slab) == all_blocks(slab->class);
}

#endif
