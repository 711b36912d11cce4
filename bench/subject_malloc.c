/* subject_malloc.c: the C library's malloc as a subject. It has no arena: create takes none.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "subject.h"

static void *subject_create(void *memory, size_t bytes) {
    (void)bytes;
    return memory;
}

static void subject_destroy(void *heap) {
    (void)heap;
}

static void *subject_alloc(void *heap, size_t size) {
    (void)heap;
    return malloc(size);
}

static void subject_free(void *heap, void *p) {
    (void)heap;
    free(p);
}

static void *subject_realloc(void *heap, void *p, size_t size) {
    (void)heap;
    return realloc(p, size);
}

static size_t subject_control(void *heap) {
    (void)heap;
    return 0;
}

extern const struct subject subject_malloc;
const struct subject subject_malloc = {"malloc",     subject_create,  subject_destroy, subject_alloc,
                                       subject_free, subject_realloc, subject_control};
