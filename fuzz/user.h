/* user.h: someone who uses a heap rightly, whatever the heap is, and looks at what it answers.
 *
 * SPDX-License-Identifier: MIT
 *
 * Every byte of each of the user's blocks holds the block's number, so blocks that overlap, or lie over what is the heap's, show. */
#ifndef HMM_FUZZ_USER_H
#define HMM_FUZZ_USER_H

#include "heap/fixture.h"
#include "reader.h"

enum { REGIONS = 3, HELD = 24, LARGE_SIZE = HMM_HEAP_LARGEST_BLOCK < 1024 ? 130 : 900 };

typedef struct held {
    unsigned char *p;
    size_t usable;
} held;

typedef struct user {
    hmm_heap *heap;
    hmm_span regions[REGIONS]; /* the first is the one of hmm_heap_create; bytes 0: not lent at present */
    size_t room[REGIONS];      /* bytes that a region may have; 0: the heap cannot have it */
    size_t count;
    held held[HELD];
} user;

/* ---- Blocks -------------------------------------------------------------------------------------------------------------- */

static inline void expect_held(const user *u, size_t i, const unsigned char *p, size_t bytes) {
    for (size_t at = 0; at < bytes; at++)
        if (p[at] != i + 1) {
            fprintf(stderr, "byte %zu of block %zu, %zu bytes at %p, was changed\n", at, i, u->held[i].usable,
                    (void *)u->held[i].p);
            exit(EXIT_FAILURE);
        }
}

static inline void hold(user *u, size_t i, unsigned char *p) {
    EXPECT((uintptr_t)p % GRANULE == 0 && hmm_heap_contains(u->heap, p));
    u->held[i] = (held){p, hmm_heap_usable_size(u->heap, p)};
    memset(p, (int)i + 1, u->held[i].usable);
}

/* A new block of at least `size` bytes, or NULL. */
static inline void hold_new(user *u, size_t i, unsigned char *p, size_t size) {
    if (p == NULL) return;
    hold(u, i, p);
    EXPECT(u->held[i].usable >= size);
}

/* The block was resized; it may have moved to p. */
static inline void hold_again(user *u, size_t i, unsigned char *p) {
    const size_t usable = hmm_heap_usable_size(u->heap, p);
    expect_held(u, i, p, usable < u->held[i].usable ? usable : u->held[i].usable);
    hold(u, i, p);
}

static inline void release(user *u, size_t i) {
    if (u->held[i].p == NULL) return;
    expect_held(u, i, u->held[i].p, u->held[i].usable);
    hmm_heap_free(u->heap, u->held[i].p);
    u->held[i].p = NULL;
}

static inline size_t some_size(reader *r) {
    return take(r, 4) == 0 ? take(r, LARGE_SIZE) : take(r, 64);
}

static inline void allocate(user *u, reader *r, size_t i) {
    const size_t size = some_size(r);
    unsigned char *p;
    switch (take(r, 8)) {
    case 0:
        p = hmm_heap_alloc_zeroed(u->heap, 2, size);
        for (size_t at = 0; p != NULL && at < 2 * size; at++) EXPECT_EQ(p[at], 0);
        break;
    case 1: p = hmm_heap_alloc_aligned(u->heap, (size_t)1 << size % 9, size); break;
    case 2: p = hmm_heap_alloc_greedy(u->heap, size, size + take(r, 200), NULL); break;
    case 3: p = hmm_heap_realloc(u->heap, NULL, size); break;
    default: p = hmm_heap_alloc(u->heap, size);
    }
    hold_new(u, i, p, size);
}

static inline void change(user *u, reader *r, size_t i) {
    const size_t size = some_size(r);
    unsigned char *p = u->held[i].p, *moved = NULL;
    switch (take(r, 6)) {
    case 0: (void)hmm_heap_resize(u->heap, p, size); break;
    case 1: (void)hmm_heap_resize_greedy(u->heap, p, size, size + take(r, 200), NULL); break;
    case 2: moved = hmm_heap_realloc(u->heap, p, size); break;
    case 3: moved = hmm_heap_realloc_aligned(u->heap, p, (size_t)1 << size % 9, size); break;
    default: release(u, i); return;
    }
    hold_again(u, i, moved == NULL ? p : moved);
}

/* ---- Regions ------------------------------------------------------------------------------------------------------------- */

static inline void change_region(user *u, reader *r, size_t i) {
    hmm_span *s = &u->regions[i];
    if (u->room[i] == 0) return;
    if (s->bytes == 0) {
        EXPECT_EQ(hmm_heap_add_region(u->heap, s->memory, u->room[i]), HMM_OK);
        s->bytes = u->room[i];
        return;
    }
    const size_t bytes = take(r, 200), more = bytes < u->room[i] - s->bytes ? bytes : u->room[i] - s->bytes;
    switch (take(r, 3)) {
    case 0: s->bytes -= hmm_heap_shrink_region(u->heap, s->memory, bytes); break;
    case 1:
        EXPECT_EQ(hmm_heap_extend_region(u->heap, s->memory, more), HMM_OK);
        s->bytes += more;
        break;
    default:
        if (hmm_heap_remove_region(u->heap, s->memory) == HMM_OK) s->bytes = 0;
    }
}

/* ---- The user ------------------------------------------------------------------------------------------------------------ */

static inline void use_once(user *u, reader *r) {
    const size_t what = take(r, 256);
    if (what >= 240)
        change_region(u, r, what % u->count);
    else if (u->held[what % HELD].p == NULL)
        allocate(u, r, what % HELD);
    else
        change(u, r, what % HELD);
}

/* The spans of the regions that are lent at present. */
static inline size_t spans_of(const user *u, hmm_span spans[REGIONS]) {
    size_t count = 0;
    for (size_t i = 0; i < u->count; i++)
        if (u->regions[i].bytes > 0) spans[count++] = u->regions[i];
    return count;
}

static inline bool find_held(void *context, const hmm_block *block) {
    user *u = context;
    if (block->free) return true;
    size_t i = 0;
    while (i < HELD && u->held[i].p != NULL) i++;
    if (i < HELD) u->held[i].p = (unsigned char *)(uintptr_t)block->memory;
    return true;
}

/* The user becomes the owner of a heap's allocated blocks, as far as there is a place for them. */
static inline void take_possession(user *u) {
    memset(u->held, 0, sizeof u->held);
    EXPECT_EQ(hmm_heap_walk(u->heap, find_held, u), HMM_OK);
    for (size_t i = 0; i < HELD; i++)
        if (u->held[i].p != NULL) hold(u, i, u->held[i].p);
}

static inline void release_all(user *u) {
    for (size_t i = 0; i < HELD; i++) release(u, i);
}

#endif
