/* faults.h: what the tests of faults share: a ground whose every byte is watched, and a heap on it whose blocks stand in a row.
 *
 * SPDX-License-Identifier: MIT
 *
 *     faults_pointer.c   pointers that are no allocated block
 *     faults_block.c     overwritten blocks: headers, footers, links of lists
 *     faults_payload.c   payloads written to when or where they are not the program's
 *     faults_tree.c      overwritten nodes of trees
 *     faults_forged.c    damage whose check values and checksums are right
 *     faults_heap.c      overwritten sentinels, region records and control blocks
 *     faults_region.c    regions that cannot be taken
 *     faults_handler.c   what a handler may do, and the default one
 *     faults_test.c      runs them, each case in a process of its own */
#ifndef HMM_TESTS_FAULTS_H
#define HMM_TESTS_FAULTS_H

#include "fixture.h"

/* A value that was found by comparing bytes is known, even if some of them were never written: valgrind may think otherwise. */
#if HMM_VALGRIND
#define KNOWN(value) ((void)VALGRIND_MAKE_MEM_DEFINED(&(value), sizeof(value)))
#else
#define KNOWN(value) ((void)0)
#endif

/* In units of blocks, all in exact classes. ELSEWHERE: a size that only the block `elsewhere` has. */
enum { KIB = 1024, GROUND = 32 * KIB, ROW = 12, ROW_UNITS = 5, ELSEWHERE_UNITS = 7 };

extern unsigned char ground[GROUND]; /* aligned to a page */
extern fault_notes notes;
extern hmm_heap *heap;
extern unsigned char *row[ROW];    /* allocated blocks of ROW_UNITS, each directly behind the one before */
extern unsigned char *elsewhere;   /* between allocated blocks, and of a size of its own */
extern unsigned char *end_of_heap; /* of the heap on the ground */

typedef struct fault_tests {
    const struct test *tests;
    size_t count;
} fault_tests;

extern const fault_tests pointer_faults, block_faults, payload_faults, tree_faults, forged_faults, heap_faults, region_faults,
    handler_faults;

/* Usable bytes of a block of so many units. */
static inline size_t usable_of(size_t units) {
    return units * GRANULE - OVERHEAD;
}

static inline unsigned char *header(unsigned char *p) {
    return p - WORD;
}

static inline unsigned char *word_of(unsigned char *p, size_t word) {
    return p + word * WORD;
}

/* As the heap links blocks: the distance from the control block in granules. */
static inline heap_word link_to(const unsigned char *p) {
    return (heap_word)((p - (unsigned char *)heap) / GRANULE);
}

static inline void *alloc_units(size_t units) {
    return hmm_heap_alloc(heap, usable_of(units));
}

/* ---- A heap in a row ----------------------------------------------------------------------------------------------------- */

void make_heap(size_t bytes);
void make_row(void);

/* Operations that do not touch a damaged row: a free, an allocation, resizes of another block. */
void expect_works_elsewhere(const char *file, int line);
#define EXPECT_WORKS_ELSEWHERE() expect_works_elsewhere(__FILE__, __LINE__)

/* That the heap is sound, allocates, and everything in it can be freed, so that only free blocks are left; ends it. */
void end_heap(void);

/* ---- Refusals ------------------------------------------------------------------------------------------------------------ */

/* Remembers every byte of the ground. */
void watch(void);

/* That every byte is as it was. */
void expect_unchanged(const char *file, int line);
#define EXPECT_UNCHANGED() expect_unchanged(__FILE__, __LINE__)

/* That since watch() one fault was reported, of that code, with a sentence, at an address in [from, to], and nothing changed. */
void expect_refused(const char *file, int line, hmm_result code, const void *from, const void *to);
#define EXPECT_REFUSED(call, code, address) EXPECT_REFUSED_IN(call, code, address, address)
#define EXPECT_REFUSED_IN(call, code, from, to)                 \
    do {                                                        \
        watch();                                                \
        call;                                                   \
        expect_refused(__FILE__, __LINE__, code, (from), (to)); \
    } while (0)

/* That every function which takes a block refuses p so. */
void expect_unusable(const char *file, int line, const hmm_heap *of, const void *p, hmm_result code, const void *address);
#define EXPECT_UNUSABLE(p, code, address) expect_unusable(__FILE__, __LINE__, heap, p, code, address)

/* That the check finds this, at an address in [from, to]. */
void expect_found(const char *file, int line, hmm_result code, const void *from, const void *to);
#define EXPECT_FOUND(code, address) expect_found(__FILE__, __LINE__, code, address, address)
#define EXPECT_FOUND_IN(code, from, to) expect_found(__FILE__, __LINE__, code, from, to)

/* ---- Damage -------------------------------------------------------------------------------------------------------------- */

/* Overwrites a word; repair_word() undoes that; repair() too, and the heap must be sound again. */
void overwrite(void *word, heap_word value);
void repair_word(void);
void repair(void);

static inline void flip_bit(unsigned char *word, unsigned bit) {
    overwrite(word, raw_word(word) ^ word_bit(bit));
}

/* That value, or one beside it, which a header that it overwrites cannot have: a single check bit is the parity of the others, so
 * an odd number of bits must change. */
static inline heap_word recognisable(const void *header, heap_word value) {
    bool odd = false;
    for (heap_word changed = raw_word(header) ^ value; changed != 0; changed = (heap_word)(changed & (changed - 1))) odd = !odd;
    return CHECK_BITS > 1 || odd ? value : value ^ 1;
}

#endif
