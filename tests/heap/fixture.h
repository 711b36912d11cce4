/* fixture.h: what the tests of the heap share: notes of faults, pictures of a heap, and looking at bytes that the heap guards.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_FIXTURE_H
#define HMM_TESTS_FIXTURE_H

#include <stdint.h>

#include "../expect.h"
#include "layout.h"

#if HMM_VALGRIND
#include <valgrind/memcheck.h>
#define UNGUARD() VALGRIND_DISABLE_ERROR_REPORTING
#define GUARD() VALGRIND_ENABLE_ERROR_REPORTING
#define MADE_OF_GUARDED_BYTES(result) ((void)VALGRIND_MAKE_MEM_DEFINED(&(result), sizeof(result)))
#else
#define UNGUARD() ((void)0)
#define GUARD() ((void)0)
#define MADE_OF_GUARDED_BYTES(result) ((void)(result))
#endif

/* ---- Guarded bytes ------------------------------------------------------------------------------------------------------- */

/* Volatile, so that no compiler makes a call of memcpy out of the loops, which a sanitizer would intercept. */
typedef volatile unsigned char raw_byte;

#define RAW __attribute__((no_sanitize_address, unused)) static

RAW void raw_copy(void *to, const void *from, size_t bytes) {
    raw_byte *t = to;
    const raw_byte *f = from;
    UNGUARD();
    for (size_t i = 0; i < bytes; i++) t[i] = f[i];
    GUARD();
}

/* Index of the first byte that differs; `bytes` if none does. */
RAW size_t raw_difference(const void *a, const void *b, size_t bytes) {
    const raw_byte *x = a, *y = b;
    size_t i = 0;
    UNGUARD();
    while (i < bytes && x[i] == y[i]) i++;
    GUARD();
    MADE_OF_GUARDED_BYTES(i);
    return i;
}

RAW void raw_fill(void *to, unsigned char value, size_t bytes) {
    raw_byte *t = to;
    UNGUARD();
    for (size_t i = 0; i < bytes; i++) t[i] = value;
    GUARD();
}

RAW void raw_flip(void *p, unsigned mask) {
    raw_byte *b = p;
    UNGUARD();
    *b = (unsigned char)(*b ^ mask);
    GUARD();
}

RAW heap_word raw_word(const void *p) {
    heap_word word;
    raw_copy(&word, p, sizeof word);
    return word;
}

RAW void raw_set_word(void *p, heap_word word) {
    raw_copy(p, &word, sizeof word);
}

/* ---- Faults -------------------------------------------------------------------------------------------------------------- */

typedef struct fault_notes {
    size_t count;
    hmm_fault last;
} fault_notes;

static inline void note_fault(void *context, const hmm_fault *fault) {
    fault_notes *notes = context;
    notes->count++;
    notes->last = *fault;
}

/* Options of a heap that notes its faults and goes on. */
static inline hmm_heap_options noting_options(fault_notes *notes) {
    hmm_heap_options options = HMM_HEAP_OPTIONS;
    options.on_fault = note_fault;
    options.context = notes;
    return options;
}

static inline hmm_heap *noting_heap(void *memory, size_t bytes, fault_notes *notes) {
    const hmm_heap_options options = noting_options(notes);
    *notes = (fault_notes){.count = 0};
    hmm_heap *heap = hmm_heap_create(memory, bytes, &options);
    EXPECT(heap != NULL);
    return heap;
}

static inline void expect_fault(const char *file, int line, fault_notes *notes, hmm_result code, const void *address) {
    if (notes->count != 1 || notes->last.code != code || notes->last.address != address) {
        fprintf(stderr, "%s:%d: %zu faults, the last %s at %p (\"%s\"), expected %s at %p\n", file, line, notes->count,
                hmm_result_name((int)notes->last.code), notes->last.address, notes->count > 0 ? notes->last.text : "",
                hmm_result_name((int)code), address);
        exit(EXIT_FAILURE);
    }
    EXPECT(notes->last.text != NULL && notes->last.text[0] != '\0');
    *notes = (fault_notes){.count = 0};
}

/* Exactly one fault has been noted since the last time: that one. */
#define EXPECT_FAULT(notes, code, address) expect_fault(__FILE__, __LINE__, notes, code, address)

static inline void expect_sound(const char *file, int line, const hmm_heap *heap) {
    hmm_fault fault;
    if (hmm_heap_check(heap, &fault) == HMM_OK) return;
    fprintf(stderr, "%s:%d: the check finds %s at %p: %s\n", file, line, hmm_result_name((int)fault.code), fault.address,
            fault.text);
    exit(EXIT_FAILURE);
}

#define EXPECT_SOUND(heap) expect_sound(__FILE__, __LINE__, heap)

/* ---- Pictures ------------------------------------------------------------------------------------------------------------ */

enum { PICTURE_ROOM = 2048 };

/* All blocks of a heap, by address. */
typedef struct picture {
    size_t count;
    hmm_block blocks[PICTURE_ROOM];
} picture;

static inline bool add_to_picture(void *context, const hmm_block *block) {
    picture *p = context;
    EXPECT(p->count < PICTURE_ROOM);
    p->blocks[p->count++] = *block;
    return true;
}

static inline const picture *picture_of(const hmm_heap *heap) {
    static picture p;
    p.count = 0;
    EXPECT_EQ(hmm_heap_walk(heap, add_to_picture, &p), HMM_OK);
    return &p;
}

/* The block of that payload. Fails if there is none. */
static inline hmm_block block_at(const hmm_heap *heap, const void *payload) {
    const picture *p = picture_of(heap);
    for (size_t i = 0; i < p->count; i++)
        if (p->blocks[i].memory == payload) return p->blocks[i];
    fprintf(stderr, "no block starts at %p\n", payload);
    exit(EXIT_FAILURE);
}

static inline hmm_heap_statistics stats_of(const hmm_heap *heap) {
    hmm_heap_statistics stats;
    hmm_heap_stats(heap, &stats);
    return stats;
}

#endif
