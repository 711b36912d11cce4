/* attach_test.c: opening heaps that have moved, with options and spans that are right and that are wrong.
 *
 * SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS */
#include "attach_world.h"
#include "forge.h"

/* ---- Heaps that have moved ----------------------------------------------------------------------------------------------- */

static void expect_equal_worlds(void) {
    for (size_t i = 0; i < home.regions; i++) {
        EXPECT_EQ(home.bytes[i], away.bytes[i]);
        EXPECT_EQ(raw_difference(region_of(&home, i), region_of(&away, i), home.bytes[i]), home.bytes[i]);
    }
}

/* A copy and its original do the same, to the byte. */
static void behaves_as_the_original(size_t start) {
    copy_away(start);
    EXPECT_EQ(code_of(&away), HMM_OK);
    EXPECT_PTR_EQ(away.heap, moved(home.heap));
    expect_equal_worlds(); /* the handlers are the same: nothing was stored */
    for (int i = 0; i < 300; i++) {
        const uint64_t dice = next_random();
        step(&home, dice, start % 4096 == 0);
        step(&away, dice, start % 4096 == 0);
        if (i % 20 == 0) expect_equal_worlds();
    }
    expect_equal_worlds();
    EXPECT_SOUND(away.heap);
    EXPECT_EQ(notes.count, 0);
    forget(&away);
}

static void copies_behave_as_the_original(void) {
    const uint64_t end = first_seed() + rounds(40);
    for (uint64_t seed = first_seed(); seed < end; seed++)
        for (size_t regions = 1; regions <= REGIONS; regions++) {
            const size_t starts[] = {0, HEAP_ALIGNMENT, 4096};
            for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
                make_busy(regions, seed);
                behaves_as_the_original(starts[i]);
                forget(&home);
            }
        }
}

/* A heap may be opened where it is, and any number of times. */
static void attached_where_it_is(void) {
    make_busy(REGIONS, first_seed());
    hmm_heap *heap = home.heap;
    for (int i = 0; i < 3; i++) {
        EXPECT_EQ(code_of(&home), HMM_OK);
        EXPECT_PTR_EQ(home.heap, heap);
        for (int j = 0; j < 50; j++) step(&home, next_random(), true);
    }
    forget(&home);
}

static void other_regions_in_any_order(void) {
    make_busy(REGIONS, first_seed());
    copy_away(0);
    hmm_span spans[REGIONS];
    get_spans(&away, spans);
    const hmm_span second = spans[1];
    spans[1] = spans[2];
    spans[2] = second;
    EXPECT_EQ(code_of_spans(&away, spans, REGIONS), HMM_OK);
    expect_usable(&away, 100);
    forget(&away);
    forget(&home);
}

/* ---- Options ------------------------------------------------------------------------------------------------------------- */

/* The handlers and the context are stored, and nothing else. */
static void new_handlers(void) {
    make_busy(2, first_seed());
    copy_away(0);
    fault_notes other = {.count = 0};
    hmm_heap_options options = noting_options(&other);
    options.on_exhausted = forbidden_on_exhausted;
    options.secret = 12345; /* ignored, as is the capacity: the heap has its own */
    options.capacity = 1 << 20;
    hmm_span spans[REGIONS];
    get_spans(&away, spans);
    hmm_fault fault;
    away.heap = attach_spans(&away, spans, 2, &options, &fault);
    EXPECT(away.heap != NULL);
    size_t changed = 0;
    for (size_t at = 0; at < REGION; at++) changed += raw_difference(region_of(&home, 0) + at, region_of(&away, 0) + at, 1) == 0;
    EXPECT(changed > 0 && changed <= 3 * sizeof(void *) + WORD);
    EXPECT_EQ(raw_difference(region_of(&home, 1), region_of(&away, 1), REGION), REGION);

    EXPECT_EQ(hmm_heap_add_region(away.heap, NULL, REGION), HMM_FAULT_REGION_SMALL);
    EXPECT_FAULT(&other, HMM_FAULT_REGION_SMALL, NULL);
    EXPECT_EQ(notes.count, 0);
    forget(&away);

    copy_away(0);
    away.heap = attach_spans(&away, spans, 2, NULL, &fault);
    EXPECT(away.heap != NULL);
    expect_usable(&away, 100);
    forget(&away);
    forget(&home);
}

/* A heap made with a secret of its own opens with any: the options' is ignored. */
static void secret_is_the_heaps(void) {
    hmm_heap_options options = noting();
    notes = (fault_notes){.count = 0};
    options.secret = 0x1234567890ABCDEFu;
    home.regions = 1;
    home.bytes[0] = REGION;
    home.heap = hmm_heap_create(region_of(&home, 0), REGION, &options);
    memset(home.slots, 0, sizeof home.slots);
    home.slots[0] = hmm_heap_alloc(home.heap, 100);
    for (int i = 0; i < 2; i++) {
        copy_away(0);
        options.secret = i == 0 ? 0x1234567890ABCDEFu : 1;
        hmm_fault fault;
        away.heap = attach_spans(&away, &(hmm_span){region_of(&away, 0), REGION}, 1, &options, &fault);
        EXPECT(away.heap != NULL);
        hmm_heap_free(away.heap, away.slots[0]);
        expect_usable(&away, 100);
        forget(&away);
    }
    forget(&home);
}

static void options_of_another_size(void) {
    make_busy(1, first_seed());
    copy_away(0);
    const size_t sizes[] = {0, sizeof(hmm_heap_options) - 1, sizeof(hmm_heap_options) + 1, SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        hmm_heap_options options = noting();
        options.size = sizes[i];
        hmm_fault fault;
        EXPECT_PTR_EQ(attach_spans(&away, &(hmm_span){region_of(&away, 0), REGION}, 1, &options, &fault), NULL);
        EXPECT_EQ(fault.code, HMM_FAULT_OPTIONS);
    }
    forget(&home);
}

/* ---- Wrong spans --------------------------------------------------------------------------------------------------------- */

static hmm_span spans_now[REGIONS + 1];
static size_t count_now;

static void restore_spans(void) {
    get_spans(&away, spans_now);
    count_now = REGIONS;
}

static void expect_code(const char *file, int line, hmm_result expected) {
    const hmm_result code = code_of_spans(&away, spans_now, count_now);
    if (code != expected) {
        fprintf(stderr, "%s:%d: attach gives %s, expected %s\n", file, line, hmm_result_name((int)code),
                hmm_result_name((int)expected));
        exit(EXIT_FAILURE);
    }
    restore_spans();
}

#define EXPECT_CODE(code) expect_code(__FILE__, __LINE__, code)

static void *at_offset(void *p, ptrdiff_t bytes) {
    return (void *)((uintptr_t)p + (uintptr_t)bytes);
}

static void missing_and_extra_spans(void) {
    count_now = 0;
    EXPECT_CODE(HMM_FAULT_SPANS);
    EXPECT_PTR_EQ(hmm_heap_attach(NULL, 0, NULL, NULL), NULL);
    for (count_now = 1; count_now < REGIONS; count_now++) {
        const size_t count = count_now;
        EXPECT_CODE(HMM_FAULT_SPANS);
        count_now = count;
    }
    restore_spans();
    spans_now[1] = spans_now[2];
    count_now = 2;
    EXPECT_CODE(HMM_FAULT_SPANS);

    for (size_t twice = 0; twice < REGIONS; twice++) {
        spans_now[REGIONS] = spans_now[twice];
        count_now = REGIONS + 1;
        EXPECT_CODE(HMM_FAULT_SPANS);
    }
    spans_now[1] = spans_now[2];
    EXPECT_CODE(HMM_FAULT_SPANS);
    static max_align_t elsewhere[64];
    spans_now[REGIONS] = (hmm_span){elsewhere, sizeof elsewhere};
    count_now = REGIONS + 1;
    EXPECT_CODE(HMM_FAULT_SPANS);
}

static void spans_that_are_none(void) {
    static const size_t lengths[] = {0, 1, REGION, SIZE_MAX};
    for (size_t i = 0; i < REGIONS; i++) {
        const hmm_result code = i == 0 ? HMM_FAULT_NOT_A_HEAP : HMM_FAULT_SPANS;
        for (size_t j = 0; j < sizeof lengths / sizeof lengths[0]; j++) {
            spans_now[i] = (hmm_span){NULL, lengths[j]};
            EXPECT_CODE(code);
        }
        spans_now[i].bytes = SIZE_MAX;
        EXPECT_CODE(code);
        spans_now[i].bytes = UINTPTR_MAX - (uintptr_t)spans_now[i].memory; /* the longest that does not wrap */
        EXPECT_CODE(HMM_FAULT_SPANS);
        for (size_t bytes = 0; bytes < 16; bytes++) {
            spans_now[i] = (hmm_span){(void *)(UINTPTR_MAX - bytes), 1 + bytes * (bytes % 2)};
            EXPECT_CODE(code);
        }
    }
}

/* In other places than the heap's regions. */
static void shifted_spans(void) {
    for (size_t i = 0; i < REGIONS; i++) {
        const hmm_result code = i == 0 ? HMM_FAULT_NOT_A_HEAP : HMM_FAULT_SPANS;
        for (ptrdiff_t offset = -2 * GRANULE; offset <= 2 * GRANULE; offset++) {
            const ptrdiff_t alignment = i == 0 ? HEAP_ALIGNMENT : GRANULE;
            const bool same_place = offset <= 0 && offset > -alignment; /* but another start */
            if (offset == 0) continue;
            spans_now[i].memory = at_offset(spans_now[i].memory, offset);
            EXPECT_CODE(same_place ? HMM_FAULT_SPANS : code);
            spans_now[i] = (hmm_span){at_offset(spans_now[i].memory, offset), spans_now[i].bytes - (size_t)offset};
            EXPECT_CODE(same_place ? HMM_FAULT_SPANS : code);
        }
    }
    const hmm_span first = spans_now[0];
    spans_now[0] = spans_now[1];
    spans_now[1] = first;
    EXPECT_CODE(HMM_FAULT_NOT_A_HEAP);
}

static void spans_of_another_length(void) {
    for (size_t i = 0; i < REGIONS; i++)
        for (ptrdiff_t more = -3 * GRANULE; more <= 3 * GRANULE; more++) {
            if (more == 0) continue;
            spans_now[i].bytes += (size_t)more;
            EXPECT_CODE(HMM_FAULT_SPANS);
        }
    /* Two spans that overlap, or one in place of two. */
    spans_now[1].bytes = (size_t)((uintptr_t)spans_now[0].memory - (uintptr_t)spans_now[1].memory) + GRANULE;
    EXPECT_CODE(HMM_FAULT_SPANS);
    spans_now[0].bytes = (size_t)((uintptr_t)spans_now[2].memory - (uintptr_t)spans_now[0].memory) + spans_now[2].bytes;
    EXPECT_CODE(HMM_FAULT_SPANS);
    spans_now[0].bytes = (size_t)((uintptr_t)spans_now[2].memory - (uintptr_t)spans_now[0].memory) + spans_now[2].bytes;
    count_now = 1;
    EXPECT_CODE(HMM_FAULT_SPANS);
}

static void wrong_spans(void) {
    make_busy(REGIONS, first_seed());
    copy_away(REGION / 2); /* what lies around the spans is readable here: it must be refused and not only not be read */
    restore_spans();
    missing_and_extra_spans();
    spans_that_are_none();
    shifted_spans();
    spans_of_another_length();
    EXPECT_CODE(HMM_OK);
    forget(&away);
    forget(&home);
}

/* A region that did not move with the others. */
static void moved_on_its_own(void) {
    make_busy(2, first_seed());
    copy_away(REGION / 2);
    hmm_span spans[2];
    for (int which = 0; which < 2; which++)
        for (int other = 0; other < 2; other++) {
            get_spans(&away, spans);
            unsigned char *place = region_of(&away, 2) + (other ? HEAP_ALIGNMENT : 0);
            away.regions = REGIONS;
            raw_copy(place, spans[which].memory, spans[which].bytes);
            spans[which].memory = place;
            EXPECT_EQ(code_of_spans(&away, spans, 2), HMM_FAULT_SPANS);
            away.regions = 2;
        }
    forget(&home);
}

/* Each region cut off at every granule at which it can stand, and a byte before it, its end at a guard page. */
static void truncated(void) {
    const size_t stride = HEAP_ALIGNMENT * (HMM_VALGRIND ? 37 : HMM_TESTS_ASAN ? 4 : 1);
    make_busy(REGIONS, first_seed());
    for (size_t i = 0; i < REGIONS; i++)
        for (size_t bytes = 0; bytes < home.bytes[i]; bytes += stride) {
            set_upper_half(&away, PROT_READ | PROT_WRITE);
            copy_away((REGION - bytes) % REGION);
            EXPECT_EQ(mprotect(away.area[i] + REGION, REGION, PROT_NONE), 0);
            away.bytes[i] = bytes;
            hmm_span spans[REGIONS];
            get_spans(&away, spans);
            for (size_t less = 0; less < 2; less++) {
                hmm_fault fault;
                const hmm_heap_options options = noting();
                spans[i].bytes = bytes == 0 ? 0 : bytes - less;
                EXPECT_PTR_EQ(hmm_heap_attach(spans, REGIONS, &options, &fault), NULL);
                const bool no_control = i == 0 && spans[0].bytes < forge_control_bytes(home.heap) + 2 * GRANULE;
                EXPECT(fault.code == HMM_FAULT_SPANS || (no_control && fault.code == HMM_FAULT_NOT_A_HEAP));
            }
        }
    set_upper_half(&away, PROT_READ | PROT_WRITE);
    forget(&home);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(copies_behave_as_the_original),
                                        TEST(attached_where_it_is),
                                        TEST(other_regions_in_any_order),
                                        TEST(new_handlers),
                                        TEST(secret_is_the_heaps),
                                        TEST(options_of_another_size),
                                        TEST(wrong_spans),
                                        TEST(moved_on_its_own),
                                        TEST(truncated)};
    make_worlds();
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
