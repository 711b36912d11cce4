/* patterns_main.c: runs one pattern: patterns NAME [SCALE]. Without arguments it lists them.
 *
 * SPDX-License-Identifier: MIT
 *
 * SCALE: percent of a full run, 100 by default. Prints the sum over all blocks that were freed; exit status 3 if one was damaged or
 * memory ran out.
 *
 *     patterns memory nothing | all-freed | some-kept       resident KiB at several moments
 *     patterns scaling THREADS [SCALE]                      a sum, as that of a pattern
 *     patterns fairness THREADS [SCALE]                     turns of the slowest and of the fastest thread in a fixed time */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"

static const struct pattern patterns[] = {
    {"alloc-1", random_lives_alone},
    {"alloc-2", random_lives_of_two},
    {"larson", larson},
    {"producer-consumer", producer_consumer},
    {"bursts-1", bursts_alone},
    {"bursts-2", bursts_of_two},
    {"stress", stress},
    {"exchange-16k", exchange},
    {"cache-scratch", cache_scratch},
    {"cache-thrash", cache_thrash},
    {"large", large_blocks},
    {"short-threads", short_threads},
    {"growth", growth},
};
#define PATTERNS (sizeof patterns / sizeof *patterns)
#define KEPT_ONE_IN 50

/* A number from 1 to `most`, or 0. */
static unsigned number(const char *text, unsigned most) {
    char *end;
    const unsigned long value = strtoul(text, &end, 10);
    return *end == '\0' && value <= most ? (unsigned)value : 0;
}

static int wrong_usage(void) {
    fprintf(stderr, "patterns: NAME [SCALE], or memory nothing|all-freed|some-kept, or scaling|fairness THREADS [SCALE]\n");
    return 2;
}

static int run_memory(const char *what) {
    if (strcmp(what, "nothing") == 0)
        memory_of_nothing();
    else if (strcmp(what, "all-freed") == 0)
        memory_given_back(0);
    else if (strcmp(what, "some-kept") == 0)
        memory_given_back(KEPT_ONE_IN);
    else
        return wrong_usage();
    return 0;
}

static int run_threads(const char *what, unsigned threads, unsigned scale) {
    if (threads == 0 || scale == 0) return wrong_usage();
    if (strcmp(what, "fairness") == 0)
        fairness(threads, scale);
    else
        printf("sum %" PRIu64 "\n", scaling(threads, scale));
    return 0;
}

static int run_pattern(const char *name, unsigned scale) {
    for (size_t i = 0; i < PATTERNS; i++)
        if (strcmp(patterns[i].name, name) == 0 && scale != 0) {
            printf("%s %" PRIu64 "\n", name, patterns[i].run(scale));
            return 0;
        }
    return wrong_usage();
}

/* THREADS and SCALE, or SCALE: the last argument is the scale, and need not be there. */
int main(int argc, char **argv) {
    const unsigned most = 10000;
    if (argc == 1) {
        for (size_t i = 0; i < PATTERNS; i++) puts(patterns[i].name);
        return 0;
    }
    const char *name = argv[1];
    if (strcmp(name, "memory") == 0) return argc == 3 ? run_memory(argv[2]) : wrong_usage();
    const bool with_threads = strcmp(name, "scaling") == 0 || strcmp(name, "fairness") == 0;
    const int before_scale = with_threads ? 3 : 2;
    if (argc < before_scale || argc > before_scale + 1) return wrong_usage();
    const unsigned scale = argc > before_scale ? number(argv[before_scale], most) : 100;
    return with_threads ? run_threads(name, number(argv[2], TEAM_MOST), scale) : run_pattern(name, scale);
}
