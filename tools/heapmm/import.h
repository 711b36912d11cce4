/* import.h: making a trace of the lines of another tool.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_IMPORT_H
#define HEAPMM_TOOLS_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "heapmm/trace.h"

#include "blocks.h"

/* What became of a line. */
typedef enum import_line {
    LINE_USED,    /* or it has nothing to do with allocation */
    LINE_WRONG,   /* it is not understood */
    LINE_NOWHERE, /* it is understood, and does not say where the block is */
    LINE_FAILED   /* no memory, or the trace cannot be written */
} import_line;

typedef struct import {
    hmm_trace_writer *writer;
    uint64_t time; /* of the next event, nanoseconds */
    uint64_t events;
    blocks threads; /* by their numbers there, plus 1: the size is the number here */
    void *own;      /* of the format */
} import;

/* A format. */
typedef struct import_format {
    const char *name;

    /* Whether a line, one of the first in a file, is of this format. */
    bool (*fits)(const char *line);

    /* Makes events of a line, which it may change. */
    import_line (*take)(import *i, char *line);

    /* Frees import->own. */
    void (*end)(import *i);
} import_format;

extern const import_format import_heaptrack, import_ltrace, import_android;

/* Writes an event at import->time. */
import_line import_put(import *i, const hmm_trace_event *event);

/* The number here of a thread with any number. */
uint32_t import_thread(import *i, uint64_t thread);

/* Takes a number from a text, and moves behind it. base 0: as in C. False: there is none. */
bool import_number(char **text, int base, uint64_t *number);

/* count * size, or UINT64_MAX. */
uint64_t import_product(uint64_t count, uint64_t size);

#endif
