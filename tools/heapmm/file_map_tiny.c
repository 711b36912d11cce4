/* file_map_tiny.c: the tiny instance of the heap, in a file.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/tiny_heap.h"

#define INSTANCE(verb) hmm_tiny_heap_##verb
#include "file_map_instance.h"

const map_instance tiny_heap_in_file = HEAP_IN_FILE("tiny", HMM_TINY_HEAP_BLOCK_OVERHEAD, 13, HMM_TINY_HEAP_GRANULE);
