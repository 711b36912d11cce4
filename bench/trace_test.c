/* trace_test.c: the traces are those that published figures were measured on, to the byte.
 *
 * SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>

#include "expect.h"

static void every_kind_and_seed(void) {
    static const struct {
        const char *kind;
        long seed;
        uint64_t peak, checksum;
    } known[] = {
        {"mcu", TRACE_NO_SEED, 30796, 0x41da403d63273e73u},
        {"mcu", 0, 31638, 0xbf2d23f013728d1bu},
        {"mcu", 1, 30771, 0xc3d35370609189e2u},
        {"mcu", 9, 30742, 0xe34acd4562924b26u},
        {"uniform", TRACE_NO_SEED, 5214778, 0xe2fea4b4e74c7fe4u},
        {"uniform", 0, 5214468, 0xaca4198be81c1f0bu},
        {"uniform", 1, 5269831, 0x00b7ec9331753026u},
        {"uniform", 9, 5211301, 0x796236ad6ea73176u},
        {"small", TRACE_NO_SEED, 1305957, 0x4bd7a54286d93b29u},
        {"small", 0, 1287073, 0xf26d16af47dbaf25u},
        {"small", 1, 1288522, 0x91aef3f71ca58e67u},
        {"small", 9, 1309384, 0xbaebb2e9e678bcdau},
        {"mixed", TRACE_NO_SEED, 50022217, 0x447ea170fdf346dbu},
        {"mixed", 0, 50022217, 0x0ce661755a69280eu},
        {"mixed", 1, 49257273, 0x32ed81f3d90218cbu},
        {"mixed", 9, 48750639, 0x80534146f4db5f65u},
        {"phase", TRACE_NO_SEED, 641218, 0x6812f57364a522dfu},
        {"phase", 0, 641449, 0x94b6f7c1f9310c44u},
        {"phase", 1, 641447, 0xf17d9b2d66510b16u},
        {"phase", 9, 641056, 0x423f1308dc940e5du},
        {"resize", TRACE_NO_SEED, 731516, 0x9f21c6e2348b148du},
        {"resize", 0, 731516, 0x2100a963e48464c3u},
        {"resize", 1, 695317, 0x213a505e24cf47fau},
        {"resize", 9, 771499, 0x2051824de99fcf2eu},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct trace t;
        EXPECT(trace_make(&t, known[i].kind, known[i].seed));
        EXPECT_EQ(t.peak, known[i].peak);
        EXPECT_EQ(trace_checksum(&t), known[i].checksum);
        trace_end(&t);
    }
}

static void there_is_no_such_kind(void) {
    struct trace t;
    EXPECT(!trace_make(&t, "macro", TRACE_NO_SEED));
}

static void write_bytes(const char *path, const void *bytes, size_t count) {
    FILE *file = fopen(path, "wb");
    EXPECT(file != NULL);
    EXPECT_EQ(fwrite(bytes, 1, count, file), count);
    EXPECT_EQ(fclose(file), 0);
}

static void a_file_holds_the_trace(void) {
    static const char path[] = "trace_test.trc";
    struct trace made, read;
    EXPECT(trace_make(&made, "mcu", 3));
    EXPECT(trace_write(&made, path));
    EXPECT(trace_read(&read, path));
    EXPECT_EQ(trace_checksum(&read), trace_checksum(&made));
    trace_end(&read);
    trace_end(&made);
    EXPECT_EQ(remove(path), 0);
}

/* A free of a slot that holds nothing, a slot beyond the last, a file that ends early. */
static void a_file_that_is_no_trace(void) {
    static const char path[] = "trace_test_bad.trc";
    static const struct {
        uint32_t header[4];
        uint64_t peak;
        struct operation operation;
    } bad[] = {{{1, 1, 0, 0}, 0, {TRACE_FREE, 0}},
               {{1, 1, 0, 0}, 8, {TRACE_ALLOC | 1u << 2, 8}},
               {{1, 1, 0, 0}, 8, {3, 8}},
               {{2, 1, 0, 0}, 8, {TRACE_ALLOC, 8}}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct trace t;
        write_bytes(path, &bad[i], sizeof bad[i]);
        errno = 0;
        EXPECT(!trace_read(&t, path));
        EXPECT_EQ(errno, EINVAL);
    }
    EXPECT_EQ(remove(path), 0);
}

static const struct test tests[] = {TEST(every_kind_and_seed), TEST(there_is_no_such_kind), TEST(a_file_holds_the_trace),
                                    TEST(a_file_that_is_no_trace)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
