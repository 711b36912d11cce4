/* allocator.h: the allocators on which traces are replayed.
 *
 * SPDX-License-Identifier: MIT
 *
 * Those of heapmm that take memory which they are lent, an arena, stand behind the functions here. The others are whatever malloc the
 * process has: the worker's, which is started with a library preloaded, see worker.h. */
#ifndef HEAPMM_TOOLS_ALLOCATOR_H
#define HEAPMM_TOOLS_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "heapmm/heap.h"

/* Who is told of faults. */
typedef void on_fault(void *context, const hmm_fault *fault);

typedef struct allocator {
    const char *name;
    const char *about;   /* what it is called in C, or whose malloc it is */
    const char *library; /* whose malloc it is; "": the system's; NULL: it takes an arena */
    size_t granule;      /* blocks are aligned to it, and in an arena their sizes are multiples of it */

    void *(*alloc)(void *heap, size_t size);
    void *(*alloc_zeroed)(void *heap, size_t size);
    void *(*alloc_aligned)(void *heap, size_t alignment, size_t size); /* NULL: it cannot */
    void *(*realloc)(void *heap, void *p, size_t size);
    void (*free)(void *heap, void *p);

    /* Only those that take an arena have what follows. */

    size_t largest; /* bytes of a block, at most */

    /* Makes it in an arena. capacity: bytes that it is going to have; 0: these. NULL: they are too few or too many. */
    void *(*create)(void *memory, size_t bytes, size_t capacity, on_fault *fault, void *context);

    /* Forgets its memory. */
    void (*destroy)(void *heap);

    /* Lends it `more` bytes behind the region `memory` of `bytes`. */
    bool (*extend)(void *heap, void *memory, size_t bytes, size_t more);

    /* Lends it another region. */
    bool (*add)(void *heap, void *memory, size_t bytes);

    /* Bytes that are free, and the largest free block. */
    void (*look)(void *heap, size_t *free, size_t *largest);

    /* Frees a block that another thread may have allocated, while that thread uses the heap. NULL: one thread at a time. */
    bool (*free_remote)(void *heap, void *p);

    /* Checks all of it. NULL if nothing is wrong. */
    const char *(*check)(void *heap);
} allocator;

/* All with a name, ended by NULL. */
extern const allocator *const allocators[];

/* The allocator of that name, or NULL. */
const allocator *allocator_named(const char *name);

/* Whether it is the name of an allocator, or looks like the path of a library. */
bool allocator_is_name(const char *name);

/* The malloc of a library, which is kept by its path. */
allocator allocator_of_library(const char *path);

/* Their names, for messages and helps. */
#define ALLOCATOR_NAMES "heap, heap8, tiny, tiny4, wide, single-tree, pool, malloc, glibc"

#endif
