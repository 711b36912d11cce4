/* faults_block.c: overwritten blocks: headers, footers, links of lists.
 *
 * SPDX-License-Identifier: MIT
 *
 * An address that a test gives as a range is inside the control block: where the index holds the class of a block. */
#include "faults.h"

/* Words of a free block in a list. */
enum { NEXT, PREVIOUS };

static unsigned char *footer(unsigned char *p, size_t units) {
    return p + units * GRANULE - 2 * WORD;
}

#define EXPECT_ALLOC_REFUSED(units, code, address) EXPECT_REFUSED(EXPECT(alloc_units(units) == NULL), code, address)
#define EXPECT_FREE_REFUSED(p, code, address) EXPECT_REFUSED(hmm_heap_free(heap, p), code, address)

/* ---- Headers ------------------------------------------------------------------------------------------------------------- */

/* Bytes that a program writes past the end of its block. */
static void header_overwritten_by_an_overflow(void) {
    static const char *const texts[] = {"A", "AAA", "AAAA", "AAAAAAAA", "\xFF\xFF\xFF\xFF", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"};
    make_row();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        heap_word word = raw_word(header(row[4]));
        memcpy(&word, texts[i], strlen(texts[i]) < WORD ? strlen(texts[i]) : WORD);
        overwrite(header(row[4]), recognisable(header(row[4]), word));
        EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
        EXPECT_FOUND(HMM_FAULT_HEADER, row[4]);
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

/* The block in front of a header that was overwritten: its header and the next one do not agree, whichever the fault names. By its
 * check value alone one header in 2^CHECK_BITS passes. */
static void overflow_seen_from_the_block_itself(void) {
    size_t refused = 0;
    make_row();
    for (unsigned byte = 1; byte < 256; byte++) {
        overwrite(header(row[4]), recognisable(header(row[4]), word_of_bytes(byte)));
        EXPECT_REFUSED(hmm_heap_free(heap, row[4]), HMM_FAULT_HEADER, row[4]);
        watch();
        if (hmm_heap_usable_size(heap, row[3]) == 0) {
            expect_refused(__FILE__, __LINE__, HMM_FAULT_HEADER, row[3], row[4]);
            refused++;
        }
        EXPECT_FOUND(HMM_FAULT_HEADER, row[4]);
        repair();
    }
    EXPECT(refused + (255u >> (CHECK_BITS - 1)) >= 255);
    end_heap();
}

/* Zeros: the terminator of a string that is one byte too long, and a memset. */
static void header_overwritten_by_zeros(void) {
    make_row();
    for (size_t bytes = 1; bytes <= WORD; bytes++) {
        heap_word word = raw_word(header(row[4]));
        memset(&word, 0, bytes);
        overwrite(header(row[4]), recognisable(header(row[4]), word));
        EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
        EXPECT_FOUND(HMM_FAULT_HEADER, row[4]);
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

static void header_overwritten_by_an_underflow(void) {
    make_row();
    for (size_t bytes = 1; bytes <= WORD; bytes++) {
        heap_word word = raw_word(header(row[4]));
        memset((unsigned char *)&word + WORD - bytes, 0xEE, bytes);
        overwrite(header(row[4]), recognisable(header(row[4]), word));
        EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
        EXPECT_FOUND(HMM_FAULT_HEADER, row[4]);
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

static void any_bit_of_a_header(void) {
    make_row();
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        flip_bit(header(row[4]), bit);
        EXPECT_UNUSABLE(row[4], HMM_FAULT_HEADER, row[4]);
        EXPECT_FREE_REFUSED(row[3], HMM_FAULT_HEADER, row[4]);
        EXPECT_FOUND(HMM_FAULT_HEADER, row[4]);
        repair();
    }
    end_heap();
}

static void any_bit_of_the_header_of_a_free_block(void) {
    make_row();
    hmm_heap_free(heap, row[4]);
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        flip_bit(header(row[4]), bit);
        EXPECT_FREE_REFUSED(row[4], HMM_FAULT_HEADER, row[4]);
        EXPECT_FREE_REFUSED(row[3], HMM_FAULT_HEADER, row[4]);
        EXPECT_FREE_REFUSED(row[5], HMM_FAULT_HEADER, row[4]);
        EXPECT_REFUSED_IN(EXPECT(alloc_units(ROW_UNITS) == NULL), HMM_FAULT_INDEX, heap, row[0]);
        EXPECT_FOUND(HMM_FAULT_HEADER, row[4]);
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

/* A busy heap: allocated and free blocks of many sizes, in lists, trees and rings. */
static void make_busy_heap(void) {
    unsigned char *p[60];
    make_heap(GROUND);
    for (size_t i = 0; i < 60; i++) {
        p[i] = hmm_heap_alloc(heap, i * 37 % 300);
        EXPECT(p[i] != NULL);
    }
    for (size_t i = 0; i < 60; i += i % 7 == 0 ? 1 : 2) hmm_heap_free(heap, p[i]);
    EXPECT_SOUND(heap);
}

static void any_bit_of_any_header_is_found(void) {
    make_busy_heap();
    const picture all = *picture_of(heap);
    EXPECT(all.count > 40);
    watch();
    for (size_t i = 0; i < all.count; i++)
        for (unsigned bit = 0; bit < WORD_BITS; bit++) {
            hmm_fault fault;
            unsigned char *p = (unsigned char *)(uintptr_t)all.blocks[i].memory;
            flip_bit(header(p), bit);
            EXPECT_EQ(hmm_heap_check(heap, &fault), HMM_FAULT_HEADER);
            EXPECT_PTR_EQ(fault.address, p);
            if (!all.blocks[i].free) {
                hmm_heap_free(heap, p);
                EXPECT_FAULT(&notes, HMM_FAULT_HEADER, p);
            }
            repair();
        }
    EXPECT_UNCHANGED();
    end_heap();
}

/* Tries a header that says this with every check value, of which the heap takes one: another rule must refuse that. The call is
 * refused by the fault of a header, or of a footer that disagrees with it. */
static void try_every_check_value(unsigned char *p, heap_word body, void *freed) {
    for (heap_word check = 0; check >> CHECK_BITS == 0; check++) {
        const heap_word word = (heap_word)(body | (heap_word)(check << (WORD_BITS - CHECK_BITS)));
        if (word == raw_word(header(p))) continue;
        overwrite(header(p), word);
        watch();
        hmm_heap_free(heap, freed);
        EXPECT(notes.count == 1 && (notes.last.code == HMM_FAULT_HEADER || notes.last.code == HMM_FAULT_FOOTER));
        EXPECT_UNCHANGED();
        notes.count = 0;
        EXPECT(hmm_heap_check(heap, NULL) != HMM_OK);
        repair();
    }
}

/* Headers of a free block, row[4], that are as valid as a check value can make them, and say what cannot be: one that is allocated,
 * one behind another free block, one of another size. Met from the blocks on both sides. */
static void valid_header_of_a_free_block(void) {
    if (CHECK_BITS > 8) return; /* too many */
    const heap_word free_bit = word_bit(WORD_BITS - CHECK_BITS - 2), previous_free = word_bit(WORD_BITS - CHECK_BITS - 1);
    const heap_word bodies[] = {ROW_UNITS,
                                free_bit | previous_free | ROW_UNITS,
                                free_bit | (ROW_UNITS + 1),
                                free_bit | (ROW_UNITS - 1),
                                free_bit | (2 * ROW_UNITS),
                                free_bit};
    make_row();
    hmm_heap_free(heap, row[4]);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        try_every_check_value(row[4], bodies[i], row[5]);
        if (bodies[i] & free_bit) try_every_check_value(row[4], bodies[i], row[3]); /* it does not look behind an allocated one */
    }
    end_heap();
}

/* ---- Footers ------------------------------------------------------------------------------------------------------------- */

/* Sizes that cannot be. */
static void footer_overwritten(void) {
    const heap_word sizes[] = {0, word_bit(WORD_BITS - 8) - 1, (heap_word)-1, word_of_bytes(0x41)};
    make_row();
    hmm_heap_free(heap, row[4]);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        overwrite(footer(row[4], ROW_UNITS), sizes[i]);
        EXPECT_FREE_REFUSED(row[5], HMM_FAULT_FOOTER, row[5]);
        EXPECT_FREE_REFUSED(row[3], HMM_FAULT_FOOTER, row[4]);
        EXPECT_ALLOC_REFUSED(ROW_UNITS, HMM_FAULT_FOOTER, row[4]);
        EXPECT_FOUND(HMM_FAULT_FOOTER, row[4]);
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

/* Any bit: from the block behind it may look as if another header was wrong, namely where the size leads to. */
static void any_bit_of_a_footer(void) {
    make_row();
    hmm_heap_free(heap, row[4]);
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        flip_bit(footer(row[4], ROW_UNITS), bit);
        const uint64_t units = raw_word(footer(row[4], ROW_UNITS));
        const bool leads_into_the_heap = units >= SMALLEST / GRANULE && units <= (uint64_t)(row[5] - row[0]) / GRANULE;
        if (leads_into_the_heap)
            EXPECT_FREE_REFUSED(row[5], HMM_FAULT_HEADER, row[5] - (size_t)units * GRANULE);
        else
            EXPECT_FREE_REFUSED(row[5], HMM_FAULT_FOOTER, row[5]);
        EXPECT_ALLOC_REFUSED(ROW_UNITS, HMM_FAULT_FOOTER, row[4]);
        EXPECT_FOUND(HMM_FAULT_FOOTER, row[4]);
        repair();
    }
    end_heap();
}

/* It leads to a free block, which has another size. */
static void footer_that_leads_to_another_free_block(void) {
    make_row();
    hmm_heap_free(heap, row[2]);
    hmm_heap_free(heap, row[4]);
    overwrite(footer(row[4], ROW_UNITS), 3 * ROW_UNITS);
    EXPECT_FREE_REFUSED(row[5], HMM_FAULT_FOOTER, row[2]);
    EXPECT_FREE_REFUSED(row[3], HMM_FAULT_FOOTER, row[4]);
    EXPECT_FOUND(HMM_FAULT_FOOTER, row[4]);
    EXPECT_WORKS_ELSEWHERE();
    repair();
    end_heap();
}

/* A free block that every function which allocates would take. */
static void every_way_to_allocate(void) {
    enum { UNITS = 3 * ROW_UNITS, ALIGNMENT = 2 * GRANULE };
    const size_t aligned = usable_of(UNITS - 1 - SMALLEST / GRANULE);
    size_t got = 1;
    make_row();
    for (size_t i = 4; i < 7; i++) hmm_heap_free(heap, row[i]);
    overwrite(footer(row[4], UNITS), 0);
    EXPECT_ALLOC_REFUSED(UNITS, HMM_FAULT_FOOTER, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc_zeroed(heap, 1, usable_of(UNITS)) == NULL), HMM_FAULT_FOOTER, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc_aligned(heap, ALIGNMENT, aligned) == NULL), HMM_FAULT_FOOTER, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc_greedy(heap, 1, usable_of(UNITS), &got) == NULL), HMM_FAULT_FOOTER, row[4]);
    EXPECT_EQ(got, 0);
    EXPECT_REFUSED(EXPECT(hmm_heap_realloc(heap, NULL, usable_of(UNITS)) == NULL), HMM_FAULT_FOOTER, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_realloc(heap, row[9], usable_of(UNITS)) == NULL), HMM_FAULT_FOOTER, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_realloc_aligned(heap, NULL, ALIGNMENT, aligned) == NULL), HMM_FAULT_FOOTER, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_resize(heap, row[3], usable_of(ROW_UNITS + 2)) == HMM_FAULT_FOOTER), HMM_FAULT_FOOTER, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_realloc(heap, row[7], usable_of(ROW_UNITS + 2)) == NULL), HMM_FAULT_FOOTER, row[7]);
    EXPECT_WORKS_ELSEWHERE();
    repair();
    overwrite(word_of(row[4], NEXT), 1); /* the block is sound, its place in the index is not */
    EXPECT_REFUSED(EXPECT(hmm_heap_resize(heap, row[3], usable_of(ROW_UNITS - 1)) == HMM_FAULT_LINK), HMM_FAULT_LINK, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_resize(heap, row[3], usable_of(ROW_UNITS + 2)) == HMM_FAULT_LINK), HMM_FAULT_LINK, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_realloc(heap, row[3], usable_of(5 * ROW_UNITS)) == NULL), HMM_FAULT_LINK, row[4]);
    EXPECT_WORKS_ELSEWHERE();
    repair();
    end_heap();
}

/* The same, where the block is sound and its place in the index, a list, is not. */
static void every_way_to_take_from_a_list(void) {
    enum { ALIGNMENT = 2 * GRANULE };
    const size_t size = usable_of(ROW_UNITS), aligned = usable_of(ROW_UNITS - 1 - SMALLEST / GRANULE);
    size_t got = 1;
    make_row();
    hmm_heap_free(heap, row[4]);
    overwrite(word_of(row[4], NEXT), 1);
    EXPECT_ALLOC_REFUSED(ROW_UNITS, HMM_FAULT_LINK, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc_zeroed(heap, 1, size) == NULL), HMM_FAULT_LINK, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc_aligned(heap, ALIGNMENT, aligned) == NULL), HMM_FAULT_LINK, row[4]);
    EXPECT_REFUSED(EXPECT(hmm_heap_alloc_greedy(heap, 1, size, &got) == NULL), HMM_FAULT_LINK, row[4]);
    EXPECT_EQ(got, 0);
    EXPECT_REFUSED(EXPECT(hmm_heap_realloc(heap, NULL, size) == NULL), HMM_FAULT_LINK, row[4]);
    EXPECT_WORKS_ELSEWHERE();
    repair();
    end_heap();
}

/* A request that takes the high end of a block in a list: the header behind it changes, too. The heap is large enough that there
 * are lists of such sizes. */
static void header_behind_the_high_end(void) {
    enum { BYTES = 512 * KIB < HMM_HEAP_LARGEST_BLOCK ? 512 * KIB : HMM_HEAP_LARGEST_BLOCK / 4096 * 4096 };
    static _Alignas(4096) unsigned char memory[BYTES];
    heap = noting_heap(memory, BYTES, &notes);
    unsigned char *fence = hmm_heap_alloc(heap, SPLIT_HIGH), *p = hmm_heap_alloc(heap, SPLIT_HIGH + (size_t)4 * GRANULE);
    EXPECT(p != NULL && p + block_at(heap, p).bytes == fence && hmm_heap_alloc(heap, SPLIT_HIGH) != NULL);
    hmm_heap_free(heap, p);
    for (unsigned bit = 0; bit < WORD_BITS; bit++) {
        flip_bit(header(fence), bit);
        EXPECT(hmm_heap_alloc(heap, SPLIT_HIGH) == NULL);
        EXPECT_EQ(notes.count, 1);
        EXPECT(notes.last.address == fence);
        notes.count = 0;
        repair();
    }
    EXPECT_SOUND(heap);
}

/* The largest free block, when a greedy allocation wants more than there is. */
static void largest_free_block(void) {
    size_t got = 1;
    make_row();
    const picture *all = picture_of(heap);
    unsigned char *largest = (unsigned char *)(uintptr_t)all->blocks[all->count - 1].memory;
    const size_t units = all->blocks[all->count - 1].bytes / GRANULE;
    unsigned char *const words[] = {footer(largest, units), word_of(largest, NEXT), header(largest)};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        overwrite(words[i], recognisable(words[i], word_of_bytes(0x41)));
        watch();
        EXPECT(hmm_heap_alloc_greedy(heap, 1, SIZE_MAX, &got) == NULL);
        EXPECT_EQ(got, 0);
        EXPECT_EQ(notes.count, 1);
        EXPECT_UNCHANGED();
        notes.count = 0;
        EXPECT_WORKS_ELSEWHERE();
        repair();
    }
    end_heap();
}

/* The newest block of the largest size is in a list: all larger ones are taken. */
static void largest_free_block_in_a_list(void) {
    make_row();
    while (hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL) != NULL) continue;
    hmm_heap_free(heap, row[4]);
    overwrite(header(row[4]), recognisable(header(row[4]), 0));
    EXPECT_REFUSED_IN(EXPECT(hmm_heap_alloc_greedy(heap, 1, SIZE_MAX, NULL) == NULL), HMM_FAULT_INDEX, heap, row[0]);
    EXPECT_EQ(hmm_heap_largest_free(heap), 0);
    repair();
    for (size_t i = 5; i < ROW; i++) hmm_heap_free(heap, row[i]);
    end_heap();
}

/* The newest free block of the size that a resize would leave. */
static void list_that_a_resize_brings_a_block_into(void) {
    enum { LEFT = SMALLEST / GRANULE };
    make_row();
    unsigned char *small = alloc_units(LEFT);
    EXPECT(small != NULL && alloc_units(ELSEWHERE_UNITS) != NULL);
    hmm_heap_free(heap, small);
    hmm_heap_free(heap, row[4]);
    overwrite(word_of(small, PREVIOUS), 1);
    EXPECT_REFUSED(EXPECT(hmm_heap_resize(heap, row[3], usable_of(2 * ROW_UNITS - LEFT)) == HMM_FAULT_LINK), HMM_FAULT_LINK,
                   small);
    EXPECT_REFUSED(EXPECT(hmm_heap_realloc(heap, row[5], usable_of(2 * ROW_UNITS - LEFT)) == NULL), HMM_FAULT_LINK, small);
    EXPECT_REFUSED(EXPECT(hmm_heap_resize(heap, row[8], usable_of(ROW_UNITS - LEFT)) == HMM_FAULT_LINK), HMM_FAULT_LINK, small);
    EXPECT_WORKS_ELSEWHERE();
    repair();
    end_heap();
}

/* A walk ends before a block that it cannot believe, and does not call the handler. */
static void walk_ends_before_the_damage(void) {
    make_row();
    overwrite(header(row[4]), 0);
    picture seen = {.count = 0};
    watch();
    EXPECT_EQ(hmm_heap_walk(heap, add_to_picture, &seen), HMM_FAULT_HEADER);
    EXPECT_EQ(notes.count, 0);
    EXPECT_UNCHANGED();
    EXPECT_EQ(seen.count, 4);
    EXPECT_PTR_EQ(seen.blocks[3].memory, row[3]);
    repair();
    end_heap();
}

/* ---- Links of lists ------------------------------------------------------------------------------------------------------ */

/* Values of a link that lead to no free block of its size: out of the heap, to the control block, to an allocated block, into a
 * payload, to a free block of another size. */
static size_t wrong_links(heap_word *links) {
    size_t count = 0;
    links[count++] = word_of_bytes(0x41);
    links[count++] = word_bit(WORD_BITS - 1);
    links[count++] = (heap_word)-1;
    links[count++] = 1;
    links[count++] = link_to(row[9]);
    links[count++] = link_to(row[9] + GRANULE);
    links[count++] = link_to(elsewhere);
    return count;
}

/* The list holds row[6], row[4], row[2]; `elsewhere` is free, too. */
static void make_list(void) {
    make_row();
    hmm_heap_free(heap, elsewhere);
    for (size_t i = 2; i <= 6; i += 2) hmm_heap_free(heap, row[i]);
}

static void link_to_the_next_block_of_a_list(void) {
    heap_word links[8];
    make_list();
    const size_t count = wrong_links(links);
    for (size_t i = 0; i < count; i++) {
        overwrite(word_of(row[4], NEXT), links[i]);
        EXPECT_FREE_REFUSED(row[5], HMM_FAULT_LINK, row[4]);
        EXPECT_FREE_REFUSED(row[3], HMM_FAULT_LINK, row[2]);
        EXPECT_FOUND(HMM_FAULT_LINK, row[4]);
        EXPECT_PTR_EQ(alloc_units(ROW_UNITS), row[6]); /* before it */
        EXPECT_ALLOC_REFUSED(ROW_UNITS, HMM_FAULT_LINK, row[4]);
        hmm_heap_free(heap, row[6]);
        repair();
    }
    end_heap();
}

static void link_to_the_previous_block_of_a_list(void) {
    heap_word links[8];
    make_list();
    const size_t count = wrong_links(links);
    for (size_t i = 0; i < count; i++) {
        overwrite(word_of(row[4], PREVIOUS), links[i]);
        EXPECT_FREE_REFUSED(row[3], HMM_FAULT_LINK, row[4]);
        EXPECT_ALLOC_REFUSED(ROW_UNITS, HMM_FAULT_LINK, row[6]);
        EXPECT_FOUND(HMM_FAULT_LINK, row[4]);
        hmm_heap_free(heap, row[8]);
        EXPECT_PTR_EQ(alloc_units(ROW_UNITS), row[8]);
        repair();
    }
    end_heap();
}

static void links_of_the_first_and_the_last_block_of_a_list(void) {
    heap_word links[8];
    make_list();
    const size_t count = wrong_links(links);
    for (size_t i = 0; i < count; i++) {
        overwrite(word_of(row[6], PREVIOUS), links[i]);
        EXPECT_FREE_REFUSED(row[8], HMM_FAULT_LINK, row[6]);
        EXPECT_FREE_REFUSED(row[7], HMM_FAULT_LINK, row[6]);
        EXPECT_ALLOC_REFUSED(ROW_UNITS, HMM_FAULT_LINK, row[6]);
        EXPECT_FOUND(HMM_FAULT_LINK, row[6]);
        repair();
        overwrite(word_of(row[2], NEXT), links[i]);
        EXPECT_FREE_REFUSED(row[1], HMM_FAULT_LINK, row[2]);
        EXPECT_FOUND(HMM_FAULT_LINK, row[2]);
        EXPECT_PTR_EQ(alloc_units(ROW_UNITS), row[6]);
        hmm_heap_free(heap, row[6]);
        repair();
    }
    end_heap();
}

/* A list that is a circle must not be followed for ever. */
static void link_of_a_list_to_itself(void) {
    make_list();
    overwrite(word_of(row[4], NEXT), link_to(row[4]));
    EXPECT_FREE_REFUSED(row[5], HMM_FAULT_LINK, row[4]);
    EXPECT_FOUND(HMM_FAULT_LINK, row[4]);
    repair();
    overwrite(word_of(row[2], NEXT), link_to(row[6]));
    EXPECT_FREE_REFUSED(row[1], HMM_FAULT_LINK, row[2]);
    EXPECT_FOUND_IN(HMM_FAULT_LINK, row[2], row[6]);
    repair();
    end_heap();
}

/* The same where no other block is free: only how many there are tells that the list has one too many. */
static void link_of_the_only_free_block_to_itself(void) {
    make_row();
    while (hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL) != NULL) continue;
    hmm_heap_free(heap, row[4]);
    overwrite(word_of(row[4], NEXT), link_to(row[4]));
    EXPECT_FREE_REFUSED(row[5], HMM_FAULT_LINK, row[4]);
    EXPECT_FOUND(HMM_FAULT_LINK, row[4]);
    repair();
    for (size_t i = 5; i < ROW; i++) hmm_heap_free(heap, row[i]);
    end_heap();
}

static const struct test tests[] = {
    TEST(header_overwritten_by_an_overflow),
    TEST(overflow_seen_from_the_block_itself),
    TEST(header_overwritten_by_zeros),
    TEST(header_overwritten_by_an_underflow),
    TEST(any_bit_of_a_header),
    TEST(any_bit_of_the_header_of_a_free_block),
    TEST(any_bit_of_any_header_is_found),
    TEST(valid_header_of_a_free_block),
    TEST(footer_overwritten),
    TEST(any_bit_of_a_footer),
    TEST(footer_that_leads_to_another_free_block),
    TEST(every_way_to_allocate),
    TEST(walk_ends_before_the_damage),
    TEST(link_to_the_next_block_of_a_list),
    TEST(link_to_the_previous_block_of_a_list),
    TEST(links_of_the_first_and_the_last_block_of_a_list),
    TEST(link_of_a_list_to_itself),
    TEST(link_of_the_only_free_block_to_itself),
    TEST(largest_free_block),
    TEST(every_way_to_take_from_a_list),
    TEST(header_behind_the_high_end),
    TEST(largest_free_block_in_a_list),
    TEST(list_that_a_resize_brings_a_block_into),
};

const fault_tests block_faults = {tests, sizeof tests / sizeof tests[0]};
