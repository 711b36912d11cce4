/* options.c: see options.h.
 *
 * SPDX-License-Identifier: MIT */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB ((size_t)1024 * 1024)

static const struct options defaults = {
    .heap_bytes = 64 * MIB,
    .rows = 200000,
    .seed = 1,
    .rounds = 2,
    .search_bytes = 64 * 1024,
    .search = true,
};

static void print_help(const char *program) {
    printf("Usage: %s [OPTION]...\n"
           "Runs SQLite wholly inside one heap of a fixed size, compares every answer with the same run on the system's malloc,\n"
           "shows the heap, and looks for the smallest heap that is enough.\n"
           "\n"
           "  -s, --size MIB     size of the heap, 1 to %d (%zu)\n"
           "  -r, --rows N       rows of the largest table, 1 to %d (%" PRIu64 ")\n"
           "  -n, --rounds N     time each side N times in turn and take the best, 1 to 100 (%u)\n"
           "  -t, --step KIB     the smallest heap is found to this many KiB, 64 to 65536 (%zu)\n"
           "      --no-search    do not look for the smallest heap\n"
           "      --seed N       the data depends on this number (%" PRIu64 ")\n"
           "  -h, --help         this text\n"
           "\n"
           "Examples:\n"
           "  %s                               the whole demonstration\n"
           "  %s --rows 5000 --size 8          a small one, in a second\n"
           "  %s --rows 1000000 --size 512 --no-search\n"
           "\n"
           "Exit status: 0 all answers are the same and the heap was sound throughout; 1 something differed or failed;\n"
           "2 wrong options.\n",
           program, LARGEST_HEAP_MIB, defaults.heap_bytes / MIB, LARGEST_ROWS, defaults.rows, defaults.rounds,
           defaults.search_bytes / 1024, defaults.seed, program, program, program);
}

/* Reads a whole number from `least` to `most`; says what is wrong otherwise. */
static bool read_number(const char *option, const char *text, uint64_t least, uint64_t most, uint64_t *number) {
    char *end = NULL;
    errno = 0;
    *number = strtoull(text, &end, 10);
    /* strtoull alone would take "-1" and " 1" too. */
    if (isdigit((unsigned char)text[0]) && *end == '\0' && errno == 0 && *number >= least && *number <= most) return true;
    fprintf(stderr, "sqlite_in_a_heap: --%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%s\". See --help\n", option,
            least, most, text);
    return false;
}

static bool read_option(struct options *options, int letter, const char *text) {
    uint64_t number = 0;
    switch (letter) {
    case 's':
        if (!read_number("size", text, 1, LARGEST_HEAP_MIB, &number)) return false;
        options->heap_bytes = (size_t)number * MIB;
        return true;
    case 'r': return read_number("rows", text, 1, LARGEST_ROWS, &options->rows);
    case 'n':
        if (!read_number("rounds", text, 1, 100, &number)) return false;
        options->rounds = (unsigned)number;
        return true;
    case 't':
        if (!read_number("step", text, 64, 65536, &number)) return false;
        options->search_bytes = (size_t)number * 1024;
        return true;
    case 'e': return read_number("seed", text, 0, UINT64_MAX, &options->seed);
    case 'x': options->search = false; return true;
    default: fprintf(stderr, "sqlite_in_a_heap: see --help\n"); return false;
    }
}

enum options_result options_read(struct options *options, int argc, char **argv) {
    static const struct option names[] = {
        {"size", required_argument, NULL, 's'},   {"rows", required_argument, NULL, 'r'},
        {"rounds", required_argument, NULL, 'n'}, {"step", required_argument, NULL, 't'},
        {"no-search", no_argument, NULL, 'x'},    {"seed", required_argument, NULL, 'e'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
    };
    int letter;
    *options = defaults;
    while ((letter = getopt_long(argc, argv, "s:r:n:t:h", names, NULL)) != -1) {
        if (letter == 'h') {
            print_help(argv[0]);
            return OPTIONS_HELP;
        }
        if (!read_option(options, letter, optarg)) return OPTIONS_WRONG;
    }
    if (optind == argc) return OPTIONS_RUN;
    fprintf(stderr, "sqlite_in_a_heap: what is \"%s\"? See --help\n", argv[optind]);
    return OPTIONS_WRONG;
}
