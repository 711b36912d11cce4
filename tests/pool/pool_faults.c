/* pool_faults.c: each misuse of a pool, where it is seen, and what is left afterwards.
 *
 * SPDX-License-Identifier: MIT
 *
 *     pool_faults            each case in a process of its own
 *     pool_faults CASE...    these, in this process */
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pool_fixture.h"

enum { KIB = 1024, MEMORY = 64 * KIB, ROW = 8, SIZE = 100 };

static _Alignas(4096) unsigned char memory[MEMORY], other_memory[MEMORY];
static fault_notes notes;
static hmm_pool *pool;
static unsigned char *row[ROW]; /* allocated blocks, each directly behind the one before */

static void make_pool(void) {
    pool = noting_pool(memory, sizeof memory, &notes);
    for (size_t i = 0; i < ROW; i++) row[i] = filled_block(pool, SIZE, (unsigned char)(0xA0 + i));
}

static hmm_pool *another_pool(uint64_t secret) {
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = note_fault;
    options.context = &notes;
    options.secret = secret;
    hmm_pool *other = hmm_pool_create(other_memory, sizeof other_memory, &options);
    EXPECT(other != NULL);
    return other;
}

static void push(void *p) {
    EXPECT_EQ(hmm_pool_free_remote(pool, p), HMM_OK);
}

/* That draining brings so many blocks home and finds so many bad ones. */
static void expect_drained(const char *file, int line, size_t home, size_t bad) {
    const hmm_pool_statistics before = pool_stats_of(pool);
    const size_t count = hmm_pool_collect(pool, SIZE_MAX);
    const hmm_pool_statistics after = pool_stats_of(pool);
    if (count == home && after.remote_drained - before.remote_drained == home &&
        after.remote_faults - before.remote_faults == bad && after.remote_pending == 0)
        return;
    fprintf(stderr, "%s:%d: %zu came home and %zu were bad, expected %zu and %zu; %zu wait\n", file, line, count,
            after.remote_faults - before.remote_faults, home, bad, after.remote_pending);
    exit(EXIT_FAILURE);
}

#define EXPECT_DRAINED(home, bad) expect_drained(__FILE__, __LINE__, home, bad)

/* That the pool, in which no free block was overwritten, is as good as new. */
static void end(void) {
    EXPECT_EQ(notes.count, 0);
    EXPECT_POOL_SOUND(pool);
    void *p = hmm_pool_alloc(pool, 3000);
    EXPECT(p != NULL);
    push(p);
    EXPECT_DRAINED(1, 0);
    EXPECT_POOL_SOUND(pool);
    hmm_pool_destroy(pool);
}

static bool holds(const unsigned char *p, unsigned char value, size_t from, size_t to) {
    for (size_t i = from; i < to; i++)
        if (p[i] != value) return false;
    return true;
}

/* ---- Freed twice --------------------------------------------------------------------------------------------------------- */

static void freed_twice_while_it_waits(void) {
    make_pool();
    push(row[0]);
    push(row[1]);
    push(row[2]);
    for (size_t i = 0; i < 3; i++) {
        EXPECT_EQ(hmm_pool_free_remote(pool, row[i]), HMM_FAULT_NOT_ALLOCATED);
        EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[i]);
    }
    EXPECT_POOL_SOUND(pool);
    EXPECT_DRAINED(3, 0);
    end();
}

static void freed_twice_while_it_waits_in_a_chain_half_drained(void) {
    make_pool();
    for (size_t i = 0; i < ROW; i++) push(row[i]);
    EXPECT_EQ(hmm_pool_collect(pool, 2), 2);
    EXPECT_EQ(hmm_pool_free_remote(pool, row[0]), HMM_FAULT_NOT_ALLOCATED);
    EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[0]);
    EXPECT_DRAINED(ROW - 2, 0);
    end();
}

/* Blocks beside row[1] stay allocated, so that it is a free block by itself, whose place in the index the second push damages.
 * Other sizes are not affected. */
static void freed_twice_with_a_drain_between(void) {
    make_pool();
    unsigned char *p = filled_block(pool, 3 * SIZE, 1), *q = filled_block(pool, 5 * SIZE, 2);
    EXPECT(hmm_pool_alloc(pool, 0) != NULL);
    push(row[1]);
    EXPECT_DRAINED(1, 0);
    push(p);
    push(row[1]);
    EXPECT_EQ(hmm_pool_collect(pool, 1), 0);
    EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[1]);
    push(q);
    EXPECT_DRAINED(2, 0);
    hmm_fault fault;
    EXPECT(hmm_pool_check(pool, &fault) != HMM_OK);
    EXPECT(hmm_pool_alloc(pool, SIZE) == NULL); /* meets the damage */
    EXPECT(notes.count == 1 && notes.last.code == HMM_FAULT_LINK);
    notes.count = 0;
    EXPECT(hmm_pool_alloc(pool, 8 * SIZE) != NULL);
}

static void freed_twice_with_a_drain_between_and_merged(void) {
    make_pool();
    push(row[1]);
    push(row[2]);
    EXPECT_DRAINED(2, 0);
    push(row[2]);
    push(row[4]);
    EXPECT_DRAINED(1, 1);
    EXPECT_FAULT(&notes, HMM_FAULT_HEADER, row[2]);
    if (HMM_AUDIT_LEVEL < 2) end(); /* level 2 sees that a free payload was written to */
}

static void freed_by_the_owner_then_remotely(void) {
    make_pool();
    hmm_pool_free(pool, row[1]);
    push(row[1]);
    EXPECT_DRAINED(0, 1);
    EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[1]);
}

static void freed_remotely_then_used_by_the_owner(void) {
    make_pool();
    push(row[3]);
    push(row[4]);
    for (size_t i = 3; i < 5; i++) {
        size_t got = 1;
        hmm_pool_free(pool, row[i]);
        EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[i]);
        EXPECT_EQ(hmm_pool_resize(pool, row[i], 10), HMM_FAULT_NOT_ALLOCATED);
        EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[i]);
        EXPECT_EQ(hmm_pool_resize_greedy(pool, row[i], 10, 20, &got), HMM_FAULT_NOT_ALLOCATED);
        EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[i]);
        EXPECT_EQ(got, 0);
        EXPECT(hmm_pool_realloc(pool, row[i], 1000) == NULL);
        EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[i]);
        EXPECT(hmm_pool_realloc_aligned(pool, row[i], 64, 1000) == NULL);
        EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[i]);
        EXPECT_EQ(hmm_pool_usable_size(pool, row[i]), 0);
        EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[i]);
    }
    EXPECT_DRAINED(2, 0);
    end();
}

static void freed_by_the_owner_twice(void) {
    make_pool();
    hmm_pool_free(pool, row[3]);
    hmm_pool_free(pool, row[3]);
    EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[3]);
    end();
}

/* A fault handler that pushes the block which the owner is about to move. */
static void push_the_moving(void *context, const hmm_fault *fault) {
    note_fault(context, fault);
    if (notes.count == 1) push(row[4]);
}

static void freed_remotely_while_the_owner_reallocates_it(void) {
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = push_the_moving;
    options.context = &notes;
    pool = hmm_pool_create(memory, sizeof memory, &options);
    for (size_t i = 0; i < ROW; i++) row[i] = filled_block(pool, SIZE, 0xA0);
    push(row[1]);
    push(row[1] + GRANULE); /* the drain before the reallocation reports this */
    EXPECT(hmm_pool_realloc(pool, row[4], MEMORY) == NULL);
    EXPECT_EQ(notes.count, 2);
    EXPECT_EQ(notes.last.code, HMM_FAULT_NOT_ALLOCATED);
    EXPECT_PTR_EQ(notes.last.address, row[4]);
    notes.count = 0;
    EXPECT(hmm_pool_usable_size(pool, row[4]) >= SIZE && holds(row[4], 0xA0, HMM_POOL_NODE_BYTES, SIZE));
    hmm_pool_free(pool, row[4]);
    notes.count = 1; /* so that the handler pushes no more */
    EXPECT_POOL_SOUND(pool);
}

/* ---- No block of this pool ----------------------------------------------------------------------------------------------- */

static void freed_into_another_pool(void) {
    make_pool();
    hmm_pool *other = another_pool(0);
    unsigned char *p = filled_block(other, SIZE, 0xBB), *q = filled_block(other, SIZE, 0xBC);
    push(row[0]);
    push(p);
    push(row[1]);
    push(q);
    push(row[2]);
    EXPECT_POOL_CHECK(pool, HMM_FAULT_OUTSIDE, q);
    EXPECT_EQ(pool_stats_of(pool).remote_pending, 5);
    EXPECT_EQ(hmm_pool_collect(pool, 3), 2);
    EXPECT_FAULT(&notes, HMM_FAULT_OUTSIDE, q);
    EXPECT_DRAINED(1, 1);
    EXPECT_FAULT(&notes, HMM_FAULT_OUTSIDE, p);
    EXPECT(holds(p, 0xBB, HMM_POOL_NODE_BYTES, SIZE) && holds(q, 0xBC, HMM_POOL_NODE_BYTES, SIZE));
    hmm_pool_free(other, p);
    EXPECT_EQ(hmm_pool_free_remote(other, q), HMM_OK);
    EXPECT_EQ(hmm_pool_collect(other, SIZE_MAX), 1);
    EXPECT_POOL_SOUND(other);
    end();
}

static void waiting_in_one_pool_and_freed_into_another(void) {
    make_pool();
    hmm_pool *other = another_pool(0);
    push(row[0]);
    EXPECT_EQ(hmm_pool_free_remote(other, row[0]), HMM_FAULT_NOT_ALLOCATED);
    EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[0]);
    EXPECT_DRAINED(1, 0);
    end();
}

static void waiting_in_one_pool_and_freed_into_another_of_another_secret(void) {
    make_pool();
    hmm_pool *other = another_pool(1);
    push(row[0]);
    push(row[1]);
    push(row[2]);
    EXPECT_EQ(hmm_pool_free_remote(other, row[1]), HMM_OK);
    EXPECT_EQ(hmm_pool_collect(other, SIZE_MAX), 0);
    EXPECT_FAULT(&notes, HMM_FAULT_OUTSIDE, row[1]);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 1);
    EXPECT_FAULT(&notes, HMM_FAULT_WRITE_AFTER_FREE, row[1]);
    end();
}

static void freed_far_away(void) {
    make_pool();
    if (sizeof(void *) < 8) return; /* everything is in reach */
    void *far = (void *)((uintptr_t)memory ^ (uintptr_t)0x100000000000);
    EXPECT_EQ(hmm_pool_free_remote(pool, far), HMM_FAULT_OUTSIDE);
    EXPECT_FAULT(&notes, HMM_FAULT_OUTSIDE, far);
    end();
}

static void freed_from_the_stack_or_static(void) {
    static _Alignas(64) unsigned char of_the_program[64];
    _Alignas(64) unsigned char on_the_stack[64];
    make_pool();
    push(row[0]);
    push(of_the_program);
    const bool in_reach = hmm_pool_free_remote(pool, on_the_stack) == HMM_OK; /* else that was seen at the push */
    if (!in_reach) EXPECT_FAULT(&notes, HMM_FAULT_OUTSIDE, on_the_stack);
    push(row[1]);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 2);
    EXPECT_EQ(notes.count, in_reach ? 2 : 1);
    EXPECT_EQ(notes.last.code, HMM_FAULT_OUTSIDE);
    EXPECT_PTR_EQ(notes.last.address, of_the_program);
    notes.count = 0;
    end();
}

static void a_pointer_into_a_block(void) {
    make_pool();
    push(row[0]);
    push(row[1] + GRANULE);
    push(row[2]);
    EXPECT_DRAINED(2, 1);
    EXPECT_FAULT(&notes, HMM_FAULT_HEADER, row[1] + GRANULE);
    EXPECT(holds(row[1], 0xA1, 0, GRANULE) && holds(row[1], 0xA1, GRANULE + HMM_POOL_NODE_BYTES, SIZE));
    end();
}

static void a_pointer_that_is_misaligned(void) {
    make_pool();
    for (size_t by = 1; by < GRANULE; by++) {
        EXPECT_EQ(hmm_pool_free_remote(pool, row[1] + by), HMM_FAULT_MISALIGNED);
        EXPECT_FAULT(&notes, HMM_FAULT_MISALIGNED, row[1] + by);
        hmm_pool_free(pool, row[1] + by);
        EXPECT_FAULT(&notes, HMM_FAULT_MISALIGNED, row[1] + by);
    }
    EXPECT(holds(row[1], 0xA1, 0, SIZE));
    end();
}

static void pointers_of_the_owner_that_are_no_block(void) {
    make_pool();
    hmm_pool_free(pool, other_memory);
    EXPECT_FAULT(&notes, HMM_FAULT_OUTSIDE, other_memory);
    hmm_pool_free(pool, pool);
    EXPECT_FAULT(&notes, HMM_FAULT_OUTSIDE, pool);
    hmm_pool_free(pool, row[1] + GRANULE);
    EXPECT_FAULT(&notes, HMM_FAULT_HEADER, row[1] + GRANULE);
    EXPECT_EQ(hmm_pool_resize(pool, NULL, 1) >= HMM_FAULT_HEADER, true);
    notes.count = 0;
    end();
}

/* The last granules of a region, where no block can start: they are looked at without reading past the end. */
static void the_end_of_a_region(void) {
    make_pool();
    EXPECT_EQ(hmm_pool_add_region(pool, other_memory, KIB), HMM_OK);
    for (size_t i = 0; i < 4; i++) {
        unsigned char *p = other_memory + KIB - i * GRANULE;
        hmm_pool_free(pool, p);
        EXPECT_EQ(notes.count, 1);
        notes.count = 0;
    }
    end();
}

/* ---- Overwritten --------------------------------------------------------------------------------------------------------- */

/* The blocks that were pushed later come home, it and the others are lost; all that is not lost stays usable. */
static void expect_lost(unsigned char *victim) {
    EXPECT_POOL_CHECK(pool, HMM_FAULT_WRITE_AFTER_FREE, victim);
    EXPECT_EQ(pool_stats_of(pool).remote_pending, 2);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 2);
    EXPECT_FAULT(&notes, HMM_FAULT_WRITE_AFTER_FREE, victim);
    EXPECT_EQ(pool_stats_of(pool).remote_pending, 0);
    end();
}

static void push_five(void) {
    make_pool();
    for (size_t i = 0; i < 5; i++) push(row[i]);
}

static void any_bit_of_a_waiting_block_is_flipped(void) {
    for (size_t bit = 0; bit < 8 * HMM_POOL_NODE_BYTES; bit++) {
        push_five();
        raw_flip(row[2] + bit / 8, 1u << bit % 8);
        expect_lost(row[2]);
    }
}

static void a_waiting_block_is_overwritten(void) {
    uint32_t random = 1;
    for (size_t i = 0; i < 2000; i++) {
        push_five();
        for (size_t at = 0; at < HMM_POOL_NODE_BYTES; at++) {
            random = random * 1664525u + 1013904223u;
            raw_fill(row[2] + at, i < 256 ? (unsigned char)i : (unsigned char)(random >> 24), 1);
        }
        expect_lost(row[2]);
    }
}

static void the_link_of_a_waiting_block_is_that_of_another(void) {
    push_five();
    raw_copy(row[2] + HMM_POOL_NODE_BYTES - 4, row[4] + HMM_POOL_NODE_BYTES - 4, 4);
    expect_lost(row[2]);
}

static void a_waiting_block_is_a_copy_of_another(void) {
    push_five();
    raw_copy(row[2], row[1], HMM_POOL_NODE_BYTES);
    expect_lost(row[2]);
}

static void the_header_of_a_waiting_block_is_overwritten(void) {
    make_pool();
    for (size_t i = 0; i < ROW; i += 2) push(row[i]);
    raw_flip(row[4] - WORD, 1);
    EXPECT_DRAINED(ROW / 2 - 1, 1);
    EXPECT_FAULT(&notes, HMM_FAULT_HEADER, row[4]);
}

/* A block that was written to while it waited, and pushed again, closes a circle. */
static void the_queue_is_a_circle(void) {
    push_five();
    raw_fill(row[2], 0, HMM_POOL_NODE_BYTES);
    push(row[2]);
    hmm_fault fault;
    EXPECT_EQ(hmm_pool_check(pool, &fault), HMM_FAULT_LINK);
    EXPECT(pool_stats_of(pool).remote_pending >= MEMORY / GRANULE - 64);
    EXPECT_EQ(hmm_pool_collect(pool, SIZE_MAX), 3); /* rows 2, 4, 3; then row 2 again, which bears no mark any more */
    EXPECT_FAULT(&notes, HMM_FAULT_WRITE_AFTER_FREE, row[2]);
    EXPECT_EQ(pool_stats_of(pool).remote_pending, 0);
    end();
}

static void the_pool_is_overwritten(void) {
    for (size_t at = 0; at < 4; at++) {
        make_pool();
        ((unsigned char *)pool)[at] ^= 1;
        hmm_fault fault;
        EXPECT_EQ(hmm_pool_check(pool, &fault), HMM_FAULT_CONTROL);
        ((unsigned char *)pool)[at] ^= 1;
        end();
    }
}

/* ---- Owners and handlers ------------------------------------------------------------------------------------------------- */

static bool no_visit(void *context, const hmm_block *block) {
    return context == block;
}

static void an_abandoned_pool_does_nothing(void) {
    make_pool();
    EXPECT_EQ(hmm_pool_abandon(pool), HMM_OK);
    int calls = 0;
#define EXPECT_NO_OWNER(call) (call, calls++, expect_fault(__FILE__, __LINE__, &notes, HMM_FAULT_OWNER, pool))
    hmm_fault fault;
    EXPECT_NO_OWNER(EXPECT(hmm_pool_alloc(pool, 1) == NULL));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_alloc_zeroed(pool, 1, 1) == NULL));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_alloc_aligned(pool, 64, 1) == NULL));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_alloc_greedy(pool, 1, 1, NULL) == NULL));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_resize(pool, row[0], 1) == HMM_FAULT_OWNER));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_resize_greedy(pool, row[0], 1, 1, NULL) == HMM_FAULT_OWNER));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_realloc(pool, row[0], 1) == NULL));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_realloc_aligned(pool, row[0], 64, 1) == NULL));
    EXPECT_NO_OWNER(hmm_pool_free(pool, row[0]));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_usable_size(pool, row[0]) == 0));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_largest_free(pool) == 0));
    EXPECT_NO_OWNER(EXPECT(!hmm_pool_contains(pool, row[0])));
    EXPECT_NO_OWNER(EXPECT(pool_stats_of(pool).heap.bytes_total == 0));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_walk(pool, no_visit, NULL) == HMM_FAULT_OWNER));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_collect(pool, 1) == 0));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_add_region(pool, other_memory, KIB) == HMM_FAULT_OWNER));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_extend_region(pool, memory, 1) == HMM_FAULT_OWNER));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_shrink_region(pool, memory, 1) == 0));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_remove_region(pool, other_memory) == HMM_FAULT_OWNER));
    EXPECT_NO_OWNER(EXPECT(hmm_pool_abandon(pool) == HMM_FAULT_OWNER));
    EXPECT_NO_OWNER(hmm_pool_destroy(pool));
    EXPECT_EQ(calls, 21);
    EXPECT_EQ(hmm_pool_check(pool, &fault), HMM_FAULT_OWNER);
    EXPECT_EQ(hmm_pool_adopt(pool), HMM_OK);
    end();
}

static jmp_buf jump;

static void jump_away(void *context, const hmm_fault *fault) {
    note_fault(context, fault);
    longjmp(jump, 1);
}

static void a_handler_that_jumps_away(void) {
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = jump_away;
    options.context = &notes;
    pool = hmm_pool_create(memory, sizeof memory, &options);
    for (size_t i = 0; i < ROW; i++) row[i] = filled_block(pool, SIZE, 0xA0);
    push(row[0]);
    push(row[1] + GRANULE);
    push(other_memory);
    push(row[2]);
    if (setjmp(jump) == 0) hmm_pool_collect(pool, SIZE_MAX);
    EXPECT_FAULT(&notes, HMM_FAULT_OUTSIDE, other_memory);
    if (setjmp(jump) == 0) hmm_pool_collect(pool, SIZE_MAX);
    EXPECT_FAULT(&notes, HMM_FAULT_HEADER, row[1] + GRANULE);
    EXPECT_DRAINED(1, 0);
    EXPECT_EQ(pool_stats_of(pool).remote_drained, 2);
    EXPECT_EQ(pool_stats_of(pool).remote_faults, 2);
    end();
}

/* That a call ends the process as the default handler does. */
#define EXPECT_ABORTS(call)                            \
    do {                                               \
        const pid_t child = fork();                    \
        if (child == 0) {                              \
            EXPECT(freopen("/dev/null", "w", stderr)); \
            call;                                      \
            _exit(EXIT_SUCCESS);                       \
        }                                              \
        int status;                                    \
        EXPECT_EQ(waitpid(child, &status, 0), child);  \
        EXPECT(WIFSIGNALED(status));                   \
        EXPECT_EQ(WTERMSIG(status), SIGABRT);          \
    } while (0)

static void a_pool_that_was_destroyed(void) {
    make_pool();
    hmm_pool_destroy(pool);
    EXPECT_ABORTS(hmm_pool_destroy(pool));
    EXPECT_ABORTS((void)!hmm_pool_alloc(pool, 1));
    EXPECT_ABORTS(hmm_pool_free_remote(pool, row[0]));
    EXPECT_ABORTS(hmm_pool_adopt(pool));
    EXPECT_EQ(hmm_pool_check(pool, NULL), HMM_FAULT_CONTROL);
    hmm_pool_destroy(NULL);
}

static void the_default_handler(void) {
    pool = hmm_pool_create(memory, sizeof memory, NULL);
    void *p = hmm_pool_alloc(pool, 1);
    push(p);
    EXPECT_ABORTS(hmm_pool_free_remote(pool, p));
    EXPECT_ABORTS(hmm_pool_free(pool, p));
    push(other_memory);
    EXPECT_ABORTS((void)!hmm_pool_alloc(pool, 1));
}

static void options_of_unknown_size(void) {
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.size--;
    options.on_fault = note_fault; /* cannot be trusted */
    EXPECT_ABORTS((void)!hmm_pool_create(memory, sizeof memory, &options));
}

static const struct test tests[] = {
    TEST(freed_twice_while_it_waits),
    TEST(freed_twice_while_it_waits_in_a_chain_half_drained),
    TEST(freed_twice_with_a_drain_between),
    TEST(freed_twice_with_a_drain_between_and_merged),
    TEST(freed_by_the_owner_then_remotely),
    TEST(freed_remotely_then_used_by_the_owner),
    TEST(freed_by_the_owner_twice),
    TEST(freed_remotely_while_the_owner_reallocates_it),
    TEST(freed_into_another_pool),
    TEST(waiting_in_one_pool_and_freed_into_another),
    TEST(waiting_in_one_pool_and_freed_into_another_of_another_secret),
    TEST(freed_far_away),
    TEST(freed_from_the_stack_or_static),
    TEST(a_pointer_into_a_block),
    TEST(a_pointer_that_is_misaligned),
    TEST(pointers_of_the_owner_that_are_no_block),
    TEST(the_end_of_a_region),
    TEST(any_bit_of_a_waiting_block_is_flipped),
    TEST(a_waiting_block_is_overwritten),
    TEST(the_link_of_a_waiting_block_is_that_of_another),
    TEST(a_waiting_block_is_a_copy_of_another),
    TEST(the_header_of_a_waiting_block_is_overwritten),
    TEST(the_queue_is_a_circle),
    TEST(the_pool_is_overwritten),
    TEST(an_abandoned_pool_does_nothing),
    TEST(a_handler_that_jumps_away),
    TEST(a_pool_that_was_destroyed),
    TEST(the_default_handler),
    TEST(options_of_unknown_size),
};

/* Whether a test passes in a process of its own. */
static bool passes_apart(const struct test *test) {
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        test->run();
        exit(EXIT_SUCCESS);
    }
    int status;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    const bool passed = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    printf("%s %s\n", passed ? "passed" : "FAILED", test->name);
    return passed;
}

int main(int argc, char **argv) {
    const size_t count = sizeof tests / sizeof tests[0];
    size_t failed = 0;
    if (HMM_AUDIT_LEVEL < 1) return EXIT_SUCCESS; /* without audits, misuse and damage are undefined behaviour */
    if (argc > 1) return run_tests(tests, count, argc, argv);
    for (size_t i = 0; i < count; i++) failed += !passes_apart(&tests[i]);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
