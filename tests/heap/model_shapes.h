/* model_shapes.h: what the heaps of the random programs look like, on each instance.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_MODEL_SHAPES_H
#define HMM_TESTS_MODEL_SHAPES_H

#include "model_program.h"

enum { KIB = 1024, MIB = 1024 * 1024, MAX_SHAPES = 16 };

/* Slots that touch, slots with odd starts and sizes, an index that is too small and one that is too large for the heap. */
static const shape usual_shapes[] = {
    {"tiny", 0, 200, 800, 120, 1, {{0, KIB, 2 * KIB}}},
    {"tiny_odd", 0, 300, 800, 120, 2, {{5, 1333, 1999}, {3001, 301, 700}}},
    {"small", 0, 900, 160, 600, 3, {{16, 4 * KIB, 6 * KIB}, {7 * KIB, 777, 1500}, {9 * KIB + 1, 2 * KIB, 3 * KIB}}},
    {"one_tree", 1, 700, 80, 600, 2, {{8, 6 * KIB, 9 * KIB}, {10 * KIB + 3, KIB, 2 * KIB}}},
    {"index_too_large", MIB, 1500, 120, 600, 2, {{0, 8 * KIB, 8 * KIB}, {8 * KIB, 3 * KIB, 20 * KIB}}},
    {"index_too_small", 1, 3000, 80, 900, 2, {{0, 64 * KIB, 80 * KIB}, {100 * KIB + 7, 20 * KIB, 60 * KIB}}},
    {"regions",
     8 * KIB,
     1200,
     120,
     900,
     6,
     {{64 * KIB, 4 * KIB, 8 * KIB},
      {0, 2 * KIB, 5 * KIB},
      {5 * KIB, 1000, 1000},
      {5 * KIB + 1000, 500, 3 * KIB},
      {72 * KIB, 4 * KIB, 16 * KIB},
      {200 * KIB + 9, 6 * KIB + 5, 9 * KIB}}},
    {"middle", 0, 8000, 50, 1500, 3, {{24, 128 * KIB, 160 * KIB}, {256 * KIB, 32 * KIB, 100 * KIB}, {500 * KIB, 1000, 2000}}},
    {"large", 0, 60000, 8, 2500, 2, {{0, MIB, MIB + 100 * KIB}, {2 * MIB, 200 * KIB, 800 * KIB}}},
};

/* For an instance whose largest block is smaller than a control block: as far as links reach, blocks as large as can be, an index
 * of the heap's own size and one that consists of two classes. FRONT: the least that stands in front of the first block. */
enum { FRONT = sizeof(void *) > 4 ? 140 : 96 };
static const shape hostile_shapes[] = {
    {"least", 0, 60, 800, 120, 1, {{0, FRONT + 32, FRONT + 120}}},
    {"two_classes", 1, 110, 300, 300, 3, {{440, FRONT + 110, FRONT + 124}, {3, 80, 131}, {704, 60, 120}}},
    {"crowded",
     0,
     120,
     300,
     500,
     6,
     {{444, FRONT + 60, FRONT + 120}, {0, 40, 130}, {133, 133, 133}, {266, 70, 134}, {705, 20, 115}, {821, 126, 126}}},
};

/* Whether an instance can have such regions: none larger than its largest block, none further away than three of those. */
static inline bool is_possible(const shape *s) {
    for (size_t i = 0; i < s->slot_count; i++) {
        const slot *region = &s->slots[i];
        if (region->room > HMM_HEAP_LARGEST_BLOCK || region->start + region->room > HMM_HEAP_LARGEST_BLOCK * 3) return false;
    }
    return true;
}

/* The shape, made smaller until the instance can have it. */
static inline shape fitted(const shape *s) {
    shape fit = *s;
    while (!is_possible(&fit)) {
        fit.largest_request /= 2;
        for (size_t i = 0; i < fit.slot_count; i++) {
            fit.slots[i].start /= 2;
            fit.slots[i].bytes /= 2;
            fit.slots[i].room /= 2;
        }
    }
    return fit;
}

/* Fills in the shapes of this instance and returns how many there are. */
static inline size_t shapes_of_instance(shape shapes[MAX_SHAPES]) {
    const bool hostile = HMM_HEAP_LARGEST_BLOCK < KIB;
    const size_t count =
        hostile ? sizeof hostile_shapes / sizeof hostile_shapes[0] : sizeof usual_shapes / sizeof usual_shapes[0];
    for (size_t i = 0; i < count; i++) shapes[i] = hostile ? hostile_shapes[i] : fitted(&usual_shapes[i]);
    return count;
}

#endif
