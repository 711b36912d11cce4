/* flips.c: every byte of the heap's own data flipped, one at a time: does it do harm, and does the check see it?
 *
 * SPDX-License-Identifier: MIT
 *
 * The heap is a busy one, of two regions, 32 KiB together; and the same once more with an index that has nearly all free blocks in
 * one tree. Flipped are the control block with index and padding up to the first block, the record of the second region, and of
 * each block the header; of a free one also the links, the words where a tree node has its children and balance (whether or not
 * the block is in a tree), and the footer; at audit level 2 the canaries; and the sentinels. With the masks 0x01 and 0xFF. Each in
 * a process of its own:
 *
 * 1. The byte is flipped.
 * 2. hmm_heap_check runs: it reports the flip or not, and may neither crash nor change a byte, of the regions or beside them.
 * 3. Whatever it said, the program goes on for OPERATIONS operations, and takes no notice of any fault that these report.
 *
 * A flip is harmful when step 3 shows harm (shadow.h): memory that overlaps what the program owns, or lies outside the blocks, or
 * is misaligned or not zeroed, changed contents, a crash, a hang. A fault that an operation reports is no harm, nor is an
 * operation that is refused, nor one that gives another block than the best fit, or none, nor a counter that is wrong. Where the
 * control block was overwritten, the heap calls its default handler, which ends the program with a message: that is no harm
 * either, but counted. Flips that are harmless, a byte of padding say, need not be reported: the figure that counts is the share
 * of the harmful flips that the check reports. */
#include <stdio.h>

#include "scene.h"
#include "trial.h"
#include "trust.h"

enum { OPERATIONS = 2000, STRIDE = 7, PLACES = 16 * KIB };

typedef enum area { CONTROL, RECORD, USED_HEADER, FREE_HEADER, LINKS, NODE, FOOTER, CANARY_WORD, SENTINEL_WORD, AREAS } area;

static const char *const area_names[] = {"control block", "region record", "headers, allocated", "headers, free", "links",
                                         "tree nodes",    "footers",       "canaries",           "sentinels"};

typedef struct place {
    unsigned char *byte;
    area area;
} place;

static place places[PLACES];
static size_t place_count;

/* How a trial ends that shows no harm. */
enum { SILENT, REFUSED_BY_OPERATIONS, STOPPED };

typedef struct tally {
    unsigned flips, reported, refused, stopped, harmful, found; /* found: harmful and reported */
    unsigned checker_crashed, checker_wrote;
} tally;

/* ---- The bytes ----------------------------------------------------------------------------------------------------------- */

static void add_bytes(unsigned char *from, size_t count, area of) {
    EXPECT(place_count + count <= PLACES);
    for (size_t i = 0; i < count; i++) places[place_count++] = (place){from + i, of};
}

static void add_block(const hmm_block *block) {
    unsigned char *p = (unsigned char *)(uintptr_t)block->memory;
    unsigned char *last = p + block->bytes - 2 * WORD;
    add_bytes(p - WORD, WORD, block->free ? FREE_HEADER : USED_HEADER);
    if (block->free) {
        add_bytes(p, 2 * WORD, LINKS);
        if (block->bytes >= 7 * WORD) add_bytes(p + 2 * WORD, 3 * WORD, NODE);
        add_bytes(last, WORD, FOOTER);
    } else if (CANARY > 0) {
        add_bytes(last, WORD, CANARY_WORD);
    }
}

/* What stands in front of a region's first block. */
static void add_front(unsigned char *region, const hmm_block *first, area of) {
    add_bytes(region, (size_t)((const unsigned char *)first->memory - WORD - region), of);
}

static void add_all(void) {
    const picture *all = picture_of(heap);
    place_count = 0;
    add_front(first_region(), &all->blocks[0], CONTROL);
    for (size_t i = 0; i < all->count; i++) {
        const hmm_block *block = &all->blocks[i];
        unsigned char *end = (unsigned char *)(uintptr_t)block->memory + block->bytes;
        const hmm_block *next = i + 1 < all->count ? block + 1 : NULL;
        add_block(block);
        if (next != NULL && next->memory == end) continue;
        add_bytes(end - WORD, WORD, SENTINEL_WORD);
        if (next != NULL) add_front(second_region(), next, RECORD);
    }
}

/* ---- One flip ------------------------------------------------------------------------------------------------------------ */

typedef struct flip {
    const place *place;
    unsigned mask;
} flip;

static void end_at_default_handler(const hmm_fault *fault) {
    (void)fault;
    shadow_verify();
    trial_end(STOPPED);
}

static bool areas_are(const unsigned char *before) {
    return memcmp(before + PAGE, ground + PAGE, FIRST_LIMIT - PAGE) == 0 &&
           memcmp(before + FIRST_LIMIT + PAGE, ground + FIRST_LIMIT + PAGE, SECOND_LIMIT - FIRST_LIMIT - PAGE) == 0;
}

static void check_read_only(void) {
    static unsigned char before[GROUND];
    memcpy(before + PAGE, ground + PAGE, FIRST_LIMIT - PAGE);
    memcpy(before + FIRST_LIMIT + PAGE, ground + FIRST_LIMIT + PAGE, SECOND_LIMIT - FIRST_LIMIT - PAGE);
    trial->checking = true;
    trial->code = hmm_heap_check(heap, NULL);
    trial->checking = false;
    trial->check_wrote = !areas_are(before);
}

static int run_flip(const void *subject) {
    const flip *f = subject;
    *f->place->byte = (unsigned char)(*f->place->byte ^ f->mask);
    check_read_only();
    for (int i = 0; i < OPERATIONS; i++) play();
    shadow_verify();
    return notes.count > 0 ? REFUSED_BY_OPERATIONS : SILENT;
}

static void print_missed(const flip *f, int result) {
    fprintf(stderr, "harmful, and not reported: %s, byte %td of the ground, mask 0x%02X: %s\n", area_names[f->place->area],
            f->place->byte - ground, f->mask,
            result == TRIAL_HARM    ? trial->harm
            : result == TRIAL_CRASH ? "a crash"
                                    : "a hang");
}

static void count_flip(const flip *f, tally *t) {
    const int result = trial_run(run_flip, f);
    const bool reported = trial->code != HMM_OK, crashed = trial->checking;
    const bool harmful = !crashed && result >= TRIAL_HARM;
    t->flips++;
    t->checker_crashed += crashed;
    t->checker_wrote += trial->check_wrote;
    t->reported += reported;
    t->refused += result == REFUSED_BY_OPERATIONS;
    t->stopped += result == STOPPED;
    t->harmful += harmful;
    t->found += harmful && reported;
    if (harmful && !reported) print_missed(f, result);
}

/* ---- The campaign -------------------------------------------------------------------------------------------------------- */

/* A flip of no bit: a sound heap is not reported, and works. */
static bool nothing_is_found_in_a_sound_heap(void) {
    tally t = {.flips = 0};
    const flip none = {&places[0], 0};
    count_flip(&none, &t);
    return t.reported + t.refused + t.stopped + t.harmful + t.checker_crashed + t.checker_wrote == 0;
}

static bool flip_heap(size_t capacity, tally *tallies) {
    static const unsigned masks[] = {0x01, 0xFF};
    const size_t stride = trust_is_long() ? 1 : STRIDE;
    scene_make(BUSY, 1, capacity);
    shadow_unpin();
    add_all();
    if (!nothing_is_found_in_a_sound_heap()) {
        fprintf(stderr, "a heap in which nothing was flipped is not taken for sound\n");
        return false;
    }
    for (size_t i = 0; i < 2 * place_count; i += stride) {
        const flip f = {&places[i / 2], masks[i % 2]};
        count_flip(&f, &tallies[f.place->area]);
    }
    return true;
}

static void add_tally(tally *sum, const tally *t) {
    sum->flips += t->flips;
    sum->reported += t->reported;
    sum->refused += t->refused;
    sum->stopped += t->stopped;
    sum->harmful += t->harmful;
    sum->found += t->found;
    sum->checker_crashed += t->checker_crashed;
    sum->checker_wrote += t->checker_wrote;
}

static void print_tally(const char *name, const tally *t) {
    const char *format =
        trust_is_csv() ? "%s;%u;%u;%u;%u;%u;%u;%u;%u\n" : "    %-18s  %7u  %8u  %9u  %7u  %7u  %14u  %15u  %13u\n";
    printf(format, name, t->flips, t->harmful, t->found, t->reported, t->refused, t->stopped, t->checker_crashed,
           t->checker_wrote);
}

/* The heap relies on every bit of a header, a link, a footer, a canary and a sentinel; not of control block and records, which have
 * padding and counters, nor of node words of blocks that are in no tree. */
static bool must_all_be_found(area a) {
    return a != CONTROL && a != RECORD && a != NODE;
}

/* The goal is 99 % of the harmful flips. All are found, so one that is not is worth looking at. */
static bool is_good(const tally *t, const char *name, bool all_reported) {
    const bool good =
        t->checker_crashed == 0 && t->checker_wrote == 0 && t->found == t->harmful && (!all_reported || t->reported == t->flips);
    if (!good) fprintf(stderr, "%s: the check crashed, wrote, or has not found what it must\n", name);
    return good;
}

static bool sees_harm(const tally *all) {
    if (HMM_AUDIT_LEVEL >= 1 || all->harmful > all->flips / 4) return true;
    fprintf(stderr, "few flips are harmful without audits: the shadow does not see harm\n");
    return false;
}

bool run_flips(void) {
    tally tallies[AREAS] = {{.flips = 0}}, all = {.flips = 0};
    trial_on_default_fault = end_at_default_handler;
    if (!flip_heap(0, tallies) || !flip_heap(1, tallies)) return false;
    if (!trust_is_csv())
        printf("    %-18s  %7s  %8s  %9s  %7s  %7s  %14s  %15s  %13s\n", "flipped", "flips", "harmful", "and found", "found",
               "refused", "ended by heap", "checker crashed", "checker wrote");
    bool good = true;
    for (area a = CONTROL; a < AREAS; a++) {
        print_tally(area_names[a], &tallies[a]);
        good = is_good(&tallies[a], area_names[a], must_all_be_found(a)) && good;
        add_tally(&all, &tallies[a]);
    }
    print_tally("all", &all);
    return sees_harm(&all) && good;
}
