/* recorder.c: libheapmm-record.so, which `heapmm record` preloads into programs: malloc and its relatives, each of which calls the next
 * library's, and tells what came of it.
 *
 * SPDX-License-Identifier: MIT
 *
 * How events get out, and in which order they are, stands in session.h. The library starts no thread, keeps no file open and allocates
 * nothing; it waits only if `heapmm record` is more than SESSION_PLACES events behind. */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/single_threaded.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "heapmm/trace.h"

#include "session.h"
#include "ticks.h"

#define EXPORTED __attribute__((visibility("default")))
#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

/* How long to wait for `heapmm record` before looking whether it is still there. */
enum { WAIT_NANOSECONDS = 100000000 };

/* Places that were read are in the reader's processor. They are fetched so many events ahead: the next atomic addition would wait
 * for them. */
enum { AHEAD = 16 };

/* A process and the children that it forks have different sessions. This page reads as zero in such a child, whatever way it was
 * forked: so it begins its own session at its first event. */
typedef struct process {
    _Atomic(session *) session; /* NULL: not begun */
    _Atomic bool busy;          /* it is being begun */
    uint32_t pid;
} process;

static process *_Atomic own;
static _Atomic bool off; /* nothing is recorded, here and in children */
static session *mapped;  /* the last one, perhaps the parent's */
static bool uses_ticks;  /* in place of the system's clock */
static char directory[SESSION_TEXT];

static THREAD_LOCAL bool inside;        /* the call was made by the library itself, or the next one */
static THREAD_LOCAL uint32_t number_of; /* the process that gave the thread its number */
static THREAD_LOCAL uint32_t number;    /* of the thread */

/* ---- The next library ---------------------------------------------------------------------------------------------------- */

static struct next {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void *(*reallocarray)(void *, size_t, size_t);
    void (*free)(void *);
    void *(*aligned_alloc)(size_t, size_t);
    void *(*memalign)(size_t, size_t);
    int (*posix_memalign)(void **, size_t, size_t);
    void *(*valloc)(size_t);
    void *(*pvalloc)(size_t);
} next;

static _Atomic bool found;

/* For what dlsym allocates while it looks for malloc: never freed. */
static _Alignas(max_align_t) unsigned char early[4096];
static atomic_size_t early_used;

static void *early_alloc(size_t size) {
    const size_t whole = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    const size_t at = atomic_fetch_add(&early_used, whole);
    return whole >= size && at <= sizeof early && whole <= sizeof early - at ? early + at : NULL;
}

static bool is_early(const void *p) {
    return (const unsigned char *)p >= early && (const unsigned char *)p < early + sizeof early;
}

static void find(void *function, const char *name) {
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(function, &symbol, sizeof symbol);
}

static void find_all(void) {
    find(&next.malloc, "malloc");
    find(&next.calloc, "calloc");
    find(&next.realloc, "realloc");
    find(&next.reallocarray, "reallocarray");
    find(&next.free, "free");
    find(&next.aligned_alloc, "aligned_alloc");
    find(&next.memalign, "memalign");
    find(&next.posix_memalign, "posix_memalign");
    find(&next.valloc, "valloc");
    find(&next.pvalloc, "pvalloc");
    atomic_store_explicit(&found, true, memory_order_release);
}

/* ---- Beginning a session ------------------------------------------------------------------------------------------------- */

static uint64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* The first bytes of a file of /proc; 0 of them if there is none. */
static size_t read_file(const char *path, char *to, size_t room) {
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t got = read(file, to, room);
    close(file);
    return got < 0 ? 0 : (size_t)got;
}

static void describe(session *s) {
    s->magic = SESSION_MAGIC;
    s->pid = getpid();
    s->parent = getppid();
    s->started = (int64_t)(now(CLOCK_REALTIME) / 1000000000);
    const ssize_t length = readlink("/proc/self/exe", s->program, SESSION_TEXT - 1);
    s->program[length < 0 ? 0 : length] = '\0';
    s->command_bytes = (uint32_t)read_file("/proc/self/cmdline", s->command, SESSION_TEXT);
}

/* To make a file larger than the process may would end the process. */
static bool may_be_made(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur >= sizeof(session)) return true;
    errno = EFBIG;
    return false;
}

/* A mapping of a new file, all of whose memory is there: a write to the mapping may not find the disk full. */
static session *map_session(int file) {
    if (!may_be_made()) return NULL;
    errno = posix_fallocate(file, 0, sizeof(session));
    if (errno != 0) return NULL;
    void *memory = mmap(NULL, sizeof(session), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Takes no file descriptor, of which there may be none. */
static void tell_of_none(int error, unsigned long long time) {
    char name[SESSION_TEXT + 64];
    snprintf(name, sizeof name, "%s/" SESSION_NONE "%ld.%d.%llu", directory, (long)getpid(), error, time);
    mknod(name, S_IFREG | 0600, 0);
}

static session *make_session(void) {
    char path[SESSION_TEXT + 64], name[SESSION_TEXT + 64];
    const unsigned long long time = now(CLOCK_MONOTONIC);
    snprintf(path, sizeof path, "%s/new.%ld.%llu", directory, (long)getpid(), time);
    snprintf(name, sizeof name, "%s/" SESSION_RUN "%ld.%llu", directory, (long)getpid(), time);
    const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    session *s = file < 0 ? NULL : map_session(file);
    const int error = errno;
    if (file >= 0) close(file);
    if (s != NULL) describe(s);
    if (s == NULL || rename(path, name) != 0) unlink(path);
    if (s == NULL) tell_of_none(error, time);
    return s;
}

static void be_off(void) {
    atomic_store_explicit(&off, true, memory_order_relaxed);
}

static process *map_process(void) {
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return NULL;
    if (madvise(page, 4096, MADV_WIPEONFORK) == 0) return page;
    munmap(page, 4096);
    return NULL;
}

static session *begin_session(void) {
    process *p = atomic_load_explicit(&own, memory_order_acquire);
    if (p == NULL) return NULL;
    while (atomic_exchange_explicit(&p->busy, true, memory_order_acquire)) sched_yield();
    session *s = atomic_load_explicit(&p->session, memory_order_relaxed);
    if (s == NULL && !atomic_load_explicit(&off, memory_order_relaxed)) {
        if (mapped != NULL) munmap(mapped, sizeof *mapped);
        p->pid = (uint32_t)getpid();
        s = mapped = make_session();
        if (s == NULL) be_off();
        atomic_store_explicit(&p->session, s, memory_order_release);
    }
    atomic_store_explicit(&p->busy, false, memory_order_release);
    return s;
}

/* CLOCK:DIRECTORY, where the clock is t for ticks or s for the system's. */
static bool read_variable(const char *text) {
    if (text == NULL || text[0] == '\0' || text[1] != ':' || strlen(text + 2) >= sizeof directory) return false;
    uses_ticks = text[0] == 't';
    strcpy(directory, text + 2);
    return true;
}

/* At the first call of the process, which may be before main and before constructors. */
static void begin_process(void) {
    find_all();
    if (!read_variable(getenv(SESSION_VARIABLE))) {
        be_off();
        return;
    }
    process *p = map_process();
    if (p == NULL) be_off();
    atomic_store_explicit(&own, p, memory_order_release);
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Whether the next library is known. It is not while it is being looked for, by this thread. */
static bool ready(void) {
    if (atomic_load_explicit(&found, memory_order_acquire)) return true;
    if (inside) return false;
    inside = true;
    pthread_once(&once, begin_process);
    inside = false;
    return true;
}

/* ---- Events -------------------------------------------------------------------------------------------------------------- */

/* The session, for a call that is to be recorded. */
static session *session_of_call(void) {
    if (inside || atomic_load_explicit(&off, memory_order_relaxed)) return NULL;
    process *p = atomic_load_explicit(&own, memory_order_relaxed);
    session *s = p == NULL ? NULL : atomic_load_explicit(&p->session, memory_order_acquire);
    if (__builtin_expect(s != NULL, 1)) return s;
    const int error = errno;
    inside = true;
    s = begin_session();
    inside = false;
    errno = error;
    return s;
}

/* Also a program that allocates nothing has a trace. */
__attribute__((constructor)) static void begin(void) {
    if (ready()) session_of_call();
}

static uint32_t thread_number(session *s) {
    const uint32_t pid = atomic_load_explicit(&own, memory_order_relaxed)->pid;
    if (__builtin_expect(number_of != pid, 0)) {
        number = atomic_fetch_add_explicit(&s->threads, 1, memory_order_relaxed);
        number_of = pid;
    }
    return number;
}

/* No library function that a pending cancellation of the thread could end. */
static void wait_for_turn(session *s, uint32_t turn) {
    const struct timespec time = {0, WAIT_NANOSECONDS};
    syscall(SYS_futex, &s->turn, FUTEX_WAIT, turn, &time, NULL, 0);
}

/* `heapmm record` holds a lock, which it has no more when it was killed. */
static bool has_reader(session *s) {
    char path[SESSION_TEXT + 16];
    if (atomic_load_explicit(&s->off, memory_order_relaxed)) return false;
    snprintf(path, sizeof path, "%s/" SESSION_LOCK, directory);
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return errno != ENOENT;
    const bool locked = flock(file, LOCK_SH | LOCK_NB) != 0;
    close(file);
    return locked;
}

/* last: the number of the last place of an event. */
static bool is_full(session *s, uint64_t last) {
    return last - atomic_load(&s->consumed) >= SESSION_PLACES;
}

/* Waits until the places of an event were read; false: nobody reads. */
static bool wait_for_place(session *s, uint64_t last) {
    const int error = errno;
    bool read = true;
    atomic_fetch_add(&s->waiting, 1);
    while (read) {
        const uint32_t turn = atomic_load(&s->turn);
        if (!is_full(s, last)) break;
        wait_for_turn(s, turn);
        if (is_full(s, last)) read = has_reader(s);
    }
    atomic_fetch_sub(&s->waiting, 1);
    if (!read) be_off();
    errno = error;
    return read;
}

/* What an event is, but for its number, time and thread. */
typedef struct told {
    hmm_trace_kind kind;
    bool failed;
    size_t size;
    const void *address;
    const void *old_address;
    uint64_t alignment_or_before;
} told;

/* Takes the number of an event that needs so many places. An atomic addition waits for all stores before it, which costs as much as all
 * the rest: a process that has one thread need not. */
static uint64_t claim(session *s, unsigned places) {
    if (!__libc_single_threaded) return atomic_fetch_add_explicit(&s->claimed, places, memory_order_relaxed);
    const uint64_t event = atomic_load_explicit(&s->claimed, memory_order_relaxed);
    atomic_store_explicit(&s->claimed, event + places, memory_order_relaxed);
    return event;
}

static uint64_t time_now(void) {
    return uses_ticks ? ticks_now() : now(CLOCK_MONOTONIC);
}

/* Whether the places of an event may be written. Those that follow soon are fetched. */
static inline bool have_place(session *s, uint64_t last) {
    __builtin_prefetch(&s->places[(last + AHEAD) % SESSION_PLACES], 1);
    if (__builtin_expect(last - atomic_load_explicit(&s->consumed, memory_order_acquire) < SESSION_PLACES, 1)) return true;
    return wait_for_place(s, last);
}

static void tell(session *s, uint64_t event, unsigned flags, uint64_t time, const void *address, size_t size) {
    session_place *place = &s->places[event % SESSION_PLACES].place;
    place->time = time;
    place->address = (uintptr_t)address;
    place->size_and_thread = size | (uint64_t)thread_number(s) << SESSION_SIZE_BITS;
    atomic_store_explicit(&place->mark, session_mark(event, flags), memory_order_release);
}

/* An event with two places. */
static void tell_more(session *s, uint64_t event, told t) {
    const uint64_t time = time_now();
    if (!have_place(s, event + 1)) return;
    session_more *more = &s->places[(event + 1) % SESSION_PLACES].more;
    more->size = t.size;
    more->old_address = (uintptr_t)t.old_address;
    more->alignment_or_before = t.alignment_or_before;
    tell(s, event, (unsigned)t.kind | (t.failed ? SESSION_FAILED : 0) | SESSION_HAS_MORE, time, t.address, 0);
}

static void tell_alloc(session *s, hmm_trace_kind kind, size_t size, const void *p) {
    if (__builtin_expect(p == NULL || size >> SESSION_SIZE_BITS != 0, 0)) {
        tell_more(s, claim(s, 2), (told){.kind = kind, .failed = p == NULL, .size = size, .address = p});
        return;
    }
    const uint64_t event = claim(s, 1), time = time_now();
    if (have_place(s, event)) tell(s, event, (unsigned)kind, time, p, size);
}

static void tell_aligned(session *s, size_t alignment, size_t size, const void *p) {
    tell_more(s, claim(s, 2), (told){HMM_TRACE_ALIGNED_ALLOC, p == NULL, size, p, NULL, alignment});
}

/* ---- malloc and its relatives -------------------------------------------------------------------------------------------- */

/* The bytes of count * size; SIZE_MAX where that is too large, with which the call fails. */
static size_t product(size_t count, size_t size) {
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? SIZE_MAX : bytes;
}

EXPORTED void *malloc(size_t size) {
    if (!ready()) return early_alloc(size);
    session *s = session_of_call();
    if (s == NULL) return next.malloc(size);
    inside = true;
    void *p = next.malloc(size);
    inside = false;
    tell_alloc(s, HMM_TRACE_MALLOC, size, p);
    return p;
}

EXPORTED void *calloc(size_t count, size_t size) {
    if (!ready()) return early_alloc(product(count, size));
    session *s = session_of_call();
    if (s == NULL) return next.calloc(count, size);
    inside = true;
    void *p = next.calloc(count, size);
    inside = false;
    tell_alloc(s, HMM_TRACE_CALLOC, product(count, size), p);
    return p;
}

EXPORTED void free(void *p) {
    if (p == NULL || is_early(p) || !ready()) return;
    session *s = session_of_call();
    if (s == NULL) {
        next.free(p);
        return;
    }
    const uint64_t event = claim(s, 1), time = time_now();
    if (have_place(s, event)) tell(s, event, HMM_TRACE_FREE, time, p, 0);
    inside = true;
    next.free(p);
    inside = false;
}

static void *early_realloc(void *p, size_t size) {
    void *moved = malloc(size);
    if (moved == NULL || p == NULL) return moved;
    const size_t there = (size_t)(early + sizeof early - (unsigned char *)p);
    return memcpy(moved, p, size < there ? size : there);
}

/* Of a realloc that is done. */
static void tell_realloc(session *s, uint64_t event, const void *old, size_t size, const void *p) {
    const uint64_t before = atomic_load_explicit(&s->claimed, memory_order_relaxed);
    if (p == NULL && old != NULL && size == 0)
        tell_more(s, event, (told){.kind = HMM_TRACE_FREE, .address = old});
    else
        tell_more(s, event, (told){HMM_TRACE_REALLOC, p == NULL, size, p, old, before});
}

EXPORTED void *realloc(void *p, size_t size) {
    if (!ready() || is_early(p)) return early_realloc(p, size);
    session *s = session_of_call();
    if (s == NULL) return next.realloc(p, size);
    const uint64_t event = claim(s, 2);
    inside = true;
    void *resized = next.realloc(p, size);
    inside = false;
    tell_realloc(s, event, p, size, resized);
    return resized;
}

EXPORTED void *reallocarray(void *p, size_t count, size_t size) {
    if (!ready() || is_early(p)) return early_realloc(p, product(count, size));
    session *s = session_of_call();
    if (s == NULL) return next.reallocarray(p, count, size);
    const uint64_t event = claim(s, 2);
    inside = true;
    void *resized = next.reallocarray(p, count, size);
    inside = false;
    tell_realloc(s, event, p, product(count, size), resized);
    return resized;
}

/* While dlsym looks for malloc, nothing aligned is asked for. */
static void *aligned(void *(*function)(size_t, size_t), size_t alignment, size_t size, session *s) {
    if (s == NULL) return function(alignment, size);
    inside = true;
    void *p = function(alignment, size);
    inside = false;
    tell_aligned(s, alignment, size, p);
    return p;
}

EXPORTED void *aligned_alloc(size_t alignment, size_t size) {
    return ready() ? aligned(next.aligned_alloc, alignment, size, session_of_call()) : NULL;
}

EXPORTED void *memalign(size_t alignment, size_t size) {
    return ready() ? aligned(next.memalign, alignment, size, session_of_call()) : NULL;
}

EXPORTED int posix_memalign(void **p, size_t alignment, size_t size) {
    if (!ready()) return ENOMEM;
    session *s = session_of_call();
    if (s == NULL) return next.posix_memalign(p, alignment, size);
    inside = true;
    const int error = next.posix_memalign(p, alignment, size);
    inside = false;
    tell_aligned(s, alignment, size, error == 0 ? *p : NULL);
    return error;
}

static void *paged(void *(*function)(size_t), size_t size, session *s) {
    if (s == NULL) return function(size);
    inside = true;
    void *p = function(size);
    inside = false;
    tell_aligned(s, (size_t)sysconf(_SC_PAGESIZE), size, p);
    return p;
}

EXPORTED void *valloc(size_t size) {
    return ready() ? paged(next.valloc, size, session_of_call()) : NULL;
}

EXPORTED void *pvalloc(size_t size) {
    return ready() ? paged(next.pvalloc, size, session_of_call()) : NULL;
}
