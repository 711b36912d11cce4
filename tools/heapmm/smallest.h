/* smallest.h: the smallest arenas in which a trace completes.
 *
 * SPDX-License-Identifier: MIT
 *
 * Found by halving, with a fresh heap for each size; all allocators are tried in each pass over the trace. The answer completes, and
 * with one granule less the trace ends for want of memory. Best fit does not promise that every larger arena will do, nor that
 * no smaller one does, by luck: where free blocks lie depends on where the arena ends. So what is to be recommended, some more, is
 * tried, too. */
#ifndef HEAPMM_TOOLS_SMALLEST_H
#define HEAPMM_TOOLS_SMALLEST_H

#include "player.h"
#include "replay.h"

typedef struct smallest {
    const allocator *on;
    uint64_t fits;    /* the smallest arena that completes; 0: none does, or not yet */
    uint64_t fails;   /* the largest that is known to fail */
    uint64_t margin;  /* `fits` and a tenth, or as many more tenths as it takes to complete; 0: there is no such arena */
    uint64_t control; /* bytes of the arena `fits` that are never part of a block */
    uint64_t asked;   /* bytes that are asked about; 0: none */
    bool asked_fits;  /* in an arena of these, or the largest below that the allocator takes */

    /* While it is searched. */
    uint64_t tried;
    uint64_t guess;
    bool is_asking;
    bool is_least; /* `fits` is what it will be */
    bool is_found;
    bool is_playing;
    player player;
} smallest;

/* Begins a search. asked: see struct smallest. */
smallest smallest_begin(const allocator *on, const replay_trace *trace, uint64_t asked);

/* Finds all of them. False, and it was said why. */
bool smallest_find(smallest *all, size_t count, const replay_trace *trace);

#endif
