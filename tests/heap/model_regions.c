/* model_regions.c: the steps of a program that lend regions, give them back and move the heap, see model_program.h.
 *
 * SPDX-License-Identifier: MIT */
#include "model_steps.h"

/* What stands in the ground where no region is. */
enum { NOBODYS_BYTE = 0xA7 };

/* ---- Regions ------------------------------------------------------------------------------------------------------------- */

unsigned char *slot_memory(const program *x, size_t i) {
    return x->ground + x->shape->slots[i].start;
}

static size_t region_bytes(const program *x, size_t i) {
    return model_region_at(&x->model, (uintptr_t)slot_memory(x, i))->bytes;
}

/* `bytes`, or as much as there is room for in the slot. */
static size_t bytes_to_extend(const program *x, size_t i, size_t bytes) {
    const size_t room = x->shape->slots[i].room - region_bytes(x, i);
    return bytes < room ? bytes : room;
}

static void model_plan(program *x) {
    const size_t i = x->plan.index;
    if (x->plan.kind == PLAN_ADD && !x->in_use[i])
        model_add_region(&x->model, (uintptr_t)slot_memory(x, i), x->shape->slots[i].bytes, x->first[i], false);
    if (x->plan.kind == PLAN_EXTEND && x->in_use[i]) {
        x->plan.bytes = bytes_to_extend(x, i, x->plan.bytes);
        model_extend_region(&x->model, (uintptr_t)slot_memory(x, i), x->plan.bytes);
    }
    if (x->plan.kind == PLAN_FREE && i < x->live_count) model_free(&x->model, (uintptr_t)x->live[i].p);
}

bool exhausted_model(void *context, size_t size) {
    program *x = context;
    if (x->plan.called_by_model++ > 0) fail_step(x, "the model asks on_exhausted twice");
    x->plan.size_in_model = size;
    model_plan(x);
    return x->plan.kind != PLAN_FAIL;
}

static bool exhausted_heap(void *context, hmm_heap *heap, size_t size) {
    program *x = context;
    const size_t i = x->plan.index;
    x->plan.called_by_heap++;
    x->plan.size_in_heap = size;
    if (x->plan.kind == PLAN_ADD && !x->in_use[i]) {
        expect_code(x, hmm_heap_add_region(heap, slot_memory(x, i), x->shape->slots[i].bytes), HMM_OK);
        x->in_use[i] = true;
    } else if (x->plan.kind == PLAN_EXTEND && x->in_use[i]) {
        expect_code(x, hmm_heap_extend_region(heap, slot_memory(x, i), x->plan.bytes), HMM_OK);
    } else if (x->plan.kind == PLAN_FREE && i < x->live_count) {
        expect_pattern(x, &x->live[i], x->live[i].p, x->live[i].usable);
        tell(x, CALL_FREE, 0, 0, x->live[i].p, NULL);
        hmm_heap_free(heap, x->live[i].p);
    }
    return x->plan.kind != PLAN_FAIL;
}

static void on_fault(void *context, const hmm_fault *fault) {
    program *x = context;
    x->faults++;
    x->fault = *fault;
}

hmm_heap_options options_of(program *x) {
    hmm_heap_options options = HMM_HEAP_OPTIONS;
    options.capacity = x->shape->capacity;
    options.on_fault = on_fault;
    options.on_exhausted = exhausted_heap;
    options.context = x;
    options.secret = x->seed % 2 == 0 ? x->seed : 0;
    return options;
}

/* The first block at or above an address. */
typedef struct first_block {
    uintptr_t from, payload;
} first_block;

static bool note_first_block(void *context, const hmm_block *block) {
    first_block *first = context;
    if ((uintptr_t)block->memory < first->from) return true;
    first->payload = (uintptr_t)block->memory;
    return false;
}

/* How much of a region the heap takes for itself is its own affair: each region is added once, to see where its blocks begin. */
void learn_slots(program *x) {
    const hmm_heap_options options = options_of(x);
    for (size_t i = 0; i < x->shape->slot_count; i++) {
        hmm_heap *heap = hmm_heap_create(slot_memory(x, 0), x->shape->slots[0].bytes, &options);
        expect(x, heap != NULL, "hmm_heap_create fails");
        if (i > 0) expect_code(x, hmm_heap_add_region(heap, slot_memory(x, i), x->shape->slots[i].bytes), HMM_OK);
        first_block first = {(uintptr_t)slot_memory(x, i), 0};
        hmm_heap_walk(heap, note_first_block, &first);
        expect(x, first.payload != 0, "the region has no block");
        x->first[i] = first.payload;
        hmm_heap_destroy(heap);
    }
}

void step_add_region(program *x) {
    const size_t i = below(x, x->shape->slot_count);
    if (x->in_use[i]) return;
    const slot *s = &x->shape->slots[i];
    say(x, "add_region(slot %zu: %zu bytes at %zu)", i, s->bytes, s->start);
    model_add_region(&x->model, (uintptr_t)slot_memory(x, i), s->bytes, x->first[i], false);
    expect_code(x, hmm_heap_add_region(x->heap, slot_memory(x, i), s->bytes), HMM_OK);
    x->in_use[i] = true;
}

void step_extend_region(program *x) {
    const size_t i = below(x, x->shape->slot_count);
    if (!x->in_use[i]) return;
    const size_t bytes = bytes_to_extend(x, i, below(x, one_in(x, 2) ? 3000 : 2 * GRANULE));
    say(x, "extend_region(slot %zu at %zu, %zu)", i, x->shape->slots[i].start, bytes);
    model_extend_region(&x->model, (uintptr_t)slot_memory(x, i), bytes);
    expect_code(x, hmm_heap_extend_region(x->heap, slot_memory(x, i), bytes), HMM_OK);
}

void step_shrink_region(program *x) {
    const size_t i = below(x, x->shape->slot_count);
    if (!x->in_use[i]) return;
    const size_t bytes = one_in(x, 8) ? SIZE_MAX - below(x, 3) : below(x, one_in(x, 2) ? 3000 : 3 * GRANULE);
    say(x, "shrink_region(slot %zu at %zu, %zu)", i, x->shape->slots[i].start, bytes);
    const size_t expected = model_shrink_region(&x->model, (uintptr_t)slot_memory(x, i), bytes);
    expect_same(x, "result", hmm_heap_shrink_region(x->heap, slot_memory(x, i), bytes), expected);
    memset(slot_memory(x, i) + region_bytes(x, i), NOBODYS_BYTE, expected);
}

void step_remove_region(program *x) {
    const size_t i = below(x, x->shape->slot_count);
    if (!x->in_use[i]) return;
    say(x, "remove_region(slot %zu at %zu)", i, x->shape->slots[i].start);
    const size_t bytes = region_bytes(x, i);
    const int expected = model_remove_region(&x->model, (uintptr_t)slot_memory(x, i));
    expect_code(x, hmm_heap_remove_region(x->heap, slot_memory(x, i)), expected);
    x->in_use[i] = expected != HMM_OK;
    if (expected == HMM_OK) memset(slot_memory(x, i), NOBODYS_BYTE, bytes);
}

static size_t get_spans(const program *x, hmm_span spans[MAX_SLOTS]) {
    size_t count = 0;
    for (size_t i = 0; i < x->shape->slot_count; i++)
        if (x->in_use[i]) spans[count++] = (hmm_span){slot_memory(x, i), region_bytes(x, i)};
    return count;
}

static void attach_to(program *x, const hmm_span *spans, size_t count) {
    const hmm_heap_options options = options_of(x);
    hmm_fault fault = {HMM_OK, NULL, ""};
    const hmm_heap *heap = hmm_heap_attach(spans, count, &options, &fault);
    if (heap != x->heap) fail_step(x, "it fails with %s: %s", hmm_result_name((int)fault.code), fault.text);
}

void step_attach(program *x) {
    hmm_span spans[MAX_SLOTS];
    const size_t count = get_spans(x, spans);
    say(x, "attach(%zu spans)", count);
    attach_to(x, spans, count);
}

/* ---- Wrong regions ------------------------------------------------------------------------------------------------------- */

static void expect_region_fault(program *x, int code, hmm_result least, hmm_result most) {
    expect_same(x, "number of faults", x->faults, 1);
    expect_code(x, (int)x->fault.code, code);
    if (code < (int)least || code > (int)most) fail_step(x, "result %s", hmm_result_name(code));
    x->faults = 0;
}

/* Names a region that is none, to one of the functions that take one. */
void step_unknown_region(program *x) {
    unsigned char *memory = x->ground + below(x, 70000);
    if (model_region_at(&x->model, (uintptr_t)memory) != NULL) return;
    int code = HMM_FAULT_REGION_UNKNOWN;
    const size_t which = below(x, 3);
    say(x, "function %zu on unknown region %zu", which, offset_of(x, memory));
    if (which == 0) code = hmm_heap_extend_region(x->heap, memory, 1 + below(x, 300));
    if (which == 1) expect_same(x, "bytes", hmm_heap_shrink_region(x->heap, memory, below(x, 300)), 0);
    if (which == 2) code = hmm_heap_remove_region(x->heap, memory);
    expect_region_fault(x, code, HMM_FAULT_REGION_UNKNOWN, HMM_FAULT_REGION_UNKNOWN);
}

/* Lends what cannot be lent: nothing, what the heap has already, more than there is. */
void step_wrong_region(program *x) {
    const model_region *r = &x->model.regions[below(x, x->model.region_count)];
    unsigned char *memory = x->ground + (r->memory - (uintptr_t)x->ground);
    const size_t inside = below(x, r->bytes), huge = SIZE_MAX - below(x, 300);
    const size_t which = below(x, 4);
    say(x, "lending %zu wrongly at region %zu, byte %zu", which, offset_of(x, memory), inside);
    int code;
    switch (which) {
    case 0: code = hmm_heap_add_region(x->heap, NULL, huge); break;
    case 1: code = hmm_heap_add_region(x->heap, memory + inside, r->bytes - inside); break;
    case 2: code = hmm_heap_add_region(x->heap, memory, huge); break;
    default: code = hmm_heap_extend_region(x->heap, memory, huge / (1 + inside % 2)); break;
    }
    expect_region_fault(x, code, HMM_FAULT_REGION_SMALL, HMM_FAULT_REGION_FAR);
}

/* ---- Moving -------------------------------------------------------------------------------------------------------------- */

/* Bytes from the ground's start to beyond the last slot. */
static size_t extent(const program *x) {
    size_t end = 0;
    for (size_t i = 0; i < x->shape->slot_count; i++) {
        const slot *s = &x->shape->slots[i];
        if (s->start + s->room > end) end = s->start + s->room;
    }
    return end;
}

/* The first byte of the ground from `at` on that is in no region. */
static size_t first_outside(const program *x, size_t at) {
    for (size_t i = 0; i < x->shape->slot_count; i++) {
        const size_t start = x->shape->slots[i].start;
        if (x->in_use[i] && at >= start && at - start < region_bytes(x, i)) return first_outside(x, start + region_bytes(x, i));
    }
    return at;
}

/* Where the next region behind `at` begins; `end` if there is none. */
static size_t next_region(const program *x, size_t at, size_t end) {
    size_t next = end;
    for (size_t i = 0; i < x->shape->slot_count; i++) {
        const size_t start = x->shape->slots[i].start;
        if (x->in_use[i] && start > at && start < next) next = start;
    }
    return next;
}

/* Whoever writes where no region is has changed what is not the heap's. What was given back was overwritten at once. */
void expect_ground_around_regions(const program *x) {
    const size_t end = extent(x) + 64;
    for (size_t at = first_outside(x, 0); at < end; at = first_outside(x, at))
        for (const size_t stop = next_region(x, at, end); at < stop; at++)
            if (x->ground[at] != NOBODYS_BYTE) fail_step(x, "byte %zu, which lies in no region, was changed", at);
}

void stand_on(program *x, size_t ground, size_t start) {
    x->standing = ground;
    x->ground = x->grounds[ground] + start;
    memset(x->ground, NOBODYS_BYTE, extent(x) + 64);
}

/* The address in the present ground of what was in another one. */
static unsigned char *moved_from(const program *x, const unsigned char *ground, const void *p) {
    return x->ground + ((const unsigned char *)p - ground);
}

/* The heap moves to the other ground, all of its regions by the same distance, and is opened there. */
void step_move(program *x) {
    enum { UNIT = GRANULE > 8 ? GRANULE : 8 };
    const unsigned char *from = x->ground;
    hmm_span spans[MAX_SLOTS];
    const size_t count = get_spans(x, spans), start = below(x, (ROOM_TO_MOVE - 64) / UNIT) * UNIT;
    say(x, "move to %zu of the other ground", start);
    expect_ground_around_regions(x);
    stand_on(x, 1 - x->standing, start);
    for (size_t i = 0; i < count; i++) {
        unsigned char *to = moved_from(x, from, spans[i].memory);
        raw_copy(to, spans[i].memory, spans[i].bytes);
        spans[i].memory = to;
    }
    hmm_heap_destroy(x->heap);
    x->heap = (hmm_heap *)(void *)moved_from(x, from, x->heap);
    const uintptr_t distance = (uintptr_t)x->ground - (uintptr_t)from;
    model_move(&x->model, distance);
    for (size_t i = 0; i < x->shape->slot_count; i++) x->first[i] += distance;
    for (size_t i = 0; i < x->live_count; i++) x->live[i].p = moved_from(x, from, x->live[i].p);
    attach_to(x, spans, count);
}
