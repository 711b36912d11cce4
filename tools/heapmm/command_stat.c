/* command_stat.c: heapmm stat: what a trace comes to, in tables or as JSON.
 *
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "input.h"
#include "json.h"
#include "say.h"
#include "statistics_json.h"
#include "text.h"

static const char help[] =
    "heapmm stat: what a trace comes to.\n\n"
    "    heapmm stat [--json] FILE\n\n"
    "    --json    as JSON\n\n"
    "FILE: a trace; - is standard input. Bytes are those that the program asked for. What is missing in a trace, or damaged, is said\n"
    "on standard error, and the rest is counted.\n\n"
    "    heapmm stat app.hmt\n"
    "    heapmm stat --json app.hmt | jq .peak.bytes\n";

/* Rows of the table of threads. */
enum { MOST_ROWS = 20 };

static void cell_number(table *t, uint64_t value) {
    table_cell(t, text_number(value).bytes);
}

static void cell_bytes(table *t, uint64_t value) {
    table_cell(t, text_bytes(value).bytes);
}

static void cell_share(table *t, uint64_t part, uint64_t whole) {
    table_cell(t, text_share(part, whole).bytes);
}

/* ---- Tables -------------------------------------------------------------------------------------------------------------- */

static void print_about(const statistics *s, const input *in) {
    text_print(stdout, input_about(in, "command", input_about(in, "program", in->path)));
    printf("\n%s events in %s", text_number(s->events).bytes, text_time(s->last_time - s->first_time).bytes);
    printf(", %s thread%s", text_number(s->thread_rows).bytes, s->thread_rows == 1 ? "" : "s");
    if (in->missing > 0) printf("; %s events are missing", text_number(in->missing).bytes);
    puts("\n");
}

static void print_memory(const statistics *s) {
    table t = table_begin("", "blocks", "bytes", "", NULL);
    table_cell(&t, "allocated");
    cell_number(&t, s->allocations);
    cell_number(&t, s->bytes);
    cell_bytes(&t, s->bytes);
    table_cell(&t, "at the peak");
    cell_number(&t, s->peak_bytes_blocks);
    cell_number(&t, s->peak_bytes);
    cell_bytes(&t, s->peak_bytes);
    table_cell(&t, "at the end");
    cell_number(&t, s->live);
    cell_number(&t, s->live_bytes);
    cell_bytes(&t, s->live_bytes);
    table_end(&t, stdout, 0);
    printf("\nThe peak of bytes is %s after the first event, at event %s; the most blocks at once are %s.\n\n",
           text_time(s->peak_bytes_time - s->first_time).bytes, text_number(s->peak_bytes_sequence).bytes,
           text_number(s->peak_blocks).bytes);
}

static void print_calls(const statistics *s) {
    table t = table_begin("call", "times", "share", "failed", NULL);
    for (int kind = 0; kind < KINDS; kind++) {
        table_cell(&t, hmm_trace_kind_name((hmm_trace_kind)kind));
        cell_number(&t, s->calls[kind]);
        cell_share(&t, s->calls[kind], s->events);
        cell_number(&t, s->failures[kind]);
    }
    table_end(&t, stdout, 0);
    putchar('\n');
}

/* Churn: how many times the class's own peak was allocated in it. */
static void print_sizes(const statistics *s) {
    table t = table_begin("size", "blocks", "share", "bytes", "peak", "churn", "at the end", NULL);
    for (unsigned class = 0; class < SIZE_CLASSES; class ++) {
        const size_class *c = &s->sizes[class];
        char range[64] = "0", churn[32] = "-";
        if (c->allocations == 0) continue;
        const uint64_t low = class == 0 ? 0 : (uint64_t)1 << (class - 1);
        if (class > 0)
            snprintf(range, sizeof range, class == 1 ? "1" : "%llu - %llu", (unsigned long long)low,
                     (unsigned long long)(low + (low - 1)));
        if (c->peak_bytes > 0) snprintf(churn, sizeof churn, "%.1f", (double)c->bytes / (double)c->peak_bytes);
        table_cell(&t, range);
        cell_number(&t, c->allocations);
        cell_share(&t, c->allocations, s->allocations + s->realloc.in_place + s->realloc.moved);
        cell_bytes(&t, c->bytes);
        cell_bytes(&t, c->peak_bytes);
        table_cell(&t, churn);
        cell_number(&t, c->live);
    }
    table_end(&t, stdout, 0);
    putchar('\n');
}

static void print_lifetimes(const statistics *s) {
    table t = table_begin("lifetime", "blocks", "share", "bytes", NULL);
    for (unsigned class = 0; class < LIFETIME_CLASSES; class ++) {
        if (s->lifetimes[class].blocks == 0) continue;
        table_cell(&t, statistics_lifetime(class));
        cell_number(&t, s->lifetimes[class].blocks);
        cell_share(&t, s->lifetimes[class].blocks, s->allocations);
        cell_bytes(&t, s->lifetimes[class].bytes);
    }
    table_cell(&t, "not freed");
    cell_number(&t, s->live);
    cell_share(&t, s->live, s->allocations);
    cell_bytes(&t, s->live_bytes);
    table_end(&t, stdout, 0);
    putchar('\n');
}

static void print_row(table *t, const char *name, const thread_row *row) {
    table_cell(t, name);
    cell_number(t, row->allocations);
    cell_bytes(t, row->bytes);
    cell_number(t, row->frees);
    cell_number(t, row->foreign_frees);
}

static void add_row(thread_row *sum, const thread_row *row) {
    sum->allocations += row->allocations;
    sum->bytes += row->bytes;
    sum->frees += row->frees;
    sum->foreign_frees += row->foreign_frees;
}

static void print_threads(const statistics *s) {
    table t = table_begin("thread", "allocations", "bytes", "frees", "of others", NULL);
    thread_row rest = {0};
    for (size_t i = 0; i < s->thread_rows; i++) {
        char name[32];
        snprintf(name, sizeof name, "%zu", i);
        if (i < MOST_ROWS)
            print_row(&t, name, &s->threads[i]);
        else
            add_row(&rest, &s->threads[i]);
    }
    if (s->thread_rows > MOST_ROWS) print_row(&t, "others", &rest);
    table_end(&t, stdout, 0);
    putchar('\n');
}

static void print_reallocs(const statistics *s) {
    const uint64_t resized = s->realloc.in_place + s->realloc.moved;
    if (resized == 0) return;
    printf("realloc: %s blocks resized, %s in place, %s moved with %s at least; %s grew by %s, %s shrank\n",
           text_number(resized).bytes, text_number(s->realloc.in_place).bytes, text_number(s->realloc.moved).bytes,
           text_bytes(s->realloc.bytes_moved).bytes, text_number(s->realloc.grown).bytes,
           text_bytes(s->realloc.bytes_grown).bytes, text_number(s->realloc.shrunk).bytes);
}

static void print_count(const char *what, uint64_t count) {
    if (count > 0) printf("%s: %s\n", what, text_number(count).bytes);
}

static void print_oddities(const statistics *s) {
    print_count("blocks freed by another thread", s->foreign_frees);
    print_count("frees of blocks that were allocated before the trace, or in what is missing", s->unmatched_frees);
    print_count("reallocs of such blocks", s->unmatched_reallocs);
    print_count("allocations where a block was whose free is missing", s->doubles);
}

static void print_tables(const statistics *s, const input *in) {
    print_about(s, in);
    print_memory(s);
    print_calls(s);
    print_sizes(s);
    print_lifetimes(s);
    print_threads(s);
    print_reallocs(s);
    print_oddities(s);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------------- */

static void write_about(json *j, const statistics *s, const input *in) {
    static const char *const names[] = {"program", "command", "pid", "parent", "started", "source"};
    json_open(j, "about", '{');
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = hmm_trace_reader_about(in->reader, names[i]);
        if (text != NULL) json_string(j, names[i], text);
    }
    json_close(j, '}');
    json_number(j, "events", s->events);
    json_number(j, "missing", in->missing);
    json_bool(j, "whole", in->whole);
    json_number(j, "nanoseconds", s->last_time - s->first_time);
}

static void print_json(const statistics *s, const input *in) {
    json j = json_begin(stdout);
    json_open(&j, NULL, '{');
    write_about(&j, s, in);
    statistics_write(&j, s, s->thread_rows);
    json_close(&j, '}');
    json_end(&j);
}

/* -------------------------------------------------------------------------------------------------------------------------- */

static int print_statistics(const char *path, void (*print)(const statistics *s, const input *in)) {
    static statistics s;
    input in;
    hmm_trace_event event;
    if (!input_open(&in, path)) return STATUS_FAILED;
    while (input_next(&in, &event))
        if (!statistics_count(&s, &event))
            return say_failure("%s: no memory for the blocks of event %llu", path, (unsigned long long)event.sequence);
    print(&s, &in);
    const bool failed = in.failed;
    statistics_free(&s);
    input_close(&in);
    return failed ? STATUS_FAILED : 0;
}

static int run(int argc, char **argv) {
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    void (*print)(const statistics *s, const input *in) = print_tables;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option != 'j') return say_misuse("stat", "the options are not understood");
        print = print_json;
    }
    if (argc - optind != 1) return say_misuse("stat", "one trace is needed, and there are %d", argc - optind);
    return print_statistics(argv[optind], print);
}

const command stat_command = {"stat", "counts, peaks, sizes, lifetimes and threads of a trace", help, run};
