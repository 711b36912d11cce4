/* trace.c: makes, writes and reads traces.
 *
 * SPDX-License-Identifier: MIT */
#include "trace.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Pseudo-random numbers: xorshift128+ (S. Vigna, 2014) ---------------------------------------------------------------- */

struct source {
    uint64_t older, newer;
};

static uint64_t next_number(struct source *r) {
    uint64_t mixed = r->older;
    const uint64_t kept = r->newer;
    mixed ^= mixed << 23;
    r->older = kept;
    r->newer = mixed ^ kept ^ (mixed >> 18) ^ (kept >> 5);
    return r->newer + kept;
}

static uint32_t below(struct source *r, uint32_t limit) {
    return (uint32_t)(next_number(r) % limit);
}

/* In [0, 1), from the upper 53 bits. */
static double fraction(struct source *r) {
    return (double)(next_number(r) >> 11) / 9007199254740992.0;
}

/* Of mean 0 and variance 1 (G. E. P. Box, M. E. Muller, 1958). */
static double normal(struct source *r) {
    const double two_pi = 6.283185307179586;
    const double radius = fraction(r);
    const double angle = two_pi * fraction(r);
    return sqrt(-2 * log(radius < 1e-300 ? 1e-300 : radius)) * cos(angle);
}

static uint32_t log_normal(struct source *r, double mean, double sigma, uint32_t least, uint32_t most) {
    const double value = exp(log(mean) - sigma * sigma / 2 + sigma * normal(r));
    return value < least ? least : value > most ? most : (uint32_t)value;
}

static struct source source_of(long seed) {
    struct source r = {0x9E3779B97F4A7C15u, 0xD1B54A32D192ED03u};
    if (seed == TRACE_NO_SEED) return r;
    r.older ^= (uint64_t)seed * 0x2545F4914F6CDD1Du;
    for (int i = 0; i < 20; i++) next_number(&r);
    return r;
}

/* ---- Making -------------------------------------------------------------------------------------------------------------- */

struct maker {
    struct trace *trace;
    struct source random;
    uint32_t *size; /* of the block in each slot, 0: none */
    uint64_t live;
};

static void *must(void *memory) {
    if (memory != NULL) return memory;
    perror("trace");
    exit(EXIT_FAILURE);
}

void trace_add(struct trace *t, unsigned verb, uint32_t slot, uint32_t size) {
    if (t->count == t->room) {
        t->room = t->room == 0 ? 65536 : 2 * t->room;
        t->operations = must(realloc(t->operations, t->room * sizeof *t->operations));
    }
    t->operations[t->count++] = (struct operation){verb | slot << 2, size};
}

static void put(struct maker *m, unsigned verb, uint32_t slot, uint32_t size) {
    trace_add(m->trace, verb, slot, size);
    m->live += size;
    m->live -= m->size[slot];
    m->size[slot] = size;
    if (m->live > m->trace->peak) m->trace->peak = m->live;
}

static uint32_t mcu_size(struct source *r) {
    return log_normal(r, 64, 1, 4, 1024);
}

static uint32_t uniform_size(struct source *r) {
    return 1 + below(r, 2048);
}

static uint32_t small_size(struct source *r) {
    return log_normal(r, 64, 1, 1, 4096);
}

static uint32_t mixed_size(struct source *r) {
    if (below(r, 100) >= 5) return log_normal(r, 128, 1, 16, 4096);
    return (uint32_t)exp(log(65536.0) + fraction(r) * log(16.0));
}

static uint32_t buffer_size(struct source *r) {
    return 16 + below(r, 241);
}

static void steady(struct maker *m) {
    m->trace->steady_from = (uint32_t)m->trace->count;
}

static void fill(struct maker *m, uint32_t live, uint32_t (*size)(struct source *)) {
    for (uint32_t slot = 0; slot < live; slot++) put(m, TRACE_ALLOC, slot, size(&m->random));
    steady(m);
}

static void replace(struct maker *m, uint32_t slot, uint32_t (*size)(struct source *)) {
    put(m, TRACE_FREE, slot, 0);
    put(m, TRACE_ALLOC, slot, size(&m->random));
}

static void make_replacing(struct maker *m, uint32_t live, uint32_t times, uint32_t (*size)(struct source *)) {
    fill(m, live, size);
    while (times-- > 0) replace(m, below(&m->random, live), size);
}

static void make_resizing(struct maker *m, uint32_t live, uint32_t times) {
    fill(m, live, buffer_size);
    while (times-- > 0) {
        const uint32_t slot = below(&m->random, live);
        const uint32_t size = m->size[slot];
        const uint32_t choice = below(&m->random, 10);
        if (size > 65536 || choice >= 7)
            replace(m, slot, buffer_size);
        else
            put(m, TRACE_RESIZE, slot, size / 2 + 1 + (choice < 6 ? size : 0));
    }
}

/* Fills free slots until as many bytes are live as at first, with blocks of about that size. */
static void refill(struct maker *m, uint64_t bytes, double mean) {
    for (uint32_t slot = 0; slot < m->trace->slots && m->live < bytes; slot++)
        if (m->size[slot] == 0) put(m, TRACE_ALLOC, slot, log_normal(&m->random, mean, 0.3, 8, 1u << 20));
}

static void make_phases(struct maker *m, uint32_t live) {
    const double first_mean = 32, growth = 1.4142135;
    double mean = first_mean;
    for (int phase = 0; phase < 12; phase++, mean *= growth) {
        refill(m, (uint64_t)live * 32, mean);
        if (phase == 0) steady(m);
        for (uint32_t slot = 0; slot < m->trace->slots; slot++)
            if (m->size[slot] != 0 && below(&m->random, 10) < 8) put(m, TRACE_FREE, slot, 0);
    }
}

bool trace_make(struct trace *t, const char *kind, long seed) {
    static const struct {
        const char *name;
        uint32_t live, replacements;
        uint32_t (*size)(struct source *); /* NULL: made in a way of its own */
    } kinds[] = {{"mcu", 400, 100000, mcu_size},
                 {"uniform", 5000, 100000, uniform_size},
                 {"small", 20000, 200000, small_size},
                 {"mixed", 2000, 50000, mixed_size},
                 {"phase", 20000, 0, NULL},
                 {"resize", 1000, 100000, NULL}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].name, kind) != 0) continue;
        const bool phases = strcmp(kind, "phase") == 0;
        *t = (struct trace){.slots = phases ? 4 * kinds[i].live : kinds[i].live};
        struct maker m = {t, source_of(seed), must(calloc(t->slots, sizeof(uint32_t))), 0};
        if (kinds[i].size != NULL)
            make_replacing(&m, kinds[i].live, kinds[i].replacements, kinds[i].size);
        else if (phases)
            make_phases(&m, kinds[i].live);
        else
            make_resizing(&m, kinds[i].live, kinds[i].replacements);
        free(m.size);
        return true;
    }
    return false;
}

/* ---- Files --------------------------------------------------------------------------------------------------------------- */

bool trace_write(const struct trace *t, const char *path) {
    const uint32_t header[4] = {(uint32_t)t->count, t->slots, t->steady_from, 0};
    FILE *file = fopen(path, "wb");
    if (file == NULL) return false;
    const bool written = fwrite(header, sizeof header, 1, file) == 1 && fwrite(&t->peak, sizeof t->peak, 1, file) == 1 &&
                         fwrite(t->operations, sizeof *t->operations, t->count, file) == t->count;
    return (fclose(file) == 0) && written;
}

/* Whether a replay can trust it: verbs and slots exist, and no slot is used against its state. */
static bool is_sound(const struct trace *t) {
    bool *used = must(calloc(t->slots + (size_t)1, sizeof *used));
    bool sound = t->steady_from <= t->count;
    for (size_t i = 0; sound && i < t->count; i++) {
        const struct operation *o = &t->operations[i];
        sound = verb_of(o) <= TRACE_RESIZE && slot_of(o) < t->slots && used[slot_of(o)] == (verb_of(o) != TRACE_ALLOC);
        if (sound) used[slot_of(o)] = verb_of(o) != TRACE_FREE;
    }
    free(used);
    return sound;
}

bool trace_read(struct trace *t, const char *path) {
    uint32_t header[4];
    *t = (struct trace){0};
    FILE *file = fopen(path, "rb");
    if (file == NULL) return false;
    bool sound = fread(header, sizeof header, 1, file) == 1 && fread(&t->peak, sizeof t->peak, 1, file) == 1;
    if (sound) {
        t->count = t->room = header[0];
        t->slots = header[1];
        t->steady_from = header[2];
        t->operations = must(malloc(t->count * sizeof *t->operations + 1));
        sound = fread(t->operations, sizeof *t->operations, t->count, file) == t->count && is_sound(t);
    }
    fclose(file);
    if (sound) return true;
    trace_end(t);
    errno = EINVAL;
    return false;
}

static uint64_t fnv(uint64_t hash, const void *memory, size_t bytes) {
    const unsigned char *byte = memory;
    for (size_t i = 0; i < bytes; i++) hash = (hash ^ byte[i]) * 0x100000001B3u;
    return hash;
}

uint64_t trace_checksum(const struct trace *t) {
    const uint32_t header[4] = {(uint32_t)t->count, t->slots, t->steady_from, 0};
    uint64_t hash = fnv(0xCBF29CE484222325u, header, sizeof header);
    hash = fnv(hash, &t->peak, sizeof t->peak);
    return fnv(hash, t->operations, t->count * sizeof *t->operations);
}

void trace_end(struct trace *t) {
    free(t->operations);
    *t = (struct trace){0};
}
