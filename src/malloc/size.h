/* size.h: size classes. A small block has the size of its class, and lies in a slab with blocks of the same class.
 *
 * SPDX-License-Identifier: MIT
 *
 * Up to 128 bytes there is a class for each multiple of 16; above, 8 for each doubling: 144, 160, .. 256, 288, .. 32768. A slab is a
 * whole number of units without a rest. It has 64 blocks up to 1 KiB, so that a thread seldom changes slabs, fewer above, so that it
 * has 64 units at most. A thread that has few slabs of a class gets small ones, of 16 units at most where blocks are small enough: one or
 * two, since a small slab is soon used up; eight where there are many threads, of which each has little.
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
    HMM_SMALL = 32768,              /* the largest small block */
    HMM_CLASSES = 8 + 8 * 8,
    HMM_MOST_BLOCKS = 64, /* in a slab */
    HMM_DIRECT_CLASSES = 8 + 8 * 3,
    HMM_LEAN_CLASSES = 8 + 8 * 4, /* up to 2 KiB: of these a thread may have several small slabs */
    HMM_DIRECT_SLOTS = HMM_DIRECT / HMM_STEP + 1,
    HMM_SLOTS = HMM_DIRECT_SLOTS + HMM_CLASSES - HMM_DIRECT_CLASSES
};

/* class_of(0) => 0, class_of(128) => 7, class_of(129) => 8, class_of(32768) => 71 */
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

/* How many slabs of a class are small, of those that a thread has. many: there are many threads. */
HMM_INTERNAL unsigned small_slabs(unsigned class, bool many) {
    if (class >= HMM_LEAN_CLASSES) return 1;
    return many ? 8 : class < 24 ? 1 : 2;
}

/* Blocks in a slab. class_count(31, true) => 16 */
HMM_INTERNAL unsigned class_count(unsigned class, bool small) {
    const unsigned doublings = class < HMM_DIRECT_CLASSES ? 0 : 1 + (class - HMM_DIRECT_CLASSES) / 8;
    const unsigned count = (unsigned)HMM_MOST_BLOCKS >> doublings;
    if (!small || class < 16) return count;
    return class < 24 ? count / 2 : count < 8 ? 2 : count / 4;
}

HMM_INTERNAL size_t class_units(unsigned class, unsigned count) {
    return class_size(class) * count / HMM_UNIT;
}

/* slot_of(100) => 7 */
HMM_INLINE size_t slot_of(size_t size) {
    if (size <= HMM_DIRECT) return (size + HMM_STEP - 1) / HMM_STEP;
    return HMM_DIRECT_SLOTS + class_of(size) - HMM_DIRECT_CLASSES;
}

HMM_INTERNAL size_t last_slot(unsigned class) {
    if (class < HMM_DIRECT_CLASSES) return class_size(class) / HMM_STEP;
    return HMM_DIRECT_SLOTS + class - HMM_DIRECT_CLASSES;
}

HMM_INTERNAL size_t first_slot(unsigned class) {
    if (class == 0) return 0;
    return last_slot(class) + 1 - (class < 8 || class >= HMM_DIRECT_CLASSES ? 1 : (size_t)1 << (class / 8 - 1));
}

/* ---- Which block of a slab an address is --------------------------------------------------------------------------------- */

/* A size is odd * 2^k. A distance within a slab times 1 / odd, the inverse modulo 2^64, is a multiple of 2^k if the distance is, and
 * then, divided by 2^k, a number of 16 bits: that of the block if the distance is a multiple of the size, and else another one,
 * since different numbers times 1 / odd are different. So with the factor 2^(48 - k) / odd the product has the number of the block in its
 * high 16 bits, in the next k bits 0, and always in the low 48 - k bits 0: a place for something else, of HMM_SPARE_BITS. */
enum { HMM_NUMBER_BITS = 16, HMM_SPARE_BITS = 64 - HMM_NUMBER_BITS - 15 };

HMM_INTERNAL uint64_t inverse_of(uint64_t odd) {
    uint64_t inverse = odd; /* right in its low 3 bits; each step doubles that */
    for (int i = 0; i < 5; i++) inverse *= 2 - odd * inverse;
    return inverse;
}

HMM_INTERNAL uint64_t factor_of(size_t size) {
    const unsigned k = hmm_lowest_bit(size);
    return inverse_of(size >> k) << (64 - HMM_NUMBER_BITS - k);
}

#endif
