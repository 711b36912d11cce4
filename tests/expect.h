/* expect.h: the checks and the runner of the test programs.
 *
 * SPDX-License-Identifier: MIT
 *
 * A test library would do on a PC, but these tests also run as 32-bit programs, where no test library is installed, and on bare
 * boards. A failed check prints both expressions and both values, and ends the test's process.
 *
 *     static void adds(void) { EXPECT_EQ(1 + 1, 2); }
 *     static const struct test tests[] = {TEST(adds)};
 *     int main(int argc, char **argv) { return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv); }
 *
 * The program runs all of its tests, or those named by its arguments. */
#ifndef HMM_TESTS_EXPECT_H
#define HMM_TESTS_EXPECT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct test {
    const char *name;
    void (*run)(void);
};

#define TEST(function) \
    { #function, function }

#define EXPECT(condition) ((condition) ? (void)0 : expect_failed(__FILE__, __LINE__, #condition, "true", 0, 1))

#define EXPECT_EQ(actual, expected)                                                                          \
    do {                                                                                                     \
        const long long expect_a = (long long)(actual), expect_b = (long long)(expected);                    \
        if (expect_a != expect_b) expect_failed(__FILE__, __LINE__, #actual, #expected, expect_a, expect_b); \
    } while (0)

#define EXPECT_PTR_EQ(actual, expected) EXPECT_EQ((uintptr_t)(actual), (uintptr_t)(expected))

#define EXPECT_STR_EQ(actual, expected)                                                                                 \
    do {                                                                                                                \
        const char *expect_s = (actual), *expect_t = (expected);                                                        \
        if (strcmp(expect_s, expect_t) != 0) {                                                                          \
            fprintf(stderr, "%s:%d: %s is \"%s\", expected \"%s\"\n", __FILE__, __LINE__, #actual, expect_s, expect_t); \
            exit(EXIT_FAILURE);                                                                                         \
        }                                                                                                               \
    } while (0)

static inline void expect_failed(const char *file, int line, const char *actual_text, const char *expected_text, long long actual,
                                 long long expected) {
    fprintf(stderr, "%s:%d: %s is %lld (0x%llx), expected %s = %lld (0x%llx)\n", file, line, actual_text, actual,
            (unsigned long long)actual, expected_text, expected, (unsigned long long)expected);
    exit(EXIT_FAILURE);
}

static inline int test_is_named(const struct test *test, int argc, char **argv) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], test->name) == 0) return 1;
    return argc < 2;
}

static inline int run_tests(const struct test *tests, size_t count, int argc, char **argv) {
    size_t ran = 0;
    for (size_t i = 0; i < count; i++) {
        if (!test_is_named(&tests[i], argc, argv)) continue;
        printf("%s\n", tests[i].name);
        fflush(stdout);
        tests[i].run();
        ran++;
    }
    if (ran == 0) fprintf(stderr, "%s: no test of that name\n", argv[0]);
    return ran == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
