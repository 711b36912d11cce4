/* allocator_wide.c: the wide instance of the heap, as the library has it.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/wide_heap.h"

#define INSTANCE(verb) hmm_wide_heap_##verb
#define INSTANCE_STATISTICS hmm_heap_statistics
#define INSTANCE_NUMBERS(s) (s)
#include "allocator_instance.h"

const allocator wide_allocator = ALLOCATOR("wide", "hmm_wide_heap", HMM_WIDE_HEAP_GRANULE, HMM_WIDE_HEAP_LARGEST_BLOCK, NULL);
