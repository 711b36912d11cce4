/* port.h: what the malloc replacement asks of the operating system, and all that it asks.
 *
 * SPDX-License-Identifier: MIT
 *
 * The contract, for whoever ports it (linux.c is the one there is):
 *
 * Memory. hmm_os_find_range names a range of addresses, aligned to its second argument, of which nothing is mapped yet and which
 * the system is unlikely to use for anything else: the caller maps it piece by piece, from the low end of each of its parts.
 * Nothing is reserved, so a limit on the address space counts what is in use and no more. hmm_os_map makes a piece readable,
 * writable and zero, or returns false and changes nothing, also where something else lies there. hmm_os_purge gives whole pages
 * back: they read as zero afterwards. hmm_os_protect makes pages inaccessible, or accessible again with their contents, or returns
 * false and changes nothing. A page is HMM_OS_PAGE bytes at most; all addresses and sizes are multiples of it.
 *
 * Locking. A hmm_os_lock that is zero is an open lock. It is held for short stretches, never while a lock is taken again.
 *
 * Threads. After hmm_os_tell_when_thread_ends, which may allocate, hmm_os_thread_ends, which the caller defines, is called in the same
 * thread when that ends; the thread may allocate and free afterwards.
 *
 * Processes. hmm_os_at_fork has the first function called before a fork, in the thread that forks, and the second after it, in
 * the parent and in the child. hmm_os_at_start, which the caller defines, is called once, when the program's
 * environment can be read, which may be after the first allocations; and hmm_os_at_exit, which the caller defines too, once when
 * the process ends in the orderly way, while other threads may still run.
 *
 * Bad accesses. After hmm_os_at_bad_access the function is called, once, when the process is about to be ended since it has accessed
 * memory that it may not, with that address; not where the program has, or sets, a handler of its own.
 *
 * Nothing here allocates, unless said, and nothing changes errno, but for hmm_os_set_error and hmm_os_restore_error. */
#ifndef HMM_OS_PORT_H
#define HMM_OS_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HMM_OS_PAGE = 4096 };

uintptr_t hmm_os_find_range(size_t bytes, size_t alignment); /* 0: there is none */
bool hmm_os_map(uintptr_t address, size_t bytes);
void hmm_os_purge(uintptr_t address, size_t bytes);
bool hmm_os_protect(uintptr_t address, size_t bytes, bool accessible);

typedef union hmm_os_lock {
    unsigned char bytes[64];
    void *alignment;
} hmm_os_lock;

void hmm_os_acquire(hmm_os_lock *lock);
void hmm_os_release(hmm_os_lock *lock);

void hmm_os_tell_when_thread_ends(void);
void hmm_os_thread_ends(void);
void hmm_os_at_fork(void (*before)(void), void (*after)(void));
void hmm_os_at_start(void);
void hmm_os_at_exit(void);
void hmm_os_at_bad_access(void (*tell)(uintptr_t address));

/* Milliseconds since some moment. May be some milliseconds late: it must be quick. */
uint64_t hmm_os_now(void);

/* An environment variable, NAME=VALUE; NULL behind the last one. */
const char *hmm_os_variable(size_t index);

enum hmm_os_error { HMM_OS_NO_MEMORY, HMM_OS_INVALID };
int hmm_os_error_number(enum hmm_os_error error);
void hmm_os_set_error(enum hmm_os_error error); /* errno */
int hmm_os_error(void);                         /* errno as it is, and putting it back */
void hmm_os_restore_error(int number);

/* The function of that name in the libraries behind this one, or NULL. May allocate. */
typedef void hmm_os_function(void);
hmm_os_function *hmm_os_next_function(const char *name);

/* Writes text to the stream, a FILE, which may allocate; NULL: to standard error, without allocating. */
void hmm_os_write(void *stream, const char *text);
void hmm_os_abort(void);

#endif
