/* trace_memory.h: a trace in memory: where a writer writes and a reader reads.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_TRACE_MEMORY_H
#define HMM_TESTS_TRACE_MEMORY_H

#include <stdint.h>

#include "expect.h"

#include "heapmm/trace.h"

enum { TRACE_ROOM = 1 << 22 };

typedef struct trace {
    unsigned char bytes[TRACE_ROOM];
    size_t count;
    size_t fails_at; /* the sink fails from so many bytes on; 0: never */
} trace;

/* The memories of the reader and the writer in use, and those of the events. */
static max_align_t reader_memory[HMM_TRACE_READER_BYTES / sizeof(max_align_t) + 1];
static max_align_t writer_memory[HMM_TRACE_WRITER_BYTES / sizeof(max_align_t) + 1];

static inline bool trace_write(void *context, const void *bytes, size_t count) {
    trace *t = context;
    if (count > TRACE_ROOM - t->count || (t->fails_at != 0 && t->count + count > t->fails_at)) return false;
    memcpy(t->bytes + t->count, bytes, count);
    t->count += count;
    return true;
}

static inline size_t trace_read(void *context, uint64_t offset, void *to, size_t bytes) {
    const trace *t = context;
    if (offset >= t->count) return 0;
    const size_t got = bytes < t->count - (size_t)offset ? bytes : t->count - (size_t)offset;
    memcpy(to, t->bytes + offset, got);
    return got;
}

/* A stand-in for zstd: every byte is stored with all bits inverted, and runs of the same byte as one and a length. */
static inline size_t trace_compress(void *context, void *to, size_t room, const void *from, size_t bytes) {
    const unsigned char *in = from;
    unsigned char *out = to;
    size_t used = 0;
    (void)context;
    for (size_t i = 0, run; i < bytes; i += run) {
        for (run = 1; run < 255 && i + run < bytes && in[i + run] == in[i];) run++;
        if (used + 2 > room) return SIZE_MAX;
        out[used++] = (unsigned char)~in[i];
        out[used++] = (unsigned char)run;
    }
    return used;
}

static inline size_t trace_decompress(void *context, void *to, size_t room, const void *from, size_t bytes) {
    const unsigned char *in = from;
    unsigned char *out = to;
    size_t used = 0;
    (void)context;
    if (bytes % 2 != 0) return SIZE_MAX;
    for (size_t i = 0; i < bytes; i += 2) {
        if (in[i + 1] > room - used) return SIZE_MAX;
        memset(out + used, ~in[i], in[i + 1]);
        used += in[i + 1];
    }
    return used;
}

static inline hmm_trace_source trace_source(trace *t) {
    return (hmm_trace_source){trace_read, trace_decompress, t, t->count};
}

static inline hmm_trace_reader *trace_reader(trace *t) {
    const hmm_trace_source source = trace_source(t);
    return hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, NULL);
}

static inline hmm_trace_writer *trace_writer(trace *t, size_t bytes, bool compressed, const char *const *about) {
    const hmm_trace_sink sink = {trace_write, compressed ? trace_compress : NULL, t};
    t->count = 0;
    return hmm_trace_writer_create(writer_memory, bytes, &sink, about);
}

static inline bool same_event(const hmm_trace_event *a, const hmm_trace_event *b) {
    return a->sequence == b->sequence && a->time == b->time && a->size == b->size && a->alignment == b->alignment &&
           a->address == b->address && a->old_address == b->old_address && a->thread == b->thread && a->kind == b->kind &&
           a->failed == b->failed;
}

#endif
