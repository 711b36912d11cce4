/* file_map_wide.c: the wide instance of the heap, in a file.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/wide_heap.h"

#define INSTANCE(verb) hmm_wide_heap_##verb
#include "file_map_instance.h"

const map_instance wide_heap_in_file = HEAP_IN_FILE("wide", HMM_WIDE_HEAP_BLOCK_OVERHEAD, 42, HMM_WIDE_HEAP_GRANULE);
