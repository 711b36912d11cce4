/* survey.h: a trace followed event by event: how much there was when, and every block with its addresses.
 *
 * SPDX-License-Identifier: MIT
 *
 * It is the second time that the trace is read. Beside it, it is replayed on one heap of heapmm's, whose addresses are noted as well. */
#ifndef HEAPMM_TOOLS_SURVEY_H
#define HEAPMM_TOOLS_SURVEY_H

#include "axis.h"
#include "footprint.h"
#include "history.h"
#include "input.h"
#include "player.h"
#include "replay.h"

/* How things stood after so many events. */
typedef struct moment {
    uint64_t events;
    uint64_t time; /* since the first event */
    uint64_t live; /* bytes that the blocks asked for */
    uint64_t most; /* the same, at most, since the moment before */
    uint64_t blocks;
    uint64_t pages; /* bytes of the pages in which the blocks lie */
} moment;

typedef struct survey {
    moment *moments; /* the first one is before all events */
    size_t moment_count;
    uint64_t *clock; /* the time of each event whose number is a multiple of clock_step, and of the last one */
    size_t clock_count;
    uint64_t clock_step;
    history history;
    axis recorded, replayed;
    const allocator *on; /* on which it was replayed; NULL: on none */
    bool is_whole;       /* nothing of the trace is missing */
    uint64_t missing, damaged;
    hmm_trace_fault end; /* why there was no more */
} survey;

/* Looks at a trace that was read before, at so many moments, evenly over the events. on: NULL, or an allocator that takes an arena. in: the
 * trace, opened. False: no memory, or the trace is not what it was, and it was said. */
bool survey_make(survey *s, const replay_trace *trace, uint64_t moments, const allocator *on, input *in);

void survey_free(survey *s);

#endif
