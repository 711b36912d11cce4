/* allocator_tiny.c: the tiny instance of the heap, as the library has it.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/tiny_heap.h"

#define INSTANCE(verb) hmm_tiny_heap_##verb
#define INSTANCE_STATISTICS hmm_heap_statistics
#define INSTANCE_NUMBERS(s) (s)
#include "allocator_instance.h"

const allocator tiny_allocator = ALLOCATOR("tiny", "hmm_tiny_heap", HMM_TINY_HEAP_GRANULE, HMM_TINY_HEAP_LARGEST_BLOCK, NULL);
