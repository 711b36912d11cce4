/* command_import.c: heapmm import: makes a trace of what another tool has recorded.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "files.h"
#include "import.h"
#include "progress.h"
#include "say.h"

static const char help[] = "heapmm import: makes a trace of what another tool has recorded.\n\n"
                           "    heapmm import [--from FORMAT] -o TRACE FILE\n\n"
                           "    -o, --output TRACE     the trace to write; - is standard output\n"
                           "    -f, --from FORMAT      heaptrack, ltrace or android; default: what the first lines look like\n\n"
                           "FILE is text; - is standard input. Lines that are not understood are said and passed over.\n\n"
                           "    zstdcat heaptrack.app.123.raw.zst | heapmm import -o app.hmt -      # of heaptrack --raw\n"
                           "    ltrace -f -ttt -e malloc+calloc+realloc+free -o calls ./app && heapmm import -o app.hmt calls\n"
                           "    heapmm import --from android -o app.hmt camera.txt                  # of memory_replay\n";

static const import_format *const formats[] = {&import_heaptrack, &import_android, &import_ltrace};

enum { FORMATS = sizeof formats / sizeof formats[0] };

/* Lines that are told one by one. */
enum { TOLD = 5 };

/* Lines at the beginning by which the format is known. */
enum { FIRST_LINES = 100 };

typedef struct source {
    FILE *file;
    const char *path;
    const import_format *format; /* NULL: not yet known */
    char *line;
    size_t room;
    uint64_t number; /* of the line */
    uint64_t wrong;
    uint64_t nowhere;
} source;

static const import_format *format_named(const char *name) {
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i]->name, name) == 0) return formats[i];
    return NULL;
}

static const import_format *format_of(const char *line) {
    for (size_t i = 0; i < FORMATS; i++)
        if (formats[i]->fits(line)) return formats[i];
    return NULL;
}

static void tell_wrong(source *s, const char *line) {
    if (++s->wrong > TOLD) return;
    say("%s: line %llu is not understood as one of %s: %.60s", s->path, (unsigned long long)s->number, s->format->name, line);
    if (s->wrong == TOLD) say("%s: more such lines are not told", s->path);
}

/* False: it is of no use to go on. */
static bool take_line(source *s, import *i) {
    char copy[64];
    if (s->format == NULL) s->format = format_of(s->line);
    if (s->format == NULL) return s->number < FIRST_LINES;
    snprintf(copy, sizeof copy, "%s", s->line);
    switch (s->format->take(i, s->line)) {
    case LINE_USED: return true;
    case LINE_WRONG: tell_wrong(s, copy); return true;
    case LINE_NOWHERE: s->nowhere++; return true;
    default: return false;
    }
}

static bool take_lines(source *s, import *i) {
    bool useful = true;
    ssize_t length;
    progress_begin("importing", "events");
    while (useful && (length = getline(&s->line, &s->room, s->file)) > 0) {
        s->number++;
        if (s->line[length - 1] == '\n') s->line[length - 1] = '\0';
        useful = take_line(s, i);
        progress_tell(i->events, 0, 0);
    }
    progress_clear();
    return useful;
}

static int import_file(source *s, const char *output) {
    char from[64];
import i = {0 };
    snprintf(from, sizeof from, "source=%s", s->format == NULL ? "import" : s->format->name);
    const char *const about[] = {from, NULL};
    i.writer = hmm_trace_writer_open(output, about);
    if (i.writer == NULL) return say_failure("%s: %s", output, strerror(errno));
    const bool taken = take_lines(s, &i);
    if (s->format != NULL) s->format->end(&i);
    blocks_free(&i.threads);
    if (hmm_trace_writer_close(i.writer) != HMM_TRACE_OK) return say_failure("%s: %s", output, strerror(errno));
    if (s->format == NULL) return say_failure("%s: the format is not known; --from FORMAT says which it is", s->path);
    if (!taken) return say_failure("%s: line %llu: no memory", s->path, (unsigned long long)s->number);
    if (s->nowhere > 0)
        say("%s: %llu calls left out that do not show where the block is", s->path, (unsigned long long)s->nowhere);
    if (i.events == 0)
        return say_failure("%s: no event of %s in %llu lines", s->path, s->format->name, (unsigned long long)s->number);
    return 0;
}

static int open_and_import(source *s, const char *output) {
    const bool standard = strcmp(s->path, "-") == 0;
    if (!files_may_be_trace(output)) return STATUS_FAILED;
    s->file = standard ? stdin : fopen(s->path, "re");
    if (s->file == NULL) return say_failure("%s: %s", s->path, strerror(errno));
    const int status = import_file(s, output);
    free(s->line);
    if (!standard) fclose(s->file);
    return status;
}

static int run(int argc, char **argv) {
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"from", required_argument, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    const char *output = NULL;
    source s = {0};
    for (int option; (option = getopt_long(argc, argv, "o:f:", options, NULL)) != -1;) {
        if (option == 'o') output = optarg;
        if (option == 'f' && (s.format = format_named(optarg)) == NULL)
            return say_misuse("import", "there is no format %s", optarg);
        if (option == '?') return say_misuse("import", "the options are not understood");
    }
    if (argc - optind != 1) return say_misuse("import", "one file is needed, and there are %d", argc - optind);
    if (output == NULL) return say_misuse("import", "-o must say which trace to write");
    s.path = argv[optind];
    return open_and_import(&s, output);
}

const command import_command = {"import", "makes a trace of what heaptrack, ltrace or Android recorded", help, run};
