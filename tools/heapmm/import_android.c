/* import_android.c: the traces of Android's memory_replay, as text.
 *
 * SPDX-License-Identifier: MIT
 *
 *     186: malloc 0xb6038060 20
 *     186: calloc 0xb609f080 32 4
 *     186: realloc 0xb609f080 0xb603e9a0 12        the new address, the old one, the size
 *     186: memalign 0xae42d080 16 104              the alignment, the size
 *     186: free 0xb6038060
 *     187: thread_done 0x0
 *
 * Behind these, newer versions write when the call began and ended, in nanoseconds. */
#include <stdlib.h>
#include <string.h>

#include "import.h"

/* Time of an event in a trace that has none. */
enum { STEP = 1000 };

/* The numbers behind the name of the call. */
enum { MOST_NUMBERS = 5 };

typedef struct call {
    const char *name;
    hmm_trace_kind kind;
    size_t numbers; /* that belong to it */
} call;

static const call calls[] = {{"malloc", HMM_TRACE_MALLOC, 2},
                             {"calloc", HMM_TRACE_CALLOC, 3},
                             {"realloc", HMM_TRACE_REALLOC, 3},
                             {"memalign", HMM_TRACE_ALIGNED_ALLOC, 3},
                             {"free", HMM_TRACE_FREE, 1}};

static const call *call_named(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strlen(calls[i].name) == length && strncmp(calls[i].name, name, length) == 0) return &calls[i];
    return NULL;
}

static hmm_trace_event event_of(const call *c, const uint64_t *numbers) {
    hmm_trace_event event = {.kind = c->kind, .address = numbers[0]};
    switch (c->kind) {
    case HMM_TRACE_MALLOC: event.size = numbers[1]; break;
    case HMM_TRACE_CALLOC: event.size = import_product(numbers[1], numbers[2]); break;
    case HMM_TRACE_ALIGNED_ALLOC:
        event.alignment = numbers[1];
        event.size = numbers[2];
        break;
    case HMM_TRACE_REALLOC:
        event.old_address = numbers[1];
        event.size = numbers[2];
        break;
    default:
        event.old_address = numbers[0];
        event.address = 0;
        break;
    }
    event.failed = event.kind != HMM_TRACE_FREE && event.address == 0;
    return event;
}

static void set_time(import *i, const call *c, const uint64_t *numbers, size_t count) {
    static uint64_t first;
    if (i->events == 0) first = count > c->numbers ? numbers[c->numbers] : 0;
    if (count <= c->numbers)
        i->time += STEP;
    else if (numbers[c->numbers] >= first)
        i->time = numbers[c->numbers] - first;
}

static import_line take(import *i, char *line) {
    uint64_t thread, numbers[MOST_NUMBERS] = {0};
    size_t count = 0;
    if (!import_number(&line, 10, &thread) || *line++ != ':') return LINE_WRONG;
    line += strspn(line, " ");
    const size_t length = strcspn(line, " ");
    const call *c = call_named(line, length);
    if (c == NULL) return strncmp(line, "thread_done", length) == 0 && length > 0 ? LINE_USED : LINE_WRONG;
    line += length;
    while (count < MOST_NUMBERS && import_number(&line, 0, &numbers[count])) count++;
    if (count < c->numbers || line[strspn(line, " \r")] != '\0') return LINE_WRONG;
    hmm_trace_event event = event_of(c, numbers);
    if (event.kind == HMM_TRACE_FREE && event.old_address == 0) return LINE_USED;
    if (event.kind == HMM_TRACE_REALLOC && event.failed && event.size == 0 && event.old_address != 0)
        event = (hmm_trace_event){.kind = HMM_TRACE_FREE, .old_address = event.old_address};
    event.thread = import_thread(i, thread);
    set_time(i, c, numbers, count);
    return import_put(i, &event);
}

static bool fits(const char *line) {
    const size_t digits = strspn(line, "0123456789");
    return digits > 0 && strncmp(line + digits, ": ", 2) == 0;
}

static void end(import *i) {
    (void)i;
}

const import_format import_android = {"android", fits, take, end};
