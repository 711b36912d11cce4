/* import_ltrace.c: what ltrace prints.
 *
 * SPDX-License-Identifier: MIT
 *
 *     7143 1795588879.908651 app->malloc(24)      = 0x55b0716382a0         ltrace -f -ttt; both numbers may be missing
 *     [pid 7143] libc.so.6->realloc(0x55b0716382a0, 5000) = 0x55b0716382e0
 *     7150 malloc(64 <unfinished ...>                                      another thread comes in between
 *     7150 <... malloc resumed> )                 = 0x7fd18c000b70
 *
 * A free counts when it begins, all others when they return. posix_memalign does not show where its block is. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

/* Time of an event where no times are printed. */
enum { STEP = 1000 };

/* Seconds: times are printed as those since 1970, or since the call before. */
static const double long_ago = 1e8;

/* The arguments of a call that has not returned; longer ones are not of interest. */
typedef struct unfinished {
    char text[128];
} unfinished;

typedef struct calls {
    unfinished *threads;
    size_t count;
    double first; /* time; 0: none yet */
} calls;

static unfinished *unfinished_of(import *i, uint32_t thread) {
    calls *c = i->own;
    if (c == NULL) c = i->own = calloc(1, sizeof *c);
    if (c == NULL) return NULL;
    if (thread >= c->count) {
        unfinished *larger = realloc(c->threads, ((size_t)thread + 1) * sizeof *larger);
        if (larger == NULL) return NULL;
        memset(larger + c->count, 0, ((size_t)thread + 1 - c->count) * sizeof *larger);
        c->threads = larger;
        c->count = (size_t)thread + 1;
    }
    return &c->threads[thread];
}

/* ---- In front of the call ------------------------------------------------------------------------------------------------ */

static void skip_spaces(char **line) {
    *line += strspn(*line, " ");
}

static uint64_t take_thread(char **line) {
    uint64_t thread = 0;
    const bool bracket = strncmp(*line, "[pid ", 5) == 0;
    char *at = bracket ? *line + 5 : *line;
    if (!isdigit((unsigned char)*at) || !import_number(&at, 10, &thread)) return 0;
    if (bracket && *at == ']') at++;
    if (*at != ' ') return 0; /* a time */
    *line = at;
    skip_spaces(line);
    return thread;
}

/* Seconds, or hours:minutes:seconds; negative: no time is printed. */
static double take_time(char **line) {
    char *at = *line;
    double seconds = 0;
    if (!isdigit((unsigned char)*at)) return -1;
    for (;;) {
        seconds = seconds * 60 + strtod(at, &at);
        if (*at != ':') break;
        at++;
    }
    if (*at != ' ') return -1;
    *line = at;
    skip_spaces(line);
    return seconds;
}

static void set_time(import *i, double seconds) {
    if (unfinished_of(i, 0) == NULL) return;
    calls *c = i->own;
    if (seconds < 0) {
        i->time += STEP;
        return;
    }
    if (c->first == 0) c->first = seconds;
    if (c->first < long_ago)
        i->time += (uint64_t)(seconds * 1e9);
    else if (seconds >= c->first)
        i->time = (uint64_t)((seconds - c->first) * 1e9);
}

/* ---- The call ------------------------------------------------------------------------------------------------------------ */

typedef struct call {
    const char *name;
    hmm_trace_kind kind;
    size_t arguments;
} call;

static const call known[] = {{"malloc", HMM_TRACE_MALLOC, 1},          {"calloc", HMM_TRACE_CALLOC, 2},
                             {"realloc", HMM_TRACE_REALLOC, 2},        {"aligned_alloc", HMM_TRACE_ALIGNED_ALLOC, 2},
                             {"memalign", HMM_TRACE_ALIGNED_ALLOC, 2}, {"free", HMM_TRACE_FREE, 1}};

static const call *call_named(const char *name, size_t length) {
    for (size_t n = 0; n < sizeof known / sizeof known[0]; n++)
        if (strlen(known[n].name) == length && strncmp(known[n].name, name, length) == 0) return &known[n];
    return NULL;
}

/* A number, or nil. */
static bool take_argument(char **text, uint64_t *number) {
    skip_spaces(text);
    *number = 0;
    if (strncmp(*text, "nil", 3) != 0) return import_number(text, 0, number);
    *text += 3;
    return true;
}

static bool take_arguments(char **text, uint64_t *numbers, size_t count) {
    for (size_t n = 0; n < count; n++) {
        if (n > 0 && *(*text)++ != ',') return false;
        if (!take_argument(text, &numbers[n])) return false;
    }
    return true;
}

static hmm_trace_event event_of(const call *c, const uint64_t *numbers, uint64_t result) {
    hmm_trace_event event = {.kind = c->kind, .address = result, .failed = result == 0};
    switch (c->kind) {
    case HMM_TRACE_MALLOC: event.size = numbers[0]; break;
    case HMM_TRACE_CALLOC: event.size = import_product(numbers[0], numbers[1]); break;
    case HMM_TRACE_REALLOC:
        event.old_address = numbers[0];
        event.size = numbers[1];
        break;
    default:
        event.alignment = numbers[0];
        event.size = numbers[1];
        break;
    }
    if (event.kind == HMM_TRACE_REALLOC && event.failed && event.size == 0 && event.old_address != 0)
        event = (hmm_trace_event){.kind = HMM_TRACE_FREE, .old_address = event.old_address};
    return event;
}

/* text: the arguments and what follows. */
static import_line take_call(import *i, const call *c, char *text, uint32_t thread, double seconds) {
    uint64_t numbers[2] = {0}, result = 0;
    if (!take_arguments(&text, numbers, c->arguments)) return LINE_WRONG;
    hmm_trace_event event = {.kind = HMM_TRACE_FREE, .old_address = numbers[0]};
    if (c->kind == HMM_TRACE_FREE && numbers[0] == 0) return LINE_USED;
    if (c->kind != HMM_TRACE_FREE) {
        char *equals = strstr(text, ") ");
        if (equals == NULL || (equals = strchr(equals, '=')) == NULL) return LINE_WRONG;
        equals++;
        if (!take_argument(&equals, &result)) return LINE_WRONG;
        event = event_of(c, numbers, result);
    }
    event.thread = thread;
    set_time(i, seconds);
    return import_put(i, &event);
}

/* A call that another thread interrupts: kept until it is resumed. */
static import_line keep(import *i, const call *c, char *text, uint32_t thread, double seconds) {
    if (c->kind == HMM_TRACE_FREE) return take_call(i, c, text, thread, seconds);
    unfinished *u = unfinished_of(i, thread);
    char *end = strstr(text, "<unfinished");
    if (end == NULL) end = strstr(text, "<no return");
    if (u == NULL) return LINE_FAILED;
    if (end == NULL || (size_t)(end - text) >= sizeof u->text) return LINE_WRONG;
    memcpy(u->text, text, (size_t)(end - text));
    u->text[end - text] = '\0';
    return LINE_USED;
}

/* <... malloc resumed> )   = 0x7fd18c000b70 */
static import_line resume(import *i, char *line, uint32_t thread, double seconds) {
    char whole[512];
    char *name = line + strlen("<... "), *space = strchr(name, ' '), *rest = strchr(name, '>');
    if (space == NULL || rest == NULL || space > rest) return LINE_WRONG;
    const call *c = call_named(name, (size_t)(space - name));
    if (c == NULL || c->kind == HMM_TRACE_FREE) return LINE_USED;
    unfinished *u = unfinished_of(i, thread);
    if (u == NULL) return LINE_FAILED;
    if (u->text[0] == '\0' || strlen(u->text) + strlen(rest) >= sizeof whole) return LINE_WRONG;
    strcpy(whole, u->text);
    strcat(whole, rest + 1);
    u->text[0] = '\0';
    return take_call(i, c, whole, thread, seconds);
}

static import_line take(import *i, char *line) {
    const uint64_t id = take_thread(&line);
    const double seconds = take_time(&line);
    if (strncmp(line, "<... ", 5) == 0) return resume(i, line, import_thread(i, id), seconds);
    char *open = strchr(line, '(');
    if (open == NULL) return LINE_USED;
    char *name = open;
    while (name > line && (isalnum((unsigned char)name[-1]) || name[-1] == '_')) name--;
    if (strncmp(name, "posix_memalign(", 15) == 0) return LINE_NOWHERE;
    const call *c = call_named(name, (size_t)(open - name));
    if (c == NULL) return LINE_USED;
    const bool returns = strstr(open, "<unfinished") == NULL && strstr(open, "<no return") == NULL;
    return (returns ? take_call : keep)(i, c, open + 1, import_thread(i, id), seconds);
}

/* A call that returns, or the mark of one that does not. */
static bool fits(const char *line) {
    const char *open = strchr(line, '(');
    return open != NULL && open > line && (strstr(open, ") ") != NULL || strstr(open, "<unfinished") != NULL);
}

static void end(import *i) {
    calls *c = i->own;
    if (c != NULL) free(c->threads);
    free(c);
}

const import_format import_ltrace = {"ltrace", fits, take, end};
