/* tiny_heap.c: the tiny instance, hmm_tiny_heap: 16-bit headers, 2 bytes of overhead per block.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/tiny_heap.h"

#define HMM_HEAP hmm_tiny_heap
#define HMM_NAME(verb) hmm_tiny_heap_##verb
#define HMM_WORD uint16_t
#define HMM_LINK int16_t
#define HMM_UNITS unsigned
#define HMM_SIZE_BITS 13
#define HMM_CHECK_BITS 1
#define HMM_MULTIPLIER 0x9E6Bu
#define HMM_GRANULE ((size_t)HMM_TINY_HEAP_GRANULE)

#include "public.h"
