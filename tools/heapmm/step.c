/* step.c: see step.h.
 *
 * SPDX-License-Identifier: MIT */
#include "step.h"

#include <stdlib.h>

/* Room to take all slots back, so that taking one back cannot fail. */
static bool take_slot(steps *s, uint32_t *slot) {
    if (s->spares > 0) {
        *slot = s->spare[--s->spares];
        return true;
    }
    if (s->slots == s->room) {
        const size_t room = s->room == 0 ? 1024 : 2 * s->room;
        uint32_t *larger = room > NO_SLOT ? NULL : realloc(s->spare, room * sizeof *larger);
        if (larger == NULL) return false;
        s->spare = larger;
        s->room = room;
    }
    *slot = s->slots++;
    return true;
}

/* The slot of the block at an address, which is no more; NO_SLOT if there is none. */
static uint32_t end_block(steps *s, uint64_t address) {
    block *found = address == 0 ? NULL : blocks_find(&s->blocks, address);
    if (found == NULL) return NO_SLOT;
    const uint32_t slot = (uint32_t)found->sequence;
    blocks_remove(&s->blocks, found);
    s->spare[s->spares++] = slot;
    return slot;
}

static uint8_t bits_of(uint64_t alignment) {
    uint8_t bits = 0;
    while (alignment > 1) {
        alignment >>= 1;
        bits++;
    }
    return bits;
}

static step_kind kind_of(const hmm_trace_event *event) {
    switch (event->kind) {
    case HMM_TRACE_CALLOC: return STEP_ZEROED;
    case HMM_TRACE_ALIGNED_ALLOC: return STEP_ALIGNED;
    case HMM_TRACE_REALLOC: return STEP_REALLOC;
    default: return STEP_ALLOC;
    }
}

static bool make_block(steps *s, const hmm_trace_event *event, step *made) {
    made->kind = (uint8_t)kind_of(event);
    made->size = event->size;
    made->alignment_bits = bits_of(event->alignment);
    /* The slot of a block that is resized is the spare one that is taken next. */
    const uint32_t resized = event->kind == HMM_TRACE_REALLOC ? end_block(s, event->old_address) : NO_SLOT;
    if (event->kind == HMM_TRACE_REALLOC && resized == NO_SLOT) made->kind = STEP_ALLOC;
    if (!take_slot(s, &made->slot)) return false;
    made->ended = end_block(s, event->address);
    return blocks_add(&s->blocks, &(block){.address = event->address, .size = event->size, .sequence = made->slot});
}

bool steps_make(steps *s, const hmm_trace_event *event, step *made) {
    *made = (step){.kind = STEP_NOTHING, .slot = NO_SLOT, .ended = NO_SLOT};
    if (event->failed) return true;
    if (event->kind != HMM_TRACE_FREE) return make_block(s, event, made);
    made->slot = end_block(s, event->old_address);
    if (made->slot != NO_SLOT) made->kind = STEP_FREE;
    return true;
}

void steps_free(steps *s) {
    blocks_free(&s->blocks);
    free(s->spare);
    *s = (steps){0};
}
