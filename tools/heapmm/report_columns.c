/* report_columns.c: the numbers of a report: its moments, the replays' samples, the clock, the axes, the lives.
 *
 * SPDX-License-Identifier: MIT
 *
 *     moment.events, .time, .live, .most, .blocks, .pages       struct moment
 *     replay.N.live, .memory, .free, .largest                   of the samples of the replay with that number; they are at the moments
 *                                                               from the second on
 *     clock                                                     times of every facts.clock_step-th event, and of the last
 *     recorded.high, .low, .bytes                               spans of the axis: where each begins, and its length; replayed likewise
 *     life.birth                                                struct life
 *     life.length                                               events from birth to death; 0: none died it
 *     life.since                                                events from the block's beginning to this birth
 *     life.size, life.thread
 *     life.recorded                                             offset on the axis, in facts.recorded.unit
 *     life.replayed                                             the same and 1 more; 0: it has no address */
#include "report.h"

static void put_moments(const survey *s, columns *c, const char *name, size_t offset) {
    const bool is_rising = offset <= offsetof(moment, time);
    columns_begin(c, name, is_rising ? COLUMNS_RISING : COLUMNS_FOLDED);
    for (size_t i = 0; i < s->moment_count; i++) columns_put(c, *(const uint64_t *)((const char *)&s->moments[i] + offset));
    columns_end(c);
}

static void put_samples(const session *s, columns *c, size_t number, const char *name, size_t offset) {
    char whole[32];
    snprintf(whole, sizeof whole, "replay.%zu.%s", number, name);
    columns_begin(c, whole, COLUMNS_FOLDED);
    for (size_t i = 0; i < s->samples; i++) columns_put(c, *(const uint64_t *)((const char *)&s->sample[i] + offset));
    columns_end(c);
}

static void put_clock(const survey *s, columns *c) {
    columns_begin(c, "clock", COLUMNS_RISING);
    for (size_t i = 0; i < s->clock_count; i++) columns_put(c, s->clock[i]);
    columns_end(c);
}

/* ---- Axes ---------------------------------------------------------------------------------------------------------------- */

static void put_axis(const axis *a, columns *c, const char *high, const char *low, const char *bytes) {
    columns_begin(c, high, COLUMNS_FOLDED);
    for (size_t i = 0; i < a->count; i++) columns_put(c, a->spans[i].begin >> 32);
    columns_end(c);
    columns_begin(c, low, COLUMNS_PLAIN);
    for (size_t i = 0; i < a->count; i++) columns_put(c, a->spans[i].begin & UINT32_MAX);
    columns_end(c);
    columns_begin(c, bytes, COLUMNS_PLAIN);
    for (size_t i = 0; i < a->count; i++)
        columns_put(c, (i + 1 < a->count ? a->spans[i + 1].offset : a->bytes) - a->spans[i].offset);
    columns_end(c);
}

static uint64_t address_of(const life *l, bool is_replayed) {
    return is_replayed ? l->replayed : l->address;
}

uint64_t report_unit(const history *h, const axis *a, bool is_replayed) {
    uint64_t bits = 16;
    for (size_t i = 0; i < h->count; i++) {
        const uint64_t address = address_of(&h->lives[i], is_replayed);
        if (address != NO_ADDRESS) bits |= axis_offset(a, address);
    }
    return bits & (~bits + 1);
}

/* ---- Lives --------------------------------------------------------------------------------------------------------------- */

static uint64_t birth(const life *l) {
    return l->birth;
}

static uint64_t length(const life *l) {
    return l->death == NO_DEATH ? 0 : l->death - l->birth;
}

static uint64_t since(const life *l) {
    return l->birth - l->since;
}

static uint64_t size(const life *l) {
    return l->size;
}

static uint64_t thread(const life *l) {
    return l->thread;
}

static void put_lives(const history *h, columns *c, const char *name, columns_coding coding, uint64_t (*number)(const life *l)) {
    columns_begin(c, name, coding);
    for (size_t i = 0; i < h->count; i++) columns_put(c, number(&h->lives[i]));
    columns_end(c);
}

static void put_offsets(const history *h, columns *c, const char *name, const axis *a, bool is_replayed) {
    const uint64_t unit = report_unit(h, a, is_replayed), more = is_replayed ? 1 : 0;
    columns_begin(c, name, COLUMNS_FOLDED);
    for (size_t i = 0; i < h->count; i++) {
        const uint64_t address = address_of(&h->lives[i], is_replayed);
        columns_put(c, address == NO_ADDRESS ? 0 : axis_offset(a, address) / unit + more);
    }
    columns_end(c);
}

/* -------------------------------------------------------------------------------------------------------------------------- */

void report_put_columns(const report *r, columns *c) {
    const survey *s = &r->survey;
    put_moments(s, c, "moment.events", offsetof(moment, events));
    put_moments(s, c, "moment.time", offsetof(moment, time));
    put_moments(s, c, "moment.live", offsetof(moment, live));
    put_moments(s, c, "moment.most", offsetof(moment, most));
    put_moments(s, c, "moment.blocks", offsetof(moment, blocks));
    put_moments(s, c, "moment.pages", offsetof(moment, pages));
    for (size_t i = 0; i < r->replay_count; i++) {
        put_samples(r->replays[i], c, i, "live", offsetof(session_sample, live));
        put_samples(r->replays[i], c, i, "memory", offsetof(session_sample, memory));
        put_samples(r->replays[i], c, i, "free", offsetof(session_sample, free));
        put_samples(r->replays[i], c, i, "largest", offsetof(session_sample, largest));
    }
    put_clock(s, c);
    put_axis(&s->recorded, c, "recorded.high", "recorded.low", "recorded.bytes");
    put_axis(&s->replayed, c, "replayed.high", "replayed.low", "replayed.bytes");
    put_lives(&s->history, c, "life.birth", COLUMNS_RISING, birth);
    put_lives(&s->history, c, "life.length", COLUMNS_PLAIN, length);
    put_lives(&s->history, c, "life.since", COLUMNS_PLAIN, since);
    put_lives(&s->history, c, "life.size", COLUMNS_PLAIN, size);
    put_lives(&s->history, c, "life.thread", COLUMNS_PLAIN, thread);
    put_offsets(&s->history, c, "life.recorded", &s->recorded, false);
    if (s->on != NULL) put_offsets(&s->history, c, "life.replayed", &s->replayed, true);
}
