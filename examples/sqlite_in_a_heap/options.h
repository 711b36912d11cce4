/* options.h: the command line of sqlite_in_a_heap.
 *
 * SPDX-License-Identifier: MIT */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LARGEST_HEAP_MIB 512
#define LARGEST_ROWS 10000000

struct options {
    size_t heap_bytes;
    uint64_t rows;
    uint64_t seed;
    unsigned rounds;     /* of timing */
    size_t search_bytes; /* step of the search for the smallest heap */
    bool search;
};

enum options_result { OPTIONS_RUN, OPTIONS_HELP, OPTIONS_WRONG };

/* OPTIONS_HELP: the help was printed. OPTIONS_WRONG: the mistake was. */
enum options_result options_read(struct options *options, int argc, char **argv);

#endif
