/* heapmm/malloc_window.h: what a process that runs on heapmm's malloc shows to those who look at it from outside: a debugger, a monitor.
 *
 * SPDX-License-Identifier: MIT
 *
 * Somewhere in what is mapped of the program or of libheapmm-malloc.so stands one constant object of type hmm_malloc_window, whose first
 * bytes are HMM_MALLOC_WINDOW_TAG and which holds its own address. It says where the allocator keeps what it knows. Nobody exports
 * it, so it is there in stripped files too: it is found by looking for the tag. `heapmm map` does so, and the commands of gdb.
 *
 * Whoever looks reads the process's memory while the process goes on, or a core. Nothing is locked: what is read one after the other may not
 * fit together, and must not be trusted.
 *
 * A span is a run of units: a slab, a large block, free memory, or the allocator's own. Spans lie one behind the other, from the
 * number at `memory` on, for the number of bytes at `fresh`; what is behind was never used. Each has a record. Records that are in no
 * use have the kind HMM_MALLOC_WINDOW_NONE. A process that has not allocated yet has the number 0 at `memory`. */
#ifndef HEAPMM_MALLOC_WINDOW_H
#define HEAPMM_MALLOC_WINDOW_H

#include <stdint.h>

/* The first bytes of the object, with zeros behind. */
#define HMM_MALLOC_WINDOW_TAG "heapmm malloc's window"

/* Of the object. Another one means that members mean something else. */
#define HMM_MALLOC_WINDOW_VERSION 1

/* What a span is, in its record. */
typedef enum hmm_malloc_window_kind {
    HMM_MALLOC_WINDOW_NONE = 0,   /* nothing: the record is in no use */
    HMM_MALLOC_WINDOW_FREE = 1,   /* free memory */
    HMM_MALLOC_WINDOW_SLAB = 2,   /* blocks of one size */
    HMM_MALLOC_WINDOW_LARGE = 3,  /* one large block */
    HMM_MALLOC_WINDOW_OWN = 4,    /* the allocator's own */
    HMM_MALLOC_WINDOW_GUARDED = 5 /* one block between inaccessible pages */
} hmm_malloc_window_kind;

/* Where a member of a record is: bytes from the record's beginning. */
typedef struct hmm_malloc_window_record {
    uint16_t start;  /* address, 64 bits */
    uint16_t units;  /* length, 32 bits */
    uint16_t kind;   /* hmm_malloc_window_kind, 8 bits */
    uint16_t clean;  /* 8 bits: a free span whose pages were given back to the system, but for parts of pages at its ends */
    uint16_t free;   /* of a slab, 64 bits: a bit for each block, from the lowest on: free */
    uint16_t freed;  /* the same: freed by another thread, and so free too; from `remote` bytes behind the record on */
    uint16_t size;   /* of a slab, 32 bits: bytes of each block */
    uint16_t blocks; /* of a slab, 8 bits: how many, 64 at most */
} hmm_malloc_window_record;

/* The window. */
typedef struct hmm_malloc_window {
    char tag[24];                         /* HMM_MALLOC_WINDOW_TAG */
    uint32_t version;                     /* HMM_MALLOC_WINDOW_VERSION */
    uint32_t bytes;                       /* of this object */
    const struct hmm_malloc_window *self; /* its own address: where that is not so, a copy of the file was found */
    const void *memory;                   /* where there is the address at which the first span begins */
    const void *mapped;                   /* where there is how many bytes are mapped from there on, 64 bits */
    const void *fresh;                    /* of how many there are spans, 64 bits */
    const void *most_taken;               /* how many units were not free at most, at any time, 64 bits */
    const void *given_back;               /* how many bytes were given back to the system in all, 64 bits */
    const void *records;                  /* where there is the address of the first record, which is that of no span */
    const void *record_count;             /* how many records there are, in use or not, 32 bits */
    uint64_t remote;                      /* bytes from a record to what other threads write of its span */
    uint32_t unit_bytes;                  /* of a unit */
    uint32_t record_bytes;                /* from a record to the next one */
    hmm_malloc_window_record record;      /* where its members are */
} hmm_malloc_window;

#endif
