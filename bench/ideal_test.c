/* ideal_test.c: the simulated heap against a list of intervals that is searched from end to end.
 *
 * SPDX-License-Identifier: MIT */
#include "ideal.h"

#include <stdbool.h>

#include "expect.h"

enum { BYTES = 4096, MOST = BYTES, LIVE = 200, STEPS = 20000 };

/* ---- The model: intervals in order of address ---------------------------------------------------------------------------- */

struct interval {
    size_t start, bytes;
    unsigned long freed; /* when; 0: allocated */
};

struct model {
    struct ideal_rules rules;
    struct interval at[MOST];
    size_t count;
    unsigned long now;
};

static void insert(struct model *m, size_t i, struct interval new) {
    memmove(&m->at[i + 1], &m->at[i], (m->count++ - i) * sizeof m->at[0]);
    m->at[i] = new;
}

static void take_away(struct model *m, size_t i) {
    memmove(&m->at[i], &m->at[i + 1], (--m->count - i) * sizeof m->at[0]);
}

static size_t block_bytes(const struct model *m, size_t size) {
    size_t bytes = 0;
    while (bytes < size + m->rules.header || bytes < m->rules.least) bytes += m->rules.granule;
    return bytes;
}

static size_t index_of(const struct model *m, size_t start) {
    size_t i = 0;
    while (m->at[i].start != start) i++;
    return i;
}

/* Makes interval i free, one with its free neighbours. */
static void set_free(struct model *m, size_t i) {
    m->at[i].freed = ++m->now;
    if (i + 1 < m->count && m->at[i + 1].freed != 0) {
        m->at[i].bytes += m->at[i + 1].bytes;
        take_away(m, i + 1);
    }
    if (i > 0 && m->at[i - 1].freed != 0) {
        m->at[i - 1].bytes += m->at[i].bytes;
        m->at[i - 1].freed = m->now;
        take_away(m, i);
    }
}

/* Cuts interval i, allocated, down to its low end. */
static void cut(struct model *m, size_t i, size_t bytes) {
    const size_t rest = m->at[i].bytes - bytes;
    if (rest < block_bytes(m, 0)) return;
    m->at[i].bytes = bytes;
    insert(m, i + 1, (struct interval){m->at[i].start + bytes, rest, 0});
    set_free(m, i + 1);
}

static size_t model_alloc(struct model *m, size_t size) {
    const size_t bytes = block_bytes(m, size);
    size_t best = MOST;
    for (size_t i = 0; i < m->count; i++) {
        const struct interval *a = &m->at[i];
        if (a->freed == 0 || a->bytes < bytes) continue;
        if (best == MOST || a->bytes < m->at[best].bytes || (a->bytes == m->at[best].bytes && a->freed > m->at[best].freed))
            best = i;
    }
    if (best == MOST) return SIZE_MAX;
    const size_t rest = m->at[best].bytes - bytes;
    m->at[best].freed = 0;
    if (size < m->rules.high_from || rest < block_bytes(m, 0)) {
        cut(m, best, bytes);
        return m->at[best].start;
    }
    insert(m, best + 1, (struct interval){m->at[best].start + rest, bytes, 0});
    m->at[best].bytes = rest;
    set_free(m, best);
    return m->at[best + 1].start;
}

static void model_free(struct model *m, size_t start) {
    set_free(m, index_of(m, start));
}

static size_t model_realloc(struct model *m, size_t start, size_t size) {
    const size_t bytes = block_bytes(m, size);
    size_t i = index_of(m, start);
    const bool joins = i + 1 < m->count && m->at[i + 1].freed != 0;
    const size_t behind = joins ? m->at[i + 1].bytes : 0;
    const size_t before = i > 0 && m->at[i - 1].freed != 0 ? m->at[i - 1].bytes : 0;
    if (bytes > before + m->at[i].bytes + behind) {
        const size_t moved = model_alloc(m, size);
        if (moved != SIZE_MAX) model_free(m, start);
        return moved;
    }
    if (bytes > m->at[i].bytes && joins) {
        m->at[i].bytes += behind;
        take_away(m, i + 1);
    }
    if (bytes > m->at[i].bytes) {
        i--;
        m->at[i].bytes += m->at[i + 1].bytes;
        m->at[i].freed = 0;
        take_away(m, i + 1);
    }
    cut(m, i, bytes);
    return m->at[i].start;
}

/* ---- Random programs on both --------------------------------------------------------------------------------------------- */

static unsigned long random_state = 1;

static size_t below(size_t limit) {
    random_state = (random_state * 1103515245u + 12345u) & 0x7FFFFFFFu;
    return (random_state >> 8) % limit;
}

static size_t random_size(void) {
    const size_t most[] = {8, 40, 200, 1000};
    return below(most[below(4)]);
}

static struct model model;

/* The same place by both, or none. */
static void expect_same(uint32_t block, size_t start) {
    if (start == SIZE_MAX)
        EXPECT_EQ(block, IDEAL_NONE);
    else
        EXPECT_EQ(block * model.rules.granule, start);
}

static void run(struct ideal_rules rules) {
    uint32_t live[LIVE];
    size_t count = 0, failures = 0;
    struct ideal *heap = ideal_create(&rules, BYTES);
    model = (struct model){.rules = rules, .count = 1, .now = 1};
    model.at[0] = (struct interval){0, BYTES, 1};
    for (size_t step = 0; step < STEPS; step++) {
        const size_t verb = below(3), i = count == 0 ? 0 : below(count), size = random_size();
        if (verb == 0 && count < LIVE) {
            const uint32_t block = ideal_alloc(heap, size);
            expect_same(block, model_alloc(&model, size));
            if (block != IDEAL_NONE)
                live[count++] = block;
            else
                failures++;
        } else if (verb == 1 && count > 0) {
            const uint32_t block = ideal_realloc(heap, live[i], size);
            expect_same(block, model_realloc(&model, live[i] * rules.granule, size));
            if (block != IDEAL_NONE) live[i] = block;
        } else if (count > 0) {
            ideal_free(heap, live[i]);
            model_free(&model, live[i] * rules.granule);
            live[i] = live[--count];
        }
    }
    EXPECT(failures > 0);
    ideal_destroy(heap);
}

static void low_end(void) {
    run((struct ideal_rules){4, 8, 16, SIZE_MAX});
    run((struct ideal_rules){2, 8, 8, SIZE_MAX});
    run((struct ideal_rules){4, 16, 16, SIZE_MAX});
}

static void high_end(void) {
    run((struct ideal_rules){4, 8, 16, 100});
    run((struct ideal_rules){8, 16, 32, 300});
}

static void sizes_beyond_every_heap(void) {
    struct ideal *heap = ideal_create(&(struct ideal_rules){4, 8, 16, SIZE_MAX}, 64);
    EXPECT_EQ(ideal_alloc(heap, 61), IDEAL_NONE);
    EXPECT_EQ(ideal_alloc(heap, (size_t)1 << 40), IDEAL_NONE);
    EXPECT_EQ(ideal_alloc(heap, 60), 0);
    EXPECT_EQ(ideal_alloc(heap, 0), IDEAL_NONE);
    ideal_destroy(heap);
}

static const struct test tests[] = {TEST(low_end), TEST(high_end), TEST(sizes_beyond_every_heap)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
