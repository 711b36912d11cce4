/* malloc_threads.c: random calls by many threads, which free each other's blocks, with all contents verified.
 *
 * SPDX-License-Identifier: MIT
 *
 * HEAPMM_TEST_SEED: the seed, which is printed. HEAPMM_TEST_STEPS: so many times as long. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"

#include "heapmm/malloc.h"

enum { THREADS = 8, SHARED = 512, OWN = 64, ROUNDS = 20000 };

static unsigned seed = 1;
static unsigned long steps = 1;

/* ---- Blocks that know their contents ------------------------------------------------------------------------------------ */

struct stamp {
    size_t size;
    unsigned char *self;
};

static unsigned next_random(unsigned *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Mostly small, sometimes large. */
static size_t random_size(unsigned *state) {
    const unsigned kind = next_random(state) % 32;
    const size_t most = kind < 20 ? 200 : kind < 29 ? 2000 : kind < 31 ? 20000 : 300000;
    return sizeof(struct stamp) + next_random(state) % most;
}

static unsigned char pattern(const unsigned char *p, size_t i) {
    return (unsigned char)((uintptr_t)p / 16 + i);
}

static void stamp(unsigned char *p, size_t size) {
    const struct stamp stamp = {size, p};
    memcpy(p, &stamp, sizeof stamp);
    for (size_t i = sizeof stamp; i<size; i += size> 1000 ? 61 : 1) p[i] = pattern(p, i);
}

static void expect_stamped(const unsigned char *p) {
    struct stamp stamp;
    memcpy(&stamp, p, sizeof stamp);
    EXPECT_PTR_EQ(stamp.self, p);
    for (size_t i = sizeof stamp; i<stamp.size; i += stamp.size> 1000 ? 61 : 1) EXPECT_EQ(p[i], pattern(p, i));
}

static unsigned char *make(unsigned *state) {
    const size_t size = random_size(state);
    unsigned char *p = NULL;
    switch (next_random(state) % 8) {
    case 0: p = hmm_calloc(1, size); break;
    case 1: p = hmm_aligned_alloc((size_t)16 << next_random(state) % 9, size); break;
    default: p = hmm_malloc(size); break;
    }
    EXPECT(p != NULL && hmm_malloc_usable_size(p) >= size);
    stamp(p, size);
    return p;
}

static void destroy(unsigned char *p) {
    if (p == NULL) return;
    expect_stamped(p);
    memset(p, 0xDD, sizeof(struct stamp));
    hmm_free(p);
}

static unsigned char *resize(unsigned char *p, unsigned *state) {
    if (p == NULL) return p;
    const size_t size = random_size(state);
    struct stamp before;
    memcpy(&before, p, sizeof before);
    expect_stamped(p);
    unsigned char *moved = hmm_realloc(p, size);
    EXPECT(moved != NULL);
    struct stamp after;
    memcpy(&after, moved, sizeof after);
    EXPECT(after.size == before.size && after.self == before.self);
    stamp(moved, size);
    return moved;
}

/* ---- Threads -------------------------------------------------------------------------------------------------------------- */

static _Atomic(unsigned char *) shared[SHARED];

static void *work(void *number) {
    unsigned state = seed + (unsigned)(uintptr_t)number * 7919;
    unsigned char *own[OWN] = {NULL};
    for (unsigned long i = 0; i < ROUNDS * steps; i++) {
        unsigned char **mine = &own[next_random(&state) % OWN];
        switch (next_random(&state) % 4) {
        case 0: *mine = resize(*mine, &state); break;
        case 1: *mine = atomic_exchange(&shared[next_random(&state) % SHARED], *mine); break;
        default:
            destroy(*mine);
            *mine = make(&state);
            break;
        }
    }
    for (int i = 0; i < OWN; i++) destroy(own[i]);
    return NULL;
}

static void run_threads(void *(*function)(void *), int count) {
    pthread_t threads[THREADS];
    for (int i = 0; i < count; i++) EXPECT_EQ(pthread_create(&threads[i], NULL, function, (void *)(uintptr_t)i), 0);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

static void empty_shared(void) {
    for (int i = 0; i < SHARED; i++) destroy(atomic_exchange(&shared[i], NULL));
}

static void threads_free_each_others_blocks(void) {
    for (int round = 0; round < 3; round++) {
        seed += (unsigned)round;
        run_threads(work, THREADS);
    }
    empty_shared();
}

/* Threads that live for a few calls, and leave blocks behind. */
static void *visit(void *number) {
    unsigned state = seed + (unsigned)(uintptr_t)number;
    for (int i = 0; i < 10; i++) {
        unsigned char *p = make(&state);
        destroy(atomic_exchange(&shared[next_random(&state) % SHARED], p));
    }
    return NULL;
}

static void threads_by_the_thousand_leave_nothing(void) {
    size_t taken = 0;
    const int rounds = steps > 1 ? 20000 : 800;
    for (int round = 0; round < rounds; round++) {
        seed++;
        run_threads(visit, 4);
        if (round % 100 != 99) continue;
        empty_shared();
        hmm_malloc_trim(0);
        if (round < 200) taken = hmm_mallinfo2().uordblks;
    }
    EXPECT(hmm_mallinfo2().uordblks <= taken + 64 * 1024);
    EXPECT(taken < 8 << 20);
}

/* One allocates, another frees every other block, and that memory comes back to the first one. */
enum { BATCH = 1000 };
static void *batch[BATCH];

static void *free_batch(void *none) {
    for (int i = 0; i < BATCH; i += 2) hmm_free(batch[i]);
    return none;
}

static void memory_freed_elsewhere_comes_back(void) {
    const size_t before = hmm_mallinfo2().uordblks;
    size_t mapped = 0;
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < BATCH; i++) memset(batch[i] = hmm_malloc(500), round, 500);
        run_threads(free_batch, 1);
        for (int i = 1; i < BATCH; i += 2) hmm_free(batch[i]);
        if (round == 10) mapped = hmm_mallinfo2().uordblks;
    }
    EXPECT(hmm_mallinfo2().uordblks <= mapped + 64 * 1024);
    hmm_malloc_trim(0);
    EXPECT(hmm_mallinfo2().uordblks <= before + 64 * 1024);
}

/* A thread leaves blocks behind, which are freed when it has ended: their slabs are given back, though nobody adopts its stock. */
enum { LEFT = 20000 };
static void *left[LEFT];

static void *leave_blocks(void *none) {
    for (int i = 0; i < LEFT; i++) left[i] = hmm_malloc(500);
    return none;
}

static void memory_of_ended_threads_comes_back(void) {
    const size_t before = hmm_mallinfo2().uordblks;
    run_threads(leave_blocks, 1);
    EXPECT(hmm_mallinfo2().uordblks > before + LEFT * 500);
    for (int i = 0; i < LEFT; i++) hmm_free(left[i]);
    EXPECT(hmm_mallinfo2().uordblks < before + 64 * 1024);
}

/* The same, but one in 50 stays: pages between those are given back when some time has passed, by calls of another thread. */
static size_t resident(void) {
    size_t total = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    EXPECT(file != NULL && fscanf(file, "%zu %zu", &total, &pages) == 2);
    fclose(file);
    return pages * 4096;
}

static void *leave_few_blocks(void *none) {
    for (int i = 0; i < LEFT; i++) memset(left[i] = hmm_malloc(1000), i, 1000);
    for (int i = 0; i < LEFT; i++)
        if (i % 50 != 0) hmm_free(left[i]);
    return none;
}

static void pages_of_ended_threads_come_back(void) {
    const size_t before = resident();
    const struct timespec pause = {.tv_sec = 0, .tv_nsec = 100 * 1000 * 1000};
    run_threads(leave_few_blocks, 1);
    EXPECT(resident() > before + LEFT / 2 * 1000);
    for (int i = 0; i < 12; i++) {
        nanosleep(&pause, NULL);
        for (int j = 0; j < 50; j++) hmm_free(hmm_malloc(40000));
    }
    EXPECT(resident() < before + LEFT / 4 * 1000);
    for (int i = 0; i < LEFT; i += 50) {
        for (int j = 0; j < 1000; j++) EXPECT_EQ(((unsigned char *)left[i])[j], (unsigned char)i);
        hmm_free(left[i]);
    }
}

/* A thread uses many classes and ends: what it leaves ready for the next thread is given back when all is to be given back. */
static void *use_all_classes(void *none) {
    for (size_t size = 16; size <= 32768; size += size / 16 + 16) hmm_free(hmm_malloc(size));
    return none;
}

static void slabs_left_ready_are_given_back(void) {
    hmm_malloc_trim(0);
    const size_t before = hmm_mallinfo2().uordblks;
    run_threads(use_all_classes, 1);
    EXPECT(hmm_mallinfo2().uordblks > before + 256 * 1024);
    hmm_malloc_trim(0);
    EXPECT(hmm_mallinfo2().uordblks <= before + 8 * 1024);
}

/* Where there are many threads, one that needs more than two small slabs of a class gets a third small one. */
enum { MANY = 12, FEW_BLOCKS = 33 };
static pthread_barrier_t together;

static void *hold_few_blocks(void *none) {
    void *held[FEW_BLOCKS];
    for (int i = 0; i < FEW_BLOCKS; i++) held[i] = hmm_malloc(1024);
    pthread_barrier_wait(&together);
    pthread_barrier_wait(&together);
    for (int i = 0; i < FEW_BLOCKS; i++) hmm_free(held[i]);
    return none;
}

static size_t taken_by(int count) {
    pthread_t threads[MANY];
    hmm_malloc_trim(0);
    const size_t before = hmm_mallinfo2().uordblks;
    pthread_barrier_init(&together, NULL, (unsigned)count + 1);
    for (int i = 0; i < count; i++) EXPECT_EQ(pthread_create(&threads[i], NULL, hold_few_blocks, NULL), 0);
    pthread_barrier_wait(&together);
    const size_t taken = hmm_mallinfo2().uordblks - before;
    pthread_barrier_wait(&together);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&together);
    return taken;
}

static void many_threads_need_less_each(void) {
    EXPECT(taken_by(1) >= 96 * 1024);
    EXPECT(taken_by(MANY) < (size_t)MANY * 80 * 1024);
    EXPECT(taken_by(1) >= 96 * 1024);
}

static const struct test tests[] = {
    TEST(threads_free_each_others_blocks),   TEST(threads_by_the_thousand_leave_nothing),
    TEST(memory_freed_elsewhere_comes_back), TEST(memory_of_ended_threads_comes_back),
    TEST(pages_of_ended_threads_come_back),  TEST(slabs_left_ready_are_given_back),
    TEST(many_threads_need_less_each),
};

int main(int argc, char **argv) {
    const char *seed_text = getenv("HEAPMM_TEST_SEED"), *steps_text = getenv("HEAPMM_TEST_STEPS");
    seed = seed_text != NULL ? (unsigned)strtoul(seed_text, NULL, 0) : (unsigned)getpid();
    if (steps_text != NULL) steps = strtoul(steps_text, NULL, 0);
    printf("HEAPMM_TEST_SEED=%u\n", seed);
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
