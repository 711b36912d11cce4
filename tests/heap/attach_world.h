/* attach_world.h: what the tests of hmm_heap_attach share: heaps with guard pages around them, copies of them, and all that holds
 * for every attach.
 *
 * SPDX-License-Identifier: MIT
 *
 * Every attach runs with an alarm and with handlers that must not be called. One that fails must leave every byte as it was and
 * fill in the fault; one that succeeds must have opened a heap whose check finds nothing.
 *
 *     HEAPMM_TEST_SEED=n      seed of the first image, else 1
 *     HEAPMM_TEST_STEPS=n     n times as many images
 *
 * The includer defines _DEFAULT_SOURCE, for MAP_ANONYMOUS. */
#ifndef HMM_TESTS_ATTACH_WORLD_H
#define HMM_TESTS_ATTACH_WORLD_H

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

/* Each region has an area of its own, twice as large, so that it can stand anywhere in the lower half. */
enum { REGION = GRANULE > 32 ? 16384 : 8192, AREA = 2 * REGION, REGIONS = 3, SLOTS = 60, SECONDS = 20 };

/* A heap and where it is. The first region lies between the two others, so that links lead both ways. */
typedef struct world {
    unsigned char *area[REGIONS];
    size_t start; /* of each region in its area */
    size_t bytes[REGIONS];
    size_t regions;
    hmm_heap *heap;
    unsigned char *slots[SLOTS];
} world;

static world home, away;
static unsigned char saved[REGIONS * AREA];
static fault_notes notes;

/* For the report of a crash. */
static uint64_t doing_seed;

static uint64_t random_state;

static inline uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static inline size_t random_below(size_t limit) {
    return (size_t)(next_random() % limit);
}

static inline void seed_random(uint64_t seed) {
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
}

/* ---- Worlds -------------------------------------------------------------------------------------------------------------- */

/* Two worlds made so have the same distances between their areas. */
static inline void make_areas(world *w) {
    static const size_t place[REGIONS] = {1, 0, 2};
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *memory =
        mmap(NULL, REGIONS * (AREA + page) + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    EXPECT(memory != MAP_FAILED && REGION % page == 0);
    for (size_t i = 0; i < REGIONS; i++) {
        w->area[i] = memory + page + place[i] * (AREA + page);
        EXPECT_EQ(mprotect(w->area[i], AREA, PROT_READ | PROT_WRITE), 0);
    }
}

/* Forbids or allows what lies behind the places of the regions. */
static inline void set_upper_half(const world *w, int protection) {
    for (size_t i = 0; i < REGIONS; i++) EXPECT_EQ(mprotect(w->area[i] + REGION, REGION, protection), 0);
}

static inline unsigned char *region_of(const world *w, size_t i) {
    return w->area[i] + w->start;
}

static inline void get_spans(const world *w, hmm_span *spans) {
    for (size_t i = 0; i < w->regions; i++) spans[i] = (hmm_span){region_of(w, i), w->bytes[i]};
}

static inline hmm_heap_options noting(void) {
    return noting_options(&notes);
}

/* One step, decided by `dice` alone: the same in a heap and in its copy. */
static inline void step(world *w, uint64_t dice, bool aligned_too) {
    unsigned char **slot = &w->slots[dice / 16 % SLOTS];
    /* Some are large enough to be taken from the high end of a free block. */
    const size_t size = (size_t)(dice / 8192 % (dice / 1024 % 8 == 0 ? 3000 : 150));
    const size_t i = (size_t)(dice / 16 % w->regions);
    void *p;
    switch (dice % 10) {
    case 0:
        p = aligned_too ? hmm_heap_alloc_aligned(w->heap, (size_t)32 << size % 5, size) : hmm_heap_alloc_zeroed(w->heap, 1, size);
        if (*slot == NULL)
            *slot = p;
        else
            hmm_heap_free(w->heap, p);
        break;
    case 1:
        if (*slot != NULL) (void)hmm_heap_resize(w->heap, *slot, size);
        break;
    case 2:
        p = hmm_heap_realloc(w->heap, *slot, size);
        if (p != NULL) *slot = p;
        break;
    case 3: w->bytes[i] -= hmm_heap_shrink_region(w->heap, region_of(w, i), size); break;
    case 4: {
        const size_t more = size < REGION - w->bytes[i] ? size : REGION - w->bytes[i];
        EXPECT_EQ(hmm_heap_extend_region(w->heap, region_of(w, i), more), HMM_OK);
        w->bytes[i] += more;
        break;
    }
    default:
        if (*slot == NULL) {
            *slot = hmm_heap_alloc(w->heap, size);
        } else {
            hmm_heap_free(w->heap, *slot);
            *slot = NULL;
        }
    }
}

/* A heap in `home` that was used for a while. */
static inline void make_busy(size_t regions, uint64_t seed) {
    doing_seed = seed;
    seed_random(seed);
    notes = (fault_notes){.count = 0};
    memset(home.slots, 0, sizeof home.slots);
    home.start = 0;
    home.regions = regions;
    /* Payloads must not show what an earlier heap has left behind: that can be a block with a right check value. */
    for (size_t i = 0; i < regions; i++) raw_fill(region_of(&home, i), 0, REGION);
    hmm_heap_options options = noting();
    options.capacity = seed % 3 == 0 ? 1 : 0; /* a capacity of 1: most free blocks are in one tree */
    home.heap = hmm_heap_create(region_of(&home, 0), REGION, &options);
    EXPECT(home.heap != NULL);
    for (size_t i = 0; i < regions; i++) {
        home.bytes[i] = REGION;
        if (i > 0) EXPECT_EQ(hmm_heap_add_region(home.heap, region_of(&home, i), REGION), HMM_OK);
    }
    for (int i = 0; i < 400; i++) step(&home, next_random(), true);
    EXPECT_SOUND(home.heap);
}

/* Makes `away` a copy of `home`, so many bytes from the start of its areas. */
static inline void copy_away(size_t start) {
    away.start = start;
    away.regions = home.regions;
    away.heap = NULL;
    for (size_t i = 0; i < home.regions; i++) {
        away.bytes[i] = home.bytes[i];
        raw_copy(region_of(&away, i), region_of(&home, i), REGION);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        const uintptr_t distance = (uintptr_t)home.slots[i] - (uintptr_t)region_of(&home, 0);
        away.slots[i] = home.slots[i] == NULL ? NULL : (unsigned char *)((uintptr_t)region_of(&away, 0) + distance);
    }
}

/* Where the copy of something in `home` is. */
static inline void *moved(const void *p) {
    return (void *)((uintptr_t)p - (uintptr_t)region_of(&home, 0) + (uintptr_t)region_of(&away, 0));
}

/* ---- Attaching ----------------------------------------------------------------------------------------------------------- */

static inline bool forbidden_on_exhausted(void *context, hmm_heap *heap, size_t size) {
    (void)context, (void)heap, (void)size;
    notes.count++;
    return false;
}

static inline size_t readable_bytes(const world *w) {
    return w->start + REGION <= AREA && w->start > 0 ? AREA : REGION;
}

static inline void expect_told(const world *w, const hmm_span *spans, size_t count, const hmm_heap_options *options,
                               const hmm_fault *fault) {
    const uintptr_t address = (uintptr_t)fault->address;
    bool known = fault->address == NULL || fault->address == (const void *)spans || fault->address == (const void *)options;
    for (size_t i = 0; i < count; i++) known |= address == (uintptr_t)spans[i].memory;
    for (size_t i = 0; i < w->regions; i++) known |= address - (uintptr_t)w->area[i] < AREA;
    EXPECT(known);
    EXPECT(fault->code >= HMM_FAULT_HEADER && fault->code <= HMM_FAULT_SPANS);
    EXPECT(fault->text != NULL && strlen(fault->text) > 10);
}

/* Attaches the spans, which lie in w, and holds the call to all that is said of every attach. */
static inline hmm_heap *attach_spans(world *w, const hmm_span *spans, size_t count, const hmm_heap_options *options,
                                     hmm_fault *fault) {
    const size_t bytes = readable_bytes(w);
    for (size_t i = 0; i < w->regions; i++) raw_copy(saved + i * AREA, w->area[i], bytes);
    *fault = (hmm_fault){HMM_STOPPED, saved, NULL};
    alarm(SECONDS);
    hmm_heap *heap = hmm_heap_attach(spans, count, options, fault);
    if (heap == NULL) EXPECT_PTR_EQ(hmm_heap_attach(spans, count, options, NULL), NULL);
    alarm(0);
    EXPECT_EQ(notes.count, 0);
    if (heap != NULL) {
        EXPECT_SOUND(heap);
        return heap;
    }
    expect_told(w, spans, count, options, fault);
    for (size_t i = 0; i < w->regions; i++) EXPECT_EQ(raw_difference(saved + i * AREA, w->area[i], bytes), bytes);
    return NULL;
}

static inline hmm_result code_of_spans(world *w, const hmm_span *spans, size_t count) {
    hmm_fault fault;
    const hmm_heap_options options = noting();
    w->heap = attach_spans(w, spans, count, &options, &fault);
    return w->heap == NULL ? fault.code : HMM_OK;
}

static inline hmm_result code_of(world *w) {
    hmm_span spans[REGIONS];
    get_spans(w, spans);
    return code_of_spans(w, spans, w->regions);
}

/* What a heap that was opened must be able to do. */
static inline void expect_usable(world *w, int steps) {
    memset(w->slots, 0, sizeof w->slots);
    alarm(SECONDS);
    for (int i = 0; i < steps; i++) step(w, next_random(), true);
    for (size_t i = 0; i < SLOTS; i++) hmm_heap_free(w->heap, w->slots[i]);
    alarm(0);
    if (notes.count != 0)
        fprintf(stderr, "image %llu: %s: %s\n", (unsigned long long)doing_seed, hmm_result_name((int)notes.last.code),
                notes.last.text);
    EXPECT_EQ(notes.count, 0);
    EXPECT_SOUND(w->heap);
}

static inline void forget(world *w) {
    hmm_heap_destroy(w->heap);
    w->heap = NULL;
}

/* ---- How much ------------------------------------------------------------------------------------------------------------ */

static inline uint64_t number_from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 0);
}

static inline uint64_t first_seed(void) {
    return number_from_environment("HEAPMM_TEST_SEED", 1);
}

/* Where a full run takes `count` of something, as many as there is time for. */
static inline uint64_t rounds(uint64_t count) {
    const uint64_t slow = HMM_VALGRIND ? 50 : HMM_TESTS_ASAN ? 4 : 1;
    return (count * number_from_environment("HEAPMM_TEST_STEPS", 1) + slow - 1) / slow;
}

/* ---- Running ------------------------------------------------------------------------------------------------------------- */

static inline void crashed(int signal_number) {
    static char text[200];
    const int length = snprintf(text, sizeof text, "image %llu: %s\n", (unsigned long long)doing_seed,
                                signal_number == SIGALRM ? "attach or the heap that it opened does not end" : "a crash");
    if (write(STDERR_FILENO, text, (size_t)length) < 0) _exit(2);
    _exit(1);
}

static inline void make_worlds(void) {
    signal(SIGALRM, crashed);
    signal(SIGSEGV, crashed);
    signal(SIGBUS, crashed);
    make_areas(&home);
    make_areas(&away);
}

#endif
