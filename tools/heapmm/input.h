/* input.h: reading a trace for a command, which says what is wrong with it as it comes to it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_INPUT_H
#define HEAPMM_TOOLS_INPUT_H

#include <stdbool.h>

#include "heapmm/trace.h"

typedef struct input {
    hmm_trace_reader *reader;
    const char *path;
    uint64_t events;  /* read */
    uint64_t time;    /* of the last one */
    uint64_t missing; /* events that are known to be missing */
    uint64_t gaps;    /* places at which they are */
    uint64_t damaged; /* places that are damaged */
    bool whole;       /* nothing was wrong so far */
    bool failed;      /* it could not be read to its end */
    bool is_quiet;    /* may be set: what is missing or damaged was said when it was read before */
} input;

/* Opens a trace; "-" is standard input. False, and it was said why. */
bool input_open(input *in, const char *path);

/* Reads the next event. What is missing or damaged is said, and passed over. False at the end; then failed may be set. */
bool input_next(input *in, hmm_trace_event *event);

void input_close(input *in);

/* What the trace says of itself; the text `otherwise` if it does not. */
const char *input_about(const input *in, const char *name, const char *otherwise);

#endif
