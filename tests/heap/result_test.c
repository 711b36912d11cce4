/* result_test.c: the names of results.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/heap.h"

#include "../expect.h"

/* All there are, each beside its name. */
static const struct {
    int result;
    const char *name;
} named[] = {
#define NAMED(code) \
    { code, #code }
    NAMED(HMM_OK),
    NAMED(HMM_NO_ROOM),
    NAMED(HMM_BAD_SIZE),
    NAMED(HMM_IN_USE),
    NAMED(HMM_STOPPED),
    NAMED(HMM_FAULT_HEADER),
    NAMED(HMM_FAULT_FOOTER),
    NAMED(HMM_FAULT_LINK),
    NAMED(HMM_FAULT_INDEX),
    NAMED(HMM_FAULT_TREE),
    NAMED(HMM_FAULT_SENTINEL),
    NAMED(HMM_FAULT_CONTROL),
    NAMED(HMM_FAULT_COUNTS),
    NAMED(HMM_FAULT_NOT_ALLOCATED),
    NAMED(HMM_FAULT_OUTSIDE),
    NAMED(HMM_FAULT_MISALIGNED),
    NAMED(HMM_FAULT_CANARY),
    NAMED(HMM_FAULT_WRITE_AFTER_FREE),
    NAMED(HMM_FAULT_OPTIONS),
    NAMED(HMM_FAULT_REGION_SMALL),
    NAMED(HMM_FAULT_REGION_LARGE),
    NAMED(HMM_FAULT_REGION_WRAPS),
    NAMED(HMM_FAULT_REGION_OVERLAPS),
    NAMED(HMM_FAULT_REGION_FAR),
    NAMED(HMM_FAULT_REGION_UNKNOWN),
    NAMED(HMM_FAULT_REGION_RECORD),
    NAMED(HMM_FAULT_NOT_A_HEAP),
    NAMED(HMM_FAULT_LAYOUT),
    NAMED(HMM_FAULT_SPANS),
    NAMED(HMM_FAULT_OWNER),
};

enum { COUNT = sizeof named / sizeof named[0] };

static void each_has_its_name(void) {
    for (size_t i = 0; i < COUNT; i++) EXPECT_STR_EQ(hmm_result_name(named[i].result), named[i].name);
}

/* Whatever is no result, errors of a caller that passes anything included, gets a text all the same. */
static void others_have_none(void) {
    for (int result = -100; result <= 100; result++) {
        size_t i = 0;
        while (i < COUNT && named[i].result != result) i++;
        if (i == COUNT) EXPECT_STR_EQ(hmm_result_name(result), "unknown result");
    }
}

static const struct test tests[] = {TEST(each_has_its_name), TEST(others_have_none)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
