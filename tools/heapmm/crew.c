/* crew.c: see crew.h.
 *
 * SPDX-License-Identifier: MIT */
#include "crew.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Looks at a turn before the thread sleeps. */
enum { LOOKS = 100 };

enum { STACK = 1 << 17 };

/* ---- Turns --------------------------------------------------------------------------------------------------------------- */

/* The word of a slot: twice its turn, and 1 if somebody sleeps until it changes. */

static uint32_t word_of(uint32_t turn) {
    return turn << 1;
}

static void await_turn(player_slot *slot, uint32_t turn) {
    for (int i = 0; i < LOOKS; i++)
        if ((atomic_load_explicit(&slot->turn, memory_order_acquire) & ~1u) == word_of(turn)) return;
    for (;;) {
        uint32_t word = atomic_load_explicit(&slot->turn, memory_order_acquire);
        if ((word & ~1u) == word_of(turn)) return;
        if ((word & 1) == 0 && !atomic_compare_exchange_strong(&slot->turn, &word, word | 1)) continue;
        syscall(SYS_futex, &slot->turn, FUTEX_WAIT_PRIVATE, word | 1, NULL, NULL, 0);
    }
}

static void pass_turn(player_slot *slot, uint32_t turn) {
    const uint32_t before = atomic_exchange_explicit(&slot->turn, word_of(turn + 1), memory_order_acq_rel);
    if ((before & 1) != 0) syscall(SYS_futex, &slot->turn, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

/* ---- Threads ------------------------------------------------------------------------------------------------------------- */

typedef struct place {
    crew *crew;
    size_t number;
} place;

static place places[STEP_THREADS];
static pthread_t ids[STEP_THREADS];

static void play_in_turn(crew *c, player *y, const step *s) {
    player_slot *slot = s->kind == STEP_NOTHING ? NULL : &y->slots[s->slot];
    if (slot != NULL) await_turn(slot, s->turn);
    if (!atomic_load_explicit(&c->is_broken, memory_order_relaxed) && !player_play(y, s)) atomic_store(&c->is_broken, true);
    if (slot != NULL) pass_turn(slot, s->turn);
}

static void *play_windows(void *context) {
    const place *at = context;
    crew *c = at->crew;
    player *y = &c->players[at->number];
    for (;;) {
        pthread_barrier_wait(&c->begin);
        if (c->is_over) return NULL;
        for (uint32_t i = c->first_of[at->number]; i < c->first_of[at->number + 1]; i++) {
            y->played = c->played + c->sorted[i];
            play_in_turn(c, y, &c->window[c->sorted[i]]);
        }
        pthread_barrier_wait(&c->end);
    }
}

static bool start(crew *c, size_t number) {
    pthread_attr_t attributes;
    places[number] = (place){c, number};
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    const bool has_started = pthread_create(&ids[number], &attributes, play_windows, &places[number]) == 0;
    pthread_attr_destroy(&attributes);
    return has_started;
}

/* ---- Windows ------------------------------------------------------------------------------------------------------------- */

static uint64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* By counting; the order within a thread stays. */
static void sort_by_thread(crew *c) {
    memset(c->first_of, 0, (c->count + 1) * sizeof *c->first_of);
    for (uint32_t i = 0; i < c->length; i++) c->first_of[c->window[i].thread + 1]++;
    for (size_t thread = 0; thread < c->count; thread++) c->first_of[thread + 1] += c->first_of[thread];
    for (uint32_t i = 0; i < c->length; i++) c->sorted[c->first_of[c->window[i].thread]++] = i;
    for (size_t thread = c->count; thread > 0; thread--) c->first_of[thread] = c->first_of[thread - 1];
    c->first_of[0] = 0;
}

step *crew_room(crew *c, uint32_t count) {
    step *room = c->window + c->length;
    c->length += count;
    return room;
}

bool crew_play(crew *c) {
    sort_by_thread(c);
    const uint64_t processor = now(CLOCK_PROCESS_CPUTIME_ID), clock = now(CLOCK_MONOTONIC);
    pthread_barrier_wait(&c->begin);
    pthread_barrier_wait(&c->end);
    c->wall += now(CLOCK_MONOTONIC) - clock;
    c->nanoseconds += now(CLOCK_PROCESS_CPUTIME_ID) - processor;
    c->played += c->length;
    c->length = 0;
    return !atomic_load(&c->is_broken);
}

/* -------------------------------------------------------------------------------------------------------------------------- */

static void *map(size_t bytes) {
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

bool crew_begin(crew *c, const player_plan *plan, size_t threads) {
    const size_t room = SESSION_WINDOW + SESSION_BATCH;
    c->count = threads;
    c->players = map(threads * sizeof *c->players);
    c->window = map(room * sizeof *c->window);
    c->sorted = map(room * sizeof *c->sorted);
    c->first_of = map((threads + 1) * sizeof *c->first_of);
    if (c->players == NULL || c->window == NULL || c->sorted == NULL || c->first_of == NULL) return false;
    if (!player_begin(c->players, plan)) return false;
    for (size_t i = 1; i < threads; i++)
        if (!player_join(&c->players[i], (uint32_t)i, plan)) return false;
    pthread_barrier_init(&c->begin, NULL, (unsigned)threads + 1);
    pthread_barrier_init(&c->end, NULL, (unsigned)threads + 1);
    for (size_t i = 0; i < threads; i++)
        if (!start(c, i)) return false;
    return true;
}

bool crew_finish(crew *c) {
    bool is_sound = !atomic_load(&c->is_broken);
    c->is_over = true;
    pthread_barrier_wait(&c->begin);
    for (size_t i = 0; i < c->count; i++) pthread_join(ids[i], NULL);
    for (size_t i = 0; i < c->count; i++) is_sound = is_sound && player_finish(&c->players[i]);
    return is_sound;
}

uint64_t crew_live(const crew *c) {
    uint64_t live = 0; /* a player who frees what others allocated has less than nothing: numbers wrap */
    for (size_t i = 0; i < c->count; i++) live += c->players[i].live;
    return live;
}

uint64_t crew_failures(const crew *c, uint64_t *first) {
    uint64_t failures = 0;
    for (size_t i = 0; i < c->count; i++) {
        const player *y = &c->players[i];
        if (y->failures > 0 && (failures == 0 || y->first_failure < *first)) *first = y->first_failure;
        failures += y->failures;
    }
    return failures;
}

uint64_t crew_arenas(const crew *c) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < c->count; i++) bytes += c->players[i].arena.bytes;
    return bytes;
}

void crew_look(const crew *c, size_t *free, size_t *largest) {
    for (size_t i = 0; i < c->count; i++) {
        size_t its_free = 0, its_largest = 0;
        if (c->players[i].arena.heap == NULL) continue;
        c->players[i].on->look(c->players[i].arena.heap, &its_free, &its_largest);
        *free += its_free;
        if (its_largest > *largest) *largest = its_largest;
    }
}
