/* model_match.h: whether a heap is what the model says, block by block and number by number.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_MODEL_MATCH_H
#define HMM_TESTS_MODEL_MATCH_H

#include <stdio.h>
#include <string.h>

#include "model.h"

/* Walks over the heap and the model in step. */
typedef struct match {
    const model *m;
    uintptr_t origin; /* addresses are printed as distances from here, so that two runs print the same */
    size_t region, at;
    char *why;
    size_t room;
} match;

static inline size_t match_offset(const match *x, uintptr_t address) {
    return (size_t)(address - x->origin);
}

static inline bool match_block(void *context, const hmm_block *block) {
    match *x = context;
    while (x->region < x->m->region_count && x->at == x->m->regions[x->region].count) x->region++, x->at = 0;
    const uintptr_t payload = (uintptr_t)block->memory;
    if (x->region == x->m->region_count) {
        snprintf(x->why, x->room, "the heap has one more block, %zu bytes at %zu", block->bytes, match_offset(x, payload));
        return false;
    }
    const model_block *b = &x->m->regions[x->region].blocks[x->at++];
    const size_t usable = b->free ? b->bytes - WORD : usable_bytes(b->bytes);
    if (b->payload == payload && b->bytes == block->bytes && b->free == block->free && usable == block->usable) return true;
    snprintf(x->why, x->room, "the heap has a%s block of %zu bytes (%zu usable) at %zu, the model a%s one of %zu (%zu) at %zu",
             block->free ? " free" : "n allocated", block->bytes, block->usable, match_offset(x, payload),
             b->free ? " free" : "n allocated", b->bytes, usable, match_offset(x, b->payload));
    return false;
}

static inline bool match_blocks(match *x, const hmm_heap *heap) {
    const int result = hmm_heap_walk(heap, match_block, x);
    if (result == HMM_STOPPED) return false;
    if (result != HMM_OK) {
        snprintf(x->why, x->room, "hmm_heap_walk returns %s", hmm_result_name(result));
        return false;
    }
    size_t left = 0;
    for (; x->region < x->m->region_count; x->region++, x->at = 0) left += x->m->regions[x->region].count - x->at;
    if (left > 0) snprintf(x->why, x->room, "the heap's walk ends %zu blocks too early", left);
    return left == 0;
}

static inline bool match_number(match *x, const char *name, size_t heap, size_t expected) {
    if (heap != expected) snprintf(x->why, x->room, "%s is %zu, the model says %zu", name, heap, expected);
    return heap == expected;
}

static inline bool match_stats(match *x, const hmm_heap *heap) {
    hmm_heap_statistics h, e;
    memset(&h, 0xEE, sizeof h);
    hmm_heap_stats(heap, &h);
    model_stats(x->m, &e);
    return match_number(x, "bytes_total", h.bytes_total, e.bytes_total) &&
           match_number(x, "bytes_in_use", h.bytes_in_use, e.bytes_in_use) &&
           match_number(x, "bytes_free", h.bytes_free, e.bytes_free) &&
           match_number(x, "bytes_overhead", h.bytes_overhead, e.bytes_overhead) &&
           match_number(x, "stats.largest_free", h.largest_free, e.largest_free) &&
           match_number(x, "peak_in_use", h.peak_in_use, e.peak_in_use) &&
           match_number(x, "blocks_in_use", h.blocks_in_use, e.blocks_in_use) &&
           match_number(x, "blocks_free", h.blocks_free, e.blocks_free) &&
           match_number(x, "allocations", h.allocations, e.allocations) && match_number(x, "frees", h.frees, e.frees) &&
           match_number(x, "failures", h.failures, e.failures) &&
           match_number(x, "fragmentation", h.fragmentation, e.fragmentation);
}

static inline bool match_check(match *x, const hmm_heap *heap) {
    hmm_fault fault;
    if (hmm_heap_check(heap, &fault) == HMM_OK) return true;
    snprintf(x->why, x->room, "hmm_heap_check reports %s at %zu: %s", hmm_result_name((int)fault.code),
             match_offset(x, (uintptr_t)fault.address), fault.text);
    return false;
}

/* Whether heap and model agree; if not, `why` holds one sentence. */
static inline bool model_matches(const model *m, const hmm_heap *heap, const void *origin, char *why, size_t room) {
    match x = {m, (uintptr_t)origin, 0, 0, why, room};
    return match_check(&x, heap) && match_blocks(&x, heap) && match_stats(&x, heap) &&
           match_number(&x, "hmm_heap_largest_free", hmm_heap_largest_free(heap), model_largest_free(m));
}

#endif
