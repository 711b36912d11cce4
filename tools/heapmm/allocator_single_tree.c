/* allocator_single_tree.c: the classic heap as an allocator. The arena begins with the descriptor; the rest is one chunk.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#define HMM_CNFG_NUM 0
#define HMM_CNFG_HEADER "single_tree.h"
#include "heapmm.h"

#include "allocator_instances.h"

enum {
    AAU = HMM_ADDR_ALIGN_UNIT,
    BAU = HMM_ADDR_ALIGN_UNIT * HMM_BLOCK_ALIGN_UNIT,
    LEAST = (HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS) * BAU,
    /* The chunk begins a head before a multiple of a BAU. */
    DESCRIPTOR = HMM_CEILING(sizeof(single_tree_descriptor) + HMM_HEAD_AAUS * AAU, BAU) * BAU - HMM_HEAD_AAUS * AAU
};

static void *create(void *memory, size_t bytes, size_t capacity, on_fault *fault, void *context) {
    (void)capacity, (void)fault, (void)context;
    if (bytes < (size_t)DESCRIPTOR + LEAST || bytes / BAU > INT32_MAX) return NULL;
    single_tree_init(memory);
    single_tree_new_chunk(memory, (char *)memory + DESCRIPTOR, (single_tree_size_bau)((bytes - DESCRIPTOR) / BAU));
    return memory;
}

static void destroy(void *heap) {
    single_tree_init(heap);
}

/* Where the chunk ends: bytes are a multiple of a BAU, of which the chunk's beginning and its end leave a rest. */
static bool extend(void *heap, void *memory, size_t bytes, size_t more) {
    if ((bytes + more) / BAU > INT32_MAX || more < HMM_MIN_BLOCK_BAUS * BAU) return false;
    single_tree_grow_chunk(heap, (char *)memory + DESCRIPTOR + (bytes - DESCRIPTOR) / BAU * BAU,
                           (single_tree_size_bau)(more / BAU));
    return true;
}

static bool add(void *heap, void *memory, size_t bytes) {
    (void)heap, (void)memory, (void)bytes;
    return false;
}

static void *alloc(void *heap, size_t size) {
    return single_tree_alloc(heap, size / AAU + (size % AAU != 0));
}

static void *alloc_zeroed(void *heap, size_t size) {
    void *p = alloc(heap, size);
    if (p != NULL) memset(p, 0, size);
    return p;
}

/* In place, or to a new block. */
static void *resize(void *heap, void *p, size_t size) {
    if (p == NULL) return alloc(heap, size);
    if (single_tree_resize(heap, p, size / AAU + (size % AAU != 0)) == 0) return p;
    void *moved = alloc(heap, size);
    if (moved == NULL) return NULL;
    const size_t bytes = single_tree_true_size(p) * AAU;
    memcpy(moved, p, bytes < size ? bytes : size);
    single_tree_free(heap, p);
    return moved;
}

static void release(void *heap, void *p) {
    if (p != NULL) single_tree_free(heap, p);
}

/* It does not count what is free. */
static void look(void *heap, size_t *free, size_t *largest) {
    *free = 0;
    *largest = single_tree_largest_available(heap) * AAU;
}

static const char *check(void *heap) {
    (void)heap;
    return NULL;
}

const allocator single_tree_allocator = {.name = "single-tree",
                                         .about = "the classic heap",
                                         .granule = BAU,
                                         .largest = (size_t)INT32_MAX * BAU,
                                         .create = create,
                                         .destroy = destroy,
                                         .extend = extend,
                                         .add = add,
                                         .alloc = alloc,
                                         .alloc_zeroed = alloc_zeroed,
                                         .realloc = resize,
                                         .free = release,
                                         .look = look,
                                         .check = check};

#include "heapmm_impl.h"
