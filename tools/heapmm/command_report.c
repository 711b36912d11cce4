/* command_report.c: heapmm report: a trace as a page for a browser, and as drawings.
 *
 * SPDX-License-Identifier: MIT */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "chosen.h"
#include "command.h"
#include "drawing.h"
#include "new_file.h"
#include "page_parts.h"
#include "report.h"
#include "say.h"
#include "text.h"

static const char help[] =
    "heapmm report: a trace as one page that a browser shows without a network.\n\n"
    "    heapmm report [-o FILE] [--svg[=PREFIX]] [--on ALLOCATOR]... TRACE\n\n"
    "    -o, --output FILE    the page; default: report.html\n"
    "    --svg[=PREFIX]       also draws PREFIX-live.svg, PREFIX-fragmentation.svg and PREFIX-map.svg, which need no script; default: the\n"
    "                         page's name without .html\n"
    "    --on ALLOCATOR       also replays the trace on it, as heapmm replay does: one of\n"
    "                         " ALLOCATOR_NAMES ";\n"
    "                         or a library with a malloc, by its path. May be given several times; default: heap, single-tree,\n"
    "                         malloc and glibc; none: on none. On the first heap among them the page shows where each block is\n\n"
    "The page has live bytes, memory and fragmentation over time; a map of the addresses over time; the blocks of any moment that one\n"
    "picks; sizes, lifetimes and threads; and the allocators side by side. It has at most 6 bytes for each event, and 300 KB. What is\n"
    "missing in a trace, or damaged, is said on standard error and in the page.\n\n"
    "    heapmm report -o app.html app.hmt\n"
    "    heapmm report --svg --on heap --on tiny4 board.hmt\n"
    "    heapmm report --on pool --on ./libmine.so app.hmt\n";

static const char *const usual[] = {"heap", "single-tree", "malloc", "glibc", NULL};

typedef struct wishes {
    const char *output, *prefix;
    chosen on;
    bool draws;
} wishes;

/* ---- Making it ----------------------------------------------------------------------------------------------------------- */

/* The first that takes an arena. */
static const allocator *first_heap(const chosen *on) {
    for (size_t i = 0; i < on->count; i++) {
        const allocator *named = allocator_named(on->names[i]);
        if (named != NULL && named->create != NULL) return named;
    }
    return NULL;
}

/* False: one could not be done, or its allocator is broken. */
static bool replay_all(report *r, const chosen *on) {
    const replay_wish wish = {.samples = REPORT_MOMENTS};
    size_t sound = 0;
    for (size_t i = 0; i < on->count; i++) {
        session *s = replay_run(r->trace, on->names[i], &wish);
        if (s == NULL) continue;
        if (s->state != SESSION_FINISHED) say("%s: %s", s->name, s->text);
        sound += s->state == SESSION_FINISHED;
        r->replays[r->replay_count++] = s;
    }
    return sound == on->count;
}

/* What is left out of the map and the blocks, as the page says it too. */
static void tell_left_out(const report *r) {
    const history *h = &r->survey.history;
    char freed[96] = "", small[96] = "";
    if (h->left_out == 0) return;
    if (h->shortest > 1) snprintf(freed, sizeof freed, "freed or resized within %s events", text_number(h->shortest).bytes);
    if (h->smallest > 0) snprintf(small, sizeof small, "smaller than %s", text_bytes(h->smallest).bytes);
    say("the page leaves out %s of %s blocks: those %s%s%s", text_number(h->left_out).bytes,
        text_number(h->left_out + h->count).bytes, freed, *freed != '\0' && *small != '\0' ? ", and those " : "", small);
}

static int write_page(report *r, const char *output) {
    new_file page;
    if (!new_file_begin(&page, output, "<!doctype html>")) return STATUS_FAILED;
    const bool is_made = report_write_page(r, page.stream);
    if (!is_made) say("%s: no memory for the page", output);
    if (!new_file_end(&page, is_made)) return STATUS_FAILED;
    tell_left_out(r);
    return 0;
}

static int write_drawing(const report *r, const char *prefix, const char *name, drawing *draw) {
    char *path = NULL;
    new_file file;
    if (asprintf(&path, "%s-%s.svg", prefix, name) < 0) return say_failure("no memory");
    bool is_written = new_file_begin(&file, path, "<svg");
    if (is_written) {
        const bool is_drawn = draw(r, file.stream);
        is_written = new_file_end(&file, is_drawn) && is_drawn;
    }
    free(path);
    return is_written ? 0 : STATUS_FAILED;
}

static int write_drawings(const report *r, const wishes *w) {
    char *prefix = strdup(w->prefix == NULL ? w->output : w->prefix);
    if (prefix == NULL) return say_failure("no memory");
    char *dot = w->prefix == NULL ? strrchr(prefix, '.') : NULL;
    if (dot != NULL && strcmp(dot, ".html") == 0) *dot = '\0';
    int status = write_drawing(r, prefix, "live", drawing_live);
    if (status == 0) status = write_drawing(r, prefix, "fragmentation", drawing_fragmentation);
    if (status == 0) status = write_drawing(r, prefix, "map", drawing_map);
    free(prefix);
    return status;
}

static int make_report(report *r, const wishes *w, input *in) {
    if (!survey_make(&r->survey, r->trace, REPORT_MOMENTS, first_heap(&w->on), in)) return STATUS_FAILED;
    const bool is_replayed = replay_all(r, &w->on);
    int status = w->draws ? write_drawings(r, w) : 0;
    if (status == 0) status = write_page(r, w->output);
    return status != 0 || is_replayed ? status : STATUS_FAILED;
}

static int report_trace(const char *path, const wishes *w) {
    static statistics counted;
    static report r;
    replay_trace trace;
    input in;
    if (page_missing != NULL) return say_failure("%s", page_missing);
    if (!replay_count(&trace, path, &counted)) return STATUS_FAILED;
    if (!input_open(&in, path)) return STATUS_FAILED;
    r = (report){.trace = &trace, .statistics = &counted, .in = &in};
    const int status = make_report(&r, w, &in);
    for (size_t i = 0; i < r.replay_count; i++) replay_free(r.replays[i]);
    survey_free(&r.survey);
    statistics_free(&counted);
    input_close(&in);
    return status;
}

/* ---- Its options --------------------------------------------------------------------------------------------------------- */

static int run(int argc, char **argv) {
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"svg", optional_argument, NULL, 's'},
                                            {"on", required_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    static wishes w;
    bool is_on_none = false;
    w = (wishes){.output = "report.html", .on = {.command = "report", .most = REPORT_REPLAYS}};
    for (int option; (option = getopt_long(argc, argv, "o:", options, NULL)) != -1;) {
        if (option == '?') return say_misuse("report", "the options are not understood");
        if (option == 'o') w.output = optarg;
        if (option == 's') w.draws = true;
        if (option == 's') w.prefix = optarg;
        if (option != 'a') continue;
        is_on_none = strcmp(optarg, "none") == 0;
        if (!is_on_none && !chosen_add(&w.on, optarg)) return STATUS_USAGE;
    }
    if (argc - optind != 1) return say_misuse("report", "one trace is needed, and there are %d", argc - optind);
    if (!is_on_none) chosen_complete(&w.on, usual);
    return report_trace(argv[optind], &w);
}

const command report_command = {"report", "a trace as a page: curves, a map, the blocks of any moment", help, run};
