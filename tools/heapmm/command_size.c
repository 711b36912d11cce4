/* command_size.c: heapmm size: how much memory a trace needs.
 *
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "chosen.h"
#include "command.h"
#include "json.h"
#include "say.h"
#include "size_text.h"
#include "smallest.h"
#include "text.h"

static const char help[] =
    "heapmm size: how much memory a heap needs for what a trace tells.\n\n"
    "    heapmm size [--fits BYTES] [--on HEAP]... [--json] FILE\n\n"
    "    --fits BYTES    whether so much is enough, like 64K; the exit status is 3 if it is not\n"
    "    --on HEAP       heap, heap8, tiny, tiny4, wide, single-tree or pool; may be given several times. Default: the first five\n"
    "    --json          as JSON\n\n"
    "FILE: a trace. The answer is found by halving: the trace completes in an arena of so many bytes, and not in one of a granule less.\n"
    "Sizes are those that the recorded program asked for: one for 32 bits asks for less, where it stores pointers.\n\n"
    "    heapmm size board.hmt\n"
    "    heapmm size --fits 64K board.hmt\n"
    "    heapmm size --on tiny4 --fits 2K board.hmt && echo yes\n";

enum { MOST_HEAPS = 16, STATUS_DOES_NOT_FIT = 3 };

static const char *const usual[] = {"tiny4", "tiny", "heap8", "heap", "wide", NULL};

/* The one that needs least, of those whose blocks are aligned to so much; NULL: in none does the trace complete. */
static const smallest *best_of(const smallest *all, size_t count, size_t alignment) {
    const smallest *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (all[i].fits != 0 && all[i].on->granule >= alignment && (best == NULL || all[i].fits < best->fits)) best = &all[i];
    return best;
}

/* The one that needs least of those that fit into what is asked; NULL: none. */
static const smallest *fitting(const smallest *all, size_t count) {
    const smallest *best = NULL;
    for (size_t i = 0; i < count; i++)
        if (all[i].asked_fits && (best == NULL || all[i].fits < best->fits)) best = &all[i];
    return best;
}

static uint64_t spare(const smallest *s) {
    return s->asked > s->fits ? s->asked - s->fits : 0;
}

/* ---- Tables -------------------------------------------------------------------------------------------------------------- */

static void add_answer(table *t, const smallest *s) {
    char answer[64];
    if (s->asked == 0) return;
    if (s->asked_fits)
        snprintf(answer, sizeof answer, "%s to spare", text_bytes(spare(s)).bytes);
    else if (s->fits > s->asked)
        snprintf(answer, sizeof answer, "%s too little", text_bytes(s->fits - s->asked).bytes);
    else
        snprintf(answer, sizeof answer, "no");
    table_cell(t, answer);
}

static void add_row(table *t, const smallest *s, uint64_t peak_bytes) {
    char factor[32] = "-";
    if (peak_bytes > 0 && s->fits > 0) snprintf(factor, sizeof factor, "%.3f", (double)s->fits / (double)peak_bytes);
    table_cell(t, s->on->name);
    table_cell(t, text_number(s->on->granule).bytes);
    table_cell(t, s->fits > 0 ? text_number(s->fits).bytes : "-");
    table_cell(t, s->fits > 0 ? text_bytes(s->fits).bytes : "too small");
    table_cell(t, factor);
    table_cell(t, s->fits > 0 ? text_number(s->control).bytes : "-");
    add_answer(t, s);
}

/* Which one to take; what more alignment costs; how much to add. */
static void print_advice(const smallest *all, size_t count) {
    const smallest *best = best_of(all, count, 1);
    if (best == NULL) {
        puts("\nIn none of these does the trace complete: name others with --on.");
        return;
    }
    printf("\n%s needs least: %s bytes, as %s. Its blocks are aligned to %zu.\n", best->on->name, text_number(best->fits).bytes,
           best->on->about, best->on->granule);
    for (size_t alignment = 2 * best->on->granule; alignment <= 16; alignment *= 2) {
        const smallest *aligned = best_of(all, count, alignment);
        if (aligned != NULL && aligned->on->granule == alignment)
            printf("Where types need an alignment of %zu: %s, %s bytes.\n", alignment, aligned->on->name,
                   text_number(aligned->fits).bytes);
    }
    fputs("That is what this trace needs, to the granule. Other runs differ: ", stdout);
    if (best->margin != 0)
        printf("give %s %s bytes, in which it completes, too.\n", best->on->name, text_number(best->margin).bytes);
    else
        printf("but %s takes no arena with a margin.\n", best->on->name);
}

static void print_fits(const smallest *all, size_t count) {
    const smallest *best = fitting(all, count);
    if (all[0].asked == 0) return;
    printf("\nfits in %s: ", size_write(all[0].asked).bytes);
    if (best != NULL)
        printf("yes, with %s to spare (%s)\n", text_bytes(spare(best)).bytes, best->on->name);
    else
        puts("no");
}

static void print_tables(const replay_trace *trace, const smallest *all, size_t count) {
    char asked[64] = "";
    if (all[0].asked > 0) snprintf(asked, sizeof asked, "in %s", size_write(all[0].asked).bytes);
    printf("%s events, at most %s in %s blocks at once\n\n", text_number(trace->events).bytes,
           text_bytes(trace->peak_bytes).bytes, text_number(trace->peak_blocks).bytes);
    table t = table_begin("heap", "aligned to", "bytes", "", "of the peak", "control", all[0].asked > 0 ? asked : NULL, NULL);
    for (size_t i = 0; i < count; i++) add_row(&t, &all[i], trace->peak_bytes);
    table_end(&t, stdout, 0);
    print_advice(all, count);
    print_fits(all, count);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------------- */

static void write_heap(json *j, const smallest *s) {
    json_open(j, NULL, '{');
    json_string(j, "heap", s->on->name);
    json_string(j, "name", s->on->about);
    json_number(j, "granule", s->on->granule);
    json_bool(j, "completes", s->fits > 0);
    json_number(j, "bytes", s->fits);
    json_number(j, "with_margin", s->margin);
    json_number(j, "control", s->control);
    if (s->asked > 0) json_bool(j, "fits", s->asked_fits);
    json_close(j, '}');
}

static void print_json(const replay_trace *trace, const smallest *all, size_t count) {
    json j = json_begin(stdout);
    json_open(&j, NULL, '{');
    json_string(&j, "file", trace->path);
    json_number(&j, "events", trace->events);
    json_number(&j, "peak_bytes", trace->peak_bytes);
    json_number(&j, "peak_blocks", trace->peak_blocks);
    if (all[0].asked > 0) json_number(&j, "asked", all[0].asked);
    json_open(&j, "heaps", '[');
    for (size_t i = 0; i < count; i++) write_heap(&j, &all[i]);
    json_close(&j, ']');
    json_close(&j, '}');
    json_end(&j);
}

/* -------------------------------------------------------------------------------------------------------------------------- */

typedef void print(const replay_trace *trace, const smallest *all, size_t count);

static int find_sizes(const chosen *on, const char *path, uint64_t asked, print *show) {
    static smallest all[MOST_HEAPS];
    replay_trace trace;
    if (!replay_read(&trace, path)) return STATUS_FAILED;
    for (size_t i = 0; i < on->count; i++) all[i] = smallest_begin(allocator_named(on->names[i]), &trace, asked);
    if (!smallest_find(all, on->count, &trace)) return STATUS_FAILED;
    show(&trace, all, on->count);
    if (asked > 0) return fitting(all, on->count) != NULL ? 0 : STATUS_DOES_NOT_FIT;
    return best_of(all, on->count, 1) != NULL ? 0 : STATUS_FAILED;
}

static bool add_heap(chosen *on, const char *name) {
    const allocator *named = allocator_named(name);
    if (named != NULL && named->create != NULL) return chosen_add(on, name);
    say_misuse("size", "there is no heap '%s'; there are heap, heap8, tiny, tiny4, wide, single-tree and pool", name);
    return false;
}

static int run(int argc, char **argv) {
    static const struct option options[] = {{"fits", required_argument, NULL, 'f'},
                                            {"on", required_argument, NULL, 'o'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    chosen on = {.command = "size", .most = MOST_HEAPS};
    uint64_t asked = 0;
    print *show = print_tables;
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (option == '?') return say_misuse("size", "the options are not understood");
        if (option == 'f' && !size_read(optarg, &asked)) return say_misuse("size", "--fits takes a size, like 64K");
        if (option == 'o' && !add_heap(&on, optarg)) return STATUS_USAGE;
        if (option == 'j') show = print_json;
    }
    if (argc - optind != 1) return say_misuse("size", "one trace is needed, and there are %d", argc - optind);
    chosen_complete(&on, usual);
    return find_sizes(&on, argv[optind], asked, show);
}

const command size_command = {"size", "the smallest memory in which a trace completes", help, run};
