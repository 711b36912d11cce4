/* odd.h: an instance of one's own for scene.c, with a multiplier that no other has.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_ODD_H
#define HMM_TESTS_ODD_H

#define HMM_HEAP odd_heap
#define HMM_NAME(verb) odd_heap_##verb
#include "heapmm/declare.h"

#define hmm_heap odd_heap
#define hmm_heap_create odd_heap_create
#define hmm_heap_add_region odd_heap_add_region
#define hmm_heap_alloc odd_heap_alloc
#define hmm_heap_free odd_heap_free
#define hmm_heap_walk odd_heap_walk
#define hmm_heap_check odd_heap_check
#define hmm_heap_options odd_heap_options

#endif
