/* window.h: what others see who look at the process from outside: see heapmm/malloc_window.h, which is the contract.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_MALLOC_WINDOW_INSIDE_H
#define HMM_MALLOC_WINDOW_INSIDE_H

#include "central.h"
#include "heapmm/malloc_window.h"

_Static_assert(SPAN_NONE == (int)HMM_MALLOC_WINDOW_NONE && SPAN_FREE == (int)HMM_MALLOC_WINDOW_FREE &&
                   SPAN_SLAB == (int)HMM_MALLOC_WINDOW_SLAB && SPAN_LARGE == (int)HMM_MALLOC_WINDOW_LARGE &&
                   SPAN_OWN == (int)HMM_MALLOC_WINDOW_OWN && SPAN_GUARDED == (int)HMM_MALLOC_WINDOW_GUARDED,
               "the kinds are those that are promised");

/* Declared in central.h, and referred to there, so that no linker leaves it out. */
static const hmm_malloc_window window = {
    .tag = HMM_MALLOC_WINDOW_TAG,
    .version = HMM_MALLOC_WINDOW_VERSION,
    .bytes = sizeof(hmm_malloc_window),
    .self = &window,
    .memory = &place.memory,
    .mapped = &place.mapped,
    .fresh = &central.fresh,
    .most_taken = &central.most_taken,
    .given_back = &central.given_back,
    .records = &place.spans,
    .record_count = &central.records,
    .remote = REMOTE_DISTANCE,
    .unit_bytes = HMM_UNIT,
    .record_bytes = sizeof(struct span),
    .record = {.start = offsetof(struct span, start),
               .units = offsetof(struct span, units),
               .kind = offsetof(struct span, kind),
               .clean = offsetof(struct span, clean),
               .free = offsetof(struct span, free),
               .freed = offsetof(struct remote, freed),
               .size = offsetof(struct span, size),
               .blocks = offsetof(struct span, blocks)},
};

#endif
