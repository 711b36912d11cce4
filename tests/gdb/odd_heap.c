/* odd_heap.c: the instance of odd.h.
 *
 * SPDX-License-Identifier: MIT */
#include "odd.h"

#undef HMM_HEAP
#undef HMM_NAME
#define HMM_HEAP odd_heap
#define HMM_NAME(verb) odd_heap_##verb
#define HMM_WORD uint32_t
#define HMM_LINK int32_t
#define HMM_UNITS uint32_t
#define HMM_SIZE_BITS 24
#define HMM_CHECK_BITS 6
#define HMM_MULTIPLIER 0xA46D67BFu
#define HMM_GRANULE ((size_t)32)

#include "heap/public.h"
