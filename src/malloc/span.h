/* span.h: spans, the records that describe them, and the map that finds the record of an address.
 *
 * SPDX-License-Identifier: MIT
 *
 * A span is a run of units: a slab, a large block, free memory, or the allocator's own. All that is known of it stands in its
 * record, away from the memory that users write to: no overrun and no stale pointer can damage it.
 *
 *     map     | distance | distance | ...    from the first record to that of the unit, in bytes; 0: none
 *     spans   | nothing | record | record | ...
 *     remotes | nothing | what other threads write of the same span | ...
 *     memory  | unit | unit | ... | fresh: mapped, never used | not mapped yet
 *     notes   | nothing | of each block of the span with this record | ...      in checked mode, see note.h
 *
 * They lie far apart in one range of addresses, and are mapped as they grow. A slab is in the map with all its units, a large
 * block with its first one, a guarded one with all, a free span with its first and its last one. */
#ifndef HMM_MALLOC_SPAN_H
#define HMM_MALLOC_SPAN_H

#include <stdatomic.h>

#include "size.h"

enum span_kind { SPAN_NONE, SPAN_FREE, SPAN_SLAB, SPAN_LARGE, SPAN_OWN, SPAN_GUARDED };

/* The position of an address in a slab is one number: from bit 0 on, that of the block; marks; from OWNER_SHIFT on, the tag of the
 * stock that owns the slab; and in the highest bits what is not 0 if the address is no multiple of 16 or another power of two. Less
 * the tag of the thread's own stock, it is below HMM_MOST_BLOCKS for the beginning of a block of an ordinary slab of this thread, and
 * for nothing else: so there is one comparison for all that. In span.home, all that is HMM_NUMBER_BITS lower.
 *
 * Slabs with a mark are not ordinary: a free of one of its blocks leaves the fast path. */
enum {
    MARK_FULL = 1,  /* the stock does not know of it: no block was free when it last looked */
    MARK_WAITS = 2, /* blocks freed by other threads wait for the stock, or are about to be taken */
    MARKS = 3,
    OWNER_SHIFT = HMM_NUMBER_BITS + 2,
    TAG_BITS = 28
};

/* What is 0 in the position of a block. */
static const uint64_t no_block_bits = ~(uint64_t)0 << (OWNER_SHIFT + TAG_BITS) | ((1 << HMM_NUMBER_BITS) - HMM_MOST_BLOCKS);
static const uint64_t no_tag = (((uint64_t)1 << TAG_BITS) - 1) << OWNER_SHIFT; /* of no stock */
static const uint64_t no_home = (uint64_t)1 << 47; /* makes the position of no block, if the factor is 0 */

_Static_assert(TAG_BITS + 2 <= HMM_SPARE_BITS, "marks and tag fit below the number");

/* One cache line. The words that threads share are atomic; nearly all accesses are relaxed, which is a plain load or store. */
struct span {
    _Alignas(64) uint64_t factor; /* of the size of a slab; else 0, and the next one no_home */
    _Atomic(uint64_t) home;       /* what makes a position of an address times the factor: has the start, marks and the owner */
    union {
        struct {
            _Atomic(uint64_t)
                free;       /* a bit for each block. Only the owner writes it, or who holds the lock while the stock is idle */
            uint64_t empty; /* the value of `free` with which the slab may be given back; 0: it may not */
        };
        struct {
            uint32_t child[2]; /* in the tree of free spans, or in a bin: the next one and the one before */
            uint64_t since;    /* when it became free */
        };
    };
    uintptr_t start;
    uint32_t size; /* of each block of a slab */
    uint32_t units;
    uint32_t next, previous;     /* slab: among those of the stock that have free blocks; free span: among the dirty ones;
                                unused record: `next` is the next one */
    unsigned char class, blocks; /* of a slab; how many */
    unsigned char kind;
    signed char balance; /* in the tree of free spans */
    bool clean;          /* free span: all bytes are zero; slab: pages in which all is free have been given back */
};

/* What other threads write, of a slab: on another line, so that the owner keeps that of the record. */
struct remote {
    _Alignas(64) _Atomic(uint64_t) freed; /* blocks */
    uint32_t next;                        /* slab that waits for the stock */
};

_Static_assert(sizeof(struct span) == 64, "a record is a cache line");
_Static_assert(sizeof(struct remote) == sizeof(struct span), "one is as far from the next as the other");

enum {
    MAP_BYTES_SHIFT = 30, /* 4 bytes for each unit */
    SPANS_BYTES_SHIFT = 30,
    MEMORY_BYTES_SHIFT = 38, /* 256 GiB */
    NOTES_BYTES_SHIFT = SPANS_BYTES_SHIFT + 3,
    REMOTE_DISTANCE =
        1 << SPANS_BYTES_SHIFT /* between a record and what other threads write: a constant, for the sake of speed */
};

/* Where everything is. `mapped` only grows, and is read without the lock: what it says is mapped, and so is its part of the map. */
static struct {
    uintptr_t memory;
    _Atomic(size_t) mapped; /* bytes from memory on */
    _Atomic(uint32_t) *map;
    struct span *spans;
    _Atomic(uint64_t) *notes;
} place;

_Static_assert(MEMORY_BYTES_SHIFT - HMM_UNIT_SHIFT == TAG_BITS, "a unit's number is a tag");

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

HMM_INTERNAL void enter_units_in_map(uintptr_t start, size_t units, uint32_t number) {
    _Atomic(uint32_t) *entry = place.map + ((start - place.memory) >> HMM_UNIT_SHIFT);
    for (size_t i = 0; i < units; i++)
        atomic_store_explicit(entry + i, number * (uint32_t)sizeof(struct span), memory_order_relaxed);
}

HMM_INTERNAL void enter_in_map(uintptr_t address, uint32_t number) {
    enter_units_in_map(address, 1, number);
}

HMM_INTERNAL void enter_all_in_map(const struct span *span, uint32_t number) {
    enter_units_in_map(span->start, span->units, number);
}

HMM_INTERNAL uint64_t load_free(const struct span *slab) {
    return atomic_load_explicit(&slab->free, memory_order_relaxed);
}

HMM_INTERNAL void store_free(struct span *slab, uint64_t bits) {
    atomic_store_explicit(&slab->free, bits, memory_order_relaxed);
}

HMM_INTERNAL uint64_t load_home(const struct span *slab) {
    return atomic_load_explicit(&slab->home, memory_order_relaxed);
}

HMM_INLINE uint64_t position_in(const struct span *slab, uintptr_t address) {
    uint64_t product = address * slab->factor;
    if (HMM_HAS_SINGLE_STEPS) {
        HMM_ADD_LOADED(product, &slab->home);
    } else {
        product += load_home(slab);
    }
    return hmm_rotate_left(product, HMM_NUMBER_BITS);
}

HMM_INLINE unsigned block_at(uint64_t position) {
    return (unsigned)(position & ((1 << HMM_NUMBER_BITS) - 1));
}

/* Whether a block of a slab begins at the position. */
HMM_INLINE bool is_beginning(uint64_t position) {
    return (position & no_block_bits) == 0;
}

HMM_INTERNAL uintptr_t start_of_block(const struct span *slab, unsigned block) {
    return slab->start + (uintptr_t)block * slab->size;
}

HMM_INLINE struct remote *remote_of(const struct span *slab) {
    return (struct remote *)((uintptr_t)slab + REMOTE_DISTANCE);
}

HMM_INTERNAL uint64_t all_blocks(const struct span *slab) {
    return ~(uint64_t)0 >> (HMM_MOST_BLOCKS - slab->blocks);
}

HMM_INTERNAL bool is_slab_full_of_free(const struct span *slab) {
    return load_free(slab) == all_blocks(slab);
}

#endif
