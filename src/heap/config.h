/* config.h: what an instance of the heap is made of.
 *
 * SPDX-License-Identifier: MIT
 *
 * An instance is a file that defines these, then includes "public.h" (see heap.c):
 *
 * HMM_HEAP        the public type, e.g. hmm_heap
 * HMM_NAME(verb)  a public function, e.g. hmm_heap_##verb
 * HMM_WORD        unsigned type of a header word
 * HMM_LINK        signed type of the same width: a distance in granules
 * HMM_UNITS       unsigned type in which sizes in granules are computed: HMM_WORD, but at least as wide as int
 * HMM_SIZE_BITS   bits of a header that hold the block's size in granules
 * HMM_CHECK_BITS  bits of a header that hold its check value; two flags take the rest
 * HMM_MULTIPLIER  of the check value, see header.h
 * HMM_GRANULE     unit of block size and alignment in bytes
 *
 * The options below are values: a misspelt one does not compile. */
#ifndef HMM_HEAP_CONFIG_H
#define HMM_HEAP_CONFIG_H

#ifndef HMM_AUDIT_LEVEL
#define HMM_AUDIT_LEVEL 1
#endif

#ifndef HMM_STATS
#define HMM_STATS 1
#endif

#ifndef HMM_CHECK_INTERVAL
#define HMM_CHECK_INTERVAL 1024
#endif

#ifndef HMM_FAST
#define HMM_FAST !HMM_FOR_SIZE
#endif
/* The straight path tells no tool which bytes are free, and neither fills nor verifies payloads. */
#define HMM_HAS_FAST_PATH (HMM_FAST && HMM_AUDIT_LEVEL < 2 && HMM_ADDRESS_SANITIZER + HMM_VALGRIND == 0)

#ifndef HMM_HOSTED
#define HMM_HOSTED 0
#endif

/* Requests of at least so many bytes take the high end of a free block. Large blocks thus gather at one side of the free space
 * and small ones at the other. Of 256 to 16384, this did best over mixed and resize, on seeds that no goal names: 1024 took 0.5 %
 * and 1.7 % more space. */
#ifndef HMM_SPLIT_HIGH_BYTES
#define HMM_SPLIT_HIGH_BYTES 2048
#endif

/* Each power of two of sizes above the exact classes is cut into 2^n ranges. n follows the capacity, too, up to this: a narrow range
 * has a small tree, mostly of one node. Where a size_t has 32 bits or 16 the summary has no room for more. */
#ifndef HMM_CLASS_BITS
#define HMM_CLASS_BITS (sizeof(size_t) < 4 ? 2 : sizeof(size_t) < 8 ? 3 : 5)
#endif
#define HMM_CLASS_BITS_LEAST (HMM_CLASS_BITS < 2 ? HMM_CLASS_BITS : 2)
/* An instance with small blocks only has no heap that could afford them. */
#define HMM_HAS_NARROW_CLASSES (HMM_CLASS_BITS > HMM_CLASS_BITS_LEAST && HMM_SIZE_BITS > 16)

/* Sizes below 2^n granules have a class each. n follows the capacity, between these: the least so that no exact class is needed
 * for a block too small to be a tree node, the most so that the index stays within 5 KiB (14 in the wide
 * instance) and, where a size_t has 16 bits, the summary has a bit for each word of the bitmap. */
#ifndef HMM_EXACT_BITS_LEAST
#define HMM_EXACT_BITS_LEAST 3
#endif
#ifndef HMM_EXACT_BITS_MOST
#define HMM_EXACT_BITS_MOST (sizeof(size_t) < 4 ? 6 : 9)
#endif

/* Raised whenever the meaning of a byte in a heap changes. */
#define HMM_LAYOUT_VERSION 2

#endif
