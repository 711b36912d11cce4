/* command_replay.c: heapmm replay: what a trace comes to on other allocators.
 *
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "allocator.h"
#include "chosen.h"
#include "command.h"
#include "json.h"
#include "replay.h"
#include "say.h"
#include "size_text.h"
#include "text.h"
#include "worker.h"

static const char help[] =
    "heapmm replay: does what a trace tells on other allocators, and compares them.\n\n"
    "    heapmm replay [--on ALLOCATOR]... [--by memory|time] [--arena BYTES] [--concurrent] [--verify]\n"
    "                  [--samples N] [--no-instructions] [--json] FILE\n\n"
    "    --on ALLOCATOR    one of " ALLOCATOR_NAMES ";\n"
    "                      or a library with a malloc, by its path, like ./libmine.so. May be given several times; default: heap,\n"
    "                      wide, single-tree, pool, malloc and glibc\n"
    "    --by memory|time  which is best; default: memory\n"
    "    --arena BYTES     heaps and pools get so much memory, like 64K, and no more; default: as much as they come to need\n"
    "    --concurrent      what each thread of the trace did is done by a thread of its own, all at the same time; the only other\n"
    "                      order is that of the calls on one block. Each thread has a pool of its own, or all one heap, with a lock\n"
    "    --verify          fills each block, verifies it when it is resized or freed, and that blocks are aligned and apart\n"
    "    --samples N       looks at N moments, evenly over the events; default 60\n"
    "    --no-instructions does not count the processor's instructions; else they are, where the system can\n"
    "    --json            as JSON, with all samples\n\n"
    "FILE: a trace. Each allocator has a process of its own, in which one thread does what the trace tells, in its order, or with\n"
    "--concurrent many do.\n\n"
    "    heapmm replay app.hmt\n"
    "    heapmm replay --on heap --on glibc --on /usr/lib/x86_64-linux-gnu/libjemalloc.so.2 --by time app.hmt\n"
    "    heapmm replay --concurrent --on malloc --on glibc server.hmt\n"
    "    heapmm replay --on tiny --on heap8 --arena 32K --verify board.hmt\n";

enum { MOST_SAMPLES = 1000000 };

static const char *const usual[] = {"heap", "wide", "single-tree", "pool", "malloc", "glibc", NULL};

/* ---- The order ----------------------------------------------------------------------------------------------------------- */

static int compare_numbers(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

/* What is broken comes last, and before it what had too little memory. */
static int compare_worth(const session *a, const session *b) {
    const int by_state = compare_numbers(b->state == SESSION_FINISHED, a->state == SESSION_FINISHED);
    return by_state != 0 ? by_state : compare_numbers(a->failures, b->failures);
}

static int compare_memory(const void *left, const void *right) {
    const session *a = *(session *const *)left, *b = *(session *const *)right;
    const int by_worth = compare_worth(a, b), by_memory = compare_numbers(a->memory, b->memory);
    if (by_worth != 0) return by_worth;
    return by_memory != 0 ? by_memory : compare_numbers(a->nanoseconds, b->nanoseconds);
}

static uint64_t time_of(const session *s) {
    return s->threads > 0 ? s->wall : s->nanoseconds;
}

static int compare_time(const void *left, const void *right) {
    const session *a = *(session *const *)left, *b = *(session *const *)right;
    const int by_worth = compare_worth(a, b);
    return by_worth != 0 ? by_worth : compare_numbers(time_of(a), time_of(b));
}

/* ---- Tables -------------------------------------------------------------------------------------------------------------- */

/* What only some replays have a column for. */
typedef struct columns {
    bool wall, instructions;
} columns;

static columns columns_of(const session *const *sorted, size_t count) {
    columns c = {0};
    for (size_t i = 0; i < count; i++) {
        c.wall = c.wall || sorted[i]->threads > 0;
        c.instructions = c.instructions || sorted[i]->instructions > 0;
    }
    return c;
}

static table begin_table(columns c) {
    const char *wall = c.wall ? "wall" : "time", *time = c.wall ? "time" : "an event";
    if (c.wall && c.instructions)
        return table_begin("allocator", "memory", "", "of the peak", wall, time, "an event", "instructions", "failed", NULL);
    if (c.wall) return table_begin("allocator", "memory", "", "of the peak", wall, time, "an event", "failed", NULL);
    if (c.instructions) return table_begin("allocator", "memory", "", "of the peak", wall, time, "instructions", "failed", NULL);
    return table_begin("allocator", "memory", "", "of the peak", wall, time, "failed", NULL);
}

/* Instructions are those of an event. */
static void add_row(table *t, const session *s, uint64_t peak_bytes, columns c) {
    char per_event[32] = "-", factor[32] = "-", instructions[32] = "-";
    const double events = (double)s->played;
    if (s->played > 0) snprintf(per_event, sizeof per_event, "%.0f ns", (double)s->nanoseconds / events);
    if (s->played > 0 && s->instructions > 0)
        snprintf(instructions, sizeof instructions, "%.0f", (double)s->instructions / events);
    if (peak_bytes > 0 && s->memory > 0) snprintf(factor, sizeof factor, "%.3f", (double)s->memory / (double)peak_bytes);
    table_cell(t, s->name);
    table_cell(t, text_number(s->memory).bytes);
    table_cell(t, text_bytes(s->memory).bytes);
    table_cell(t, factor);
    if (c.wall) table_cell(t, text_time(s->wall).bytes);
    table_cell(t, text_time(s->nanoseconds).bytes);
    table_cell(t, per_event);
    if (c.instructions) table_cell(t, instructions);
    table_cell(t, text_number(s->failures).bytes);
}

/* Ends with an empty line, if there is anything to be said. */
static void print_remarks(const session *s) {
    if (s->state == SESSION_BEGUN || s->state == SESSION_BROKEN)
        printf("%s is broken: after %s events: %s\n\n", s->name, text_number(s->played).bytes, s->text);
    if (s->state == SESSION_UNUSABLE) printf("%s was not used: %s\n\n", s->name, s->text);
    if (s->state == SESSION_FINISHED && s->failures > 0)
        printf("%s had too little memory, first for event %s of those read\n\n", s->name,
               text_number(s->first_failure + 1).bytes);
}

/* A digit for each sample: tenths of the memory that no block asked for. */
static void print_waste(const session *const *sorted, size_t count) {
    int width = 0;
    for (size_t i = 0; i < count; i++)
        if ((int)strlen(sorted[i]->name) > width) width = (int)strlen(sorted[i]->name);
    puts("Tenths of the memory that no block asked for, from the first event to the last:");
    for (size_t i = 0; i < count; i++) {
        const session *s = sorted[i];
        if (s->samples == 0) continue;
        printf("%-*s  ", width, s->name);
        for (uint64_t k = 0; k < s->samples; k++) {
            const session_sample *at = &s->sample[k];
            const uint64_t unused = at->memory > at->live ? at->memory - at->live : 0;
            putchar(at->memory == 0 ? '-' : unused == at->memory ? '9' : '0' + (int)(10 * (double)unused / (double)at->memory));
        }
        putchar('\n');
    }
}

static void print_tables(const replay_trace *trace, const session *const *sorted, size_t count) {
    printf("%s events, at most %s in %s blocks at once\n\n", text_number(trace->events).bytes,
           text_bytes(trace->peak_bytes).bytes, text_number(trace->peak_blocks).bytes);
    const columns c = columns_of(sorted, count);
    if (c.wall) printf("%s threads at the same time\n\n", text_number(sorted[0]->threads).bytes);
    table t = begin_table(c);
    for (size_t i = 0; i < count; i++) add_row(&t, sorted[i], trace->peak_bytes, c);
    table_end(&t, stdout, 0);
    putchar('\n');
    for (size_t i = 0; i < count; i++) print_remarks(sorted[i]);
    if (trace->events > 0) print_waste(sorted, count);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------------- */

static void write_replay(json *j, const session *s) {
    json_open(j, NULL, '{');
    json_string(j, "allocator", s->name);
    json_string(j, "state", s->state == SESSION_FINISHED ? "finished" : s->state == SESSION_UNUSABLE ? "unusable" : "broken");
    json_string(j, "fault", s->text);
    json_number(j, "events", s->played);
    json_number(j, "threads", s->threads);
    json_number(j, "nanoseconds", s->nanoseconds);
    json_number(j, "wall_nanoseconds", s->wall);
    if (s->instructions > 0) json_number(j, "instructions", s->instructions);
    json_number(j, "memory", s->memory);
    json_number(j, "peak_live", s->peak);
    json_number(j, "failures", s->failures);
    json_number(j, "first_failure", s->first_failure);
    json_open(j, "samples", '[');
    for (uint64_t k = 0; k < s->samples; k++) {
        json_open(j, NULL, '{');
        json_number(j, "events", s->sample[k].played);
        json_number(j, "live", s->sample[k].live);
        json_number(j, "memory", s->sample[k].memory);
        json_number(j, "free", s->sample[k].free);
        json_number(j, "largest_free", s->sample[k].largest);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_close(j, '}');
}

static void print_json(const replay_trace *trace, const session *const *sorted, size_t count) {
    json j = json_begin(stdout);
    json_open(&j, NULL, '{');
    json_string(&j, "file", trace->path);
    json_number(&j, "events", trace->events);
    json_number(&j, "peak_bytes", trace->peak_bytes);
    json_number(&j, "peak_blocks", trace->peak_blocks);
    json_open(&j, "replays", '[');
    for (size_t i = 0; i < count; i++) write_replay(&j, sorted[i]);
    json_close(&j, ']');
    json_close(&j, '}');
    json_end(&j);
}

/* -------------------------------------------------------------------------------------------------------------------------- */

typedef int compare(const void *a, const void *b);
typedef void print(const replay_trace *trace, const session *const *sorted, size_t count);

/* All that can be done is done, whatever becomes of one of them. */
static int replay_all(const chosen *on, const char *path, const replay_wish *wish, compare *by, print *show) {
    static session *done[CHOSEN_MOST];
    replay_trace trace;
    size_t count = 0, sound = 0;
    if (!replay_read(&trace, path)) return STATUS_FAILED;
    for (size_t i = 0; i < on->count; i++) {
        session *s = replay_run(&trace, on->names[i], wish);
        if (s == NULL) continue;
        sound += s->state == SESSION_FINISHED;
        done[count++] = s;
    }
    qsort(done, count, sizeof done[0], by);
    if (count > 0) show(&trace, (const session *const *)done, count);
    for (size_t i = 0; i < count; i++) replay_free(done[i]);
    return sound == on->count ? 0 : STATUS_FAILED;
}

static bool read_samples(const char *text, uint64_t *samples) {
    char *end;
    *samples = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && *samples <= MOST_SAMPLES;
}

static int run(int argc, char **argv) {
    static const struct option options[] = {{"on", required_argument, NULL, 'o'},
                                            {"by", required_argument, NULL, 'b'},
                                            {"arena", required_argument, NULL, 'a'},
                                            {"concurrent", no_argument, NULL, 'c'},
                                            {"verify", no_argument, NULL, 'v'},
                                            {"samples", required_argument, NULL, 's'},
                                            {"no-instructions", no_argument, NULL, 'n'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    chosen on = {.command = "replay", .most = CHOSEN_MOST};
    replay_wish wish = {.samples = 60, .counts = true};
    compare *by = compare_memory;
    print *show = print_tables;
    if (argc == 2 && strcmp(argv[1], SESSION_WORKER) == 0) return worker_run();
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?') return say_misuse("replay", "the options are not understood");
        if (option == 'o' && !chosen_add(&on, optarg)) return STATUS_USAGE;
        if (option == 'b' && strcmp(optarg, "memory") != 0 && strcmp(optarg, "time") != 0)
            return say_misuse("replay", "--by takes memory or time");
        if (option == 'b') by = strcmp(optarg, "time") == 0 ? compare_time : compare_memory;
        if (option == 'a' && !size_read(optarg, &wish.arena)) return say_misuse("replay", "--arena takes a size, like 64K");
        if (option == 'c') wish.is_concurrent = true;
        if (option == 'v') wish.verifies = true;
        if (option == 's' && !read_samples(optarg, &wish.samples))
            return say_misuse("replay", "--samples takes a number up to %d", MOST_SAMPLES);
        if (option == 'n') wish.counts = false;
        if (option == 'j') show = print_json;
    }
    if (argc - optind != 1) return say_misuse("replay", "one trace is needed, and there are %d", argc - optind);
    chosen_complete(&on, usual);
    return replay_all(&on, argv[optind], &wish, by, show);
}

const command replay_command = {"replay", "what a trace comes to on other allocators", help, run};
