/* operations_fuzz.c: bytes as a program of calls, run on a heap and on the reference model side by side.
 *
 * SPDX-License-Identifier: MIT
 *
 *     byte 0       which shape of heap and regions
 *     from 1 on    the decisions of the program, see model_program.c, as long as there are bytes
 *
 * After each step results, places, contents and statistics are compared, and the heap is checked. */
#include "fuzz.h"
#include "heap/model_shapes.h"

enum { GROUND = 256 * KIB, MOST_BYTES = 40 * KIB };

static _Alignas(4096) unsigned char ground[2][GROUND];
static program the_program;

/* Large heaps take long to check after each step, and show nothing that small ones do not. */
static bool is_small(const shape *s) {
    size_t bytes = 0;
    for (size_t i = 0; i < s->slot_count; i++) bytes += s->slots[i].room;
    const slot *last = &s->slots[s->slot_count - 1];
    return bytes <= MOST_BYTES && last->start + last->room + ROOM_TO_MOVE <= GROUND;
}

static size_t small_shapes(shape shapes[MAX_SHAPES]) {
    const size_t count = shapes_of_instance(shapes);
    size_t small = 0;
    for (size_t i = 0; i < count; i++)
        if (is_small(&shapes[i])) shapes[small++] = shapes[i];
    return small;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    shape shapes[MAX_SHAPES];
    const size_t shape_count = small_shapes(shapes);
    unsigned char *const grounds[2] = {ground[0], ground[1]};
    if (count > 0) program_run_bytes(&the_program, &shapes[bytes[0] % shape_count], grounds, bytes + 1, count - 1);
    return 0;
}
