/* classic_visited_test.c: the audits see every free block that an operation reads or changes.
 *
 * SPDX-License-Identifier: MIT
 *
 * In a heap of many sizes, one free block after the other is damaged, and the same operation runs each time. Either an audit fails
 * and the heap is as it was; or the operation does exactly what it does in the sound heap, and leaves the damaged block alone.
 *
 *     HEAPMM_TEST_SEED=n    seed, else 1 */
#include "classic_fixture.h"

enum { PLACES = 40, KINDS = 120, BAUS = PLACES * (2 * LEAST + KINDS) + END, BYTES = BAUS * BAU };

static _Alignas(16) unsigned char ground[BYTES], sound[BYTES], expected[BYTES];
static descriptor the_heap, sound_heap, expected_heap;
static unsigned char *blocks[PLACES], *fences[PLACES]; /* heads; a fence is behind each block */
static size_t seen, unneeded;

static bool is_used(const unsigned char *b) {
    return get_word(b, PREVIOUS) < top_bit() && get_word(b, SIZE) < top_bit();
}

/* A balance that leans to where a child is, right or not: no audit can tell. */
static void scramble_balances(void) {
    for (size_t i = 0; i < PLACES; i++) {
        unsigned char *b = blocks[i];
        if (is_used(b) || b == the_heap.last_freed || get_link(b, SELF) == b) continue;
        if (get_link(b, LESSER) == NULL || get_link(b, GREATER) == NULL || below(2)) continue;
        const size_t lean = 1 + below(3);
        set_word(b, PREVIOUS, (bau)((get_word(b, PREVIOUS) & (bau)~top_bit()) | (lean & 1 ? top_bit() : 0)));
        set_word(b, SIZE, (bau)((get_word(b, SIZE) & (bau)~top_bit()) | (lean & 2 ? top_bit() : 0)));
    }
}

static void prepare(void) {
    memset(ground, 0, BYTES);
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, ground, BAUS);
    for (size_t i = 0; i < PLACES; i++) {
        blocks[i] = head_of(HMM_UNIQUE(alloc)(&the_heap, aaus(LEAST + below(KINDS))));
        fences[i] = head_of(HMM_UNIQUE(alloc)(&the_heap, 0));
    }
    if (below(2)) (void)HMM_UNIQUE(greedy_alloc)(&the_heap, 0, aaus(BAUS));
    for (size_t i = 0; i < 2 * PLACES; i++) {
        unsigned char *b = blocks[below(PLACES)];
        if (is_used(b)) HMM_UNIQUE(free)(&the_heap, b + HEAD * AAU);
    }
    if (below(2)) EXPECT(HMM_UNIQUE(alloc)(&the_heap, aaus(BAUS)) == NULL);
    if (below(2)) scramble_balances();
    memcpy(sound, ground, BYTES);
    memcpy(&sound_heap, &the_heap, sizeof the_heap);
}

static void begin_anew(void) {
    memcpy(ground, sound, BYTES);
    memcpy(&the_heap, &sound_heap, sizeof the_heap);
}

struct operation {
    int kind;
    size_t place;
    aau n;
};

/* Returns what an audit found, or an empty text. */
static const char *run(const struct operation *o) {
    void *p = fences[o->place] + HEAD * AAU;
    test_reason = "";
    if (setjmp(test_failed) != 0) return test_reason;
    switch (o->kind) {
    case 0: (void)HMM_UNIQUE(alloc)(&the_heap, o->n); break;
    case 1: (void)HMM_UNIQUE(greedy_alloc)(&the_heap, 0, aaus(BAUS)); break;
    case 2: (void)HMM_UNIQUE(greedy_resize)(&the_heap, p, 0, o->n); break;
    default: HMM_UNIQUE(free)(&the_heap, p);
    }
    return test_reason;
}

/* A head that says that its block is used, or that it has another size. */
static void damage(unsigned char *b) {
    const bau previous = get_word(b, PREVIOUS), size = get_word(b, SIZE);
    if (below(2))
        set_head(b, previous & (bau)~top_bit(), size & (bau)~top_bit());
    else
        set_head(b, previous, size ^ 1);
}

/* Beside the block freed or resized, damage can look like another heap. */
static bool is_beside(const struct operation *o, const unsigned char *b) {
    return o->kind >= 2 && (b == blocks[o->place] || (o->place + 1 < PLACES && b == blocks[o->place + 1]));
}

static void expect_seen_or_unneeded(const struct operation *o, unsigned char *b) {
    static unsigned char before[BYTES];
    const size_t head = 2 * sizeof(bau);
    begin_anew();
    damage(b);
    memcpy(before, ground, BYTES);
    if (run(o)[0] != '\0') {
        seen++;
        EXPECT_EQ(memcmp(before, ground, BYTES), 0);
        EXPECT_EQ(memcmp(&sound_heap, &the_heap, sizeof the_heap), 0);
        return;
    }
    unneeded++;
    EXPECT_EQ(memcmp(b, before + (b - ground), head), 0);
    memcpy(b, expected + (b - ground), head);
    EXPECT_EQ(memcmp(expected, ground, BYTES), 0);
    EXPECT_EQ(memcmp(&expected_heap, &the_heap, sizeof the_heap), 0);
}

static void try_all_blocks(const struct operation *o) {
    begin_anew();
    if (run(o)[0] != '\0') return; /* wrong balances, seen too late: see classic_damage_test.c */
    memcpy(expected, ground, BYTES);
    memcpy(&expected_heap, &the_heap, sizeof the_heap);
    for (size_t i = 0; i < PLACES; i++) {
        unsigned char *b = blocks[i];
        if (!is_used(sound + (b - ground)) && !is_beside(o, b)) expect_seen_or_unneeded(o, b);
    }
}

static void every_node_visited(void) {
    random_state = number("HEAPMM_TEST_SEED", 1);
    for (uint64_t i = 0, last = 100 * number("HEAPMM_TEST_STEPS", 1); i < last; i++) {
        prepare();
        for (size_t place = 0; place < PLACES; place++) try_all_blocks(&(struct operation){3, place, 0});
        for (int k = 0; k < 10; k++) {
            const struct operation o = {(int)below(3), below(PLACES), aaus(LEAST + below(KINDS))};
            try_all_blocks(&o);
        }
    }
    printf("%zu seen, %zu not needed\n", seen, unneeded);
    EXPECT(seen > 10000);
    EXPECT(unneeded > 10000);
}

static const struct test tests[] = {TEST(every_node_visited)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}

#include "heapmm_impl.h"
