/* replay_main.c: the program `replay`: runs a trace on a subject, for its space or under a tool that counts instructions.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

static const char usage[] =
    "usage: replay space SUBJECT KIND|FILE [SEED]       prints: peak bytes live, smallest arena, control block\n"
    "       replay steady SUBJECT KIND|FILE PAIRS       runs the trace in an arena of twice the peak, its steady part (the first\n"
    "                                                   PAIRS allocations of it, 0: all) in replay_steady(); prints: allocations,\n"
    "                                                   arena, control block\n"
    "       replay control SUBJECT BYTES                prints the bytes of a heap of that size that are never part of a block\n"
    "       replay list                                 prints the subjects\n";

static _Noreturn void give_up(const char *what, const char *why) {
    fprintf(stderr, "replay: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static int space(const struct subject *subject, const struct trace *t) {
    size_t control = 0;
    const size_t arena = replay_smallest_arena(subject, t, &control);
    if (arena == 0) give_up(subject->name, "cannot hold this trace");
    printf("%llu %zu %zu\n", (unsigned long long)t->peak, arena, control);
    return EXIT_SUCCESS;
}

/* Where the first `pairs` allocations from the steady part on end. */
static size_t end_of_pairs(const struct trace *t, size_t pairs, size_t *allocations) {
    size_t at = t->steady_from;
    for (*allocations = 0; at < t->count && (pairs == 0 || *allocations < pairs); at++)
        *allocations += verb_of(&t->operations[at]) == TRACE_ALLOC;
    return at;
}

static int steady(const struct subject *subject, const struct trace *t, size_t pairs) {
    const size_t bytes = replay_arena_bytes(t);
    size_t allocations;
    const size_t end = end_of_pairs(t, pairs, &allocations);
    struct replay r;
    if (!replay_begin(&r, subject, t, arena_of(bytes), bytes)) give_up(subject->name, "cannot be made so large");
    if (replay_part(&r, t, 0, t->steady_from) != t->steady_from || replay_steady(&r, t, t->steady_from, end) != end)
        give_up(subject->name, "an allocation failed");
    printf("%zu %zu %zu\n", allocations, bytes, subject->control(r.heap));
    return EXIT_SUCCESS;
}

static int control(const struct subject *subject, size_t bytes) {
    void *heap = subject->create(arena_of(bytes), bytes);
    if (heap == NULL) give_up(subject->name, "cannot be made of that size");
    printf("%zu\n", subject->control(heap));
    return EXIT_SUCCESS;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (const struct subject *const *s = subjects(); *s != NULL; s++) puts((*s)->name);
        return EXIT_SUCCESS;
    }
    if (argc < 4 || argc > 5) {
        fputs(usage, stderr);
        return 2;
    }
    const struct subject *subject = subject_named(argv[2]);
    if (subject == NULL) give_up(argv[2], "no such subject; replay list names them");
    if (strcmp(argv[1], "control") == 0) return control(subject, (size_t)strtoul(argv[3], NULL, 0));
    const bool wants_space = strcmp(argv[1], "space") == 0;
    struct trace t;
    const long seed = wants_space && argc == 5 ? strtol(argv[4], NULL, 0) : TRACE_NO_SEED;
    if (!trace_make(&t, argv[3], seed) && !trace_read(&t, argv[3])) give_up(argv[3], "neither a kind of trace nor a trace file");
    if (wants_space) return space(subject, &t);
    return steady(subject, &t, argc == 5 ? (size_t)strtoul(argv[4], NULL, 0) : 0);
}
