/* history.h: every block of a trace, from its first event to its last: what a report's page draws a moment's heap from.
 *
 * SPDX-License-Identifier: MIT
 *
 * A block that is resized begins a new life, at the same place or another. Where there are more lives than memory or a page can hold, those
 * that were shortest are left out, and if that is not enough, the smallest blocks. */
#ifndef HEAPMM_TOOLS_HISTORY_H
#define HEAPMM_TOOLS_HISTORY_H

#include "step.h"

#define NO_DEATH UINT64_MAX
#define NO_ADDRESS UINT64_MAX

typedef struct life {
    uint64_t birth;    /* how many events were before the one in which it began */
    uint64_t death;    /* the same of the one in which it ended; NO_DEATH: it is there in the end */
    uint64_t since;    /* the same of the one in which the block began, before it was resized */
    uint64_t size;     /* asked for */
    uint64_t address;  /* in the trace */
    uint64_t replayed; /* in the arena of the replay; NO_ADDRESS: it had none */
    uint32_t thread;   /* in which the block began */
} life;

typedef struct history {
    life *lives; /* by birth */
    size_t count, room;
    size_t most;       /* of them, that are kept */
    uint32_t *current; /* the life of each slot */
    size_t slots;
    uint64_t shortest; /* lives of fewer events were left out; 1: none */
    uint64_t smallest; /* blocks of fewer bytes were left out; 0: none */
    uint64_t left_out;
} history;

/* Begins. slots: as steps.slots in the end. False: no memory. */
bool history_begin(history *h, uint64_t slots, size_t most);

/* Takes the step of the event before which there were `number`. replayed: where its block is now in the replay. False: no memory. */
bool history_take(history *h, const step *s, const hmm_trace_event *event, uint64_t number, uint64_t replayed);

/* Leaves out more, a good part of what there is. */
void history_thin(history *h);

/* Leaves out what came before it was known how much there is. */
void history_finish(history *h);

void history_free(history *h);

#endif
