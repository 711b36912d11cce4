/* survey.c: see survey.h.
 *
 * SPDX-License-Identifier: MIT */
#include "survey.h"

#include <stdlib.h>

#include "progress.h"
#include "say.h"

/* Times that are kept one by one; where there are more events, every second, fourth ... of them. */
enum { MOST_TIMES = 1 << 17 };

/* Lives that are kept: 56 bytes each. */
enum { MOST_LIVES = 6000000 };

/* Where the block of a slot is in the trace. */
typedef struct place {
    uint64_t address, size;
    bool is_taken;
} place;

/* What is only needed while events are read. */
typedef struct follower {
    survey *s;
    const replay_trace *trace;
    uint64_t samples;
    steps steps;
    footprint pages;
    place *places; /* by slot */
    player player;
    uint64_t first_time, live, most, blocks;
} follower;

/* ---- Beginning ----------------------------------------------------------------------------------------------------------- */

/* A heap in which such blocks cannot be is left out. */
static void begin_replay(follower *f, const allocator *on) {
    const player_plan plan = {.on = on, .slots = f->trace->slots, .capacity = replay_capacity(f->trace)};
    if (on != NULL && player_begin(&f->player, &plan)) f->s->on = on;
}

static bool begin(follower *f, uint64_t moments) {
    const uint64_t events = f->trace->events;
    f->samples = moments < events ? moments : events;
    f->s->clock_step = 1;
    while (events / f->s->clock_step > MOST_TIMES) f->s->clock_step *= 2;
    f->s->clock = malloc(((size_t)(events / f->s->clock_step) + 2) * sizeof *f->s->clock);
    f->s->moments = calloc((size_t)f->samples + 1, sizeof *f->s->moments);
    f->s->moment_count = 1;
    f->places = calloc((size_t)f->trace->slots, sizeof *f->places);
    return f->s->clock != NULL && f->s->moments != NULL && f->places != NULL &&
           history_begin(&f->s->history, f->trace->slots, MOST_LIVES);
}

/* ---- Events -------------------------------------------------------------------------------------------------------------- */

static void lose(follower *f, uint32_t slot) {
    if (slot == NO_SLOT || !f->places[slot].is_taken) return;
    place *lost = &f->places[slot];
    footprint_remove(&f->pages, lost->address, lost->size);
    f->live -= lost->size;
    f->blocks--;
    lost->is_taken = false;
}

static bool gain(follower *f, uint32_t slot, const hmm_trace_event *event) {
    f->places[slot] = (place){event->address, event->size, true};
    f->live += event->size;
    f->blocks++;
    return footprint_add(&f->pages, event->address, event->size) && axis_add(&f->s->recorded, event->address, event->size);
}

/* The address in the arena; NO_ADDRESS if there is none. */
static uint64_t play(follower *f, const step *next) {
    if (f->s->on == NULL) return NO_ADDRESS;
    player_play(&f->player, next);
    const unsigned char *p = next->slot == NO_SLOT ? NULL : f->player.slots[next->slot].p;
    return p == NULL ? NO_ADDRESS : (uint64_t)(p - f->player.arena.memory);
}

static bool follow(follower *f, const hmm_trace_event *event, uint64_t number) {
    step next;
    if (!steps_make(&f->steps, event, &next) || f->steps.slots > f->trace->slots) return false;
    const uint64_t replayed = play(f, &next);
    if (!history_take(&f->s->history, &next, event, number, replayed)) return false;
    if (replayed != NO_ADDRESS && !axis_add(&f->s->replayed, replayed, event->size)) return false;
    lose(f, next.ended);
    if (next.kind == STEP_REALLOC || next.kind == STEP_FREE) lose(f, next.slot);
    const bool is_gained = next.kind == STEP_NOTHING || next.kind == STEP_FREE || gain(f, next.slot, event);
    if (f->live > f->most) f->most = f->live;
    return is_gained;
}

static void note_time(follower *f, const hmm_trace_event *event, uint64_t number) {
    survey *s = f->s;
    if (number == 0) f->first_time = event->time;
    if (number % s->clock_step == 0 || number + 1 == f->trace->events) s->clock[s->clock_count++] = event->time - f->first_time;
}

/* As a replay takes its samples, so that the moments are the same. */
static void note_moment(follower *f, const hmm_trace_event *event, uint64_t events) {
    survey *s = f->s;
    if (events * f->samples / f->trace->events < s->moment_count) return;
    s->moments[s->moment_count++] =
        (moment){events, event->time - f->first_time, f->live, f->most, f->blocks, footprint_bytes(&f->pages)};
    f->most = f->live;
}

static bool follow_all(follower *f, input *in) {
    hmm_trace_event event;
    while (input_next(in, &event)) {
        const uint64_t number = in->events - 1;
        if (in->events > f->trace->events || !follow(f, &event, number)) return false;
        note_time(f, &event, number);
        note_moment(f, &event, in->events);
    }
    return in->events == f->trace->events;
}

static void end(follower *f, const input *in) {
    survey *s = f->s;
    history_finish(&s->history);
    axis_finish(&s->recorded);
    axis_finish(&s->replayed);
    s->is_whole = in->whole;
    s->missing = in->missing;
    s->damaged = in->damaged;
    s->end = *hmm_trace_reader_fault(in->reader);
    steps_free(&f->steps);
    footprint_free(&f->pages);
    free(f->places);
    if (s->on != NULL) player_end(&f->player);
}

bool survey_make(survey *s, const replay_trace *trace, uint64_t moments, const allocator *on, input *in) {
    follower f = {.s = s, .trace = trace};
    *s = (survey){0};
    in->is_quiet = true;
    progress_begin("following", "events");
    begin_replay(&f, on);
    const bool is_made = begin(&f, moments) && follow_all(&f, in);
    end(&f, in);
    progress_clear();
    if (!is_made) say("%s: no memory for its blocks, or it changes while it is read", trace->path);
    return is_made;
}

void survey_free(survey *s) {
    free(s->moments);
    free(s->clock);
    history_free(&s->history);
    axis_free(&s->recorded);
    axis_free(&s->replayed);
}
