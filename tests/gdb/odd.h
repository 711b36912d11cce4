/* odd.h: an instance of one's own for scene.c, with a multiplier that no other has.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_INSTANCE_H
#define HMM_TESTS_INSTANCE_H

#define HMM_HEAP odd_heap
#define HMM_NAME(verb) odd_heap_##verb
#include "heapmm/declare.h"

#define HMM_TEST_SOURCE "gdb/odd_heap.c"
#define HMM_TEST_WORD uint32_t
#define HMM_TEST_LINK int32_t

#undef HMM_HEAP_GRANULE
#define HMM_HEAP_GRANULE ((size_t)32)

#define hmm_heap odd_heap
#define hmm_heap_create odd_heap_create
#define hmm_heap_add_region odd_heap_add_region
#define hmm_heap_alloc odd_heap_alloc
#define hmm_heap_free odd_heap_free
#define hmm_heap_walk odd_heap_walk
#define hmm_heap_check odd_heap_check
#define hmm_heap_options odd_heap_options

#endif
