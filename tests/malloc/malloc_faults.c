/* malloc_faults.c: each wrong pointer, in a process of its own, ends it with exactly the diagnosis; and right ones do not.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heard.h"

#include "heapmm/malloc.h"

static const size_t sizes[] = {32, 1000, 300000};
static size_t size; /* of the blocks of the fault at hand */
static size_t usable;
static char *block;
static int on_stack_of_parent;
static char in_static[64];

/* ---- What is done wrong: each returns the pointer that the message names ------------------------------------------------ */

static void *freed_twice(void) {
    hmm_free(block);
    hmm_free(block);
    return block;
}

static void *freed_twice_later(void) {
    hmm_free(block);
    for (int i = 0; i < 1000; i++) hmm_free(hmm_malloc(size + 5000)); /* not that one */
    hmm_free(block);
    return block;
}

static void *freed_twice_among_many(void) {
    enum { COUNT = 300 };
    static void *blocks[COUNT];
    for (int i = 0; i < COUNT; i++) blocks[i] = hmm_malloc(size);
    for (int i = 0; i < COUNT; i++) hmm_free(blocks[i]);
    hmm_free(blocks[100]);
    return blocks[100];
}

static void *frees(void *p) {
    hmm_free(p);
    return NULL;
}

static void free_in_thread(void *p) {
    pthread_t thread;
    EXPECT_EQ(pthread_create(&thread, NULL, frees, p), 0);
    pthread_join(thread, NULL);
}

/* The first thread has made the C library allocate what it keeps for others: so that it does not get the freed block. */
static void *freed_then_by_a_thread(void) {
    free_in_thread(NULL);
    hmm_free(block);
    free_in_thread(block);
    return block;
}

static void *freed_by_a_thread_then_here(void) {
    free_in_thread(NULL);
    free_in_thread(block);
    hmm_free(block);
    return block;
}

static void *freed_by_two_threads(void) {
    free_in_thread(NULL);
    free_in_thread(block);
    free_in_thread(block);
    return block;
}

static void *inside(void) {
    hmm_free(block + 16);
    return block + 16;
}

static void *misaligned(void) {
    hmm_free(block + 1);
    return block + 1;
}

static void *before_the_end(void) {
    hmm_free(block + usable - 1);
    return block + usable - 1;
}

static void *far_inside(void) {
    hmm_free(block + usable / 2);
    return block + usable / 2;
}

static void *on_the_stack(void) {
    char local[64];
    volatile uintptr_t address = (uintptr_t)local;
    hmm_free((void *)address);
    return (void *)address;
}

static void *of_the_program(void) {
    hmm_free(in_static);
    return in_static;
}

static void *made_up(void) {
    volatile uintptr_t address = 0x1234567890;
    hmm_free((void *)address);
    return (void *)address;
}

static void *never_allocated(void) {
    char *p = block + usable;
    while (hmm_mallinfo2().arena == 0 || p < block + ((size_t)1 << 24)) p += 1 << 20;
    hmm_free(p);
    return p;
}

static void *neighbour_never_allocated(void) {
    void *fresh = hmm_malloc(48);
    hmm_free((char *)fresh + 48);
    return (char *)fresh + 48;
}

static void *realloc_of_freed(void) {
    hmm_free(block);
    block = (char *)(uintptr_t)block;
    return hmm_realloc(block, size * 2) == NULL ? NULL : block;
}

static void *realloc_of_inside(void) {
    return hmm_realloc(block + 16, size * 2);
}

static void *usable_size_of_freed(void) {
    hmm_free(block);
    return hmm_malloc_usable_size(block) == 0 ? NULL : block;
}

static void *usable_size_of_a_stack(void) {
    return hmm_malloc_usable_size(&on_stack_of_parent) == 0 ? NULL : block;
}

static const char free_again[] = "free: freed twice, or used after free";

/* The function that is named, and what is said of a block in a slab, and of a large one. */
static const struct {
    const char *name;
    void *(*run)(void);
    const char *function, *small, *large;
} faults[] = {
    {"freed_twice", freed_twice, "free", free_again, "in free memory"},
    {"freed_twice_later", freed_twice_later, "free", free_again, "in free memory"},
    {"freed_twice_among_many", freed_twice_among_many, "free", "freed twice, or used after free", "in free memory"},
    {"freed_then_by_a_thread", freed_then_by_a_thread, "free", free_again, "in free memory"},
    {"freed_by_a_thread_then_here", freed_by_a_thread_then_here, "free", free_again, "in free memory"},
    {"freed_by_two_threads", freed_by_two_threads, "free", free_again, "in free memory"},
    {"inside", inside, "free", "inside a block of ", "inside a block of "},
    {"misaligned", misaligned, "free", "inside a block of ", "inside a block of "},
    {"before_the_end", before_the_end, "free", "inside a block of ", "inside a block of "},
    {"far_inside", far_inside, "free", "inside a block of ", "inside a block of "},
    {"on_the_stack", on_the_stack, "free", "no memory of this allocator", "no memory of this allocator"},
    {"of_the_program", of_the_program, "free", "no memory of this allocator", "no memory of this allocator"},
    {"made_up", made_up, "free", "no memory of this allocator", "no memory of this allocator"},
    {"never_allocated", never_allocated, "free", "no memory of this allocator", "no memory of this allocator"},
    {"neighbour_never_allocated", neighbour_never_allocated, "free", free_again, free_again},
    {"realloc_of_freed", realloc_of_freed, "realloc", free_again, "in free memory"},
    {"realloc_of_inside", realloc_of_inside, "realloc", "inside a block of ", "inside a block of "},
    {"usable_size_of_freed", usable_size_of_freed, "malloc_usable_size", free_again, "in free memory"},
    {"usable_size_of_a_stack", usable_size_of_a_stack, "malloc_usable_size", "no memory of", "no memory of"},
};

/* ---- In a process of its own -------------------------------------------------------------------------------------------- */

static char said[4096];

static void run_in_child(void *(*run)(void)) {
    int ends[2];
    const pid_t child = fork_heard(ends);
    if (child == 0) {
        run();
        _exit(0);
    }
    const int status = hear(child, ends, said, sizeof said);
    EXPECT(WIFSIGNALED(status) ? WTERMSIG(status) == SIGABRT : status == 0);
}

static void expect_said(const char *name, const char *function, const char *text) {
    char start[64];
    snprintf(start, sizeof start, "heapmm: %s(0x", function);
    const char *end = strchr(said, '\n');
    if (strncmp(said, start, strlen(start)) == 0 && strstr(said, text) != NULL && end != NULL && end[1] == '\0') return;
    fprintf(stderr, "%s, %zu bytes: expected \"%s...%s\", got \"%s\"\n", name, size, start, text, said);
    exit(EXIT_FAILURE);
}

static void every_fault_is_named(void) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t j = 0; j < sizeof faults / sizeof faults[0]; j++) {
            size = sizes[i];
            block = hmm_malloc(size);
            void *wall = hmm_malloc(size);
            usable = hmm_malloc_usable_size(block);
            run_in_child(faults[j].run);
            expect_said(faults[j].name, faults[j].function, size < 4096 ? faults[j].small : faults[j].large);
            hmm_free(wall);
            hmm_free(block);
        }
    }
}

static void the_message_has_address_and_size(void) {
    char expected[200];
    size = 60;
    block = hmm_malloc(size);
    run_in_child(freed_twice);
    snprintf(expected, sizeof expected, "heapmm: free(%p): a block of 64 bytes that is free: freed twice, or used after free\n",
             (void *)block);
    EXPECT_STR_EQ(said, expected);
    run_in_child(misaligned);
    snprintf(expected, sizeof expected, "heapmm: free(%p): inside a block of 64 bytes at %p\n", (void *)(block + 1),
             (void *)block);
    EXPECT_STR_EQ(said, expected);
    hmm_free(block);
}

/* Overruns do not reach what is known of blocks. */
static void *overruns(void) {
    char *p = hmm_malloc(size);
    char *q = hmm_malloc(size);
    memset(p, 0xFF, hmm_malloc_usable_size(p) + 16);
    hmm_free(p);
    hmm_free(q);
    return NULL;
}

static void what_is_right_is_not_named(void) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size = sizes[i];
        run_in_child(overruns);
        EXPECT_STR_EQ(said, "");
    }
}

static const struct test tests[] = {
    TEST(every_fault_is_named),
    TEST(the_message_has_address_and_size),
    TEST(what_is_right_is_not_named),
};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
