/* faults_payload.c: payloads written to after they were freed, or past their end; and the regular check of audit level 2.
 *
 * SPDX-License-Identifier: MIT */
#include "faults.h"
#include "forge.h"

static bool only_at_level_2(void) {
    if (HMM_AUDIT_LEVEL < 2) printf("  skipped: audit level %d\n", HMM_AUDIT_LEVEL);
    return HMM_AUDIT_LEVEL < 2;
}

/* ---- Written after it was freed ------------------------------------------------------------------------------------------ */

/* What a program writes first into a block that it no longer has. */
static void write_after_free_to_the_first_word(void) {
    make_row();
    hmm_heap_free(heap, row[4]);
    overwrite(row[4], (heap_word)0x6F77206F6C6C6568u);
    EXPECT_REFUSED(EXPECT(alloc_units(ROW_UNITS) == NULL), HMM_FAULT_LINK, row[4]);
    EXPECT_REFUSED(hmm_heap_free(heap, row[3]), HMM_FAULT_LINK, row[4]);
    EXPECT_REFUSED(hmm_heap_free(heap, row[5]), HMM_FAULT_LINK, row[4]);
    EXPECT_FOUND(HMM_FAULT_LINK, row[4]);
    EXPECT_WORKS_ELSEWHERE();
    repair();
    end_heap();
}

/* At audit level 2 every byte of a free payload is either a link, a footer, or filled. */
static void write_after_free_to_the_payload(void) {
    if (only_at_level_2()) return;
    enum { UNITS = 40 };
    make_row();
    unsigned char *p = hmm_heap_alloc(heap, usable_of(UNITS));
    EXPECT(p != NULL && hmm_heap_alloc(heap, usable_of(UNITS) < SPLIT_HIGH ? 0 : SPLIT_HIGH) != NULL);
    hmm_heap_free(heap, p);
    unsigned char *const last = p + usable_of(UNITS) - 1;
    unsigned char *const places[] = {p + 5 * WORD, p + (last - p) / 2, last};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        raw_flip(places[i], 1);
        EXPECT_REFUSED(EXPECT(alloc_units(UNITS) == NULL), HMM_FAULT_WRITE_AFTER_FREE, places[i]);
        EXPECT_FOUND(HMM_FAULT_WRITE_AFTER_FREE, places[i]);
        EXPECT_WORKS_ELSEWHERE();
        raw_flip(places[i], 1);
    }
    raw_flip(p, 1);
    EXPECT_REFUSED(EXPECT(alloc_units(UNITS) == NULL), HMM_FAULT_LINK, p);
    EXPECT_FOUND(HMM_FAULT_LINK, p);
    raw_flip(p, 1);
    end_heap();
}

/* A realloc that grows into the free block behind, or moves down into the one before. */
static void write_after_free_to_a_payload_grown_into(void) {
    if (only_at_level_2()) return;
    make_row();
    hmm_heap_free(heap, row[4]);
    unsigned char *const last = row[4] + usable_of(ROW_UNITS) - 1;
    raw_flip(last, 0x80);
    EXPECT_REFUSED(EXPECT(hmm_heap_resize(heap, row[3], usable_of(2 * ROW_UNITS)) == HMM_FAULT_WRITE_AFTER_FREE),
                   HMM_FAULT_WRITE_AFTER_FREE, last);
    EXPECT_REFUSED(EXPECT(hmm_heap_realloc(heap, row[5], usable_of(2 * ROW_UNITS)) == NULL), HMM_FAULT_WRITE_AFTER_FREE, last);
    EXPECT_FOUND(HMM_FAULT_WRITE_AFTER_FREE, last);
    EXPECT_WORKS_ELSEWHERE();
    raw_flip(last, 0x80);
    end_heap();
}

/* ---- Canaries ------------------------------------------------------------------------------------------------------------ */

/* At audit level 2 one byte past the usable size is seen, whichever bit it changes. */
static void canary_overwritten(void) {
    if (only_at_level_2()) return;
    make_row();
    for (size_t byte = 0; byte < WORD; byte++)
        for (unsigned mask = 1; mask < 256; mask *= 2) {
            unsigned char *p = row[4] + usable_of(ROW_UNITS) + byte;
            raw_flip(p, mask);
            EXPECT_UNUSABLE(row[4], HMM_FAULT_CANARY, row[4]);
            EXPECT_FOUND(HMM_FAULT_CANARY, row[4]);
            EXPECT_WORKS_ELSEWHERE();
            raw_flip(p, mask);
        }
    end_heap();
}

/* An overflow that goes on into the next header. */
static void canary_and_header_overwritten(void) {
    if (only_at_level_2()) return;
    make_row();
    unsigned char kept[OVERHEAD];
    raw_copy(kept, row[4] + usable_of(ROW_UNITS), OVERHEAD);
    raw_fill(row[4] + usable_of(ROW_UNITS), 0xFF, OVERHEAD);
    EXPECT_REFUSED_IN(hmm_heap_free(heap, row[4]), HMM_FAULT_HEADER, row[4], row[5]);
    EXPECT_UNUSABLE(row[5], HMM_FAULT_HEADER, row[5]);
    EXPECT_FOUND(HMM_FAULT_CANARY, row[4]);
    raw_copy(row[4] + usable_of(ROW_UNITS), kept, OVERHEAD);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* The heap looks at itself every HMM_CHECK_INTERVAL changes: what nobody touches is found, too. */
static void regular_check(void) {
    if (only_at_level_2()) return;
    make_row();
    overwrite(header(row[4]), (heap_word)-1);
    size_t frees = 0;
    while (notes.count == 0 && frees < 1024) {
        hmm_heap_free(heap, elsewhere);
        if (notes.count == 0) elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
        frees++;
    }
    EXPECT_FAULT(&notes, HMM_FAULT_HEADER, row[4]);
    EXPECT(frees > 128);
    repair();
    end_heap();
}

/* ---- When the regular check is due --------------------------------------------------------------------------------------- */

/* The function whose turn it is finds it. */
static void regular_check_by_every_function(void) {
    if (only_at_level_2()) return;
    const forge_field *changes = &forge_control_fields[0];
    while (strcmp(changes->name, "changes") != 0) changes++;
    const heap_word many = 20000; /* since the last check: more than there may be */
    make_row();
    for (int function = 0; function < 9; function++) {
        size_t got = 1;
        raw_copy((unsigned char *)heap + changes->at, &many, sizeof many);
        overwrite(header(row[4]), (heap_word)-1);
        switch (function) {
        case 0: EXPECT(hmm_heap_alloc(heap, 0) == NULL); break;
        case 1: EXPECT(hmm_heap_alloc_zeroed(heap, 1, 1) == NULL); break;
        case 2: EXPECT(hmm_heap_alloc_aligned(heap, (size_t)2 * GRANULE, 1) == NULL); break;
        case 3: EXPECT(hmm_heap_alloc_greedy(heap, 1, 1, &got) == NULL && got == 0); break;
        case 4: EXPECT(hmm_heap_resize(heap, row[8], 1) == HMM_FAULT_HEADER); break;
        case 5: EXPECT(hmm_heap_resize_greedy(heap, row[8], 1, 1, &got) == HMM_FAULT_HEADER && got == 0); break;
        case 6: EXPECT(hmm_heap_realloc(heap, row[8], 1) == NULL); break;
        case 7: EXPECT(hmm_heap_realloc_aligned(heap, row[8], 1, 1) == NULL); break;
        default: hmm_heap_free(heap, row[8]);
        }
        EXPECT_FAULT(&notes, HMM_FAULT_HEADER, row[4]);
        EXPECT_WORKS_ELSEWHERE(); /* until the next one is due */
        repair();
        EXPECT_EQ(hmm_heap_usable_size(heap, row[8]), usable_of(ROW_UNITS));
    }
    end_heap();
}

static const struct test tests[] = {
    TEST(write_after_free_to_the_first_word),
    TEST(write_after_free_to_the_payload),
    TEST(write_after_free_to_a_payload_grown_into),
    TEST(canary_overwritten),
    TEST(canary_and_header_overwritten),
    TEST(regular_check),
    TEST(regular_check_by_every_function),
};

const fault_tests payload_faults = {tests, sizeof tests / sizeof tests[0]};
