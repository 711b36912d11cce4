/* pool_interrupt.c: an interrupt handler that frees blocks, at every place of the pool's code and its heap's.
 *
 * SPDX-License-Identifier: MIT
 *
 * Pool and heap call the function below at each basic block that they enter. At the chosen one an interrupt comes: the handler
 * pushes blocks, on the owner's own stack, whatever the owner is doing. One program runs again and again, interrupted one basic
 * block later each time, until the interrupt comes too late. Then everything must be home, and sound. With
 * HMM_CRITICAL_SECTIONS=1 interrupts wait while the pool keeps them away. */
#include <stdint.h>

#include "pool_fixture.h"

enum { KIB = 1024, MEMORY = 32 * KIB, WAITING = 40 };

static _Alignas(4096) unsigned char memory[MEMORY], more[MEMORY];
static fault_notes notes;
static hmm_pool *pool;
static void *of_the_handler[WAITING]; /* blocks that the handler will free */
static size_t pushed;

static unsigned long step, first_interrupt, interval; /* interrupts come at first_interrupt, and each `interval` steps after */
static bool in_handler, masked, pending, running;

static void handle_interrupt(void) {
    pending = false;
    if (pushed == WAITING) return;
    in_handler = true;
    EXPECT_EQ(hmm_pool_free_remote(pool, of_the_handler[pushed]), HMM_OK);
    pushed++;
    in_handler = false;
}

void __sanitizer_cov_trace_pc(void);

void __sanitizer_cov_trace_pc(void) {
    if (!running || in_handler) return;
    step++;
    if (step < first_interrupt || (step - first_interrupt) % interval != 0) return;
    pending = true;
    if (!masked) handle_interrupt();
}

unsigned interrupts_off(void);
void interrupts_as_before(unsigned state);

unsigned interrupts_off(void) {
    const bool before = masked;
    masked = true;
    return before;
}

void interrupts_as_before(unsigned state) {
    masked = state != 0;
    if (!masked && pending && !in_handler) handle_interrupt();
}

/* ---- The program --------------------------------------------------------------------------------------------------------- */

static void prepare(void) {
    pool = noting_pool(memory, sizeof memory, &notes);
    for (size_t i = 0; i < WAITING; i++) of_the_handler[i] = filled_block(pool, 40 + i % 3 * 100, 0xEE);
    pushed = 0;
}

/* Everything that an owner does, pushes of its own included. */
static void run_owner(void) {
    unsigned char *a = hmm_pool_alloc(pool, 100), *b = hmm_pool_alloc_zeroed(pool, 3, 100);
    unsigned char *c = hmm_pool_alloc_aligned(pool, 256, 50), *d = hmm_pool_alloc_greedy(pool, 10, 600, NULL);
    EXPECT(a != NULL && b != NULL && c != NULL && d != NULL);
    a = hmm_pool_realloc(pool, a, 1200);
    EXPECT(a != NULL);
    (void)hmm_pool_resize(pool, d, 100);
    EXPECT_EQ(hmm_pool_free_remote(pool, b), HMM_OK);
    EXPECT_EQ(hmm_pool_add_region(pool, more, sizeof more), HMM_OK);
    EXPECT_EQ(hmm_pool_free_remote(pool, c), HMM_OK);
    EXPECT(hmm_pool_check(pool, NULL) == HMM_OK && pool_stats_of(pool).remote_faults == 0);
    hmm_pool_collect(pool, 3);
    hmm_pool_free(pool, d);
    EXPECT(hmm_pool_alloc(pool, 4 * (size_t)MEMORY) == NULL); /* drains all */
    EXPECT_EQ(hmm_pool_abandon(pool), HMM_OK);
    EXPECT_EQ(hmm_pool_adopt(pool), HMM_OK);
    hmm_pool_free(pool, a);
    EXPECT_EQ(hmm_pool_remove_region(pool, more), HMM_OK);
}

static void expect_all_home(void) {
    hmm_pool_collect(pool, SIZE_MAX);
    EXPECT_POOL_SOUND(pool);
    const hmm_pool_statistics stats = pool_stats_of(pool);
    EXPECT_EQ(stats.remote_drained, pushed + 2);
    EXPECT_EQ(stats.heap.blocks_in_use, WAITING - pushed);
    EXPECT_EQ(notes.count, 0);
    hmm_pool_destroy(pool);
}

/* Returns whether the interrupt came. */
static bool interrupt_at(unsigned long first, unsigned long each) {
    prepare();
    step = 0;
    first_interrupt = first;
    interval = each;
    running = true;
    run_owner();
    running = false;
    const bool came = pushed > 0;
    expect_all_home();
    return came;
}

static void one_interrupt_anywhere(void) {
    unsigned long at = 1;
    while (interrupt_at(at, UINT32_MAX)) at++;
    printf("    %lu places\n", at - 1);
    EXPECT(at > 500);
}

static void interrupts_at_any_distance(void) {
    for (unsigned long each = 1; each < 300; each += 4)
        for (unsigned long first = 1; first <= 3; first++) EXPECT(interrupt_at(first, each));
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(one_interrupt_anywhere), TEST(interrupts_at_any_distance)};
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
