/* faults_forged.c: damage whose check values and checksums are right, as no accident would leave it but once in many times.
 *
 * SPDX-License-Identifier: MIT
 *
 * The heap's own code makes the check values, see forge.h; what it must say of them is written here from heap.h alone. */
#include "faults.h"
#include "forge.h"

/* ---- Forging ------------------------------------------------------------------------------------------------------------- */

static const forge_field *field_named(const forge_field *fields, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0) return &fields[i];
    fprintf(stderr, "no field is named %s\n", name);
    exit(EXIT_FAILURE);
}

static const forge_field *control_field(const char *name) {
    return field_named(forge_control_fields, forge_control_field_count, name);
}

/* The number that a field of a control block or record at `start` holds. */
static uint64_t number_in(const void *start, const forge_field *field) {
    const unsigned char *p = (const unsigned char *)start + field->at;
    uint64_t wide = 0;
    uint32_t word = 0;
    uint16_t half = 0;
    uint8_t byte = 0;
    switch (field->bytes) {
    case 8: raw_copy(&wide, p, 8); return wide;
    case 4: raw_copy(&word, p, 4); return word;
    case 2: raw_copy(&half, p, 2); return half;
    default: raw_copy(&byte, p, 1); return byte;
    }
}

static void set_number(void *start, const forge_field *field, uint64_t number) {
    unsigned char *p = (unsigned char *)start + field->at;
    const uint32_t word = (uint32_t)number;
    const uint16_t half = (uint16_t)number;
    const uint8_t byte = (uint8_t)number;
    switch (field->bytes) {
    case 8: raw_copy(p, &number, 8); break;
    case 4: raw_copy(p, &word, 4); break;
    case 2: raw_copy(p, &half, 2); break;
    default: raw_copy(p, &byte, 1);
    }
}

static void set_control(const char *name, uint64_t number) {
    set_number(heap, control_field(name), number);
    forge_seal_control(heap);
}

/* A row with free blocks of ROW_UNITS and of twice as many. */
static void make_row_with_free_blocks(void) {
    make_row();
    hmm_heap_free(heap, row[2]);
    hmm_heap_free(heap, row[4]);
    hmm_heap_free(heap, row[7]);
    hmm_heap_free(heap, row[8]);
}

/* ---- Control blocks ------------------------------------------------------------------------------------------------------ */

static bool count_blocks(void *context, const hmm_block *block) {
    (void)block;
    ++*(size_t *)context;
    return true;
}

/* Where the control block is not sound, nothing is told of the heap. */
static void expect_unsound_control(void) {
    size_t blocks = 0;
    EXPECT_FOUND(HMM_FAULT_CONTROL, heap);
    watch();
    EXPECT_EQ(hmm_heap_walk(heap, count_blocks, &blocks), HMM_FAULT_CONTROL);
    EXPECT_EQ(blocks, 0);
    EXPECT_EQ(hmm_heap_largest_free(heap), 0);
    const hmm_heap_statistics none = {0}, stats = stats_of(heap);
    EXPECT(memcmp(&stats, &none, sizeof none) == 0);
    EXPECT_EQ(notes.count, 0);
    EXPECT_UNCHANGED();
}

/* What says where the index is must be what the capacity gives. */
static void place_of_the_index(void) {
    static const char *const names[] = {"exact", "classes", "map_at", "exact_bits", "capacity_bits"};
    make_row_with_free_blocks();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const uint64_t right = number_in(heap, control_field(names[i]));
        const uint64_t wrong[] = {right + 1, right - 1, 0, 255};
        for (size_t j = 0; j < sizeof wrong / sizeof wrong[0]; j++) {
            set_control(names[i], wrong[j]);
            expect_unsound_control();
        }
        set_control(names[i], right);
    }
    end_heap();
}

static void totals(void) {
    static const char *const names[] = {"units_total", "bytes_total"};
    make_row_with_free_blocks();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const uint64_t right = number_in(heap, control_field(names[i]));
        set_control(names[i], right + 1);
        EXPECT_FOUND(HMM_FAULT_COUNTS, heap);
        set_control(names[i], right - 1);
        EXPECT_FOUND(HMM_FAULT_COUNTS, heap);
        set_control(names[i], right);
    }
    end_heap();
}

/* What is in use is never told to be more than there is. */
static void counters(void) {
    static const char *const names[] = {"units_in_use", "blocks_free", "allocations", "frees"};
    if (!HMM_STATS) return;
    make_row_with_free_blocks();
    const hmm_heap_statistics before = stats_of(heap);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const forge_field *field = control_field(names[i]);
        const uint64_t right = number_in(heap, field);
        set_number(heap, field, right + 1);
        EXPECT_FOUND(HMM_FAULT_COUNTS, heap);
        set_number(heap, field, right - 1);
        EXPECT_FOUND(HMM_FAULT_COUNTS, heap);
        set_number(heap, field, right);
    }
    const forge_field *in_use = control_field("units_in_use"), *peak = control_field("units_peak");
    const uint64_t units = number_in(heap, in_use), most = number_in(heap, peak);
    set_number(heap, in_use, UINT64_MAX);
    EXPECT_EQ(stats_of(heap).bytes_in_use, before.bytes_in_use + before.bytes_free);
    EXPECT_EQ(stats_of(heap).bytes_free, 0);
    set_number(heap, in_use, units);
    set_number(heap, peak, units - 1);
    EXPECT_FOUND(HMM_FAULT_COUNTS, heap);
    set_number(heap, peak, most);
    end_heap();
}

/* ---- Region records ------------------------------------------------------------------------------------------------------ */

enum { FIRST = 4 * KIB, MIDDLE = 8 * KIB, SECOND = 16 * KIB };

static void set_record(const char *name, uint64_t number) {
    set_number(ground + SECOND, field_named(forge_record_fields, forge_record_field_count, name), number);
    forge_seal_record(heap, ground + SECOND);
}

static uint64_t record_number(const char *name) {
    return number_in(ground + SECOND, field_named(forge_record_fields, forge_record_field_count, name));
}

static void expect_record_found(hmm_result code, const void *address) {
    size_t blocks = 0;
    EXPECT_FOUND(code, address);
    EXPECT_EQ(hmm_heap_walk(heap, count_blocks, &blocks), code);
    EXPECT_EQ(blocks, 0);
}

/* Sealed records that make no tree, or regions that overlap, or end before they begin. */
static void records(void) {
    make_heap(FIRST);
    EXPECT_EQ(hmm_heap_add_region(heap, ground + SECOND, 4 * KIB), HMM_OK);
    const uint64_t lead = record_number("lead"), first = record_number("first"), end = record_number("end");
    set_record("balance", 1);
    expect_record_found(HMM_FAULT_TREE, heap);
    set_record("balance", 0);
    set_record("lead", lead + SECOND - FIRST / 2);
    expect_record_found(HMM_FAULT_REGION_RECORD, ground + SECOND);
    set_record("lead", lead);
    set_record("end", first - 1);
    expect_record_found(HMM_FAULT_REGION_RECORD, ground + SECOND);
    const uint64_t below = (uint64_t)(int64_t)forge_link(heap, ground + MIDDLE);
    set_record("first", below);
    set_record("end", below);
    expect_record_found(HMM_FAULT_REGION_RECORD, ground + SECOND);
    set_record("first", first);
    set_record("end", end);
    end_heap();
}

/* ---- Headers ------------------------------------------------------------------------------------------------------------- */

#define ROW_BYTES ((size_t)ROW_UNITS * GRANULE)
#define EXPECT_ROW_ALLOC_REFUSED(code, from, to) \
    EXPECT_REFUSED_IN(EXPECT(hmm_heap_alloc(heap, usable_of(ROW_UNITS)) == NULL), code, from, to)

/* An end that has a size, or is free; and one that is wrong about the block before it, which only the check looks at. */
static void end_of_a_region(void) {
    make_heap(FIRST);
    void *last = hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL);
    EXPECT(last != NULL);
    for (int bytes = 0; bytes <= SMALLEST; bytes += SMALLEST)
        for (int free = bytes == 0; free <= 1; free++) {
            forge_header(heap, end_of_heap, (size_t)bytes, free, false);
            EXPECT_FOUND(HMM_FAULT_SENTINEL, end_of_heap);
            EXPECT_REFUSED(EXPECT(hmm_heap_extend_region(heap, ground, KIB) == HMM_FAULT_SENTINEL), HMM_FAULT_SENTINEL,
                           end_of_heap);
            EXPECT_REFUSED(EXPECT(hmm_heap_shrink_region(heap, ground, KIB) == 0), HMM_FAULT_SENTINEL, end_of_heap);
        }
    forge_header(heap, end_of_heap, 0, false, true);
    EXPECT_FOUND(HMM_FAULT_SENTINEL, end_of_heap);
    forge_header(heap, end_of_heap, 0, false, false);
    hmm_heap_free(heap, last);
    end_heap();
}

/* Sizes that lead out of the region, or are none. */
static void size_of_an_allocated_block(void) {
    const size_t sizes[] = {0, SMALLEST - GRANULE, HMM_HEAP_LARGEST_BLOCK};
    make_row();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        forge_header(heap, row[4], sizes[i], false, false);
        EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
        EXPECT_FOUND(HMM_FAULT_HEADER, row[4]);
        forge_header(heap, row[4], ROW_BYTES, false, false);
    }
    end_heap();
}

/* The next header says that the block before it is free: an allocated block is not. */
static void next_header_disagrees(void) {
    make_row();
    forge_header(heap, row[5], ROW_BYTES, false, true);
    EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
    EXPECT_FOUND(HMM_FAULT_HEADER, row[5]);
    forge_header(heap, row[5], ROW_BYTES, false, false);
    end_heap();
}

/* The end of a region says that the block before it is free, which is not. */
static void end_disagrees(void) {
    make_heap(FIRST);
    unsigned char *last = hmm_heap_alloc_greedy(heap, 1, SIZE_MAX, NULL);
    EXPECT(last != NULL);
    forge_header(heap, end_of_heap, 0, false, true);
    EXPECT_REFUSED(hmm_heap_free(heap, last), HMM_FAULT_HEADER, last);
    EXPECT_REFUSED(EXPECT(hmm_heap_resize(heap, last, 1) == HMM_FAULT_HEADER), HMM_FAULT_HEADER, last);
    forge_header(heap, end_of_heap, 0, false, false);
    hmm_heap_free(heap, last);
    end_heap();
}

/* The first block of a region says that the one before it is free. */
static void first_header(void) {
    make_row();
    forge_header(heap, row[0], ROW_BYTES, false, true);
    EXPECT_REFUSED(hmm_heap_free(heap, row[0]), HMM_FAULT_FOOTER, row[0]);
    EXPECT_REFUSED(EXPECT(hmm_heap_realloc(heap, row[0], 2 * KIB) == NULL), HMM_FAULT_FOOTER, row[0]);
    EXPECT_FOUND(HMM_FAULT_HEADER, row[0]);
    forge_header(heap, row[0], ROW_BYTES, false, false);
    end_heap();
}

/* The header of a free block that is the newest of its list. */
static void header_of_a_free_block(void) {
    const size_t sizes[] = {0, SMALLEST - GRANULE, HMM_HEAP_LARGEST_BLOCK};
    make_row_with_free_blocks();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        forge_header(heap, row[4], sizes[i], true, false);
        EXPECT_ROW_ALLOC_REFUSED(HMM_FAULT_INDEX, heap, row[0]);
        EXPECT_REFUSED(hmm_heap_free(heap, row[3]), HMM_FAULT_HEADER, row[4]);
        EXPECT_REFUSED(hmm_heap_free(heap, row[5]), HMM_FAULT_FOOTER, row[4]);
        EXPECT_FOUND(HMM_FAULT_HEADER, row[4]);
    }
    forge_header(heap, row[4], ROW_BYTES, true, true); /* the block before it is not free */
    EXPECT_ROW_ALLOC_REFUSED(HMM_FAULT_HEADER, row[4], row[4]);
    EXPECT_REFUSED(hmm_heap_free(heap, row[5]), HMM_FAULT_HEADER, row[4]);
    EXPECT_REFUSED(hmm_heap_free(heap, row[3]), HMM_FAULT_HEADER, row[3]);
    EXPECT_FOUND(HMM_FAULT_HEADER, row[4]);
    forge_header(heap, row[4], ROW_BYTES, false, false); /* it is allocated */
    EXPECT_ROW_ALLOC_REFUSED(HMM_FAULT_INDEX, heap, row[0]);
    EXPECT_REFUSED(hmm_heap_free(heap, row[5]), HMM_FAULT_HEADER, row[4]);
    if (HMM_AUDIT_LEVEL < 2)
        EXPECT_FOUND(HMM_FAULT_HEADER, row[5]);
    else
        EXPECT_FOUND(HMM_FAULT_CANARY, row[4]); /* it has none */
    forge_header(heap, row[4], ROW_BYTES, true, false);
    end_heap();
}

/* The header behind a free block: it is free, too, or says that the block before it is not. */
static void header_behind_a_free_block(void) {
    make_row_with_free_blocks();
    for (int free = 0; free <= 1; free++) {
        forge_header(heap, row[5], ROW_BYTES, free, free);
        EXPECT_ROW_ALLOC_REFUSED(HMM_FAULT_HEADER, row[5], row[5]);
        EXPECT_FOUND(HMM_FAULT_HEADER, row[5]);
    }
    forge_header(heap, row[5], ROW_BYTES, false, true);
    end_heap();
}

/* ---- The index ----------------------------------------------------------------------------------------------------------- */

static size_t *bitmap(void) {
    return (size_t *)(void *)((unsigned char *)heap + number_in(heap, control_field("map_at")));
}

static void flip_bitmap(size_t number) {
    const size_t bits = 8 * sizeof(size_t);
    size_t word;
    raw_copy(&word, bitmap() + number / bits, sizeof word);
    word ^= (size_t)1 << number % bits;
    raw_copy(bitmap() + number / bits, &word, sizeof word);
}

/* A class that no size belongs to. */
static void class_of_nothing(void) {
    make_row_with_free_blocks();
    overwrite(forge_class_head(heap, 0), (heap_word)forge_link(heap, row[4]));
    EXPECT_FOUND_IN(HMM_FAULT_INDEX, heap, row[0]);
    flip_bitmap(0);
    EXPECT_FOUND_IN(HMM_FAULT_INDEX, heap, row[0]);
    flip_bitmap(0);
    repair();
    end_heap();
}

/* A free block that stands in a list of larger ones. */
static void block_in_a_wrong_class(void) {
    enum { LARGER = ROW_UNITS + 1 };
    make_row_with_free_blocks();
    overwrite(forge_class_head(heap, (size_t)LARGER * GRANULE), (heap_word)forge_link(heap, row[4]));
    flip_bitmap(LARGER);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc(heap, usable_of(LARGER)) == NULL), HMM_FAULT_INDEX, row[4]);
    EXPECT_FOUND_IN(HMM_FAULT_LINK, heap, row[0]);
    flip_bitmap(LARGER);
    repair();
    end_heap();
}

static void forge_summary(uint64_t bits) {
    set_number(heap, control_field("summary"), bits);
}

/* A head that leads to where there is no room for a block of its class. */
static void head_near_the_end(void) {
    make_row_with_free_blocks();
    unsigned char *place = end_of_heap - SMALLEST;
    overwrite(forge_class_head(heap, ROW_BYTES), (heap_word)forge_link(heap, place));
    EXPECT_ROW_ALLOC_REFUSED(HMM_FAULT_INDEX, heap, row[0]);
    EXPECT_FOUND_IN(HMM_FAULT_LINK, heap, row[0]);
    repair();
    end_heap();
}

/* Blocks so small that, in every instance, what they become together has a list, too. */
static void neighbours_in_a_list_of_smallest_blocks(void) {
    enum { COUNT = 9, UNITS = SMALLEST / GRANULE };
    unsigned char *p[COUNT];
    make_heap(GROUND);
    for (size_t i = 0; i < COUNT; i++) EXPECT((p[i] = hmm_heap_alloc(heap, usable_of(UNITS))) != NULL);
    elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    EXPECT(elsewhere != NULL && hmm_heap_alloc(heap, 0) != NULL);
    for (size_t i = 1; i < COUNT; i += 2) hmm_heap_free(heap, p[i]); /* the list holds 7, 5, 3, 1 */
    unsigned char *const links[] = {p[3], p[3] + WORD};              /* to the next and to the previous one */
    const heap_word wrong[] = {(heap_word)forge_link(heap, p[4]), (heap_word)forge_link(heap, p[7]), word_of_bytes(0x41)};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        for (size_t j = 0; j < sizeof wrong / sizeof wrong[0]; j++) {
            overwrite(links[i], wrong[j]);
            EXPECT_REFUSED_IN(hmm_heap_free(heap, p[2]), HMM_FAULT_LINK, p[1], p[3]);
            EXPECT_REFUSED_IN(hmm_heap_free(heap, p[4]), HMM_FAULT_LINK, p[3], p[5]);
            EXPECT_FOUND_IN(HMM_FAULT_LINK, p[3], p[7]);
            EXPECT_WORKS_ELSEWHERE();
            repair();
        }
    end_heap();
}

/* Everything is allocated, and the summary or the bitmap says otherwise, in words that are empty or do not exist. */
static void classes_that_are_empty(void) {
    size_t got;
    make_row();
    while (hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL) != NULL) continue;
    const unsigned bits = 8 * sizeof(size_t);
    const unsigned classes = (unsigned)number_in(heap, control_field("classes"));
    const unsigned words = (classes + bits - 1) / bits;
    for (unsigned word = 0; word < bits; word++) {
        forge_summary((uint64_t)1 << word);
        EXPECT_FOUND_IN(HMM_FAULT_INDEX, heap, row[0]);
        EXPECT_EQ(hmm_heap_largest_free(heap), 0);
        if (word > 0) EXPECT_REFUSED_IN(EXPECT(hmm_heap_alloc(heap, 0) == NULL), HMM_FAULT_INDEX, heap, row[0]);
        if (word >= words)
            EXPECT_REFUSED_IN(EXPECT(hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, &got) == NULL), HMM_FAULT_INDEX, heap, row[0]);
        else
            EXPECT(hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, &got) == NULL);
        EXPECT_EQ(notes.count, 0);
    }
    for (unsigned number = 1; number < words * bits; number++) {
        flip_bitmap(number);
        forge_summary((uint64_t)1 << number / bits);
        EXPECT_FOUND_IN(HMM_FAULT_INDEX, heap, row[0]);
        EXPECT_EQ(hmm_heap_largest_free(heap), 0);
        EXPECT_REFUSED_IN(EXPECT(hmm_heap_alloc_greedy(heap, 0, 1, &got) == NULL), HMM_FAULT_INDEX, heap, row[0]);
        flip_bitmap(number);
    }
    forge_summary(0);
    for (size_t i = 0; i < ROW; i++) hmm_heap_free(heap, row[i]);
    end_heap();
}

static const struct test tests[] = {
    TEST(place_of_the_index),
    TEST(totals),
    TEST(counters),
    TEST(records),
    TEST(end_of_a_region),
    TEST(size_of_an_allocated_block),
    TEST(next_header_disagrees),
    TEST(end_disagrees),
    TEST(first_header),
    TEST(head_near_the_end),
    TEST(neighbours_in_a_list_of_smallest_blocks),
    TEST(header_of_a_free_block),
    TEST(header_behind_a_free_block),
    TEST(class_of_nothing),
    TEST(block_in_a_wrong_class),
    TEST(classes_that_are_empty),
};

const fault_tests forged_faults = {tests, sizeof tests / sizeof tests[0]};
