/* bits.h: the highest and the lowest set bit of a word, and its parity.
 *
 * SPDX-License-Identifier: MIT
 *
 * With a bit scan instruction each is one or two instructions; without one, the portable forms take a step per halving of the
 * word, which for 64 bits is 6. The argument must not be 0. */
#ifndef HMM_BASE_BITS_H
#define HMM_BASE_BITS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

/* A word of a bitmap. */
typedef size_t HMM_MAY_ALIAS hmm_bits;

enum { HMM_BITS = (int)sizeof(hmm_bits) * CHAR_BIT };

/* hmm_highest_bit_portable(40) => 5 */
HMM_INTERNAL unsigned hmm_highest_bit_portable(hmm_bits word) {
    unsigned bit = 0;
    for (unsigned half = HMM_BITS / 2; half != 0; half /= 2) {
        if ((word >> half) == 0) continue;
        word >>= half;
        bit += half;
    }
    return bit;
}

/* hmm_lowest_bit_portable(40) => 3 */
HMM_INTERNAL unsigned hmm_lowest_bit_portable(hmm_bits word) {
    return hmm_highest_bit_portable(word & (~word + 1));
}

#if HMM_HAS_BIT_SCANS
HMM_INTERNAL unsigned hmm_highest_bit(hmm_bits word) {
    if (sizeof word > sizeof(unsigned long)) return 63u ^ (unsigned)__builtin_clzll(word);
    if (sizeof word > sizeof(unsigned)) return (unsigned)(sizeof(unsigned long) * CHAR_BIT - 1) ^ (unsigned)__builtin_clzl(word);
    return (unsigned)(sizeof(unsigned) * CHAR_BIT - 1) ^ (unsigned)__builtin_clz((unsigned)word);
}

HMM_INTERNAL unsigned hmm_lowest_bit(hmm_bits word) {
    if (sizeof word > sizeof(unsigned long)) return (unsigned)__builtin_ctzll(word);
    if (sizeof word > sizeof(unsigned)) return (unsigned)__builtin_ctzl(word);
    return (unsigned)__builtin_ctz((unsigned)word);
}
#else
HMM_INTERNAL unsigned hmm_highest_bit(hmm_bits word) {
    return hmm_highest_bit_portable(word);
}

HMM_INTERNAL unsigned hmm_lowest_bit(hmm_bits word) {
    return hmm_lowest_bit_portable(word);
}
#endif

/* Sets a bit, whose number counts modulo 64, and returns whether it was set. */
HMM_INLINE bool hmm_set_bit_portable(uint64_t *word, uint64_t bit) {
    const bool was_set = (*word >> (bit & 63) & 1) != 0;
    *word |= (uint64_t)1 << (bit & 63);
    return was_set;
}

HMM_INLINE bool hmm_set_bit(uint64_t *word, uint64_t bit) {
    uint64_t after = *word;
    const bool was_set = HMM_HAS_SINGLE_STEPS ? HMM_BIT_TEST_AND_SET(after, bit) : hmm_set_bit_portable(&after, bit);
    *word = after;
    return was_set;
}

/* bits: from 1 to 63. hmm_rotate_left(1, 63) => 2^63 */
HMM_INTERNAL uint64_t hmm_rotate_left(uint64_t word, unsigned bits) {
    return word << bits | word >> (64 - bits);
}

/* 1 if the number of set bits is odd. hmm_parity(7) => 1 */
HMM_INLINE unsigned hmm_parity(hmm_bits word) {
    for (unsigned half = HMM_BITS / 2; half >= 4; half /= 2) word ^= word >> half;
    return 0x6996u >> (word & 15) & 1;
}

/* A power of two's exponent, as a constant expression, for shifts by a configured size up to 4096. */
#define HMM_LOG2(power)     \
    ((power) >= 4096   ? 12 \
     : (power) >= 2048 ? 11 \
     : (power) >= 1024 ? 10 \
     : (power) >= 512  ? 9  \
     : (power) >= 256  ? 8  \
     : (power) >= 128  ? 7  \
     : (power) >= 64   ? 6  \
     : (power) >= 32   ? 5  \
     : (power) >= 16   ? 4  \
     : (power) >= 8    ? 3  \
     : (power) >= 4    ? 2  \
     : (power) >= 2    ? 1  \
                       : 0)

#endif
