/* classic_model_test.c: random programs over every function of the classic heap, compared with a model after each step.
 *
 * SPDX-License-Identifier: MIT
 *
 * The model is a sorted array of blocks, end blocks included, which is searched from end to end. Blocks of equal size have an
 * order: one is the first of its bin; of the others, the one that came last is taken first.
 *
 *     HEAPMM_TEST_SEED=n           seed, else 1
 *     HEAPMM_TEST_CLASSIC_OPS=n    operations, else 60000; where HEAPMM_TEST_STEPS is 20, as in make test-long, 10^7 */
#include "classic_fixture.h"

enum { CHUNKS = 4, CHUNK_BAUS = 600, BLOCKS = CHUNKS * CHUNK_BAUS };
enum kind { USED, FREE, LAST, STOP };

struct block {
    size_t at, size; /* in BAUs of the ground; size 0: an end block */
    enum kind kind;
    bool first;     /* of its bin */
    size_t arrival; /* in its bin */
    unsigned char pattern;
};

static _Alignas(16) unsigned char ground[(size_t)CHUNKS * CHUNK_BAUS * BAU];
static struct block blocks[BLOCKS];
static size_t block_count, arrivals;
static descriptor the_heap;
static size_t can_shrink, shrinkable_end;
static bool may_shrink;

/* ---- The model ----------------------------------------------------------------------------------------------------------- */

static void insert_at(size_t i, struct block b) {
    memmove(&blocks[i + 1], &blocks[i], (block_count - i) * sizeof b);
    blocks[i] = b;
    block_count++;
}

static void remove_at(size_t i) {
    block_count--;
    memmove(&blocks[i], &blocks[i + 1], (block_count - i) * sizeof blocks[0]);
}

/* Of the free blocks of a size: the first, or the one to be taken; block_count if there is none. */
static size_t of_bin(size_t size, bool to_be_taken) {
    size_t best = block_count, first = block_count;
    for (size_t i = 0; i < block_count; i++) {
        if (blocks[i].kind != FREE || blocks[i].size != size) continue;
        if (blocks[i].first)
            first = i;
        else if (best == block_count || blocks[i].arrival > blocks[best].arrival)
            best = i;
    }
    return to_be_taken && best != block_count ? best : first;
}

static void into_bin(size_t i) {
    blocks[i].first = of_bin(blocks[i].size, false) == block_count;
    blocks[i].kind = FREE;
    blocks[i].arrival = ++arrivals;
}

/* The block is free no more, and the next in its bin is the first. */
static void out_of_bin(size_t i) {
    const bool was_first = blocks[i].kind == FREE && blocks[i].first;
    blocks[i].kind = USED;
    if (!was_first) return;
    blocks[i].first = false;
    const size_t next = of_bin(blocks[i].size, true);
    if (next != block_count) blocks[next].first = true;
}

static size_t last_freed(void) {
    for (size_t i = 0; i < block_count; i++)
        if (blocks[i].kind == LAST) return i;
    return block_count;
}

static void last_into_bin(void) {
    const size_t last = last_freed();
    if (last != block_count) into_bin(last);
}

static bool is_first_of_chunk(size_t i) {
    return i == 0 || blocks[i - 1].kind == STOP;
}

/* Cuts a used block; the rest is free last. */
static void cut(size_t i, size_t wanted) {
    const size_t rest = blocks[i].size - wanted;
    if (rest < LEAST) return;
    last_into_bin();
    blocks[i].size = wanted;
    insert_at(i + 1, (struct block){blocks[i].at + wanted, rest, LAST, false, 0, 0});
}

static size_t model_alloc(size_t needed, size_t wanted) {
    last_into_bin();
    may_shrink = false;
    size_t size = 0, largest = 0;
    for (size_t i = 0; i < block_count; i++) {
        if (blocks[i].kind != FREE) continue;
        if (blocks[i].size >= wanted && (size == 0 || blocks[i].size < size)) size = blocks[i].size;
        if (blocks[i].size > largest) largest = blocks[i].size;
    }
    if (size == 0 && largest >= needed) wanted = size = largest;
    if (size == 0) return block_count;
    const size_t i = of_bin(size, true);
    out_of_bin(i);
    cut(i, wanted);
    return i;
}

static void model_free(size_t i) {
    const size_t after = i + 1;
    if (blocks[after].kind == FREE || blocks[after].kind == LAST) {
        out_of_bin(after);
        blocks[i].size += blocks[after].size;
        remove_at(after);
    }
    if (!is_first_of_chunk(i) && (blocks[i - 1].kind == FREE || blocks[i - 1].kind == LAST)) {
        out_of_bin(i - 1);
        blocks[i - 1].size += blocks[i].size;
        remove_at(i--);
    }
    last_into_bin();
    blocks[i].kind = LAST;
    may_shrink = blocks[i + 1].kind == STOP;
    can_shrink = !may_shrink ? 0 : blocks[i].size + (is_first_of_chunk(i) ? END : 0);
    if (may_shrink) shrinkable_end = blocks[i + 1].at + END;
}

static bool model_resize(size_t i, size_t needed, size_t wanted) {
    const bool joins = blocks[i + 1].kind == FREE || blocks[i + 1].kind == LAST;
    const size_t room = blocks[i].size + (joins ? blocks[i + 1].size : 0);
    if (needed > room) return false;
    may_shrink = false;
    if (joins) {
        out_of_bin(i + 1);
        remove_at(i + 1);
        blocks[i].size = room;
    }
    cut(i, wanted < room ? wanted : room);
    return true;
}

/* ---- Comparing ----------------------------------------------------------------------------------------------------------- */

static unsigned char *address(size_t at) {
    return ground + at * BAU;
}

static unsigned char *payload(size_t i) {
    return address(blocks[i].at) + HEAD * (size_t)HMM_ADDR_ALIGN_UNIT;
}

static size_t payload_bytes(size_t i) {
    return blocks[i].size * BAU - HEAD * (size_t)HMM_ADDR_ALIGN_UNIT;
}

static void fill(size_t i, unsigned char pattern) {
    blocks[i].pattern = pattern;
    memset(payload(i), pattern, payload_bytes(i));
}

static void expect_filled(size_t i, size_t bytes) {
    for (size_t k = 0; k < bytes; k++)
        if (payload(i)[k] != blocks[i].pattern) EXPECT_EQ(payload(i)[k], blocks[i].pattern);
}

static size_t word(size_t i, int which) {
    bau w;
    memcpy(&w, address(blocks[i].at) + (size_t)which * sizeof w, sizeof w);
    return (size_t)(w & (bau)((bau) ~(bau)0 >> 1));
}

static void expect_same_geometry(void) {
    for (size_t i = 0; i < block_count; i++) {
        EXPECT_EQ(word(i, 0), is_first_of_chunk(i) ? 0 : blocks[i - 1].size);
        EXPECT_EQ(word(i, 1), blocks[i].size);
    }
}

static void expect_same(void) {
    size_t largest = 0;
    for (size_t i = 0; i < block_count; i++)
        if ((blocks[i].kind == FREE || blocks[i].kind == LAST) && blocks[i].size > largest) largest = blocks[i].size;
    EXPECT_EQ(HMM_UNIQUE(largest_available)(&the_heap), largest == 0 ? 0 : largest * UNIT - HEAD);
    EXPECT_EQ(the_heap.num_baus_can_shrink, can_shrink);
    EXPECT_PTR_EQ(the_heap.end_of_shrinkable_chunk, shrinkable_end == 0 ? NULL : address(shrinkable_end));
}

/* ---- The program --------------------------------------------------------------------------------------------------------- */

static size_t some_aaus(void) {
    if (below(8) == 0) return below(CHUNK_BAUS * UNIT);
    return below((size_t)(below(4) == 0 ? 12 : 4) * LEAST * UNIT);
}

static size_t baus_for(size_t aaus) {
    const size_t baus = (aaus + HEAD + UNIT - 1) / UNIT;
    return baus < LEAST ? LEAST : baus;
}

static size_t some_used(void) {
    size_t used = 0;
    for (size_t i = 0; i < block_count; i++) used += blocks[i].kind == USED;
    if (used == 0) return block_count;
    size_t skip = below(used);
    for (size_t i = 0;; i++)
        if (blocks[i].kind == USED && skip-- == 0) return i;
}

static void step_alloc(void) {
    const size_t n = some_aaus(), more = below(2) ? n : n + some_aaus();
    const size_t i = model_alloc(baus_for(n), baus_for(more));
    unsigned char *p = more == n ? HMM_UNIQUE(alloc)(&the_heap, (aau)n) : HMM_UNIQUE(greedy_alloc)(&the_heap, (aau)n, (aau)more);
    EXPECT_PTR_EQ(p, i == block_count ? NULL : payload(i));
    if (p == NULL) return;
    EXPECT_EQ(HMM_UNIQUE(true_size)(p), blocks[i].size * UNIT - HEAD);
    fill(i, (unsigned char)below(256));
}

static void step_free(void) {
    const size_t i = some_used();
    if (i == block_count) return;
    unsigned char *p = payload(i);
    expect_filled(i, payload_bytes(i));
    model_free(i);
    HMM_UNIQUE(free)(&the_heap, p);
}

static void step_resize(void) {
    const size_t i = some_used();
    if (i == block_count) return;
    const size_t n = some_aaus(), more = below(2) ? n : below(2) ? n + some_aaus() : n / 2;
    const size_t bytes = payload_bytes(i);
    const bool fits = model_resize(i, baus_for(n), baus_for(more > n ? more : n));
    const int result = more == n ? HMM_UNIQUE(resize)(&the_heap, payload(i), (aau)n)
                                 : HMM_UNIQUE(greedy_resize)(&the_heap, payload(i), (aau)n, (aau)more);
    EXPECT_EQ(result, fits ? 0 : -1);
    EXPECT_EQ(HMM_UNIQUE(true_size)(payload(i)), blocks[i].size * UNIT - HEAD);
    expect_filled(i, bytes < payload_bytes(i) ? bytes : payload_bytes(i));
    fill(i, (unsigned char)below(256));
}

/* Takes some of what may be taken, or all. */
static void step_shrink(void) {
    const size_t last = last_freed();
    if (!may_shrink || last == block_count) return;
    const bool only = is_first_of_chunk(last);
    const size_t size = blocks[last].size;
    size_t n = can_shrink;
    if (below(2) && size > LEAST) n = 1 + below(size - LEAST);
    HMM_UNIQUE(shrink_chunk)(&the_heap, (bau)n);
    may_shrink = false;
    if (n == can_shrink) {
        remove_at(last);
        if (only)
            remove_at(last);
        else
            blocks[last].at -= n;
        return;
    }
    blocks[last].size -= n;
    blocks[last + 1].at -= n;
    into_bin(last);
}

/* Each chunk has a slot of the ground: a new one in an empty slot, else a longer one. */
static void step_chunk(void) {
    const size_t from = below(CHUNKS) * CHUNK_BAUS, to = from + CHUNK_BAUS;
    size_t i = 0, stop = block_count;
    while (i < block_count && blocks[i].at < to) {
        if (blocks[i].kind == STOP && blocks[i].at >= from) stop = i;
        i++;
    }
    if (stop == block_count) {
        const size_t n = LEAST + END + below(CHUNK_BAUS / 2);
        may_shrink = false;
        insert_at(i, (struct block){from, n - END, FREE, false, 0, 0});
        blocks[i].kind = USED;
        into_bin(i);
        insert_at(i + 1, (struct block){from + n - END, 0, STOP, false, 0, 0});
        HMM_UNIQUE(new_chunk)(&the_heap, address(from), (bau)n);
        return;
    }
    const size_t end = blocks[stop].at + END;
    if (to - end < LEAST) return;
    const size_t n = LEAST + below(to - end - LEAST + 1);
    insert_at(stop, (struct block){blocks[stop].at, n, USED, false, 0, 0});
    blocks[stop + 1].at += n;
    model_free(stop);
    HMM_UNIQUE(grow_chunk)(&the_heap, address(end), (bau)n);
}

static void step(size_t phase) {
    const size_t chance = below(100);
    if (chance < (phase ? 52 : 36))
        step_alloc();
    else if (chance < 85)
        step_free();
    else if (chance < 96)
        step_resize();
    else if (chance < 98)
        step_shrink();
    else
        step_chunk();
    if (may_shrink && below(12) == 0) step_shrink();
}

static void run_operations(void) {
    const uint64_t steps = number("HEAPMM_TEST_STEPS", 1);
    const uint64_t operations = number("HEAPMM_TEST_CLASSIC_OPS", steps == 1 ? 60000 : 500000 * steps);
    for (uint64_t i = 0; i < operations; i++) {
        step((size_t)(i >> 11) & 1);
        expect_same();
        if (i % 16 == 0) expect_same_geometry();
    }
    expect_same_geometry();
}

static void random_program(void) {
    random_state = number("HEAPMM_TEST_SEED", 1);
    HMM_UNIQUE(init)(&the_heap);
    expect_same();
    if (setjmp(test_failed) == 0) run_operations();
    EXPECT_STR_EQ(test_reason, "");
}

static const struct test tests[] = {TEST(random_program)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}

#include "heapmm_impl.h"
