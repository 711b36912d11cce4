/* model_test.c: random programs over every function of the heap, compared with the model after each step.
 *
 * SPDX-License-Identifier: MIT
 *
 *     HEAPMM_TEST_SEED=n      seed of the first program, else 1; the next has n + 1. A mismatch prints its own
 *     HEAPMM_TEST_STEPS=n     n times as many programs */
#include <inttypes.h>

#include "../expect.h"
#include "model_shapes.h"

enum { GROUND = 3 * MIB };

#ifdef __OPTIMIZE__
enum { OPTIMIZED = 1 };
#else
enum { OPTIMIZED = 0 };
#endif

/* Two, since a program may move its heap. */
static _Alignas(4096) unsigned char ground[2][GROUND];

static program the_program;

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
    unsigned char *const grounds[2] = {ground[0], ground[1]};
    for (uint64_t i = 0; i < programs; i++) program_run(&the_program, s, grounds, first + i);
}

int main(int argc, char **argv) {
    static shape shapes[MAX_SHAPES];
    const size_t count = shapes_of_instance(shapes);
    size_t ran = 0;
    for (size_t i = 0; i < count; i++) {
        const struct test test = {shapes[i].name, NULL};
        if (!test_is_named(&test, argc, argv)) continue;
        printf("%s\n", shapes[i].name);
        fflush(stdout);
        run_shape(&shapes[i]);
        ran++;
    }
    if (ran == 0) fprintf(stderr, "%s: no shape of that name\n", argv[0]);
    return ran == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
