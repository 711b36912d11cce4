/* step_main.c: the program `step`: counts the instructions of each single operation by stepping through them.
 *
 * SPDX-License-Identifier: MIT
 *
 * A child replays the trace and stops before each operation of the list that it was given. The parent then steps through it. Before
 * and after the operation the child writes in shared memory that it is in one, so that the parent, which looks there after every
 * instruction, knows what to count. The same with a heap of empty functions tells what of that is the replay's own. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay.h"

enum { VERBS = 2 /* TRACE_ALLOC, TRACE_FREE */, IDLE = -1 };

struct place {
    volatile int verb; /* IDLE: between operations */
    volatile size_t at;
};

struct list {
    const size_t *at; /* in ascending order */
    size_t count;
};

struct costs {
    unsigned long count, most, at_most;
};

static _Noreturn void give_up(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

/* ---- The child ----------------------------------------------------------------------------------------------------------- */

static bool operate_in_sight(struct replay *r, const struct operation *o, struct place *place) {
    void **slot = &r->slot[slot_of(o)];
    raise(SIGSTOP);
    if (verb_of(o) == TRACE_ALLOC) {
        place->verb = TRACE_ALLOC;
        *slot = r->subject->alloc(r->heap, o->size);
        place->verb = IDLE;
        return *slot != NULL;
    }
    place->verb = TRACE_FREE;
    r->subject->free(r->heap, *slot);
    place->verb = IDLE;
    return true;
}

static _Noreturn void replay_traced(const struct subject *subject, const struct trace *t, struct list list, struct place *place) {
    const size_t bytes = replay_arena_bytes(t);
    struct replay r;
    size_t done = 0;
    if (!replay_begin(&r, subject, t, arena_of(bytes), bytes)) _exit(EXIT_FAILURE);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) give_up("ptrace");
    for (size_t i = 0; i < list.count; i++) {
        place->at = list.at[i];
        if (replay_part(&r, t, done, list.at[i]) != list.at[i]) _exit(EXIT_FAILURE);
        if (!operate_in_sight(&r, &t->operations[list.at[i]], place)) _exit(EXIT_FAILURE);
        done = list.at[i] + 1;
    }
    _exit(EXIT_SUCCESS);
}

/* ---- The parent ---------------------------------------------------------------------------------------------------------- */

static void account(struct costs *c, unsigned long instructions, size_t at) {
    c->count++;
    if (instructions <= c->most) return;
    c->most = instructions;
    c->at_most = at;
}

static int let_go(enum __ptrace_request how, pid_t child) {
    int status;
    if (ptrace(how, child, NULL, NULL) != 0) give_up("ptrace");
    if (waitpid(child, &status, 0) != child) give_up("waitpid");
    return status;
}

/* Steps through the operation that a child has stopped before. */
static void step_through(pid_t child, const struct place *place, struct costs *costs) {
    unsigned long instructions = 0;
    int verb = IDLE;
    while (verb == IDLE || place->verb != IDLE) {
        const int status = let_go(PTRACE_SINGLESTEP, child);
        if (!WIFSTOPPED(status)) return;
        if (place->verb == IDLE) continue;
        verb = place->verb;
        instructions++;
    }
    account(&costs[verb], instructions, place->at);
}

static void measure(const struct subject *subject, const struct trace *t, struct list list, struct costs *costs) {
    struct place *place = mmap(NULL, sizeof *place, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) give_up("mmap");
    place->verb = IDLE;
    memset(costs, 0, VERBS * sizeof *costs);
    const pid_t child = fork();
    int status;
    if (child < 0) give_up("fork");
    if (child == 0) replay_traced(subject, t, list, place);
    if (waitpid(child, &status, 0) != child) give_up("waitpid");
    while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP) {
        step_through(child, place, costs);
        status = let_go(PTRACE_CONT, child);
    }
    munmap(place, sizeof *place);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) return;
    fprintf(stderr, "step: the replay with %s ended with status %#x\n", subject->name, (unsigned)status);
    exit(EXIT_FAILURE);
}

/* An empty alloc is two instructions, an empty free is one; between the replay and an instance there is a jump. */
static unsigned long own(unsigned verb, unsigned long instructions, const struct costs *nothing) {
    return instructions + (verb == TRACE_ALLOC ? 1 : 0) - nothing[verb].most;
}

int main(int argc, char **argv) {
    const struct subject *subject = argc > 3 ? subject_named(argv[1]) : NULL;
    struct trace t;
    if (subject == NULL) {
        fprintf(stderr, "usage: step SUBJECT KIND|FILE PLACE...     places in the trace, in ascending order\n"
                        "prints for alloc and for free: operations, instructions of the dearest, its place\n");
        return 2;
    }
    if (!trace_make(&t, argv[2], TRACE_NO_SEED) && !trace_read(&t, argv[2])) give_up(argv[2]);
    size_t *at = calloc((size_t)argc, sizeof *at);
    if (at == NULL) give_up("step");
    for (int i = 3; i < argc; i++) at[i - 3] = (size_t)strtoul(argv[i], NULL, 0) % t.count;
    const struct list list = {at, (size_t)argc - 3};
    struct costs nothing[VERBS], heap[VERBS];
    measure(subject_named("nothing"), &t, list, nothing);
    measure(subject, &t, list, heap);
    for (unsigned verb = 0; verb < VERBS; verb++) {
        const struct costs *c = &heap[verb];
        if (c->count != 0)
            printf("%s %lu %lu %lu\n", verb == TRACE_ALLOC ? "alloc" : "free", c->count, own(verb, c->most, nothing), c->at_most);
    }
    free(at);
    return EXIT_SUCCESS;
}
