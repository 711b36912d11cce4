/* allocator_heap8.c: the default instance of the heap with a granule of 8 bytes, as it is on most 32-bit machines.
 *
 * SPDX-License-Identifier: MIT */
#define HMM_HEAP heap8_heap
#define HMM_NAME(verb) heap8_heap_##verb
#include "heapmm/declare.h"

#define HMM_HEAP heap8_heap
#define HMM_NAME(verb) heap8_heap_##verb
#define HMM_WORD uint32_t
#define HMM_LINK int32_t
#define HMM_UNITS uint32_t
#define HMM_SIZE_BITS 26
#define HMM_CHECK_BITS 4
#define HMM_MULTIPLIER 0xA46D674Fu
#define HMM_GRANULE ((size_t)8)
#include "heapmm/impl/heap/public.h"

#define INSTANCE(verb) heap8_heap_##verb
#define INSTANCE_STATISTICS hmm_heap_statistics
#define INSTANCE_NUMBERS(s) (s)
#include "allocator_instance.h"

const allocator heap8_allocator = ALLOCATOR("heap8", "hmm_heap with HMM_HEAP_GRANULE=8", 8, (((size_t)1 << 26) - 1) * 8, NULL);
