/* malloc_sizes.c: classes and slots for every small size, and the number of the block for every distance.
 *
 * SPDX-License-Identifier: MIT */
#include "expect.h"

#include "malloc/size.h"

static void the_class_is_the_smallest_that_fits(void) {
    for (size_t size = 0; size <= HMM_SMALL; size++) {
        const unsigned class = class_of(size);
        EXPECT(class < HMM_CLASSES);
        EXPECT(class_size(class) >= size);
        EXPECT(class == 0 || class_size(class - 1) < size);
        EXPECT(size <= 128 || class_size(class) - size <= size / 8);
    }
    EXPECT_EQ(class_size(HMM_CLASSES - 1), HMM_SMALL);
}

static void each_size_has_a_slot_of_its_class(void) {
    EXPECT_EQ(first_slot(0), 0);
    for (size_t size = 0; size <= HMM_SMALL; size++) {
        const size_t slot = slot_of(size);
        EXPECT(slot >= first_slot(class_of(size)) && slot <= last_slot(class_of(size)));
    }
    EXPECT_EQ(last_slot(HMM_CLASSES - 1), HMM_SLOTS - 1);
}

static void slabs_have_no_rest(void) {
    for (unsigned class = 0; class < HMM_CLASSES; class ++) {
        for (int small = 0; small < 2; small++) {
            const unsigned count = class_count(class, small);
            EXPECT_EQ(class_size(class) * count % HMM_UNIT, 0);
            EXPECT(count >= 2 && count <= HMM_MOST_BLOCKS);
            EXPECT(class_units(class, count) <= (small && count > 2 ? 16 : 64));
        }
        EXPECT(small_slabs(class, false) >= 1 && small_slabs(class, false) <= small_slabs(class, true));
    }
}

/* What aligned allocation relies on: a multiple of a power of two up to a unit has a class that is one too. */
static void a_multiple_has_a_class_that_is_one(void) {
    for (size_t alignment = 1; alignment <= HMM_UNIT; alignment *= 2)
        for (size_t size = alignment; size <= HMM_SMALL; size += alignment) EXPECT_EQ(class_size(class_of(size)) % alignment, 0);
}

static void the_product_divides(void) {
    for (unsigned class = 0; class < HMM_CLASSES; class ++) {
        const size_t size = class_size(class);
        const uint64_t factor = factor_of(size);
        for (size_t distance = 0; distance < class_units(class, class_count(class, false)) * HMM_UNIT; distance++) {
            const uint64_t product = distance * factor, position = hmm_rotate_left(product, HMM_NUMBER_BITS);
            EXPECT_EQ(product << (64 - HMM_SPARE_BITS), 0);
            EXPECT_EQ(position < HMM_MOST_BLOCKS, distance % size == 0);
            EXPECT(distance % size != 0 || position == distance / size);
        }
    }
}

static const struct test tests[] = {
    TEST(the_class_is_the_smallest_that_fits),
    TEST(each_size_has_a_slot_of_its_class),
    TEST(slabs_have_no_rest),
    TEST(a_multiple_has_a_class_that_is_one),
    TEST(the_product_divides),
};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
