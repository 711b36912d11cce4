/* replay.c: see replay.h.
 *
 * SPDX-License-Identifier: MIT */
#include "replay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator.h"
#include "input.h"
#include "library.h"
#include "player.h"
#include "progress.h"
#include "say.h"

/* Bytes that wait in the pipe: a few batches, so that neither process waits for the other. */
enum { PIPE = 1 << 18 };

/* ---- Reading once -------------------------------------------------------------------------------------------------------- */

bool replay_count(replay_trace *trace, const char *path, statistics *s) {
    input in;
    hmm_trace_event event;
    bool counted = true;
    *trace = (replay_trace){.path = path};
    if (strcmp(path, "-") == 0) return say("a trace is read several times here: standard input will not do"), false;
    if (!input_open(&in, path)) return false;
    while (counted && input_next(&in, &event)) {
        counted = statistics_count(s, &event);
        trace->curve = player_curve(trace->curve, s->live_bytes);
        if (s->peak_bytes > trace->peak_bytes) trace->peak_event = s->events;
        trace->peak_bytes = s->peak_bytes;
    }
    if (!counted) say("%s: no memory for its blocks", path);
    trace->events = s->events;
    trace->peak_blocks = s->peak_blocks;
    trace->end_bytes = s->live_bytes;
    trace->threads = s->thread_rows;
    /* A block that comes where one is has a slot before that one's is free. */
    trace->slots = s->peak_blocks + 1;
    const bool read = counted && !in.failed;
    input_close(&in);
    return read;
}

bool replay_read(replay_trace *trace, const char *path) {
    static statistics s;
    s = (statistics){0};
    const bool is_read = replay_count(trace, path, &s);
    statistics_free(&s);
    return is_read;
}

/* Headers, rounding, and an eighth for what does not fit. */
uint64_t replay_capacity(const replay_trace *trace) {
    return trace->peak_bytes + trace->peak_bytes / 8 + 16 * trace->peak_blocks + 4096;
}

/* ---- The worker ---------------------------------------------------------------------------------------------------------- */

typedef struct worker {
    session *shared;
    int memory; /* the file of `shared` */
    int steps;  /* the pipe's end for writing */
    pid_t process;
} worker;

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Of a concurrent replay, a sample for each window, one of which ends early; and slots that rest, as many as a window may free. */
static bool share(worker *w, const replay_trace *trace, const replay_wish *wish) {
    const uint64_t moments = wish->is_concurrent ? 2 * trace->events / SESSION_WINDOW + 2 : trace->events;
    const uint64_t samples = least(wish->samples, moments),
                   resting = wish->is_concurrent ? least(2 * trace->events, SESSION_WINDOW) : 0;
    w->memory = memfd_create("heapmm-replay", MFD_CLOEXEC);
    if (w->memory < 0 || ftruncate(w->memory, (off_t)session_bytes(samples)) != 0) return false;
    w->shared = mmap(NULL, session_bytes(samples), PROT_READ | PROT_WRITE, MAP_SHARED, w->memory, 0);
    if (w->shared == MAP_FAILED) return false;
    w->shared->slots = trace->slots + resting;
    w->shared->threads = wish->is_concurrent ? least(trace->threads > 0 ? trace->threads : 1, STEP_THREADS) : 0;
    w->shared->capacity = replay_capacity(trace);
    w->shared->arena = wish->arena;
    w->shared->verifies = wish->verifies;
    w->shared->counts = wish->counts;
    w->shared->sample_room = samples;
    return true;
}

/* Whose malloc it will have. */
static bool name_library(session *shared, const char *name) {
    const allocator *known = allocator_named(name);
    const char *library = known == NULL ? name : known->library;
    snprintf(shared->name, sizeof shared->name, "%s", name);
    if (library == NULL || *library == '\0') return true;
    if (!(known == NULL ? library_resolve(library, shared->library) : library_find(library, shared->library))) return false;
    if (strpbrk(shared->library, " :") == NULL) return true;
    say("%s: the loader takes no library with a space or a colon in its path", shared->library);
    return false;
}

/* What stands in LD_PRELOAD is not preloaded, but for the recorder: a replay may be recorded, and is then as it is without. */
static void set_preloaded(const char *library) {
    const char *recorder = strstr(getenv("LD_PRELOAD") == NULL ? "" : getenv("LD_PRELOAD"), "/libheapmm-record.so"),
               *from = recorder;
    char text[2 * PATH_MAX];
    if (recorder == NULL) {
        if (*library == '\0')
            unsetenv("LD_PRELOAD");
        else
            setenv("LD_PRELOAD", library, 1);
        return;
    }
    while (from > getenv("LD_PRELOAD") && from[-1] != ':' && from[-1] != ' ') from--;
    snprintf(text, sizeof text, "%.*s%s%s", (int)(recorder + strlen("/libheapmm-record.so") - from), from,
             *library == '\0' ? "" : ":", library);
    setenv("LD_PRELOAD", text, 1);
}

static _Noreturn void become_worker(const worker *w, int end) {
    char *const arguments[] = {"heapmm", "replay", SESSION_WORKER, NULL};
    set_preloaded(w->shared->library);
    if (dup2(end, SESSION_STEPS) >= 0 && dup2(w->memory, SESSION_MEMORY) >= 0) {
        fcntl(SESSION_MEMORY, F_SETFD, 0);
        execv("/proc/self/exe", arguments);
    }
    _exit(EXIT_FAILURE);
}

static bool start(worker *w) {
    int ends[2];
    fflush(NULL);
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    fcntl(ends[1], F_SETPIPE_SZ, PIPE);
    w->process = fork();
    if (w->process == 0) become_worker(w, ends[0]);
    close(ends[0]);
    w->steps = ends[1];
    return w->process > 0;
}

/* ---- What it is sent ----------------------------------------------------------------------------------------------------- */

static bool write_all(int file, const void *from, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        const ssize_t count = write(file, (const char *)from + done, bytes - done);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        done += (size_t)count;
    }
    return true;
}

/* Steps on their way: a batch, and of a concurrent replay how many of the window were sent. */
typedef struct sending {
    const worker *w;
    step batch[SESSION_BATCH];
    uint32_t count;
    uint64_t in_window;
    bool is_sent;
} sending;

static void send_batch(sending *s, uint32_t then) {
    const session_batch head = {s->count, then};
    s->is_sent = write_all(s->w->steps, &head, sizeof head) && write_all(s->w->steps, s->batch, s->count * sizeof *s->batch);
    s->in_window = (then & SESSION_WINDOW_ENDS) != 0 ? 0 : s->in_window + s->count;
    s->count = 0;
}

static void add(sending *s, const step *made) {
    s->batch[s->count++] = *made;
    if (s->count == SESSION_BATCH) send_batch(s, 0);
}

/* A block whose free is missing is a step with its own turn here. The threads stand still where a window ends, and nowhere else: so one
 * ends where memory is to be measured. Returns whether one did. */
static bool add_together(sending *s, steps *all, step *made, uint32_t then) {
    const step ended = {
        .kind = STEP_FREE, .slot = made->ended, .ended = NO_SLOT, .turn = all->ended_turn, .thread = made->thread};
    if (made->ended != NO_SLOT) add(s, &ended);
    made->ended = NO_SLOT;
    add(s, made);
    if (s->in_window + s->count < SESSION_WINDOW && (then & SESSION_LOOK) == 0) return false;
    send_batch(s, then | SESSION_WINDOW_ENDS);
    steps_rest(all);
    return true;
}

/* Returns whether what is to be done then was sent. */
static bool add_in_order(sending *s, const step *made, uint32_t then) {
    s->batch[s->count++] = *made;
    if (then != 0 || s->count == SESSION_BATCH) send_batch(s, then);
    return then != 0;
}

/* What is to be done behind an event, if it is the last of its batch. due: so many samples should be there. */
static uint32_t what_then(const replay_trace *trace, uint64_t event, uint64_t due, uint64_t sampled) {
    uint32_t then = 0;
    if (due > sampled) then |= SESSION_SAMPLE;
    if (event == trace->peak_event) then |= SESSION_LOOK;
    return then;
}

/* False: no memory, or the trace is not what it was. A worker that reads no more is no failure. */
static bool send_steps(const worker *w, const replay_trace *trace, input *in) {
    static sending s;
    const uint64_t samples = w->shared->sample_room;
    uint64_t sampled = 0;
    steps all = {.is_concurrent = w->shared->threads > 0};
    hmm_trace_event event;
    step made;
    bool is_made = true;
    s.w = w;
    s.count = 0;
    s.in_window = 0;
    s.is_sent = true;
    while (s.is_sent && input_next(in, &event)) {
        is_made = steps_make(&all, &event, &made) && all.slots <= w->shared->slots && in->events <= trace->events;
        if (!is_made) break;
        const uint64_t due = in->events * samples / trace->events;
        const uint32_t then = what_then(trace, in->events, due, sampled);
        if (all.is_concurrent ? add_together(&s, &all, &made, then) : add_in_order(&s, &made, then)) sampled = due;
    }
    if (is_made && s.is_sent && all.is_concurrent && s.in_window + s.count > 0)
        send_batch(&s, SESSION_SAMPLE | SESSION_WINDOW_ENDS);
    if (is_made && s.is_sent && s.count > 0) send_batch(&s, 0);
    const bool is_whole = s.is_sent;
    steps_free(&all);
    return is_made && (!is_whole || in->events == trace->events);
}

/* ---- Its end ------------------------------------------------------------------------------------------------------------- */

static void await(const worker *w) {
    int status = 0;
    while (waitpid(w->process, &status, 0) < 0 && errno == EINTR) continue;
    if (w->shared->state != SESSION_BEGUN) return;
    w->shared->state = SESSION_BROKEN;
    if (WIFSIGNALED(status))
        snprintf(w->shared->text, sizeof w->shared->text, "the process ended with signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(w->shared->text, sizeof w->shared->text, "the process ended with status %d", WEXITSTATUS(status));
}

/* Where nothing failed, blocks were live as in the trace: after each event, or at least at the peak and in the end. */
static void compare_curve(const replay_trace *trace, session *s) {
    const bool is_same =
        s->peak == trace->peak_bytes && (s->threads > 0 ? s->live == trace->end_bytes : s->curve == trace->curve);
    if (s->state != SESSION_FINISHED || s->failures > 0 || is_same) return;
    s->state = SESSION_BROKEN;
    snprintf(s->text, sizeof s->text, "its live bytes are not those of the trace");
}

static bool run_worker(worker *w, const replay_trace *trace, const char *name) {
    input in;
    if (!input_open(&in, trace->path)) return false;
    in.is_quiet = true;
    progress_begin(name, "events");
    const bool is_sent = start(w) && send_steps(w, trace, &in);
    if (w->steps >= 0) close(w->steps);
    if (w->process > 0) await(w);
    input_close(&in);
    progress_clear();
    if (!is_sent) say("%s: no memory to replay it, or it changes while it is read", trace->path);
    return is_sent;
}

session *replay_run(const replay_trace *trace, const char *name, const replay_wish *wish) {
    worker w = {.memory = -1, .steps = -1, .shared = MAP_FAILED, .process = -1};
    bool is_run = false;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL); /* who starts this process may ignore it: then no status is kept */
    if (!share(&w, trace, wish))
        say("memory for a replay: %s", strerror(errno));
    else if (name_library(w.shared, name))
        is_run = run_worker(&w, trace, name);
    if (w.memory >= 0) close(w.memory);
    if (is_run) {
        compare_curve(trace, w.shared);
        return w.shared;
    }
    if (w.shared != MAP_FAILED) replay_free(w.shared);
    return NULL;
}

void replay_free(session *s) {
    munmap(s, session_bytes(s->sample_room));
}
