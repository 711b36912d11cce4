/* command_map.c: heapmm map: the memory of a running program, or a heap in a file, drawn in the terminal.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "command.h"
#include "file_map.h"
#include "malloc_map.h"
#include "picture.h"
#include "say.h"
#include "terminal.h"

static const char help[] =
    "heapmm map: the memory of a running program, or a heap in a file, drawn.\n\n"
    "    heapmm map [--interval SECONDS] [--once] PID\n"
    "    heapmm map [--interval SECONDS] [--once] --file FILE [--instance NAME]\n\n"
    "    --file FILE          a heap in a file, which hmm_heap_attach opens. It is looked at in a copy\n"
    "    --instance NAME      heap, tiny or wide: of which instance that is; without it, it is found out\n"
    "    --interval SECONDS   draw it anew so often; 1 if nothing is said, 0.1 at least\n"
    "    --once               draw it once\n\n"
    "PID: of a program that runs on heapmm's malloc, started by heapmm-run or linked with it. It is read while it goes on, and is neither\n"
    "stopped nor changed. A cell stands for some addresses, and says how much of them is in use; below are the sizes of blocks that take\n"
    "most. Without a terminal, or with TERM=dumb, it is drawn once, in plain letters; with NO_COLOR, without colours.\n\n"
    "    q, Ctrl-C   end\n"
    "    space       draw it now\n\n"
    "    heapmm-run ./app & heapmm map $!\n"
    "    heapmm map --once $(pgrep -n app)\n"
    "    heapmm map --file words.heap\n";

static const double least_interval = 0.1, most_interval = 3600;

typedef struct request {
    double interval; /* seconds */
    bool once;
    const char *file;
    const map_instance *instance;
    long pid;
} request;

/* ---- Drawing ------------------------------------------------------------------------------------------------------------- */

static int draw_once(const map_source *source, heap_map *map) {
    const terminal t = terminal_ask();
    const picture_style style = {t.has_unicode, t.has_colours, t.columns, 0};
    if (!source->look(source->context, map)) return say_failure("%s", map->why);
    picture_draw(stdout, map, &style, NULL, "\n");
    return 0;
}

/* Up to the line for which the window has no room: a frame may be longer than that. */
static size_t bytes_of_lines(const char *frame, int lines) {
    const char *at = frame;
    for (; *at != '\0'; at++)
        if (*at == '\n' && --lines == 0) break;
    return (size_t)(at - frame);
}

/* A frame is written at once, over the one before. A line is erased before it is written: where it has as many columns as the window,
 * erasing what is behind it would take its last letter. */
static void draw_frame(const heap_map *map, double interval) {
    const terminal t = terminal_ask();
    const picture_style style = {t.has_unicode, t.has_colours, t.columns, t.lines - 1};
    char status[64], now[16] = "";
    const time_t seconds = time(NULL);
    struct tm local;
    if (localtime_r(&seconds, &local) != NULL) strftime(now, sizeof now, "%H:%M:%S", &local);
    snprintf(status, sizeof status, "%s, every %g s; q ends", now, interval);
    char *frame = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&frame, &bytes);
    if (stream == NULL) return;
    fputs("\033[H\033[K", stream);
    picture_draw(stream, map, &style, status, "\n\033[K");
    fputs("\033[J", stream);
    if (fclose(stream) == 0) fwrite(frame, 1, bytes_of_lines(frame, t.window_lines), stdout);
    fflush(stdout);
    free(frame);
}

/* Until the user ends it, or it cannot be looked at any more; the reason is said on the screen that there was before. */
static int draw_live(const map_source *source, heap_map *map, double interval) {
    bool seen = source->look(source->context, map);
    if (!seen) return say_failure("%s", map->why);
    terminal_begin();
    do {
        draw_frame(map, interval);
        if (ferror(stdout) || !terminal_wait((int)(interval * 1000))) break;
        seen = source->look(source->context, map);
    } while (seen);
    terminal_end();
    if (terminal_signal() != 0 && terminal_signal() != SIGINT) raise(terminal_signal());
    if (!seen) say("%s", map->why);
    return seen || map->ended ? 0 : STATUS_FAILED;
}

static int draw(const request *r, const map_source *source) {
    heap_map map = {0};
    const bool live = !r->once && terminal_ask().is_terminal;
    const int status = live ? draw_live(source, &map, r->interval) : draw_once(source, &map);
    map_free(&map);
    return status;
}

static int map_process(const request *r) {
    malloc_map m;
    const map_source source = {malloc_map_look, &m};
    if (!malloc_map_open(&m, (pid_t)r->pid)) return STATUS_FAILED;
    const int status = draw(r, &source);
    malloc_map_close(&m);
    return status;
}

static int map_file(const request *r) {
    file_map f = {r->file, r->instance};
    const map_source source = {file_map_look, &f};
    return draw(r, &source);
}

/* ---- The call ------------------------------------------------------------------------------------------------------------ */

static bool read_instance(const char *name, const map_instance **instance) {
    static const map_instance *const all[] = {&heap_in_file, &tiny_heap_in_file, &wide_heap_in_file};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(name, all[i]->name) != 0) continue;
        *instance = all[i];
        return true;
    }
    return false;
}

static bool read_interval(const char *text, double *seconds) {
    char *end = NULL;
    *seconds = strtod(text, &end);
    return end != text && *end == '\0' && *seconds >= least_interval && *seconds <= most_interval;
}

static bool read_pid(const char *text, long *pid) {
    char *end = NULL;
    errno = 0;
    *pid = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *pid > 0 && *pid <= INT_MAX;
}

/* Returns 0, or the status of a wrong call. */
static int read_options(int argc, char **argv, request *r) {
    static const struct option options[] = {{"file", required_argument, NULL, 'f'},
                                            {"instance", required_argument, NULL, 'i'},
                                            {"interval", required_argument, NULL, 't'},
                                            {"once", no_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'f': r->file = optarg; break;
        case 'o': r->once = true; break;
        case 'i':
            if (!read_instance(optarg, &r->instance))
                return say_misuse("map", "--instance is heap, tiny or wide, and not '%s'", optarg);
            break;
        case 't':
            if (!read_interval(optarg, &r->interval))
                return say_misuse("map", "--interval is a number of seconds from 0.1 to 3600, and not '%s'", optarg);
            break;
        default: return say_misuse("map", "the options are not understood");
        }
    }
    return 0;
}

static int run(int argc, char **argv) {
    request r = {.interval = 1};
    const int status = read_options(argc, argv, &r);
    const int left = argc - optind;
    if (status != 0) return status;
    if (r.file == NULL && r.instance != NULL) return say_misuse("map", "--instance says what is in the file of --file");
    if (r.file != NULL) return left == 0 ? map_file(&r) : say_misuse("map", "either a process or a file can be looked at");
    if (left != 1) return say_misuse("map", "the number of a process is needed, or --file FILE");
    if (!read_pid(argv[optind], &r.pid))
        return say_misuse("map", "'%s' is not the number of a process: pgrep NAME says it", argv[optind]);
    return map_process(&r);
}

const command map_command = {"map", "the memory of a running program, drawn", help, run};
