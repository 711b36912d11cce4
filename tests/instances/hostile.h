/* hostile.h: lets the tests that are written for hmm_heap run on an instance in which every limit is as low as it can be:
 * included before everything else by the compiler's option -include.
 *
 * SPDX-License-Identifier: MIT
 *
 * Limits that no ordinary test comes near are met in every program here: a word of 8 bits, so that the largest block has 31
 * granules, links reach 127, and half of all bytes pass for headers; a granule of 4 bytes; one exact class, and a tree for each
 * power of two above. With a capacity of 1 that is two classes for everything. */
#ifndef HMM_TESTS_INSTANCE_H
#define HMM_TESTS_INSTANCE_H

#define HMM_CLASS_BITS 0
#define HMM_EXACT_BITS_LEAST 1
#define HMM_EXACT_BITS_MOST 1
#define HMM_SPLIT_HIGH_BYTES 24

#define HMM_HEAP hostile_heap
#define HMM_NAME(verb) hostile_heap_##verb
#include "heapmm/declare.h"

#define HMM_TEST_SOURCE "instances/hostile_heap.c"
#define HMM_TEST_WORD uint8_t
#define HMM_TEST_LINK int8_t
#define HMM_TEST_SIZE_BITS 5
#define HMM_TEST_CHECK_BITS 1

#undef HMM_HEAP_GRANULE
#undef HMM_HEAP_BLOCK_OVERHEAD
#undef HMM_HEAP_LARGEST_BLOCK
#undef HMM_HEAP_OPTIONS
#define HMM_HEAP_GRANULE ((size_t)4)
#define HMM_HEAP_BLOCK_OVERHEAD ((size_t)1)
#define HMM_HEAP_LARGEST_BLOCK ((((size_t)1 << 5) - 1) * HMM_HEAP_GRANULE)
#define HMM_HEAP_OPTIONS \
    { sizeof(hostile_heap_options), 0, NULL, NULL, NULL, 0 }

#define hmm_heap hostile_heap
#define hmm_heap_create hostile_heap_create
#define hmm_heap_attach hostile_heap_attach
#define hmm_heap_destroy hostile_heap_destroy
#define hmm_heap_add_region hostile_heap_add_region
#define hmm_heap_extend_region hostile_heap_extend_region
#define hmm_heap_shrink_region hostile_heap_shrink_region
#define hmm_heap_remove_region hostile_heap_remove_region
#define hmm_heap_alloc hostile_heap_alloc
#define hmm_heap_alloc_zeroed hostile_heap_alloc_zeroed
#define hmm_heap_alloc_aligned hostile_heap_alloc_aligned
#define hmm_heap_alloc_greedy hostile_heap_alloc_greedy
#define hmm_heap_resize hostile_heap_resize
#define hmm_heap_resize_greedy hostile_heap_resize_greedy
#define hmm_heap_realloc hostile_heap_realloc
#define hmm_heap_realloc_aligned hostile_heap_realloc_aligned
#define hmm_heap_free hostile_heap_free
#define hmm_heap_usable_size hostile_heap_usable_size
#define hmm_heap_largest_free hostile_heap_largest_free
#define hmm_heap_contains hostile_heap_contains
#define hmm_heap_stats hostile_heap_stats
#define hmm_heap_walk hostile_heap_walk
#define hmm_heap_check hostile_heap_check
#define hmm_heap_options hostile_heap_options

#endif
