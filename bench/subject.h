/* subject.h: what is measured: a heap behind five functions.
 *
 * SPDX-License-Identifier: MIT
 *
 * An instance of the heap becomes a subject by its line in HEAPMM_BENCH_INSTANCES of CMakeLists.txt. */
#ifndef HMM_BENCH_SUBJECT_H
#define HMM_BENCH_SUBJECT_H

#include <stddef.h>

struct subject {
    const char *name;
    void *(*create)(void *memory, size_t bytes); /* NULL: this heap cannot be so small or so large */
    void (*destroy)(void *heap);
    void *(*alloc)(void *heap, size_t size);
    void (*free)(void *heap, void *p);
    void *(*realloc)(void *heap, void *p, size_t size);
    size_t (*control)(void *heap); /* bytes that are never part of a block */
};

/* The subject of that name, or NULL. */
const struct subject *subject_named(const char *name);

/* All of them, ended by NULL. */
const struct subject *const *subjects(void);

#endif
