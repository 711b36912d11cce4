/* wide_heap.c: the wide instance, hmm_wide_heap: 64-bit headers, 8 bytes of overhead per block, 20 check bits.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/wide_heap.h"

#define HMM_HEAP hmm_wide_heap
#define HMM_NAME(verb) hmm_wide_heap_##verb
#define HMM_WORD uint64_t
#define HMM_LINK int64_t
#define HMM_UNITS uint64_t
#define HMM_SIZE_BITS 42
#define HMM_CHECK_BITS 20
#define HMM_MULTIPLIER 0xF2A74DE452EFFFFFu
#define HMM_GRANULE ((size_t)HMM_WIDE_HEAP_GRANULE)

#include "public.h"
