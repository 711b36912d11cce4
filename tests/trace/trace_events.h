/* trace_events.h: random events, a trace of them, and what a reader makes of it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_TRACE_EVENTS_H
#define HMM_TESTS_TRACE_EVENTS_H

#include "trace/frame.h"
#include "trace_memory.h"

enum { EVENTS = 3000 };

static hmm_trace_event events[EVENTS];
static trace written;

/* ---- Making events ------------------------------------------------------------------------------------------------------- */

static uint64_t random_state = 1;

static inline uint64_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Mostly small, sometimes any number of 64 bits. */
static inline uint64_t random_number(void) {
    const uint64_t word = random_word();
    return word % 16 == 0 ? random_word() : word >> (word % 64);
}

static inline hmm_trace_event random_event(uint64_t sequence, uint64_t time) {
    hmm_trace_event event = {.sequence = sequence, .time = time, .thread = (uint32_t)(random_word() % 4)};
    if (random_word() % 50 == 0) event.thread = (uint32_t)random_word();
    event.kind = (hmm_trace_kind)(random_word() % 5);
    event.failed = event.kind != HMM_TRACE_FREE && random_word() % 8 == 0;
    if (event.kind != HMM_TRACE_FREE) event.size = random_number();
    if (event.kind == HMM_TRACE_ALIGNED_ALLOC) event.alignment = random_number();
    const uint64_t mask = random_word() % 8 == 0 ? UINT64_MAX : ~(uint64_t)15;
    if (event.kind == HMM_TRACE_REALLOC || event.kind == HMM_TRACE_FREE) event.old_address = random_number() & mask;
    if (event.kind != HMM_TRACE_FREE && !event.failed) event.address = random_number() & mask;
    return event;
}

static inline void make_events(uint64_t seed) {
    uint64_t time = 0;
    random_state = seed * 2 + 1;
    for (size_t i = 0; i < EVENTS; i++) {
        if (time < UINT64_MAX / 2) time += random_number() / EVENTS;
        events[i] = random_event(i, time);
    }
}

/* Writes the first `count` events. */
static inline void write_events(trace *t, size_t count, size_t memory, bool compressed, const char *const *about) {
    hmm_trace_writer *writer = trace_writer(t, memory, compressed, about);
    EXPECT(writer != NULL);
    for (size_t i = 0; i < count; i++) EXPECT_EQ(hmm_trace_writer_put(writer, &events[i]), HMM_TRACE_OK);
    EXPECT_EQ(hmm_trace_writer_finish(writer), HMM_TRACE_OK);
}

/* Reads events from `first` up to `end` and nothing else. */
static inline void expect_events(hmm_trace_reader *reader, size_t first, size_t end) {
    hmm_trace_event event;
    for (size_t i = first; i < end; i++) {
        EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_OK);
        EXPECT(same_event(&event, &events[i]));
    }
}

static inline void expect_result(hmm_trace_reader *reader, hmm_trace_result result, uint64_t offset) {
    hmm_trace_event event;
    EXPECT_EQ(hmm_trace_reader_next(reader, &event), result);
    EXPECT_EQ(hmm_trace_reader_fault(reader)->result, result);
    EXPECT_EQ(hmm_trace_reader_fault(reader)->offset, offset);
    EXPECT(hmm_trace_reader_fault(reader)->text[0] != '\0');
}

static inline void expect_final(hmm_trace_reader *reader, hmm_trace_result result, uint64_t offset) {
    expect_result(reader, result, offset);
    expect_result(reader, result, offset);
}

/* The offset of the frame number `index`; the length of the trace if there are fewer. */
static inline size_t frame_at(const trace *t, size_t index) {
    size_t at = 0;
    for (; index > 0 && at < t->count; index--) at += HMM_TRACE_HEAD_BYTES + frame_head(t->bytes + at).stored;
    return at;
}

/* The number of the first event of the frame at an offset. */
static inline size_t first_at(const trace *t, size_t offset) {
    return (size_t)frame_head(t->bytes + offset).first;
}

static inline size_t frames_of(const trace *t) {
    size_t count = 0;
    while (frame_at(t, count) < t->count) count++;
    return count;
}

#endif
