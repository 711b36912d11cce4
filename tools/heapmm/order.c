/* order.c: see order.h.
 *
 * SPDX-License-Identifier: MIT */
#include "order.h"

#include <stdlib.h>
#include <string.h>

static void place_those_of(order *o, uint64_t address);

static waiting take_out(order *o, size_t index) {
    const waiting taken = o->waiting[index];
    o->count--;
    memmove(o->waiting + index, o->waiting + index + 1, (o->count - index) * sizeof *o->waiting);
    return taken;
}

/* Whatever lets go of the address that the event gets comes first. */
static void place(order *o, const hmm_trace_event *event) {
    if (event->address != 0) place_those_of(o, event->address);
    o->give(o->context, event);
}

static void place_those_of(order *o, uint64_t address) {
    for (size_t i = 0; i < o->count; i++) {
        if (o->waiting[i].event.old_address != address) continue;
        const waiting found = take_out(o, i);
        place(o, &found.event);
        i = (size_t)-1; /* others may have gone with it */
    }
}

static void place_those_done(order *o, uint64_t number) {
    for (size_t i = 0; i < o->count;) {
        if (o->waiting[i].before > number) {
            i++;
            continue;
        }
        const waiting found = take_out(o, i);
        place(o, &found.event);
        i = 0;
    }
}

/* Without memory, the realloc is placed at once: then the order may be wrong, and nothing is lost. */
static void wait_for_place(order *o, const hmm_trace_event *event, uint64_t before) {
    if (o->count == o->room) {
        const size_t room = o->room == 0 ? 16 : 2 * o->room;
        waiting *larger = realloc(o->waiting, room * sizeof *larger);
        if (larger == NULL) {
            place(o, event);
            return;
        }
        o->waiting = larger;
        o->room = room;
    }
    o->waiting[o->count++] = (waiting){*event, before};
}

void order_take(order *o, uint64_t number, const hmm_trace_event *event, uint64_t before) {
    if (o->count > 0) place_those_done(o, number);
    if (event->kind == HMM_TRACE_REALLOC && before > number + 1)
        wait_for_place(o, event, before);
    else
        place(o, event);
}

void order_end(order *o) {
    place_those_done(o, UINT64_MAX);
    free(o->waiting);
    o->waiting = NULL;
    o->room = 0;
}
