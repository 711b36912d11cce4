/* wide.h: lets the tests that are written for hmm_heap run on hmm_wide_heap: included before everything else by the
 * compiler's option -include.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_INSTANCE_H
#define HMM_TESTS_INSTANCE_H

#include "heapmm/wide_heap.h"

#define HMM_TEST_SOURCE "heap/wide_heap.c"
#define HMM_TEST_WORD uint64_t
#define HMM_TEST_LINK int64_t
#define HMM_TEST_SIZE_BITS 42
#define HMM_TEST_CHECK_BITS 20

#undef HMM_HEAP_GRANULE
#undef HMM_HEAP_BLOCK_OVERHEAD
#undef HMM_HEAP_LARGEST_BLOCK
#undef HMM_HEAP_OPTIONS
#define HMM_HEAP_GRANULE ((size_t)HMM_WIDE_HEAP_GRANULE)
#define HMM_HEAP_BLOCK_OVERHEAD HMM_WIDE_HEAP_BLOCK_OVERHEAD
#define HMM_HEAP_LARGEST_BLOCK HMM_WIDE_HEAP_LARGEST_BLOCK
#define HMM_HEAP_OPTIONS HMM_WIDE_HEAP_OPTIONS

#define hmm_heap hmm_wide_heap
#define hmm_heap_create hmm_wide_heap_create
#define hmm_heap_attach hmm_wide_heap_attach
#define hmm_heap_destroy hmm_wide_heap_destroy
#define hmm_heap_add_region hmm_wide_heap_add_region
#define hmm_heap_extend_region hmm_wide_heap_extend_region
#define hmm_heap_shrink_region hmm_wide_heap_shrink_region
#define hmm_heap_remove_region hmm_wide_heap_remove_region
#define hmm_heap_alloc hmm_wide_heap_alloc
#define hmm_heap_alloc_zeroed hmm_wide_heap_alloc_zeroed
#define hmm_heap_alloc_aligned hmm_wide_heap_alloc_aligned
#define hmm_heap_alloc_greedy hmm_wide_heap_alloc_greedy
#define hmm_heap_resize hmm_wide_heap_resize
#define hmm_heap_resize_greedy hmm_wide_heap_resize_greedy
#define hmm_heap_realloc hmm_wide_heap_realloc
#define hmm_heap_realloc_aligned hmm_wide_heap_realloc_aligned
#define hmm_heap_free hmm_wide_heap_free
#define hmm_heap_usable_size hmm_wide_heap_usable_size
#define hmm_heap_largest_free hmm_wide_heap_largest_free
#define hmm_heap_contains hmm_wide_heap_contains
#define hmm_heap_stats hmm_wide_heap_stats
#define hmm_heap_walk hmm_wide_heap_walk
#define hmm_heap_check hmm_wide_heap_check
#define hmm_heap_options hmm_wide_heap_options

#endif
