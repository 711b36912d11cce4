/* misuse.h: what a program can do wrong.
 *
 * SPDX-License-Identifier: MIT
 *
 *     misuse_pointer.c    functions that are given pointers which are no allocated block
 *     misuse_write.c      writes beside blocks, and into freed ones
 *     misuse_argument.c   sizes, alignments and regions that cannot be */
#ifndef HMM_TESTS_MISUSE_H
#define HMM_TESTS_MISUSE_H

#include "scene.h"

/* What became of a misuse at the call. */
typedef enum answer {
    DONE,    /* the heap saw nothing wrong */
    REFUSED, /* by a fault or, as is documented for sizes, alignments and regions, by NULL or a result code */
    ABSENT   /* this instance has no such misuse */
} answer;

/* For functions whose only refusal is a fault. */
static inline answer unless_fault(void) {
    return notes.count > 0 ? REFUSED : DONE;
}

/* A misuse is done, and, where it is a write, the first operation on the block: that is the call at which it can be found.
 * Whatever the heap says is the program's then, the shadow takes. */
typedef struct misuse {
    const char *what;
    const char *how;
    answer (*run)(const struct misuse *self);
    /* For pointers: the function that is given one, and which. */
    answer (*call)(void *p);
    void *(*pointer)(void);
    /* For writes: how many bytes, and where in the payload. */
    size_t bytes;
    size_t at;
    bool damages; /* what the heap relies on; else everything must work after a misuse that was refused */
} misuse;

typedef struct misuses {
    const misuse *list;
    size_t count;
} misuses;

extern const misuses pointer_misuses, write_misuses, argument_misuses;

#endif
