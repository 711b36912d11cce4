/* default.h: what the tests know of the instance that they run on, where tiny.h or wide.h has not said otherwise: hmm_heap.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TEST_SOURCE

#define HMM_TEST_SOURCE "heap/heap.c"
#define HMM_TEST_WORD uint32_t
#define HMM_TEST_LINK int32_t
#define HMM_TEST_SIZE_BITS 26
#define HMM_TEST_CHECK_BITS 4

#endif
