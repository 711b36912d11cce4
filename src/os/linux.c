/* linux.c: the operating system of the malloc replacement: Linux with a C library that has POSIX threads.
 *
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../base/arithmetic.h"
#include "port.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* ---- Memory -------------------------------------------------------------------------------------------------------------- */

/* Distance from what the system maps by itself: next to each other, usually from high addresses down. */
static const uintptr_t distance = (uintptr_t)1 << 38;
static const uintptr_t end_of_addresses = (uintptr_t)1 << 46;

/* The system chooses a place for a page, at random where it does so; the range is far below it, or above if there is more room. */
uintptr_t hmm_os_find_range(size_t bytes, size_t alignment) {
    const int error = errno;
    void *page = mmap(NULL, HMM_OS_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) munmap(page, HMM_OS_PAGE);
    errno = error;
    if (page == MAP_FAILED) return 0;
    const uintptr_t there = (uintptr_t)page;
    if (there > distance + bytes + 2 * alignment) return hmm_round_down(there - distance - bytes, alignment);
    const uintptr_t above = hmm_round_down(there + distance + alignment, alignment);
    return above + bytes <= end_of_addresses ? above : 0;
}

/* A kernel older than 4.17 takes the flag for a hint, and may map elsewhere. */
bool hmm_os_map(uintptr_t address, size_t bytes) {
    const int error = errno;
    void *wanted = (void *)address;
    void *mapped = mmap(wanted, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapped != MAP_FAILED && mapped != wanted) munmap(mapped, bytes);
    errno = error;
    return mapped == wanted;
}

/* Pages that are locked into memory cannot be given back: they are set to zero. */
void hmm_os_purge(uintptr_t address, size_t bytes) {
    const int error = errno;
    void *memory = (void *)address;
    if (madvise(memory, bytes, MADV_DONTNEED) != 0) memset(memory, 0, bytes);
    errno = error;
}

bool hmm_os_protect(uintptr_t address, size_t bytes, bool accessible) {
    const int error = errno;
    const bool done = mprotect((void *)address, bytes, accessible ? PROT_READ | PROT_WRITE : PROT_NONE) == 0;
    errno = error;
    return done;
}

/* ---- Locks, threads, processes ------------------------------------------------------------------------------------------- */

_Static_assert(sizeof(pthread_mutex_t) <= sizeof(hmm_os_lock), "a mutex fits into a lock");
/* A lock of zeros is open: so is a mutex here, where PTHREAD_MUTEX_INITIALIZER is zero. */

void hmm_os_acquire(hmm_os_lock *lock) {
    pthread_mutex_lock((pthread_mutex_t *)(void *)lock);
}

void hmm_os_release(hmm_os_lock *lock) {
    pthread_mutex_unlock((pthread_mutex_t *)(void *)lock);
}

static pthread_once_t exit_once = PTHREAD_ONCE_INIT;
static pthread_key_t exit_key;

static void tell_that_thread_ends(void *value) {
    (void)value;
    hmm_os_thread_ends();
}

static void make_exit_key(void) {
    if (pthread_key_create(&exit_key, tell_that_thread_ends) != 0) {
        hmm_os_write(NULL, "heapmm: no key for thread-specific data is left\n");
        abort();
    }
}

/* Destructors of thread-specific data run after those of C++'s thread-local objects. Any value but NULL does. */
void hmm_os_tell_when_thread_ends(void) {
    const int error = errno;
    pthread_once(&exit_once, make_exit_key);
    pthread_setspecific(exit_key, &exit_key);
    errno = error;
}

void hmm_os_at_fork(void (*before)(void), void (*after)(void)) {
    pthread_atfork(before, after, after);
}

HMM_AT_START static void start(void) {
    hmm_os_at_start();
}

HMM_AT_EXIT static void finish(void) {
    hmm_os_at_exit();
}

static void (*tell_of_bad_access)(uintptr_t address);

/* Returns to the access, which then ends the process as if there had been no handler. */
static void bad_access(int number, siginfo_t *information, void *context) {
    (void)context;
    signal(number, SIG_DFL);
    tell_of_bad_access((uintptr_t)information->si_addr);
}

void hmm_os_at_bad_access(void (*tell)(uintptr_t address)) {
    struct sigaction action;
    if (sigaction(SIGSEGV, NULL, &action) != 0 || action.sa_handler != SIG_DFL) return;
    tell_of_bad_access = tell;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = bad_access;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigaction(SIGSEGV, &action, NULL);
}

uint64_t hmm_os_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- The environment, errors, messages ----------------------------------------------------------------------------------- */

const char *hmm_os_variable(size_t index) {
    return environ == NULL ? NULL : environ[index];
}

int hmm_os_error_number(enum hmm_os_error error) {
    return error == HMM_OS_NO_MEMORY ? ENOMEM : EINVAL;
}

void hmm_os_set_error(enum hmm_os_error error) {
    errno = hmm_os_error_number(error);
}

int hmm_os_error(void) {
    return errno;
}

void hmm_os_restore_error(int number) {
    errno = number;
}

/* POSIX has dlsym give functions as pointers to data. */
hmm_os_function *hmm_os_next_function(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    hmm_os_function *function;
    memcpy(&function, &found, sizeof function);
    return function;
}

void hmm_os_write(void *stream, const char *text) {
    if (stream != NULL) {
        fputs(text, stream);
        return;
    }
    const int error = errno;
    size_t left = strlen(text);
    while (left > 0) {
        const ssize_t written = write(STDERR_FILENO, text, left);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) break;
        text += written;
        left -= (size_t)written;
    }
    errno = error;
}

void hmm_os_abort(void) {
    abort();
}
