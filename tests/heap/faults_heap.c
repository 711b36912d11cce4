/* faults_heap.c: overwritten ends of regions, region records, control blocks.
 *
 * SPDX-License-Identifier: MIT
 *
 * An address that a test gives as a range is inside the control block. */
#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS */
#include <sys/mman.h>
#include <unistd.h>

#include "faults.h"
#include "forge.h"

enum { FIRST = 4 * KIB, SECOND = 8 * KIB, SECOND_START = 16 * KIB + 3 };

/* ---- Ends of regions ----------------------------------------------------------------------------------------------------- */

/* The last block is allocated: what overflows it overwrites the end. By its check value alone one word in 2^CHECK_BITS passes for
 * an end; then
 * the fault may name the block. */
static void end_overwritten_by_an_overflow(void) {
    size_t refused = 0;
    make_row();
    unsigned char *last = hmm_heap_alloc(heap, 2 * KIB); /* at the high end */
    EXPECT(last != NULL && last + block_at(heap, last).bytes == end_of_heap);
    for (unsigned byte = 0; byte < 256; byte++) {
        overwrite(end_of_heap - WORD, recognisable(end_of_heap - WORD, word_of_bytes(byte)));
        EXPECT_REFUSED(EXPECT(hmm_heap_shrink_region(heap, ground, 100) == 0), HMM_FAULT_SENTINEL, end_of_heap);
        EXPECT_FOUND(HMM_FAULT_SENTINEL, end_of_heap);
        if (byte % 32 == 0) EXPECT_WORKS_ELSEWHERE();
        watch();
        if (hmm_heap_usable_size(heap, last) == 0) {
            const bool named = notes.last.code == HMM_FAULT_SENTINEL;
            expect_refused(__FILE__, __LINE__, named ? HMM_FAULT_SENTINEL : HMM_FAULT_HEADER, named ? end_of_heap : last,
                           named ? end_of_heap : last);
            refused += named;
        }
        repair();
    }
    EXPECT(refused + (256u >> (CHECK_BITS - 1)) >= 256);
    end_heap();
}

static void any_bit_of_the_end(void) {
    make_heap(FIRST);
    elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    EXPECT(elsewhere != NULL && hmm_heap_alloc(heap, 0) != NULL);
    const hmm_block rest = picture_of(heap)->blocks[2];
    EXPECT(rest.free);
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        flip_bit(end_of_heap - WORD, bit);
        EXPECT_REFUSED(EXPECT(hmm_heap_extend_region(heap, ground, 100) == HMM_FAULT_SENTINEL), HMM_FAULT_SENTINEL, end_of_heap);
        EXPECT_REFUSED(EXPECT(hmm_heap_shrink_region(heap, ground, 100) == 0), HMM_FAULT_SENTINEL, end_of_heap);
        EXPECT_REFUSED(EXPECT(hmm_heap_alloc(heap, 500) == NULL), HMM_FAULT_SENTINEL, end_of_heap);
        EXPECT_FOUND(HMM_FAULT_SENTINEL, end_of_heap);
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

/* ---- Blocks at the end of a region --------------------------------------------------------------------------------------- */

/* Words of a free block in a list. */
enum { NEXT, PREVIOUS };

/* An allocated block of so many units, and behind it one that stays. */
static unsigned char *alloc_apart(size_t units) {
    unsigned char *p = hmm_heap_alloc(heap, usable_of(units));
    EXPECT(p != NULL && hmm_heap_alloc(heap, 0) != NULL);
    return p;
}

/* Calls that change where a region ends, of which nothing may come when a list is damaged that they change. */
static void expect_region_refused(unsigned char *damaged, size_t word, size_t shrink, size_t extend) {
    overwrite(damaged + word * WORD, word_of_bytes(0x41));
    if (shrink != 0) EXPECT_REFUSED(EXPECT(hmm_heap_shrink_region(heap, ground, shrink) == 0), HMM_FAULT_LINK, damaged);
    if (extend != 0)
        EXPECT_REFUSED(EXPECT(hmm_heap_extend_region(heap, ground, extend) == HMM_FAULT_LINK), HMM_FAULT_LINK, damaged);
    repair();
}

/* The last block of the region is free and in a list, and so are blocks of the sizes that it gets. */
static void links_of_blocks_at_the_end(void) {
    enum { LAST = 5 };
    size_t got;
    make_heap(16 * KIB);
    unsigned char *same = alloc_apart(LAST), *less = alloc_apart(LAST - 1), *more = alloc_apart(LAST + 2);
    unsigned char *rest = hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, &got);
    EXPECT(rest != NULL && rest + got + OVERHEAD == end_of_heap);
    EXPECT_EQ(hmm_heap_resize(heap, rest, got - LAST * (size_t)GRANULE), HMM_OK);
    unsigned char *last = end_of_heap - LAST * (size_t)GRANULE;
    hmm_heap_free(heap, same);
    hmm_heap_free(heap, less);
    hmm_heap_free(heap, more);
    expect_region_refused(last, NEXT, GRANULE, (size_t)2 * GRANULE);
    expect_region_refused(last, PREVIOUS, GRANULE, (size_t)2 * GRANULE);
    expect_region_refused(less, PREVIOUS, GRANULE, 0);
    expect_region_refused(more, PREVIOUS, 0, (size_t)2 * GRANULE);
    hmm_heap_free(heap, rest);
    end_heap();
}

/* A region is added whose only block joins a list, and removed while others are in that list. */
static void links_of_the_block_of_a_region(void) {
    unsigned char *region = ground + 20 * KIB;
    size_t bytes = 6 * GRANULE;
    make_heap(16 * KIB);
    while (hmm_heap_add_region(heap, region, bytes) != HMM_OK) bytes += GRANULE;
    notes.count = 0; /* it was too small at first */
    const picture *all = picture_of(heap);
    const hmm_block only = all->blocks[all->count - 1];
    EXPECT_EQ(hmm_heap_remove_region(heap, region), HMM_OK);
    unsigned char *newer = alloc_apart(only.bytes / GRANULE);
    EXPECT_EQ(hmm_heap_add_region(heap, region, bytes), HMM_OK);
    hmm_heap_free(heap, newer);
    overwrite((unsigned char *)(uintptr_t)only.memory + PREVIOUS * WORD, word_of_bytes(0x41));
    EXPECT_REFUSED(EXPECT(hmm_heap_remove_region(heap, region) == HMM_FAULT_LINK), HMM_FAULT_LINK, only.memory);
    repair();
    EXPECT_EQ(hmm_heap_remove_region(heap, region), HMM_OK);
    overwrite(newer + PREVIOUS * WORD, word_of_bytes(0x41));
    EXPECT_REFUSED(EXPECT(hmm_heap_add_region(heap, region, bytes) == HMM_FAULT_LINK), HMM_FAULT_LINK, newer);
    repair();
    EXPECT_EQ(hmm_heap_add_region(heap, region, bytes), HMM_OK);
    end_heap();
}

/* ---- The control block --------------------------------------------------------------------------------------------------- */

/* Operations refuse to rely on a control block that does not say where everything is. Only the checksum of that is damaged here, so
 * that the handler may be called. */
static void bounds_of_the_control_block(void) {
    const forge_field *field = forge_control_fields;
    while (strcmp(field->name, "bounds") != 0) field++;
    size_t got;
    make_heap(FIRST);
    unsigned char *p = hmm_heap_alloc(heap, 100);
    EXPECT(p != NULL);
    EXPECT_EQ(hmm_heap_add_region(heap, ground + SECOND_START, SECOND), HMM_OK);
    for (unsigned bit = 0; bit < WORD_BITS; bit += 5) {
        flip_bit((unsigned char *)heap + field->at, bit);
#define EXPECT_CONTROL(call) EXPECT_REFUSED(call, HMM_FAULT_CONTROL, heap)
        EXPECT_CONTROL(EXPECT(hmm_heap_alloc_zeroed(heap, 1, 1) == NULL));
        EXPECT_CONTROL(EXPECT(hmm_heap_alloc_aligned(heap, 2 * (size_t)GRANULE, 1) == NULL));
        EXPECT_CONTROL(EXPECT(hmm_heap_alloc_greedy(heap, 1, 1, &got) == NULL));
        EXPECT_CONTROL(EXPECT(hmm_heap_resize(heap, p, 1) == HMM_FAULT_CONTROL));
        EXPECT_CONTROL(EXPECT(hmm_heap_resize_greedy(heap, p, 1, 1, &got) == HMM_FAULT_CONTROL));
        EXPECT_CONTROL(EXPECT(hmm_heap_realloc(heap, p, 1) == NULL));
        EXPECT_CONTROL(EXPECT(hmm_heap_realloc_aligned(heap, p, 1, 1) == NULL));
        EXPECT_CONTROL(hmm_heap_free(heap, p + 1));
        EXPECT_CONTROL(EXPECT(hmm_heap_usable_size(heap, p) == 0));
        EXPECT_CONTROL(EXPECT(hmm_heap_add_region(heap, ground + 12 * KIB, KIB) == HMM_FAULT_CONTROL));
        EXPECT_CONTROL(EXPECT(hmm_heap_extend_region(heap, ground, 64) == HMM_FAULT_CONTROL));
        EXPECT_CONTROL(EXPECT(hmm_heap_shrink_region(heap, ground, 64) == 0));
        EXPECT_CONTROL(EXPECT(hmm_heap_remove_region(heap, ground + SECOND_START) == HMM_FAULT_CONTROL));
#undef EXPECT_CONTROL
        EXPECT(!hmm_heap_contains(heap, p));
        EXPECT_EQ(hmm_heap_largest_free(heap), 0);
        EXPECT_FOUND(HMM_FAULT_CONTROL, heap);
        repair();
    }
    end_heap();
}

/* ---- Region records ------------------------------------------------------------------------------------------------------ */

/* A second region, of whose memory the first 13 bytes are padding, with an allocated block. Returns the record's address. */
static unsigned char *add_second(unsigned char **p) {
    unsigned char *region = ground + SECOND_START;
    EXPECT_EQ(hmm_heap_add_region(heap, region, SECOND), HMM_OK);
    *p = hmm_heap_alloc(heap, SECOND - 2 * KIB);
    EXPECT(*p > region);
    return region + (size_t)(-(uintptr_t)region % GRANULE);
}

/* Whatever is done to the region is refused; the first region and its blocks work. */
static void any_bit_of_a_region_record(void) {
    enum { RECORD = 8 * WORD };
    unsigned char *p;
    make_heap(FIRST);
    elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    EXPECT(elsewhere != NULL && hmm_heap_alloc(heap, 0) != NULL);
    unsigned char *region = ground + SECOND_START, *record = add_second(&p);
    for (size_t word = 0; word < RECORD; word += WORD)
        for (unsigned bit = 0; bit < WORD_BITS; bit += word == 0 ? 1 : 5) {
            flip_bit(record + word, bit);
            EXPECT_REFUSED(hmm_heap_free(heap, p), HMM_FAULT_REGION_RECORD, record);
            EXPECT_REFUSED(EXPECT(hmm_heap_extend_region(heap, region, 64) == HMM_FAULT_REGION_RECORD), HMM_FAULT_REGION_RECORD,
                           record);
            EXPECT_REFUSED(EXPECT(hmm_heap_shrink_region(heap, region, 64) == 0), HMM_FAULT_REGION_RECORD, record);
            EXPECT_REFUSED(EXPECT(hmm_heap_remove_region(heap, region) == HMM_FAULT_REGION_RECORD), HMM_FAULT_REGION_RECORD,
                           record);
            EXPECT_REFUSED(EXPECT(hmm_heap_add_region(heap, ground + 12 * KIB, KIB) == HMM_FAULT_REGION_RECORD),
                           HMM_FAULT_REGION_RECORD, record);
            EXPECT_FOUND(HMM_FAULT_REGION_RECORD, record);
            EXPECT_WORKS_ELSEWHERE();
            repair();
        }
    end_heap();
}

/* The record of the first region, as far as operations on it look: the bytes in front of it are where they were. */
static void record_of_the_first_region(void) {
    const forge_field *lead = &forge_record_fields[0];
    while (strcmp(lead->name, "lead") != 0) lead++;
    make_heap(FIRST);
    elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    EXPECT(elsewhere != NULL && hmm_heap_alloc(heap, 0) != NULL);
    for (size_t f = 0; f < forge_record_field_count; f++) {
        const forge_field *field = &forge_record_fields[f];
        if (field == lead || strcmp(field->name, "first") == 0 || strcmp(field->name, "end") == 0) continue;
        flip_bit(ground + field->at, 1);
        EXPECT_REFUSED(EXPECT(hmm_heap_extend_region(heap, ground, 64) == HMM_FAULT_REGION_RECORD), HMM_FAULT_REGION_RECORD,
                       ground);
        EXPECT_REFUSED(EXPECT(hmm_heap_shrink_region(heap, ground, 64) == 0), HMM_FAULT_REGION_RECORD, ground);
        EXPECT_REFUSED(EXPECT(hmm_heap_remove_region(heap, ground) == HMM_FAULT_REGION_RECORD), HMM_FAULT_REGION_RECORD, ground);
        EXPECT_FOUND(HMM_FAULT_REGION_RECORD, ground);
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

/* A damaged record beside the path of the one that is removed, where the tree of regions must rotate. The free blocks are of
 * different classes, so that no link leads from one region to another. */
static void record_beside_the_path(void) {
    enum { STEP = 3 * KIB, ADDED = 3 };
    static const size_t bytes[ADDED] = {600, 1200, 2400};
    make_heap(FIRST);
    for (size_t i = 0; i < ADDED; i++) EXPECT_EQ(hmm_heap_add_region(heap, ground + SECOND_START + i * STEP, bytes[i]), HMM_OK);
    size_t refused = 0;
    for (size_t removed = 0; removed < ADDED; removed++)
        for (size_t damaged = 0; damaged < ADDED; damaged++) {
            unsigned char *region = ground + SECOND_START + removed * STEP;
            unsigned char *record = ground + SECOND_START + damaged * STEP;
            record += (size_t)(-(uintptr_t)record % GRANULE);
            flip_bit(record, 3);
            watch();
            if (hmm_heap_remove_region(heap, region) == HMM_OK) {
                repair_word();
                EXPECT_EQ(hmm_heap_add_region(heap, region, bytes[removed]), HMM_OK);
                EXPECT_SOUND(heap);
            } else {
                expect_refused(__FILE__, __LINE__, HMM_FAULT_REGION_RECORD, record, record);
                refused++;
                repair();
            }
        }
    EXPECT(refused > ADDED); /* on the path, and beside it */
    end_heap();
}

/* ---- The free block at a region's end, or that fills it ------------------------------------------------------------------ */

#define EXPECT_EXTEND_REFUSED(more, code, address) \
    EXPECT_REFUSED(EXPECT(hmm_heap_extend_region(heap, ground, more) == (int)(code)), code, address)
#define EXPECT_SHRINK_REFUSED(bytes, code, from, to) \
    EXPECT_REFUSED_IN(EXPECT(hmm_heap_shrink_region(heap, ground, bytes) == 0), code, from, to)

/* Its footer, its place in the index, and that of the size which it would have. It is large, others of its tree are near it. */
static void free_block_at_the_end(void) {
    enum { WORDS_TO_BALANCE = 4 };
    make_row();
    const picture *all = picture_of(heap);
    const hmm_block last = all->blocks[all->count - 1];
    unsigned char *p = (unsigned char *)(uintptr_t)last.memory;
    EXPECT(last.free && p + last.bytes == end_of_heap);

    overwrite(end_of_heap - 2 * WORD, 0);
    EXPECT_EXTEND_REFUSED(256, HMM_FAULT_FOOTER, end_of_heap);
    EXPECT_SHRINK_REFUSED(256, HMM_FAULT_FOOTER, end_of_heap, end_of_heap);
    repair();
    overwrite(p + WORDS_TO_BALANCE * WORD, 2);
    EXPECT_EXTEND_REFUSED(256, HMM_FAULT_LINK, p);
    EXPECT_SHRINK_REFUSED(256, HMM_FAULT_LINK, p, p);
    EXPECT_SHRINK_REFUSED(SIZE_MAX, HMM_FAULT_LINK, p, p);
    repair();
    end_heap();
}

/* Shrunk so that a block of ROW_UNITS is left, or extended so that one of one more comes into being: into lists whose newest
 * block is damaged. */
static void list_that_a_new_end_brings_a_block_into(void) {
    make_row();
    hmm_heap_free(heap, row[4]);
    const size_t bytes = hmm_heap_shrink_region(heap, ground, SIZE_MAX);
    EXPECT(bytes > 0);
    EXPECT_EQ(hmm_heap_extend_region(heap, ground, (size_t)(ROW_UNITS - 1) * GRANULE), HMM_OK);
    overwrite(row[4] + WORD, 1);
    EXPECT_EXTEND_REFUSED(GRANULE, HMM_FAULT_LINK, row[4]);
    repair();
    EXPECT_EQ(hmm_heap_extend_region(heap, ground, (size_t)3 * GRANULE), HMM_OK);
    overwrite(row[4] + WORD, 1);
    EXPECT_SHRINK_REFUSED((size_t)2 * GRANULE, HMM_FAULT_LINK, row[4], row[4]);
    repair();
    for (size_t i = 5; i < ROW; i++) hmm_heap_free(heap, row[i]);
    end_heap();
}

/* Its only free block, and a region whose first block only is free. */
static void removal_of_a_region(void) {
    unsigned char *p;
    make_heap(FIRST);
    unsigned char *region = ground + SECOND_START;
    (void)add_second(&p);
    hmm_heap_free(heap, p);
    const picture *all = picture_of(heap);
    const hmm_block only = all->blocks[all->count - 1];
    unsigned char *first = (unsigned char *)(uintptr_t)only.memory;
    EXPECT(only.free && first > region);

    overwrite(first + only.bytes - 2 * WORD, 1);
    EXPECT_REFUSED(EXPECT(hmm_heap_remove_region(heap, region) == HMM_FAULT_FOOTER), HMM_FAULT_FOOTER, first);
    repair();
    overwrite(first, 1);
    EXPECT_REFUSED(EXPECT(hmm_heap_remove_region(heap, region) == HMM_FAULT_LINK), HMM_FAULT_LINK, first);
    repair();
    p = hmm_heap_alloc(heap, SECOND - 2 * KIB); /* at the high end */
    EXPECT(p > first && !block_at(heap, p).free && block_at(heap, first).free);
    EXPECT_EQ(hmm_heap_remove_region(heap, region), HMM_IN_USE);
    hmm_heap_free(heap, p);
    EXPECT_PTR_EQ(hmm_heap_alloc_greedy(heap, SECOND / 2, SIZE_MAX, NULL), first);
    EXPECT_EQ(hmm_heap_remove_region(heap, region), HMM_IN_USE);
    EXPECT_EQ(notes.count, 0);
    end_heap();
}

/* The header of a region's first block, which an overflow of the memory in front can reach. */
static void first_header_of_a_region(void) {
    unsigned char *p;
    make_heap(FIRST);
    unsigned char *record = add_second(&p);
    hmm_heap_free(heap, p);
    const picture *all = picture_of(heap);
    unsigned char *first = (unsigned char *)(uintptr_t)all->blocks[all->count - 1].memory;
    EXPECT(first > record && first < record + 200);
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        flip_bit(first - WORD, bit);
        EXPECT_REFUSED(EXPECT(hmm_heap_remove_region(heap, ground + SECOND_START) == HMM_FAULT_HEADER), HMM_FAULT_HEADER, first);
        EXPECT_FOUND(HMM_FAULT_HEADER, first);
        repair();
    }
    EXPECT_EQ(hmm_heap_remove_region(heap, ground + SECOND_START), HMM_OK);
    end_heap();
}

/* ---- Control blocks ------------------------------------------------------------------------------------------------------ */

static size_t bytes_in_front(void) {
    return (size_t)((const unsigned char *)picture_of(heap)->blocks[0].memory - WORD - ground);
}

/* Statistics that the check cannot know otherwise are the only ones that may differ unnoticed. */
static bool same_but_for_history(hmm_heap_statistics a, hmm_heap_statistics b) {
    a.peak_in_use = b.peak_in_use;
    a.failures = b.failures;
    if (!HMM_STATS) a.allocations = b.allocations, a.frees = b.frees;
    return a.bytes_total == b.bytes_total && a.bytes_in_use == b.bytes_in_use && a.bytes_free == b.bytes_free &&
           a.largest_free == b.largest_free && a.blocks_in_use == b.blocks_in_use && a.blocks_free == b.blocks_free &&
           a.allocations == b.allocations && a.frees == b.frees;
}

static hmm_block block_in(const picture *p, const void *payload) {
    size_t i = 0;
    while (i < p->count && p->blocks[i].memory != payload) i++;
    EXPECT(i < p->count);
    return p->blocks[i];
}

/* Each bit of the control block: found, or without a meaning, or one of a number that only counts what has been. */
static void any_bit_of_the_control_block(void) {
    size_t unnoticed = 0;
    bool seen[64] = {false};
    make_row();
    hmm_heap_free(heap, row[4]);
    hmm_heap_free(heap, row[8]);
    const hmm_heap_statistics before = stats_of(heap);
    const picture all = *picture_of(heap);
    const size_t bytes = bytes_in_front();
    watch();
    for (size_t i = 0; i < bytes; i++)
        for (unsigned mask = 1; mask < 256; mask *= 2) {
            hmm_fault fault;
            raw_flip(ground + i, mask);
            const int code = hmm_heap_check(heap, &fault);
            EXPECT(code >= 0 && code < 64);
            seen[code] = true;
            if (code == HMM_OK) {
                EXPECT(same_but_for_history(stats_of(heap), before));
                unnoticed++;
            } else {
                EXPECT((const unsigned char *)fault.address >= ground);
                EXPECT((const unsigned char *)fault.address < row[0] || block_in(&all, fault.address).free);
            }
            raw_flip(ground + i, mask);
        }
    EXPECT_EQ(notes.count, 0);
    EXPECT_UNCHANGED();
    EXPECT(seen[HMM_FAULT_CONTROL] && seen[HMM_FAULT_REGION_RECORD] && seen[HMM_FAULT_INDEX] && seen[HMM_FAULT_LINK]);
    EXPECT(seen[HMM_FAULT_COUNTS] || !HMM_STATS);
    const size_t count =
        WORD < (int)sizeof(uint32_t) ? sizeof(uint32_t) : (size_t)WORD; /* bytes of a number of units or blocks */
    const size_t history = HMM_STATS ? sizeof(size_t) + 2 * count : 3 * sizeof(size_t) + 4 * count;
    const size_t padding = GRANULE + sizeof(size_t);
    EXPECT(unnoticed <= 8 * (history + padding));
    end_heap();
}

/* A handler that was overwritten must not be called: each bit of its address and of its context's is under the checksum. */
static void any_bit_of_the_handler(void) {
    const uintptr_t values[] = {(uintptr_t)note_fault, (uintptr_t)&notes};
    size_t found = 0;
    heap = noting_heap(ground, FIRST, &notes); /* note_fault of this file */
    const size_t bytes = bytes_in_front();
    for (size_t i = 0; i + sizeof(uintptr_t) <= bytes; i += _Alignof(uintptr_t)) {
        uintptr_t value;
        raw_copy(&value, ground + i, sizeof value);
        if (value != values[0] && value != values[1]) continue;
        found++;
        for (unsigned bit = 0; bit < 8 * sizeof value; bit++) {
            raw_flip(ground + i + bit / 8, 1u << bit % 8);
            EXPECT_EQ(hmm_heap_check(heap, NULL), HMM_FAULT_CONTROL);
            raw_flip(ground + i + bit / 8, 1u << bit % 8);
        }
    }
    EXPECT_EQ(found, 2);
    end_heap();
}

/* The part of the control block that changes with every operation has no checksum. A request that meets a wrong bit there either
 * reports that or works, on the last bytes before memory that must not be touched. */
static void any_bit_of_the_index(void) {
    enum { BYTES = 400 + 10 * GRANULE };
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    const size_t sizes[] = {0, usable_of(3), usable_of(4), usable_of(9), usable_of(20)};
    unsigned char *memory = pages + page - BYTES, sound[BYTES], damaged[BYTES];
    size_t reported = 0, of_largest = 0;
    bool named = false;
    heap = noting_heap(memory, BYTES, &notes);
    unsigned char *p = hmm_heap_alloc(heap, usable_of(3));
    EXPECT(p != NULL && hmm_heap_alloc(heap, 0) != NULL);
    hmm_heap_free(heap, p);
    const size_t in_front = (size_t)((const unsigned char *)picture_of(heap)->blocks[0].memory - WORD - memory);
    raw_copy(sound, memory, BYTES);
    for (size_t bit = 0; bit < in_front * 8; bit++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            raw_flip(memory + bit / 8, 1u << bit % 8);
            const int code = hmm_heap_check(heap, NULL);
            if (code == HMM_FAULT_INDEX || code == HMM_FAULT_LINK || code == HMM_FAULT_TREE) {
                raw_copy(damaged, memory, BYTES);
                p = hmm_heap_alloc(heap, sizes[i]);
                EXPECT(notes.count <= 1 && (notes.count == 0 || p == NULL));
                size_t same = raw_difference(memory, damaged, BYTES);
                KNOWN(same);
                EXPECT(notes.count == 0 || same == BYTES);
                reported += notes.count;
                named |= notes.count == 1 && notes.last.code == HMM_FAULT_INDEX;
                notes.count = 0;
                raw_copy(memory, damaged, BYTES);
                (void)hmm_heap_largest_free(heap);
                EXPECT_EQ(notes.count, 0);
                p = hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL);
                EXPECT(notes.count <= 1 && (notes.count == 0 || p == NULL));
                EXPECT(notes.count == 0 || notes.last.code == HMM_FAULT_INDEX || (int)notes.last.code == code);
                of_largest += notes.count;
                notes.count = 0;
            }
            raw_copy(memory, sound, BYTES);
        }
    EXPECT(reported > 0 && named);
    EXPECT(of_largest > 8 * sizeof(size_t) * (sizeof sizes / sizeof sizes[0])); /* a word of which one bit is right, and more */
    EXPECT_SOUND(heap);
    hmm_heap_destroy(heap);
    munmap(pages, 2 * page);
}

/* No heap at all, or one that was ended. */
static void no_heap(void) {
    make_row();
    hmm_heap_destroy(heap);
    EXPECT_FOUND_IN(HMM_FAULT_CONTROL, ground, ground);
    raw_fill(ground, 0, sizeof ground);
    EXPECT_FOUND_IN(HMM_FAULT_CONTROL, ground, ground);
    raw_fill(ground, 0xFF, sizeof ground);
    EXPECT_FOUND_IN(HMM_FAULT_CONTROL, ground, ground);
}

static const struct test tests[] = {
    TEST(end_overwritten_by_an_overflow),
    TEST(any_bit_of_the_end),
    TEST(links_of_blocks_at_the_end),
    TEST(links_of_the_block_of_a_region),
    TEST(any_bit_of_the_handler),
    TEST(any_bit_of_a_region_record),
    TEST(record_of_the_first_region),
    TEST(record_beside_the_path),
    TEST(free_block_at_the_end),
    TEST(list_that_a_new_end_brings_a_block_into),
    TEST(removal_of_a_region),
    TEST(first_header_of_a_region),
    TEST(any_bit_of_the_control_block),
    TEST(bounds_of_the_control_block),
    TEST(any_bit_of_the_index),
    TEST(no_heap),
};

const fault_tests heap_faults = {tests, sizeof tests / sizeof tests[0]};
