/* process.h: the memory of another process, read while it goes on.
 *
 * SPDX-License-Identifier: MIT
 *
 * Nothing in the process takes part: it is neither stopped nor slowed, and cannot tell. What is opened is its memory, and not its number:
 * should the process end, no other one is read in its place. */
#ifndef HEAPMM_TOOLS_PROCESS_H
#define HEAPMM_TOOLS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

typedef struct process {
    pid_t pid;
    char name[32];
    int memory; /* a file */
} process;

/* Opens it. Returns false, having said what to do, if there is none or it may not be read. */
bool process_open(process *p, pid_t pid);

/* Reads memory. Returns false if any of it is not there, or the process has ended. */
bool process_read(const process *p, uint64_t address, void *to, size_t bytes);

/* Whether it has ended, or has begun another program, which has other memory. */
bool process_has_ended(const process *p);

/* A mapping of a file that may be read, and is the process's alone. */
typedef struct process_mapping {
    uint64_t start, end;
    char path[256];
} process_mapping;

/* Calls visit for each mapping of a file until it returns false. Returns false if the list of mappings cannot be read. */
bool process_mappings(const process *p, bool (*visit)(void *context, const process_mapping *mapping), void *context);

void process_close(process *p);

#endif
