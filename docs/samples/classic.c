/* Where the samples of heapmm.h run.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "heapmm.h"

#include "expect.h"

static hmm_descriptor heap; /* free blocks p[0], p[1], p[2] of 10, 20 and 30 AAUs, allocated ones of 6 between; u is the last */
static void *p[3], *u;

static void before_sample(void) {
    enum { HEAD = 4, BETWEEN = 2 * (6 + HEAD) };
    static int chunk[10 + 20 + 30 + 3 * HEAD + BETWEEN + HEAD];
    hmm_init(&heap);
    hmm_new_chunk(&heap, chunk, sizeof chunk / sizeof *chunk);
    for (size_t i = 0; i < 3; i++) {
        p[i] = hmm_alloc(&heap, 10 * (i + 1));
        if (i < 2) u = hmm_alloc(&heap, 6);
    }
    for (size_t i = 0; i < 3; i++) hmm_free(&heap, p[i]);
}

/* SAMPLES */
