/* arithmetic.h: sizes and addresses without overflow.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_BASE_ARITHMETIC_H
#define HMM_BASE_ARITHMETIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compiler.h"

HMM_INTERNAL bool hmm_is_power_of_two(size_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

/* Whether a * b overflows size_t. The division is done only when a factor is large. */
HMM_INTERNAL bool hmm_product_overflows(size_t a, size_t b) {
    const size_t half = (size_t)1 << (sizeof(size_t) * 4);
    return (a >= half || b >= half) && a != 0 && b > SIZE_MAX / a;
}

/* Whether [address, address + bytes) runs past the last address. An end that is exactly one past it counts as running past:
 * such an end could not be compared. */
HMM_INTERNAL bool hmm_span_wraps(uintptr_t address, size_t bytes) {
    return bytes > UINTPTR_MAX - address;
}

/* power: a power of two. hmm_round_down(37, 16) => 32 */
HMM_INTERNAL uintptr_t hmm_round_down(uintptr_t value, uintptr_t power) {
    return value & ~(power - 1);
}

/* The bytes from an address up to the next multiple of power. hmm_padding(37, 16) => 11 */
HMM_INTERNAL size_t hmm_padding(uintptr_t address, size_t power) {
    return (size_t)((~address + 1) & (power - 1));
}

#endif
