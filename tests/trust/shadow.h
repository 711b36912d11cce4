/* shadow.h: a correct program that uses the heap, and its own map of what it owns: the judge of harm.
 *
 * SPDX-License-Identifier: MIT
 *
 * The map knows nothing of the heap but where the blocks of its regions are. A heap does harm when
 *
 * - it hands out memory that is not inside the blocks of a region, not aligned, less than was asked for, or not zero when that was
 *   promised;
 * - it hands out memory that overlaps what the program owns;
 * - the contents of memory that the program owns, or of the margins beside the regions, are no longer what the program wrote;
 * - it crashes, or does not return.
 *
 * It does no harm when it refuses, by a fault or by NULL, nor when it gives another block than the best fit: nothing is damaged.
 * The program owns a block until it frees it: whether the heap then refuses to take it back is no matter. */
#ifndef HMM_TESTS_SHADOW_H
#define HMM_TESTS_SHADOW_H

#include "../heap/fixture.h"

enum { KIB = 1024, PAGE = 4 * KIB, MARGIN = 256, FIRST_BYTES = 24 * KIB, SECOND_BYTES = 8 * KIB, SPARE_BYTES = 8 * KIB };

/* All memory concerned: a page that traps, the first region between margins, and the same for the second region and for memory
 * that could be a third; a page that traps. Offsets from the ground. */
#define PAGES(bytes) (((bytes) + PAGE - 1) / PAGE * PAGE)
enum {
    FIRST_AT = PAGE + MARGIN,
    FIRST_LIMIT = PAGE + PAGES(FIRST_BYTES + 2 * MARGIN),
    SECOND_AT = FIRST_LIMIT + PAGE + MARGIN,
    SECOND_LIMIT = FIRST_LIMIT + PAGE + PAGES(SECOND_BYTES + 2 * MARGIN),
    SPARE_AT = SECOND_LIMIT + PAGE + MARGIN,
    SPARE_LIMIT = SECOND_LIMIT + PAGE + PAGES(SPARE_BYTES + 2 * MARGIN),
    GROUND = SPARE_LIMIT + PAGE
};

extern unsigned char *ground;
extern hmm_heap *heap;
extern fault_notes notes;

uint64_t next_random(void);
size_t random_below(size_t limit);
void seed_random(uint64_t seed);

/* Maps the ground, once. */
void shadow_map_ground(void);

/* The program owns nothing and the margins are as they are: begins anew. */
void shadow_begin(void);

/* The blocks of a region are the bytes [from, to): where the heap may hand out memory. */
void shadow_add_blocks(const unsigned char *from, const unsigned char *to);

/* That memory is the program's now; it fills it. pinned: the program keeps it until shadow_unpin(). */
void shadow_own(void *p, size_t size, bool pinned);

/* The program owns it no longer. Nothing happens to the heap. Its contents are looked at first. */
void shadow_disown(void *p);

bool shadow_owns(const void *p);

/* All that is pinned may be freed and resized by play() from now on. */
void shadow_unpin(void);

/* The program writes. What it destroys of its own blocks by that is not the heap's doing. */
void shadow_write(void *at, const void *bytes, size_t count);

/* The program writes where it should not: every byte of [at, at + bytes) changes. */
void shadow_scribble(void *at, size_t bytes);

/* Compares the contents of all that the program owns, and of the margins. */
void shadow_verify(void);

/* One random operation of the program: most sizes up to 200 bytes, a few up to 3000. */
void play(void);

/* As play, but only allocations of more than `bytes`, and frees of them. */
void play_above(size_t bytes);

/* Allocates until nothing is left, then frees one block in sixteen. */
void play_full(void);

/* What the program does when the heap has done harm: does not return. Defined in trial.c. */
void harm(const char *what) __attribute__((noreturn));

#endif
