/* dearest_main.c: the program `dearest`: which operations of a trace enter the most basic blocks.
 *
 * SPDX-License-Identifier: MIT
 *
 * Stepping through every instruction of a long trace takes hours. The heap in this program calls a function at each basic block
 * that it enters; the operations that enter most are those worth stepping through. */
#include <stdio.h>
#include <stdlib.h>

#include "replay.h"

static unsigned long blocks_entered;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void) {
    blocks_entered++;
}

struct entry {
    unsigned long blocks;
    size_t at;
};

static int by_blocks(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    if (x->blocks != y->blocks) return x->blocks < y->blocks ? 1 : -1;
    return (x->at > y->at) - (x->at < y->at);
}

static int by_place(const void *a, const void *b) {
    const struct entry *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* The `wanted` dearest operations of that verb from the front of the list, to the front of chosen. */
static size_t choose(const struct trace *t, const struct entry *list, size_t count, unsigned verb, size_t wanted,
                     struct entry *chosen) {
    size_t found = 0;
    for (size_t i = 0; i < count && found < wanted; i++)
        if (verb_of(&t->operations[list[i].at]) == verb) chosen[found++] = list[i];
    return found;
}

int main(int argc, char **argv) {
    const struct subject *subject = argc == 4 ? subject_named(argv[1]) : NULL;
    struct trace t;
    struct replay r;
    if (subject == NULL || (!trace_make(&t, argv[2], TRACE_NO_SEED) && !trace_read(&t, argv[2]))) {
        fprintf(stderr, "usage: dearest SUBJECT KIND|FILE COUNT\nprints: places in the trace of COUNT allocs and COUNT frees\n");
        return 2;
    }
    const size_t bytes = replay_arena_bytes(&t), wanted = (size_t)strtoul(argv[3], NULL, 0), steady = t.count - t.steady_from;
    struct entry *list = calloc(steady + 1, sizeof *list), *chosen = calloc(2 * wanted + 1, sizeof *chosen);
    if (list == NULL || chosen == NULL || !replay_begin(&r, subject, &t, arena_of(bytes), bytes) ||
        replay_part(&r, &t, 0, t.steady_from) != t.steady_from) {
        fprintf(stderr, "dearest: %s cannot hold %s\n", subject->name, argv[2]);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; i < steady; i++) {
        blocks_entered = 0;
        replay_part(&r, &t, t.steady_from + i, t.steady_from + i + 1);
        list[i] = (struct entry){blocks_entered, t.steady_from + i};
    }
    qsort(list, steady, sizeof *list, by_blocks);
    size_t count = choose(&t, list, steady, TRACE_ALLOC, wanted, chosen);
    count += choose(&t, list, steady, TRACE_FREE, wanted, chosen + count);
    qsort(chosen, count, sizeof *chosen, by_place);
    for (size_t i = 0; i < count; i++) printf("%zu ", chosen[i].at);
    puts("");
    free(chosen);
    free(list);
    return EXIT_SUCCESS;
}
