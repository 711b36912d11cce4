/* damage_test.c: random damage to a busy heap, and what the operations after it do.
 *
 * SPDX-License-Identifier: MIT
 *
 * Wherever a word of a block is overwritten, and whatever with, no operation may touch memory outside the regions (guard pages stand
 * around them), no operation may report more than one fault, and one that reports a fault must leave every byte of the regions
 * as it was.
 *
 *     HEAPMM_TEST_SEED=n      seed of the first heap, else 1
 *     HEAPMM_TEST_STEPS=n     n times as many heaps */
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

enum { FIRST_BYTES = 32 * 1024, SECOND_BYTES = 8 * 1024, SLOTS = 300 };

/* Two regions with guard pages in front, between and behind. */
typedef struct ground {
    unsigned char *first;
    unsigned char *second;
} ground;

typedef struct subject {
    hmm_heap *heap;
    void *slots[SLOTS];
    size_t largest; /* request */
    fault_notes notes;
} subject;

static uint64_t random_state;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t random_below(size_t limit) {
    return (size_t)(next_random() % limit);
}

static ground make_ground(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t bytes = FIRST_BYTES + SECOND_BYTES + 3 * page;
    unsigned char *memory = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(memory != MAP_FAILED);
    const ground g = {memory + page, memory + page + FIRST_BYTES + page};
    EXPECT_EQ(mprotect(g.first, FIRST_BYTES, PROT_READ | PROT_WRITE), 0);
    EXPECT_EQ(mprotect(g.second, SECOND_BYTES, PROT_READ | PROT_WRITE), 0);
    return g;
}

/* One random operation. A slot is emptied only by a free that reported nothing. */
static void step(subject *s) {
    void **slot = &s->slots[random_below(SLOTS)];
    const size_t faults = s->notes.count;
    const size_t size = random_below(s->largest);
    switch (random_below(6)) {
    case 0: {
        void *aligned = hmm_heap_alloc_aligned(s->heap, (size_t)32 << random_below(5), size);
        if (*slot == NULL) *slot = aligned;
        break;
    }
    case 1:
        if (*slot != NULL) (void)hmm_heap_resize(s->heap, *slot, size);
        break;
    case 2: {
        void *moved = hmm_heap_realloc(s->heap, *slot, size);
        if (moved != NULL) *slot = moved;
        break;
    }
    default:
        if (*slot == NULL) {
            *slot = hmm_heap_alloc(s->heap, size);
        } else {
            hmm_heap_free(s->heap, *slot);
            if (s->notes.count == faults) *slot = NULL;
        }
    }
}

static void make_busy_heap(subject *s, const ground *g, uint64_t seed) {
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
    memset(s->slots, 0, sizeof s->slots);
    s->largest = seed % 3 == 0 ? 3000 : 200;
    s->heap = noting_heap(g->first, FIRST_BYTES, &s->notes);
    EXPECT_EQ(hmm_heap_add_region(s->heap, g->second, SECOND_BYTES), HMM_OK);
    for (int i = 0; i < 600; i++) step(s);
    EXPECT_EQ(s->notes.count, 0);
    EXPECT_SOUND(s->heap);
}

/* A word of a random block: mostly one of metadata, where the heap keeps them. */
static unsigned char *random_word(const subject *s) {
    const picture *p = picture_of(s->heap);
    const hmm_block *block = &p->blocks[random_below(p->count)];
    unsigned char *payload = (unsigned char *)(uintptr_t)block->memory;
    switch (random_below(4)) {
    case 0: return payload - WORD;                                                 /* header */
    case 1: return payload + block->bytes - 2 * WORD;                              /* footer or canary */
    case 2: return payload + random_below(block->bytes < 6 * WORD ? 2 : 5) * WORD; /* links and balance */
    default: return payload + random_below(block->bytes / WORD - 1) * WORD;
    }
}

static void damage(const subject *s) {
    unsigned char *word = random_word(s);
    switch (random_below(4)) {
    case 0: raw_set_word(word, raw_word(word) ^ (uint32_t)1 << random_below(32)); break;
    case 1: raw_set_word(word, (uint32_t)next_random()); break;
    case 2: raw_set_word(word, (uint32_t)random_below(4096)); break;
    default: raw_set_word(word, 0);
    }
}

static void expect_unchanged(const subject *s, const ground *g, const unsigned char *before, uint64_t seed, int i) {
    const size_t first = raw_difference(g->first, before, FIRST_BYTES);
    const size_t second = raw_difference(g->second, before + FIRST_BYTES, SECOND_BYTES);
    if (first == FIRST_BYTES && second == SECOND_BYTES) return;
    fprintf(stderr, "seed %llu, operation %d: %s was reported, but byte %zu of region %d has changed\n", (unsigned long long)seed,
            i, hmm_result_name((int)s->notes.last.code), first < FIRST_BYTES ? first : second, first == FIRST_BYTES);
    exit(EXIT_FAILURE);
}

static size_t run_damaged_heap(subject *s, const ground *g, uint64_t seed) {
    static unsigned char before[FIRST_BYTES + SECOND_BYTES];
    size_t reported = 0;
    make_busy_heap(s, g, seed);
    damage(s);
    for (int i = 0; i < 100; i++) {
        raw_copy(before, g->first, FIRST_BYTES);
        raw_copy(before + FIRST_BYTES, g->second, SECOND_BYTES);
        s->notes.count = 0;
        step(s);
        if (s->notes.count == 0) continue;
        EXPECT_EQ(s->notes.count, 1);
        expect_unchanged(s, g, before, seed, i);
        reported++;
    }
    hmm_heap_destroy(s->heap);
    return reported;
}

static uint64_t number_from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 0);
}

static void a_fault_changes_nothing(void) {
    static subject s;
    const ground g = make_ground();
    const uint64_t first = number_from_environment("HEAPMM_TEST_SEED", 1);
    const uint64_t heaps = number_from_environment("HEAPMM_TEST_STEPS", 1) * (HMM_VALGRIND ? 10 : HMM_TESTS_ASAN ? 300 : 1000);
    size_t reported = 0;
    printf("  %llu heaps, seeds from %llu\n", (unsigned long long)heaps, (unsigned long long)first);
    for (uint64_t seed = first; seed < first + heaps; seed++) reported += run_damaged_heap(&s, &g, seed);
    printf("  %zu faults reported\n", reported);
    EXPECT(reported > 0);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(a_fault_changes_nothing)};
    if (HMM_AUDIT_LEVEL < 1) return EXIT_SUCCESS; /* without audits, damage is undefined behaviour */
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
