/* order_test.c: whatever threads do at the same time, there is an order in which no block is freed before it is allocated, and none
 * allocated where one is.
 *
 * SPDX-License-Identifier: MIT
 *
 * Threads that go step by step, in any order, take numbers as session.h says: before a free, after an allocation, and for a realloc
 * both. The memory has few addresses, so that what one frees is what another gets. */
#include <stdint.h>

#include "../../tools/heapmm/order.h"
#include "expect.h"

enum { THREADS = 5, ADDRESSES = 12, EVENTS = 4000, ROUNDS = 60 };

enum place { FREE, TAKEN, PUBLISHED }; /* what is at an address; published: any thread may free it */

enum doing { NOTHING, MALLOC_TOOK, FREE_NUMBERED, REALLOC_NUMBERED, REALLOC_TOOK, REALLOC_MOVED };

typedef struct thread {
    enum doing doing;
    unsigned address, old;
    uint64_t number;
} thread;

typedef struct numbered {
    hmm_trace_event event;
    uint64_t before;
} numbered;

static enum place memory[ADDRESSES + 1]; /* from 1 on */
static thread threads[THREADS];
static numbered events[EVENTS + THREADS];
static uint64_t claimed;
static uint64_t random_state;

static unsigned below(unsigned limit) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(random_state >> 33) % limit;
}

/* Any address at which that is; 0: none. */
static unsigned any(enum place wanted) {
    const unsigned start = below(ADDRESSES);
    for (unsigned i = 0; i < ADDRESSES; i++)
        if (memory[1 + (start + i) % ADDRESSES] == wanted) return 1 + (start + i) % ADDRESSES;
    return 0;
}

static void tell(uint64_t number, hmm_trace_kind kind, unsigned address, unsigned old, uint64_t before) {
    events[number].event = (hmm_trace_event){.kind = kind, .address = address, .old_address = old, .sequence = number};
    events[number].before = before;
}

static void begin_something(thread *t) {
    const unsigned what = below(3);
    if (what == 0) {
        if ((t->address = any(FREE)) == 0) return;
        memory[t->address] = TAKEN;
        t->doing = MALLOC_TOOK;
        return;
    }
    if ((t->old = any(PUBLISHED)) == 0) return;
    memory[t->old] = TAKEN;
    t->number = claimed++;
    t->doing = what == 1 ? FREE_NUMBERED : REALLOC_NUMBERED;
    if (what == 1) tell(t->number, HMM_TRACE_FREE, 0, t->old, 0);
}

/* A realloc takes its new block, or stays where it is, or fails, before it lets go of the old one. */
static void take_new_block(thread *t) {
    t->address = below(4) == 0 ? t->old : any(FREE);
    if (t->address != 0) memory[t->address] = TAKEN;
    t->doing = REALLOC_TOOK;
}

static void end_realloc(thread *t) {
    tell(t->number, HMM_TRACE_REALLOC, t->address, t->old, claimed);
    events[t->number].event.failed = t->address == 0;
    memory[t->address != 0 ? t->address : t->old] = PUBLISHED;
    t->doing = NOTHING;
}

static void step(thread *t) {
    switch (t->doing) {
    case NOTHING:
        if (claimed < EVENTS) begin_something(t);
        break;
    case MALLOC_TOOK:
        tell(claimed++, HMM_TRACE_MALLOC, t->address, 0, 0);
        memory[t->address] = PUBLISHED;
        t->doing = NOTHING;
        break;
    case FREE_NUMBERED:
        memory[t->old] = FREE;
        t->doing = NOTHING;
        break;
    case REALLOC_NUMBERED: take_new_block(t); break;
    case REALLOC_TOOK:
        if (t->address != 0 && t->address != t->old) memory[t->old] = FREE;
        t->doing = REALLOC_MOVED;
        break;
    case REALLOC_MOVED: end_realloc(t); break;
    }
}

static bool all_idle(void) {
    for (size_t i = 0; i < THREADS; i++)
        if (threads[i].doing != NOTHING) return false;
    return true;
}

/* ---- What comes out ------------------------------------------------------------------------------------------------------ */

static bool is_live[ADDRESSES + 1];
static bool was_given[EVENTS + THREADS];
static size_t given;

static void look(void *context, const hmm_trace_event *event) {
    (void)context;
    given++;
    EXPECT(!was_given[event->sequence]);
    was_given[event->sequence] = true;
    if (event->old_address != 0) EXPECT(is_live[event->old_address]);
    if (event->failed) return;
    is_live[event->old_address] = false;
    if (event->address != 0) EXPECT(!is_live[event->address]);
    is_live[event->address] = event->address != 0;
}

static void play(uint64_t seed) {
    random_state = seed;
    claimed = given = 0;
    memset(memory, 0, sizeof memory);
    memset(is_live, 0, sizeof is_live);
    memset(was_given, 0, sizeof was_given);
    while (claimed < EVENTS || !all_idle()) step(&threads[below(THREADS)]);
    order o = {.give = look};
    for (uint64_t n = 0; n < claimed; n++) order_take(&o, n, &events[n].event, events[n].before);
    order_end(&o);
    EXPECT_EQ(given, claimed);
    for (unsigned address = 1; address <= ADDRESSES; address++) EXPECT_EQ(is_live[address], memory[address] == PUBLISHED);
}

static void any_interleaving(void) {
    for (uint64_t seed = 1; seed <= ROUNDS; seed++) play(seed);
}

static void a_realloc_alone_is_given_at_once(void) {
    const hmm_trace_event resized = {.kind = HMM_TRACE_REALLOC, .address = 1, .sequence = 0};
    order o = {.give = look};
    memset(is_live, 0, sizeof is_live);
    memset(was_given, 0, sizeof was_given);
    given = 0;
    order_take(&o, 0, &resized, 1);
    EXPECT_EQ(given, 1);
    order_end(&o);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(any_interleaving), TEST(a_realloc_alone_is_given_at_once)};
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
