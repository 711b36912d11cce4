/* fault_matrix.c: every misuse, in three positions of the heap, many times, each time in a process of its own; what became of it.
 *
 * SPDX-License-Identifier: MIT
 *
 * A trial makes a heap, does one thing wrong, and goes on. It ends as
 *
 *     call      the call was refused: by a fault, or by NULL or a result code where heap.h says so. For a write that is the first
 *               operation on the block. What the program owns is unharmed; and where no byte was overwritten, LATER operations
 *               and the check then show that the heap is as good as before.
 *     later     not then, but one of the next LATER operations reported a fault, or the check after them did, and nothing of what
 *               the program owns was harmed before that.
 *     harmless  nobody noticed; after LATER operations nothing is harmed, and the check finds the heap sound.
 *     harmful   anything else: harm as shadow.h says, at any time before it is reported, or a call that was refused and yet
 *               changed the heap.
 *
 * Contents of blocks, places of misuse, and the bytes that are written differ from trial to trial: a cell shows the worst that
 * happened in any of them, and in how many. */
#include "trust.h"

#include <stdio.h>

#include "misuse.h"
#include "trial.h"

enum { LATER = 1000, TRIALS = 8, TRIALS_LONG = 64 };

typedef enum outcome { AT_CALL, AFTERWARDS, HARMLESS, HARMFUL, OUTCOMES, NO_MISUSE } outcome;

static const char *const outcome_names[] = {"call", "later", "harmless", "HARMFUL"};
static const char *const position_names[] = {"fresh", "busy", "full"};

/* The trials of one misuse in one position. */
typedef struct cell {
    unsigned count[OUTCOMES];
    unsigned trials;
    size_t operations; /* most that passed before a trial that ended later was noticed */
    const char *what;  /* the last harm */
} cell;

/* ---- Expectations -------------------------------------------------------------------------------------------------------- */

/* With audits, pointers, sizes, alignments and regions that cannot be are refused at the call, and writes that hit what the heap
 * relies on are found at the call or later: but for these. `what` and `how` are how the misuse's begin. Anything else, or more
 * often, fails, and so does an exception of ALWAYS that is none any more: it should be taken off the list. */
typedef struct exception {
    const char *what;
    const char *how;
    int level; /* up to this one */
    int bits;  /* of check values that must be right by chance: once in 2^bits; or one of these */
    const char *reason;
} exception;

enum { ALWAYS = 0, SOMETIMES = -1 };

static const char imitation[] = "a payload that imitates two consecutive headers";
static const char by_chance[] = "a header overwritten by a value that happens to be valid there";

static const char nothing[] = "harmless: the heap relies on nothing there";

static const exception exceptions[] = {
    {"free", "a block freed and handed out again", 2, ALWAYS, "a stale pointer to memory that was handed out again"},
    {"free", "a block freed and now inside another", 2, 2 * CHECK_BITS, imitation},
    {"", "an interior pointer, ", 2, 2 * CHECK_BITS, imitation},
    {"overflow by 64", "of what lies before the heap", 2, SOMETIMES, "operations trust the fixed part of the control block"},
    {"overflow", "", 1, CHECK_BITS, by_chance},
    {"underflow", "", 1, CHECK_BITS, by_chance},
    {"write after free", "word in the middle", 1, ALWAYS, nothing},
    {"write after free", "in a tree, word in the middle", 1, ALWAYS, nothing},
};

enum { EXCEPTIONS = sizeof exceptions / sizeof exceptions[0] };

static bool begins_with(const char *text, const char *beginning) {
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

static const exception *exception_for(const misuse *m) {
    for (size_t i = 0; i < EXCEPTIONS; i++) {
        const exception *e = &exceptions[i];
        if (begins_with(m->what, e->what) && begins_with(m->how, e->how) && HMM_AUDIT_LEVEL <= e->level) return e;
    }
    return NULL;
}

/* Whether so many of `trials` are within three standard deviations of what chance gives, which is once in 2^bits. */
static bool is_chance(unsigned count, unsigned trials, int bits) {
    const double one_in = (double)((uint64_t)1 << bits), n = trials;
    const double excess = count * one_in - n;
    return excess <= 0 || excess * excess <= 9 * n * (one_in - 1);
}

static bool is_expected(const exception *e, unsigned count, unsigned trials) {
    if (e == NULL) return count == 0;
    return e->bits == SOMETIMES || (e->bits == ALWAYS ? count == trials : is_chance(count, trials, e->bits));
}

/* How many trials of a cell are not as good as they should be. */
static unsigned bad_trials(const misuse *m, const cell *c) {
    return m->damages ? c->count[HARMLESS] + c->count[HARMFUL] : c->trials - c->count[AT_CALL];
}

/* NULL if a cell is as it should be, else what is wrong. */
static const char *objection(const misuse *m, const cell *c) {
    const unsigned bad = bad_trials(m, c);
    if (HMM_AUDIT_LEVEL < 1 || is_expected(exception_for(m), bad, c->trials)) return NULL;
    return c->what != NULL ? c->what : bad == 0 ? "found, but on the list of exceptions" : "not found as it should be";
}

/* ---- One trial ----------------------------------------------------------------------------------------------------------- */

typedef struct subject {
    const misuse *misuse;
    position position;
    uint64_t seed;
} subject;

static bool calling;

static void end_at_default_handler(const hmm_fault *fault) {
    (void)fault;
    shadow_verify();
    trial_end(calling ? AT_CALL : AFTERWARDS);
}

static void expect_as_good_as_before(void) {
    const size_t faults = notes.count;
    shadow_unpin();
    for (int i = 0; i < LATER; i++) play();
    shadow_verify();
    if (notes.count != faults || hmm_heap_check(heap, NULL) != HMM_OK) harm("a call that was refused has changed the heap");
}

static outcome go_on(void) {
    shadow_unpin();
    while (trial->operations < LATER && notes.count == 0) {
        play();
        trial->operations++;
    }
    shadow_verify();
    return notes.count > 0 || hmm_heap_check(heap, NULL) != HMM_OK ? AFTERWARDS : HARMLESS;
}

static outcome try_misuse(const subject *s) {
    scene_make(s->position, s->seed, 0);
    calling = true;
    const answer given = s->misuse->run(s->misuse);
    calling = false;
    if (given == ABSENT) return NO_MISUSE;
    if (given == DONE) return go_on();
    shadow_verify();
    if (!s->misuse->damages) expect_as_good_as_before();
    return AT_CALL;
}

static int run_trial(const void *of) {
    static _Alignas(64) unsigned char in_the_program[128];
    _Alignas(64) unsigned char here[128] = {0};
    on_the_stack = here + 64;
    of_the_program = in_the_program + 64;
    const outcome end = try_misuse(of);
    on_the_stack = NULL;
    return (int)end;
}

/* ---- One cell ------------------------------------------------------------------------------------------------------------ */

static cell run_cell(const misuse *m, position where) {
    cell c = {.trials = trust_is_long() ? TRIALS_LONG : TRIALS};
    for (uint64_t seed = 0; seed < c.trials; seed++) {
        const subject s = {m, where, seed};
        const int result = trial_run(run_trial, &s);
        if (result == NO_MISUSE) return (cell){.trials = 0};
        if (result >= TRIAL_HARM) c.what = result == TRIAL_HARM ? trial->harm : result == TRIAL_CRASH ? "it crashed" : "it hung";
        c.count[result >= TRIAL_HARM ? HARMFUL : result]++;
        if (result == AFTERWARDS && trial->operations > c.operations) c.operations = trial->operations;
    }
    return c;
}

static outcome worst(const cell *c) {
    outcome o = HARMFUL;
    while (o > AT_CALL && c->count[o] == 0) o--;
    return o;
}

/* "later 3/8": the worst, and how often, unless always. */
static const char *text_of(const cell *c, char *text, size_t room) {
    const outcome o = worst(c);
    if (c->trials == 0)
        snprintf(text, room, "-");
    else if (c->count[o] == c->trials)
        snprintf(text, room, "%s", outcome_names[o]);
    else
        snprintf(text, room, "%s %u/%u", outcome_names[o], c->count[o], c->trials);
    return text;
}

/* ---- The matrix ---------------------------------------------------------------------------------------------------------- */

typedef struct totals {
    unsigned cells[OUTCOMES];
    unsigned excepted;
    unsigned wrong;
    size_t operations;
} totals;

static void judge(const misuse *m, position where, const cell *c, totals *t) {
    const char *wrong = objection(m, c);
    if (c->trials == 0) return;
    t->cells[worst(c)]++;
    if (c->operations > t->operations) t->operations = c->operations;
    if (wrong == NULL) {
        t->excepted += HMM_AUDIT_LEVEL >= 1 && worst(c) == HARMFUL;
        return;
    }
    t->wrong++;
    fprintf(stderr, "%s, %s, %s heap: %s\n", m->what, m->how, position_names[where], wrong);
}

static void print_row(const misuse *m, const cell *cells) {
    char text[32];
    printf(trust_is_csv() ? "row;%s;%s" : "    %-27s  %-52s", m->what, m->how);
    for (position p = FRESH; p < POSITIONS; p++)
        printf(trust_is_csv() ? ";%s" : "  %-13s", text_of(&cells[p], text, sizeof text));
    printf("\n");
}

static void print_totals(const totals *t) {
    printf(trust_is_csv() ? "totals;%u;%u;%zu;%u;%u;%u;%u\n"
                          : "%u cells found at the call, %u later (after at most %zu operations), %u harmless, %u harmful, %u of "
                            "these expected; %u not as they should be\n",
           t->cells[AT_CALL], t->cells[AFTERWARDS], t->operations, t->cells[HARMLESS], t->cells[HARMFUL], t->excepted, t->wrong);
}

static void print_exceptions(void) {
    for (size_t i = 0; i < EXCEPTIONS; i++) {
        const exception *e = &exceptions[i];
        printf("exception;%s;%s;%d;%d;%s\n", e->what, e->how, e->level, e->bits, e->reason);
    }
}

static void run_group(const misuses *group, totals *t) {
    for (size_t i = 0; i < group->count; i++) {
        cell cells[POSITIONS];
        for (position p = FRESH; p < POSITIONS; p++) {
            cells[p] = run_cell(&group->list[i], p);
            judge(&group->list[i], p, &cells[p], t);
        }
        print_row(&group->list[i], cells);
    }
}

/* Without audits there is harm, and the matrix must see it. */
static bool sees_harm(const totals *t) {
    if (HMM_AUDIT_LEVEL >= 1 || t->cells[HARMFUL] >= 100) return true;
    fprintf(stderr, "only %u harmful cells without audits: the matrix does not see harm\n", t->cells[HARMFUL]);
    return false;
}

bool run_matrix(void) {
    totals t = {.wrong = 0};
    trial_on_default_fault = end_at_default_handler;
    if (!trust_is_csv()) printf("    %-27s  %-52s  %-13s  %-13s  %-13s\n", "misuse", "with", "fresh", "busy", "full");
    run_group(&pointer_misuses, &t);
    run_group(&write_misuses, &t);
    run_group(&argument_misuses, &t);
    print_totals(&t);
    if (trust_is_csv()) print_exceptions();
    return t.wrong == 0 && sees_harm(&t);
}
