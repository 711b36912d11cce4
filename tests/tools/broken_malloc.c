/* broken_malloc.c: a malloc that breaks in the way that BROKEN names, with blocks of 777 bytes.
 *
 * SPDX-License-Identifier: MIT
 *
 * It takes memory from a large array, one block behind the other, and never gives any back. Before each block stands its size. */
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROOM = 64 << 20, UNIT = 16, BREAKS = 777 };

static _Alignas(4096) unsigned char room[ROOM];
static size_t used;
static unsigned char *before; /* the block that was handed out last */
static atomic_bool is_awaited_there;
static atomic_flag is_taking = ATOMIC_FLAG_INIT;

static bool breaks(const char *how, size_t size) {
    const char *way = size == BREAKS ? getenv("BROKEN") : NULL;
    return way != NULL && strcmp(way, how) == 0;
}

static size_t size_of(const void *p) {
    size_t size;
    memcpy(&size, (const unsigned char *)p - UNIT, sizeof size);
    return size;
}

/* Whether another thread allocates a block of 778 bytes meanwhile. */
static bool another_comes(void) {
    for (int i = 0; i < 200 && !atomic_load(&is_awaited_there); i++) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return atomic_load(&is_awaited_there);
}

/* The next place, for one thread at a time: it must break in no other way than was asked for. NULL: there is none. */
static unsigned char *next_place(size_t alignment, size_t size, size_t off) {
    while (atomic_flag_test_and_set(&is_taking)) continue;
    const size_t at = (used + UNIT + alignment - 1) / alignment * alignment;
    unsigned char *place = at > ROOM - size ? NULL : room + at + off;
    if (place != NULL) {
        used = at + (size + UNIT - 1) / UNIT * UNIT;
        memcpy(room + at - UNIT, &size, sizeof size);
        before = place;
    }
    atomic_flag_clear(&is_taking);
    return place;
}

static void *take(size_t alignment, size_t size) {
    if (size == BREAKS + 1) atomic_store(&is_awaited_there, true);
    if (breaks("wait", size) && !another_comes()) return NULL;
    if (breaks("full", size) || size > ROOM) return NULL;
    if (breaks("crash", size)) abort();
    if (breaks("exit", size)) _Exit(0);
    if (breaks("twice", size)) return before;
    if (breaks("into the next", size)) return before - UNIT;
    return next_place(alignment, size, breaks("misaligned", size) ? 8 : 0);
}

void *malloc(size_t size) {
    return take(UNIT, size);
}

void free(void *p) {
    if (p != NULL && breaks("scribble", size_of(p))) before[5] ^= 1;
}

void *calloc(size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) return NULL;
    unsigned char *p = take(UNIT, count * size);
    if (p != NULL && breaks("dirty", count * size)) p[100] = 1;
    return p;
}

void *realloc(void *p, size_t size) {
    void *moved = take(UNIT, size);
    if (p == NULL || moved == NULL) return moved;
    const size_t kept = size_of(p) < size ? size_of(p) : size;
    memcpy(moved, p, breaks("forget", size) && kept > 0 ? kept - 1 : kept);
    return moved;
}

int posix_memalign(void **p, size_t alignment, size_t size) {
    *p = take(alignment < UNIT || breaks("unaligned", size) ? UNIT : alignment, size);
    return *p == NULL ? 12 : 0;
}
