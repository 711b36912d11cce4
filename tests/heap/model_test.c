/* model_test.c: random programs over every function of the heap, compared with the model after each step.
 *
 * SPDX-License-Identifier: MIT
 *
 *     HEAPMM_TEST_SEED=n      seed of the first program, else 1; the next has n + 1. A mismatch prints its own
 *     HEAPMM_TEST_STEPS=n     n times as many programs */
#include <inttypes.h>

#include "../expect.h"
#include "model_program.h"

enum { KIB = 1024, MIB = 1024 * 1024, GROUND = 3 * MIB };

#ifdef __OPTIMIZE__
enum { OPTIMIZED = 1 };
#else
enum { OPTIMIZED = 0 };
#endif

static _Alignas(4096) unsigned char ground[GROUND];

/* Slots that touch, slots with odd starts and sizes, an index that is too small and one that is too large for the heap. */
static const shape shapes[] = {
    {"tiny", 0, 200, 800, 120, 1, {{0, KIB, 2 * KIB}}},
    {"tiny_odd", 0, 300, 800, 120, 2, {{5, 1333, 1999}, {3001, 301, 700}}},
    {"small", 0, 900, 160, 600, 3, {{16, 4 * KIB, 6 * KIB}, {7 * KIB, 777, 1500}, {9 * KIB + 1, 2 * KIB, 3 * KIB}}},
    {"index_too_large", MIB, 1500, 120, 600, 2, {{0, 8 * KIB, 8 * KIB}, {8 * KIB, 3 * KIB, 20 * KIB}}},
    {"index_too_small", 1, 3000, 80, 900, 2, {{0, 64 * KIB, 80 * KIB}, {100 * KIB + 7, 20 * KIB, 60 * KIB}}},
    {"regions",
     8 * KIB,
     1200,
     120,
     900,
     6,
     {{64 * KIB, 4 * KIB, 8 * KIB},
      {0, 2 * KIB, 5 * KIB},
      {5 * KIB, 1000, 1000},
      {5 * KIB + 1000, 500, 3 * KIB},
      {72 * KIB, 4 * KIB, 16 * KIB},
      {200 * KIB + 9, 6 * KIB + 5, 9 * KIB}}},
    {"middle", 0, 8000, 50, 1500, 3, {{24, 128 * KIB, 160 * KIB}, {256 * KIB, 32 * KIB, 100 * KIB}, {500 * KIB, 1000, 2000}}},
    {"large", 0, 60000, 8, 2500, 2, {{0, MIB, MIB + 100 * KIB}, {2 * MIB, 200 * KIB, 800 * KIB}}},
};

static program the_program;

/* Whether an instance can have such regions: none larger than its largest block, none further away than three of those. */
static bool is_possible(const shape *s) {
    for (size_t i = 0; i < s->slot_count; i++) {
        const slot *region = &s->slots[i];
        if (region->room > HMM_HEAP_LARGEST_BLOCK || region->start + region->room > HMM_HEAP_LARGEST_BLOCK * 3) return false;
    }
    return true;
}

/* The shape, made smaller until the instance can have it. */
static shape fitted(const shape *s) {
    shape fit = *s;
    while (!is_possible(&fit)) {
        fit.largest_request /= 2;
        for (size_t i = 0; i < fit.slot_count; i++) {
            fit.slots[i].start /= 2;
            fit.slots[i].bytes /= 2;
            fit.slots[i].room /= 2;
        }
    }
    return fit;
}

static uint64_t number_from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 0);
}

/* Each program has a seed of its own, so that the one that failed is repeated alone and at once. */
static void run_shape(const shape *s) {
    const uint64_t first = number_from_environment("HEAPMM_TEST_SEED", 1);
    const uint64_t times = number_from_environment("HEAPMM_TEST_STEPS", 1);
    const uint64_t slow = HMM_VALGRIND ? 200 : HMM_TESTS_ASAN || HMM_AUDIT_LEVEL >= 2 || !OPTIMIZED ? 4 : 1;
    const uint64_t programs = (s->programs * times + slow - 1) / slow;
    printf("  %" PRIu64 " programs of %zu steps, seeds from %" PRIu64 "\n", programs, s->steps, first);
    const shape fit = fitted(s);
    for (uint64_t i = 0; i < programs; i++) program_run(&the_program, &fit, ground, first + i);
}

static void tiny(void) {
    run_shape(&shapes[0]);
}

static void tiny_odd(void) {
    run_shape(&shapes[1]);
}

static void small(void) {
    run_shape(&shapes[2]);
}

static void index_too_large(void) {
    run_shape(&shapes[3]);
}

static void index_too_small(void) {
    run_shape(&shapes[4]);
}

static void regions(void) {
    run_shape(&shapes[5]);
}

static void middle(void) {
    run_shape(&shapes[6]);
}

static void large(void) {
    run_shape(&shapes[7]);
}

static const struct test tests[] = {TEST(tiny),    TEST(tiny_odd), TEST(small), TEST(index_too_large), TEST(index_too_small),
                                    TEST(regions), TEST(middle),   TEST(large)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
