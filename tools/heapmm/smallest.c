/* smallest.c: see smallest.h.
 *
 * SPDX-License-Identifier: MIT */
#include "smallest.h"

#include <stdio.h>

#include "input.h"
#include "progress.h"
#include "say.h"

/* ---- Which size comes next ----------------------------------------------------------------------------------------------- */

static uint64_t floor_of(const smallest *s, uint64_t bytes) {
    return bytes - bytes % s->on->granule;
}

static bool can_begin(const allocator *on, uint64_t bytes) {
    arena a;
    if (bytes > SIZE_MAX / 2 || !arena_begin(&a, on, (size_t)bytes, 0, 0)) return false;
    arena_end(&a);
    return true;
}

/* An arena that no allocator refuses for being small. */
enum { NOT_SMALL = 4096 };

/* The largest arena up to `bytes` that the allocator takes. 0: it takes none. */
static uint64_t largest_arena(const smallest *s, uint64_t bytes) {
    uint64_t takes = NOT_SMALL, refuses = bytes;
    if (can_begin(s->on, bytes)) return bytes;
    if (bytes <= NOT_SMALL || !can_begin(s->on, takes)) return 0;
    while (refuses - takes > s->on->granule) {
        const uint64_t middle = floor_of(s, takes + (refuses - takes) / 2);
        if (can_begin(s->on, middle))
            takes = middle;
        else
            refuses = middle;
    }
    return takes;
}

smallest smallest_begin(const allocator *on, const replay_trace *trace, uint64_t asked) {
    smallest s = {.on = on, .asked = asked};
    /* What is live at once does not fit without any header. */
    s.fails = floor_of(&s, trace->peak_bytes);
    s.guess = floor_of(&s, replay_capacity(trace));
    s.is_asking = asked > 0;
    return s;
}

/* What is asked about comes first; then some size that does; then the middle of what fails and what does. */
static void choose(smallest *s) {
    if (s->is_asking)
        s->tried = largest_arena(s, s->asked);
    else if (s->fits == 0)
        s->tried = largest_arena(s, s->guess);
    else if (s->is_least)
        s->tried = s->margin;
    else
        s->tried = floor_of(s, s->fails + (s->fits - s->fails) / 2);
}

static void add_margin(smallest *s) {
    const uint64_t before = s->margin == 0 ? s->fits : s->margin;
    s->margin = before + s->fits / 10 + s->on->granule - (before + s->fits / 10) % s->on->granule;
    s->is_found = !can_begin(s->on, s->margin);
    if (s->is_found) s->margin = 0;
}

static void conclude_size(smallest *s, bool completed) {
    const bool is_most = s->fits == 0 && s->tried < s->guess;
    if (completed)
        s->fits = s->tried;
    else if (s->tried > s->fails)
        s->fails = s->tried;
    if (s->fits == 0) s->guess *= 2;
    s->is_least = s->fits != 0 && s->fits - s->fails <= s->on->granule;
    s->is_found = is_most && s->fits == 0;
    if (s->is_least) add_margin(s);
}

static void conclude(smallest *s, bool completed) {
    if (s->is_asking) {
        s->is_asking = false;
        s->asked_fits = completed;
    } else if (!s->is_least)
        conclude_size(s, completed);
    else if (completed)
        s->is_found = true;
    else
        add_margin(s);
}

/* ---- A pass over the trace ----------------------------------------------------------------------------------------------- */

static void begin_playing(smallest *s, const replay_trace *trace) {
    choose(s);
    const player_plan plan = {.on = s->on, .slots = trace->slots, .arena = s->tried, .touches = false};
    s->is_playing = s->tried > 0 && player_begin(&s->player, &plan);
    if (!s->is_playing) conclude(s, false);
}

/* One that has failed is not played on. */
static void play(smallest *s, const step *next) {
    player_play(&s->player, next);
    if (s->player.failures == 0) return;
    s->is_playing = false;
    player_end(&s->player);
    conclude(s, false);
}

static void end_playing(smallest *s) {
    s->is_playing = false;
    player_end(&s->player);
    conclude(s, true);
}

static size_t play_all(smallest *all, size_t count, const step *next) {
    size_t playing = 0;
    for (size_t i = 0; i < count; i++) {
        if (!all[i].is_playing) continue;
        play(&all[i], next);
        playing += all[i].is_playing;
    }
    return playing;
}

/* Plays the trace until its end or until all have failed. False: no memory, or it changes. */
static bool play_trace(smallest *all, size_t count, const replay_trace *trace, input *in) {
    steps made = {0};
    step next;
    hmm_trace_event event;
    size_t playing = 0;
    bool is_made = true;
    for (size_t i = 0; i < count; i++) playing += all[i].is_playing;
    while (playing > 0 && is_made && input_next(in, &event)) {
        is_made = steps_make(&made, &event, &next) && made.slots <= trace->slots;
        if (is_made) playing = play_all(all, count, &next);
    }
    steps_free(&made);
    return is_made;
}

static bool pass(smallest *all, size_t count, const replay_trace *trace, unsigned number) {
    char what[64];
    input in;
    for (size_t i = 0; i < count; i++)
        if (!all[i].is_found) begin_playing(&all[i], trace);
    if (!input_open(&in, trace->path)) return false;
    in.is_quiet = true;
    snprintf(what, sizeof what, "pass %u", number);
    progress_begin(what, "events");
    const bool is_played = play_trace(all, count, trace, &in);
    progress_clear();
    input_close(&in);
    if (!is_played) say("%s: no memory to replay it, or it changes while it is read", trace->path);
    for (size_t i = 0; i < count; i++)
        if (all[i].is_playing) end_playing(&all[i]);
    return is_played;
}

/* -------------------------------------------------------------------------------------------------------------------------- */

static void measure_control(smallest *s) {
    arena a;
    size_t free_bytes = 0, largest = 0;
    if (s->fits == 0 || !arena_begin(&a, s->on, (size_t)s->fits, 0, 0)) return;
    s->on->look(a.heap, &free_bytes, &largest);
    s->control = s->fits - (free_bytes > 0 ? free_bytes : largest);
    arena_end(&a);
}

static bool are_found(const smallest *all, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!all[i].is_found) return false;
    return true;
}

bool smallest_find(smallest *all, size_t count, const replay_trace *trace) {
    for (unsigned number = 1; !are_found(all, count); number++)
        if (!pass(all, count, trace, number)) return false;
    for (size_t i = 0; i < count; i++) measure_control(&all[i]);
    return true;
}
