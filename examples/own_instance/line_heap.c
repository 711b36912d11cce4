/* line_heap.c: the functions of line_heap: all there is to an instance.
 *
 * SPDX-License-Identifier: MIT
 *
 * heapmm/impl/ is installed with heapmm. What the macros mean stands in heapmm/impl/heap/config.h. */
#include "line_heap.h"

#define HMM_HEAP line_heap
#define HMM_NAME(verb) line_heap_##verb
#define HMM_WORD uint32_t
#define HMM_LINK int32_t
#define HMM_UNITS uint32_t
#define HMM_SIZE_BITS 26
#define HMM_CHECK_BITS 4
#define HMM_MULTIPLIER 0xA46D674Fu
#define HMM_GRANULE ((size_t)64)

#include "heapmm/impl/heap/public.h"
