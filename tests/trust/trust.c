/* trust.c: runs the fault matrix, the flip campaign, or the test of what both rely on.
 *
 * SPDX-License-Identifier: MIT */
#include "trust.h"

#include "shadow.h"

static bool is_csv;

bool trust_is_csv(void) {
    return is_csv;
}

bool trust_is_long(void) {
    const char *steps = getenv("HEAPMM_TEST_STEPS");
    return steps != NULL && strtoul(steps, NULL, 0) > 1;
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        bool (*run)(void);
    } all[] = {{"matrix", run_matrix}, {"flips", run_flips}, {"shadow", run_shadow_test}};
    is_csv = argc > 2 && strcmp(argv[2], "csv") == 0;
    shadow_map_ground();
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (argc > 1 && strcmp(argv[1], all[i].name) == 0) return all[i].run() || is_csv ? EXIT_SUCCESS : EXIT_FAILURE;
    fprintf(stderr, "usage: %s matrix|flips|shadow [csv]\n", argv[0]);
    return EXIT_FAILURE;
}
