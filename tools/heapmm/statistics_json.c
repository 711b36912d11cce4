/* statistics_json.c: see statistics_json.h.
 *
 * SPDX-License-Identifier: MIT */
#include "statistics_json.h"

const char *statistics_lifetime(unsigned class) {
    static const char *const lifetimes[LIFETIME_CLASSES] = {"< 1 us",   "< 10 us", "< 100 us", "< 1 ms",  "< 10 ms",
                                                            "< 100 ms", "< 1 s",   "< 10 s",   "< 100 s", "longer"};
    return lifetimes[class];
}

static void write_blocks(json *j, const char *name, uint64_t count, uint64_t bytes) {
    json_open(j, name, '{');
    json_number(j, "blocks", count);
    json_number(j, "bytes", bytes);
    json_close(j, '}');
}

static void write_memory(json *j, const statistics *s) {
    write_blocks(j, "allocated", s->allocations, s->bytes);
    json_open(j, "peak", '{');
    json_number(j, "blocks", s->peak_bytes_blocks);
    json_number(j, "bytes", s->peak_bytes);
    json_number(j, "nanoseconds", s->peak_bytes_time - s->first_time);
    json_number(j, "event", s->peak_bytes_sequence);
    json_number(j, "most_blocks", s->peak_blocks);
    json_close(j, '}');
    write_blocks(j, "end", s->live, s->live_bytes);
}

static void write_calls(json *j, const statistics *s) {
    json_open(j, "calls", '{');
    for (int kind = 0; kind < KINDS; kind++) {
        json_open(j, hmm_trace_kind_name((hmm_trace_kind)kind), '{');
        json_number(j, "times", s->calls[kind]);
        json_number(j, "failed", s->failures[kind]);
        json_close(j, '}');
    }
    json_close(j, '}');
}

static void write_sizes(json *j, const statistics *s) {
    json_open(j, "sizes", '[');
    for (unsigned class = 0; class < SIZE_CLASSES; class ++) {
        const size_class *c = &s->sizes[class];
        if (c->allocations == 0) continue;
        json_open(j, NULL, '{');
        json_number(j, "from", class == 0 ? 0 : (uint64_t)1 << (class - 1));
        json_number(j, "blocks", c->allocations);
        json_number(j, "bytes", c->bytes);
        json_number(j, "peak_bytes", c->peak_bytes);
        json_number(j, "end_blocks", c->live);
        json_number(j, "end_bytes", c->live_bytes);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void write_lifetimes(json *j, const statistics *s) {
    json_open(j, "lifetimes", '[');
    for (unsigned class = 0; class < LIFETIME_CLASSES; class ++) {
        json_open(j, NULL, '{');
        json_string(j, "lifetime", statistics_lifetime(class));
        json_number(j, "blocks", s->lifetimes[class].blocks);
        json_number(j, "bytes", s->lifetimes[class].bytes);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void write_threads(json *j, const statistics *s, size_t rows) {
    json_open(j, "threads", '[');
    for (size_t i = 0; i < s->thread_rows && i < rows; i++) {
        json_open(j, NULL, '{');
        json_number(j, "thread", i);
        json_number(j, "allocations", s->threads[i].allocations);
        json_number(j, "bytes", s->threads[i].bytes);
        json_number(j, "frees", s->threads[i].frees);
        json_number(j, "foreign_frees", s->threads[i].foreign_frees);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void write_rest(json *j, const statistics *s) {
    json_open(j, "realloc", '{');
    json_number(j, "in_place", s->realloc.in_place);
    json_number(j, "moved", s->realloc.moved);
    json_number(j, "bytes_moved", s->realloc.bytes_moved);
    json_number(j, "grown", s->realloc.grown);
    json_number(j, "bytes_grown", s->realloc.bytes_grown);
    json_number(j, "shrunk", s->realloc.shrunk);
    json_close(j, '}');
    json_number(j, "foreign_frees", s->foreign_frees);
    json_number(j, "unmatched_frees", s->unmatched_frees);
    json_number(j, "unmatched_reallocs", s->unmatched_reallocs);
    json_number(j, "allocated_twice", s->doubles);
}

void statistics_write(json *j, const statistics *s, size_t rows) {
    write_memory(j, s);
    write_calls(j, s);
    write_sizes(j, s);
    write_lifetimes(j, s);
    write_threads(j, s, rows);
    write_rest(j, s);
}
