/* variant.c: see variant.h.
 *
 * SPDX-License-Identifier: MIT */
#include "variant.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "heapmm/trace.h"

#include "blocks.h"

/* Addresses of blocks that cannot keep theirs: where no program has any. */
#define ELSEWHERE (UINT64_C(0xE) << 60)

/* What is done at the moment. Of a block in `there`, the sequence is its unit, the thread that which allocated it, and the time its
 * address in the variant; 0: it is left out. In `here` are the addresses that are taken. */
typedef struct making {
    const variant *v;
    hmm_trace_writer *writer;
    variant_counts *counts;
    blocks there, here;
    uint64_t moved;                 /* blocks that could not keep their address */
    uint64_t passed[VARIANT_UNITS]; /* units that were read */
    bool is_written;
} making;

const variant variant_whole = {.unit = VARIANT_BLOCKS};

/* ---- Which units --------------------------------------------------------------------------------------------------------- */

static bool is_among(const variant *v, uint64_t number) {
    return number >= v->from && number < v->to;
}

static bool is_left_out(const variant *v, variant_unit unit, uint64_t number) {
    return v->unit == unit && unit <= VARIANT_CALLS && is_among(v, number) != v->keeps;
}

/* Whether a resize or a free is left out, while its block is not. */
static bool skips_call(making *m) {
    return is_left_out(m->v, VARIANT_CALLS, m->passed[VARIANT_CALLS]++);
}

static bool skips_block(making *m, uint32_t thread) {
    const uint64_t number = m->passed[VARIANT_BLOCKS]++;
    return is_left_out(m->v, VARIANT_BLOCKS, number) || is_left_out(m->v, VARIANT_THREADS, thread);
}

static void see(making *m, uint64_t value) {
    if (value > m->counts->largest) m->counts->largest = value;
}

static void make_smaller(making *m, hmm_trace_event *e) {
    const variant *v = m->v;
    if (v->unit == VARIANT_SIZES && is_among(v, m->passed[VARIANT_SIZES])) {
        see(m, e->size);
        if (e->size > v->value) e->size = v->value;
    }
    m->passed[VARIANT_SIZES]++;
    if (e->kind != HMM_TRACE_ALIGNED_ALLOC) return;
    if (v->unit == VARIANT_ALIGNMENTS && is_among(v, m->passed[VARIANT_ALIGNMENTS])) {
        see(m, e->alignment);
        if (e->alignment > v->value) e->alignment = v->value;
        if (v->value == 0) e->kind = HMM_TRACE_MALLOC;
    }
    m->passed[VARIANT_ALIGNMENTS]++;
}

/* ---- Writing ------------------------------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t sum, uint64_t value) {
    sum = (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    return sum ^ sum >> 32;
}

/* unit: of the block, by its number in the variant. */
static void count(making *m, const hmm_trace_event *e, uint64_t unit) {
    variant_counts *c = m->counts;
    const uint64_t what = (uint64_t)e->kind << 40 | (uint64_t)e->failed << 39 | e->thread;
    c->events++;
    c->checksum = mix(mix(mix(mix(c->checksum, what), e->size), e->alignment), unit);
    if (e->thread >= c->units[VARIANT_THREADS]) c->units[VARIANT_THREADS] = (uint64_t)e->thread + 1;
    if (e->kind != HMM_TRACE_FREE) c->units[VARIANT_SIZES]++;
    if (e->kind == HMM_TRACE_ALIGNED_ALLOC) c->units[VARIANT_ALIGNMENTS]++;
}

static void put(making *m, const hmm_trace_event *e, uint64_t unit) {
    m->is_written = hmm_trace_writer_put(m->writer, e) == HMM_TRACE_OK;
    count(m, e, unit);
}

/* A free address, this one if it is. 0: no memory. A trace may say that a block was at 0; there none is. */
static uint64_t take_address(making *m, uint64_t wanted) {
    while (wanted == 0 || blocks_find(&m->here, wanted) != NULL) wanted = ELSEWHERE + 4096 * m->moved++;
    return blocks_add(&m->here, &(block){.address = wanted}) ? wanted : 0;
}

static void leave_address(making *m, uint64_t address) {
    block *found = blocks_find(&m->here, address);
    if (found != NULL) blocks_remove(&m->here, found);
}

/* ---- Events -------------------------------------------------------------------------------------------------------------- */

/* The block at an address, which is no more there; its own address is 0 if there was none. */
static block take_out(making *m, uint64_t address) {
    block *found = address == 0 ? NULL : blocks_find(&m->there, address);
    if (found == NULL) return (block){0};
    const block taken = *found;
    blocks_remove(&m->there, found);
    return taken;
}

/* A block that comes where one is: that one's free is missing, and goes on missing. */
static bool put_in(making *m, const block *b) {
    const block ended = take_out(m, b->address);
    if (ended.time != 0) leave_address(m, ended.time);
    if (b->address == 0) return true;
    return blocks_add(&m->there, b);
}

/* A call that makes no block and ends none. */
static bool follow_lone(making *m, hmm_trace_event *e) {
    if (e->kind != HMM_TRACE_FREE) make_smaller(m, e);
    if (skips_block(m, e->thread)) return true;
    put(m, e, m->counts->units[VARIANT_BLOCKS]++);
    return true;
}

static bool follow_new(making *m, hmm_trace_event *e) {
    block made = {.address = e->address, .thread = e->thread};
    make_smaller(m, e);
    if (skips_block(m, e->thread)) return put_in(m, &made);
    const block ended = take_out(m, e->address);
    if (ended.time != 0) leave_address(m, ended.time);
    e->address = made.time = take_address(m, e->address);
    made.sequence = m->counts->units[VARIANT_BLOCKS]++;
    put(m, e, made.sequence);
    return made.time != 0 && put_in(m, &made);
}

static bool follow_resize(making *m, hmm_trace_event *e, block *b) {
    b->address = e->address;
    make_smaller(m, e);
    const bool is_skipped = skips_call(m);
    if (b->time == 0) return put_in(m, b);
    if (!is_skipped) {
        const block ended = take_out(m, e->address);
        if (ended.time != 0) leave_address(m, ended.time);
        e->old_address = b->time;
        leave_address(m, b->time);
        e->address = b->time = take_address(m, e->address);
        m->counts->units[VARIANT_CALLS]++;
        put(m, e, b->sequence);
    }
    return b->time != 0 && put_in(m, b);
}

/* A resize that failed belongs to its block. */
static bool follow_failed_resize(making *m, hmm_trace_event *e, const block *b) {
    make_smaller(m, e);
    if (skips_call(m) || b->time == 0) return true;
    e->old_address = b->time;
    m->counts->units[VARIANT_CALLS]++;
    put(m, e, b->sequence);
    return true;
}

/* Without its free, a block stays. */
static bool follow_free(making *m, hmm_trace_event *e, const block *b) {
    if (skips_call(m) || b->time == 0) return true;
    e->old_address = b->time;
    leave_address(m, b->time);
    m->counts->units[VARIANT_CALLS]++;
    put(m, e, b->sequence);
    return true;
}

static bool follow(making *m, hmm_trace_event *e) {
    block *found = e->old_address == 0 ? NULL : blocks_find(&m->there, e->old_address);
    if (found != NULL && e->failed) return follow_failed_resize(m, e, found);
    if (e->failed) return follow_lone(m, e);
    block b = take_out(m, e->old_address);
    if (e->kind == HMM_TRACE_FREE) return b.address == 0 ? follow_lone(m, e) : follow_free(m, e, &b);
    return b.address == 0 ? follow_new(m, e) : follow_resize(m, e, &b);
}

/* -------------------------------------------------------------------------------------------------------------------------- */

static variant_result follow_all(making *m, hmm_trace_reader *reader) {
    hmm_trace_event event;
    for (;;) {
        const int result = hmm_trace_reader_next(reader, &event);
        if (result == HMM_TRACE_MISSING || result == HMM_TRACE_DAMAGED) continue;
        if (result == HMM_TRACE_READ_FAILED) return VARIANT_NOT_READ;
        if (result != HMM_TRACE_OK) return VARIANT_MADE;
        if (!follow(m, &event)) return VARIANT_NO_MEMORY;
        if (!m->is_written) return VARIANT_NOT_WRITTEN;
    }
}

static hmm_trace_writer *open_writer(const hmm_trace_reader *reader, const char *to) {
    char program[4200], command[4200];
    const char *its_program = hmm_trace_reader_about(reader, "program"), *its_command = hmm_trace_reader_about(reader, "command");
    snprintf(program, sizeof program, "program=%s", its_program == NULL ? "" : its_program);
    snprintf(command, sizeof command, "command=%s", its_command == NULL ? "" : its_command);
    const char *const about[] = {"source=shrink", program, command, NULL};
    return hmm_trace_writer_open(to, about);
}

variant_result variant_make(const variant *v, const char *from, const char *to, variant_counts *counts) {
    making m = {.v = v, .counts = counts, .is_written = true};
    variant_result result = VARIANT_NOT_WRITTEN;
    *counts = (variant_counts){0};
    hmm_trace_reader *reader = hmm_trace_reader_open(from, NULL);
    if (reader == NULL) return VARIANT_NOT_READ;
    m.writer = open_writer(reader, to);
    if (m.writer != NULL) result = follow_all(&m, reader);
    if (hmm_trace_writer_close(m.writer) != HMM_TRACE_OK && result == VARIANT_MADE) result = VARIANT_NOT_WRITTEN;
    const int error = errno;
    hmm_trace_reader_close(reader);
    blocks_free(&m.there);
    blocks_free(&m.here);
    errno = error;
    return result;
}
