/* Where the samples of heapmm/trace.h run: in a directory with a trace of one event, app.hmt.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "heapmm/trace.h"

#include "expect.h"

static unsigned long count;

static void before_sample(void) {
    const hmm_trace_event event = {.kind = HMM_TRACE_MALLOC, .size = 100, .address = 0x1000};
    hmm_trace_writer *writer = hmm_trace_writer_open("app.hmt", NULL);
    EXPECT(writer != NULL && hmm_trace_writer_put(writer, &event) == HMM_TRACE_OK);
    EXPECT(hmm_trace_writer_close(writer) == HMM_TRACE_OK);
    count = 0;
}

/* SAMPLES */
