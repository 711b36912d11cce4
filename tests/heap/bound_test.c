/* bound_test.c: what an operation costs does not grow with the free blocks, but for the depth of a tree.
 *
 * SPDX-License-Identifier: MIT
 *
 * The cost is counted, not timed: the heap is compiled to call a function at each basic block that it enters (stepped_heap.c),
 * so that a loop costs at least one step a turn, on every machine and under every tool alike. Each test makes two heaps of one
 * shape, one with many more free blocks than the other, runs the same operations on both and compares the dearest run of each. */
#include "fixture.h"

enum {
    TINY = HMM_HEAP_LARGEST_BLOCK < 64 * 1024,
    ROUNDS = TINY ? 10 : 60,
    SIZES_LEAST = 8 /* granules: from here on a heap made for a capacity of 1 has one tree */
};

/* ---- Counting ------------------------------------------------------------------------------------------------------------ */

static size_t steps;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void) {
    steps++;
}

enum { ALLOC, ALLOC_FAILS, ALLOC_ALIGNED, ALLOC_GREEDY, RESIZE, REALLOC, FREE, LARGEST_FREE, CONTAINS, STATS, KINDS };

static const char *const kind_names[KINDS] = {"alloc", "alloc that fails", "alloc_aligned", "alloc_greedy", "resize", "realloc",
                                              "free",  "largest_free",     "contains",      "stats"};

typedef struct costs {
    size_t most[KINDS];
} costs;

static void count(costs *c, int kind) {
    if (steps > c->most[kind]) c->most[kind] = steps;
    steps = 0;
}

/* ---- Heaps --------------------------------------------------------------------------------------------------------------- */

typedef struct subject {
    hmm_heap *heap;
    unsigned char *memory;
    size_t holes;
    void **hole;    /* allocated, then freed: `holes` free blocks */
    void **between; /* what keeps them apart */
} subject;

static void *new_memory(size_t bytes) {
    void *memory = malloc(bytes);
    EXPECT(memory != NULL);
    return memory;
}

/* What is allocated beside a hole of that size, at the same end of the free space. */
static size_t size_between(size_t size) {
    return size < SPLIT_HIGH ? 0 : SPLIT_HIGH;
}

/* size(i): of the i-th hole. The holes are freed in that order. Nothing else is free but a rest at the end. */
static subject heap_of_holes(size_t holes, size_t capacity, size_t (*size)(size_t i)) {
    subject s = {.holes = holes};
    size_t bytes = TINY ? 4 * 1024 : 64 * 1024; /* control block, and a rest that stays free */
    for (size_t i = 0; i < holes; i++) bytes += block_bytes(size(i)) + block_bytes(size_between(size(i)));
    s.memory = new_memory(bytes);
    s.hole = new_memory(holes * sizeof *s.hole);
    s.between = new_memory(holes * sizeof *s.between);
    hmm_heap_options options = HMM_HEAP_OPTIONS; /* a fault aborts */
    options.capacity = capacity;
    s.heap = hmm_heap_create(s.memory, bytes, &options);
    EXPECT(s.heap != NULL);
    for (size_t i = 0; i < holes; i++) {
        s.hole[i] = hmm_heap_alloc(s.heap, size(i));
        s.between[i] = hmm_heap_alloc(s.heap, size_between(size(i)));
        EXPECT(s.hole[i] != NULL && s.between[i] != NULL);
    }
    for (size_t i = 0; i < holes; i++) hmm_heap_free(s.heap, s.hole[i]);
    EXPECT_SOUND(s.heap);
    EXPECT(stats_of(s.heap).blocks_free >= holes);
    return s;
}

static void end(subject *s) {
    EXPECT_SOUND(s->heap);
    hmm_heap_destroy(s->heap);
    free(s->between);
    free(s->hole);
    free(s->memory);
}

/* Every operation, on the i-th hole's surroundings. */
static void operate(subject *s, size_t i, size_t size, costs *c) {
    size_t got;
    steps = 0;
    unsigned char *p = hmm_heap_alloc(s->heap, size);
    count(c, ALLOC);
    EXPECT(p != NULL);
    EXPECT_EQ(hmm_heap_resize(s->heap, p, size / 2), HMM_OK);
    count(c, RESIZE);
    EXPECT_EQ(hmm_heap_resize(s->heap, p, size), HMM_OK);
    count(c, RESIZE);
    p = hmm_heap_realloc(s->heap, p, size + 2 * GRANULE);
    count(c, REALLOC);
    EXPECT(p != NULL);
    hmm_heap_free(s->heap, p);
    count(c, FREE);
    p = hmm_heap_alloc_aligned(s->heap, 2 * GRANULE, size);
    count(c, ALLOC_ALIGNED);
    hmm_heap_free(s->heap, p);
    count(c, FREE);
    p = hmm_heap_alloc_greedy(s->heap, size, size + GRANULE, &got);
    count(c, ALLOC_GREEDY);
    hmm_heap_free(s->heap, p);
    count(c, FREE);
    EXPECT_PTR_EQ(hmm_heap_alloc(s->heap, HMM_HEAP_LARGEST_BLOCK - OVERHEAD), NULL);
    count(c, ALLOC_FAILS);
    EXPECT(hmm_heap_largest_free(s->heap) >= size);
    count(c, LARGEST_FREE);
    EXPECT(hmm_heap_contains(s->heap, s->hole[i]));
    count(c, CONTAINS);
    hmm_heap_statistics stats;
    hmm_heap_stats(s->heap, &stats);
    if (HMM_STATS) count(c, STATS); /* without counters it is linear, and says so */
    steps = 0;
    hmm_heap_free(s->heap, s->between[i]); /* between two holes: the dearest of its kind */
    count(c, FREE);
}

/* At holes that are evenly spread, no two of them neighbours. */
static costs costs_of(subject *s, size_t (*size)(size_t i)) {
    costs c = {{0}};
    EXPECT(s->holes >= 2 * ROUNDS);
    for (size_t round = 0; round < ROUNDS; round++) {
        const size_t i = round * (s->holes / ROUNDS);
        operate(s, i, size(i), &c);
    }
    return c;
}

/* With many free blocks, no operation may take more than `percent` of the steps that it takes with few. */
static void compare(const costs *few, const costs *many, size_t percent) {
    printf("  %-22s %8s %8s   most steps with few and with many\n", "operation", "few", "many");
    for (int kind = 0; kind < KINDS; kind++)
        if (few->most[kind] != 0) printf("  %-22s %8zu %8zu\n", kind_names[kind], few->most[kind], many->most[kind]);
    fflush(stdout);
    for (int kind = 0; kind < KINDS; kind++) {
        if (many->most[kind] * 100 <= few->most[kind] * percent) continue;
        fprintf(stderr, "%s takes %zu steps instead of %zu: more than %zu %%, its time is not bounded\n", kind_names[kind],
                many->most[kind], few->most[kind], percent);
        exit(EXIT_FAILURE);
    }
}

static void compare_holes(size_t few, size_t many, size_t capacity, size_t (*size)(size_t i), size_t percent) {
    subject a = heap_of_holes(few, capacity, size), b = heap_of_holes(many, capacity, size);
    const costs with_few = costs_of(&a, size), with_many = costs_of(&b, size);
    compare(&with_few, &with_many, percent);
    end(&a);
    end(&b);
}

/* ---- Tests --------------------------------------------------------------------------------------------------------------- */

static size_t four_granules(size_t i) {
    (void)i;
    return 4 * (size_t)GRANULE - OVERHEAD;
}

static void many_blocks_in_a_list(void) {
    compare_holes(TINY ? 40 : 200, TINY ? 1200 : 20000, 1024 * 1024, four_granules, 150);
}

static size_t one_large_size(size_t i) {
    (void)i;
    return (size_t)SIZES_LEAST * 2 * GRANULE - OVERHEAD;
}

static void many_blocks_in_a_ring(void) {
    compare_holes(TINY ? 40 : 200, TINY ? 400 : 10000, 1, one_large_size, 150);
}

static size_t ascending(size_t i) {
    return (SIZES_LEAST + 2 + i) * GRANULE - OVERHEAD;
}

/* 8 times as many nodes: a balanced tree is at most 5 levels deeper, one that is not can be 8 times as deep. In a tiny
 * heap there is room for 5 times as many only, and 3 levels in a lower tree count for more. */
static void many_sizes_in_a_tree(void) {
    compare_holes(TINY ? 20 : 128, TINY ? 96 : 1024, 1, ascending, TINY ? 300 : 200);
}

enum { REGION = 1024 };

/* The dearest operations in the regions of a heap that has so many, added by ascending address. */
static costs costs_with_regions(size_t regions) {
    unsigned char *memory = new_memory((regions + 8) * REGION);
    costs c = {{0}};
    hmm_heap_options options = HMM_HEAP_OPTIONS;
    options.capacity = 64 * 1024;
    hmm_heap *heap = hmm_heap_create(memory, 8 * REGION, &options);
    EXPECT(heap != NULL);
    void **p = new_memory(regions * sizeof *p);
    for (size_t i = 0; i < regions; i++) {
        EXPECT_EQ(hmm_heap_add_region(heap, memory + (8 + i) * REGION, REGION), HMM_OK);
        while ((p[i] = hmm_heap_alloc(heap, 300)) < (void *)(memory + (8 + i) * REGION)) continue;
    }
    EXPECT_SOUND(heap);
    for (size_t i = 0; i < regions; i++) {
        steps = 0;
        EXPECT(hmm_heap_contains(heap, p[i]));
        count(&c, CONTAINS);
        EXPECT_EQ(hmm_heap_resize(heap, p[i], 200), HMM_OK);
        count(&c, RESIZE);
        hmm_heap_free(heap, p[i]);
        count(&c, FREE);
    }
    EXPECT_SOUND(heap);
    hmm_heap_destroy(heap);
    free(p);
    free(memory);
    return c;
}

/* 32 times as many: a tree is 7 levels deeper. Links of a tiny heap reach no further than 250 of them. */
static void many_regions(void) {
    const costs few = costs_with_regions(16), many = costs_with_regions(TINY ? 200 : 512);
    compare(&few, &many, 400);
}

/* ---- The straight path --------------------------------------------------------------------------------------------------- */

/* As README.md says of HMM_FAST, and heap.h of the tools. */
#if defined(__OPTIMIZE_SIZE__) || HMM_TESTS_ASAN || HMM_VALGRIND || (defined(HMM_FAST) && !HMM_FAST)
enum { STRAIGHT = 0 };
#else
enum { STRAIGHT = 1 };
#endif

enum { BEFORE = 1, AFTER = 2 };

/* With as many exact classes as there can be. */
static hmm_heap *heap_of_lists(void *memory, size_t bytes) {
    hmm_heap_options options = HMM_HEAP_OPTIONS;
    options.capacity = TINY ? 32 * 1024 : 64 * 1024 * 1024;
    hmm_heap *heap = hmm_heap_create(memory, bytes, &options);
    EXPECT(heap != NULL);
    return heap;
}

/* Of a block with free ones on these sides, at an even or an odd number of granules from the start of the heap. */
static size_t cost_of_free(int sides, bool odd) {
    unsigned char *memory = new_memory(8 * REGION);
    void *p[5];
    hmm_heap *heap = heap_of_lists(memory, 8 * REGION);
    EXPECT(!odd || hmm_heap_alloc(heap, 3 * (size_t)GRANULE - OVERHEAD) != NULL);
    for (size_t i = 0; i < 5; i++) {
        p[i] = hmm_heap_alloc(heap, four_granules(i));
        EXPECT(p[i] != NULL && (i == 0 || p[i] == (unsigned char *)p[i - 1] + 4 * (size_t)GRANULE));
    }
    if (sides & BEFORE) hmm_heap_free(heap, p[1]);
    if (sides & AFTER) hmm_heap_free(heap, p[3]);
    steps = 0;
    hmm_heap_free(heap, p[2]);
    const size_t cost = steps;
    EXPECT_SOUND(heap);
    hmm_heap_destroy(heap);
    free(memory);
    return cost;
}

/* Both kinds of alloc, for a hole of so many bytes that is the best fit. Returns the cost of the general one. */
static size_t compare_allocs(const char *what, size_t hole, size_t size) {
    unsigned char *memory = new_memory(64 * 1024);
    hmm_heap *heap = heap_of_lists(memory, TINY ? 16 * 1024 : 64 * 1024);
    void *p = hmm_heap_alloc(heap, hole), *between = hmm_heap_alloc(heap, size_between(hole));
    EXPECT(p != NULL && between != NULL);
    hmm_heap_free(heap, p);
    steps = 0;
    p = hmm_heap_alloc(heap, size);
    const size_t straight = steps;
    hmm_heap_free(heap, p);
    steps = 0;
    EXPECT_PTR_EQ(hmm_heap_alloc_aligned(heap, 1, size), p);
    const size_t general = steps;
    printf("  %-22s %8zu %8zu\n", what, straight, general);
    EXPECT(straight * 4 < general * 3);
    hmm_heap_destroy(heap);
    free(memory);
    return general;
}

/* The commonest calls are much shorter than the functions that know every case, which alloc_aligned always calls. No call of free
 * does, but on its straight path it is shorter than the least of a general alloc, even when it joins both neighbours. */
static void the_straight_path_is_taken(void) {
    if (!STRAIGHT) return;
    printf("  %-22s %8s %8s   steps\n", "operation", "straight", "general");
    const size_t general = compare_allocs("alloc a whole block", four_granules(0), four_granules(0));
    compare_allocs("alloc the low end", four_granules(0) + 4 * GRANULE, four_granules(0));
    if (!TINY) compare_allocs("alloc the high end", SPLIT_HIGH + 4 * GRANULE, SPLIT_HIGH);
    for (int sides = 0; sides <= (BEFORE | AFTER); sides++) {
        const size_t cost = cost_of_free(sides, false);
        printf("  free, sides %-10d %8zu\n", sides, cost);
        EXPECT(cost < general && cost_of_free(sides, true) < general);
    }
}

/* Without audits a tree of several sizes is on the straight path, too: failing there first would cost more than the general way. */
static void trees_are_straight_without_audits(void) {
    if (!STRAIGHT || TINY || HMM_AUDIT_LEVEL >= 1) return;
    unsigned char *memory = new_memory(64 * 1024);
    hmm_heap *heap = heap_of_lists(memory, 64 * 1024);
    const size_t hole = 520 * (size_t)GRANULE - OVERHEAD, larger = 524 * (size_t)GRANULE - OVERHEAD;
    void *p = hmm_heap_alloc(heap, hole), *between = hmm_heap_alloc(heap, SPLIT_HIGH), *q = hmm_heap_alloc(heap, larger);
    EXPECT(p != NULL && between != NULL && q != NULL && hmm_heap_alloc(heap, SPLIT_HIGH) != NULL);
    hmm_heap_free(heap, p);
    hmm_heap_free(heap, q);
    steps = 0;
    EXPECT_PTR_EQ(hmm_heap_alloc(heap, hole), p);
    const size_t straight = steps;
    hmm_heap_free(heap, p);
    steps = 0;
    EXPECT_PTR_EQ(hmm_heap_alloc_aligned(heap, 1, hole), p);
    printf("  %-22s %8zu %8zu\n", "alloc out of a tree", straight, steps);
    EXPECT(straight < steps);
    EXPECT_SOUND(heap);
    hmm_heap_destroy(heap);
    free(memory);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(many_blocks_in_a_list),      TEST(many_blocks_in_a_ring),
                                        TEST(many_sizes_in_a_tree),       TEST(many_regions),
                                        TEST(the_straight_path_is_taken), TEST(trees_are_straight_without_audits)};
    if (HMM_AUDIT_LEVEL >= 2) return EXIT_SUCCESS; /* linear in the bytes that it fills and verifies */
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
