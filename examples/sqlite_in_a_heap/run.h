/* run.h: one run of the workload on one of the two memories, and what was seen of the heap.
 *
 * SPDX-License-Identifier: MIT */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heapmm/heap.h"
#include "picture.h"
#include "workload.h"

/* What is the same in every run. */
struct setting {
    void *memory; /* for heaps; large enough for the largest */
    uint64_t rows, seed;
    uint64_t ticks; /* of a complete run: for the progress bar; estimated at first, counted by every complete run */
};

/* The heap while the database is still open, or when it is closed and SQLite shut down. */
struct heap_state {
    hmm_heap_statistics stats;
    hmm_fault fault; /* of the full check: code HMM_OK if the heap is sound */
    double check_seconds;
};

struct heap_run {
    size_t bytes; /* of the heap */
    struct answers answers;
    struct heap_state open, closed;
    int64_t sqlite_peak, sqlite_largest; /* SQLite's own count: most bytes at once, largest request */
};

/* Runs on the system's malloc. */
void run_on_malloc(struct setting *setting, const char *label, struct answers *answers);

/* Runs on a heap of `bytes` bytes. picture: NULL, or receives the heap when it is fullest, to within 1 %; that takes time. */
void run_on_heap(struct setting *setting, const char *label, size_t bytes, struct picture *picture, struct heap_run *run);

/* NULL if the heap was sound while the database was open and after, the database could be closed, and nothing was left in the
 * heap; else what is wrong, in words. */
const char *run_complaint(const struct heap_run *run);

/* The step that failed, or the opening of the database. Only for answers that did fail. */
const char *run_failed_step(const struct answers *answers);

#endif
