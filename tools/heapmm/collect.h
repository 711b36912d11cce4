/* collect.h: what `heapmm record` does while programs run: finds their sessions, reads them, and writes a trace of each.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_COLLECT_H
#define HEAPMM_TOOLS_COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../record/session.h"

typedef struct recorded recorded;

typedef struct collection {
    const char *directory; /* of sessions */
    const char *file;      /* of the first process's trace */
    pid_t first;
    bool first_has_trace;
    int verbosity;       /* -1: says nothing of traces; 0: of the first; 1: of all */
    recorded **sessions; /* those that are being read */
    size_t count;
    size_t room;
    uint64_t traces; /* begun so far */
    uint64_t others; /* finished, that are not in `file` */
    uint64_t events_of_others;
    bool failed; /* a trace could not be written, or a process has none */
    bool blind;  /* the directory could not be looked at */
} collection;

/* Looks for new sessions. */
void collect_find(collection *c);

/* Reads what there is. Returns whether there is much already again. */
bool collect_read(collection *c);

/* Waits for so many milliseconds, or until a process ends; finishes the traces of those that have ended. */
void collect_wait(collection *c, int milliseconds);

/* Finishes all traces. */
void collect_end(collection *c);

#endif
