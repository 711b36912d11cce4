/* step.h: events as steps of a replay: the blocks of a trace are known by its addresses, those of a replay by their slots.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each event is one step. Slots are numbers from 0 on; that of a block which was freed is used again, so there are no more of them than
 * blocks were live at once. What the trace does not know or did not get is no step: a free of an unknown block, a call that failed.
 * Live bytes after each step are those that statistics.h counts.
 *
 * In a concurrent replay the steps of each thread are played in their order, and those on each slot in the order of their turns, and
 * that is all the order there is. So that no thread waits for a block to be freed only since another is to have its slot, slots rest
 * until steps_rest. */
#ifndef HEAPMM_TOOLS_STEP_H
#define HEAPMM_TOOLS_STEP_H

#include <stdbool.h>

#include "heapmm/trace.h"

#include "blocks.h"

typedef enum step_kind { STEP_NOTHING, STEP_ALLOC, STEP_ZEROED, STEP_ALIGNED, STEP_REALLOC, STEP_FREE } step_kind;

#define NO_SLOT UINT32_MAX

/* Most threads: those with higher numbers share. */
enum { STEP_THREADS = 1024 };

typedef struct step {
    uint64_t size;
    uint32_t slot;
    uint32_t ended;         /* a block whose free is missing, since there is another now: to be freed before; or NO_SLOT */
    uint32_t turn;          /* of a concurrent replay: so many steps on the slot come before */
    uint16_t thread;        /* the same: which one plays it */
    uint8_t kind;           /* a step_kind */
    uint8_t alignment_bits; /* of STEP_ALIGNED: 2^n bytes */
} step;

/* All zero: no event was read. */
typedef struct steps {
    blocks blocks; /* a block's sequence is its slot */
    uint32_t *spare;
    size_t spares, room;
    uint32_t slots; /* so many were needed so far */

    bool is_concurrent;  /* may be set at the beginning */
    size_t resting;      /* so many of the spare ones, the last, are not used yet */
    uint32_t *turns;     /* by slot */
    uint32_t ended_turn; /* of the last step's `ended` */
} steps;

/* Makes the step of the next event. False: no memory. */
bool steps_make(steps *s, const hmm_trace_event *event, step *made);

/* All steps so far will have been played before any further one. */
void steps_rest(steps *s);

void steps_free(steps *s);

#endif
