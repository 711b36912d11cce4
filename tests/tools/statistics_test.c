/* statistics_test.c: the table of blocks against a plain list, and the classes of sizes.
 *
 * SPDX-License-Identifier: MIT */
#include "../../tools/heapmm/statistics.h"
#include "expect.h"

enum { ADDRESSES = 3000, STEPS = 200000 };

static uint64_t state = 1;

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* Addresses close together and far apart; many come and go. */
static void blocks_are_found(void) {
    static uint64_t addresses[ADDRESSES], sizes[ADDRESSES];
    blocks b = {0};
    size_t count = 0;
    for (size_t i = 0; i < ADDRESSES; i++) addresses[i] = (i + 1) * 16 + (i % 3 == 0 ? UINT64_C(0x7f0000000000) * (i % 7) : 0);
    for (size_t step = 0; step < STEPS; step++) {
        const size_t i = (size_t)(next_random() % ADDRESSES);
        block *found = blocks_find(&b, addresses[i]);
        EXPECT_EQ(found != NULL, sizes[i] != 0);
        if (found == NULL) {
            sizes[i] = step + 1;
            EXPECT(blocks_add(&b, &(block){.address = addresses[i], .size = sizes[i]}));
            count++;
        } else {
            EXPECT_EQ(found->size, sizes[i]);
            blocks_remove(&b, found);
            sizes[i] = 0;
            count--;
        }
        EXPECT_EQ(b.count, count);
    }
    for (size_t i = 0; i < ADDRESSES; i++) EXPECT_EQ(blocks_find(&b, addresses[i]) != NULL, sizes[i] != 0);
    blocks_free(&b);
    EXPECT(blocks_find(&b, 16) == NULL);
}

static void classes_of_sizes(void) {
    EXPECT_EQ(statistics_size_class(0), 0);
    EXPECT_EQ(statistics_size_class(1), 1);
    EXPECT_EQ(statistics_size_class(2), 2);
    EXPECT_EQ(statistics_size_class(3), 2);
    EXPECT_EQ(statistics_size_class(4), 3);
    EXPECT_EQ(statistics_size_class(UINT64_MAX), 64);
}

/* Of threads with any number, without a row for each. */
static void threads_with_high_numbers(void) {
    static statistics s;
    for (uint32_t i = 0; i < 3; i++) {
        const hmm_trace_event event = {.kind = HMM_TRACE_MALLOC, .address = 16 + 16 * i, .size = 5, .thread = UINT32_MAX - i};
        EXPECT(statistics_count(&s, &event));
    }
    EXPECT_EQ(s.thread_rows, MOST_THREADS + 1);
    EXPECT_EQ(s.threads[MOST_THREADS].allocations, 3);
    EXPECT_EQ(s.threads[MOST_THREADS].bytes, 15);
    statistics_free(&s);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(blocks_are_found), TEST(classes_of_sizes), TEST(threads_with_high_numbers)};
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
