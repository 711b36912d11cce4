/* step.c: see step.h.
 *
 * SPDX-License-Identifier: MIT */
#include "step.h"

#include <stdlib.h>
#include <string.h>

/* Room to take all slots back, so that taking one back cannot fail. */
static bool make_room(steps *s) {
    const size_t room = s->room == 0 ? 1024 : 2 * s->room;
    uint32_t *spare = room > NO_SLOT ? NULL : realloc(s->spare, room * sizeof *spare);
    if (spare == NULL) return false;
    s->spare = spare;
    if (s->is_concurrent) {
        uint32_t *turns = realloc(s->turns, room * sizeof *turns);
        if (turns == NULL) return false;
        memset(turns + s->room, 0, (room - s->room) * sizeof *turns);
        s->turns = turns;
    }
    s->room = room;
    return true;
}

static bool take_slot(steps *s, uint32_t *slot) {
    if (s->spares > s->resting) {
        const size_t last = s->spares - s->resting - 1;
        *slot = s->spare[last];
        s->spare[last] = s->spare[--s->spares]; /* one that rests, or itself */
        return true;
    }
    if (s->slots == s->room && !make_room(s)) return false;
    *slot = s->slots++;
    return true;
}

static void give_back(steps *s, uint32_t slot) {
    s->spare[s->spares++] = slot;
    if (s->is_concurrent) s->resting++;
}

static uint32_t next_turn(steps *s, uint32_t slot) {
    return s->is_concurrent && slot != NO_SLOT ? s->turns[slot]++ : 0;
}

/* The slot of the block at an address, which is there no more; NO_SLOT if there is none. */
static uint32_t take_block(steps *s, uint64_t address) {
    block *found = address == 0 ? NULL : blocks_find(&s->blocks, address);
    if (found == NULL) return NO_SLOT;
    const uint32_t slot = (uint32_t)found->sequence;
    blocks_remove(&s->blocks, found);
    return slot;
}

static uint32_t end_block(steps *s, uint64_t address) {
    const uint32_t slot = take_block(s, address);
    if (slot != NO_SLOT) give_back(s, slot);
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
    if (event->kind == HMM_TRACE_REALLOC) made->slot = take_block(s, event->old_address);
    if (event->old_address != 0 && made->slot == NO_SLOT) made->kind = STEP_ALLOC;
    if (made->slot == NO_SLOT && !take_slot(s, &made->slot)) return false;
    made->ended = end_block(s, event->address);
    s->ended_turn = next_turn(s, made->ended);
    made->turn = next_turn(s, made->slot);
    return blocks_add(&s->blocks, &(block){.address = event->address, .size = event->size, .sequence = made->slot});
}

bool steps_make(steps *s, const hmm_trace_event *event, step *made) {
    *made = (step){.kind = STEP_NOTHING, .slot = NO_SLOT, .ended = NO_SLOT, .thread = (uint16_t)(event->thread % STEP_THREADS)};
    if (event->failed) return true;
    if (event->kind != HMM_TRACE_FREE) return make_block(s, event, made);
    made->slot = end_block(s, event->old_address);
    made->turn = next_turn(s, made->slot);
    if (made->slot != NO_SLOT) made->kind = STEP_FREE;
    return true;
}

void steps_rest(steps *s) {
    s->resting = 0;
}

void steps_free(steps *s) {
    blocks_free(&s->blocks);
    free(s->spare);
    free(s->turns);
    *s = (steps){0};
}
