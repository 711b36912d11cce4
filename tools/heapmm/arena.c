/* arena.c: see arena.h.
 *
 * SPDX-License-Identifier: MIT */
#include "arena.h"

#include <sys/mman.h>

/* Bytes at the beginning; the least that is lent later; of a further region. */
enum { FIRST = 1024, FIRST_MOST = 65536, STEP = 256, REGION = 4096 };

/* What is lent grows by this part of what there is: what is lent in vain is at most that. */
enum { PART = 2048 };

static void on_arena_fault(void *context, const hmm_fault *fault) {
    const arena *a = context;
    if (!a->is_tried) hmm_fault_abort(NULL, fault);
}

static bool reserve(arena *a, uint64_t most) {
    for (a->reserved = most < SIZE_MAX / 2 ? (size_t)most : SIZE_MAX / 2; a->reserved > FIRST_MOST; a->reserved /= 2) {
        a->memory = mmap(NULL, a->reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (a->memory != MAP_FAILED) return true;
    }
    return false;
}

static bool create(arena *a, size_t bytes, size_t capacity) {
    a->is_tried = true;
    a->heap = a->on->create(a->memory, bytes, capacity, on_arena_fault, a);
    a->is_tried = false;
    a->bytes = bytes;
    return a->heap != NULL;
}

bool arena_begin(arena *a, const allocator *on, size_t fixed, size_t capacity, uint64_t most) {
    *a = (arena){.on = on, .is_fixed = fixed != 0};
    if (!reserve(a, fixed != 0 ? (uint64_t)fixed + FIRST_MOST + 1 : most)) return false;
    if (a->is_fixed && a->reserved > fixed && create(a, fixed, 0)) return true;
    for (size_t bytes = FIRST; !a->is_fixed && bytes <= FIRST_MOST; bytes *= 2)
        if (create(a, bytes, capacity)) return true;
    arena_end(a);
    return false;
}

static bool lend(arena *a, size_t step) {
    if (a->on->extend(a->heap, a->memory + a->region, a->bytes - a->region, step)) {
        a->bytes += step;
        return true;
    }
    const size_t region = step < REGION ? REGION : step;
    if (!a->on->add(a->heap, a->memory + a->bytes, region)) return false;
    a->region = a->bytes;
    a->bytes += region;
    return true;
}

/* A further region may leave as much unused at the end of the one before. */
bool arena_grow(arena *a, size_t size, size_t lent) {
    const size_t step = a->bytes / PART / STEP * STEP + STEP;
    if (a->is_fixed || size > a->on->largest || size > a->reserved / 4 || a->bytes - lent > 2 * size + FIRST_MOST) return false;
    if (a->reserved - a->bytes < step + REGION) return false;
    a->is_tried = true;
    const bool is_lent = lend(a, step);
    a->is_tried = false;
    return is_lent;
}

void arena_end(arena *a) {
    if (a->heap != NULL) a->on->destroy(a->heap);
    if (a->memory != NULL && a->memory != MAP_FAILED) munmap(a->memory, a->reserved);
    *a = (arena){0};
}
