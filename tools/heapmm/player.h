/* player.h: plays the steps of a trace on an allocator.
 *
 * SPDX-License-Identifier: MIT
 *
 * Blocks may be written to, once in each page, as the program would have done: memory that nobody touches costs nothing. The player's
 * own memory comes from mmap, since malloc may be what is played on.
 *
 * Several players may play on the same slots, each in a thread of its own; crew.h says in which order. They have one malloc; or one
 * heap, behind a mutex; or a pool each, into which the others free. */
#ifndef HEAPMM_TOOLS_PLAYER_H
#define HEAPMM_TOOLS_PLAYER_H

#include <pthread.h>
#include <stdatomic.h>

#include "arena.h"
#include "contents.h"
#include "step.h"

typedef struct player_slot {
    unsigned char *p;
    size_t size;
    size_t shift;          /* bytes that p is behind what the allocator gave, where that cannot align */
    uint32_t owner;        /* the player who allocated it */
    _Atomic uint32_t turn; /* of a crew */
} player_slot;

/* What is to be played, and how. */
typedef struct player_plan {
    const allocator *on;
    uint64_t slots;    /* as steps.slots in the end */
    uint64_t capacity; /* bytes that the blocks will need, about */
    uint64_t arena;    /* bytes of the arena; 0: as many as are needed */
    bool verifies;
    bool touches; /* blocks are written to; else heaps write their headers only */
} player_plan;

typedef struct player {
    const allocator *on;
    struct player *first; /* whose slots, contents, and maybe arena it uses; they stand in an array */
    uint32_t number;      /* in that */
    bool has_arena;       /* one of its own */
    bool locks;           /* others use them at the same time */
    arena arena;
    player_slot *slots;
    size_t slot_count;
    bool verifies, touches;
    contents contents;
    pthread_mutex_t heap_lock, contents_lock;
    uint64_t played; /* steps; of a crew, all that come before in the trace */
    uint64_t live, peak;
    uint64_t curve;         /* a checksum of the live bytes after each step, see player_curve */
    uint64_t failures;      /* of the allocator, where the program had its block */
    uint64_t first_failure; /* its step, from 0 on */
} player;

/* The checksum of a curve of live bytes, with one more point. It begins with 0. */
uint64_t player_curve(uint64_t curve, uint64_t live);

/* Begins. False: the arena cannot be so small or so large, or there is no memory. */
bool player_begin(player *y, const player_plan *plan);

/* The same for one that stands `number` places behind the first one and plays on the same slots. */
bool player_join(player *y, uint32_t number, const player_plan *plan);

/* Plays a step, whose slots are below plan.slots. False: the allocator is broken, see player_fault. */
bool player_play(player *y, const step *s);

/* Verifies what is left. False: the allocator is broken. */
bool player_finish(player *y);

/* What player_play or player_finish found. */
const char *player_fault(const player *y);

void player_end(player *y);

#endif
