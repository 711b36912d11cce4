/* command_export.c: heapmm export: a trace as CSV, or as JSON for trace viewers.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "command.h"
#include "input.h"
#include "json.h"
#include "say.h"

static const char help[] =
    "heapmm export: a trace as CSV, or as JSON for Perfetto and Chrome's trace viewer.\n\n"
    "    heapmm export [--to csv|perfetto] [--every N] [-o FILE] TRACE\n\n"
    "    -t, --to FORMAT      csv (default): a line for each event. perfetto: counters of live bytes and blocks, and each event on\n"
    "                         the track of its thread\n"
    "    -e, --every N        perfetto: only counters, after every N events: for long traces\n"
    "    -o, --output FILE    default: standard output\n\n"
    "    heapmm export app.hmt | head\n"
    "    heapmm export --to perfetto -o app.json app.hmt         # open it at ui.perfetto.dev\n"
    "    heapmm export --to perfetto --every 1000 -o app.json app.hmt\n";

/* What is live; a block that comes where one is takes its place. */
typedef struct live {
    blocks blocks;
    uint64_t bytes;
} live;

static void lose(live *l, uint64_t address) {
    block *found = blocks_find(&l->blocks, address);
    if (address == 0 || found == NULL) return;
    l->bytes -= found->size;
    blocks_remove(&l->blocks, found);
}

static bool gain(live *l, const hmm_trace_event *event) {
    lose(l, event->address);
    l->bytes += event->size;
    return blocks_add(&l->blocks, &(block){.address = event->address, .size = event->size});
}

static bool follow(live *l, const hmm_trace_event *event) {
    if (event->failed) return true;
    lose(l, event->old_address);
    return event->address == 0 || gain(l, event);
}

/* ---- CSV ----------------------------------------------------------------------------------------------------------------- */

static bool export_csv(input *in, FILE *out, uint64_t every) {
    hmm_trace_event e;
    (void)every;
    fputs("event,nanoseconds,thread,call,failed,size,alignment,address,old_address\n", out);
    while (input_next(in, &e))
        fprintf(out, "%" PRIu64 ",%" PRIu64 ",%" PRIu32 ",%s,%d,%" PRIu64 ",%" PRIu64 ",0x%" PRIx64 ",0x%" PRIx64 "\n",
                e.sequence, e.time, e.thread, hmm_trace_kind_name(e.kind), e.failed, e.size, e.alignment, e.address,
                e.old_address);
    return true;
}

/* ---- JSON for trace viewers ---------------------------------------------------------------------------------------------- */

/* One event of the viewer: times are microseconds. */
static void begin_event(FILE *out, const char *phase, const char *name, const char *pid, uint32_t thread, uint64_t nanoseconds) {
    fprintf(out, ",\n{\"ph\":\"%s\",\"name\":\"%s\",\"pid\":%s,\"tid\":%" PRIu32 ",\"ts\":%" PRIu64 ".%03u", phase, name, pid,
            thread, nanoseconds / 1000, (unsigned)(nanoseconds % 1000));
}

static void put_call(FILE *out, const char *pid, const hmm_trace_event *e, uint64_t time) {
    begin_event(out, "i", hmm_trace_kind_name(e->kind), pid, e->thread, time);
    fprintf(out, ",\"s\":\"t\",\"args\":{\"event\":%" PRIu64 ",\"size\":%" PRIu64 ",\"address\":\"0x%" PRIx64 "\"", e->sequence,
            e->size, e->address);
    if (e->old_address != 0) fprintf(out, ",\"old_address\":\"0x%" PRIx64 "\"", e->old_address);
    if (e->alignment != 0) fprintf(out, ",\"alignment\":%" PRIu64, e->alignment);
    fputs(e->failed ? ",\"failed\":true}}" : "}}", out);
}

static void put_counters(FILE *out, const char *pid, const live *l, uint64_t time) {
    begin_event(out, "C", "live bytes", pid, 0, time);
    fprintf(out, ",\"args\":{\"bytes\":%" PRIu64 "}}", l->bytes);
    begin_event(out, "C", "live blocks", pid, 0, time);
    fprintf(out, ",\"args\":{\"blocks\":%zu}}", l->blocks.count);
}

/* The number that the trace says, if it is one. */
static const char *pid_of(const input *in) {
    const char *pid = input_about(in, "pid", "1");
    return strspn(pid, "0123456789") == strlen(pid) && strlen(pid) < 10 ? pid : "1";
}

static bool export_perfetto(input *in, FILE *out, uint64_t every) {
    const char *pid = pid_of(in);
    hmm_trace_event e;
    live l = {0};
    uint64_t first = 0;
    bool followed = true;
    json j = json_begin(out);
    fprintf(out,
            "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%s,\"args\":", pid);
    json_open(&j, NULL, '{');
    json_string(&j, "name", input_about(in, "command", input_about(in, "program", in->path)));
    json_close(&j, '}');
    fputc('}', out);
    while (followed && input_next(in, &e)) {
        if (in->events == 1) first = e.time;
        followed = follow(&l, &e);
        if (every == 0) put_call(out, pid, &e, e.time - first);
        if (every == 0 || in->events % every == 0) put_counters(out, pid, &l, e.time - first);
    }
    fputs("\n]}\n", out);
    blocks_free(&l.blocks);
    return followed;
}

/* -------------------------------------------------------------------------------------------------------------------------- */

typedef bool exporter(input *in, FILE *out, uint64_t every);

static exporter *exporter_named(const char *name) {
    if (strcmp(name, "csv") == 0) return export_csv;
    return strcmp(name, "perfetto") == 0 ? export_perfetto : NULL;
}

static int export_trace(exporter *export, const char *path, const char *output, uint64_t every) {
    input in;
    if (!input_open(&in, path)) return STATUS_FAILED;
    FILE *out = output == NULL ? stdout : fopen(output, "we");
    if (out == NULL) {
        input_close(&in);
        return say_failure("%s: %s", output, strerror(errno));
    }
    const bool exported = export(&in, out, every);
    const bool written = fflush(out) == 0 && !ferror(out);
    const int error = errno;
    const bool failed = in.failed;
    input_close(&in);
    if (out != stdout) fclose(out);
    if (!exported) return say_failure("%s: no memory for its blocks", path);
    if (!written) return say_failure("%s: %s", output == NULL ? "standard output" : output, strerror(error));
    return failed ? STATUS_FAILED : 0;
}

static int run(int argc, char **argv) {
    static const struct option options[] = {{"to", required_argument, NULL, 't'},
                                            {"every", required_argument, NULL, 'e'},
                                            {"output", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    exporter *export = export_csv;
    const char *output = NULL;
    uint64_t every = 0;
    for (int option; (option = getopt_long(argc, argv, "t:e:o:", options, NULL)) != -1;) {
        char *end = NULL;
        if (option == 't' && (export = exporter_named(optarg)) == NULL)
            return say_misuse("export", "there is no format %s", optarg);
        if (option == 'e') every = strtoull(optarg, &end, 10);
        if (option == 'e' && (*end != '\0' || every == 0)) return say_misuse("export", "--every takes a number from 1 on");
        if (option == 'o') output = optarg;
        if (option == '?') return say_misuse("export", "the options are not understood");
    }
    if (argc - optind != 1) return say_misuse("export", "one trace is needed, and there are %d", argc - optind);
    return export_trace(export, argv[optind], output, every);
}

const command export_command = {"export", "a trace as CSV, or as JSON for Perfetto and Chrome", help, run};
