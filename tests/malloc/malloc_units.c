/* malloc_units.c: every function, with ordinary and with extreme arguments.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include "expect.h"

#include "heapmm/malloc.h"

enum { MIB = 1 << 20 };

static volatile size_t nothing = 0; /* hides sizes from the compiler, which warns of those too large */

static size_t multiple_of(const void *p, size_t alignment) {
    return (uintptr_t)p % alignment == 0;
}

static void fill(unsigned char *p, size_t bytes, unsigned seed) {
    for (size_t i = 0; i < bytes; i++) p[i] = (unsigned char)(seed + i * 7);
}

static void expect_filled(const unsigned char *p, size_t bytes, unsigned seed) {
    for (size_t i = 0; i < bytes; i++) EXPECT_EQ(p[i], (unsigned char)(seed + i * 7));
}

static void expect_no_memory(const void *p) {
    EXPECT_PTR_EQ(p, NULL);
    EXPECT_EQ(errno, ENOMEM);
    errno = 0;
}

static size_t resident(void) {
    size_t total = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    EXPECT(file != NULL && fscanf(file, "%zu %zu", &total, &pages) == 2);
    fclose(file);
    return pages * 4096;
}

static void every_size_holds_its_bytes(void) {
    enum { SIZES = 70000 };
    static unsigned char *blocks[SIZES];
    for (size_t size = 0; size < SIZES; size += size < 9000 ? 1 : 97) {
        blocks[size] = hmm_malloc(size);
        EXPECT(blocks[size] != NULL && multiple_of(blocks[size], 16));
        EXPECT(hmm_malloc_usable_size(blocks[size]) >= size);
        fill(blocks[size], hmm_malloc_usable_size(blocks[size]), (unsigned)size);
    }
    for (size_t size = 0; size < SIZES; size++) {
        if (blocks[size] == NULL) continue;
        expect_filled(blocks[size], hmm_malloc_usable_size(blocks[size]), (unsigned)size);
        hmm_free(blocks[size]);
    }
}

static void impossible_sizes_fail(void) {
    errno = 0;
    const size_t sizes[] = {PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX / 2, SIZE_MAX - 4096, SIZE_MAX - 15, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const size_t size = sizes[i] + nothing;
        void *kept = hmm_malloc(10);
        expect_no_memory(hmm_malloc(size));
        expect_no_memory(hmm_calloc(1, size));
        expect_no_memory(hmm_calloc(size, 1));
        expect_no_memory(hmm_realloc(NULL, size));
        expect_no_memory(hmm_realloc(kept, size));
        expect_no_memory(hmm_aligned_alloc(16, size));
        expect_no_memory(hmm_aligned_alloc((size_t)1 << 62, 1));
        expect_no_memory(hmm_aligned_alloc((size_t)1 << 63, size));
        expect_no_memory(hmm_valloc(size));
        expect_no_memory(hmm_pvalloc(size));
        void *p = kept;
        EXPECT_EQ(hmm_posix_memalign(&p, 16, size), ENOMEM);
        EXPECT_PTR_EQ(p, kept);
        EXPECT_EQ(errno, 0);
        hmm_free(kept);
    }
}

static void products_do_not_overflow(void) {
    errno = 0;
    const size_t half = ((size_t)1 << 32) + nothing;
    expect_no_memory(hmm_calloc(half, half));
    expect_no_memory(hmm_calloc(half + 1, half));
    expect_no_memory(hmm_calloc(SIZE_MAX - nothing, 2));
    void *kept = hmm_malloc(1);
    expect_no_memory(hmm_reallocarray(kept, half, half));
    expect_no_memory(hmm_reallocarray(kept, 3, SIZE_MAX / 2 + nothing));
    kept = hmm_reallocarray(kept, 30, 40);
    EXPECT(hmm_malloc_usable_size(kept) >= 1200);
    hmm_free(kept);
}

static void calloc_gives_zeros_in_used_memory(void) {
    const size_t sizes[] = {1, 64, 1000, 4096, 5000, 32768, 33000, 100000, 3 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int round = 0; round < 3; round++) {
            unsigned char *p = hmm_malloc(sizes[i]);
            memset(p, 0xFF, sizes[i]);
            hmm_free(p);
            if (round == 1) hmm_malloc_trim(0);
            p = hmm_calloc(1, sizes[i]);
            EXPECT(p != NULL);
            for (size_t j = 0; j < sizes[i]; j++) EXPECT_EQ(p[j], 0);
            memset(p, 0xFF, sizes[i]);
            hmm_free(p);
        }
    }
    hmm_free(hmm_calloc(0, 10));
    hmm_free(hmm_calloc(10, 0));
}

/* Free spans that begin and end within pages, between blocks that stay. */
static void calloc_gives_zeros_at_the_edges_of_pages(void) {
    enum { COUNT = 39, SIZE = 33 * 1024 };
    void *blocks[COUNT];
    for (int i = 0; i < COUNT; i++) memset(blocks[i] = hmm_malloc(SIZE), 0xFF, SIZE);
    for (int i = 0; i < COUNT; i++)
        if (i % 3 != 0) hmm_free(blocks[i]);
    hmm_malloc_trim(0);
    for (int i = 1; i < COUNT; i += 3) {
        unsigned char *p = blocks[i] = hmm_calloc(2, SIZE);
        for (size_t j = 0; j < 2 * SIZE; j++) EXPECT_EQ(p[j], 0);
    }
    for (int i = 0; i < COUNT; i++)
        if (i % 3 < 2) hmm_free(blocks[i]);
}

static void realloc_keeps_the_contents(void) {
    const size_t sizes[] = {1,     16,    17,    100,     1000,    1025,  4096, 4097, 5000,    32768, 32769,
                            20000, 60000, 59000, 4 * MIB, 5 * MIB, 70000, 300,  20,   4 * MIB, 1};
    unsigned char *p = hmm_realloc(NULL, sizes[0]);
    fill(p, sizes[0], 1);
    for (size_t i = 1; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *between = i % 2 == 0 ? hmm_malloc(8000) : NULL; /* now and then in the way */
        p = hmm_realloc(p, sizes[i]);
        EXPECT(p != NULL && hmm_malloc_usable_size(p) >= sizes[i]);
        expect_filled(p, sizes[i] < sizes[i - 1] ? sizes[i] : sizes[i - 1], (unsigned)i);
        fill(p, sizes[i], (unsigned)i + 1);
        hmm_free(between);
    }
    EXPECT_PTR_EQ(hmm_realloc(p, 0), NULL);
}

static void a_large_block_grows_and_shrinks_where_it_is(void) {
    unsigned char *p = hmm_malloc(MIB);
    void *behind = hmm_malloc(MIB);
    void *wall = hmm_malloc(MIB);
    EXPECT_PTR_EQ((unsigned char *)p + MIB, behind);
    hmm_free(behind);
    EXPECT_PTR_EQ(hmm_realloc(p, 2 * MIB), p);
    EXPECT_PTR_EQ(hmm_realloc(p, MIB / 2), p);
    EXPECT_EQ(hmm_malloc_usable_size(p), MIB / 2);
    EXPECT_PTR_EQ(hmm_realloc(p, 2 * MIB - 1024), p);
    EXPECT(hmm_realloc(NULL, 1) != NULL);
    hmm_free(p);
    hmm_free(wall);
}

/* Three large blocks side by side: what is behind the first becomes one with it, in either order. */
static void free_neighbours_become_one(void) {
    for (int order = 0; order < 2; order++) {
        unsigned char *parts[3];
        for (int i = 0; i < 3; i++) parts[i] = hmm_malloc(MIB);
        EXPECT_PTR_EQ(parts[0] + MIB, parts[1]);
        EXPECT_PTR_EQ(parts[1] + MIB, parts[2]);
        hmm_free(parts[order]);
        hmm_free(parts[1 - order]);
        EXPECT_PTR_EQ(hmm_malloc(2 * MIB), parts[0]);
        EXPECT_PTR_EQ(hmm_realloc(parts[2], 2 * MIB), parts[2]);
        hmm_free(parts[0]);
        hmm_free(parts[2]);
    }
}

static void alignments_from_1_byte_to_1_gib(void) {
    for (size_t alignment = 1; alignment <= (size_t)1 << 30; alignment *= 2) {
        const size_t sizes[] = {0, 1, 15, 16, 100, 1000, 1024, 3000, 4096, 5000, 32768, 100000};
        void *blocks[3 * sizeof sizes / sizeof sizes[0]];
        size_t count = 0;
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            if (alignment > 1 << 24 && i > 2) break;
            blocks[count++] = hmm_aligned_alloc(alignment, sizes[i]);
            blocks[count++] = hmm_memalign(alignment, sizes[i]);
            if (alignment >= sizeof(void *)) EXPECT_EQ(hmm_posix_memalign(&blocks[count++], alignment, sizes[i]), 0);
            for (size_t j = count < 3 ? 0 : count - 3; j < count; j++) {
                EXPECT(blocks[j] != NULL && multiple_of(blocks[j], alignment));
                EXPECT(j + 3 < count || hmm_malloc_usable_size(blocks[j]) >= (i == 0 ? 0 : sizes[i - 1]));
            }
            EXPECT(hmm_malloc_usable_size(blocks[count - 1]) >= sizes[i]);
            memset(blocks[count - 1], 1, sizes[i]);
        }
        for (size_t j = 0; j < count; j++) hmm_free(blocks[j]);
    }
    void *p = hmm_valloc(10);
    EXPECT(multiple_of(p, 4096));
    hmm_free(p);
    p = hmm_pvalloc(4097);
    EXPECT(multiple_of(p, 4096) && hmm_malloc_usable_size(p) >= 8192);
    hmm_free(p);
}

static void bad_alignments_are_invalid(void) {
    const size_t bad[] = {0, 3, 24, 48, 1000, SIZE_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        errno = 0;
        EXPECT_PTR_EQ(hmm_aligned_alloc(bad[i], 100), NULL);
        EXPECT_EQ(errno, EINVAL);
        errno = 0;
        EXPECT_PTR_EQ(hmm_memalign(bad[i], 100), NULL);
        EXPECT_EQ(errno, EINVAL);
        errno = 0;
        void *p = &errno;
        EXPECT_EQ(hmm_posix_memalign(&p, bad[i], 100), EINVAL);
        EXPECT_EQ(hmm_posix_memalign(&p, 4, 100), EINVAL);
        EXPECT_PTR_EQ(p, &errno);
        EXPECT_EQ(errno, 0);
    }
}

static void free_keeps_errno(void) {
    const size_t sizes[] = {10, 4000, 5000, 50000, 8 * MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *p = hmm_malloc(sizes[i]);
        errno = 77;
        hmm_free(p);
        EXPECT_EQ(errno, 77);
    }
    hmm_free(NULL);
    hmm_cfree(NULL);
    hmm_cfree(hmm_malloc(3));
    hmm_free_sized(hmm_malloc(3), 3);
    hmm_free_aligned_sized(hmm_aligned_alloc(64, 64), 64, 64);
    hmm_malloc_trim(0);
    EXPECT_EQ(errno, 77);
    EXPECT_EQ(hmm_malloc_usable_size(NULL), 0);
}

static void freed_memory_is_used_again(void) {
    size_t mapped = 0;
    for (int round = 0; round < 20; round++) {
        static void *blocks[4000];
        for (size_t i = 0; i < 4000; i++) blocks[i] = hmm_malloc((i * 37 + (size_t)round * 11) % (i % 8 == 0 ? 70000 : 9000));
        for (size_t i = 0; i < 4000; i++) hmm_free(blocks[(i * 7) % 4000]);
        if (round == 4) mapped = hmm_mallinfo2().arena;
    }
    EXPECT(hmm_mallinfo2().arena <= mapped + mapped / 10);
}

/* Of two free spans the smaller one is used up; then the larger one is found, and nothing is taken from beyond all blocks. */
static void a_larger_free_span_is_found(void) {
    enum { SMALLER = 61 * 1024, LARGER = 97 * 1024 };
    const size_t sizes[] = {SMALLER, SMALLER, SMALLER, LARGER, SMALLER};
    char *blocks[5], *highest = NULL;
    for (int i = 0; i < 5; i++) {
        blocks[i] = hmm_malloc(sizes[i]);
        if (blocks[i] > highest) highest = blocks[i];
    }
    hmm_free(blocks[1]);
    hmm_free(blocks[3]);
    blocks[1] = hmm_malloc(SMALLER);
    blocks[3] = hmm_malloc(SMALLER);
    EXPECT(blocks[1] < highest);
    EXPECT(blocks[3] < highest);
    for (int i = 0; i < 5; i++) hmm_free(blocks[i]);
}

static void statistics_add_up(void) {
    const struct hmm_malloc_numbers before = hmm_mallinfo2();
    void *p = hmm_malloc(100 * 1024);
    const struct hmm_malloc_numbers after = hmm_mallinfo2();
    EXPECT_EQ(after.hblks, before.hblks + 1);
    EXPECT_EQ(after.hblkhd, before.hblkhd + 100 * 1024);
    EXPECT_EQ(after.uordblks, before.uordblks + 100 * 1024);
    EXPECT_EQ(after.arena, after.uordblks + after.fordblks);
    EXPECT_EQ(hmm_mallinfo().hblkhd, (int)after.hblkhd);
    hmm_free(p);
    EXPECT_EQ(hmm_mallinfo2().uordblks, before.uordblks);
    EXPECT_EQ(hmm_mallopt(1, 1), 0);
    EXPECT_EQ(hmm_malloc_info(1, stdout), EINVAL);
    EXPECT_EQ(hmm_malloc_info(0, stdout), 0);
    hmm_malloc_stats();
}

/* 32 MiB of small and 32 MiB of large blocks: trimmed, and by the clock, driven by other calls. */
static size_t fill_and_free(size_t size) {
    enum { TOTAL = 64 * MIB };
    static void *blocks[TOTAL / 512];
    hmm_malloc_trim(0);
    const size_t before = resident();
    const size_t count = TOTAL / size;
    for (size_t i = 0; i < count; i++) memset(blocks[i] = hmm_malloc(size), 1, size);
    EXPECT(resident() > before + 60 * MIB);
    for (size_t i = 0; i < count; i++) hmm_free(blocks[i]);
    return before;
}

static void trimming_gives_memory_back(void) {
    const size_t sizes[] = {512, 4000, 40000, 4 * MIB};
    for (size_t i = 0; i < 4; i++) {
        const size_t before = fill_and_free(sizes[i]);
        EXPECT_EQ(hmm_malloc_trim(0), 1);
        EXPECT_EQ(hmm_malloc_trim(0), 0);
        EXPECT(resident() < before + 4 * MIB);
    }
}

/* With one in 50 kept, whole pages are free between them. */
static void trimming_gives_pages_of_slabs_back(void) {
    enum { COUNT = 64 * MIB / 1000 };
    static void *blocks[COUNT];
    const size_t before = resident();
    for (size_t i = 0; i < COUNT; i++) memset(blocks[i] = hmm_malloc(1000), (int)i, 1000);
    for (size_t i = 0; i < COUNT; i++)
        if (i % 50 != 0) hmm_free(blocks[i]);
    EXPECT(resident() > before + 40 * MIB);
    hmm_malloc_trim(0);
    EXPECT(resident() < before + 12 * MIB);
    for (size_t i = 0; i < COUNT; i += 50) {
        for (size_t j = 0; j < 1000; j++) EXPECT_EQ(((unsigned char *)blocks[i])[j], (unsigned char)i);
        hmm_free(blocks[i]);
    }
}

/* Driven by calls of one size, of which most never leave the fast path. */
static void expect_back_by_calls_of(size_t size) {
    const size_t before = fill_and_free(512);
    const struct timespec pause = {.tv_sec = 0, .tv_nsec = 10 * 1000 * 1000};
    for (int i = 0; i < 100; i++) {
        nanosleep(&pause, NULL);
        hmm_free(hmm_malloc(size));
    }
    EXPECT(resident() < before + 4 * MIB);
}

static void time_gives_memory_back(void) {
    expect_back_by_calls_of(50000);
    expect_back_by_calls_of(24);
}

static const struct test tests[] = {
    TEST(a_larger_free_span_is_found), /* before others leave free spans elsewhere */
    TEST(every_size_holds_its_bytes),
    TEST(impossible_sizes_fail),
    TEST(products_do_not_overflow),
    TEST(calloc_gives_zeros_in_used_memory),
    TEST(calloc_gives_zeros_at_the_edges_of_pages),
    TEST(realloc_keeps_the_contents),
    TEST(a_large_block_grows_and_shrinks_where_it_is),
    TEST(free_neighbours_become_one),
    TEST(alignments_from_1_byte_to_1_gib),
    TEST(bad_alignments_are_invalid),
    TEST(free_keeps_errno),
    TEST(freed_memory_is_used_again),
    TEST(statistics_add_up),
    TEST(trimming_gives_memory_back),
    TEST(trimming_gives_pages_of_slabs_back),
    TEST(time_gives_memory_back),
};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
