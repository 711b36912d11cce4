/* faults_handler.c: what a fault handler is given and may do, the one that a heap has by default, and what on_exhausted may leave.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "forge.h"

/* ---- Handlers of one's own ----------------------------------------------------------------------------------------------- */

static jmp_buf escape;

static void jump_away(void *context, const hmm_fault *fault) {
    note_fault(context, fault);
    longjmp(escape, 1);
}

static void make_row_that_jumps(void) {
    hmm_heap_options options = noting_options(&notes);
    options.on_fault = jump_away;
    memset(ground, 0, sizeof ground);
    notes = (fault_notes){.count = 0};
    heap = hmm_heap_create(ground, GROUND, &options);
    EXPECT(heap != NULL);
    for (size_t i = 0; i < ROW; i++) row[i] = hmm_heap_alloc(heap, usable_of(ROW_UNITS));
    elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    EXPECT(elsewhere != NULL && hmm_heap_alloc(heap, 0) != NULL);
}

static void free_with_a_jump(void *p) {
    watch();
    if (setjmp(escape) == 0) {
        hmm_heap_free(heap, p);
        expect_failed(__FILE__, __LINE__, "the handler", "a jump away", 0, 1);
    }
}

static void alloc_with_a_jump(size_t size) {
    watch();
    if (setjmp(escape) == 0) {
        void *p = hmm_heap_alloc(heap, size);
        expect_failed(__FILE__, __LINE__, "the handler", "a jump away", p != NULL, 1);
    }
}

/* longjmp leaves the heap as it was, and usable, as often as one likes. */
static void jumps_out_of_the_heap(void) {
    make_row_that_jumps();
    hmm_heap_free(heap, row[4]);
    for (size_t i = 0; i < 100; i++) {
        free_with_a_jump(row[4]);
        expect_refused(__FILE__, __LINE__, HMM_FAULT_NOT_ALLOCATED, row[4], row[4]);
        EXPECT_WORKS_ELSEWHERE();
    }
    EXPECT_SOUND(heap);
    flip_bit(row[4] - WORD, WORD_BITS - 1);
    alloc_with_a_jump(usable_of(ROW_UNITS));
    expect_refused(__FILE__, __LINE__, HMM_FAULT_INDEX, ground, row[0]);
    free_with_a_jump(row[5]);
    expect_refused(__FILE__, __LINE__, HMM_FAULT_HEADER, row[4], row[4]);
    EXPECT_WORKS_ELSEWHERE();
    repair();
    end_heap();
}

/* Also out of hmm_heap_create, before there is a heap. */
static void jumps_out_of_create(void) {
    hmm_heap_options options = noting_options(&notes);
    options.on_fault = jump_away;
    watch();
    if (setjmp(escape) == 0) {
        heap = hmm_heap_create(ground, 10, &options);
        expect_failed(__FILE__, __LINE__, "the handler", "a jump away", heap != NULL, 1);
    }
    expect_refused(__FILE__, __LINE__, HMM_FAULT_REGION_SMALL, ground, ground);
}

static void ask_about_the_heap(void *context, const hmm_fault *fault) {
    note_fault(context, fault);
    EXPECT_SOUND(heap);
    EXPECT(picture_of(heap)->count > ROW);
    EXPECT_EQ(stats_of(heap).blocks_in_use + stats_of(heap).blocks_free, picture_of(heap)->count);
    EXPECT(hmm_heap_largest_free(heap) > 0 && hmm_heap_contains(heap, row[0]));
}

static void handler_reads_the_heap(void) {
    make_row_that_jumps();
    hmm_span span = {ground, GROUND};
    hmm_heap_options options = noting_options(&notes);
    options.on_fault = ask_about_the_heap;
    heap = hmm_heap_attach(&span, 1, &options, NULL);
    EXPECT(heap != NULL);
    hmm_heap_free(heap, row[4]);
    EXPECT_UNUSABLE(row[4], HMM_FAULT_NOT_ALLOCATED, row[4]);
    EXPECT_UNUSABLE(row[5] + 1, HMM_FAULT_MISALIGNED, row[5] + 1);
    EXPECT_WORKS_ELSEWHERE();
    end_heap();
}

/* ---- What the other hook leaves behind ------------------------------------------------------------------------------------ */

static unsigned char *large;
static enum { DECLINE, MAKE_ROOM, FREE_THE_BLOCK, DAMAGE_A_NEIGHBOUR, DAMAGE_THE_ROOM } plan;

/* Makes room by freeing `large`; and does besides what heap.h forbids, or what nobody would on purpose. */
static bool make_room(void *context, hmm_heap *of, size_t size) {
    (void)context, (void)size;
    if (plan == DECLINE) return false;
    hmm_heap_free(of, large);
    if (plan == FREE_THE_BLOCK) hmm_heap_free(of, row[4]);
    if (plan == DAMAGE_A_NEIGHBOUR) {
        hmm_heap_free(of, row[5]);
        overwrite(row[5], 1);
    }
    if (plan == DAMAGE_THE_ROOM) overwrite(large + block_bytes(2 * KIB) - 2 * WORD, 1);
    return true;
}

/* A full heap, of which the hook can free `large`. */
static void make_full_row(void) {
    hmm_heap_options options = noting_options(&notes);
    options.on_exhausted = make_room;
    plan = DECLINE;
    memset(ground, 0, sizeof ground);
    notes = (fault_notes){.count = 0};
    heap = hmm_heap_create(ground, GROUND, &options);
    EXPECT(heap != NULL);
    for (size_t i = 0; i < ROW; i++) row[i] = hmm_heap_alloc(heap, usable_of(ROW_UNITS));
    elsewhere = hmm_heap_alloc(heap, usable_of(ELSEWHERE_UNITS));
    large = hmm_heap_alloc(heap, 2 * KIB);
    EXPECT(elsewhere != NULL && large != NULL && hmm_heap_alloc(heap, SPLIT_HIGH) != NULL);
    while (hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL) != NULL) continue;
}

static void end_full_row(void) {
    plan = DECLINE;
    const picture all = *picture_of(heap);
    for (size_t i = 0; i < all.count; i++)
        if (!all.blocks[i].free) hmm_heap_free(heap, (void *)(uintptr_t)all.blocks[i].memory);
    end_heap();
}

static void room_made_for_every_function(void) {
    size_t got;
    for (int function = 0; function < 4; function++) {
        make_full_row();
        plan = MAKE_ROOM;
        void *p = function == 0   ? hmm_heap_alloc(heap, 2 * KIB)
                  : function == 1 ? hmm_heap_alloc_aligned(heap, (size_t)2 * GRANULE, KIB)
                  : function == 2 ? hmm_heap_alloc_greedy(heap, KIB, SIZE_MAX, &got)
                                  : hmm_heap_realloc(heap, row[4], KIB);
        EXPECT(p != NULL);
        EXPECT_EQ(notes.count, 0);
        end_full_row();
    }
}

/* The block that is being reallocated was freed: the one found for it is given back. */
static void block_freed_while_it_is_reallocated(void) {
    make_full_row();
    plan = FREE_THE_BLOCK;
    EXPECT_PTR_EQ(hmm_heap_realloc(heap, row[4], KIB), NULL);
    EXPECT_FAULT(&notes, HMM_FAULT_NOT_ALLOCATED, row[4]);
    EXPECT_EQ(block_at(heap, large).bytes, block_bytes(2 * KIB));
    EXPECT(block_at(heap, large).free);
    end_full_row();
}

static void neighbour_damaged_while_a_block_is_reallocated(void) {
    make_full_row();
    plan = DAMAGE_A_NEIGHBOUR;
    EXPECT_PTR_EQ(hmm_heap_realloc(heap, row[4], KIB), NULL);
    EXPECT_FAULT(&notes, HMM_FAULT_LINK, row[5]);
    EXPECT(block_at(heap, large).free && !block_at(heap, row[4]).free);
    repair();
    end_full_row();
}

static void room_that_is_damaged(void) {
    size_t got = 1;
    for (int function = 0; function < 4; function++) {
        make_full_row();
        plan = DAMAGE_THE_ROOM;
        void *p = function == 0   ? hmm_heap_alloc(heap, 2 * KIB)
                  : function == 1 ? hmm_heap_alloc_aligned(heap, (size_t)2 * GRANULE, KIB)
                  : function == 2 ? hmm_heap_alloc_greedy(heap, KIB, SIZE_MAX, &got)
                                  : hmm_heap_realloc(heap, row[4], KIB);
        EXPECT(p == NULL);
        EXPECT_FAULT(&notes, HMM_FAULT_FOOTER, large);
        repair();
        end_full_row();
    }
    EXPECT_EQ(got, 0);
}

/* ---- The default handler ------------------------------------------------------------------------------------------------- */

/* Runs in a process of its own; puts what that writes to stderr into text. Returns the signal that ended it, 0 if none did. */
static int signal_of(void (*run)(void), char *text, size_t room) {
    int ends[2], status;
    EXPECT_EQ(pipe(ends), 0);
    fflush(NULL);
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(ends[1], STDERR_FILENO);
        run();
        _exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while (length + 1 < room && (got = read(ends[0], text + length, room - 1 - length)) > 0) length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* What the default handler prints, and how it ends the program; where it is a trap, only that. */
static void expect_ended(void (*run)(void), hmm_result code, const void *address) {
    char text[4 * KIB], expected[256];
    const int number = signal_of(run, text, sizeof text);
    if (!HMM_HOSTED) {
        EXPECT(number == SIGILL || number == SIGTRAP);
        return;
    }
    EXPECT_EQ(number, SIGABRT);
    snprintf(expected, sizeof expected, "heapmm: %s at %p: ", hmm_result_name((int)code), address);
    if (strncmp(text, expected, strlen(expected)) != 0) {
        fprintf(stderr, "the default handler wrote \"%s\", expected \"%s...\"\n", text, expected);
        exit(EXIT_FAILURE);
    }
    const char *sentence = text + strlen(expected), *end = strchr(sentence, '\n');
    EXPECT(end != NULL && end - sentence >= 20);
}

static void free_the_block_again(void) {
    hmm_heap_free(heap, row[0]);
}

static void default_handler(void) {
    heap = hmm_heap_create(ground, GROUND, NULL);
    EXPECT(heap != NULL);
    row[0] = hmm_heap_alloc(heap, 100);
    EXPECT(row[0] != NULL && hmm_heap_alloc(heap, 100) != NULL);
    hmm_heap_free(heap, row[0]);
    expect_ended(free_the_block_again, HMM_FAULT_NOT_ALLOCATED, row[0]);
    end_heap();
}

/* A handler, or its context, in a control block that was overwritten cannot be trusted either. */
static void handler_that_was_overwritten(void) {
    make_row();
    hmm_heap_free(heap, row[0]);
    for (size_t f = 0; f < forge_control_field_count; f++) {
        const forge_field *field = &forge_control_fields[f];
        if (strcmp(field->name, "on_fault") != 0 && strcmp(field->name, "context") != 0) continue;
        raw_flip((unsigned char *)heap + field->at, 0x40);
        expect_ended(free_the_block_again, HMM_FAULT_NOT_ALLOCATED, row[0]);
        raw_flip((unsigned char *)heap + field->at, 0x40);
    }
    EXPECT_EQ(notes.count, 0);
    end_heap();
}

static void create_in_too_little(void) {
    heap = hmm_heap_create(ground, 10, NULL);
}

static void default_handler_of_create(void) {
    expect_ended(create_in_too_little, HMM_FAULT_REGION_SMALL, ground);
}

static hmm_heap_options wrong_options;
static void (*handler_before)(int number);

/* In the process that is about to end, which has its own copy of the ground: it is untouched, all bytes are alike. */
static void look_at_the_ground(int number) {
    if (raw_difference(ground, ground + 1, GROUND - 1) != GROUND - 1) _exit(EXIT_FAILURE);
    signal(number, handler_before);
    raise(number);
}

static void create_with_wrong_options(void) {
    handler_before = signal(HMM_HOSTED ? SIGABRT : SIGILL, look_at_the_ground);
    heap = hmm_heap_create(ground, GROUND, &wrong_options);
}

/* A handler in options that are not known cannot be trusted, so it is not called. */
static void options_of_unknown_size(void) {
    const size_t sizes[] = {0, 1, sizeof wrong_options - 1, sizeof wrong_options + 1, 2 * sizeof wrong_options, SIZE_MAX};
    raw_fill(ground, 0xA5, GROUND);
    wrong_options = noting_options(&notes);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        wrong_options.size = sizes[i];
        expect_ended(create_with_wrong_options, HMM_FAULT_OPTIONS, &wrong_options);
    }
    EXPECT_EQ(notes.count, 0);
}

/* ---- What on_exhausted may have done ------------------------------------------------------------------------------------- */

enum { ADDED = 16 * KIB };

static unsigned char *mine, *behind;
static bool frees_mine;

/* Damages a block that is about to be moved, or its surroundings, and adds a region so that there is room to move it to. */
static bool spoils_and_adds(void *context, hmm_heap *exhausted, size_t size) {
    EXPECT(context == &notes && size == 4 * KIB);
    if (frees_mine)
        hmm_heap_free(exhausted, mine);
    else
        overwrite(behind + (size_t)(ROW_UNITS * GRANULE) - 2 * WORD, 0);
    EXPECT_EQ(hmm_heap_add_region(exhausted, ground + ADDED, 8 * KIB), HMM_OK);
    return true;
}

/* Where a free block lies behind it, whose footer is overwritten then; or it is freed. The new block is given back. */
static void block_is_spoilt_while_it_moves(void) {
    for (int turn = 0; turn < 2; turn++) {
        hmm_heap_options options = noting_options(&notes);
        options.on_exhausted = spoils_and_adds;
        frees_mine = turn == 1;
        heap = hmm_heap_create(ground, 8 * KIB, &options);
        EXPECT(heap != NULL);
        mine = hmm_heap_alloc(heap, usable_of(ROW_UNITS));
        behind = hmm_heap_alloc(heap, usable_of(ROW_UNITS));
        EXPECT(mine != NULL && behind == mine + (size_t)(ROW_UNITS * GRANULE) && hmm_heap_alloc(heap, 0) != NULL);
        unsigned char *rest = hmm_heap_alloc_greedy(heap, 0, SIZE_MAX, NULL);
        EXPECT(rest != NULL);
        hmm_heap_free(heap, behind);
        EXPECT_PTR_EQ(hmm_heap_realloc(heap, mine, 4 * KIB), NULL);
        EXPECT_FAULT(&notes, frees_mine ? HMM_FAULT_NOT_ALLOCATED : HMM_FAULT_FOOTER, frees_mine ? mine : behind);
        if (!frees_mine) {
            repair();
            EXPECT_EQ(hmm_heap_usable_size(heap, mine), usable_of(ROW_UNITS));
        }
        EXPECT_EQ(hmm_heap_remove_region(heap, ground + ADDED), HMM_OK);
        hmm_heap_free(heap, rest);
        end_heap();
    }
}

static const struct test tests[] = {
    TEST(room_made_for_every_function),
    TEST(block_freed_while_it_is_reallocated),
    TEST(neighbour_damaged_while_a_block_is_reallocated),
    TEST(room_that_is_damaged),
    TEST(jumps_out_of_the_heap),
    TEST(jumps_out_of_create),
    TEST(handler_reads_the_heap),
    TEST(default_handler),
    TEST(default_handler_of_create),
    TEST(options_of_unknown_size),
    TEST(block_is_spoilt_while_it_moves),
    TEST(handler_that_was_overwritten),
};

const fault_tests handler_faults = {tests, sizeof tests / sizeof tests[0]};
