/* malloc_checked.c: what the options in the environment change: levels of checks, going on after faults, reports.
 *
 * SPDX-License-Identifier: MIT
 *
 * The environment is read when a process starts: so each scene is played by this program, started anew. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heard.h"

#include "heapmm/malloc.h"

/* ---- Scenes -------------------------------------------------------------------------------------------------------------- */

static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 1000, 4000, 4064, 4065, 5000, 32736, 32737, 100000};
enum { SIZES = sizeof sizes / sizeof sizes[0], SLACK = 16 };

static void write_byte(unsigned char *p, ptrdiff_t at) {
    volatile unsigned char *q = p + at;
    *q = (unsigned char)(*q + 1);
}

/* 16 bytes behind each block, and before. */
static void overflows(void) {
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t j = 0; j < SLACK; j++) {
            unsigned char *p = hmm_malloc(sizes[i]);
            write_byte(p, (ptrdiff_t)(sizes[i] + j));
            hmm_free(p);
        }
    }
}

static void underflows(void) {
    for (size_t i = 0; i < SIZES; i++) {
        for (size_t j = 1; j <= SLACK; j++) {
            unsigned char *p = hmm_malloc(sizes[i]);
            write_byte(p, -(ptrdiff_t)j);
            hmm_free(p);
        }
    }
}

/* Where realloc has left it, and behind what is aligned. */
static void other_overflows(void) {
    for (size_t alignment = 16; alignment <= 4096; alignment *= 2) {
        unsigned char *p = hmm_aligned_alloc(alignment, 100);
        write_byte(p, 100);
        hmm_free(p);
    }
    for (size_t i = 1; i < SIZES; i++) {
        unsigned char *p = hmm_realloc(hmm_malloc(sizes[i - 1]), sizes[i]);
        write_byte(p, (ptrdiff_t)sizes[i]);
        hmm_free(p);
        p = hmm_realloc(hmm_malloc(sizes[i]), sizes[i] - 1);
        if (p == NULL) continue;
        write_byte(p, (ptrdiff_t)sizes[i] - 1);
        p = hmm_realloc(p, 1) == NULL ? p : NULL;
        EXPECT(p != NULL);
    }
}

static void leaves_an_overflow(void) {
    unsigned char *p = hmm_malloc(100);
    write_byte(p, 100);
}

static unsigned char *freed_block(size_t size) {
    unsigned char *p = hmm_malloc(size);
    hmm_free(p);
    return p;
}

static void reuses_late(void) {
    const unsigned char *p = freed_block(48);
    for (int i = 0; i < 4000; i++) EXPECT(freed_block(48) != p);
}

static void writes_after_free(void) {
    write_byte(freed_block(48), 47);
    for (int i = 0; i < 5000; i++) freed_block(48);
    _exit(0);
}

static void leaves_a_write_after_free(void) {
    write_byte(freed_block(48), 0);
}

/* Each large block that does not wait is given back, and each that waits is, in time. */
static void frees_large(void) {
    const size_t before = hmm_mallinfo2().uordblks;
    for (int i = 0; i < 100; i++) freed_block(3 << 20);
    EXPECT(hmm_mallinfo2().uordblks < before + (20 << 20));
    for (int i = 0; i < 100; i++) freed_block(5 << 20);
    EXPECT(hmm_mallinfo2().uordblks < before + (20 << 20));
}

static void frees_sized(void) {
    const size_t first = sizes[1];
    hmm_free_sized(NULL, first);
    for (size_t size = 0; size < 10000; size += 7) {
        hmm_free_sized(hmm_malloc(size), size);
        hmm_free_aligned_sized(hmm_aligned_alloc(256, size), 256, size);
        if (size > 0) hmm_free_sized(hmm_realloc(hmm_malloc(size * 3 / 2), size), size);
    }
}

static void frees_with_wrong_sizes(void) {
    hmm_free_sized(hmm_malloc(100), 113);
    hmm_free_sized(hmm_malloc(100), 50);
    hmm_free_sized(hmm_malloc(5000), 5121);
    hmm_free_sized(hmm_malloc(5000), 2000);
    hmm_free_aligned_sized(hmm_aligned_alloc(64, 64), 64, 65);
}

static void frees_with_nearly_right_sizes(void) {
    hmm_free_sized(hmm_malloc(100), 101);
    hmm_free_sized(hmm_malloc(100), 99);
}

/* Each says something, and leaves things as they are. */
static void goes_on(void) {
    char local[64];
    unsigned char *p = hmm_malloc(100);
    hmm_free(p + 16);
    hmm_free(local);
    EXPECT_PTR_EQ(hmm_realloc(p + 1, 200), NULL);
    EXPECT_EQ(errno, EINVAL);
    EXPECT_EQ(hmm_malloc_usable_size(p + 1), 0);
    hmm_free_sized(p, 10000);
    EXPECT(hmm_malloc_usable_size(p) >= 100);
    hmm_free(p);
    hmm_free(p);
}

static void reports(void) {
    for (int i = 0; i < 5; i++) EXPECT(hmm_malloc(1792 - 40) != NULL);
    EXPECT(hmm_malloc(1 << 20) != NULL);
    freed_block(3 << 20);
    EXPECT(hmm_malloc(50000) != NULL);
}

static void does_nothing(void) {
}

/* What is freed then can be allocated, of each size. */
static void exhausts_memory(void) {
    const struct rlimit limit = {256 << 20, 256 << 20};
    EXPECT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    const size_t kinds[] = {40, 1000, 5000, 200000};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t count = 0;
        void **all = NULL;
        errno = 0;
        for (void **p; (p = hmm_malloc(kinds[i])) != NULL; all = p, count++) *p = all;
        EXPECT_EQ(errno, ENOMEM);
        EXPECT(count * kinds[i] > 64 << 20);
        for (void **next; all != NULL; all = next) {
            next = *all;
            hmm_free(all);
        }
    }
}

enum { BUSY = 3, FORKS = 200 };

static _Atomic(bool) enough;

static void *is_busy(void *none) {
    for (unsigned i = 0; !atomic_load(&enough); i++) hmm_free(hmm_malloc(i * 613 % 9000));
    return none;
}

static void forks_among_threads(void) {
    pthread_t threads[BUSY];
    for (int i = 0; i < BUSY; i++) EXPECT_EQ(pthread_create(&threads[i], NULL, is_busy, NULL), 0);
    for (int i = 0; i < FORKS; i++) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(20);
            for (size_t size = 0; size < 20000; size += 500) freed_block(size);
            hmm_malloc_stats();
            _exit(0);
        }
        int status = 0;
        EXPECT_EQ(waitpid(child, &status, 0), child);
        EXPECT_EQ(status, 0);
    }
    atomic_store(&enough, true);
    for (int i = 0; i < BUSY; i++) pthread_join(threads[i], NULL);
    _exit(0);
}

/* Each of two threads frees the same blocks: all are freed once, and told of once. */
enum { SHARED = 20000 };
static void *shared[SHARED];
static pthread_barrier_t barrier;

static void *frees_shared(void *none) {
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < SHARED; i++) hmm_free(shared[i]);
    return none;
}

static void frees_twice_at_once(void) {
    pthread_t threads[2];
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < SHARED; i++) shared[i] = hmm_malloc(24);
    for (int i = 0; i < 2; i++) EXPECT_EQ(pthread_create(&threads[i], NULL, frees_shared, NULL), 0);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}

/* ---- With guard pages ---------------------------------------------------------------------------------------------------- */

static void overflows_into_guard(void) {
    for (int i = 0; i < 64; i++) write_byte(hmm_malloc(64), 64);
}

static void underflows_into_guard(void) {
    for (int i = 0; i < 64; i++) {
        unsigned char *p = hmm_malloc(64);
        if ((uintptr_t)(p + 64) % 4096 == 0) write_byte(p, -4096); /* as guarded ones end */
    }
}

static void reads_after_free(void) {
    unsigned sum = 0;
    for (int i = 0; i < 64; i++) sum += *(volatile unsigned char *)freed_block(64);
    EXPECT(sum == 0);
}

/* Those at the end of their page have no canary behind them; others have. */
static void overflows_before_guard(void) {
    for (int i = 0; i < 64; i++) {
        unsigned char *p = hmm_malloc(60);
        write_byte(p, 60);
        hmm_free(p);
    }
}

/* More than there can be guarded ones, and freed in another order; what is left of them is used again. */
static void makes_many(void) {
    enum { COUNT = 400000 };
    static void *blocks[COUNT];
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT; i++) EXPECT((blocks[i] = hmm_malloc(40)) != NULL);
        for (size_t i = 0; i < COUNT; i++) hmm_free(blocks[i * 7 % COUNT]);
    }
}

/* The memory of retired blocks: 256 of them, and no more. */
static void frees_guarded(void) {
    for (int i = 0; i < 300 * 64; i++) freed_block(10);
    const size_t before = hmm_mallinfo2().uordblks;
    for (int i = 0; i < 1000 * 64; i++) freed_block(10);
    EXPECT(hmm_mallinfo2().uordblks < before + (1 << 20));
}

static const struct test scenes[] = {
    TEST(overflows),
    TEST(underflows),
    TEST(other_overflows),
    TEST(leaves_an_overflow),
    TEST(reuses_late),
    TEST(writes_after_free),
    TEST(leaves_a_write_after_free),
    TEST(frees_large),
    TEST(frees_sized),
    TEST(frees_with_wrong_sizes),
    TEST(frees_with_nearly_right_sizes),
    TEST(goes_on),
    TEST(reports),
    TEST(does_nothing),
    TEST(exhausts_memory),
    TEST(forks_among_threads),
    TEST(frees_twice_at_once),
    TEST(overflows_into_guard),
    TEST(underflows_into_guard),
    TEST(reads_after_free),
    TEST(overflows_before_guard),
    TEST(makes_many),
    TEST(frees_guarded),
};

/* ---- Playing a scene ----------------------------------------------------------------------------------------------------- */

static char said[1 << 22];

/* In an environment of these variables alone, but for one that keeps clang's sanitizer from handling the accesses that are to end the
 * process. Returns the status of the process; what it said on standard error is in `said`. */
static int play(const char *scene, const char *check, const char *other) {
    int ends[2];
    const pid_t child = fork_heard(ends);
    if (child == 0) {
        char variables[2][80];
        snprintf(variables[0], sizeof variables[0], "%s", check);
        snprintf(variables[1], sizeof variables[1], "%s", other);
        char name[80];
        snprintf(name, sizeof name, "%s", scene);
        char *arguments[] = {(char[]){"malloc_checked"}, (char[]){"scene"}, name, NULL};
        char sanitizer[] = "UBSAN_OPTIONS=handle_segv=0";
        char *environment[] = {variables[0], variables[1], sanitizer, NULL};
        execve("/proc/self/exe", arguments, environment);
        _exit(127);
    }
    return hear(child, ends, said, sizeof said);
}

static size_t count_of(const char *text) {
    size_t count = 0;
    for (const char *at = said; (at = strstr(at, text)) != NULL; at += strlen(text)) count++;
    return count;
}

/* So many lines, all with this text. */
static void expect_lines(size_t count, const char *text) {
    if (count_of("\n") != count || count_of(text) != count)
        fprintf(stderr, "expected %zu times \"%s\", got:\n%.2000s\n", count, text, said);
    EXPECT_EQ(count_of("\n"), count);
    EXPECT_EQ(count_of(text), count);
}

static void expect_reported(const char *scene, const char *check, size_t count, const char *text) {
    EXPECT_EQ(play(scene, check, "HEAPMM_ON_FAULT=report"), 0);
    expect_lines(count, text);
}

static void expect_ended(const char *scene, const char *check, int signal, const char *text) {
    const int status = play(scene, check, "HEAPMM_ON_FAULT=abort");
    EXPECT(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), signal);
    expect_lines(1, text);
}

static void expect_quiet(const char *scene, const char *check) {
    EXPECT_EQ(play(scene, check, "HEAPMM_ON_FAULT=abort"), 0);
    EXPECT_STR_EQ(said, "");
}

/* ---- The tests ----------------------------------------------------------------------------------------------------------- */

/* Told when the block is freed, and once more at the end, of the first that is left damaged. */
static void each_byte_around_a_block_is_looked_at(void) {
    EXPECT_EQ(play("overflows", "HEAPMM_CHECK=2", "HEAPMM_ON_FAULT=report"), 0);
    EXPECT_EQ(count_of("heapmm: free("), SIZES * SLACK);
    EXPECT_EQ(count_of("heapmm: exit("), 1);
    EXPECT_EQ(count_of("behind its end: overflow\n"), SIZES * SLACK + 1);
    EXPECT_EQ(play("underflows", "HEAPMM_CHECK=2", "HEAPMM_ON_FAULT=report"), 0);
    EXPECT_EQ(count_of("before its beginning: underflow\n"), SIZES * SLACK + 1);
    EXPECT_EQ(play("other_overflows", "HEAPMM_CHECK=2", "HEAPMM_ON_FAULT=report"), 0);
    EXPECT_EQ(count_of("heapmm: free("), 9 + SIZES - 1);
    EXPECT_EQ(count_of("heapmm: realloc("), SIZES - 2);
    expect_quiet("does_nothing", "HEAPMM_CHECK=2");
}

static void the_end_finds_what_is_left(void) {
    expect_ended("leaves_an_overflow", "HEAPMM_CHECK=2", SIGABRT, "a block of 100 bytes, written to at 0x");
    expect_ended("leaves_a_write_after_free", "HEAPMM_CHECK=2", SIGABRT, "a block of 48 bytes, written to at 0x");
    EXPECT_EQ(count_of("heapmm: exit(0x"), 1);
}

static void freed_blocks_wait(void) {
    expect_quiet("reuses_late", "HEAPMM_CHECK=2");
    expect_quiet("reuses_late", "HEAPMM_CHECK=3");
    expect_quiet("frees_large", "HEAPMM_CHECK=2");
    expect_ended("writes_after_free", "HEAPMM_CHECK=2", SIGABRT, "after it was freed: use after free");
    EXPECT_EQ(count_of("heapmm: free(0x"), 1);
}

static void sizes_are_compared(void) {
    const char *const levels[] = {"HEAPMM_CHECK=0", "HEAPMM_CHECK=1", "HEAPMM_CHECK=2", "HEAPMM_CHECK=3"};
    for (size_t i = 0; i < 4; i++) expect_quiet("frees_sized", levels[i]);
    expect_quiet("frees_with_wrong_sizes", "HEAPMM_CHECK=0");
    expect_reported("frees_with_wrong_sizes", "HEAPMM_CHECK=1", 5, ": wrong size\n");
    expect_reported("frees_with_wrong_sizes", "HEAPMM_CHECK=2", 5, ": wrong size\n");
    expect_quiet("frees_with_nearly_right_sizes", "HEAPMM_CHECK=1");
    expect_reported("frees_with_nearly_right_sizes", "HEAPMM_CHECK=2", 2, ": wrong size\n");
}

static void a_fault_that_is_reported_changes_nothing(void) {
    expect_reported("goes_on", "HEAPMM_CHECK=1", 6, "heapmm: ");
    expect_reported("goes_on", "HEAPMM_CHECK=2", 6, "heapmm: ");
    expect_reported("goes_on", "HEAPMM_CHECK=3", 6, "heapmm: ");
}

static void exhaustion_is_reported_and_ends(void) {
    const char *const levels[] = {"HEAPMM_CHECK=1", "HEAPMM_CHECK=2", "HEAPMM_CHECK=3"};
    for (size_t i = 0; i < 3; i++) expect_quiet("exhausts_memory", levels[i]);
}

static void a_forked_child_allocates(void) {
    EXPECT_EQ(play("forks_among_threads", "HEAPMM_CHECK=2", "HEAPMM_STATS=0"), 0);
    EXPECT_EQ(count_of("memory, in bytes"), FORKS);
    EXPECT_EQ(play("forks_among_threads", "HEAPMM_CHECK=3", "HEAPMM_STATS=0"), 0);
}

static void of_two_frees_at_once_one_is_wrong(void) {
    expect_reported("frees_twice_at_once", "HEAPMM_CHECK=1", SHARED, "freed twice, or used after free\n");
    expect_reported("frees_twice_at_once", "HEAPMM_CHECK=2", SHARED, "freed twice, or used after free\n");
}

static void guard_pages_stop_accesses(void) {
    expect_ended("overflows_into_guard", "HEAPMM_CHECK=3", SIGSEGV, "): behind the end of a block of 64 bytes at 0x");
    expect_ended("underflows_into_guard", "HEAPMM_CHECK=3", SIGSEGV, "): before the beginning of a block of 64 bytes at 0x");
    expect_ended("reads_after_free", "HEAPMM_CHECK=3", SIGSEGV, "that is free: use after free");
    EXPECT_EQ(play("overflows_before_guard", "HEAPMM_CHECK=3", "HEAPMM_ON_FAULT=report"), 0);
    EXPECT_EQ(count_of("heapmm: free("), 64);
}

static void guarded_pages_are_used_again(void) {
    expect_quiet("makes_many", "HEAPMM_CHECK=3");
    expect_quiet("frees_guarded", "HEAPMM_CHECK=3");
}

static void wrong_options_are_named(void) {
    const char *const wrong[] = {
        "HEAPMM_CHECK=4",       "HEAPMM_CHECK=",  "HEAPMM_CHECK=1x",    "HEAPMM_STATS=2",         "HEAPMM_VERBOSE=2",
        "HEAPMM_ON_FAULT=abor", "HEAPMM_STATS=x", "HEAPMM_ON_FAULT=",   "HEAPMM_CHECKS=1",        "HEAPMM_",
        "HEAPMM_PURGE_DELAY=x", "HEAPMM_CHECK",   "HEAPMM_VERBOSE=yes", "HEAPMM_ON_FAULT=reports"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char expected[80];
        EXPECT_EQ(play("does_nothing", "HEAPMM_TEST_SEED=1", wrong[i]), 0);
        snprintf(expected, sizeof expected, "heapmm: ignored: %s\nheapmm: known are HEAPMM_CHECK=", wrong[i]);
        EXPECT(strncmp(said, expected, strlen(expected)) == 0);
        EXPECT_EQ(count_of("\n"), 2);
    }
    EXPECT_EQ(play("does_nothing", "HEAPMM_VERBOSE=1", "HEAPMM_PURGE_DELAY=0"), 0);
    EXPECT_STR_EQ(said, "heapmm: malloc is heapmm's\n");
    EXPECT_EQ(play("does_nothing", "HEAPMM_CHECK=2", "HEAPMM_VERBOSE=1"), 0);
    EXPECT_STR_EQ(said, "heapmm: malloc is heapmm's, HEAPMM_CHECK=2\n");
}

/* The number in the row that begins so, of the report's first parts. */
static unsigned long number_of(const char *name) {
    char start[80];
    snprintf(start, sizeof start, "\nheapmm:   %s ", name);
    const char *row = strstr(said, start);
    EXPECT(row != NULL);
    return strtoul(row + strlen(start), NULL, 10);
}

static void expect_picture(const char *picture) {
    EXPECT(picture != NULL);
    const char *cells = strstr(picture, "\nheapmm:   ");
    EXPECT(cells != NULL);
    for (; cells != NULL; cells = strstr(cells + 1, "\nheapmm:   ")) EXPECT(strspn(cells + 11, "#+._") <= 64);
    EXPECT_EQ(strspn(strrchr(picture, ':') + 4, "#+._\n"), strlen(strrchr(picture, ':') + 4));
}

static void the_report_is_right(void) {
    EXPECT_EQ(play("reports", "HEAPMM_CHECK=1", "HEAPMM_STATS=1"), 0);
    EXPECT(strncmp(said, "heapmm: memory, in bytes\n", 25) == 0);
    const unsigned long in_use = number_of("in use, slabs and large blocks"), mapped = number_of("mapped from the system");
    const unsigned long most = number_of("in use at most, at any time"), kept = number_of("free, not given back");
    EXPECT(in_use > 1 << 20 && in_use < 3 << 20);
    EXPECT(most + 65536 >= in_use + (3 << 20) && most < in_use + (4 << 20));
    EXPECT_EQ(in_use + kept + number_of("free, given back or never used"), mapped);
    EXPECT(number_of("largest free span, in bytes") + 65536 >= 3 << 20);
    EXPECT_EQ(number_of("large blocks"), 2);
    EXPECT_EQ(number_of("faults"), 0);
    EXPECT(strstr(said, "\nheapmm:       1792         1           5          8960       62 %\n") != NULL);
    expect_picture(strstr(said, "heapmm: addresses, a character for each "));
    EXPECT_EQ(play("does_nothing", "HEAPMM_CHECK=1", "HEAPMM_STATS=0"), 0);
    EXPECT_STR_EQ(said, "");
}

/* The first free of a process, when the clock has not been looked at before. */
static void freed_memory_stays_for_the_delay(void) {
    EXPECT_EQ(play("reports", "HEAPMM_PURGE_DELAY=100000", "HEAPMM_STATS=1"), 0);
    EXPECT(number_of("free, not given back") + 65536 >= 3 << 20);
    EXPECT_EQ(number_of("given back in all"), 0);
    EXPECT_EQ(play("reports", "HEAPMM_PURGE_DELAY=0", "HEAPMM_STATS=1"), 0);
    EXPECT(number_of("given back in all") + 65536 >= 3 << 20);
}

static const struct test tests[] = {
    TEST(each_byte_around_a_block_is_looked_at),
    TEST(the_end_finds_what_is_left),
    TEST(freed_blocks_wait),
    TEST(sizes_are_compared),
    TEST(a_fault_that_is_reported_changes_nothing),
    TEST(exhaustion_is_reported_and_ends),
    TEST(a_forked_child_allocates),
    TEST(of_two_frees_at_once_one_is_wrong),
    TEST(guard_pages_stop_accesses),
    TEST(guarded_pages_are_used_again),
    TEST(wrong_options_are_named),
    TEST(the_report_is_right),
    TEST(freed_memory_stays_for_the_delay),
};

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "scene") == 0) return run_tests(scenes, sizeof scenes / sizeof scenes[0], 2, argv + 1);
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
