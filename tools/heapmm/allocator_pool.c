/* allocator_pool.c: a pool, which other threads than its owner may free into.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/pool.h"

#define INSTANCE(verb) hmm_pool_##verb
#define INSTANCE_STATISTICS hmm_pool_statistics
#define INSTANCE_NUMBERS(s) (s).heap
#include "allocator_instance.h"

static bool free_remote(void *pool, void *p) {
    return hmm_pool_free_remote(pool, p) == HMM_OK;
}

const allocator pool_allocator = ALLOCATOR("pool", "hmm_pool", HMM_HEAP_GRANULE, HMM_HEAP_LARGEST_BLOCK, free_remote);
