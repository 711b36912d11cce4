/* command_record.c: heapmm record: runs a program with the recorder in it, and writes traces.
 *
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "collect.h"
#include "command.h"
#include "files.h"
#include "library.h"
#include "say.h"

static const char help[] =
    "heapmm record: runs a program and writes a trace of what it allocates.\n\n"
    "    heapmm record [-o FILE] [-q] [-v] [--] PROGRAM [ARGUMENTS...]\n\n"
    "    -o, --output FILE    the trace of the program; default PROGRAM.PID.hmt. Other processes that it starts get FILE with their\n"
    "                         number in it: app.hmt, app.1234.hmt\n"
    "    -q, --quiet          says nothing about the traces\n"
    "    -v, --verbose        says something about each, not only the first\n\n"
    "Any program that is linked dynamically can be recorded, with threads, fork and exec. The exit status is that of the program, 128\n"
    "and the number of the signal that ended it, or 125 if the recording failed, 126 if the program cannot be run, 127 if it is not\n"
    "there.\n\n"
    "    heapmm record -o app.hmt -- ./app --some option\n"
    "    heapmm record python3 -c 'print(sum(range(10)))'\n"
    "    heapmm record -o build.hmt make         # a trace for each process: build.hmt, build.1234.hmt ...\n";

enum { RECORDING_FAILED = 125, CANNOT_RUN = 126, NOT_THERE = 127 };

/* Milliseconds between two looks, when nothing happens for long. */
enum { LONGEST_WAIT = 5 };

/* Seconds until it is said what is waited for. */
enum { PATIENCE = 2 };

/* ---- Preparing ----------------------------------------------------------------------------------------------------------- */

static char library[PATH_MAX];
static char sessions[64];

/* In memory if possible: what is written there must not wait for a disk. */
static bool make_directory(void) {
    static const char *const places[] = {"/dev/shm", "/tmp"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        snprintf(sessions, sizeof sessions, "%s/heapmm-XXXXXX", places[i]);
        if (mkdtemp(sessions) != NULL) return true;
    }
    return false;
}

/* Tells recorders that somebody reads, until this process ends. */
static bool lock_directory(void) {
    char path[sizeof sessions + 16];
    snprintf(path, sizeof path, "%s/" SESSION_LOCK, sessions);
    const int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return file >= 0 && flock(file, LOCK_EX) == 0;
}

/* With what processes left that were killed while they began. */
static void remove_directory(void) {
    DIR *directory = opendir(sessions);
    for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.') unlinkat(dirfd(directory), entry->d_name, 0);
    if (directory != NULL) closedir(directory);
    rmdir(sessions);
}

/* The environment of the program. What is preloaded already stays, behind the recorder. */
static bool set_environment(bool uses_ticks) {
    char *preload = NULL, *variable = NULL;
    const char *before = getenv("LD_PRELOAD");
    const bool none = before == NULL || *before == '\0';
    if (asprintf(&preload, "%s%s%s", library, none ? "" : ":", none ? "" : before) < 0) return false;
    if (asprintf(&variable, "%c:%s", uses_ticks ? 't' : 's', sessions) < 0) return false;
    const bool set = setenv("LD_PRELOAD", preload, 1) == 0 && setenv(SESSION_VARIABLE, variable, 1) == 0;
    free(preload);
    free(variable);
    return set;
}

/* ---- Running ------------------------------------------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t child;

/* A terminal sends these to the program as well: it decides. */
static void note_interrupt(int signal) {
    (void)signal;
    interrupted = 1;
}

/* These are sent to one process: the program gets what was meant for it. */
static void pass_on(int signal) {
    if (child > 0) kill((pid_t)child, signal);
    interrupted = 1;
}

static void handle(int signal, void (*handler)(int)) {
    const struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(signal, &action, NULL);
}

/* Tells through the pipe why the program cannot be run; if it runs, the pipe is closed by that. */
static void run_program(char **arguments, bool uses_ticks, int error_pipe) {
    if (set_environment(uses_ticks)) execvp(arguments[0], arguments);
    const int error = errno;
    if (write(error_pipe, &error, sizeof error) < 0) _exit(RECORDING_FAILED);
    _exit(CANNOT_RUN);
}

/* Returns 0, or the exit status of a program that cannot be run. */
static int start_program(char **arguments) {
    int ends[2], error = 0;
    const bool uses_ticks = clock_begin();
    if (pipe2(ends, O_CLOEXEC) != 0) return RECORDING_FAILED;
    const pid_t started = fork();
    if (started == 0) run_program(arguments, uses_ticks, ends[1]);
    close(ends[1]);
    child = started;
    const ssize_t got = started < 0 ? 0 : read(ends[0], &error, sizeof error);
    close(ends[0]);
    if (started < 0) {
        say_failure("no process for %s: %s", arguments[0], strerror(errno));
        return RECORDING_FAILED;
    }
    if (got != sizeof error) return 0;
    waitpid(started, NULL, 0);
    say_failure("%s: %s", arguments[0], strerror(error));
    return error == ENOENT ? NOT_THERE : CANNOT_RUN;
}

static int status_of(int status) {
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What has ended, of the program and of those whose parents have. */
typedef struct ended {
    bool program;
    bool all;
    int status;
    time_t when;
} ended;

static void reap(ended *e) {
    int status = 0;
    for (;;) {
        const pid_t pid = waitpid(-1, &status, WNOHANG);
        if (pid < 0 && errno == ECHILD) e->all = true;
        if (pid <= 0) return;
        if (pid != (pid_t)child) continue;
        e->program = true;
        e->status = status_of(status);
        e->when = time(NULL);
    }
}

/* Until all processes have ended; or the program has, and the user does not want to wait for others. */
static int collect_all(collection *c, const char *program) {
    ended e = {0};
    int wait = 0;
    bool told = false;
    while (!e.all && !(e.program && interrupted)) {
        reap(&e);
        collect_find(c);
        wait = collect_read(c) ? 0 : wait < LONGEST_WAIT ? wait + 1 : LONGEST_WAIT;
        if (!e.program) interrupted = 0;
        if (!told && !e.all && e.program && time(NULL) - e.when >= PATIENCE) {
            told = true;
            say("%s has ended; waiting for processes that it started. Ctrl-C ends the recording, not the processes", program);
        }
        collect_wait(c, e.all ? 0 : wait);
    }
    collect_find(c);
    collect_read(c);
    collect_end(c);
    return e.status;
}

/* Every process costs a file or two. */
static void allow_many_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static int record(const char *file, int verbosity, char **arguments) {
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    const int failed = start_program(arguments);
    if (failed != 0) return failed;
    char *own_name = NULL;
    const char *slash = strrchr(arguments[0], '/');
    if (file == NULL && asprintf(&own_name, "%s.%ld.hmt", slash == NULL ? arguments[0] : slash + 1, (long)child) < 0)
        return RECORDING_FAILED;
    allow_many_files();
    handle(SIGINT, note_interrupt);
    handle(SIGQUIT, note_interrupt);
    handle(SIGTERM, pass_on);
    handle(SIGHUP, pass_on);
    collection c = {.directory = sessions, .file = file == NULL ? own_name : file, .first = (pid_t)child, .verbosity = verbosity};
    const int status = collect_all(&c, arguments[0]);
    if (c.traces == 0 && !c.failed) say("%s cannot be recorded: it is linked statically, or changes its user", arguments[0]);
    free(own_name);
    return c.traces == 0 || c.failed ? RECORDING_FAILED : status;
}

static int run(int argc, char **argv) {
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"verbose", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    const char *file = NULL;
    int verbosity = 0;
    for (int option; (option = getopt_long(argc, argv, "+o:qv", options, NULL)) != -1;) {
        if (option == 'o') file = optarg;
        if (option == 'q') verbosity = -1;
        if (option == 'v') verbosity = 1;
        if (option == '?') return say_misuse("record", "the options are not understood");
    }
    if (optind == argc) return say_misuse("record", "no program to run was named");
    if (file != NULL && strcmp(file, "-") == 0)
        return say_misuse("record", "a program's trace goes to a file, since the program prints");
    if (file != NULL && !files_may_be_trace(file)) return RECORDING_FAILED;
    if (!library_find("libheapmm-record.so", library)) return RECORDING_FAILED;
    if (strpbrk(library, " :") != NULL) {
        say_failure("%s: the loader takes no library with a space or a colon in its path", library);
        return RECORDING_FAILED;
    }
    if (!make_directory() || !lock_directory()) {
        say_failure("no directory for events can be made in /dev/shm or /tmp: %s", strerror(errno));
        return RECORDING_FAILED;
    }
    const int status = record(file, verbosity, argv + optind);
    remove_directory();
    return status;
}

const command record_command = {"record", "runs a program and writes a trace of what it allocates", help, run};
