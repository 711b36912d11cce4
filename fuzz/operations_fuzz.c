/* operations_fuzz.c: bytes as a program of calls, run on a heap and on the reference model side by side.
 *
 * SPDX-License-Identifier: MIT
 *
 *     byte 0       which shape of heap and regions
 *     from 1 on    the decisions of the program, see model_program.c, as long as there are bytes
 *
 * Or a trace, see docs/trace-format.md: its calls are done, in the largest of the heaps.
 *
 * After each step results, places, contents and statistics are compared, and the heap is checked. */
#include "operations_fuzz.h"

#include <string.h>

#include "fuzz.h"
#include "heap/model_shapes.h"
#include "heapmm/trace.h"
#include "unpack.h"

enum { GROUND = 256 * KIB, MOST_BYTES = 40 * KIB, MOST_CALLS = 20000 };

static _Alignas(4096) unsigned char ground[2][GROUND];
static program the_program;
static listener the_listener;

void operations_fuzz_listen(const listener *heard) {
    the_listener = *heard;
}

/* ---- Shapes -------------------------------------------------------------------------------------------------------------- */

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

static const shape *largest_shape(const shape *shapes, size_t count) {
    const shape *largest = shapes;
    for (size_t i = 1; i < count; i++)
        if (shapes[i].slots[0].bytes > largest->slots[0].bytes) largest = &shapes[i];
    return largest;
}

/* ---- Traces -------------------------------------------------------------------------------------------------------------- */

typedef struct image {
    const uint8_t *bytes;
    size_t count;
    hmm_trace_reader *reader;
    size_t calls;
} image;

static bool is_trace(const uint8_t *bytes, size_t count) {
    static const uint8_t magic[] = {0x89, 'h', 'm', 't'};
    return count >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

static size_t read_image(void *context, uint64_t offset, void *to, size_t bytes) {
    const image *from = context;
    if (offset >= from->count) return 0;
    const size_t left = from->count - (size_t)offset, got = bytes < left ? bytes : left;
    memcpy(to, from->bytes + offset, got);
    return got;
}

/* Calls that failed where the trace was made may succeed here, and the other way round. */
static bool next_call(void *context, call *given) {
    image *from = context;
    hmm_trace_event event;
    int result;
    do result = hmm_trace_reader_next(from->reader, &event);
    while (result == HMM_TRACE_MISSING || result == HMM_TRACE_DAMAGED);
    if (result != HMM_TRACE_OK || from->calls++ == MOST_CALLS) return false;
    *given = (call){.kind = (call_kind)event.kind, .address = event.address, .old_address = event.old_address};
    given->size = event.size > SIZE_MAX ? SIZE_MAX : (size_t)event.size;
    given->alignment = event.alignment > SIZE_MAX ? SIZE_MAX : (size_t)event.alignment;
    return true;
}

static void run_trace(const uint8_t *bytes, size_t count, const shape *s, unsigned char *const grounds[2]) {
    static max_align_t memory[HMM_TRACE_READER_BYTES / sizeof(max_align_t) + 1];
    image from = {bytes, count, NULL, 0};
    const hmm_trace_source source = {read_image, unpack, &from, count};
    from.reader = hmm_trace_reader_create(memory, sizeof memory, &source, NULL);
    if (from.reader != NULL) program_run_calls(&the_program, s, grounds, next_call, &from, &the_listener);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    shape shapes[MAX_SHAPES];
    const size_t shape_count = small_shapes(shapes);
    unsigned char *const grounds[2] = {ground[0], ground[1]};
    if (is_trace(bytes, count))
        run_trace(bytes, count, largest_shape(shapes, shape_count), grounds);
    else if (count > 0)
        program_run_bytes(&the_program, &shapes[bytes[0] % shape_count], grounds, bytes + 1, count - 1, &the_listener);
    return 0;
}
