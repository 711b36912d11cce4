/* subject_nothing.c: a heap of empty functions: what measuring alone costs.
 *
 * SPDX-License-Identifier: MIT */
#include "subject.h"

static char place;

static void *subject_create(void *memory, size_t bytes) {
    (void)bytes;
    return memory;
}

static void subject_destroy(void *heap) {
    (void)heap;
}

static void *subject_alloc(void *heap, size_t size) {
    (void)heap;
    (void)size;
    return &place;
}

static void subject_free(void *heap, void *p) {
    (void)heap;
    (void)p;
}

static void *subject_realloc(void *heap, void *p, size_t size) {
    (void)heap;
    (void)size;
    return p;
}

static size_t subject_control(void *heap) {
    (void)heap;
    return 0;
}

extern const struct subject subject_nothing;
const struct subject subject_nothing = {"nothing",    subject_create,  subject_destroy, subject_alloc,
                                        subject_free, subject_realloc, subject_control};
