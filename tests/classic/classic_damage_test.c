/* classic_damage_test.c: heaps with random damage, between pages that cannot be touched.
 *
 * SPDX-License-Identifier: MIT
 *
 * Whatever was overwritten, an operation reads and writes nothing outside of the heap, and ends; and if an audit fails, the heap is
 * as it was, byte for byte, with the one exception of wrong_balances below.
 *
 *     HEAPMM_TEST_SEED=n    seed, else 1 */
#include <sys/mman.h>
#include <unistd.h>

#include "classic_fixture.h"

enum { BAUS = 4096, BYTES = BAUS * BAU, MOST_BLOCKS = BAUS / LEAST + 1 };

static unsigned char *ground, ground_before[BYTES], sound[BYTES];
static descriptor the_heap, heap_before, sound_heap;
static unsigned char *heads[MOST_BLOCKS];
static size_t block_count;

static void reserve(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    EXPECT_EQ(BYTES % page, 0);
    unsigned char *pages = mmap(NULL, BYTES + 64 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(pages != MAP_FAILED);
    ground = pages + 32 * page;
    EXPECT_EQ(mprotect(ground, BYTES, PROT_READ | PROT_WRITE), 0);
}

static void list_blocks(void) {
    const bau mask = (bau)~top_bit();
    block_count = 0;
    for (unsigned char *b = ground; (get_word(b, SIZE) & mask) != 0; b += (size_t)(get_word(b, SIZE) & mask) * BAU)
        heads[block_count++] = b;
}

static bool is_used(const unsigned char *b) {
    return get_word(b, PREVIOUS) < top_bit() && get_word(b, SIZE) < top_bit();
}

static void keep_as_sound(void) {
    memcpy(sound, ground, BYTES);
    memcpy(&sound_heap, &the_heap, sizeof the_heap);
}

static void begin_anew(void) {
    memcpy(ground, sound, BYTES);
    memcpy(&the_heap, &sound_heap, sizeof the_heap);
}

/* Sizes in `kinds` many bins; between the free blocks a used one, and often several in a bin. */
static void prepare(void) {
    const size_t kinds = 1 + below(60);
    memset(ground, 0, BYTES);
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, ground, BAUS);
    const size_t filled = below(4);
    while (HMM_UNIQUE(alloc)(&the_heap, aaus(LEAST + below(kinds)))) continue;
    if (filled)
        while (HMM_UNIQUE(alloc)(&the_heap, 0)) continue;
    list_blocks();
    const size_t frees = block_count * (1 + below(4)) / 6;
    for (size_t i = 0; i < frees; i++) {
        unsigned char *b = heads[below(block_count)];
        if (is_used(b)) HMM_UNIQUE(free)(&the_heap, b + HEAD * AAU);
        list_blocks();
    }
    if (below(2)) (void)HMM_UNIQUE(alloc)(&the_heap, (aau)(BAUS - END));
    keep_as_sound();
}

/* An address that a link could say: a block, none, itself, somewhere inside, or outside. */
static void *some_address(unsigned char *b) {
    switch (below(8)) {
    case 0: return NULL;
    case 1: return b;
    case 2: return ground + below(BYTES);
    case 3: return ground - below(4096);
    case 4: return ground + BYTES - 1 - below(3 * sizeof(void *) + sizeof(bau));
    case 5: return ground + BYTES + below(4096);
    case 6: return the_heap.last_freed;
    default: return heads[below(block_count)];
    }
}

/* A free block more often than its share. */
static unsigned char *some_block(bool is_free) {
    unsigned char *b = heads[below(block_count)];
    for (size_t i = 0; i < 20 && is_used(b) == is_free; i++) b = heads[below(block_count)];
    return b;
}

static void overwrite(unsigned char *b) {
    unsigned char *at = b + below((size_t)HEAD * AAU + 3 * sizeof(void *));
    const int word = (int)below(2);
    switch (below(7)) {
    case 0: *at = (unsigned char)below(256); break;
    case 1: *at = (unsigned char)(*at ^ (1U << below(8))); break;
    case 2: set_word(b, word, (bau)below(BAUS + 10)); break;
    case 3: set_word(b, word, get_word(b, word) ^ top_bit()); break;
    case 4: the_heap.root = below(20) ? the_heap.root : some_address(b); break;
    default:
        if (!is_used(b)) set_link(b, (int)below(3), some_address(b));
    }
}

/* Balances that lean to where a child is, which no audit can tell from the right ones. */
static void scramble_balances(void) {
    for (size_t i = 0; i < block_count; i++) {
        unsigned char *b = heads[i];
        if (is_used(b) || b == the_heap.last_freed || get_link(b, SELF) == b) continue;
        if (get_link(b, LESSER) == NULL || get_link(b, GREATER) == NULL || below(2)) continue;
        const size_t lean = 1 + below(3);
        set_word(b, PREVIOUS, (bau)((get_word(b, PREVIOUS) & (bau)~top_bit()) | (lean & 1 ? top_bit() : 0)));
        set_word(b, SIZE, (bau)((get_word(b, SIZE) & (bau)~top_bit()) | (lean & 2 ? top_bit() : 0)));
    }
}

static void keep(void) {
    memcpy(ground_before, ground, BYTES);
    memcpy(&heap_before, &the_heap, sizeof the_heap);
}

static void operate(void) {
    unsigned char *b = some_block(false);
    const aau n = aaus(LEAST + below(70)), more = aaus(LEAST + below(below(4) ? 100 : BAUS));
    switch (below(8)) {
    case 0: (void)HMM_UNIQUE(alloc)(&the_heap, n); break;
    case 1: (void)HMM_UNIQUE(greedy_alloc)(&the_heap, n, more); break;
    case 2: (void)HMM_UNIQUE(resize)(&the_heap, b + HEAD * AAU, n); break;
    case 3: (void)HMM_UNIQUE(greedy_resize)(&the_heap, b + HEAD * AAU, n, more); break;
    case 4: (void)HMM_UNIQUE(largest_available)(&the_heap); break;
    case 5: HMM_UNIQUE(free)(&the_heap, some_address(b)); break;
    default: HMM_UNIQUE(free)(&the_heap, b + HEAD * AAU);
    }
    if (test_reason[0] != '\0' || !the_heap.may_shrink) return;
    keep();
    HMM_UNIQUE(shrink_chunk)(&the_heap, below(2) ? the_heap.num_baus_can_shrink : LEAST);
}

static void damage_and_operate(void) {
    begin_anew();
    if (below(4) == 0)
        scramble_balances();
    else
        for (size_t n = 1 + below(3); n > 0; n--) overwrite(some_block(below(5) != 0));
    keep();
    operate();
}

static void free_some(void) {
    unsigned char *b = some_block(false);
    if (is_used(b)) HMM_UNIQUE(free)(&the_heap, b + HEAD * AAU);
}

/* Runs an operation; returns what an audit found, or an empty text. */
static const char *found_by(void (*operation)(void)) {
    test_reason = "";
    if (setjmp(test_failed) == 0) operation();
    return test_reason;
}

static const char unbalanced[] = "the balances of the tree of free blocks are damaged";

static void random_damage(void) {
    size_t found = 0;
    random_state = number("HEAPMM_TEST_SEED", 1);
    for (uint64_t i = 0, last = 20000 * number("HEAPMM_TEST_STEPS", 1); i < last; i++) {
        if (i % 200 == 0) prepare();
        const char *reason = found_by(damage_and_operate);
        if (reason[0] == '\0' || strcmp(reason, unbalanced) == 0) continue;
        found++;
        EXPECT_EQ(memcmp(ground_before, ground, BYTES), 0);
        EXPECT_EQ(memcmp(&heap_before, &the_heap, sizeof the_heap), 0);
    }
    EXPECT(found > 3000);
}

/* ---- Wrong balances -------------------------------------------------------------------------------------------------------- */

/* Every second block is free, in a tree of many sizes. */
static void prepare_tree(void) {
    memset(ground, 0, BYTES);
    HMM_UNIQUE(init)(&the_heap);
    HMM_UNIQUE(new_chunk)(&the_heap, ground, BAUS);
    while (HMM_UNIQUE(alloc)(&the_heap, aaus(LEAST + below(100)))) continue;
    list_blocks();
    for (size_t i = 0; i + 1 < block_count; i += 2) HMM_UNIQUE(free)(&the_heap, heads[i] + HEAD * AAU);
    if (below(2)) (void)HMM_UNIQUE(alloc)(&the_heap, (aau)(BAUS - END));
    keep_as_sound();
}

/* Blocks in a part of the tree and in the lists behind its nodes. */
static size_t count_free(const unsigned char *top) {
    size_t n = 0;
    if (top == NULL) return 0;
    for (const unsigned char *b = top; b != NULL; b = get_link(b, NEXT)) n++;
    return n + count_free(get_link(top, LESSER)) + count_free(get_link(top, GREATER));
}

/* The same blocks are there, the same are free, and each of these is where it can be found. */
static void expect_same_blocks(void) {
    const bau mask = (bau)~top_bit();
    size_t free_blocks = 0;
    for (size_t i = 0; i < block_count; i++) {
        const unsigned char *then = ground_before + (heads[i] - ground);
        EXPECT_EQ(get_word(heads[i], PREVIOUS) & mask, get_word(then, PREVIOUS) & mask);
        EXPECT_EQ(get_word(heads[i], SIZE) & mask, get_word(then, SIZE) & mask);
        EXPECT_EQ(is_used(heads[i]), is_used(then));
        free_blocks += !is_used(heads[i]) && heads[i] != the_heap.last_freed;
    }
    EXPECT_PTR_EQ(the_heap.last_freed, heap_before.last_freed);
    EXPECT_EQ(the_heap.num_baus_can_shrink, heap_before.num_baus_can_shrink);
    EXPECT_EQ(count_free(the_heap.root), free_blocks);
}

/* Balances that lean to where a child is can make the second of two removals impossible, when the first is done: all that can then
 * be promised is that nothing is lost. */
static void wrong_balances(void) {
    size_t too_late = 0;
    random_state = number("HEAPMM_TEST_SEED", 1);
    for (uint64_t i = 0, last = 20000 * number("HEAPMM_TEST_STEPS", 1); i < last; i++) {
        if (i % 200 == 0) prepare_tree();
        begin_anew();
        scramble_balances();
        keep();
        if (strcmp(found_by(free_some), unbalanced) != 0) continue;
        too_late++;
        expect_same_blocks();
    }
    printf("%zu were too late\n", too_late);
    EXPECT(too_late > 0);
}

static const struct test tests[] = {TEST(random_damage), TEST(wrong_balances)};

int main(int argc, char **argv) {
    reserve();
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}

#include "heapmm_impl.h"
