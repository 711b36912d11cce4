/* size.h: size classes. A small block has the size of its class, and lies in a slab with blocks of the same class.
 *
 * SPDX-License-Identifier: MIT
 *
 * Up to 128 bytes there is a class for each multiple of 16; above, 8 for each doubling: 144, 160, .. 256, 288, .. 4096. A slab is a
 * whole number of units without a rest: 64 blocks while they are small, fewer above, so that a slab has 9 to 16 units, and 8 at
 * least, of which 4096 bytes need 32 units.
 *
 * The slot of a size is where a thread looks for its slab. Up to 1 KiB a slot is a multiple of 16 bytes, several slots to a class,
 * so that it is found by a shift; above, there is one for each class. */
#ifndef HMM_MALLOC_SIZE_H
#define HMM_MALLOC_SIZE_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/arithmetic.h"
#include "../base/bits.h"

enum {
    HMM_UNIT_SHIFT = 10,
    HMM_UNIT = 1 << HMM_UNIT_SHIFT, /* of memory: of spans, and so of slabs and of large blocks */
    HMM_STEP = 16,                  /* between the smallest classes; what every block is aligned to */
    HMM_DIRECT = 1024,              /* the largest size whose slot is a multiple of 16 bytes */
    HMM_SMALL = 4096,               /* the largest small block */
    HMM_CLASSES = 8 + 8 * 5,
    HMM_DIRECT_CLASSES = 8 + 8 * 3,
    HMM_DIRECT_SLOTS = HMM_DIRECT / HMM_STEP + 1,
    HMM_SLOTS = HMM_DIRECT_SLOTS + HMM_CLASSES - HMM_DIRECT_CLASSES
};

/* class_of(0) => 0, class_of(128) => 7, class_of(129) => 8, class_of(4096) => 47 */
HMM_INTERNAL unsigned class_of(size_t size) {
    if (size <= 128) return size == 0 ? 0 : (unsigned)(size - 1) / HMM_STEP;
    const unsigned doubling = hmm_highest_bit(size - 1) - 7;
    return 8 + 8 * doubling + (unsigned)((size - 1) >> (doubling + 4)) - 8;
}

/* class_size(8) => 144 */
HMM_INTERNAL size_t class_size(unsigned class) {
    if (class < 8) return (size_t)(class + 1) * HMM_STEP;
    const unsigned doubling = class / 8 - 1;
    return ((size_t)HMM_STEP << doubling) * (8 + class % 8 + 1);
}

/* Blocks in a slab. */
HMM_INTERNAL unsigned class_count(unsigned class) {
    if (class < 16) return 64;
    return class < 24 ? 32 : class < 32 ? 16 : 8;
}

HMM_INTERNAL size_t class_units(unsigned class) {
    return class_size(class) * class_count(class) / HMM_UNIT;
}

/* slot_of(100) => 7 */
HMM_INLINE size_t slot_of(size_t size) {
    if (size <= HMM_DIRECT) return (size + HMM_STEP - 1) / HMM_STEP;
    return HMM_DIRECT_SLOTS + class_of(size) - HMM_DIRECT_CLASSES;
}

HMM_INTERNAL size_t last_slot(unsigned class) {
    return slot_of(class_size(class));
}

HMM_INTERNAL size_t first_slot(unsigned class) {
    return class == 0 ? 0 : last_slot(class - 1) + 1;
}

/* ---- Which block of a slab an address is --------------------------------------------------------------------------------- */

/* Distances within a slab are divided by the size through a multiplication with its reciprocal, 2^32 / size rounded up: the high
 * half of the product is the quotient, and the low half is below the reciprocal exactly if there is no rest. (The distance has 15
 * bits, the size 12; the rounding adds less than distance / 2^32 to the quotient, and a rest at least 1 / size.) */
HMM_INTERNAL uint32_t reciprocal_of(size_t size) {
    return (uint32_t)((((uint64_t)1 << 32) + size - 1) / size);
}

HMM_INLINE unsigned quotient_of(uint64_t product) {
    return (unsigned)(product >> 32);
}

HMM_INLINE bool has_rest(uint64_t product, uint32_t reciprocal) {
    return (uint32_t)product >= reciprocal;
}

#endif
