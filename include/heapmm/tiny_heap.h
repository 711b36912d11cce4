/* heapmm/tiny_heap.h: the tiny instance, hmm_tiny_heap: 2 bytes of overhead per block, regions up to 64 KiB.
 *
 * SPDX-License-Identifier: MIT
 *
 * For 8-bit and small 32-bit microcontrollers: AVR, Cortex-M0. Every function of heapmm/heap.h under the name hmm_tiny_heap_,
 * with the same contract and these differences:
 *
 * - A header is a word of 16 bits, with 1 check bit: a header overwritten by anything passes in half of the cases, with a
 *   single bit flipped never.
 * - The largest block is 2^13 - 1 granules: 64 KiB at the default granule of 8, 32 KiB at 4. A heap may have several regions,
 *   within 2^15 granules of its control block.
 * - Payloads are aligned to HMM_TINY_HEAP_GRANULE.
 * - A region record takes 16 bytes.
 *
 * Source: src/heap/tiny_heap.c.
 *
 * Example:
 *
 *     static _Alignas(8) unsigned char ram[2048];
 *     hmm_tiny_heap *heap = hmm_tiny_heap_create(ram, sizeof ram, NULL);
 *     char *text = hmm_tiny_heap_alloc(heap, 14);
 *     hmm_tiny_heap_usable_size(heap, text) => 14 */
#ifndef HEAPMM_TINY_HEAP_H
#define HEAPMM_TINY_HEAP_H

/* Unit of block size and alignment in bytes: 4 or 8. */
#ifndef HMM_TINY_HEAP_GRANULE
#define HMM_TINY_HEAP_GRANULE 8
#endif

/* Bytes of a block that are not payload, at audit levels 0 and 1. Level 2 adds a canary of the same size. */
#define HMM_TINY_HEAP_BLOCK_OVERHEAD ((size_t)2)

/* Largest block in bytes, header included. */
#define HMM_TINY_HEAP_LARGEST_BLOCK ((((size_t)1 << 13) - 1) * HMM_TINY_HEAP_GRANULE)

/* Initialiser of hmm_tiny_heap_options. */
#define HMM_TINY_HEAP_OPTIONS \
    { sizeof(hmm_tiny_heap_options), 0, NULL, NULL, NULL, 0 }

#define HMM_HEAP hmm_tiny_heap
#define HMM_NAME(verb) hmm_tiny_heap_##verb
#include "heapmm/declare.h"

#endif
