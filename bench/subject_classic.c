/* subject_classic.c: the classic heap as a subject. The arena begins with the descriptor; the rest is one chunk.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "heapmm.h"
#include "subject.h"

enum {
    UNIT = HMM_ADDR_ALIGN_UNIT * HMM_BLOCK_ALIGN_UNIT,
    DESCRIPTOR = HMM_CEILING(sizeof(classic_descriptor), UNIT) * UNIT,
    LEAST = HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS
};

static void *subject_create(void *memory, size_t bytes) {
    if (bytes < DESCRIPTOR || (bytes - DESCRIPTOR) / UNIT < LEAST || bytes / UNIT > INT32_MAX) return NULL;
    classic_init(memory);
    classic_new_chunk(memory, (char *)memory + DESCRIPTOR, (classic_size_bau)((bytes - DESCRIPTOR) / UNIT));
    return memory;
}

static void subject_destroy(void *heap) {
    classic_init(heap);
}

static size_t units_for(size_t size) {
    return (size + HMM_ADDR_ALIGN_UNIT - 1) / HMM_ADDR_ALIGN_UNIT;
}

static void *subject_alloc(void *heap, size_t size) {
    return classic_alloc(heap, (classic_size_aau)units_for(size));
}

static void subject_free(void *heap, void *p) {
    if (p != NULL) classic_free(heap, p);
}

/* In place, or to a new block. */
static void *subject_realloc(void *heap, void *p, size_t size) {
    if (p != NULL && classic_resize(heap, p, (classic_size_aau)units_for(size)) == 0) return p;
    void *moved = subject_alloc(heap, size);
    if (moved == NULL || p == NULL) return moved;
    const size_t bytes = classic_true_size(p) * (size_t)HMM_ADDR_ALIGN_UNIT;
    memcpy(moved, p, bytes < size ? bytes : size);
    classic_free(heap, p);
    return moved;
}

static size_t subject_control(void *heap) {
    (void)heap;
    return DESCRIPTOR + HMM_END_BLOCK_BAUS * UNIT;
}

extern const struct subject subject_classic;
const struct subject subject_classic = {"classic",    subject_create,  subject_destroy, subject_alloc,
                                        subject_free, subject_realloc, subject_control};
