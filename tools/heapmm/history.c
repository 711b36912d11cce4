/* history.c: see history.h.
 *
 * SPDX-License-Identifier: MIT */
#include "history.h"

#include <stdlib.h>

#define NO_LIFE UINT32_MAX

bool history_begin(history *h, uint64_t slots, size_t most) {
    *h = (history){.slots = (size_t)slots, .most = most < NO_LIFE ? most : NO_LIFE - 1, .shortest = 1};
    h->current = malloc((h->slots + 1) * sizeof *h->current);
    if (h->current == NULL) return false;
    for (size_t i = 0; i < h->slots; i++) h->current[i] = NO_LIFE;
    return true;
}

/* ---- Leaving out --------------------------------------------------------------------------------------------------------- */

static bool is_kept(const history *h, const life *l) {
    return (l->death == NO_DEATH || l->death - l->birth >= h->shortest) && l->size >= h->smallest;
}

/* Lives move together; the slots find theirs again, which are in the same order. */
static void sweep(history *h) {
    uint32_t *moved = malloc((h->count + 1) * sizeof *moved);
    size_t kept = 0;
    if (moved == NULL) return;
    for (size_t i = 0; i < h->count; i++) {
        const bool keeps = is_kept(h, &h->lives[i]);
        moved[i] = keeps ? (uint32_t)kept : NO_LIFE;
        if (keeps) h->lives[kept++] = h->lives[i];
    }
    for (size_t i = 0; i < h->slots; i++)
        if (h->current[i] != NO_LIFE) h->current[i] = moved[h->current[i]];
    free(moved);
    h->left_out += h->count - kept;
    h->count = kept;
}

/* Ranges of numbers: eight for each power of two. */
enum { RANGES = 64 * 8 };

static size_t range_of(uint64_t value) {
    size_t power = 0;
    while (value >> power >= 16) power++;
    return 8 * power + (size_t)(value >> power) % 16;
}

/* The lowest number of a range. */
static uint64_t least_of(size_t range) {
    return range < 16 ? range : (uint64_t)(8 + range % 8) << (range / 8 - 1);
}

static uint64_t length_of(const life *l) {
    return l->death - l->birth;
}

static uint64_t size_of(const life *l) {
    return l->size;
}

/* Below which so many lives, or more, are: of all, or of those that have ended. Those are at least so many. */
static uint64_t limit_of(const history *h, uint64_t (*number)(const life *l), bool takes_all, size_t wanted) {
    static size_t counts[RANGES];
    for (size_t i = 0; i < RANGES; i++) counts[i] = 0;
    for (size_t i = 0; i < h->count; i++)
        if (takes_all || h->lives[i].death != NO_DEATH) counts[range_of(number(&h->lives[i]))]++;
    size_t range = 0, below = 0;
    while (below < wanted) below += counts[range++];
    return range < range_of(UINT64_MAX) ? least_of(range) : UINT64_MAX;
}

static size_t ended(const history *h) {
    size_t count = 0;
    for (size_t i = 0; i < h->count; i++) count += h->lives[i].death != NO_DEATH;
    return count;
}

/* So many fewer: the shortest of those that have ended, and if these are not enough, the smallest. */
static void leave_out(history *h, size_t wanted) {
    const size_t before = h->count, can_end = ended(h);
    if (can_end > 0) h->shortest = limit_of(h, length_of, false, can_end < wanted ? can_end : wanted);
    sweep(h);
    if (before - h->count >= wanted) return;
    h->smallest = limit_of(h, size_of, true, h->count < wanted ? h->count : wanted);
    sweep(h);
    if (h->count < before) return;
    /* All of them are as large as can be: there is no limit that leaves out some. */
    for (size_t i = 0; i < h->slots; i++) h->current[i] = NO_LIFE;
    h->left_out += h->count;
    h->count = 0;
}

/* What ended below the limits since they were set goes first. */
void history_thin(history *h) {
    const size_t before = h->count;
    sweep(h);
    if (h->count >= before - before / 4) leave_out(h, before / 4 + 1 - (before - h->count));
}

void history_finish(history *h) {
    if (h->shortest > 1 || h->smallest > 0) sweep(h);
}

/* ---- Steps --------------------------------------------------------------------------------------------------------------- */

/* The last life may be left out at once: no slot has one behind it. */
static void end_life(history *h, uint32_t slot, uint64_t number) {
    const uint32_t ended = h->current[slot];
    h->current[slot] = NO_LIFE;
    if (ended == NO_LIFE) return;
    h->lives[ended].death = number;
    if (ended + 1 != h->count || is_kept(h, &h->lives[ended])) return;
    h->count--;
    h->left_out++;
}

static bool make_room(history *h) {
    if (h->count >= h->most) history_thin(h);
    if (h->count < h->room) return true;
    const size_t room = h->room == 0 ? 4096 : 2 * h->room;
    life *larger = realloc(h->lives, room * sizeof *larger);
    if (larger == NULL) return false;
    h->lives = larger;
    h->room = room;
    return true;
}

static bool begin_life(history *h, uint32_t slot, const life *born) {
    if (!make_room(h)) return false;
    h->current[slot] = (uint32_t)h->count;
    h->lives[h->count++] = *born;
    return true;
}

bool history_take(history *h, const step *s, const hmm_trace_event *event, uint64_t number, uint64_t replayed) {
    life born = {number, NO_DEATH, number, event->size, event->address, replayed, event->thread};
    if (s->ended != NO_SLOT) end_life(h, s->ended, number);
    if (s->kind == STEP_NOTHING) return true;
    if (s->kind == STEP_REALLOC && h->current[s->slot] != NO_LIFE) {
        const life *resized = &h->lives[h->current[s->slot]];
        born.since = resized->since;
        born.thread = resized->thread;
    }
    if (s->kind == STEP_REALLOC || s->kind == STEP_FREE) end_life(h, s->slot, number);
    return s->kind == STEP_FREE || begin_life(h, s->slot, &born);
}

void history_free(history *h) {
    free(h->lives);
    free(h->current);
    *h = (history){0};
}
