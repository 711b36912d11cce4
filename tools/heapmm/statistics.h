/* statistics.h: what a trace comes to, counted event by event.
 *
 * SPDX-License-Identifier: MIT
 *
 * Memory: for each block that is allocated at the moment, and for each thread. Bytes are those asked for. */
#ifndef HEAPMM_TOOLS_STATISTICS_H
#define HEAPMM_TOOLS_STATISTICS_H

#include <stdbool.h>

#include "heapmm/trace.h"

#include "blocks.h"

/* Sizes: class 0 is 0 bytes, class n is from 2^(n-1) to 2^n - 1. */
enum { SIZE_CLASSES = 65 };

/* Lifetimes: class 0 is below 1 microsecond, each further one is ten times as long; the last one has no end. */
enum { LIFETIME_CLASSES = 10 };

/* Threads that are counted one by one; those with higher numbers are counted as one. */
enum { MOST_THREADS = 4096 };

enum { KINDS = HMM_TRACE_FREE + 1 };

typedef struct size_class {
    uint64_t allocations; /* blocks that got this size, by any call */
    uint64_t bytes;       /* in all of these */
    uint64_t live;        /* blocks */
    uint64_t live_bytes;
    uint64_t peak_bytes; /* most live bytes of the class */
} size_class;

typedef struct lifetime_class {
    uint64_t blocks;
    uint64_t bytes;
} lifetime_class;

typedef struct thread_row {
    uint64_t allocations;
    uint64_t bytes;
    uint64_t frees;
    uint64_t foreign_frees; /* of blocks that another thread allocated */
} thread_row;

typedef struct statistics {
    uint64_t events;
    uint64_t calls[KINDS];
    uint64_t failures[KINDS];
    uint64_t first_time, last_time;
    uint64_t allocations; /* blocks that came to be; a realloc of a block makes none */
    uint64_t bytes;       /* asked for by all calls that succeeded */
    uint64_t live, live_bytes;
    uint64_t peak_bytes, peak_bytes_blocks, peak_bytes_time, peak_bytes_sequence;
    uint64_t peak_blocks;
    uint64_t foreign_frees;
    uint64_t unmatched_frees;    /* of blocks that the trace does not know */
    uint64_t unmatched_reallocs; /* the same */
    uint64_t doubles;            /* a block was allocated where one is */
    struct {
        uint64_t in_place, moved;
        uint64_t grown, shrunk, same;
        uint64_t bytes_grown; /* added by all that grew */
        uint64_t bytes_moved; /* that were copied, at least */
    } realloc;
    size_class sizes[SIZE_CLASSES];
    lifetime_class lifetimes[LIFETIME_CLASSES];
    thread_row *threads; /* the last row is that of all further ones */
    size_t thread_rows;
    blocks blocks;
} statistics;

/* Which class a size belongs to. 100 => 7 */
unsigned statistics_size_class(uint64_t size);

/* Counts an event. False: no memory. */
bool statistics_count(statistics *s, const hmm_trace_event *event);

void statistics_free(statistics *s);

#endif
