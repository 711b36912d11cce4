/* session.h: what a replay and the process in which it happens share.
 *
 * SPDX-License-Identifier: MIT
 *
 * Steps come through a pipe, in batches; what has come of them stands in memory that both see, so that it is there when the allocator
 * has killed the process. */
#ifndef HEAPMM_TOOLS_SESSION_H
#define HEAPMM_TOOLS_SESSION_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "step.h"

/* File descriptors of the worker; and the argument of `heapmm replay` by which it is one. */
enum { SESSION_STEPS = 0, SESSION_MEMORY = 3 };
#define SESSION_WORKER "--worker"

/* Most steps of a batch, and of a window: see crew.h. */
enum { SESSION_BATCH = 4096, SESSION_WINDOW = 1 << 18 };

/* What is to be done behind a batch. */
enum {
    SESSION_LOOK = 1,   /* memory is measured: the most bytes are live here */
    SESSION_SAMPLE = 2, /* a sample is taken, for which memory is measured, too */
    SESSION_WINDOW_ENDS = 4
};

/* Begins a batch. */
typedef struct session_batch {
    uint32_t count;
    uint32_t then; /* of these, those that are to be done */
} session_batch;

/* How an allocator stood after some step. */
typedef struct session_sample {
    uint64_t played; /* steps */
    uint64_t live;   /* bytes that the blocks asked for */
    uint64_t memory; /* of an arena what is lent; else by how much the process has grown */
    uint64_t free;   /* of an arena, if it is known: free bytes, and the largest free block */
    uint64_t largest;
} session_sample;

typedef enum session_state {
    SESSION_BEGUN,
    SESSION_UNUSABLE, /* the allocator could not begin */
    SESSION_BROKEN,   /* it did what it must not do */
    SESSION_FINISHED
} session_state;

typedef struct session {
    /* Said by heapmm replay. */
    char name[PATH_MAX];    /* of the allocator */
    char library[PATH_MAX]; /* that malloc must come from; "" if it does not matter */
    uint64_t slots, capacity, arena;
    uint64_t threads; /* that play, each what one of the trace did; 0: one plays all, in order */
    bool verifies;
    bool counts; /* instructions, if that can be */
    uint64_t sample_room;

    /* Said by the worker. */
    session_state state;
    char text[256]; /* what is wrong */
    uint64_t played, live, peak, curve, failures, first_failure;
    uint64_t nanoseconds;  /* of processor time, for all steps */
    uint64_t wall;         /* nanoseconds that passed meanwhile */
    uint64_t instructions; /* of the processor, outside of the system; 0: not known */
    uint64_t memory;       /* the most, see session_sample */
    uint64_t samples;
    session_sample sample[];
} session;

static inline size_t session_bytes(uint64_t samples) {
    return sizeof(session) + (size_t)samples * sizeof(session_sample);
}

#endif
