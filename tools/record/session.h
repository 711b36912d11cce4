/* session.h: what the recorder in a program and `heapmm record` share: a file of a fixed size, mapped by both.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each recorded process makes a file in the directory that HMM_RECORD names, as new.PID.TIME, and renames it to run.PID.TIME when it
 * may be looked at. It keeps no file open: programs close files that they do not know. What is in the mapping stays when the process
 * is killed.
 *
 * The file is a head and a ring of places for events, a cache line each. A thread that has an event takes a number from `claimed`, by
 * one atomic addition, and with it a place. So all threads have one order, and no thread has anything of its own that could be lost:
 *
 *     free      the number is taken before the block is freed. Whoever gets its memory then takes his number later.
 *     malloc    the number is taken after the block was allocated. Whoever frees it has it from there, and takes his number later.
 *     realloc   does both: the number is taken before, and `before` tells which number was next when it was done. The event belongs
 *               somewhere between these two; collect.c finds where.
 *
 * Then it writes the event, and at last its number plus 1 to `number`. `heapmm record` reads places in order, and says in `consumed`
 * how far it is. A thread whose place is still full says in `waiting` that it waits, and waits, as with a futex, for `turn` to change. */
#ifndef HEAPMM_TOOLS_SESSION_H
#define HEAPMM_TOOLS_SESSION_H

#include <stdatomic.h>
#include <stdint.h>

/* Of the environment. Not with HEAPMM_ in front: those are of the malloc replacement, which names any that it does not know. */
#define SESSION_VARIABLE "HMM_RECORD"

/* A file in the directory that is locked as long as somebody reads. */
#define SESSION_LOCK "reader"

/* Of this layout: `heapmm record` and the library come together, but may be mixed up. */
#define SESSION_MAGIC UINT64_C(0x31306e6f69736573)

enum { SESSION_PLACES = 1 << 16, SESSION_TEXT = 4096 };

/* What is done is told as in heapmm/trace.h. */
typedef struct session_place {
    _Alignas(64) _Atomic uint64_t number; /* of the event, plus 1 */
    uint64_t time;                        /* ticks, or nanoseconds of the system's clock */
    uint64_t size;
    uint64_t address;
    uint64_t old_address;
    union {
        uint64_t alignment;
        uint64_t before; /* of a realloc */
    };
    uint32_t thread;
    uint8_t kind;
    uint8_t failed;
} session_place;

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

    _Alignas(4096) session_place places[SESSION_PLACES];
} session;

_Static_assert(sizeof(session_place) == 64, "a place is a cache line");

#endif
