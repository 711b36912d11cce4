/* Where the configuration that heapmm.h shows is compiled and used, beside the default one.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static jmp_buf failed;

#define HMM_CNFG_HEADER "sample.h"
#include "several.h"

#include "heapmm_impl.h"

#include "expect.h"

static void before_sample(void) {
    static int chunk[300];
    static my_descriptor heap;
    static hmm_descriptor other;
    hmm_init(&other);
    EXPECT(hmm_largest_available(&other) == 0);
    my_init(&heap);
    my_new_chunk(&heap, chunk, 100);
    if (setjmp(failed) == 0) {
        void *p = my_alloc(&heap, 10);
        EXPECT(my_true_size(p) >= 10);
        my_free(&heap, p);
        my_free(&heap, p);
        EXPECT(!"the second free was found");
    }
}

/* SAMPLES */
