/* failures_test.c: programs in which the Nth request, or the Nth region, is refused, for N = 1, 2, 3 ... until nothing is left
 * that could fail.
 *
 * SPDX-License-Identifier: MIT
 *
 * Requests fail as they do for a user: all memory is taken, and the hook on_exhausted declines, does nothing, or adds a region
 * that is refused; or the heap was lent too little. After each failure every byte of the heap is as before, apart from the
 * counter of failures, and every live block has its contents; once there is room the same call works.
 *
 *     HEAPMM_TEST_SEED=n      seed of the first program, else 1
 *     HEAPMM_TEST_STEPS=n     n times as many programs */
#include "fixture.h"

enum {
    KIB = 1024,
    GROUND = 80 * KIB,
    FIRST_BYTES = 32 * KIB, /* of the first region; the rest up to FIRST_MOST is for extending it */
    FIRST_MOST = 40 * KIB,
    MORE = 4, /* regions behind, each with room for as much again */
    MORE_BYTES = 4 * KIB,
    SLOTS = 24,
    CALLS = 70,
    FILLERS = 600
};

/* What the hook does when it is called. The first four help nobody. */
typedef enum plan { ABSENT, DECLINES, DOES_NOTHING, IS_REFUSED, ADDS, EXTENDS, FREES, PLANS } plan;

typedef enum kind {
    ALLOC,
    ALLOC_ZEROED,
    ALLOC_ALIGNED,
    ALLOC_GREEDY,
    REALLOC_NULL,
    RESIZE,
    RESIZE_GREEDY,
    REALLOC,
    REALLOC_ALIGNED
} kind;

enum { KINDS_FOR_EMPTY = RESIZE, KINDS = REALLOC_ALIGNED + 1 };

/* A request. */
typedef struct call {
    kind kind;
    size_t slot, size, alignment;
} call;

typedef struct live {
    unsigned char *p;
    size_t bytes; /* asked for, and filled with the pattern */
    unsigned char pattern;
} live;

static _Alignas(4096) unsigned char ground[GROUND];
static hmm_heap *heap;
static fault_notes notes;
static live slots[SLOTS];
static size_t first_bytes, more_bytes[MORE]; /* of each region; 0: not lent */
static void *fillers[FILLERS];
static size_t filler_count;

/* Of the hook. */
static plan planned;
static size_t hook_calls, hook_size;

/* How many requests, and how many changes of regions, there were; which of them is to fail. */
static size_t requests, changes, failing_request, failing_change;

static uint64_t random_state;

static size_t random_below(size_t limit) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % limit);
}

/* ---- What must not change ------------------------------------------------------------------------------------------------ */

static unsigned char bytes_before[GROUND];
static picture picture_before;
static hmm_heap_statistics stats_before;

static void remember(void) {
    picture_before = *picture_of(heap);
    stats_before = stats_of(heap);
    raw_copy(bytes_before, ground, GROUND);
}

static void expect_same_picture(const picture *before) {
    const picture *now = picture_of(heap);
    EXPECT_EQ(now->count, before->count);
    for (size_t i = 0; i < now->count; i++) {
        EXPECT_PTR_EQ(now->blocks[i].memory, before->blocks[i].memory);
        EXPECT_EQ(now->blocks[i].bytes, before->blocks[i].bytes);
        EXPECT_EQ(now->blocks[i].free, before->blocks[i].free);
    }
}

static void expect_contents(void) {
    for (size_t i = 0; i < SLOTS; i++)
        for (size_t at = 0; slots[i].p != NULL && at < slots[i].bytes; at++) EXPECT_EQ(slots[i].p[at], slots[i].pattern);
}

/* The heap is as remembered, but for so many more failures. */
static void expect_unchanged(size_t failures) {
    const hmm_heap_statistics now = stats_of(heap);
    size_t changed = 0;
    for (size_t at = 0; (at += raw_difference(ground + at, bytes_before + at, GROUND - at)) < GROUND; at++) changed++;
    EXPECT(changed <= failures * (sizeof(size_t) + (HMM_AUDIT_LEVEL >= 2 ? WORD : 0)));
    expect_same_picture(&picture_before);
    EXPECT_EQ(memcmp(&now, &stats_before, offsetof(hmm_heap_statistics, failures)), 0);
    EXPECT_EQ(now.fragmentation, stats_before.fragmentation);
    EXPECT_EQ(now.failures - stats_before.failures, HMM_STATS ? failures : 0);
    expect_contents();
    EXPECT_SOUND(heap);
}

/* ---- Regions ------------------------------------------------------------------------------------------------------------- */

static unsigned char *more_region(size_t i) {
    return ground + FIRST_MOST + i * 2 * MORE_BYTES + (i % 2) * MORE_BYTES / 4;
}

static void expect_refused(int code, int expected, const void *address) {
    EXPECT_EQ(code, expected);
    EXPECT_FAULT(&notes, (hmm_result)expected, address);
    expect_unchanged(0);
}

/* Every way in which add_region refuses. */
static void add_refused_regions(void) {
    void *beside = ground + GROUND;
    void *last = (void *)(UINTPTR_MAX - 100);
    remember();
    expect_refused(hmm_heap_add_region(heap, NULL, MORE_BYTES), HMM_FAULT_REGION_SMALL, NULL);
    expect_refused(hmm_heap_add_region(heap, beside, 0), HMM_FAULT_REGION_SMALL, beside);
    expect_refused(hmm_heap_add_region(heap, beside, 8 * WORD + 8), HMM_FAULT_REGION_SMALL, beside);
    expect_refused(hmm_heap_add_region(heap, last, 1000), HMM_FAULT_REGION_WRAPS, last);
    expect_refused(hmm_heap_add_region(heap, ground, FIRST_BYTES), HMM_FAULT_REGION_OVERLAPS, ground);
    expect_refused(hmm_heap_add_region(heap, ground + 1000, 1000), HMM_FAULT_REGION_OVERLAPS, ground + 1000);
    if (has_sizes_too_large())
        expect_refused(hmm_heap_add_region(heap, beside, HMM_HEAP_LARGEST_BLOCK + 4 * KIB), HMM_FAULT_REGION_LARGE, beside);
    for (size_t i = 0; i < MORE; i++) {
        void *in_front = more_region(i) - 500;
        if (more_bytes[i] != 0) expect_refused(hmm_heap_add_region(heap, in_front, 1000), HMM_FAULT_REGION_OVERLAPS, in_front);
    }
    if (WORD < sizeof(void *)) { /* else links reach everything */
        void *far = (void *)((uintptr_t)ground ^ (uintptr_t)1 << (sizeof(void *) == 8 ? 46 : 28));
        expect_refused(hmm_heap_add_region(heap, far, MORE_BYTES), HMM_FAULT_REGION_FAR, far);
    }
}

/* Every way in which extend_region refuses. */
static void extend_by_refused_bytes(void) {
    remember();
    expect_refused(hmm_heap_extend_region(heap, NULL, 100), HMM_FAULT_REGION_UNKNOWN, NULL);
    expect_refused(hmm_heap_extend_region(heap, ground + 1, 100), HMM_FAULT_REGION_UNKNOWN, ground + 1);
    expect_refused(hmm_heap_extend_region(heap, ground, SIZE_MAX), HMM_FAULT_REGION_WRAPS, ground);
    if (has_sizes_too_large())
        expect_refused(hmm_heap_extend_region(heap, ground, HMM_HEAP_LARGEST_BLOCK), HMM_FAULT_REGION_LARGE, ground);
    for (size_t i = 0; i < MORE; i++) {
        const size_t overlap = (size_t)(more_region(i) - ground) - first_bytes + 1;
        const void *end = ground + first_bytes;
        if (more_bytes[i] != 0)
            expect_refused(hmm_heap_extend_region(heap, ground, overlap), HMM_FAULT_REGION_OVERLAPS, end);
        else
            expect_refused(hmm_heap_extend_region(heap, more_region(i), 100), HMM_FAULT_REGION_UNKNOWN, more_region(i));
    }
}

static bool add_some_region(void) {
    for (size_t i = 0; i < MORE; i++) {
        if (more_bytes[i] != 0) continue;
        EXPECT_EQ(hmm_heap_add_region(heap, more_region(i), MORE_BYTES), HMM_OK);
        more_bytes[i] = MORE_BYTES;
        return true;
    }
    return false;
}

static bool extend_first_region(size_t bytes) {
    if (first_bytes + bytes > FIRST_MOST) return false;
    EXPECT_EQ(hmm_heap_extend_region(heap, ground, bytes), HMM_OK);
    first_bytes += bytes;
    return true;
}

/* Adds or extends a region, if there is memory left. */
static void change_regions(void) {
    const bool add = random_below(2) == 0 && more_bytes[MORE - 2] == 0; /* the last is left for the hook */
    if (++changes == failing_change) {
        add_refused_regions();
        extend_by_refused_bytes();
    }
    if (add)
        add_some_region();
    else
        extend_first_region(1 + random_below(300));
    EXPECT_EQ(notes.count, 0);
}

/* ---- Requests ------------------------------------------------------------------------------------------------------------ */

static bool hook(void *context, hmm_heap *exhausted, size_t size) {
    (void)context;
    EXPECT_PTR_EQ(exhausted, heap);
    hook_calls++;
    hook_size = size;
    switch (planned) {
    case IS_REFUSED:
        EXPECT_EQ(hmm_heap_add_region(heap, ground, 2 * KIB), HMM_FAULT_REGION_OVERLAPS);
        EXPECT_FAULT(&notes, HMM_FAULT_REGION_OVERLAPS, ground);
        EXPECT_EQ(hmm_heap_extend_region(heap, ground + 1, 2 * KIB), HMM_FAULT_REGION_UNKNOWN);
        EXPECT_FAULT(&notes, HMM_FAULT_REGION_UNKNOWN, ground + 1);
        return size % 2 == 0;
    case ADDS: return add_some_region();
    case EXTENDS: return extend_first_region(3 * KIB);
    case FREES:
        while (filler_count > 0) hmm_heap_free(heap, fillers[--filler_count]);
        return true;
    default: return planned == DOES_NOTHING;
    }
}

static bool is_in_place(const call *c) {
    return c->kind == RESIZE || c->kind == RESIZE_GREEDY;
}

/* A request that cannot be met without free memory: slots that are in use shall grow. */
static call make_call(void) {
    call c = {ALLOC, random_below(SLOTS), random_below(8) == 0 ? random_below(1200) : random_below(200), 0};
    const live *l = &slots[c.slot];
    c.alignment = (size_t)1 << random_below(9);
    if (l->p == NULL) {
        c.kind = (kind)random_below(KINDS_FOR_EMPTY);
    } else {
        c.kind = (kind)(KINDS_FOR_EMPTY + random_below(KINDS - KINDS_FOR_EMPTY));
        c.size += hmm_heap_usable_size(heap, l->p) + 1;
    }
    return c;
}

static void fill_from(live *l, size_t begin) {
    if (l->bytes > begin) memset(l->p + begin, l->pattern, l->bytes - begin);
}

/* Makes the request. Returns whether it succeeded; the slot then has what was got. */
static bool make_request(const call *c) {
    live *l = &slots[c->slot];
    const size_t before = l->p == NULL ? 0 : l->bytes;
    void *p = l->p;
    size_t got = c->size;
    int code = HMM_OK;
    switch (c->kind) {
    case ALLOC: p = hmm_heap_alloc(heap, c->size); break;
    case ALLOC_ZEROED: p = hmm_heap_alloc_zeroed(heap, 1, c->size); break;
    case ALLOC_ALIGNED: p = hmm_heap_alloc_aligned(heap, c->alignment, c->size); break;
    case ALLOC_GREEDY: p = hmm_heap_alloc_greedy(heap, c->size, c->size + 100, &got); break;
    case REALLOC_NULL: p = hmm_heap_realloc(heap, NULL, c->size); break;
    case RESIZE: code = hmm_heap_resize(heap, p, c->size); break;
    case RESIZE_GREEDY: code = hmm_heap_resize_greedy(heap, p, c->size, c->size + 100, &got); break;
    case REALLOC: p = hmm_heap_realloc(heap, p, c->size); break;
    default: p = hmm_heap_realloc_aligned(heap, p, c->alignment, c->size);
    }
    EXPECT(code == HMM_OK || code == HMM_NO_ROOM);
    if (c->kind == ALLOC_GREEDY && p == NULL) EXPECT_EQ(got, 0);
    if (p == NULL || code != HMM_OK) return false;

    if (c->kind == ALLOC_ALIGNED || c->kind == REALLOC_ALIGNED) EXPECT_EQ((uintptr_t)p % c->alignment, 0);
    if (before == 0 && l->p == NULL) l->pattern = (unsigned char)(1 + random_below(255));
    l->p = p;
    l->bytes = got;
    for (size_t at = 0; at < before; at++) EXPECT_EQ(l->p[at], l->pattern);
    fill_from(l, before);
    return true;
}

/* Takes all that is free, so that the next request fails. */
static void exhaust(void) {
    const plan later = planned;
    planned = DECLINES;
    for (void *p; (p = hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL)) != NULL;) {
        EXPECT(filler_count < FILLERS);
        fillers[filler_count++] = p;
    }
    planned = later;
}

/* The request that is to fail: fails while nothing is free, or is helped by the hook; works once there is room. */
static void make_failing_request(const call *c) {
    static picture roomy;
    roomy = *picture_of(heap);
    exhaust();
    remember();
    hook_calls = 0;
    const bool helped = !is_in_place(c) && (planned == ADDS || planned == EXTENDS || planned == FREES);
    EXPECT_EQ(make_request(c), helped);
    EXPECT_EQ(hook_calls, planned == ABSENT || is_in_place(c) ? 0 : 1);
    if (hook_calls == 1) EXPECT_EQ(hook_size, c->size);
    EXPECT_EQ(notes.count, 0);
    if (!helped) expect_unchanged(1);
    while (filler_count > 0) hmm_heap_free(heap, fillers[--filler_count]);
    if (helped) return;
    expect_same_picture(&roomy);
    if (!is_in_place(c)) EXPECT(make_request(c));
}

/* Some blocks are freed, and those that have grown large: what the hook adds must be enough. */
static bool is_to_be_freed(const live *l) {
    return l->p != NULL && (l->bytes > 1000 || random_below(3) == 0);
}

static void free_slot(size_t i) {
    hmm_heap_free(heap, slots[i].p);
    slots[i].p = NULL;
}

/* ---- Programs ------------------------------------------------------------------------------------------------------------ */

static void begin_program(size_t bytes, uint64_t seed) {
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
    notes = (fault_notes){.count = 0};
    memset(slots, 0, sizeof slots);
    memset(more_bytes, 0, sizeof more_bytes);
    requests = changes = filler_count = 0;
    hmm_heap_options options = noting_options(&notes);
    options.capacity = seed % 2 == 0 ? FIRST_BYTES : 1;
    options.on_exhausted = planned == ABSENT ? NULL : hook;
    first_bytes = bytes;
    heap = hmm_heap_create(ground, bytes, &options);
    EXPECT(heap != NULL);
}

static void end_program(void) {
    expect_contents();
    EXPECT_SOUND(heap);
    for (size_t i = 0; i < SLOTS; i++) free_slot(i);
    EXPECT_EQ(stats_of(heap).bytes_in_use, 0);
    EXPECT_SOUND(heap);
    EXPECT_EQ(notes.count, 0);
    hmm_heap_destroy(heap);
}

static void run_program(uint64_t seed) {
    begin_program(FIRST_BYTES, seed);
    for (size_t i = 0; i < CALLS; i++) {
        if (random_below(10) == 0) change_regions();
        const call c = make_call();
        if (is_to_be_freed(&slots[c.slot]))
            free_slot(c.slot);
        else if (++requests == failing_request)
            make_failing_request(&c);
        else if (!make_request(&c))
            EXPECT(is_in_place(&c));
    }
    end_program();
}

static uint64_t number_from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 0);
}

static uint64_t first_seed(void) {
    return number_from_environment("HEAPMM_TEST_SEED", 1);
}

static uint64_t programs(void) {
    return (HMM_VALGRIND ? 1 : 3) * number_from_environment("HEAPMM_TEST_STEPS", 1);
}

/* ---- Tests --------------------------------------------------------------------------------------------------------------- */

static void nth_request_fails(void) {
    const size_t stride = HMM_VALGRIND ? 13 : 1;
    size_t failed = 0;
    for (uint64_t seed = first_seed(); seed < first_seed() + programs(); seed++)
        for (planned = ABSENT; planned < PLANS; planned++) {
            failing_request = 1;
            do {
                run_program(seed);
                failed += requests >= failing_request;
                failing_request += stride;
            } while (requests >= failing_request);
        }
    failing_request = 0;
    planned = ABSENT;
    printf("  %zu requests\n", failed);
    EXPECT(failed >= PLANS * programs() * (CALLS / 2) / stride);
}

static void nth_region_is_refused(void) {
    enum { CHANGED = HMM_VALGRIND ? 1 : 4 }; /* as many programs */
    size_t failed = 0;
    for (uint64_t seed = first_seed(); seed < first_seed() + CHANGED * programs(); seed++) {
        failing_change = 1;
        do {
            run_program(seed);
            failed += changes >= failing_change;
        } while (changes >= failing_change++);
    }
    failing_change = 0;
    printf("  %zu changes of regions\n", failed);
    EXPECT(failed >= CHANGED * programs() * 2);
}

/* The program again and again, lent a little more each time, until nothing fails any more. A request that does not fit gets the
 * room that it lacks, and is repeated. */
static size_t run_short_of_memory(size_t bytes, uint64_t seed) {
    size_t failed = 0;
    begin_program(bytes, seed);
    for (size_t i = 0; i < CALLS; i++) {
        const call c = make_call();
        if (is_to_be_freed(&slots[c.slot])) {
            free_slot(c.slot);
            continue;
        }
        remember();
        if (make_request(&c)) continue;
        expect_unchanged(1);
        if (is_in_place(&c)) continue;
        failed++;
        EXPECT(extend_first_region(c.size + c.alignment + 2 * SMALLEST + 2 * GRANULE));
        EXPECT(make_request(&c));
    }
    end_program();
    return failed;
}

static void less_and_less_short_of_memory(void) {
    const size_t step = HMM_VALGRIND ? 1 * KIB : 512;
    for (uint64_t seed = first_seed(); seed < first_seed() + programs(); seed++) {
        size_t bytes = 1 * KIB, failed = 0, runs = 0;
        for (; (failed = run_short_of_memory(bytes, seed)) > 0; bytes += step) runs++;
        EXPECT(runs > 2 && bytes < FIRST_MOST);
    }
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(nth_request_fails), TEST(nth_region_is_refused),
                                        TEST(less_and_less_short_of_memory)};
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
