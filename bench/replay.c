/* replay.c: runs a trace on a subject.
 *
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static void *must(void *memory) {
    if (memory != NULL && memory != MAP_FAILED) return memory;
    perror("replay");
    exit(EXIT_FAILURE);
}

void *arena_of(size_t bytes) {
    return must(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
}

size_t replay_arena_bytes(const struct trace *t) {
    return ((size_t)t->peak * 2 + 4095) / 4096 * 4096;
}

bool replay_begin(struct replay *r, const struct subject *subject, const struct trace *t, void *memory, size_t bytes) {
    r->subject = subject;
    r->heap = subject->create(memory, bytes);
    r->slot = NULL;
    if (r->heap == NULL) return false;
    r->slot = must(calloc(t->slots + (size_t)1, sizeof *r->slot));
    return true;
}

void replay_end(struct replay *r) {
    if (r->heap != NULL) r->subject->destroy(r->heap);
    free(r->slot);
}

static inline bool operate(struct replay *r, const struct operation *o) {
    void **slot = &r->slot[slot_of(o)];
    switch (verb_of(o)) {
    case TRACE_ALLOC: *slot = r->subject->alloc(r->heap, o->size); return *slot != NULL;
    case TRACE_FREE: r->subject->free(r->heap, *slot); return true;
    default: break;
    }
    void *moved = r->subject->realloc(r->heap, *slot, o->size);
    if (moved != NULL) *slot = moved;
    return moved != NULL;
}

size_t replay_part(struct replay *r, const struct trace *t, size_t from, size_t to) {
    while (from < to && operate(r, &t->operations[from])) from++;
    return from;
}

__attribute__((noinline)) size_t replay_steady(struct replay *r, const struct trace *t, size_t from, size_t to) {
    while (from < to && operate(r, &t->operations[from])) from++;
    return from;
}

static bool completes(const struct subject *subject, const struct trace *t, void *memory, size_t bytes, size_t *control) {
    struct replay r;
    const bool done = replay_begin(&r, subject, t, memory, bytes) && replay_part(&r, t, 0, t->count) == t->count;
    if (done) *control = subject->control(r.heap);
    replay_end(&r);
    return done;
}

size_t replay_smallest_arena(const struct subject *subject, const struct trace *t, size_t *control) {
    enum { STEP = 64 };
    const size_t most = (size_t)t->peak * 16 / STEP + 1;
    void *memory = arena_of(most * STEP);
    size_t fails = (size_t)t->peak / STEP; /* a payload byte takes a byte */
    size_t more = fails / 64 + 1;
    size_t works = fails + more;
    while (works <= most && !completes(subject, t, memory, works * STEP, control)) {
        fails = works;
        more *= 2;
        works += more;
    }
    if (works > most) works = 0;
    while (fails + 1 < works) {
        const size_t middle = fails + (works - fails) / 2;
        size_t control_there;
        if (completes(subject, t, memory, middle * STEP, &control_there)) {
            works = middle;
            *control = control_there;
        } else {
            fails = middle;
        }
    }
    munmap(memory, most * STEP);
    return works * STEP;
}
