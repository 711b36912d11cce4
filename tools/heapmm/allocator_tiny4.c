/* allocator_tiny4.c: the tiny instance of the heap with a granule of 4 bytes.
 *
 * SPDX-License-Identifier: MIT */
#define HMM_HEAP tiny4_heap
#define HMM_NAME(verb) tiny4_heap_##verb
#include "heapmm/declare.h"

#define HMM_HEAP tiny4_heap
#define HMM_NAME(verb) tiny4_heap_##verb
#define HMM_WORD uint16_t
#define HMM_LINK int16_t
#define HMM_UNITS unsigned
#define HMM_SIZE_BITS 13
#define HMM_CHECK_BITS 1
#define HMM_MULTIPLIER 0x9E6Bu
#define HMM_GRANULE ((size_t)4)
#include "heapmm/impl/heap/public.h"

#define INSTANCE(verb) tiny4_heap_##verb
#define INSTANCE_STATISTICS hmm_heap_statistics
#define INSTANCE_NUMBERS(s) (s)
#include "allocator_instance.h"

const allocator tiny4_allocator =
    ALLOCATOR("tiny4", "hmm_tiny_heap with HMM_TINY_HEAP_GRANULE=4", 4, (((size_t)1 << 13) - 1) * 4, NULL);
