/* order.h: one order of the events of all threads.
 *
 * SPDX-License-Identifier: MIT
 *
 * Events come in the order of their numbers (session.h), which is right but for realloc. A realloc that had number n, and was done when
 * `before` was next, happened somewhere between the two; it frees a block and allocates another. Events of other threads in between
 * may have freed the memory of the new block, or have got that of the old one. They free first and get later: the realloc took its new
 * block before it let go of the old one. So the realloc is put before the first event that gets the old block's address, or, if there
 * is none, at its end; then all frees of the new block's address are before it. */
#ifndef HEAPMM_TOOLS_ORDER_H
#define HEAPMM_TOOLS_ORDER_H

#include <stddef.h>

#include "heapmm/trace.h"

/* A realloc that is not yet placed. */
typedef struct waiting {
    hmm_trace_event event;
    uint64_t before;
} waiting;

typedef struct order {
    void (*give)(void *context, const hmm_trace_event *event);
    void *context;
    waiting *waiting;
    size_t count; /* at most as many as there are threads */
    size_t room;
} order;

/* Takes the event with this number, and gives all that are placed now. before: of a realloc; 0 for others. */
void order_take(order *o, uint64_t number, const hmm_trace_event *event, uint64_t before);

/* No more events come: gives those that wait. */
void order_end(order *o);

#endif
