/* report_facts.c: what a report's page says in words and tables.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "report.h"
#include "statistics_json.h"

const char *report_name(const report *r) {
    return input_about(r->in, "command", input_about(r->in, "program", r->trace->path));
}

/* Rows of threads; bytes of a text that the trace says of itself: a command may have many. */
enum { THREADS = 64, TEXT = 1000 };

static void write_text(json *j, const char *name, const char *text) {
    char some[TEXT + 4];
    snprintf(some, sizeof some, "%.*s%s", TEXT, text, strlen(text) > TEXT ? "..." : "");
    json_string(j, name, some);
}

static void write_about(json *j, const report *r) {
    static const char *const names[] = {"program", "command", "pid", "parent", "started", "source"};
    json_open(j, "about", '{');
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) write_text(j, names[i], input_about(r->in, names[i], ""));
    write_text(j, "file", r->trace->path);
    write_text(j, "name", report_name(r));
    json_close(j, '}');
}

static void write_trace(json *j, const report *r) {
    json_open(j, "trace", '{');
    json_number(j, "events", r->statistics->events);
    json_number(j, "nanoseconds", r->statistics->last_time - r->statistics->first_time);
    json_number(j, "thread_count", r->statistics->thread_rows);
    statistics_write(j, r->statistics, THREADS);
    json_close(j, '}');
}

static void write_missing(json *j, const survey *s) {
    json_open(j, "missing", '{');
    json_bool(j, "whole", s->is_whole);
    json_number(j, "events", s->missing);
    json_number(j, "damaged", s->damaged);
    if (s->end.result != HMM_TRACE_END) {
        json_string(j, "end", s->end.text);
        json_number(j, "offset", s->end.offset);
    }
    json_close(j, '}');
}

static void write_lives(json *j, const survey *s) {
    json_open(j, "lives", '{');
    json_number(j, "count", s->history.count);
    json_number(j, "left_out", s->history.left_out);
    json_number(j, "shortest", s->history.shortest);
    json_number(j, "smallest", s->history.smallest);
    json_number(j, "clock_step", s->clock_step);
    json_number(j, "recorded_unit", report_unit(&s->history, &s->recorded, false));
    if (s->on != NULL) {
        json_string(j, "replayed_on", s->on->name);
        json_number(j, "replayed_unit", report_unit(&s->history, &s->replayed, true));
    }
    json_close(j, '}');
}

static const char *state_of(const session *s) {
    return s->state == SESSION_FINISHED ? "finished" : s->state == SESSION_UNUSABLE ? "unusable" : "broken";
}

static void write_replay(json *j, const session *s) {
    const allocator *known = allocator_named(s->name);
    json_open(j, NULL, '{');
    write_text(j, "name", s->name);
    json_string(j, "about", known == NULL ? "a library's malloc" : known->about);
    json_bool(j, "has_arena", known != NULL && known->library == NULL);
    json_string(j, "state", state_of(s));
    json_string(j, "fault", s->text);
    json_number(j, "events", s->played);
    json_number(j, "nanoseconds", s->nanoseconds);
    json_number(j, "memory", s->memory);
    json_number(j, "failures", s->failures);
    json_close(j, '}');
}

/* Inside of texts only is there any '<', and there \u003c is the same. */
static void copy_safely(const char *text, FILE *out) {
    for (; *text != '\0'; text++)
        if (*text == '<')
            fputs("\\u003c", out);
        else
            fputc(*text, out);
}

bool report_write_facts(const report *r, FILE *out) {
    char *text = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&text, &bytes);
    if (stream == NULL) return false;
    json j = json_begin(stream);
    json_open(&j, NULL, '{');
    json_string(&j, "version", HEAPMM_VERSION);
    write_about(&j, r);
    write_trace(&j, r);
    write_missing(&j, &r->survey);
    write_lives(&j, &r->survey);
    json_open(&j, "replays", '[');
    for (size_t i = 0; i < r->replay_count; i++) write_replay(&j, r->replays[i]);
    json_close(&j, ']');
    json_close(&j, '}');
    json_end(&j);
    const bool is_written = fclose(stream) == 0;
    if (is_written) copy_safely(text, out);
    free(text);
    return is_written;
}
