/* step.h: events as steps of a replay: the blocks of a trace are known by its addresses, those of a replay by their slots.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each event is one step. Slots are numbers from 0 on; that of a block which was freed is used again, so there are no more of them than
 * blocks were live at once. What the trace does not know or did not get is no step: a free of an unknown block, a call that failed.
 * Live bytes after each step are those that statistics.h counts. */
#ifndef HEAPMM_TOOLS_STEP_H
#define HEAPMM_TOOLS_STEP_H

#include "heapmm/trace.h"

#include "blocks.h"

typedef enum step_kind { STEP_NOTHING, STEP_ALLOC, STEP_ZEROED, STEP_ALIGNED, STEP_REALLOC, STEP_FREE } step_kind;

#define NO_SLOT UINT32_MAX

typedef struct step {
    uint64_t size;
    uint32_t slot;
    uint32_t ended;         /* a block whose free is missing, since there is another now: to be freed before; or NO_SLOT */
    uint8_t kind;           /* a step_kind */
    uint8_t alignment_bits; /* of STEP_ALIGNED: 2^n bytes */
} step;

/* All zero: no event was read. */
typedef struct steps {
    blocks blocks; /* a block's sequence is its slot */
    uint32_t *spare;
    size_t spares, room;
    uint32_t slots; /* so many were needed so far */
} steps;

/* Makes the step of the next event. False: no memory. */
bool steps_make(steps *s, const hmm_trace_event *event, step *made);

void steps_free(steps *s);

#endif
