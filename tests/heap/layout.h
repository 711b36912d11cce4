/* layout.h: what the tests know of a block's layout, from the documentation alone.
 *
 * SPDX-License-Identifier: MIT
 *
 * The tests must not include the heap's own headers: they would share its mistakes. These few facts are what a reader of heap.h
 * can work out, written down once more, in the plainest way. */
#ifndef HMM_TESTS_LAYOUT_H
#define HMM_TESTS_LAYOUT_H

#include "heapmm/heap.h"

#include "../instances/default.h"

#ifndef HMM_AUDIT_LEVEL
#define HMM_AUDIT_LEVEL 1
#endif
#ifndef HMM_STATS
#define HMM_STATS 1
#endif
#ifndef HMM_SPLIT_HIGH_BYTES
#define HMM_SPLIT_HIGH_BYTES 2048
#endif
#ifndef HMM_VALGRIND
#define HMM_VALGRIND 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define HMM_TESTS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HMM_TESTS_ASAN 1
#endif
#endif
#ifndef HMM_TESTS_ASAN
#define HMM_TESTS_ASAN 0
#endif

/* A header, a footer, a canary; and a link: a distance in granules. */
typedef HMM_TEST_WORD heap_word;
typedef HMM_TEST_LINK heap_link;

#define LINK_LEAST ((heap_link)((heap_word)1 << (8 * sizeof(heap_word) - 1)))
#define LINK_MOST ((heap_link)~LINK_LEAST)

enum {
    WORD = (int)HMM_HEAP_BLOCK_OVERHEAD, /* a header, a footer, a canary, a link: all of one width */
    GRANULE = HMM_HEAP_GRANULE,
    HEAP_ALIGNMENT = GRANULE < (int)_Alignof(uint64_t) ? (int)_Alignof(uint64_t) : GRANULE, /* of the control block */
    SMALLEST = (4 * WORD + GRANULE - 1) / GRANULE * GRANULE,                                /* header, two links, footer */
    CANARY = HMM_AUDIT_LEVEL >= 2 ? WORD : 0,
    OVERHEAD = WORD + CANARY, /* bytes of an allocated block that the caller may not use */
    WORD_BITS = 8 * WORD,
    CHECK_BITS = HMM_TEST_CHECK_BITS, /* of a header: arbitrary bytes pass for one once in 2^CHECK_BITS */
    SPLIT_HIGH = HMM_SPLIT_HIGH_BYTES /* requests of this size and more take the high end of a free block */
};

/* A word with only that bit set; and one that consists of that byte. */
static inline heap_word word_bit(unsigned bit) {
    return (heap_word)((heap_word)1 << bit);
}

static inline heap_word word_of_bytes(unsigned byte) {
    return (heap_word)(byte * 0x0101010101010101u);
}

/* Bytes of the block that a request of `size` bytes takes; 0 if no block can be so large. */
static inline size_t block_bytes(size_t size) {
    if (size > HMM_HEAP_LARGEST_BLOCK - OVERHEAD) return 0;
    const size_t bytes = (size + OVERHEAD + GRANULE - 1) / GRANULE * GRANULE;
    return bytes < SMALLEST ? SMALLEST : bytes;
}

/* Whether there are sizes that are too large for a region: not where words are wider than addresses. */
static inline bool has_sizes_too_large(void) {
    return HMM_HEAP_LARGEST_BLOCK < SIZE_MAX / 2;
}

static inline size_t usable_bytes(size_t block) {
    return block - OVERHEAD;
}

#endif
