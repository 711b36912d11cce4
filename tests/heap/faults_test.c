/* faults_test.c: each misuse and each kind of damage, and exactly the fault it gives: code, address and a sentence; the heap is
 * then, to the byte, as it was, and what does not touch the damage works.
 *
 * SPDX-License-Identifier: MIT
 *
 *     heap_faults            each case in a process of its own
 *     heap_faults CASE...    these, in this process */
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"

_Alignas(4096) unsigned char ground[GROUND];
fault_notes notes;
hmm_heap *heap;
unsigned char *row[ROW];
unsigned char *elsewhere;
unsigned char *end_of_heap;

/* ---- A heap in a row ----------------------------------------------------------------------------------------------------- */

void make_heap(size_t bytes) {
    memset(ground, 0, sizeof ground);
    heap = noting_heap(ground, bytes, &notes);
    end_of_heap = ground + bytes;
}

void make_row(void) {
    make_heap(GROUND);
    for (size_t i = 0; i < ROW; i++) {
        row[i] = hmm_heap_alloc(heap, usable_of(ROW_UNITS));
        EXPECT(row[i] != NULL);
        EXPECT(i == 0 || row[i] == row[i - 1] + (size_t)ROW_UNITS * GRANULE);
        memset(row[i], 0x5A, usable_of(ROW_UNITS));
    }
    elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    EXPECT(elsewhere != NULL && hmm_heap_alloc(heap, 0) != NULL);
}

void expect_works_elsewhere(const char *file, int line) {
    unsigned char *p = elsewhere;
    hmm_heap_free(heap, p);
    elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    const bool in_place = hmm_heap_resize(heap, elsewhere, usable_of(ELSEWHERE_UNITS - 4)) == HMM_OK &&
                          hmm_heap_resize(heap, elsewhere, usable_of(ELSEWHERE_UNITS)) == HMM_OK &&
                          hmm_heap_usable_size(heap, elsewhere) == usable_of(ELSEWHERE_UNITS);
    if (p == elsewhere && in_place && notes.count == 0) return;
    fprintf(stderr, "%s:%d: what does not touch the damage does not work: %zu faults, the last %s at %p\n", file, line,
            notes.count, hmm_result_name((int)notes.last.code), notes.last.address);
    exit(EXIT_FAILURE);
}

void end_heap(void) {
    EXPECT_SOUND(heap);
    void *p = hmm_heap_alloc(heap, 100);
    EXPECT(p != NULL);
    hmm_heap_free(heap, p);
    const picture all = *picture_of(heap);
    for (size_t i = 0; i < all.count; i++)
        if (!all.blocks[i].free) hmm_heap_free(heap, (void *)(uintptr_t)all.blocks[i].memory);
    EXPECT_EQ(notes.count, 0);
    EXPECT_SOUND(heap);
    const picture *p_left = picture_of(heap);
    for (size_t i = 0; i < p_left->count; i++) EXPECT(p_left->blocks[i].free);
    hmm_heap_destroy(heap);
}

/* ---- Refusals ------------------------------------------------------------------------------------------------------------ */

/* The ground in larger pieces than bytes: it is compared some thousand times. */
typedef volatile uint64_t __attribute__((may_alias)) piece;

static uint64_t pieces_before[GROUND / sizeof(piece)];

RAW void copy_ground(void) {
    const piece *pieces = (const piece *)ground;
    UNGUARD();
    for (size_t i = 0; i < GROUND / sizeof(piece); i++) pieces_before[i] = pieces[i];
    GUARD();
}

/* Index of the first byte of a piece that has changed; GROUND if none has. */
RAW size_t changed_byte(void) {
    const piece *pieces = (const piece *)ground;
    size_t i = 0;
    UNGUARD();
    while (i < GROUND / sizeof(piece) && pieces[i] == pieces_before[i]) i++;
    KNOWN(i);
    GUARD();
    return i * sizeof(piece);
}

void watch(void) {
    EXPECT_EQ(notes.count, 0);
    copy_ground();
}

void expect_unchanged(const char *file, int line) {
    const size_t at = changed_byte();
    if (at == GROUND) return;
    fprintf(stderr, "%s:%d: a byte at or directly behind %p has changed\n", file, line, (void *)(ground + at));
    exit(EXIT_FAILURE);
}

/* Whether it reads like one: several words in one line. */
static bool is_sentence(const char *text) {
    return text != NULL && strlen(text) >= 20 && strchr(text, ' ') != NULL && strchr(text, '\n') == NULL;
}

static bool lies_in(const void *p, const void *from, const void *to) {
    return (uintptr_t)p >= (uintptr_t)from && (uintptr_t)p <= (uintptr_t)to;
}

void expect_refused(const char *file, int line, hmm_result code, const void *from, const void *to) {
    if (notes.count != 1 || notes.last.code != code || !lies_in(notes.last.address, from, to) || !is_sentence(notes.last.text)) {
        fprintf(stderr, "%s:%d: %zu faults, the last %s at %p (\"%s\"), expected %s at %p to %p\n", file, line, notes.count,
                hmm_result_name((int)notes.last.code), notes.last.address, notes.count > 0 ? notes.last.text : "",
                hmm_result_name((int)code), from, to);
        exit(EXIT_FAILURE);
    }
    expect_unchanged(file, line);
    notes = (fault_notes){.count = 0};
}

void expect_unusable(const char *file, int line, const hmm_heap *of, const void *p, hmm_result code, const void *address) {
    static const size_t sizes[] = {0, 10, 3000, SIZE_MAX};
    hmm_heap *const h = (hmm_heap *)(uintptr_t)of;
    void *const block = (void *)(uintptr_t)p;
    watch();
    if (block != NULL) {
        hmm_heap_free(h, block);
        expect_refused(file, line, code, address, address);
        EXPECT_EQ(hmm_heap_usable_size(h, block), 0);
        expect_refused(file, line, code, address, address);
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            EXPECT_PTR_EQ(hmm_heap_realloc(h, block, sizes[i]), NULL);
            expect_refused(file, line, code, address, address);
        }
        EXPECT_PTR_EQ(hmm_heap_realloc_aligned(h, block, (size_t)4 * GRANULE, 10), NULL);
        expect_refused(file, line, code, address, address);
    }
    size_t got = 1;
    EXPECT_EQ(hmm_heap_resize(h, block, 10), code);
    expect_refused(file, line, code, address, address);
    EXPECT_EQ(hmm_heap_resize_greedy(h, block, 10, SIZE_MAX, &got), code);
    EXPECT_EQ(got, 0);
    expect_refused(file, line, code, address, address);
}

void expect_found(const char *file, int line, hmm_result code, const void *from, const void *to) {
    hmm_fault fault;
    watch();
    const int result = hmm_heap_check(heap, &fault);
    EXPECT_EQ(result, fault.code);
    EXPECT_EQ(hmm_heap_check(heap, NULL), result);
    if (fault.code != code || !lies_in(fault.address, from, to) || !is_sentence(fault.text)) {
        fprintf(stderr, "%s:%d: the check finds %s at %p (\"%s\"), expected %s at %p to %p\n", file, line,
                hmm_result_name(result), fault.address, fault.text, hmm_result_name((int)code), from, to);
        exit(EXIT_FAILURE);
    }
    EXPECT_EQ(notes.count, 0);
    expect_unchanged(file, line);
}

/* ---- Damage -------------------------------------------------------------------------------------------------------------- */

static struct {
    void *word;
    heap_word value;
} overwritten;

void overwrite(void *word, heap_word value) {
    EXPECT(overwritten.word == NULL);
    overwritten.word = word;
    overwritten.value = raw_word(word);
    EXPECT(overwritten.value != value);
    raw_set_word(word, value);
}

void repair_word(void) {
    raw_set_word(overwritten.word, overwritten.value);
    overwritten.word = NULL;
}

void repair(void) {
    repair_word();
    EXPECT_SOUND(heap);
}

/* ---- Cases --------------------------------------------------------------------------------------------------------------- */

/* Returns whether the case passes in a process of its own. */
static bool passes_apart(const struct test *test) {
    int status;
    printf("%s\n", test->name);
    fflush(stdout);
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        test->run();
        exit(EXIT_SUCCESS);
    }
    EXPECT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) return true;
    if (WIFSIGNALED(status)) fprintf(stderr, "signal %d ended it\n", WTERMSIG(status));
    fprintf(stderr, "%s failed\n", test->name);
    return false;
}

int main(int argc, char **argv) {
    static const fault_tests *const groups[] = {&pointer_faults, &block_faults, &payload_faults, &tree_faults,
                                                &forged_faults,  &heap_faults,  &region_faults,  &handler_faults};
    size_t named = 0, failed = 0;
    if (HMM_AUDIT_LEVEL < 1) return EXIT_SUCCESS; /* without audits, misuse and damage are undefined behaviour */
    for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++)
        for (size_t i = 0; i < groups[g]->count; i++) {
            const struct test *test = &groups[g]->tests[i];
            if (!test_is_named(test, argc, argv)) continue;
            named++;
            if (argc > 1)
                test->run();
            else
                failed += !passes_apart(test);
        }
    if (named == 0) fprintf(stderr, "%s: no test of that name\n", argv[0]);
    return named == 0 || failed != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
