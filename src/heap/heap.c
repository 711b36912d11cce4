/* heap.c: the default instance, hmm_heap: 32-bit headers, 4 bytes of overhead per block.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/heap.h"

#define HMM_HEAP hmm_heap
#define HMM_NAME(verb) hmm_heap_##verb
#define HMM_WORD uint32_t
#define HMM_LINK int32_t
#define HMM_UNITS uint32_t
#define HMM_SIZE_BITS 26
#define HMM_CHECK_BITS 4
#define HMM_MULTIPLIER 0xA46D674Fu
#define HMM_GRANULE HMM_HEAP_GRANULE

#include "public.h"
