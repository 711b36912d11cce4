/* make_trace.c: writes a trace to a file, and says what is in it.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "trace.h"

int main(int argc, char **argv) {
    struct trace t;
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: make_trace KIND FILE [SEED]\n");
        return 2;
    }
    if (!trace_make(&t, argv[1], argc == 4 ? strtol(argv[3], NULL, 0) : TRACE_NO_SEED)) {
        fprintf(stderr, "make_trace: no kind %s; there are mcu, uniform, small, mixed, phase and resize\n", argv[1]);
        return 2;
    }
    if (!trace_write(&t, argv[2])) {
        perror(argv[2]);
        return EXIT_FAILURE;
    }
    printf("%s: %zu operations, %u slots, steady from %u, %llu bytes live at most, checksum %016llx\n", argv[2], t.count,
           (unsigned)t.slots, (unsigned)t.steady_from, (unsigned long long)t.peak, (unsigned long long)trace_checksum(&t));
    trace_end(&t);
    return EXIT_SUCCESS;
}
