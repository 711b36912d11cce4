/* malloc_process.c: from the first instruction of a process to the last: constructors, threads that end, exit, forks, no memory.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"

#include "heapmm/malloc.h"

enum { MIB = 1 << 20 };

/* ---- Before main and after it ------------------------------------------------------------------------------------------- */

static void *from_the_start;

__attribute__((constructor(101))) static void first(void) {
    from_the_start = malloc(100);
    free(malloc(10000));
}

static void *from_exit;

__attribute__((destructor(101))) static void last(void) {
    free(from_exit);
    void *p = realloc(malloc(10), 10000);
    if (p == NULL || from_exit == NULL) _exit(EXIT_FAILURE);
    free(p);
}

static void allocate_at_exit(void) {
    from_exit = malloc(500);
}

static void constructors_and_exit_allocate(void) {
    EXPECT(hmm_malloc_usable_size(from_the_start) == 112);
    free(from_the_start);
    EXPECT_EQ(atexit(allocate_at_exit), 0);
    EXPECT_PTR_EQ(malloc, hmm_malloc);
}

/* ---- Threads that end --------------------------------------------------------------------------------------------------- */

static pthread_key_t key;
static _Atomic(int) destroyed;

/* Runs as often as destructors do, and so also after the allocator's own. */
static void allocate_late(void *value) {
    free(value);
    free(malloc(5000));
    void *kept = malloc(40);
    EXPECT(kept != NULL);
    if (atomic_fetch_add(&destroyed, 1) % 4 != 3) {
        pthread_setspecific(key, kept);
    } else {
        free(kept);
    }
}

static void *end_late(void *none) {
    pthread_setspecific(key, malloc(30));
    return none;
}

static void destructors_of_threads_allocate(void) {
    EXPECT_EQ(pthread_key_create(&key, allocate_late), 0);
    size_t taken = 0;
    for (int i = 0; i < 2000; i++) {
        pthread_t thread;
        EXPECT_EQ(pthread_create(&thread, NULL, end_late, NULL), 0);
        pthread_join(thread, NULL);
        if (i == 100) taken = hmm_mallinfo2().uordblks;
    }
    EXPECT_EQ(destroyed, 8000);
    EXPECT(hmm_mallinfo2().uordblks <= taken + 64 * 1024);
    pthread_key_delete(key);
}

/* ---- Forks --------------------------------------------------------------------------------------------------------------- */

enum { FORKS = 1000, BUSY = 4 };

static _Atomic(bool) enough;

static void *be_busy(void *none) {
    void *blocks[64] = {NULL};
    for (unsigned i = 0; !atomic_load(&enough); i++) {
        free(blocks[i % 64]);
        blocks[i % 64] = malloc(i * 613 % 70000);
    }
    for (int i = 0; i < 64; i++) free(blocks[i]);
    return none;
}

static void allocate_in_child(void) {
    alarm(20);
    void *blocks[200];
    for (size_t i = 0; i < 200; i++) memset(blocks[i] = malloc(i * 97), 1, i * 97);
    for (size_t i = 0; i < 200; i++) free(blocks[i]);
    _exit(0);
}

static void a_forked_child_allocates(void) {
    pthread_t threads[BUSY];
    for (int i = 0; i < BUSY; i++) EXPECT_EQ(pthread_create(&threads[i], NULL, be_busy, NULL), 0);
    for (int i = 0; i < FORKS; i++) {
        const pid_t child = fork();
        EXPECT(child >= 0);
        if (child == 0) allocate_in_child();
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    atomic_store(&enough, true);
    for (int i = 0; i < BUSY; i++) pthread_join(threads[i], NULL);
}

static void a_spawned_process_allocates(void) {
    extern char **environ;
    char *arguments[] = {(char[]){"true"}, NULL};
    pid_t child = 0;
    EXPECT_EQ(posix_spawnp(&child, "true", NULL, NULL, arguments, environ), 0);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

/* ---- No memory ----------------------------------------------------------------------------------------------------------- */

enum { LIMIT = 256 * MIB };

struct link {
    struct link *next;
};

static size_t take_all(size_t size, struct link **all) {
    size_t total = 0;
    errno = 0;
    for (struct link *p; (p = malloc(size)) != NULL; total += size) {
        p->next = *all;
        *all = p;
    }
    EXPECT_EQ(errno, ENOMEM);
    return total;
}

static void free_all(struct link **all) {
    for (struct link *p = *all, *next; p != NULL; p = next) {
        next = p->next;
        free(p);
    }
    *all = NULL;
}

static void exhaust(void) {
    const struct rlimit limit = {LIMIT, LIMIT};
    EXPECT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    const size_t sizes[] = {48, 1024, 4096, 50000, 3 * MIB, 16};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct link *all = NULL;
        const size_t total = take_all(sizes[i], &all);
        EXPECT(total > LIMIT / 4);
        EXPECT_PTR_EQ(malloc(sizes[i]), NULL);
        EXPECT_PTR_EQ(calloc(LIMIT, 2), NULL);
        EXPECT_PTR_EQ(realloc(all, LIMIT), NULL);
        free_all(&all);
        void *p = malloc(LIMIT / 4);
        EXPECT(p != NULL);
        free(p);
    }
    _exit(0);
}

static void exhaustion_is_reported_and_ends(void) {
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) exhaust();
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

static const struct test tests[] = {
    TEST(constructors_and_exit_allocate), TEST(destructors_of_threads_allocate), TEST(a_forked_child_allocates),
    TEST(a_spawned_process_allocates),    TEST(exhaustion_is_reported_and_ends),
};

int main(int argc, char **argv) {
    from_exit = malloc(1);
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
