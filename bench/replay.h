/* replay.h: runs a trace on a subject.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_BENCH_REPLAY_H
#define HMM_BENCH_REPLAY_H

#include "subject.h"
#include "trace.h"

struct replay {
    const struct subject *subject;
    void *heap;
    void **slot; /* the blocks */
};

/* Memory of which only what is touched exists; aligned to a page. Ends the program if there is none. */
void *arena_of(size_t bytes);

/* Twice the peak: where an operation is measured that is not to be short of space. */
size_t replay_arena_bytes(const struct trace *t);

/* false: the subject cannot be created in so many bytes. */
bool replay_begin(struct replay *r, const struct subject *subject, const struct trace *t, void *memory, size_t bytes);
void replay_end(struct replay *r);

/* Runs operations from .. to - 1. Returns the first one that failed, or `to`. */
size_t replay_part(struct replay *r, const struct trace *t, size_t from, size_t to);

/* The same under a name of its own, for tools that measure one function. */
size_t replay_steady(struct replay *r, const struct trace *t, size_t from, size_t to);

/* The smallest arena, a multiple of 64 bytes, in which the subject completes the trace; *control: what of it is not blocks.
 * Whether larger ones do too is not looked at: a search by halving. 0: none up to 16 times the peak. */
size_t replay_smallest_arena(const struct subject *subject, const struct trace *t, size_t *control);

#endif
