/* model_steps.h: what the parts of a program of arbitrary calls share, see model_program.h.
 *
 * SPDX-License-Identifier: MIT
 *
 *     model_program.c   reports, decisions, contents of blocks, the steps that allocate, resize and misuse
 *     model_regions.c   the steps that lend regions, give them back and move the heap */
#ifndef HMM_TESTS_MODEL_STEPS_H
#define HMM_TESTS_MODEL_STEPS_H

#include "fixture.h"
#include "model_program.h"

/* ---- Reports ------------------------------------------------------------------------------------------------------------- */

/* Describes the step, for the report. */
void say(program *x, const char *format, ...);

/* From the ground. */
size_t offset_of(const program *x, const void *p);

/* Says what is wrong in this step, and exits. */
void fail_step(const program *x, const char *format, ...);

void expect(const program *x, bool holds, const char *what);
void expect_same(const program *x, const char *what, uintptr_t heap, uintptr_t expected);
void expect_code(const program *x, int code, int expected);
/* Tells who listens of a call: p is what it returned, old the block that it was given; NULL if none. */
void tell(const program *x, call_kind kind, size_t size, size_t alignment, const void *old, const void *p);

void expect_pattern(const program *x, const live *b, const unsigned char *where, size_t bytes);

/* ---- Decisions ----------------------------------------------------------------------------------------------------------- */

size_t below(program *x, size_t limit);
bool one_in(program *x, size_t n);

/* ---- Regions ------------------------------------------------------------------------------------------------------------- */

unsigned char *slot_memory(const program *x, size_t i);
hmm_heap_options options_of(program *x);

/* Finds out where the first block of a region in each slot stands. */
void learn_slots(program *x);

/* What the model calls when it is exhausted; the heap's function is in the options. */
bool exhausted_model(void *context, size_t size);

/* Puts the program on one of its grounds, which is then overwritten. */
void stand_on(program *x, size_t ground, size_t start);

void expect_ground_around_regions(const program *x);

void step_add_region(program *x);
void step_extend_region(program *x);
void step_shrink_region(program *x);
void step_remove_region(program *x);
void step_attach(program *x);
void step_move(program *x);

/* Calls with regions that are none, or cannot be lent. */
void step_unknown_region(program *x);
void step_wrong_region(program *x);

#endif
