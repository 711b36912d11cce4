/* tiny.h: lets the tests that are written for hmm_heap run on hmm_tiny_heap: included before everything else by the
 * compiler's option -include.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_INSTANCE_H
#define HMM_TESTS_INSTANCE_H

#include "heapmm/tiny_heap.h"

#define HMM_TEST_SOURCE "heap/tiny_heap.c"
#define HMM_TEST_WORD uint16_t
#define HMM_TEST_LINK int16_t
#define HMM_TEST_SIZE_BITS 13
#define HMM_TEST_CHECK_BITS 1

#undef HMM_HEAP_GRANULE
#undef HMM_HEAP_BLOCK_OVERHEAD
#undef HMM_HEAP_LARGEST_BLOCK
#undef HMM_HEAP_OPTIONS
#define HMM_HEAP_GRANULE ((size_t)HMM_TINY_HEAP_GRANULE)
#define HMM_HEAP_BLOCK_OVERHEAD HMM_TINY_HEAP_BLOCK_OVERHEAD
#define HMM_HEAP_LARGEST_BLOCK HMM_TINY_HEAP_LARGEST_BLOCK
#define HMM_HEAP_OPTIONS HMM_TINY_HEAP_OPTIONS

#define hmm_heap hmm_tiny_heap
#define hmm_heap_create hmm_tiny_heap_create
#define hmm_heap_attach hmm_tiny_heap_attach
#define hmm_heap_destroy hmm_tiny_heap_destroy
#define hmm_heap_add_region hmm_tiny_heap_add_region
#define hmm_heap_extend_region hmm_tiny_heap_extend_region
#define hmm_heap_shrink_region hmm_tiny_heap_shrink_region
#define hmm_heap_remove_region hmm_tiny_heap_remove_region
#define hmm_heap_alloc hmm_tiny_heap_alloc
#define hmm_heap_alloc_zeroed hmm_tiny_heap_alloc_zeroed
#define hmm_heap_alloc_aligned hmm_tiny_heap_alloc_aligned
#define hmm_heap_alloc_greedy hmm_tiny_heap_alloc_greedy
#define hmm_heap_resize hmm_tiny_heap_resize
#define hmm_heap_resize_greedy hmm_tiny_heap_resize_greedy
#define hmm_heap_realloc hmm_tiny_heap_realloc
#define hmm_heap_realloc_aligned hmm_tiny_heap_realloc_aligned
#define hmm_heap_free hmm_tiny_heap_free
#define hmm_heap_usable_size hmm_tiny_heap_usable_size
#define hmm_heap_largest_free hmm_tiny_heap_largest_free
#define hmm_heap_contains hmm_tiny_heap_contains
#define hmm_heap_stats hmm_tiny_heap_stats
#define hmm_heap_walk hmm_tiny_heap_walk
#define hmm_heap_check hmm_tiny_heap_check
#define hmm_heap_options hmm_tiny_heap_options

#endif
