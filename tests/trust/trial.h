/* trial.h: something tried out in a process of its own, which may crash or hang.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_TRIAL_H
#define HMM_TESTS_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "heapmm/heap.h"

/* How a trial ended: what its body returned, or one of the others. */
enum { TRIAL_HARM = 100, TRIAL_CRASH, TRIAL_HANG };

/* Where a trial writes what its parent is to know. Shared memory: what was written before a crash is there after it. */
typedef struct trial_notes {
    const char *harm; /* what harm() was told; strings are at the same address in both processes */
    int signal;
    size_t operations; /* done so far; of the play after the misuse */
    int code;          /* a fault, or what the check returned */
    bool checking;     /* inside hmm_heap_check */
    bool check_wrote;
} trial_notes;

extern trial_notes *trial;

/* Runs body in a child, at most for so long that it must be in an endless loop. body must return less than TRIAL_HARM. */
int trial_run(int (*body)(const void *subject), const void *subject);

/* Ends the trial, in the child. */
void trial_end(int outcome) __attribute__((noreturn));

/* What the heap's default handler does, which replaces the one of src/os: a control block was overwritten, and with it, perhaps,
 * the program's handler. It must not return. */
extern void (*trial_on_default_fault)(const hmm_fault *fault);

#endif
