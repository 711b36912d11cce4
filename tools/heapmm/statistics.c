/* statistics.c: see statistics.h.
 *
 * SPDX-License-Identifier: MIT */
#include "statistics.h"

#include <stdlib.h>
#include <string.h>

unsigned statistics_size_class(uint64_t size) {
    unsigned class = 0;
    for (; size != 0; size >>= 1) class ++;
    return class;
}

static unsigned lifetime_class_of(uint64_t nanoseconds) {
    unsigned class = 0;
    for (nanoseconds /= 1000; nanoseconds != 0 && class + 1 < LIFETIME_CLASSES; nanoseconds /= 10) class ++;
    return class;
}

/* ---- Threads ------------------------------------------------------------------------------------------------------------- */

static thread_row *row_of(statistics *s, uint32_t thread) {
    const size_t index = thread < MOST_THREADS ? thread : MOST_THREADS;
    if (index >= s->thread_rows) {
        thread_row *larger = realloc(s->threads, (index + 1) * sizeof *larger);
        if (larger == NULL) return NULL;
        memset(larger + s->thread_rows, 0, (index + 1 - s->thread_rows) * sizeof *larger);
        s->threads = larger;
        s->thread_rows = index + 1;
    }
    return &s->threads[index];
}

/* ---- Blocks that come and go --------------------------------------------------------------------------------------------- */

static void note_peak(statistics *s, const hmm_trace_event *event) {
    if (s->live > s->peak_blocks) s->peak_blocks = s->live;
    if (s->live_bytes <= s->peak_bytes) return;
    s->peak_bytes = s->live_bytes;
    s->peak_bytes_blocks = s->live;
    s->peak_bytes_time = event->time;
    s->peak_bytes_sequence = event->sequence;
}

static void enter_class(statistics *s, uint64_t size) {
    size_class *class = &s->sizes[statistics_size_class(size)];
    class->allocations++;
    class->bytes += size;
    class->live++;
    class->live_bytes += size;
    if (class->live_bytes > class->peak_bytes) class->peak_bytes = class->live_bytes;
    s->live_bytes += size;
    s->bytes += size;
}

static void leave_class(statistics *s, uint64_t size) {
    size_class *class = &s->sizes[statistics_size_class(size)];
    class->live--;
    class->live_bytes -= size;
    s->live_bytes -= size;
}

/* The block is no more. */
static void end_block(statistics *s, block *ended, const hmm_trace_event *event) {
    lifetime_class *class = &s->lifetimes[lifetime_class_of(event->time - ended->time)];
    class->blocks++;
    class->bytes += ended->size;
    leave_class(s, ended->size);
    s->live--;
    blocks_remove(&s->blocks, ended);
}

/* Where a block is already, its free is missing. */
static bool begin_block(statistics *s, const hmm_trace_event *event, const block *born) {
    block *there = blocks_find(&s->blocks, born->address);
    if (there != NULL) {
        s->doubles++;
        end_block(s, there, event);
    }
    enter_class(s, born->size);
    s->live++;
    note_peak(s, event);
    return blocks_add(&s->blocks, born);
}

static block new_block(const hmm_trace_event *event) {
    return (block){event->address, event->size, event->time, event->sequence, event->thread};
}

static bool count_alloc(statistics *s, const hmm_trace_event *event, thread_row *row) {
    const block born = new_block(event);
    s->allocations++;
    row->allocations++;
    row->bytes += event->size;
    return begin_block(s, event, &born);
}

static void count_free(statistics *s, const hmm_trace_event *event, thread_row *row) {
    block *freed = blocks_find(&s->blocks, event->old_address);
    row->frees++;
    if (freed == NULL) {
        s->unmatched_frees++;
        return;
    }
    if (freed->thread != event->thread) {
        s->foreign_frees++;
        row->foreign_frees++;
    }
    end_block(s, freed, event);
}

/* ---- realloc ------------------------------------------------------------------------------------------------------------- */

static void compare_sizes(statistics *s, uint64_t before, const hmm_trace_event *event) {
    const bool moved = event->address != event->old_address;
    s->realloc.in_place += !moved;
    s->realloc.moved += moved;
    if (moved) s->realloc.bytes_moved += before < event->size ? before : event->size;
    s->realloc.grown += event->size > before;
    s->realloc.shrunk += event->size < before;
    s->realloc.same += event->size == before;
    if (event->size > before) s->realloc.bytes_grown += event->size - before;
}

/* It stays the same block, wherever it is now: its lifetime goes on. */
static bool count_realloc(statistics *s, const hmm_trace_event *event, thread_row *row) {
    block *found = event->old_address == 0 ? NULL : blocks_find(&s->blocks, event->old_address);
    if (found == NULL) {
        s->unmatched_reallocs += event->old_address != 0;
        return count_alloc(s, event, row);
    }
    compare_sizes(s, found->size, event);
    row->bytes += event->size;
    block resized = *found;
    leave_class(s, found->size);
    s->live--;
    blocks_remove(&s->blocks, found);
    resized.address = event->address;
    resized.size = event->size;
    return begin_block(s, event, &resized);
}

bool statistics_count(statistics *s, const hmm_trace_event *event) {
    thread_row *row = row_of(s, event->thread);
    if (row == NULL) return false;
    if (s->events++ == 0) s->first_time = s->peak_bytes_time = event->time;
    s->last_time = event->time;
    s->calls[event->kind]++;
    s->failures[event->kind] += event->failed;
    if (event->failed) return true;
    if (event->kind == HMM_TRACE_REALLOC) return count_realloc(s, event, row);
    if (event->kind != HMM_TRACE_FREE) return count_alloc(s, event, row);
    count_free(s, event, row);
    return true;
}

void statistics_free(statistics *s) {
    blocks_free(&s->blocks);
    free(s->threads);
}
