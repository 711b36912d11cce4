/* pool_threads.c: many threads and their pools, under ThreadSanitizer and without.
 *
 * SPDX-License-Identifier: MIT
 *
 *     HEAPMM_POOL_OPERATIONS  how many blocks are allocated in all; default 200,000
 *     HEAPMM_TEST_SEED        of the choices that the threads make; printed. The scheduler makes others. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../expect.h"
#include "heapmm/pool.h"

enum { THREADS = 64, POOLS = THREADS, SLOTS = 512, MEMORY = 256 * 1024, SHIFT = 300, LARGEST = 700 };

static uint64_t number_from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 10);
}

static uint32_t random_below(uint64_t *random, uint32_t bound) {
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((*random >> 33) % bound);
}

/* ---- Blocks that know where they belong ---------------------------------------------------------------------------------- */

struct block {
    uint32_t pool, size;
    uint64_t seed;
    unsigned char bytes[];
};

static unsigned char byte_of(uint64_t seed, size_t i) {
    return (unsigned char)(seed + i * 37);
}

static void fill_block(struct block *b, uint32_t pool, uint32_t size, uint64_t seed) {
    *b = (struct block){.pool = pool, .size = size, .seed = seed};
    for (size_t i = 0; i < size - sizeof *b; i++) b->bytes[i] = byte_of(seed, i);
}

static void expect_whole(const struct block *b) {
    EXPECT(b->pool < POOLS && b->size >= sizeof *b);
    for (size_t i = 0; i < b->size - sizeof *b; i++) EXPECT_EQ(b->bytes[i], byte_of(b->seed, i));
}

/* ---- Threads that take turns in owning pools ----------------------------------------------------------------------------- */

static struct pool_of_all {
    hmm_pool *pool;
    uint64_t allocated, freed_here; /* the owner's, and plain: what an owner does is seen by the next */
    int owners;
    _Alignas(64) max_align_t memory[MEMORY / sizeof(max_align_t)];
} pools[POOLS];

static _Atomic(struct block *) slots[SLOTS];

struct worker {
    pthread_t thread;
    uint64_t random, turns, freed_elsewhere, refused;
};

static uint32_t adopt_any(struct worker *w) {
    for (;;) {
        const uint32_t i = random_below(&w->random, POOLS);
        const int code = hmm_pool_adopt(pools[i].pool);
        if (code == HMM_OK) {
            EXPECT_EQ(pools[i].owners++, 0);
            return i;
        }
        EXPECT_EQ(code, HMM_IN_USE);
        sched_yield();
    }
}

static void abandon(uint32_t i) {
    EXPECT_EQ(--pools[i].owners, 0);
    EXPECT_EQ(hmm_pool_abandon(pools[i].pool), HMM_OK);
}

static struct block *new_block(struct worker *w, uint32_t mine) {
    const uint32_t size = (uint32_t)sizeof(struct block) + random_below(&w->random, LARGEST);
    struct block *b = hmm_pool_alloc(pools[mine].pool, size);
    if (b == NULL) {
        w->refused++;
        return NULL;
    }
    pools[mine].allocated++;
    fill_block(b, mine, size, w->random);
    return b;
}

static void give_back(struct worker *w, uint32_t mine, struct block *b) {
    if (b == NULL) return;
    expect_whole(b);
    if (b->pool == mine && random_below(&w->random, 4) != 0) {
        pools[mine].freed_here++;
        hmm_pool_free(pools[mine].pool, b);
    } else {
        w->freed_elsewhere++;
        EXPECT_EQ(hmm_pool_free_remote(pools[b->pool].pool, b), HMM_OK);
    }
}

static void *work(void *argument) {
    struct worker *w = argument;
    for (uint64_t turn = 0; turn < w->turns;) {
        const uint32_t mine = adopt_any(w);
        for (uint64_t end = turn + SHIFT; turn < end && turn < w->turns; turn++) {
            struct block *b = new_block(w, mine);
            b = atomic_exchange_explicit(&slots[random_below(&w->random, SLOTS)], b, memory_order_acq_rel);
            give_back(w, mine, b);
            if (random_below(&w->random, 64) == 0) hmm_pool_collect(pools[mine].pool, random_below(&w->random, 20));
        }
        abandon(mine);
    }
    return NULL;
}

static void make_pools(void) {
    for (size_t i = 0; i < POOLS; i++) {
        pools[i].pool = hmm_pool_create(pools[i].memory, sizeof pools[i].memory, NULL);
        EXPECT(pools[i].pool != NULL);
        EXPECT_EQ(hmm_pool_abandon(pools[i].pool), HMM_OK);
    }
}

/* Everything is home: once, since a second time would have been a fault, and the default handler aborts. */
static void expect_all_home(uint64_t freed_elsewhere) {
    uint64_t allocated = 0, drained = 0, freed_here = 0;
    for (size_t i = 0; i < POOLS; i++) {
        hmm_pool_statistics stats;
        EXPECT_EQ(hmm_pool_adopt(pools[i].pool), HMM_OK);
        hmm_pool_collect(pools[i].pool, SIZE_MAX);
        EXPECT_EQ(hmm_pool_check(pools[i].pool, NULL), HMM_OK);
        hmm_pool_stats(pools[i].pool, &stats);
        EXPECT_EQ(stats.heap.blocks_in_use, 0);
        EXPECT_EQ(stats.remote_pending, 0);
        EXPECT_EQ(stats.remote_faults, 0);
        EXPECT_EQ(pools[i].allocated, pools[i].freed_here + stats.remote_drained);
        allocated += pools[i].allocated;
        freed_here += pools[i].freed_here;
        drained += stats.remote_drained;
        hmm_pool_destroy(pools[i].pool);
    }
    EXPECT_EQ(drained, freed_elsewhere);
    printf("    %llu blocks allocated, %llu freed by their owner, %llu remotely\n", (unsigned long long)allocated,
           (unsigned long long)freed_here, (unsigned long long)drained);
}

static void every_block_comes_home_once(void) {
    static struct worker workers[THREADS];
    const uint64_t operations = number_from_environment("HEAPMM_POOL_OPERATIONS", 200000);
    const uint64_t seed = number_from_environment("HEAPMM_TEST_SEED", 1);
    printf("    seed %llu, %llu operations on %d threads\n", (unsigned long long)seed, (unsigned long long)operations, THREADS);
    make_pools();
    for (size_t i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){.random = seed * THREADS + i, .turns = operations / THREADS};
        EXPECT_EQ(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    uint64_t freed_elsewhere = 0, refused = 0;
    for (size_t i = 0; i < THREADS; i++) {
        EXPECT_EQ(pthread_join(workers[i].thread, NULL), 0);
        freed_elsewhere += workers[i].freed_elsewhere;
        refused += workers[i].refused;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        struct block *b = atomic_load(&slots[i]);
        if (b == NULL) continue;
        expect_whole(b);
        EXPECT_EQ(hmm_pool_free_remote(pools[b->pool].pool, b), HMM_OK);
        freed_elsewhere++;
    }
    EXPECT(refused < operations / 10);
    expect_all_home(freed_elsewhere);
}

/* ---- One owner, and users that speak to it through the queue alone ------------------------------------------------------- */

enum { USERS = 4, RING = 8 };

/* The owner gives blocks by a release; that a place is empty again is said without order. So nothing but the remote free orders
 * what a user did with a block before what the owner does with it next, and ThreadSanitizer sees if that does not. */
static struct ring {
    pthread_t thread;
    _Atomic(struct block *) places[RING];
    atomic_bool closed;
} rings[USERS];

static hmm_pool *common;
static max_align_t common_memory[MEMORY / sizeof(max_align_t)];

static void *use_and_free(void *argument) {
    struct ring *ring = argument;
    for (size_t i = 0;; i = (i + 1) % RING) {
        struct block *b = atomic_load_explicit(&ring->places[i], memory_order_acquire);
        if (b == NULL && atomic_load_explicit(&ring->closed, memory_order_relaxed)) return NULL;
        if (b == NULL) {
            sched_yield();
            continue;
        }
        atomic_store_explicit(&ring->places[i], NULL, memory_order_relaxed);
        expect_whole(b);
        fill_block(b, b->pool, b->size, ~b->seed);
        EXPECT_EQ(hmm_pool_free_remote(common, b), HMM_OK);
    }
}

/* Puts a block into a place of the ring, if that is empty. */
static bool give(struct ring *ring, size_t i, uint64_t *random) {
    if (atomic_load_explicit(&ring->places[i], memory_order_relaxed) != NULL) return false;
    const uint32_t size = (uint32_t)sizeof(struct block) + random_below(random, 60);
    struct block *b = hmm_pool_alloc(common, size);
    EXPECT(b != NULL);
    fill_block(b, 0, size, *random);
    atomic_store_explicit(&ring->places[i], b, memory_order_release);
    return true;
}

static void the_queue_orders_what_was_done(void) {
    const uint64_t of_all = number_from_environment("HEAPMM_POOL_OPERATIONS", 200000) / 8;
    const uint64_t operations = of_all < 1000000 ? of_all : 1000000; /* the threads wait for each other, and that is slow */
    uint64_t random = number_from_environment("HEAPMM_TEST_SEED", 1);
    common = hmm_pool_create(common_memory, sizeof common_memory, NULL);
    for (size_t u = 0; u < USERS; u++) EXPECT_EQ(pthread_create(&rings[u].thread, NULL, use_and_free, &rings[u]), 0);
    uint64_t given = 0;
    for (size_t i = 0; given < operations; i = (i + 1) % RING) {
        const uint64_t before = given;
        for (size_t u = 0; u < USERS; u++) given += give(&rings[u], i, &random);
        if (given == before) sched_yield();
        if (i == 0) hmm_pool_collect(common, SIZE_MAX);
    }
    for (size_t u = 0; u < USERS; u++) {
        for (size_t i = 0; i < RING; i++)
            while (atomic_load(&rings[u].places[i]) != NULL) sched_yield();
        atomic_store(&rings[u].closed, true);
        EXPECT_EQ(pthread_join(rings[u].thread, NULL), 0);
    }
    hmm_pool_collect(common, SIZE_MAX);
    hmm_pool_statistics stats;
    hmm_pool_stats(common, &stats);
    EXPECT_EQ(stats.heap.blocks_in_use, 0);
    EXPECT_EQ(hmm_pool_check(common, NULL), HMM_OK);
    printf("    %zu blocks used by others\n", stats.remote_drained);
}

/* ---- Two threads that free the same block -------------------------------------------------------------------------------- */

enum { RIVALS = 3, ROUNDS = 3000 };

static hmm_pool *contested;
static max_align_t contested_memory[MEMORY / sizeof(max_align_t)];
static _Atomic(void *) prizes[RIVALS]; /* of the first two, the same; NULL: none yet */
static atomic_int told, finished;
static atomic_size_t faults;

static void count_fault(void *context, const hmm_fault *fault) {
    (void)context;
    EXPECT_EQ(fault->code, HMM_FAULT_NOT_ALLOCATED);
    atomic_fetch_add(&faults, 1);
}

static void *compete(void *argument) {
    _Atomic(void *) *prize = argument;
    for (int round = 0; round < ROUNDS; round++) {
        void *p;
        while ((p = atomic_exchange(prize, NULL)) == NULL) sched_yield();
        if (hmm_pool_free_remote(contested, p) != HMM_OK) atomic_fetch_add(&told, 1);
        atomic_fetch_add(&finished, 1);
    }
    return NULL;
}

static void of_two_who_free_a_block_one_is_told(void) {
    pthread_t threads[RIVALS];
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = count_fault;
    contested = hmm_pool_create(contested_memory, sizeof contested_memory, &options);
    for (size_t i = 0; i < RIVALS; i++) EXPECT_EQ(pthread_create(&threads[i], NULL, compete, &prizes[i]), 0);
    for (int round = 0; round < ROUNDS; round++) {
        void *p = hmm_pool_alloc(contested, 40), *q = hmm_pool_alloc(contested, 40);
        EXPECT(p != NULL && q != NULL);
        atomic_store(&finished, 0);
        atomic_store(&prizes[0], p);
        atomic_store(&prizes[1], p);
        atomic_store(&prizes[2], q);
        while (atomic_load(&finished) < RIVALS) sched_yield();
        EXPECT_EQ(atomic_load(&told), round + 1);
        EXPECT_EQ(hmm_pool_collect(contested, SIZE_MAX), 2);
    }
    for (size_t i = 0; i < RIVALS; i++) EXPECT_EQ(pthread_join(threads[i], NULL), 0);
    EXPECT_EQ(atomic_load(&faults), ROUNDS);
    EXPECT_EQ(hmm_pool_check(contested, NULL), HMM_OK);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        TEST(every_block_comes_home_once),
        TEST(the_queue_orders_what_was_done),
        TEST(of_two_who_free_a_block_one_is_told),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
