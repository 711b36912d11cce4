/* allocator_heap.c: the default instance of the heap, as the library has it.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/heap.h"

#define INSTANCE(verb) hmm_heap_##verb
#define INSTANCE_STATISTICS hmm_heap_statistics
#define INSTANCE_NUMBERS(s) (s)
#include "allocator_instance.h"

const allocator heap_allocator = ALLOCATOR("heap", "hmm_heap", HMM_HEAP_GRANULE, HMM_HEAP_LARGEST_BLOCK, NULL);
