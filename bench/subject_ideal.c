/* subject_ideal.c: simulated best-fit heaps as subjects. The pointers are no memory.
 *
 * SPDX-License-Identifier: MIT */
#include "ideal.h"
#include "subject.h"

static void subject_destroy(void *heap) {
    ideal_destroy(heap);
}

/* Blocks count from 1, so that none is NULL. */
static void *as_pointer(uint32_t block) {
    return block == IDEAL_NONE ? NULL : (void *)((uintptr_t)block + 1);
}

static uint32_t as_block(const void *p) {
    return (uint32_t)((uintptr_t)p - 1);
}

static void *subject_alloc(void *heap, size_t size) {
    return as_pointer(ideal_alloc(heap, size));
}

static void subject_free(void *heap, void *p) {
    if (p != NULL) ideal_free(heap, as_block(p));
}

static void *subject_realloc(void *heap, void *p, size_t size) {
    return as_pointer(ideal_realloc(heap, as_block(p), size));
}

static size_t subject_control(void *heap) {
    (void)heap;
    return 0;
}

/* header: bytes. The smallest block is four headers, as in the heap. */
#define IDEAL(name, header, granule, high_from)                                                           \
    static void *create_##name(void *memory, size_t bytes) {                                              \
        static const struct ideal_rules rules = {(header), (granule), 4 * (header), (high_from)};         \
        (void)memory;                                                                                     \
        return ideal_create(&rules, bytes);                                                               \
    }                                                                                                     \
    extern const struct subject subject_##name;                                                           \
    const struct subject subject_##name = {#name,        create_##name,   subject_destroy, subject_alloc, \
                                           subject_free, subject_realloc, subject_control};

IDEAL(ideal_2_8, 2, 8, SIZE_MAX)
IDEAL(ideal_4_8, 4, 8, SIZE_MAX)
IDEAL(ideal_4_16, 4, 16, SIZE_MAX)
IDEAL(ideal_8_16, 8, 16, SIZE_MAX)
IDEAL(ideal_4_8_high, 4, 8, 2048)
IDEAL(ideal_4_16_high, 4, 16, 2048)
