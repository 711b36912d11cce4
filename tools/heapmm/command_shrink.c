/* command_shrink.c: heapmm shrink: the shortest trace for which a command still fails, and a program that does the same.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "c_program.h"
#include "command.h"
#include "files.h"
#include "input.h"
#include "say.h"
#include "shrink.h"
#include "text.h"

static const char help[] =
    "heapmm shrink: the shortest trace for which a command still fails, and the same as a C program.\n\n"
    "    heapmm shrink [-o SHRUNK.hmt] [--timeout SECONDS] --fails 'COMMAND' FILE\n\n"
    "    -f, --fails 'COMMAND'    a command of the shell, which is given a trace: its path is put where {} stands, or at the end.\n"
    "                             It fails if its status is not 0, or by a signal\n"
    "    -o, --output SHRUNK.hmt  the trace that is written; the program is SHRUNK.c. Default: FILE-shrunk.hmt\n"
    "    -t, --timeout SECONDS    a command that takes longer is killed; default 60. It counts as one that does not fail; but if it\n"
    "                             takes so long for FILE, that is the failure which is looked for, and no other\n\n"
    "The command runs many times, for shorter and shorter traces; what it prints is not shown. It ends with status 125 if it cannot say.\n"
    "In the end no block, resize or free can be left out without the failure going away, and no size be smaller by one. Interrupted, it\n"
    "keeps the shortest so far.\n\n"
    "    heapmm shrink --fails 'heapmm replay --verify --on ./libmine.so' app.hmt\n"
    "    heapmm shrink --fails 'heapmm size --on tiny --fits 4K' board.hmt\n"
    "    heapmm shrink --fails './my-test --trace={} 2>&1 | grep -q \"overlaps\" && exit 1 || exit 0' -o bug.hmt app.hmt\n";

enum { STATUS_INTERRUPTED = 130, MOST_SECONDS = 1000000 };

/* Beside the trace: its program, and what is being tried. */
typedef struct outputs {
    char trace[PATH_MAX], program[PATH_MAX], attempt[PATH_MAX];
} outputs;

/* The length of a path without .hmt. */
static int stem_of(const char *path) {
    const size_t length = strlen(path);
    return (int)(length > 4 && strcmp(path + length - 4, ".hmt") == 0 ? length - 4 : length);
}

static bool is_same_file(const char *a, const char *b) {
    struct stat one, other;
    return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/* Else it was said why. */
static bool is_trace(const char *path) {
    input in;
    if (!input_open(&in, path)) return false;
    input_close(&in);
    return true;
}

/* A device, a pipe or a directory would be replaced by what is renamed to it. */
static bool may_be_file(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0 || S_ISREG(status.st_mode)) return true;
    say("%s is no plain file: give -o the name of one", path);
    return false;
}

/* Nothing that is there is written over but traces and programs that were made before, and never what is shrunk. */
static bool may_be_outputs(const outputs *o, const char *path) {
    if (is_same_file(path, o->trace)) return say("%s is what is to be shrunk: give -o another name", path), false;
    if (is_same_file(path, o->attempt)) return say("%s is where shorter traces are tried: give -o another name", path), false;
    return may_be_file(o->trace) && may_be_file(o->attempt) && may_be_file(o->program) && files_may_be_trace(o->trace) &&
           files_may_be_trace(o->attempt) && c_program_may_be(o->program);
}

static bool name_outputs(outputs *o, const char *path, const char *wanted) {
    const size_t room = sizeof o->trace - 16;
    if (wanted != NULL && strcmp(wanted, "-") == 0) return say("two files are written here: standard output will not do"), false;
    if (strlen(path) + 16 > room || (wanted != NULL && strlen(wanted) > room)) return say("the path is too long"), false;
    if (wanted != NULL)
        snprintf(o->trace, sizeof o->trace, "%s", wanted);
    else
        snprintf(o->trace, sizeof o->trace, "%.*s-shrunk.hmt", stem_of(path), path);
    snprintf(o->program, sizeof o->program, "%.*s.c", stem_of(o->trace), o->trace);
    snprintf(o->attempt, sizeof o->attempt, "%.*s.try.hmt", stem_of(o->trace), o->trace);
    return may_be_outputs(o, path);
}

/* Two at once with the same files would spoil each other's. So the program, which is not replaced but written to, is locked as long
 * as this runs; where locks cannot be had, it is not. The file, to be closed; -1: it was said why not. */
static int take_outputs(const outputs *o) {
    const int file = open(o->program, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) {
        say("%s: %s", o->program, strerror(errno));
    } else if (flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        say("another heapmm shrink is writing %s: give -o another name", o->trace);
        close(file);
        return -1;
    }
    return file;
}

/* No empty program stays. */
static void leave_outputs(const outputs *o, int file) {
    struct stat status;
    if (fstat(file, &status) == 0 && status.st_size == 0) unlink(o->program);
    close(file);
}

static int report(const shrinking *s, const outputs *o, const char *state) {
    if (!c_program_write(o->program, o->trace, s->path)) return STATUS_FAILED;
    printf("%s of the %s events of %s%s, after %s trials\n", text_number(s->now.events).bytes, text_number(s->events).bytes,
           s->path, state, text_number(s->trials).bytes);
    printf("%s: the trace\n%s: a program that does the same\n", o->trace, o->program);
    return 0;
}

static int run_and_report(shrinking *s, const outputs *o) {
    switch (shrink_run(s)) {
    case SHRINK_DONE: return report(s, o, " still fail");
    case SHRINK_FAILED:
        if (s->has_best) say("%s is the shortest so far: shrink it, when that is mended", o->trace);
        return STATUS_FAILED;
    default: break;
    }
    if (!s->has_best) return say("interrupted before anything was left out"), STATUS_INTERRUPTED;
    const int status = report(s, o, " still fail, interrupted: there may be fewer that do");
    return status == 0 ? STATUS_INTERRUPTED : status;
}

static int shrink(const char *path, const char *output, const char *fails, unsigned seconds) {
    static outputs o;
    if (strcmp(path, "-") == 0) return say_failure("a trace is read several times here: standard input will not do");
    if (!is_trace(path) || !name_outputs(&o, path, output)) return STATUS_FAILED;
    const int taken = take_outputs(&o);
    if (taken < 0) return STATUS_FAILED;
    shrinking s = {.path = path, .best = o.trace, .attempt = o.attempt, .command = fails, .seconds = seconds};
    const int status = run_and_report(&s, &o);
    leave_outputs(&o, taken);
    return status;
}

static bool read_seconds(const char *text, unsigned *seconds) {
    char *end;
    const unsigned long number = strtoul(text, &end, 10);
    *seconds = (unsigned)number;
    return *text >= '0' && *text <= '9' && *end == '\0' && number > 0 && number <= MOST_SECONDS;
}

static int run(int argc, char **argv) {
    static const struct option options[] = {{"fails", required_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"timeout", required_argument, NULL, 't'},
                                            {NULL, 0, NULL, 0}};
    const char *output = NULL, *fails = NULL;
    unsigned seconds = 60;
    for (int option; (option = getopt_long(argc, argv, "f:o:t:", options, NULL)) != -1;) {
        if (option == '?') return say_misuse("shrink", "the options are not understood");
        if (option == 'f') fails = optarg;
        if (option == 'o') output = optarg;
        if (option == 't' && !read_seconds(optarg, &seconds))
            return say_misuse("shrink", "--timeout takes seconds, from 1 to %d", MOST_SECONDS);
    }
    if (argc - optind != 1) return say_misuse("shrink", "one trace is needed, and there are %d", argc - optind);
    if (fails == NULL) return say_misuse("shrink", "--fails must say which command fails");
    return shrink(argv[optind], output, fails, seconds);
}

const command shrink_command = {"shrink", "the shortest trace for which a command still fails", help, run};
