/* crew.h: the steps of each thread of a trace, played by a thread of its own, all at the same time.
 *
 * SPDX-License-Identifier: MIT
 *
 * Steps come in windows, so that not all of them need to be held: the threads stand still while a window is read, play it, and stand
 * still again. Within a window, each thread plays its steps in the order of the trace, and the steps on a block, whichever threads
 * they are of, have turns: its allocation, its resizes, its free. There is no other order.
 *
 * No thread waits for ever. Of the steps of a window that have not been played, look at the one which is first in the trace. Those of
 * its thread before it have been played, so it is that thread's next one. Those on its block with earlier turns come before it in the
 * trace, too, and have been played; so its turn has come, and it waits for nothing else. A lock is held while an allocator or the
 * contents are looked at, one at a time, and no turn is waited for meanwhile. So some step can always be played, until there is none.
 * When an allocator is broken, the threads go on to pass their turns, and play nothing. */
#ifndef HEAPMM_TOOLS_CREW_H
#define HEAPMM_TOOLS_CREW_H

#include "player.h"
#include "session.h"

typedef struct crew {
    player *players;
    size_t count;
    step *window;
    uint32_t *sorted;     /* the numbers of its steps, thread by thread */
    uint32_t *first_of;   /* where a thread's begin there; one more at the end */
    uint32_t length;      /* steps of the window */
    uint64_t played;      /* before it */
    uint64_t nanoseconds; /* of processor time, in all windows */
    uint64_t wall;        /* nanoseconds that passed meanwhile */
    pthread_barrier_t begin, end;
    atomic_bool is_broken;
    bool is_over;
} crew;

/* Starts the threads; steps->thread is below their number. False: the arena cannot be so small or so large, or there is no memory. */
bool crew_begin(crew *c, const player_plan *plan, size_t threads);

/* Where the next `count` steps are to be put. They come in the order of the trace, up to SESSION_WINDOW + SESSION_BATCH of them. */
step *crew_room(crew *c, uint32_t count);

/* Plays them. False: the allocator is broken, see player_fault of the first player. */
bool crew_play(crew *c);

/* Verifies what is left; the threads have ended then. False: the allocator is broken. */
bool crew_finish(crew *c);

/* What all players have together. */
uint64_t crew_live(const crew *c);
uint64_t crew_failures(const crew *c, uint64_t *first);
uint64_t crew_arenas(const crew *c); /* bytes; 0: they have none */
void crew_look(const crew *c, size_t *free, size_t *largest);

#endif
