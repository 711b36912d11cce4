/* model_program.h: one program of arbitrary calls, run on a heap and on the model side by side.
 *
 * SPDX-License-Identifier: MIT
 *
 * What it does is decided by numbers, which come from a seed or from bytes that a fuzzer has made; or its calls are given. */
#ifndef HMM_TESTS_MODEL_PROGRAM_H
#define HMM_TESTS_MODEL_PROGRAM_H

#include "model.h"

enum { MAX_SLOTS = 6, MAX_LIVE = 4096 };

/* A place for a region: where it starts in the ground, how long it is when it is made, how far it may be extended. */
typedef struct slot {
    size_t start, bytes, room;
} slot;

/* What a heap of the program looks like. The first slot is the region of hmm_heap_create. */
typedef struct shape {
    const char *name;
    size_t capacity;
    size_t largest_request;
    size_t programs, steps;
    size_t slot_count;
    slot slots[MAX_SLOTS];
} shape;

/* An allocated block and what is written in it. */
typedef struct live {
    unsigned char *p;
    size_t usable;
    uint64_t pattern;
    uint64_t name; /* of given calls */
} live;

/* A call as traces have them; kinds are in the order of heapmm/trace.h. Addresses are names of blocks, and not 0. */
typedef enum call_kind { CALL_ALLOC, CALL_ALLOC_ZEROED, CALL_REALLOC, CALL_ALLOC_ALIGNED, CALL_FREE } call_kind;

typedef struct call {
    call_kind kind;
    bool failed;
    size_t size, alignment;
    uint64_t address, old_address;
} call;

/* Who is told of the calls that a program does, rightly: of its misuse he is not. */
typedef struct listener {
    void (*hear)(void *context, const call *heard);
    void *context;
} listener;

/* What on_exhausted does when it is called during the next step: refuses, or returns true after it did nothing, added a region,
 * extended one, freed a block. */
enum { PLAN_FAIL, PLAN_NOTHING, PLAN_ADD, PLAN_EXTEND, PLAN_FREE, PLAN_KINDS };

typedef struct plan {
    int kind;
    size_t index; /* of a slot or of a live block */
    size_t bytes; /* to extend by */
    size_t called_by_model, called_by_heap;
    size_t size_in_model, size_in_heap;
} plan;

typedef struct program {
    const shape *shape;
    unsigned char *grounds[2];
    size_t standing;            /* which of the two */
    unsigned char *ground;      /* where the slots are now, inside that */
    const unsigned char *bytes; /* where decisions come from; NULL: from the seed */
    size_t bytes_left;
    uint64_t seed, random;
    size_t step;
    hmm_heap *heap;
    model model;
    uintptr_t first[MAX_SLOTS]; /* payload of the first block of a region in that slot */
    bool in_use[MAX_SLOTS];
    live live[MAX_LIVE];
    size_t live_count;
    bool growing; /* more allocations than frees, or the other way round */
    void *freed;  /* by the step before; NULL if that was no free */
    plan plan;
    size_t faults; /* since the step began */
    hmm_fault fault;
    char doing[256]; /* the step, for the report */
    listener listener;
} program;

/* Room in each ground behind the slots, so that a moved heap can stand elsewhere in the other one. */
enum { ROOM_TO_MOVE = 512 };

/* Runs all steps of the shape; prints seed, step and a description, and exits, when heap and model differ. */
void program_run(program *x, const shape *s, unsigned char *const grounds[2], uint64_t seed);

/* The same, decided by bytes, for as many steps as they last. heard: may be NULL. */
void program_run_bytes(program *x, const shape *s, unsigned char *const grounds[2], const unsigned char *bytes, size_t count,
                       const listener *heard);

/* The same with calls that are given, until `next` returns false. Those of blocks that are not there are left out. */
void program_run_calls(program *x, const shape *s, unsigned char *const grounds[2], bool (*next)(void *context, call *given),
                       void *context, const listener *heard);

#endif
