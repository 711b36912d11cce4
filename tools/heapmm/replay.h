/* replay.h: replays a trace on an allocator, in a fresh process.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_REPLAY_H
#define HEAPMM_TOOLS_REPLAY_H

#include "session.h"
#include "statistics.h"

/* What is known of a trace when it has been read once. */
typedef struct replay_trace {
    const char *path;
    uint64_t events;
    uint64_t slots; /* as many blocks at once, at most */
    uint64_t peak_blocks;
    uint64_t peak_bytes;
    uint64_t peak_event; /* so many events until then, the first time */
    uint64_t end_bytes;  /* live in the end */
    uint64_t threads;
    uint64_t curve; /* of live bytes, see player.h */
} replay_trace;

/* What is asked of a replay. */
typedef struct replay_wish {
    uint64_t arena;   /* bytes; 0: as many as are needed */
    uint64_t samples; /* so many, evenly over the events; at most as many as there are events */
    bool verifies;
    bool counts;        /* instructions, where the system can */
    bool is_concurrent; /* each thread of the trace by one of its own; then samples are as many as there are windows, at most */
} replay_wish;

/* Reads a trace for the first time. False, and it was said why. */
bool replay_read(replay_trace *trace, const char *path);

/* The same, and what it comes to is counted in s, which is all zero and is to be given to statistics_free. */
bool replay_count(replay_trace *trace, const char *path, statistics *s);

/* Bytes that blocks of heapmm need for the trace, about. */
uint64_t replay_capacity(const replay_trace *trace);

/* Replays it on the allocator of that name, or the malloc of the library at that path. Returns what came of it, to be given to
 * replay_free; NULL: that could not be found out, and it was said why. */
session *replay_run(const replay_trace *trace, const char *name, const replay_wish *wish);

void replay_free(session *s);

#endif
