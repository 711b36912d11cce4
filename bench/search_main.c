/* search_main.c: the program `search`: looks for the sequence whose dearest operation is as dear as can be.
 *
 * SPDX-License-Identifier: MIT
 *
 * The heap in this program calls a function at each basic block that it enters; their number stands for the cost. A sequence is
 * a list of (slot, size): a slot that is empty is filled with a block of that size, one that is not is freed, so that every list is
 * a program. It begins with many free blocks of the sizes of few trees; then a part of random steps follows, in which the
 * dearest operation is looked for. A change is kept when that has not become cheaper: hill climbing over plateaus. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

enum { MOST_HOLES = 400, ATTACK = 300, MOST_GENES = 3 * MOST_HOLES + ATTACK, HIGH_FROM = 2048 };

/* How many holes, and of how many bytes at least: sizes go up to twice that. */
static uint32_t holes = MOST_HOLES, least = 16384;

static uint32_t setup(void) {
    return 3 * holes;
}

static uint32_t genes(void) {
    return setup() + ATTACK;
}

static uint32_t slots(void) {
    return 2 * holes;
}

static unsigned long blocks_entered;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void) {
    blocks_entered++;
}

struct gene {
    uint32_t slot, size;
};

struct sequence {
    struct gene gene[MOST_GENES];
    unsigned long cost;
    size_t end; /* behind the dearest operation */
};

static uint64_t state = 88172645463325252u;

static uint32_t below(uint32_t limit) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % limit);
}

/* Of a hole: in one of the four trees of a power of two, most in the first. Of what lies between: any, seldom large. */
static uint32_t hole_size(void) {
    return least + below(below(4) != 0 ? least / 4 : least);
}

/* What is allocated between two holes, at the same end of the free space: at least so much, and 64 bytes more at most. */
static uint32_t least_between(void) {
    return least < HIGH_FROM ? 0 : HIGH_FROM;
}

static uint32_t other_size(void) {
    return below(3) == 0 ? hole_size() : below(256);
}

static void make_sequence(struct sequence *s) {
    for (uint32_t i = 0; i < holes; i++) {
        s->gene[2 * i] = (struct gene){2 * i, hole_size()};
        s->gene[2 * i + 1] = (struct gene){2 * i + 1, least_between() + below(64)};
        s->gene[2 * holes + i] = (struct gene){2 * i, 0};
    }
    for (uint32_t i = setup(); i < genes(); i++) s->gene[i] = (struct gene){below(slots()), other_size()};
}

static void change(struct sequence *s) {
    for (uint32_t times = 1 + below(4); times > 0; times--) {
        const uint32_t i = below(genes()), j = 2 * holes + below(holes), k = 2 * holes + below(holes);
        const struct gene kept = s->gene[j];
        switch (below(4)) {
        case 0: s->gene[2 * below(holes)].size = hole_size(); break;
        case 1: /* another order of the frees */
            s->gene[j] = s->gene[k];
            s->gene[k] = kept;
            break;
        case 2: s->gene[setup() + below(ATTACK)] = (struct gene){below(slots()), other_size()}; break;
        default: s->gene[i].size = i < setup() ? s->gene[i].size : s->gene[i].size + below(33) - 16; break;
        }
        if (s->gene[i].size > 1u << 16) s->gene[i].size = 0;
    }
}

/* Runs the sequence, until an allocation fails; cost of the dearest operation of that verb in the attack. */
static void evaluate(struct sequence *s, const struct subject *subject, unsigned verb, void *arena, size_t bytes) {
    void *slot[2 * MOST_HOLES] = {NULL};
    void *heap = subject->create(arena, bytes);
    s->cost = 0;
    for (size_t i = 0; i < genes(); i++) {
        const struct gene *g = &s->gene[i];
        const unsigned what = slot[g->slot] == NULL ? TRACE_ALLOC : TRACE_FREE;
        blocks_entered = 0;
        if (what == TRACE_ALLOC) {
            slot[g->slot] = subject->alloc(heap, g->size);
            if (slot[g->slot] == NULL) break;
        } else {
            subject->free(heap, slot[g->slot]);
            slot[g->slot] = NULL;
        }
        if (i < setup() || what != verb || blocks_entered <= s->cost) continue;
        s->cost = blocks_entered;
        s->end = i + 1;
    }
    subject->destroy(heap);
}

/* Its steady part is the attack up to the dearest operation. */
static void write_trace(const struct sequence *s, const char *path, uint64_t peak) {
    struct trace t = {.slots = slots(), .steady_from = setup(), .peak = peak};
    bool used[2 * MOST_HOLES] = {false};
    for (size_t i = 0; i < s->end; i++) {
        const struct gene *g = &s->gene[i];
        trace_add(&t, used[g->slot] ? TRACE_FREE : TRACE_ALLOC, g->slot, used[g->slot] ? 0 : g->size);
        used[g->slot] = !used[g->slot];
    }
    if (!trace_write(&t, path)) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    trace_end(&t);
}

int main(int argc, char **argv) {
    const struct subject *subject = argc == 5 || argc == 7 ? subject_named(argv[1]) : NULL;
    if (argc == 7) {
        holes = (uint32_t)strtoul(argv[5], NULL, 0);
        least = (uint32_t)strtoul(argv[6], NULL, 0);
    }
    if (subject == NULL || holes == 0 || holes > MOST_HOLES || least < 4) {
        fprintf(stderr, "usage: search SUBJECT alloc|free TRIES FILE [HOLES BYTES]\n"
                        "prints: basic blocks of the dearest operation found, bytes of the arena\n");
        return 2;
    }
    static struct sequence best, next;
    const unsigned verb = strcmp(argv[2], "free") == 0 ? TRACE_FREE : TRACE_ALLOC;
    const struct trace shape = {.peak = (uint64_t)holes * (2 * least + least_between() + 64)};
    const size_t bytes = replay_arena_bytes(&shape);
    void *arena = arena_of(bytes);
    if (subject->create(arena, bytes) == NULL) {
        fprintf(stderr, "search: %s cannot be created in %zu bytes\n", subject->name, bytes);
        return EXIT_FAILURE;
    }
    make_sequence(&best);
    evaluate(&best, subject, verb, arena, bytes);
    for (long tries = strtol(argv[3], NULL, 0); tries > 0; tries--) {
        next = best;
        change(&next);
        evaluate(&next, subject, verb, arena, bytes);
        if (next.cost >= best.cost) best = next;
    }
    write_trace(&best, argv[4], shape.peak);
    printf("%lu %zu\n", best.cost, bytes);
    return EXIT_SUCCESS;
}
