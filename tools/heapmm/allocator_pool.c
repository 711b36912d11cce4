/* allocator_pool.c: a pool, all of whose blocks its owner frees.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/pool.h"

#define INSTANCE(verb) hmm_pool_##verb
#define INSTANCE_STATISTICS hmm_pool_statistics
#define INSTANCE_NUMBERS(s) (s).heap
#include "allocator_instance.h"

const allocator pool_allocator = ALLOCATOR("pool", "hmm_pool", HMM_HEAP_GRANULE, HMM_HEAP_LARGEST_BLOCK);
