/* model_program.c: the steps of a program, see model_program.h.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each step runs on the model first, which says what must happen, then on the heap. Payloads are filled with a pattern of their
 * own when they are handed out and compared before they are given up. */
#include "model_steps.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_match.h"

/* ---- Reporting ----------------------------------------------------------------------------------------------------------- */

size_t offset_of(const program *x, const void *p) {
    return (size_t)((uintptr_t)p - (uintptr_t)x->ground);
}

void fail_step(const program *x, const char *format, ...) {
    fflush(stdout);
    fprintf(stderr, "model_test: shape %s, seed %" PRIu64 ", step %zu: %s\n    ", x->shape->name, x->seed, x->step, x->doing);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    static const char *const plans[] = {"refuses", "does nothing", "adds region", "extends region", "frees block"};
    fprintf(stderr, "\n    on_exhausted %s %zu by %zu; addresses count from %p\n", plans[x->plan.kind], x->plan.index,
            x->plan.bytes, (void *)x->ground);
    if (x->bytes == NULL)
        fprintf(stderr, "    repeat with HEAPMM_TEST_SEED=%" PRIu64 " model_test %s\n", x->seed, x->shape->name);
    exit(EXIT_FAILURE);
}

void expect(const program *x, bool holds, const char *what) {
    if (!holds) fail_step(x, "%s", what);
}

void expect_same(const program *x, const char *what, uintptr_t heap, uintptr_t expected) {
    if (heap != expected)
        fail_step(x, "%s is %" PRIuPTR " (%" PRIuPTR " from the ground), the model says %" PRIuPTR " (%" PRIuPTR ")", what, heap,
                  heap - (uintptr_t)x->ground, expected, expected - (uintptr_t)x->ground);
}

void expect_code(const program *x, int code, int expected) {
    if (code != expected) fail_step(x, "result %s, expected %s", hmm_result_name(code), hmm_result_name(expected));
}

void say(program *x, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(x->doing, sizeof x->doing, format, arguments);
    va_end(arguments);
}

/* The heap may move, and then its blocks keep their names. */
static uint64_t name_of(const program *x, const void *p) {
    return p == NULL ? 0 : offset_of(x, p) + 4096;
}

void tell(const program *x, call_kind kind, size_t size, size_t alignment, const void *old, const void *p) {
    const call told = {kind, kind != CALL_FREE && p == NULL, size, alignment, name_of(x, p), name_of(x, old)};
    if (x->listener.hear != NULL) x->listener.hear(x->listener.context, &told);
}

/* ---- Chance -------------------------------------------------------------------------------------------------------------- */

/* splitmix64: every seed is a good one. */
static uint64_t scramble(uint64_t number) {
    number += UINT64_C(0x9E3779B97F4A7C15);
    number = (number ^ (number >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94D049BB133111EB);
    return number ^ (number >> 31);
}

/* As many bytes as the limit needs; zeros when there are no more. */
static size_t below_from_bytes(program *x, size_t limit) {
    size_t number = 0;
    for (size_t reach = 1; reach < limit && x->bytes_left > 0; reach *= 256, x->bytes_left--) number = number * 256 + *x->bytes++;
    return number % limit;
}

size_t below(program *x, size_t limit) {
    if (x->bytes != NULL) return below_from_bytes(x, limit);
    x->random = scramble(x->random);
    return (size_t)((x->random >> 16) % limit);
}

bool one_in(program *x, size_t n) {
    return below(x, n) == 0;
}

/* A size that fits a free block exactly, or misses it by a little. */
static size_t size_of_a_free_block(program *x) {
    const model_region *r = &x->model.regions[below(x, x->model.region_count)];
    if (r->count == 0) return 0;
    const model_block *b = &r->blocks[below(x, r->count)];
    const size_t size = usable_bytes(b->bytes) + below(x, 3 * GRANULE);
    return size < GRANULE ? size : size - GRANULE;
}

static size_t impossible_size(program *x) {
    const size_t edges[] = {SIZE_MAX, SIZE_MAX / 2, (size_t)PTRDIFF_MAX, HMM_HEAP_LARGEST_BLOCK + 16};
    return edges[below(x, 4)] - below(x, 65);
}

static size_t some_size(program *x) {
    switch (below(x, 20)) {
    case 0: return below(x, 4);
    case 1: return ((size_t)1 << below(x, 15)) + below(x, 9);
    case 2: return SPLIT_HIGH - 8 + below(x, 16);
    case 3:
    case 4: return below(x, x->shape->largest_request);
    case 5:
    case 6: return size_of_a_free_block(x);
    case 7: return one_in(x, 4) ? impossible_size(x) : below(x, 200);
    case 8:
    case 9:
    case 10: return below(x, 1100) % x->shape->largest_request;
    default: return below(x, 130);
    }
}

static size_t some_alignment(program *x) {
    if (one_in(x, 12)) return below(x, 5000);
    if (one_in(x, 20)) return (size_t)1 << (sizeof(size_t) * 8 - 1 - below(x, 8));
    return (size_t)1 << below(x, 13);
}

static void choose_plan(program *x) {
    x->plan = (plan){.kind = PLAN_FAIL};
    if (one_in(x, 2)) return;
    x->plan.kind = (int)below(x, PLAN_KINDS);
    x->plan.index = below(x, x->plan.kind == PLAN_FREE && x->live_count > 0 ? x->live_count : x->shape->slot_count);
    x->plan.bytes = below(x, 3000);
}

/* ---- Contents ------------------------------------------------------------------------------------------------------------ */

static void write_pattern(const live *b) {
    uint64_t word = b->pattern;
    for (size_t i = 0; i < b->usable; i += sizeof word) {
        word = word * UINT64_C(6364136223846793005) + b->pattern;
        memcpy(b->p + i, &word, b->usable - i < sizeof word ? b->usable - i : sizeof word);
    }
}

void expect_pattern(const program *x, const live *b, const unsigned char *where, size_t bytes) {
    uint64_t word = b->pattern;
    for (size_t i = 0; i < bytes; i += sizeof word) {
        word = word * UINT64_C(6364136223846793005) + b->pattern;
        if (memcmp(where + i, &word, bytes - i < sizeof word ? bytes - i : sizeof word) != 0)
            fail_step(x, "contents of the block at %zu, usable %zu, changed at byte %zu", offset_of(x, b->p), b->usable, i);
    }
}

static void expect_all_patterns(const program *x) {
    for (size_t i = 0; i < x->live_count; i++) expect_pattern(x, &x->live[i], x->live[i].p, x->live[i].usable);
}

/* The block is p now; all its usable bytes get a new pattern. */
static void own(program *x, live *b, unsigned char *p) {
    x->random = scramble(x->random);
    *b = (live){p, model_usable_size(&x->model, (uintptr_t)p), x->random | 1, b->name};
    expect_same(x, "hmm_heap_usable_size", hmm_heap_usable_size(x->heap, p), b->usable);
    write_pattern(b);
}

static void own_new(program *x, unsigned char *p) {
    if (p == NULL) return;
    x->live[x->live_count].name = 0;
    own(x, &x->live[x->live_count++], p);
}

static void disown(program *x, size_t at) {
    x->live[at] = x->live[--x->live_count];
}

/* A block kept or moved by a resize: what was in it is still there, as far as both sizes go. */
static void own_again(program *x, live *b, unsigned char *p) {
    const size_t usable = hmm_heap_usable_size(x->heap, p);
    expect_pattern(x, b, p, usable < b->usable ? usable : b->usable);
    own(x, b, p);
}

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

static unsigned char *alloc(program *x, size_t size) {
    say(x, "alloc(%zu)", size);
    const uintptr_t expected = model_alloc(&x->model, size);
    unsigned char *p = hmm_heap_alloc(x->heap, size);
    expect_same(x, "result", (uintptr_t)p, expected);
    tell(x, CALL_ALLOC, size, 0, NULL, p);
    own_new(x, p);
    return p;
}

static size_t product(size_t count, size_t size) {
    return size != 0 && count > SIZE_MAX / size ? SIZE_MAX : count * size;
}

static unsigned char *alloc_zeroed(program *x, size_t count, size_t size) {
    say(x, "alloc_zeroed(%zu, %zu)", count, size);
    const uintptr_t expected = model_alloc_zeroed(&x->model, count, size);
    unsigned char *p = hmm_heap_alloc_zeroed(x->heap, count, size);
    expect_same(x, "result", (uintptr_t)p, expected);
    for (size_t i = 0; p != NULL && i < count * size; i++) expect(x, p[i] == 0, "a byte is not zero");
    tell(x, CALL_ALLOC_ZEROED, product(count, size), 0, NULL, p);
    own_new(x, p);
    return p;
}

static unsigned char *alloc_aligned(program *x, size_t alignment, size_t size) {
    say(x, "alloc_aligned(%zu, %zu)", alignment, size);
    const uintptr_t expected = model_alloc_aligned(&x->model, alignment, size);
    unsigned char *p = hmm_heap_alloc_aligned(x->heap, alignment, size);
    expect_same(x, "result", (uintptr_t)p, expected);
    tell(x, CALL_ALLOC_ALIGNED, size, alignment, NULL, p);
    own_new(x, p);
    return p;
}

static void free_block(program *x, size_t at) {
    live *b = &x->live[at];
    say(x, "free(%zu)", offset_of(x, b->p));
    expect_pattern(x, b, b->p, b->usable);
    x->freed = b->p;
    model_free(&x->model, (uintptr_t)b->p);
    tell(x, CALL_FREE, 0, 0, b->p, NULL);
    hmm_heap_free(x->heap, b->p);
    disown(x, at);
}

static void step_alloc(program *x) {
    alloc(x, some_size(x));
}

static void step_alloc_zeroed(program *x) {
    const size_t count = one_in(x, 8) ? some_size(x) : below(x, 9), size = some_size(x);
    alloc_zeroed(x, count, size);
}

static void step_alloc_aligned(program *x) {
    const size_t alignment = some_alignment(x), size = some_size(x);
    alloc_aligned(x, alignment, size);
}

static size_t wanted_size(program *x, size_t needed) {
    return one_in(x, 8) ? some_size(x) : needed > SIZE_MAX / 8 ? needed : needed + some_size(x) % (2 * needed + 100);
}

static void step_alloc_greedy(program *x) {
    const size_t needed = some_size(x), wanted = wanted_size(x, needed);
    say(x, "alloc_greedy(%zu, %zu)", needed, wanted);
    size_t expected_got, got = 12345;
    const uintptr_t expected = model_alloc_greedy(&x->model, needed, wanted, &expected_got);
    unsigned char *p = hmm_heap_alloc_greedy(x->heap, needed, wanted, one_in(x, 4) ? NULL : &got);
    expect_same(x, "result", (uintptr_t)p, expected);
    if (got != 12345) expect_same(x, "got", got, expected_got);
    tell(x, CALL_ALLOC, p == NULL ? needed : expected_got, 0, NULL, p);
    own_new(x, p);
}

static void step_free(program *x) {
    if (x->live_count == 0) return;
    free_block(x, one_in(x, 3) ? x->live_count - 1 : below(x, x->live_count));
}

/* ---- Changing the size --------------------------------------------------------------------------------------------------- */

/* The block that a step resizes; on_exhausted must not free that one. NULL if there is none. */
static live *some_live(program *x) {
    if (x->live_count == 0) return NULL;
    const size_t at = below(x, x->live_count);
    if (x->plan.kind == PLAN_FREE && x->plan.index == at) x->plan.kind = PLAN_FAIL;
    return &x->live[at];
}

/* Near the present size, so that in place, downwards and elsewhere all happen. */
static size_t new_size(program *x, const live *b) {
    if (one_in(x, 3)) return some_size(x);
    return one_in(x, 2) ? below(x, b->usable + 1) : b->usable + below(x, b->usable + 64);
}

static void step_resize(program *x) {
    live *b = some_live(x);
    if (b == NULL) return;
    const size_t size = new_size(x, b);
    say(x, "resize(%zu, %zu), usable %zu", offset_of(x, b->p), size, b->usable);
    const int expected = model_resize(&x->model, (uintptr_t)b->p, size);
    expect_code(x, hmm_heap_resize(x->heap, b->p, size), expected);
    tell(x, CALL_REALLOC, size, 0, b->p, expected == HMM_OK ? b->p : NULL);
    own_again(x, b, b->p);
}

static void step_resize_greedy(program *x) {
    live *b = some_live(x);
    if (b == NULL) return;
    const size_t needed = one_in(x, 2) ? below(x, b->usable + 1) : new_size(x, b), wanted = wanted_size(x, needed);
    say(x, "resize_greedy(%zu, %zu, %zu), usable %zu", offset_of(x, b->p), needed, wanted, b->usable);
    size_t expected_got, got = 12345;
    const int expected = model_resize_greedy(&x->model, (uintptr_t)b->p, needed, wanted, &expected_got);
    expect_code(x, hmm_heap_resize_greedy(x->heap, b->p, needed, wanted, one_in(x, 4) ? NULL : &got), expected);
    if (got != 12345) expect_same(x, "got", got, expected_got);
    tell(x, CALL_REALLOC, expected == HMM_OK ? expected_got : needed, 0, b->p, expected == HMM_OK ? b->p : NULL);
    own_again(x, b, b->p);
}

/* A block that was resized, or the new one if there was none. */
static void own_resized(program *x, live *b, unsigned char *p) {
    if (b == NULL)
        own_new(x, p);
    else
        own_again(x, b, p == NULL ? b->p : p);
}

static unsigned char *resize(program *x, live *b, size_t size) {
    unsigned char *const old = b == NULL ? NULL : b->p;
    say(x, "realloc(%zu, %zu), usable %zu", b == NULL ? 0 : offset_of(x, b->p), size, b == NULL ? 0 : b->usable);
    const uintptr_t expected = model_realloc(&x->model, (uintptr_t)old, size);
    unsigned char *p = hmm_heap_realloc(x->heap, old, size);
    expect_same(x, "result", (uintptr_t)p, expected);
    tell(x, CALL_REALLOC, size, 0, old, p);
    own_resized(x, b, p);
    return p;
}

static void step_realloc(program *x) {
    live *b = one_in(x, 20) ? NULL : some_live(x);
    resize(x, b, b == NULL ? some_size(x) : new_size(x, b));
}

/* The alignment of a block that is resized is not told: traces have none for it. */
static void step_realloc_aligned(program *x) {
    live *b = one_in(x, 20) ? NULL : some_live(x);
    unsigned char *const old = b == NULL ? NULL : b->p;
    const size_t size = b == NULL ? some_size(x) : new_size(x, b), alignment = some_alignment(x);
    say(x, "realloc_aligned(%zu, %zu, %zu), usable %zu", b == NULL ? 0 : offset_of(x, b->p), alignment, size,
        b == NULL ? 0 : b->usable);
    const uintptr_t expected = model_realloc_aligned(&x->model, (uintptr_t)old, alignment, size);
    unsigned char *p = hmm_heap_realloc_aligned(x->heap, old, alignment, size);
    expect_same(x, "result", (uintptr_t)p, expected);
    tell(x, b == NULL ? CALL_ALLOC_ALIGNED : CALL_REALLOC, size, b == NULL ? alignment : 0, old, p);
    own_resized(x, b, p);
}

/* ---- Given calls --------------------------------------------------------------------------------------------------------- */

static live *live_named(program *x, uint64_t name) {
    for (size_t i = 0; name != 0 && i < x->live_count; i++)
        if (x->live[i].name == name) return &x->live[i];
    return NULL;
}

static unsigned char *alloc_given(program *x, const call *given) {
    switch (given->kind) {
    case CALL_ALLOC_ZEROED: return alloc_zeroed(x, 1, given->size);
    case CALL_ALLOC_ALIGNED: return alloc_aligned(x, given->alignment, given->size);
    case CALL_REALLOC: return resize(x, NULL, given->size);
    default: return alloc(x, given->size);
    }
}

static void do_given(program *x, const call *given) {
    live *b = live_named(x, given->old_address);
    if (given->kind == CALL_FREE) {
        if (b != NULL) free_block(x, (size_t)(b - x->live));
    } else if (b != NULL) {
        if (resize(x, b, given->size) != NULL && given->address != 0) b->name = given->address;
    } else if (x->live_count < MAX_LIVE && alloc_given(x, given) != NULL) {
        x->live[x->live_count - 1].name = given->address;
    }
}

/* ---- Asking and misusing ------------------------------------------------------------------------------------------------- */

static void step_contains(program *x) {
    const uintptr_t p = (uintptr_t)x->ground + below(x, x->shape->slots[below(x, x->shape->slot_count)].start + 8000);
    say(x, "contains(%zu)", (size_t)(p - (uintptr_t)x->ground));
    expect_same(x, "result", hmm_heap_contains(x->heap, (const void *)p), model_contains(&x->model, p));
}

/* Hands a wrong pointer to one of the functions that take one. */
static void misuse(program *x, void *p, hmm_result code) {
    size_t got = 1;
    const unsigned which = (unsigned)below(x, 6);
    uintptr_t result = 0, failure = which == 1 || which == 2 ? (uintptr_t)code : 0;
    say(x, "function %u on wrong pointer %zu, freed %zu", which, offset_of(x, p), offset_of(x, x->freed));
    switch (which) {
    case 0: hmm_heap_free(x->heap, p); break;
    case 1: result = (uintptr_t)hmm_heap_resize(x->heap, p, below(x, 300)); break;
    case 2: result = (uintptr_t)hmm_heap_resize_greedy(x->heap, p, below(x, 300), 300, &got); break;
    case 3: result = (uintptr_t)hmm_heap_realloc(x->heap, p, below(x, 300)); break;
    case 4: result = (uintptr_t)hmm_heap_realloc_aligned(x->heap, p, 32, below(x, 300)); break;
    default: result = hmm_heap_usable_size(x->heap, p); break;
    }
    expect_same(x, "result", result, failure);
    expect_same(x, "number of faults", x->faults, 1);
    expect_code(x, (int)x->fault.code, (int)code);
    expect_same(x, "address of the fault", (uintptr_t)x->fault.address, (uintptr_t)p);
    if (which == 2) expect_same(x, "got", got, 0);
    x->faults = 0;
}

/* The block freed last may have become part of the free block before it; then no header is left where it stood, unless it stood so
 * near the start that a link of the free block is there now, which may pass for a header: HMM_OK stands for that. */
static hmm_result code_of_double_free(const program *x, uintptr_t p) {
    for (size_t i = 0; i < x->model.region_count; i++)
        for (size_t at = 0; at < x->model.regions[i].count; at++) {
            const model_block *b = &x->model.regions[i].blocks[at];
            if (b->payload == p) return HMM_FAULT_NOT_ALLOCATED;
            if (b->payload < p && p <= b->payload + 6 * WORD && p < b->payload + b->bytes) return HMM_OK;
        }
    return HMM_FAULT_HEADER;
}

static void step_misuse(program *x, void *freed) {
    static _Alignas(4096) unsigned char elsewhere[4096];
    if (HMM_AUDIT_LEVEL == 0) return;
    const hmm_result twice = freed == NULL ? HMM_OK : code_of_double_free(x, (uintptr_t)freed);
    x->freed = freed;
    if (twice != HMM_OK)
        misuse(x, freed, twice);
    else if (one_in(x, 2) && x->live_count > 0)
        misuse(x, some_live(x)->p + 1 + below(x, GRANULE - 1), HMM_FAULT_MISALIGNED);
    else
        misuse(x, elsewhere + below(x, 4096 / GRANULE) * GRANULE, HMM_FAULT_OUTSIDE);
    x->freed = NULL;
}

/* ---- The program --------------------------------------------------------------------------------------------------------- */

typedef void step_function(program *x);

static void one_of_four(program *x, step_function *const functions[4]) {
    functions[below(x, 4)](x);
}

static void choose_step(program *x) {
    static step_function *const allocating[4] = {step_alloc, step_alloc_zeroed, step_alloc_aligned, step_alloc_greedy};
    static step_function *const resizing[4] = {step_resize, step_resize_greedy, step_realloc, step_realloc_aligned};
    static step_function *const regions[4] = {step_add_region, step_extend_region, step_shrink_region, step_remove_region};
    void *const freed = x->freed;
    const size_t r = below(x, 100);
    x->freed = NULL;
    if (x->live_count == MAX_LIVE || (r < 35 && !x->growing))
        step_free(x);
    else if (freed != NULL && one_in(x, 8))
        step_misuse(x, freed);
    else if (r < 35)
        step_alloc(x);
    else if (r < 50)
        one_of_four(x, allocating);
    else if (r < 60)
        step_free(x);
    else if (r < 86)
        one_of_four(x, resizing);
    else if (r < 93)
        one_of_four(x, regions);
    else if (r < 95)
        step_contains(x);
    else if (r < 96)
        one_in(x, 4) ? step_move(x) : step_attach(x);
    else if (r < 98)
        one_in(x, 2) ? step_unknown_region(x) : step_wrong_region(x);
    else
        step_misuse(x, NULL);
}

static void expect_plan_followed(program *x) {
    expect_same(x, "calls of on_exhausted", x->plan.called_by_heap, x->plan.called_by_model);
    expect_same(x, "size in on_exhausted", x->plan.size_in_heap, x->plan.size_in_model);
}

/* live_count: before it. */
static void end_step(program *x, size_t live_count) {
    expect_same(x, "number of faults", x->faults, 0);
    expect_plan_followed(x);
    if (x->plan.called_by_heap > 0 && x->plan.kind == PLAN_FREE && x->plan.index < live_count) disown(x, x->plan.index);
    char why[256];
    if (!model_matches(&x->model, x->heap, x->ground, why, sizeof why)) fail_step(x, "%s", why);
}

static void take_step(program *x) {
    const size_t live_count = x->live_count;
    say(x, "nothing");
    choose_plan(x);
    choose_step(x);
    end_step(x, live_count);
    if (one_in(x, 60)) x->growing = !x->growing;
    if (x->bytes != NULL || one_in(x, 100)) expect_all_patterns(x);
}

static void take_given_step(program *x, const call *given) {
    say(x, "nothing");
    x->plan = (plan){.kind = PLAN_FAIL};
    do_given(x, given);
    end_step(x, x->live_count);
    expect_all_patterns(x);
}

static void begin(program *x, const shape *s, unsigned char *const grounds[2], uint64_t seed) {
    *x = (program){.shape = s, .grounds = {grounds[0], grounds[1]}, .seed = seed, .random = scramble(seed), .growing = true};
    say(x, "create");
    stand_on(x, 0, 0);
    learn_slots(x);
    stand_on(x, 0, 0);
    const hmm_heap_options options = options_of(x);
    x->heap = hmm_heap_create(slot_memory(x, 0), s->slots[0].bytes, &options);
    const size_t padding = (size_t)((unsigned char *)x->heap - slot_memory(x, 0));
    const size_t alignment = GRANULE > sizeof(void *) ? GRANULE : sizeof(void *);
    expect(x, padding < alignment && (uintptr_t)x->heap % alignment == 0, "the heap does not stand at the start of its memory");
    x->in_use[0] = true;
    model_init(&x->model);
    x->model.on_exhausted = exhausted_model;
    x->model.context = x;
    model_add_region(&x->model, (uintptr_t)slot_memory(x, 0), s->slots[0].bytes, x->first[0], true);
}

static void end(program *x) {
    say(x, "end");
    expect_all_patterns(x);
    expect_ground_around_regions(x);
    hmm_heap_destroy(x->heap);
    model_release(&x->model);
}

void program_run(program *x, const shape *s, unsigned char *const grounds[2], uint64_t seed) {
    begin(x, s, grounds, seed);
    for (x->step = 1; x->step <= s->steps; x->step++) take_step(x);
    end(x);
}

void program_run_bytes(program *x, const shape *s, unsigned char *const grounds[2], const unsigned char *bytes, size_t count,
                       const listener *heard) {
    begin(x, s, grounds, count > 0 ? bytes[0] : 0);
    if (heard != NULL) x->listener = *heard;
    x->bytes = bytes;
    x->bytes_left = count;
    for (x->step = 1; x->bytes_left > 0; x->step++) take_step(x);
    end(x);
}

void program_run_calls(program *x, const shape *s, unsigned char *const grounds[2], bool (*next)(void *context, call *given),
                       void *context, const listener *heard) {
    call given;
    begin(x, s, grounds, 0);
    if (heard != NULL) x->listener = *heard;
    for (x->step = 1; next(context, &given); x->step++) take_given_step(x, &given);
    end(x);
}
