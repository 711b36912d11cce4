/* heapmm/wide_heap.h: the wide instance, hmm_wide_heap: blocks beyond 1 GiB, regions far apart, 20 check bits.
 *
 * SPDX-License-Identifier: MIT
 *
 * Every function of heapmm/heap.h under the name hmm_wide_heap_, with the same contract and these differences:
 *
 * - A header is a word of 64 bits, with 20 check bits: a header overwritten by anything but the heap passes once in a million,
 *   with a single bit flipped never. The overhead of a block is 8 bytes.
 * - The largest block is 2^42 - 1 granules, and regions are within 2^63 granules: the whole address space.
 * - Payloads are aligned to HMM_WIDE_HEAP_GRANULE.
 * - The control block and the records have words twice as wide: a record takes 64 bytes; the control block a 32nd of the
 *   capacity or 700 bytes at most, whichever is more, and never more than 14 KiB.
 * - Trees can be deeper, and links are wider: on x86-64 and optimised, functions need at most 3.5 KiB of stack.
 *
 * Source: src/heap/wide_heap.c.
 *
 * Example:
 *
 *     static _Alignas(16) unsigned char memory[65536];
 *     hmm_wide_heap *heap = hmm_wide_heap_create(memory, sizeof memory, NULL);
 *     char *text = hmm_wide_heap_alloc(heap, 24);
 *     hmm_wide_heap_usable_size(heap, text) => 24 */
#ifndef HEAPMM_WIDE_HEAP_H
#define HEAPMM_WIDE_HEAP_H

/* Unit of block size and alignment in bytes, a power of two from 16 to 4096. */
#ifndef HMM_WIDE_HEAP_GRANULE
#define HMM_WIDE_HEAP_GRANULE 16
#endif

/* Bytes of a block that are not payload, at audit levels 0 and 1. Level 2 adds a canary of the same size. */
#define HMM_WIDE_HEAP_BLOCK_OVERHEAD ((size_t)8)

/* Largest block in bytes, header included: limited by what a size_t holds where that is narrower. */
#define HMM_WIDE_HEAP_LARGEST_BLOCK \
    ((sizeof(size_t) < 8 ? SIZE_MAX / HMM_WIDE_HEAP_GRANULE : (size_t)(((uint64_t)1 << 42) - 1)) * HMM_WIDE_HEAP_GRANULE)

/* Initialiser of hmm_wide_heap_options. */
#define HMM_WIDE_HEAP_OPTIONS \
    { sizeof(hmm_wide_heap_options), 0, NULL, NULL, NULL, 0 }

#define HMM_HEAP hmm_wide_heap
#define HMM_NAME(verb) hmm_wide_heap_##verb
#include "heapmm/declare.h"

#endif
