/* player.c: see player.h.
 *
 * SPDX-License-Identifier: MIT */
#include "player.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

uint64_t player_curve(uint64_t curve, uint64_t live) {
    return (curve ^ live) * UINT64_C(0x100000001b3) + 1;
}

/* Addresses to reserve: four times what should be needed, and some. */
static uint64_t most_for(const player_plan *plan) {
    const uint64_t some = (uint64_t)64 << 20;
    return plan->capacity > UINT64_MAX / 8 ? UINT64_MAX : 4 * plan->capacity + 256 * plan->slots + some;
}

/* The slots are all touched now, so that they are no part of what is measured later. */
bool player_begin(player *y, const player_plan *plan) {
    *y = (player){.on = plan->on, .slot_count = (size_t)plan->slots + 1, .verifies = plan->verifies, .touches = plan->touches};
    y->slots =
        mmap(NULL, y->slot_count * sizeof *y->slots, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    bool has_begun = y->slots != MAP_FAILED;
    if (has_begun && y->verifies) has_begun = contents_begin(&y->contents, y->slot_count);
    if (has_begun && y->on->create != NULL)
        has_begun = plan->arena <= SIZE_MAX / 2 && arena_begin(&y->arena, y->on, plan->arena, plan->capacity, most_for(plan));
    if (!has_begun) player_end(y);
    return has_begun;
}

/* ---- Asking the allocator ------------------------------------------------------------------------------------------------ */

/* Where the allocator cannot align, the block is larger, and begins somewhere in it. */
static unsigned char *alloc_shifted(player *y, size_t alignment, size_t size, size_t *shift) {
    if (alignment <= y->on->granule) return y->on->alloc(y->arena.heap, size);
    if (size > SIZE_MAX - alignment) return NULL;
    unsigned char *p = y->on->alloc(y->arena.heap, size + alignment);
    if (p == NULL) return NULL;
    *shift = (alignment - (uintptr_t)p % alignment) % alignment;
    return p + *shift;
}

static unsigned char *ask(player *y, const step *s, size_t *shift) {
    const size_t alignment = (size_t)1 << s->alignment_bits;
    *shift = 0;
    if (s->kind == STEP_ZEROED) return y->on->alloc_zeroed(y->arena.heap, s->size);
    if (s->kind != STEP_ALIGNED) return y->on->alloc(y->arena.heap, s->size);
    if (y->on->alloc_aligned == NULL) return alloc_shifted(y, alignment, s->size, shift);
    return y->on->alloc_aligned(y->arena.heap, alignment, s->size);
}

static unsigned char *ask_again(player *y, const player_slot *slot, const step *s, size_t *shift) {
    *shift = 0;
    if (slot->shift == 0) return y->on->realloc(y->arena.heap, slot->p, s->size);
    unsigned char *moved = y->on->alloc(y->arena.heap, s->size);
    if (moved == NULL) return NULL;
    memcpy(moved, slot->p, slot->size < s->size ? slot->size : s->size);
    y->on->free(y->arena.heap, slot->p - slot->shift);
    return moved;
}

/* As long as it fails and more memory might help, an arena grows. */
static unsigned char *have(player *y, const player_slot *slot, const step *s, size_t *shift) {
    const size_t lent = y->arena.bytes, least = s->kind == STEP_ALIGNED ? (size_t)1 << s->alignment_bits : 0;
    for (;;) {
        unsigned char *p = slot->p == NULL ? ask(y, s, shift) : ask_again(y, slot, s, shift);
        if (p != NULL || y->arena.heap == NULL) return p;
        if (s->size > SIZE_MAX / 8 || least > SIZE_MAX / 8 || !arena_grow(&y->arena, s->size + least, lent)) return NULL;
    }
}

/* ---- Steps --------------------------------------------------------------------------------------------------------------- */

static void touch(unsigned char *p, size_t from, size_t size) {
    volatile unsigned char *bytes = p;
    for (size_t at = from; at < size; at += PAGE) bytes[at] = 1;
    if (size > from) bytes[size - 1] = 1;
}

/* What is promised. A malloc may give less to a block that is too small to hold something that needs it. */
static size_t alignment_of(const player *y, const step *s) {
    if (s->kind == STEP_ALIGNED) return (size_t)1 << s->alignment_bits;
    return s->size >= y->on->granule ? y->on->granule : 1;
}

static void count_failure(player *y) {
    if (y->failures++ == 0) y->first_failure = y->played;
}

static bool free_block(player *y, uint32_t number) {
    player_slot *slot = &y->slots[number];
    if (slot->p == NULL) return true;
    if (y->verifies && !contents_remove(&y->contents, number)) return false;
    y->on->free(y->arena.heap, slot->p - slot->shift);
    y->live -= slot->size;
    *slot = (player_slot){0};
    return true;
}

static bool new_block(player *y, const step *s) {
    player_slot *slot = &y->slots[s->slot];
    *slot = (player_slot){0};
    unsigned char *p = have(y, slot, s, &slot->shift);
    if (p == NULL) {
        count_failure(y);
        return true;
    }
    slot->p = p;
    slot->size = s->size;
    y->live += s->size;
    if (y->touches) touch(p, 0, s->size);
    return !y->verifies || contents_add(&y->contents, s->slot, p, s->size, alignment_of(y, s), s->kind == STEP_ZEROED, y->played);
}

/* If that fails, the block stays as it is. */
static bool resize_block(player *y, const step *s) {
    player_slot *slot = &y->slots[s->slot];
    size_t shift;
    if (slot->p == NULL) return new_block(y, s);
    if (y->verifies && !contents_remove(&y->contents, s->slot)) return false;
    unsigned char *p = have(y, slot, s, &shift);
    if (p == NULL) {
        count_failure(y);
        return !y->verifies || contents_resized(&y->contents, s->slot, slot->p, slot->size, 1);
    }
    if (y->touches) touch(p, slot->size, s->size);
    y->live += s->size - slot->size;
    *slot = (player_slot){p, s->size, shift};
    return !y->verifies || contents_resized(&y->contents, s->slot, p, s->size, alignment_of(y, s));
}

static bool play(player *y, const step *s) {
    if (s->ended != NO_SLOT && !free_block(y, s->ended)) return false;
    switch (s->kind) {
    case STEP_NOTHING: return true;
    case STEP_FREE: return free_block(y, s->slot);
    case STEP_REALLOC: return resize_block(y, s);
    default: return new_block(y, s);
    }
}

bool player_play(player *y, const step *s) {
    const bool is_sound = play(y, s);
    if (y->live > y->peak) y->peak = y->live;
    y->curve = player_curve(y->curve, y->live);
    y->played++;
    return is_sound;
}

bool player_finish(player *y) {
    if (!y->verifies) return true;
    const char *text = y->on->create == NULL ? NULL : y->on->check(y->arena.heap);
    if (text == NULL) return contents_check(&y->contents);
    snprintf(y->contents.text, sizeof y->contents.text, "the check of the heap, at the end: %s", text);
    return false;
}

const char *player_fault(const player *y) {
    return y->contents.text;
}

void player_end(player *y) {
    if (y->slots != MAP_FAILED && y->slots != NULL) munmap(y->slots, y->slot_count * sizeof *y->slots);
    contents_end(&y->contents);
    arena_end(&y->arena);
    y->slots = NULL;
}
