/* base_test.c: bits and arithmetic, compared with the plainest way to compute the same.
 *
 * SPDX-License-Identifier: MIT */
#include "base/arithmetic.h"
#include "base/bits.h"

#include "expect.h"

/* ---- Bits ---------------------------------------------------------------------------------------------------------------- */

static unsigned highest_by_counting(hmm_bits word) {
    unsigned bit = 0;
    for (unsigned i = 0; i < HMM_BITS; i++)
        if (word >> i & 1) bit = i;
    return bit;
}

static unsigned lowest_by_counting(hmm_bits word) {
    unsigned bit = 0;
    while (!(word >> bit & 1)) bit++;
    return bit;
}

static unsigned parity_by_counting(hmm_bits word) {
    unsigned odd = 0;
    for (; word != 0; word &= word - 1) odd ^= 1;
    return odd;
}

static void expect_bits_of(hmm_bits word) {
    EXPECT_EQ(hmm_parity(word), parity_by_counting(word));
    if (word == 0) return;
    EXPECT_EQ(hmm_highest_bit(word), highest_by_counting(word));
    EXPECT_EQ(hmm_highest_bit_portable(word), highest_by_counting(word));
    EXPECT_EQ(hmm_lowest_bit(word), lowest_by_counting(word));
    EXPECT_EQ(hmm_lowest_bit_portable(word), lowest_by_counting(word));
}

/* One bit, two bits, and all bits up to each. */
static void scans_bits(void) {
    expect_bits_of(0);
    for (unsigned i = 0; i < HMM_BITS; i++) {
        expect_bits_of(((hmm_bits)1 << i) - 1);
        for (unsigned j = 0; j < HMM_BITS; j++) expect_bits_of((hmm_bits)1 << i | (hmm_bits)1 << j);
    }
    hmm_bits word = 1;
    for (int i = 0; i < 10000; i++) {
        word = (hmm_bits)(word * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u);
        expect_bits_of(word);
    }
}

static void expect_sets(bool (*set)(uint64_t *word, uint64_t bit), uint64_t bit) {
    const uint64_t one = (uint64_t)1 << bit % 64;
    uint64_t word = ~one, other = 0;
    EXPECT(!set(&word, bit) && word == ~(uint64_t)0);
    EXPECT(set(&word, bit) && word == ~(uint64_t)0);
    EXPECT(!set(&other, bit) && other == one);
    EXPECT(set(&other, bit) && other == one);
}

static void sets_bits(void) {
    for (uint64_t bit = 0; bit < 130; bit++) {
        expect_sets(hmm_set_bit, bit);
        expect_sets(hmm_set_bit_portable, bit);
    }
}

static void rotates(void) {
    for (unsigned bits = 1; bits < 64; bits++)
        for (unsigned bit = 0; bit < 64; bit++)
            EXPECT(hmm_rotate_left((uint64_t)1 << bit, bits) == (uint64_t)1 << (bit + bits) % 64);
}

static void knows_exponents(void) {
    for (unsigned i = 0; i <= 12; i++) EXPECT_EQ(HMM_LOG2(1u << i), i);
}

/* ---- Arithmetic ---------------------------------------------------------------------------------------------------------- */

/* 0, small numbers, and the neighbours of all powers of two. */
static size_t boundary(unsigned i) {
    return ((size_t)1 << i / 3) - 1 + i % 3;
}

enum { BOUNDARIES = 3 * HMM_BITS };

static void knows_powers_of_two(void) {
    for (unsigned i = 0; i < BOUNDARIES; i++) {
        const size_t value = boundary(i);
        EXPECT_EQ(hmm_is_power_of_two(value), value != 0 && lowest_by_counting(value) == highest_by_counting(value));
    }
}

static void expect_product(size_t a, size_t b) {
    EXPECT_EQ(hmm_product_overflows(a, b), b != 0 && (a * b) / b != a);
}

static void recognises_products_that_overflow(void) {
    for (unsigned i = 0; i < BOUNDARIES; i++) {
        for (unsigned j = 0; j < BOUNDARIES; j++) expect_product(boundary(i), boundary(j));
        if (boundary(i) == 0) continue;
        expect_product(boundary(i), SIZE_MAX / boundary(i));
        expect_product(boundary(i), SIZE_MAX / boundary(i) + (boundary(i) > 1));
    }
    EXPECT(hmm_product_overflows(SIZE_MAX, 2) && hmm_product_overflows(2, SIZE_MAX));
    EXPECT(!hmm_product_overflows(SIZE_MAX, 0) && !hmm_product_overflows(0, SIZE_MAX));
}

static void recognises_spans_that_wrap(void) {
    EXPECT(!hmm_span_wraps(0, SIZE_MAX) && hmm_span_wraps(1, SIZE_MAX));
    EXPECT(!hmm_span_wraps(UINTPTR_MAX, 0) && hmm_span_wraps(UINTPTR_MAX, 1));
    EXPECT(!hmm_span_wraps(UINTPTR_MAX - 100, 100) && hmm_span_wraps(UINTPTR_MAX - 100, 101));
}

static void rounds(void) {
    for (uintptr_t power = 1; power <= 4096; power *= 2)
        for (uintptr_t value = 0; value < 5000; value += 7) {
            EXPECT_EQ(hmm_round_down(value, power), value / power * power);
            EXPECT_EQ(hmm_padding(value, (size_t)power), (power - value % power) % power);
        }
    EXPECT_EQ(hmm_padding(UINTPTR_MAX, 16), 1);
}

static const struct test tests[] = {TEST(scans_bits),
                                    TEST(sets_bits),
                                    TEST(rotates),
                                    TEST(knows_exponents),
                                    TEST(knows_powers_of_two),
                                    TEST(recognises_products_that_overflow),
                                    TEST(recognises_spans_that_wrap),
                                    TEST(rounds)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
