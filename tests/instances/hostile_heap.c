/* hostile_heap.c: the instance of hostile.h.
 *
 * SPDX-License-Identifier: MIT */
#include "hostile.h"

#define HMM_HEAP hostile_heap
#define HMM_NAME(verb) hostile_heap_##verb
#define HMM_WORD uint8_t
#define HMM_LINK int8_t
#define HMM_UNITS unsigned
#define HMM_SIZE_BITS 5
#define HMM_CHECK_BITS 1
#define HMM_MULTIPLIER 0x6Bu
#define HMM_GRANULE ((size_t)4)

#include "heap/public.h"
