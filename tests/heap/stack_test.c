/* stack_test.c: how much stack each function needs, measured: a run on a stack that was painted, less that of an empty function.
 *
 * SPDX-License-Identifier: MIT
 *
 * The heap is busy, has two regions and its free blocks in one tree, so that the longest paths through the code are met; each
 * function runs many times, with varying arguments. The bounds are those of heap.h, for optimised builds on x86-64; elsewhere the
 * figures are printed only. */
#include <ucontext.h>

#include "fixture.h"

/* Bytes; at level 2 any call may check the whole heap. */
enum { SELDOM = WORD > 4 ? 3584 : 2048, OFTEN = HMM_AUDIT_LEVEL >= 2 || WORD > 4 ? SELDOM : 1280 };

enum { STACK_BYTES = 256 * 1024, FIRST_BYTES = 64 * 1024, SECOND_BYTES = 16 * 1024, SLOTS = 400, ROUNDS = 300 };

static _Alignas(4096) unsigned char first[FIRST_BYTES], second[SECOND_BYTES], image[FIRST_BYTES];
static _Alignas(64) unsigned char stack[STACK_BYTES];
static ucontext_t here, there;
static hmm_heap *heap;
static void *slots[SLOTS];
static unsigned turn;

static size_t next_number(size_t limit) {
    turn = turn * 1664525u + 1013904223u;
    return (turn >> 8) % limit;
}

/* ---- What is measured ---------------------------------------------------------------------------------------------------- */

static void nothing(void) {
}

static void allocate(void) {
    void **slot = &slots[next_number(SLOTS)];
    if (*slot == NULL) *slot = hmm_heap_alloc(heap, next_number(600));
}

static void allocate_otherwise(void) {
    void **slot = &slots[next_number(SLOTS)];
    size_t got;
    if (*slot != NULL) return;
    switch (next_number(3)) {
    case 0: *slot = hmm_heap_alloc_zeroed(heap, next_number(30), 7); break;
    case 1: *slot = hmm_heap_alloc_aligned(heap, 64, next_number(300)); break;
    default: *slot = hmm_heap_alloc_greedy(heap, next_number(50), next_number(500), &got); break;
    }
}

static void free_one(void) {
    void **slot = &slots[next_number(SLOTS)];
    hmm_heap_free(heap, *slot);
    *slot = NULL;
}

static void reallocate(void) {
    void **slot = &slots[next_number(SLOTS)];
    void *moved = hmm_heap_realloc(heap, *slot, next_number(600));
    if (moved != NULL) *slot = moved;
}

static void change_regions(void) {
    const size_t given = hmm_heap_shrink_region(heap, second, next_number(3000));
    EXPECT_EQ(hmm_heap_extend_region(heap, second, given), HMM_OK);
    (void)hmm_heap_remove_region(heap, second);
    if (!hmm_heap_contains(heap, second + 256)) EXPECT_EQ(hmm_heap_add_region(heap, second, SECOND_BYTES), HMM_OK);
}

static void make_another(void) {
    hmm_heap *another = hmm_heap_create(image, sizeof image, NULL);
    EXPECT(another != NULL);
    EXPECT_PTR_EQ(hmm_heap_attach(&(hmm_span){image, sizeof image}, 1, NULL, NULL), another);
    hmm_heap_destroy(another);
}

static bool visit(void *context, const hmm_block *block) {
    (void)context, (void)block;
    return true;
}

static void inspect(void) {
    hmm_heap_statistics stats;
    hmm_heap_stats(heap, &stats);
    EXPECT_EQ(hmm_heap_walk(heap, visit, NULL), HMM_OK);
    EXPECT_EQ(hmm_heap_check(heap, NULL), HMM_OK);
}

/* ---- Measuring ----------------------------------------------------------------------------------------------------------- */

static size_t stack_of(void (*function)(void)) {
    memset(stack, 0xA5, sizeof stack);
    EXPECT_EQ(getcontext(&there), 0);
    there.uc_stack.ss_sp = stack;
    there.uc_stack.ss_size = sizeof stack;
    there.uc_link = &here;
    makecontext(&there, function, 0);
    EXPECT_EQ(swapcontext(&here, &there), 0);
    size_t untouched = 0;
    while (untouched < sizeof stack && stack[untouched] == 0xA5) untouched++;
    return sizeof stack - untouched;
}

static void every_function_keeps_its_bound(void) {
    static const struct {
        const char *name;
        void (*function)(void);
        size_t most;
    } rows[] = {{"alloc", allocate, OFTEN},
                {"alloc_zeroed, alloc_aligned, alloc_greedy", allocate_otherwise, SELDOM},
                {"free", free_one, OFTEN},
                {"realloc", reallocate, SELDOM},
                {"add, extend, shrink, remove region", change_regions, SELDOM},
                {"create, attach, destroy", make_another, SELDOM},
                {"stats, walk, check", inspect, SELDOM}};
    hmm_heap_options options = HMM_HEAP_OPTIONS;
    options.capacity = 1;
    heap = hmm_heap_create(first, sizeof first, &options);
    EXPECT(heap != NULL);
    EXPECT_EQ(hmm_heap_add_region(heap, second, sizeof second), HMM_OK);
    /* The dynamic linker's first search for memcpy is not what is to be measured. */
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) rows[i].function();
    const size_t frame = stack_of(nothing);
    size_t deepest[sizeof rows / sizeof rows[0]] = {0};
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            const size_t bytes = stack_of(rows[i].function) - frame;
            if (bytes > deepest[i]) deepest[i] = bytes;
        }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        printf("  %-44s %5zu bytes\n", rows[i].name, deepest[i]);
#if defined(__x86_64__) && defined(__OPTIMIZE__)
        EXPECT(deepest[i] <= rows[i].most);
#endif
    }
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(every_function_keeps_its_bound)};
    if (HMM_TESTS_ASAN || HMM_VALGRIND) return EXIT_SUCCESS; /* they have stacks of their own making */
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
