/* collect.c: see collect.h, and session.h for what is read.
 *
 * SPDX-License-Identifier: MIT */
#include "collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "heapmm/trace.h"

#include "clock.h"
#include "order.h"
#include "say.h"

/* So many places are given back at once. Who waits for them has something to do then, before he waits again. */
enum { BATCH = SESSION_PLACES / 8 };

/* So many that wait are read at once. */
enum { MUCH = SESSION_PLACES / 4 };

/* A trace has all events that are so many seconds old, if `heapmm record` itself is killed. */
static const time_t flush_interval = 1;

struct recorded {
    session *shared;
    pid_t pid;
    int process; /* readable when it ends; -1: the system has no such thing */
    uint64_t next;
    uint64_t lost;
    uint64_t events;
    order order;
    hmm_trace_writer *writer;
    char *path;
    time_t flushed;
    bool ended;
};

/* ---- Names of files ------------------------------------------------------------------------------------------------------ */

/* app.hmt => app.123.hmt, for a process that is not the first; app.123.2.hmt where that name was used. */
static char *name_beside(const char *file, pid_t pid, unsigned turn) {
    const char *slash = strrchr(file, '/'), *dot = strrchr(file, '.');
    if (dot == NULL || (slash != NULL && dot < slash) || dot == file) dot = file + strlen(file);
    char middle[64], *name = NULL;
    if (turn == 1)
        snprintf(middle, sizeof middle, ".%ld", (long)pid);
    else
        snprintf(middle, sizeof middle, ".%ld.%u", (long)pid, turn);
    return asprintf(&name, "%.*s%s%s", (int)(dot - file), file, middle, dot) < 0 ? NULL : name;
}

static time_t started; /* of this program: traces that are older are not of this run */

static bool is_of_this_run(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && status.st_mtime >= started;
}

static char *free_name_beside(const char *file, pid_t pid) {
    for (unsigned turn = 1;; turn++) {
        char *name = name_beside(file, pid, turn);
        if (name == NULL || !is_of_this_run(name)) return name;
        free(name);
    }
}

/* ---- Reading a session --------------------------------------------------------------------------------------------------- */

static void write_event(void *context, const hmm_trace_event *event) {
    recorded *r = context;
    if (r->writer != NULL) hmm_trace_writer_put(r->writer, event);
    r->events++;
}

static const session_slot *slot_of(const recorded *r, uint64_t number) {
    return &r->shared->places[number % SESSION_PLACES];
}

/* Takes the event whose mark is this. Returns how many places it has. */
static unsigned take_event(recorded *r, uint64_t mark) {
    const session_place *place = &slot_of(r, r->next)->place;
    const uint64_t size = place->size_and_thread & (((uint64_t)1 << SESSION_SIZE_BITS) - 1);
    hmm_trace_event event = {.time = clock_time(place->time),
                             .size = size,
                             .address = place->address,
                             .thread = (uint32_t)(place->size_and_thread >> SESSION_SIZE_BITS),
                             .kind = (hmm_trace_kind)(mark & SESSION_KIND),
                             .failed = (mark & SESSION_FAILED) != 0};
    const unsigned places = (mark & SESSION_HAS_MORE) != 0 ? 2 : 1;
    uint64_t before = 0;
    if (places == 2) {
        const session_more *more = &slot_of(r, r->next + 1)->more;
        event.size = more->size;
        event.old_address = more->old_address;
        if (event.kind == HMM_TRACE_ALIGNED_ALLOC) event.alignment = more->alignment_or_before;
        if (event.kind == HMM_TRACE_REALLOC) before = more->alignment_or_before;
    }
    if (event.kind == HMM_TRACE_FREE) {
        event.old_address = event.address;
        event.address = 0;
    }
    order_take(&r->order, r->next + places - 1, &event, before);
    return places;
}

/* Gives back the places of all events that were read. */
static void give_places(recorded *r) {
    session *s = r->shared;
    atomic_store(&s->consumed, r->next);
    if (atomic_load(&s->waiting) == 0) return;
    atomic_fetch_add(&s->turn, 1);
    syscall(SYS_futex, &s->turn, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Reads the events that are there, as many as there are places at most. Returns how many. */
static uint64_t read_session(recorded *r) {
    const uint64_t from = r->next, end = from + SESSION_PLACES;
    clock_look();
    uint64_t given = from;
    while (r->next < end) {
        const uint64_t mark = atomic_load_explicit(&slot_of(r, r->next)->place.mark, memory_order_acquire);
        if (mark >> SESSION_FLAG_BITS != r->next + 1) break;
        r->next += take_event(r, mark);
        if (r->next - given < BATCH) continue;
        give_places(r);
        given = r->next;
    }
    if (r->next != from) give_places(r);
    return r->next - from;
}

/* The process is gone: a number that was taken and has no event will not get one. */
static void read_rest(recorded *r) {
    const uint64_t claimed = atomic_load_explicit(&r->shared->claimed, memory_order_acquire);
    while (r->next < claimed) {
        if (read_session(r) != 0) continue;
        if (r->writer != NULL) hmm_trace_writer_lose(r->writer, 1);
        r->lost++;
        r->next++;
    }
    order_end(&r->order);
}

static void flush_sometimes(recorded *r) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    if (now.tv_sec - r->flushed < flush_interval) return;
    r->flushed = now.tv_sec;
    if (r->writer != NULL) hmm_trace_writer_flush(r->writer);
}

/* ---- Sessions that begin ------------------------------------------------------------------------------------------------- */

/* Replaces what is between two arguments by a space. */
static void spell_command(char *to, const session *s) {
    size_t bytes = s->command_bytes < SESSION_TEXT ? s->command_bytes : SESSION_TEXT;
    memcpy(to, s->command, bytes);
    while (bytes > 0 && to[bytes - 1] == '\0') bytes--;
    for (size_t i = 0; i < bytes; i++)
        if (to[i] == '\0') to[i] = ' ';
    to[bytes] = '\0';
}

static hmm_trace_writer *open_trace(const char *path, const session *s) {
    static char program[SESSION_TEXT + 16], command[SESSION_TEXT + 16] = "command=";
    char pid[64], parent[64], start[64];
    snprintf(program, sizeof program, "program=%.*s", SESSION_TEXT - 1, s->program);
    spell_command(command + strlen("command="), s);
    snprintf(pid, sizeof pid, "pid=%lld", (long long)s->pid);
    snprintf(parent, sizeof parent, "parent=%lld", (long long)s->parent);
    snprintf(start, sizeof start, "started=%lld", (long long)s->started);
    const char *const about[] = {pid, parent, start, "source=record", program, command, NULL};
    hmm_trace_writer *writer = hmm_trace_writer_open(path, about);
    command[strlen("command=")] = '\0';
    return writer;
}

static session *map_session(const char *path) {
    struct stat status;
    const int file = open(path, O_RDWR | O_CLOEXEC);
    if (file < 0) return NULL;
    void *memory = MAP_FAILED;
    if (fstat(file, &status) == 0 && (size_t)status.st_size == sizeof(session))
        memory = mmap(NULL, sizeof(session), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory == MAP_FAILED) return NULL;
    session *s = memory;
    if (s->magic == SESSION_MAGIC) return s;
    munmap(memory, sizeof(session));
    return NULL;
}

static bool add_session(collection *c, recorded *r) {
    if (c->count == c->room) {
        const size_t room = c->room == 0 ? 16 : 2 * c->room;
        recorded **larger = realloc(c->sessions, room * sizeof *larger);
        if (larger == NULL) return false;
        c->sessions = larger;
        c->room = room;
    }
    c->sessions[c->count++] = r;
    return true;
}

static void forget_ended(collection *c);

/* The first process is about to have another trace: the one it has gets a name beside. */
static void rename_earlier(collection *c) {
    char *beside = free_name_beside(c->file, c->first);
    if (beside == NULL || rename(c->file, beside) != 0) {
        free(beside);
        return;
    }
    for (size_t i = 0; i < c->count; i++) {
        if (c->sessions[i]->pid != c->first) continue;
        free(c->sessions[i]->path);
        c->sessions[i]->path = beside;
        return;
    }
    free(beside);
}

/* A program that calls exec is another one afterwards: its trace ends, and the process gets a new one. What the first process was last
 * has the name that was asked for. */
static void end_earlier(collection *c, pid_t pid) {
    if (pid == c->first && c->first_has_trace) rename_earlier(c);
    for (size_t i = 0; i < c->count; i++)
        if (c->sessions[i]->pid == pid) c->sessions[i]->ended = true;
    forget_ended(c);
}

static char *name_of_trace(collection *c, pid_t pid) {
    if (pid != c->first) return free_name_beside(c->file, pid);
    c->first_has_trace = true;
    return strdup(c->file);
}

static void begin_session(collection *c, const char *path) {
    session *s = map_session(path);
    if (s == NULL) {
        say("%s: no session of this version's recorder; is libheapmm-record.so of another version?", path);
        c->failed = true;
        return;
    }
    end_earlier(c, (pid_t)s->pid);
    recorded *r = calloc(1, sizeof *r);
    if (r == NULL || !add_session(c, r)) {
        say("no memory for the trace of process %lld: its events are lost", (long long)s->pid);
        atomic_store(&s->off, 1);
        munmap(s, sizeof *s);
        free(r);
        return;
    }
    r->shared = s;
    r->pid = (pid_t)s->pid;
    r->process = (int)syscall(SYS_pidfd_open, r->pid, 0);
    if (r->process < 0 && errno == ESRCH) r->ended = true;
    r->order = (order){.give = write_event, .context = r};
    r->path = name_of_trace(c, r->pid);
    r->writer = r->path == NULL ? NULL : open_trace(r->path, s);
    if (r->writer != NULL) {
        c->traces++;
        return;
    }
    say_failure("%s: %s", r->path == NULL ? c->file : r->path, strerror(errno));
    c->failed = true;
    atomic_store(&s->off, 1);
}

/* In the order in which they began: a process may have several. The names are run.PID.TIME, and times of equal length. */
static int by_time(const struct dirent **a, const struct dirent **b) {
    return strcmp(strrchr((*a)->d_name, '.'), strrchr((*b)->d_name, '.'));
}

static bool begins_with(const char *name, const char *beginning) {
    return strncmp(name, beginning, strlen(beginning)) == 0;
}

static int is_of_process(const struct dirent *entry) {
    return begins_with(entry->d_name, SESSION_RUN) || begins_with(entry->d_name, SESSION_NONE);
}

/* The name tells which process it is, and why it has no session. */
static void tell_of_none(collection *c, const char *name) {
    char *end;
    const long pid = strtol(name + strlen(SESSION_NONE), &end, 10);
    const int error = *end == '.' ? atoi(end + 1) : 0;
    say("process %ld has no trace: %s", pid, strerror(error));
    c->failed = true;
}

/* Said once. */
static void tell_of_blindness(collection *c) {
    if (!c->blind) say_failure("%s: %s; processes that begin from now on may have no trace", c->directory, strerror(errno));
    c->blind = c->failed = true;
}

void collect_find(collection *c) {
    struct dirent **entries;
    if (started == 0) started = time(NULL);
    const int count = scandir(c->directory, &entries, is_of_process, by_time);
    if (count < 0) tell_of_blindness(c);
    for (int i = 0; i < count; i++) {
        char path[SESSION_TEXT + 300];
        snprintf(path, sizeof path, "%s/%s", c->directory, entries[i]->d_name);
        if (begins_with(entries[i]->d_name, SESSION_NONE))
            tell_of_none(c, entries[i]->d_name);
        else
            begin_session(c, path);
        unlink(path);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

/* ---- Sessions that end --------------------------------------------------------------------------------------------------- */

static void report(const recorded *r) {
    struct stat status;
    const double bytes = stat(r->path, &status) == 0 ? (double)status.st_size : 0;
    char lost[64] = "";
    if (r->lost > 0) snprintf(lost, sizeof lost, "; %llu lost in calls that were not finished", (unsigned long long)r->lost);
    say("%s: %llu event%s of %s, process %ld, %.1f bytes each%s", r->path, (unsigned long long)r->events,
        r->events == 1 ? "" : "s", r->shared->program, (long)r->pid, r->events > 0 ? bytes / (double)r->events : 0, lost);
}

static void finish(collection *c, recorded *r) {
    read_rest(r);
    if (hmm_trace_writer_close(r->writer) != HMM_TRACE_OK) {
        say_failure("%s: %s; the trace is not whole", r->path, strerror(errno));
        c->failed = true;
    }
    r->writer = NULL;
    const bool is_main = strcmp(r->path, c->file) == 0;
    if (is_main ? c->verbosity >= 0 : c->verbosity > 0) report(r);
    if (is_main) return;
    c->others++;
    c->events_of_others += r->events;
}

static void forget(recorded *r) {
    munmap(r->shared, sizeof *r->shared);
    if (r->process >= 0) close(r->process);
    free(r->path);
    free(r);
}

static void forget_ended(collection *c) {
    size_t kept = 0;
    for (size_t i = 0; i < c->count; i++) {
        recorded *r = c->sessions[i];
        if (!r->ended) {
            c->sessions[kept++] = r;
            continue;
        }
        if (r->writer != NULL) finish(c, r);
        forget(r);
    }
    c->count = kept;
}

/* A reader close behind the writers slows them down: each place goes to and fro between processors. So it is better to wait until there
 * is more, and not so long that they must wait. */
bool collect_read(collection *c) {
    bool much = false;
    for (size_t i = 0; i < c->count; i++) {
        recorded *r = c->sessions[i];
        read_session(r);
        flush_sometimes(r);
        if (atomic_load_explicit(&r->shared->claimed, memory_order_relaxed) - r->next > MUCH) much = true;
    }
    forget_ended(c);
    return much;
}

/* Without pidfd_open, which Linux has since 5.3. */
static bool is_gone(const recorded *r) {
    return r->process < 0 && kill(r->pid, 0) != 0 && errno == ESRCH;
}

void collect_wait(collection *c, int milliseconds) {
    struct pollfd *processes = calloc(c->count + 1, sizeof *processes);
    if (processes == NULL) return;
    for (size_t i = 0; i < c->count; i++) processes[i] = (struct pollfd){.fd = c->sessions[i]->process, .events = POLLIN};
    poll(processes, c->count, milliseconds);
    for (size_t i = 0; i < c->count; i++)
        if (processes[i].revents != 0 || is_gone(c->sessions[i])) c->sessions[i]->ended = true;
    free(processes);
    forget_ended(c);
}

void collect_end(collection *c) {
    for (size_t i = 0; i < c->count; i++) {
        atomic_store(&c->sessions[i]->shared->off, 1);
        c->sessions[i]->ended = true;
    }
    forget_ended(c);
    free(c->sessions);
    c->sessions = NULL;
    if (c->others > 0 && c->verbosity == 0)
        say("and %llu more traces, of processes that it started or was before: %llu events. -v lists them",
            (unsigned long long)c->others, (unsigned long long)c->events_of_others);
}
