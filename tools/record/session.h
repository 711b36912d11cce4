/* session.h: what the recorder in a program and `heapmm record` share: a file of a fixed size, mapped by both.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each recorded process makes a file in the directory that HMM_RECORD names, as new.PID.TIME, and renames it to run.PID.TIME when it
 * may be looked at; where it cannot make it, it leaves an empty file none.PID.ERROR.TIME, with the number of the error. It keeps no file
 * open: programs close files that they do not know. What is in the mapping stays when the process is killed.
 *
 * The file is a head and a ring of places for events. A thread that has an event takes a number from `claimed`, by one atomic addition, and
 * with it a place, or the numbers of two places if the event does not fit into one. So all threads have one order, and no thread has
 * anything of its own that could be lost:
 *
 *     free      the number is taken before the block is freed. Whoever gets its memory then takes his number later.
 *     malloc    the number is taken after the block was allocated. Whoever frees it has it from there, and takes his number later.
 *     realloc   does both: the number is taken before, and `before` tells which number was next when it was done. The event belongs
 *               somewhere between these two; order.h says where.
 *
 * Then it writes the event, and at last its mark. `heapmm record` reads places in order, and says in `consumed`
 * how far it is. A thread whose place is still full says in `waiting` that it waits, and waits, as with a futex, for `turn` to change. */
#ifndef HEAPMM_TOOLS_SESSION_H
#define HEAPMM_TOOLS_SESSION_H

#include <stdatomic.h>
#include <stdint.h>

/* Of the environment. Not with HEAPMM_ in front: those are of the malloc replacement, which names any that it does not know. */
#define SESSION_VARIABLE "HMM_RECORD"

/* A file in the directory that is locked as long as somebody reads. */
#define SESSION_LOCK "reader"

/* What names of files in the directory begin with: of a session, and of one that could not be made. */
#define SESSION_RUN "run."
#define SESSION_NONE "none."

/* Of this layout: `heapmm record` and the library come together, but may be mixed up. */
#define SESSION_MAGIC UINT64_C(0x31306e6f69736573)

enum { SESSION_PLACES = 1 << 17, SESSION_TEXT = 4096 };

/* A place is half a cache line: what a thread writes goes from one processor to another, and that is most of what recording costs. */
typedef struct session_place {
    _Alignas(32) _Atomic uint64_t mark; /* session_mark, once the event is there */
    uint64_t time;                      /* ticks, or nanoseconds of the system's clock */
    uint64_t address;                   /* of what was allocated; of a free: of what was freed */
    uint64_t size_and_thread;           /* size below 2^40, and the thread above */
} session_place;

/* The second place of an event that has two. */
typedef struct session_more {
    _Alignas(32) _Atomic uint64_t unused; /* the mark of another event, earlier */
    uint64_t size;
    uint64_t old_address;
    uint64_t alignment_or_before;
} session_more;

enum { SESSION_SIZE_BITS = 40, SESSION_KIND = 7, SESSION_FAILED = 8, SESSION_HAS_MORE = 16, SESSION_FLAG_BITS = 8 };

/* flags: a kind of heapmm/trace.h, and what else is true. */
static inline uint64_t session_mark(uint64_t number, unsigned flags) {
    return (number + 1) << SESSION_FLAG_BITS | flags;
}

typedef union session_slot {
    session_place place;
    session_more more;
} session_slot;

typedef struct session {
    /* Written by the process before the file has its name. */
    uint64_t magic;
    int64_t pid;
    int64_t parent;
    int64_t started; /* seconds since 1970 */
    uint32_t command_bytes;
    char program[SESSION_TEXT];
    char command[SESSION_TEXT]; /* as in /proc/PID/cmdline */

    /* Written by `heapmm record`. */
    _Alignas(64) _Atomic uint64_t consumed; /* events that were read */
    _Atomic uint32_t off;                   /* nobody reads any more: nothing is recorded */
    _Atomic uint32_t turn;
    _Atomic uint32_t waiting; /* written by threads, but seldom */

    /* Written by all threads. */
    _Alignas(64) _Atomic uint64_t claimed; /* numbers that were taken */
    _Atomic uint32_t threads;              /* that had an event */

    _Alignas(4096) session_slot places[SESSION_PLACES];
} session;

_Static_assert(sizeof(session_slot) == 32, "a place is half a cache line");

#endif
