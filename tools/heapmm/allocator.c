/* allocator.c: see allocator.h.
 *
 * SPDX-License-Identifier: MIT */
#include "allocator.h"

#include <stdlib.h>
#include <string.h>

#include "allocator_instances.h"

/* ---- The malloc of this process ------------------------------------------------------------------------------------------ */

static void *malloc_alloc(void *heap, size_t size) {
    (void)heap;
    return malloc(size);
}

static void *malloc_alloc_zeroed(void *heap, size_t size) {
    (void)heap;
    return calloc(1, size);
}

static void *malloc_alloc_aligned(void *heap, size_t alignment, size_t size) {
    void *p = NULL;
    (void)heap;
    return posix_memalign(&p, alignment < sizeof p ? sizeof p : alignment, size) == 0 ? p : NULL;
}

/* Of 0 bytes it would free a block, which is still one in the trace. */
static void *malloc_realloc(void *heap, void *p, size_t size) {
    (void)heap;
    return realloc(p, size == 0 && p != NULL ? 1 : size);
}

static void malloc_free(void *heap, void *p) {
    (void)heap;
    free(p);
}

#define MALLOC(its_name, its_about, its_library)                                                                               \
    {                                                                                                                          \
        .name = its_name, .about = its_about, .library = its_library, .granule = _Alignof(max_align_t), .alloc = malloc_alloc, \
        .alloc_zeroed = malloc_alloc_zeroed, .alloc_aligned = malloc_alloc_aligned, .realloc = malloc_realloc,                 \
        .free = malloc_free                                                                                                    \
    }

static const allocator malloc_allocator = MALLOC("malloc", "heapmm's malloc", "libheapmm-malloc.so");
static const allocator glibc_allocator = MALLOC("glibc", "the C library's malloc", "");

allocator allocator_of_library(const char *path) {
    return (allocator)MALLOC(path, "a library's malloc", path);
}

/* -------------------------------------------------------------------------------------------------------------------------- */

const allocator *const allocators[] = {&heap_allocator,  &heap8_allocator,
                                       &tiny_allocator,  &tiny4_allocator,
                                       &wide_allocator,  &single_tree_allocator,
                                       &pool_allocator,  &malloc_allocator,
                                       &glibc_allocator, NULL};

const allocator *allocator_named(const char *name) {
    for (size_t i = 0; allocators[i] != NULL; i++)
        if (strcmp(allocators[i]->name, name) == 0) return allocators[i];
    return NULL;
}

bool allocator_is_name(const char *name) {
    return allocator_named(name) != NULL || strchr(name, '/') != NULL || strstr(name, ".so") != NULL;
}
