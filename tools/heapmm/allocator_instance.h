/* allocator_instance.h: an instance of the heap as an allocator.
 *
 * SPDX-License-Identifier: MIT
 *
 * A template, since every instance has types of its own. Before it is included, define
 *
 * INSTANCE(verb)        its functions and types, e.g. hmm_heap_##verb
 * INSTANCE_STATISTICS   the type that its stats fills
 * INSTANCE_NUMBERS(s)   the hmm_heap_statistics in that */
#include "allocator_instances.h"

static void *instance_create(void *memory, size_t bytes, size_t capacity, on_fault *fault, void *context) {
    INSTANCE(options) options = {.size = sizeof options, .capacity = capacity, .on_fault = fault, .context = context};
    return INSTANCE(create)(memory, bytes, &options);
}

static void instance_destroy(void *heap) {
    INSTANCE(destroy)(heap);
}

static bool instance_extend(void *heap, void *memory, size_t bytes, size_t more) {
    (void)bytes;
    return INSTANCE(extend_region)(heap, memory, more) == HMM_OK;
}

static bool instance_add(void *heap, void *memory, size_t bytes) {
    return INSTANCE(add_region)(heap, memory, bytes) == HMM_OK;
}

static void *instance_alloc(void *heap, size_t size) {
    return INSTANCE(alloc)(heap, size);
}

static void *instance_alloc_zeroed(void *heap, size_t size) {
    return INSTANCE(alloc_zeroed)(heap, 1, size);
}

static void *instance_alloc_aligned(void *heap, size_t alignment, size_t size) {
    return INSTANCE(alloc_aligned)(heap, alignment, size);
}

static void *instance_realloc(void *heap, void *p, size_t size) {
    return INSTANCE(realloc)(heap, p, size);
}

static void instance_free(void *heap, void *p) {
    INSTANCE(free)(heap, p);
}

static void instance_look(void *heap, size_t *free, size_t *largest) {
    INSTANCE_STATISTICS stats;
    INSTANCE(stats)(heap, &stats);
    *free = INSTANCE_NUMBERS(stats).bytes_free;
    *largest = INSTANCE_NUMBERS(stats).largest_free;
}

static const char *instance_check(void *heap) {
    hmm_fault fault;
    return INSTANCE(check)(heap, &fault) == HMM_OK ? NULL : fault.text;
}

#define ALLOCATOR(its_name, its_about, its_granule, its_largest, its_free_remote)                                        \
    {                                                                                                                    \
        .name = its_name, .about = its_about, .granule = its_granule, .largest = its_largest, .create = instance_create, \
        .destroy = instance_destroy, .extend = instance_extend, .add = instance_add, .alloc = instance_alloc,            \
        .alloc_zeroed = instance_alloc_zeroed, .alloc_aligned = instance_alloc_aligned, .realloc = instance_realloc,     \
        .free = instance_free, .free_remote = its_free_remote, .look = instance_look, .check = instance_check            \
    }
