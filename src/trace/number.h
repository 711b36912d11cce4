/* number.h: numbers in a trace: of fixed length, and of as many bytes as they need.
 *
 * SPDX-License-Identifier: MIT
 *
 * Fixed ones have the lowest byte first. A short number has 7 bits in each byte, the lowest first, and the highest bit set in all bytes
 * but the last: 300 => AC 02. A difference is folded first, so that small ones are short whatever their sign: 0, -1, 1, -2 => 0, 1, 2, 3. */
#ifndef HMM_TRACE_NUMBER_H
#define HMM_TRACE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/compiler.h"

/* Bytes of the longest short number. */
enum { HMM_TRACE_NUMBER_BYTES = 10 };

HMM_INTERNAL void number_put_fixed(unsigned char *to, size_t bytes, uint64_t value) {
    for (size_t i = 0; i < bytes; i++, value >>= 8) to[i] = (unsigned char)(value & 0xff);
}

HMM_INTERNAL uint64_t number_fixed(const unsigned char *from, size_t bytes) {
    uint64_t value = 0;
    while (bytes-- > 0) value = value << 8 | from[bytes];
    return value;
}

/* Returns behind the number. There must be room. */
HMM_INTERNAL unsigned char *number_put(unsigned char *to, uint64_t value) {
    for (; value >= 0x80; value >>= 7) *to++ = (unsigned char)(value & 0x7f) | 0x80;
    *to++ = (unsigned char)value;
    return to;
}

/* Bytes that are read one after the other. */
typedef struct hmm_trace_bytes {
    const unsigned char *at;
    const unsigned char *end;
} hmm_trace_bytes;

/* Reads a short number; false: there is none, it ends too early or has more than 64 bits. */
HMM_INTERNAL bool number_get(hmm_trace_bytes *bytes, uint64_t *value) {
    *value = 0;
    for (unsigned shift = 0; shift < 64 && bytes->at < bytes->end; shift += 7) {
        const unsigned char byte = *bytes->at++;
        if (shift == 63 && byte > 1) return false;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

HMM_INTERNAL uint64_t number_fold(uint64_t difference) {
    return difference << 1 ^ (difference >> 63 != 0 ? UINT64_MAX : 0);
}

HMM_INTERNAL uint64_t number_unfold(uint64_t folded) {
    return folded >> 1 ^ ((folded & 1) != 0 ? UINT64_MAX : 0);
}

#endif
