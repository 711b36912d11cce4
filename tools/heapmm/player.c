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

static bool begin_arena(player *y, const player_plan *plan) {
    y->has_arena = y->on->create != NULL;
    if (!y->has_arena) return true;
    return plan->arena <= SIZE_MAX / 2 &&
           arena_begin(&y->arena, y->on, (size_t)plan->arena, (size_t)plan->capacity, most_for(plan));
}

/* The slots are all touched now, so that they are no part of what is measured later. */
bool player_begin(player *y, const player_plan *plan) {
    *y = (player){.on = plan->on, .slot_count = (size_t)plan->slots + 1, .verifies = plan->verifies, .touches = plan->touches};
    y->first = y;
    pthread_mutex_init(&y->heap_lock, NULL);
    pthread_mutex_init(&y->contents_lock, NULL);
    y->slots =
        mmap(NULL, y->slot_count * sizeof *y->slots, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    bool has_begun = y->slots != MAP_FAILED;
    if (has_begun && y->verifies) has_begun = contents_begin(&y->contents, y->slot_count);
    if (has_begun) has_begun = begin_arena(y, plan);
    if (!has_begun) player_end(y);
    return has_begun;
}

bool player_join(player *y, uint32_t number, const player_plan *plan) {
    player *first = y - number;
    *y = (player){.on = plan->on, .first = first, .number = number, .slots = first->slots, .slot_count = first->slot_count};
    y->verifies = plan->verifies;
    y->touches = plan->touches;
    first->locks = y->locks = true;
    return plan->on->free_remote == NULL || begin_arena(y, plan);
}

/* ---- Asking the allocator ------------------------------------------------------------------------------------------------ */

static arena *arena_of(player *y) {
    return y->has_arena ? &y->arena : &y->first->arena;
}

/* A heap is one thread's at a time. A malloc and a pool see to that themselves. */
static bool needs_lock(const player *y) {
    return y->locks && y->on->create != NULL && y->on->free_remote == NULL;
}

static void lock_heap(player *y) {
    if (needs_lock(y)) pthread_mutex_lock(&y->first->heap_lock);
}

static void unlock_heap(player *y) {
    if (needs_lock(y)) pthread_mutex_unlock(&y->first->heap_lock);
}

/* Where the allocator cannot align, the block is larger, and begins somewhere in it. */
static unsigned char *alloc_shifted(player *y, size_t alignment, size_t size, size_t *shift) {
    void *heap = arena_of(y)->heap;
    if (alignment <= y->on->granule) return y->on->alloc(heap, size);
    if (size > SIZE_MAX - alignment) return NULL;
    unsigned char *p = y->on->alloc(heap, size + alignment);
    if (p == NULL) return NULL;
    *shift = (alignment - (uintptr_t)p % alignment) % alignment;
    return p + *shift;
}

static unsigned char *ask(player *y, const step *s, size_t *shift) {
    const size_t alignment = (size_t)1 << s->alignment_bits;
    void *heap = arena_of(y)->heap;
    *shift = 0;
    if (s->kind == STEP_ZEROED) return y->on->alloc_zeroed(heap, s->size);
    if (s->kind == STEP_REALLOC) return y->on->realloc(heap, NULL, s->size);
    if (s->kind != STEP_ALIGNED) return y->on->alloc(heap, s->size);
    if (y->on->alloc_aligned == NULL) return alloc_shifted(y, alignment, s->size, shift);
    return y->on->alloc_aligned(heap, alignment, s->size);
}

static bool is_foreign(const player *y, const player_slot *slot) {
    return y->on->free_remote != NULL && slot->owner != y->number;
}

/* False: a pool refuses what it gave. */
static bool give_back(player *y, const player_slot *slot) {
    if (is_foreign(y, slot)) return y->on->free_remote(y->first[slot->owner].arena.heap, slot->p - slot->shift);
    y->on->free(arena_of(y)->heap, slot->p - slot->shift);
    return true;
}

static unsigned char *ask_again(player *y, const player_slot *slot, const step *s, size_t *shift) {
    *shift = 0;
    if (slot->shift == 0 && !is_foreign(y, slot)) return y->on->realloc(arena_of(y)->heap, slot->p, s->size);
    unsigned char *moved = y->on->alloc(arena_of(y)->heap, s->size);
    if (moved == NULL) return NULL;
    memcpy(moved, slot->p, slot->size < s->size ? slot->size : s->size);
    give_back(y, slot);
    return moved;
}

/* As long as it fails and more memory might help, an arena grows. */
static unsigned char *have_some(player *y, const player_slot *slot, const step *s, size_t *shift) {
    arena *a = arena_of(y);
    const size_t lent = a->bytes, least = s->kind == STEP_ALIGNED ? (size_t)1 << s->alignment_bits : 0;
    for (;;) {
        unsigned char *p = slot->p == NULL ? ask(y, s, shift) : ask_again(y, slot, s, shift);
        if (p != NULL || a->heap == NULL) return p;
        if (s->size > SIZE_MAX / 8 || least > SIZE_MAX / 8 || !arena_grow(a, s->size + least, lent)) return NULL;
    }
}

static unsigned char *have(player *y, const player_slot *slot, const step *s, size_t *shift) {
    lock_heap(y);
    unsigned char *p = have_some(y, slot, s, shift);
    unlock_heap(y);
    return p;
}

/* ---- Contents ------------------------------------------------------------------------------------------------------------ */

/* The tree of blocks is for one thread at a time; the allocator is not called meanwhile. */
static contents *take_contents(player *y) {
    if (y->locks) pthread_mutex_lock(&y->first->contents_lock);
    return &y->first->contents;
}

static bool leave_contents(player *y, bool is_sound) {
    if (y->locks) pthread_mutex_unlock(&y->first->contents_lock);
    return is_sound;
}

/* What is promised. A malloc may give less to a block that is too small to hold something that needs it. */
static size_t alignment_of(const player *y, const step *s) {
    if (s->kind == STEP_ALIGNED) return (size_t)1 << s->alignment_bits;
    return s->size >= y->on->granule ? y->on->granule : 1;
}

static bool verify_new(player *y, const step *s, void *p) {
    if (!y->verifies) return true;
    contents *c = take_contents(y);
    return leave_contents(y, contents_add(c, s->slot, p, s->size, alignment_of(y, s), s->kind == STEP_ZEROED, y->played));
}

static bool verify_old(player *y, uint32_t slot) {
    if (!y->verifies) return true;
    contents *c = take_contents(y);
    return leave_contents(y, contents_remove(c, slot));
}

static bool verify_resized(player *y, uint32_t slot, void *p, size_t size, size_t alignment) {
    if (!y->verifies) return true;
    contents *c = take_contents(y);
    return leave_contents(y, contents_resized(c, slot, p, size, alignment));
}

/* ---- Steps --------------------------------------------------------------------------------------------------------------- */

static void touch(unsigned char *p, size_t from, size_t size) {
    volatile unsigned char *bytes = p;
    for (size_t at = from; at < size; at += PAGE) bytes[at] = 1;
    if (size > from) bytes[size - 1] = 1;
}

static void count_failure(player *y) {
    if (y->failures++ == 0) y->first_failure = y->played;
}

/* The turn is the crew's, and stays. */
static void set_slot(player_slot *slot, unsigned char *p, size_t size, size_t shift, uint32_t owner) {
    slot->p = p;
    slot->size = size;
    slot->shift = shift;
    slot->owner = owner;
}

static bool free_block(player *y, uint32_t number) {
    player_slot *slot = &y->slots[number];
    if (slot->p == NULL) return true;
    if (!verify_old(y, number)) return false;
    lock_heap(y);
    const bool is_taken = give_back(y, slot);
    unlock_heap(y);
    y->live -= slot->size;
    set_slot(slot, NULL, 0, 0, 0);
    return is_taken;
}

static bool new_block(player *y, const step *s) {
    player_slot *slot = &y->slots[s->slot];
    size_t shift;
    set_slot(slot, NULL, 0, 0, 0);
    unsigned char *p = have(y, slot, s, &shift);
    if (p == NULL) {
        count_failure(y);
        return true;
    }
    set_slot(slot, p, s->size, shift, y->number);
    y->live += s->size;
    if (y->touches) touch(p, 0, s->size);
    return verify_new(y, s, p);
}

/* If that fails, the block stays as it is. */
static bool resize_block(player *y, const step *s) {
    player_slot *slot = &y->slots[s->slot];
    size_t shift;
    if (slot->p == NULL) return new_block(y, s);
    if (!verify_old(y, s->slot)) return false;
    unsigned char *p = have(y, slot, s, &shift);
    if (p == NULL) {
        count_failure(y);
        return verify_resized(y, s->slot, slot->p, slot->size, 1);
    }
    if (y->touches) touch(p, slot->size, s->size);
    y->live += s->size - slot->size;
    set_slot(slot, p, s->size, shift, y->number);
    return verify_resized(y, s->slot, p, s->size, alignment_of(y, s));
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
    const char *text = y->has_arena ? y->on->check(y->arena.heap) : NULL;
    if (text == NULL) return y->first != y || contents_check(&y->contents);
    snprintf(y->first->contents.text, sizeof y->contents.text, "the check of the heap, at the end: %s", text);
    return false;
}

const char *player_fault(const player *y) {
    return y->first->contents.text;
}

void player_end(player *y) {
    if (y->first == y && y->slots != MAP_FAILED && y->slots != NULL) munmap(y->slots, y->slot_count * sizeof *y->slots);
    if (y->first == y) contents_end(&y->contents);
    arena_end(&y->arena);
    y->slots = NULL;
}
