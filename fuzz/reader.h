/* reader.h: decisions out of a fuzzer's bytes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_FUZZ_READER_H
#define HMM_FUZZ_READER_H

#include <stddef.h>
#include <stdint.h>

typedef struct reader {
    const uint8_t *bytes;
    size_t left;
} reader;

/* A number below the limit, from as many bytes as that needs; 0 when there are no more. */
static inline size_t take(reader *r, size_t limit) {
    size_t number = 0;
    for (size_t reach = 1; reach < limit && r->left > 0; reach *= 256, r->left--) number = number * 256 + *r->bytes++;
    return number % limit;
}

static inline uint64_t take_word(reader *r) {
    uint64_t word = 0;
    for (size_t i = 0; i < sizeof word && r->left > 0; i++, r->left--) word = word << 8 | *r->bytes++;
    return word;
}

#endif
