/* file_map_heap.c: the default instance of the heap, in a file.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/heap.h"

#define INSTANCE(verb) hmm_heap_##verb
#include "file_map_instance.h"

const map_instance heap_in_file = HEAP_IN_FILE("heap", HMM_HEAP_BLOCK_OVERHEAD, 26, HMM_HEAP_GRANULE);
