/* pool_cost.c: that an allocation costs no more, however many blocks wait, and how much stack the functions need.
 *
 * SPDX-License-Identifier: MIT
 *
 * Pool and heap call the function below at each basic block that they enter: steps. The stack is measured by painting it; the bounds are
 * those of pool.h, for optimised builds on x86-64. */
#include <stdint.h>
#include <ucontext.h>

#include "pool_fixture.h"

enum { MEMORY = 1024 * 1024, MOST = 8000, STACK_BYTES = 64 * 1024 };

static _Alignas(4096) unsigned char memory[MEMORY];
static _Alignas(64) unsigned char stack[STACK_BYTES];
static fault_notes notes;
static hmm_pool *pool;
static void *blocks[MOST];
static unsigned long steps;

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void) {
    steps++;
}

static void make_waiting(size_t count) {
    pool = noting_pool(memory, sizeof memory, &notes);
    for (size_t i = 0; i < count; i++) blocks[i] = filled_block(pool, 20 + i * 7 % 60, 1);
    for (size_t i = 0; i < count; i += 2) EXPECT_EQ(hmm_pool_free_remote(pool, blocks[i]), HMM_OK); /* with gaps */
    for (size_t i = 1; i < count; i += 2) EXPECT_EQ(hmm_pool_free_remote(pool, blocks[i]), HMM_OK); /* which these close */
}

/* ---- Steps --------------------------------------------------------------------------------------------------------------- */

static unsigned long dearest_allocation(size_t waiting) {
    unsigned long most = 0;
    make_waiting(waiting);
    while (pool_stats_of(pool).remote_pending > 0) {
        steps = 0;
        void *p = hmm_pool_alloc(pool, 30);
        EXPECT(p != NULL);
        if (steps > most) most = steps;
    }
    hmm_pool_destroy(pool);
    return most;
}

static void an_allocation_has_a_bound(void) {
    const unsigned long few = dearest_allocation(200), many = dearest_allocation(MOST);
    printf("  the dearest allocation: %lu steps when 200 blocks wait, %lu when %d do\n", few, many, MOST);
    EXPECT(many < few + few / 2);
    make_waiting(MOST);
    steps = 0;
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), MOST);
    EXPECT(steps > 20 * many); /* what one allocation would cost if it drained them all */
    hmm_pool_destroy(pool);
}

static void a_push_costs_the_same_always(void) {
    make_waiting(MOST);
    unsigned long most = 0;
    for (size_t i = 0; i < 1000; i++) {
        void *p = hmm_pool_alloc(pool, 20);
        steps = 0;
        EXPECT_EQ(hmm_pool_free_remote(pool, p), HMM_OK);
        if (steps > most) most = steps;
    }
    printf("  a push: %lu steps\n", most);
    EXPECT(most < 120);
    hmm_pool_destroy(pool);
}

/* ---- Stack --------------------------------------------------------------------------------------------------------------- */

static void *freed;

static void nothing(void) {
}

static void push(void) {
    EXPECT_EQ(hmm_pool_free_remote(pool, freed), HMM_OK);
}

static void allocate(void) {
    freed = hmm_pool_alloc(pool, 20);
}

static void collect(void) {
    hmm_pool_collect(pool, 10);
}

static size_t stack_of(void (*function)(void)) {
    ucontext_t here, there;
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

static void the_stack_has_a_bound(void) {
    static const struct {
        const char *name;
        void (*function)(void);
        size_t most;
    } rows[] = {{"alloc", allocate, 2048}, {"free_remote", push, 256}, {"collect", collect, 2048}};
    make_waiting(MOST);
    for (size_t i = 0; i < 3; i++) rows[i].function(); /* the dynamic linker's first search is not what is to be measured */
    const size_t frame = stack_of(nothing);
    size_t deepest[3] = {0};
    for (int round = 0; round < 500; round++)
        for (size_t i = 0; i < 3; i++) {
            const size_t bytes = stack_of(rows[i].function) - frame;
            if (bytes > deepest[i]) deepest[i] = bytes;
        }
    for (size_t i = 0; i < 3; i++) {
        printf("  %-12s %5zu bytes of stack\n", rows[i].name, deepest[i]);
#if defined(__x86_64__) && defined(__OPTIMIZE__)
        EXPECT(deepest[i] <= rows[i].most);
#endif
    }
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(an_allocation_has_a_bound), TEST(a_push_costs_the_same_always),
                                        TEST(the_stack_has_a_bound)};
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
