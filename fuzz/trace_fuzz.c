/* trace_fuzz.c: readers of traces that are anything.
 *
 * SPDX-License-Identifier: MIT
 *
 * The first byte says what the others are: a trace; the contents of frames, whose heads are made for them, with right checksums; or
 * events, which are written and must be read as they are. A reader must end, with the same events each time, in order, and with a
 * result that is allowed; and find the same events when it is sent there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../src/trace/frame.h"
#include "../src/trace/number.h"
#include "fuzz.h"
#include "reader.h"
#include "trace_fuzz.h"

#define CHECK(condition) ((condition) ? (void)0 : failed(__LINE__, #condition))

enum { ROOM = 1 << 16, KEPT = 512 };

typedef struct image {
    unsigned char bytes[ROOM];
    size_t count;
} image;

static image trace;
static max_align_t reader_memory[HMM_TRACE_READER_BYTES / sizeof(max_align_t) + 1];
static max_align_t writer_memory[1024 / sizeof(max_align_t)];

static void failed(int line, const char *condition) {
    fprintf(stderr, "trace_fuzz.c:%d: not so: %s\n", line, condition);
    abort();
}

static size_t read_image(void *context, uint64_t offset, void *to, size_t bytes) {
    const image *from = context;
    if (offset >= from->count) return 0;
    const size_t got = bytes < from->count - (size_t)offset ? bytes : from->count - (size_t)offset;
    memcpy(to, from->bytes + offset, got);
    return got;
}

static bool write_image(void *context, const void *bytes, size_t count) {
    image *to = context;
    CHECK(count <= ROOM - to->count);
    memcpy(to->bytes + to->count, bytes, count);
    to->count += count;
    return true;
}

/* In place of zstd: the bytes as they are, if there are not too many. */
static size_t decompress(void *context, void *to, size_t room, const void *from, size_t bytes) {
    (void)context;
    if (bytes > room) return SIZE_MAX;
    memcpy(to, from, bytes);
    return bytes;
}

/* ---- Reading ------------------------------------------------------------------------------------------------------------- */

static hmm_trace_event kept[KEPT];
static size_t kept_count;

static bool is_final(int result) {
    return result != HMM_TRACE_OK && result != HMM_TRACE_MISSING && result != HMM_TRACE_DAMAGED;
}

/* Reads all. Events rise; each call but those that give an event moves on, so there is a bound on their number. */
static void read_all(hmm_trace_reader *opened, uint64_t from) {
    hmm_trace_event event;
    uint64_t next = from;
    size_t faults = 0;
    kept_count = 0;
    for (;;) {
        const int result = hmm_trace_reader_next(opened, &event);
        if (is_final(result)) break;
        if (result != HMM_TRACE_OK) {
            CHECK(++faults <= 2 * trace.count + 2);
            CHECK(hmm_trace_reader_fault(opened)->result == (hmm_trace_result)result);
            continue;
        }
        CHECK(event.sequence >= next);
        next = event.sequence + 1;
        CHECK(event.kind == HMM_TRACE_FREE ? event.address == 0 && event.size == 0 && !event.failed : true);
        CHECK(event.failed ? event.address == 0 : true);
        if (kept_count < KEPT) kept[kept_count++] = event;
    }
    const hmm_trace_result end = hmm_trace_reader_fault(opened)->result;
    CHECK(hmm_trace_reader_next(opened, &event) == (int)end && hmm_trace_reader_offset(opened) <= trace.count);
}

static void read_trace(reader *r) {
    const hmm_trace_source source = {read_image, decompress, &trace, take(r, 2) == 0 ? trace.count : 0};
    hmm_trace_reader *opened = hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, NULL);
    if (opened == NULL) return;
    hmm_trace_reader_about(opened, "pid");
    read_all(opened, 0);
    const uint64_t to = take_word(r);
    hmm_trace_reader_seek(opened, to);
    read_all(opened, to);
}

/* ---- Making traces ------------------------------------------------------------------------------------------------------- */

static void forge_frame(reader *r) {
    unsigned char contents[256];
    hmm_trace_head head = {.version = HMM_TRACE_VERSION, .kind = (unsigned char)(1 + take(r, 3))};
    head.packing = (unsigned char)take(r, 2);
    head.events = head.kind == HMM_TRACE_FRAME_EVENTS ? (uint32_t)(1 + take(r, 64)) : 0;
    head.first = take(r, 4) == 0 ? take_word(r) : take(r, 256);
    head.stored = (uint32_t)take(r, sizeof contents);
    for (size_t i = 0; i < head.stored; i++) contents[i] = (unsigned char)take(r, 256);
    head.bytes = head.stored;
    /* The last frame tells where it is, for the index to be found. */
    if (head.kind == HMM_TRACE_FRAME_LAST && head.stored >= 8) number_put_fixed(contents + head.stored - 8, 8, trace.count);
    frame_put_head(trace.bytes + trace.count, &head, contents);
    memcpy(trace.bytes + trace.count + HMM_TRACE_HEAD_BYTES, contents, head.stored);
    trace.count += HMM_TRACE_HEAD_BYTES + head.stored;
}

static void forge_trace(reader *r) {
    while (r->left > 0 && trace.count < ROOM - 512) forge_frame(r);
}

static hmm_trace_event take_event(reader *r) {
    hmm_trace_event event = {.kind = (hmm_trace_kind)take(r, 5), .thread = (uint32_t)take(r, 3), .time = take(r, 1000)};
    event.failed = event.kind != HMM_TRACE_FREE && take(r, 8) == 0;
    if (event.kind != HMM_TRACE_FREE) event.size = take_word(r);
    if (event.kind == HMM_TRACE_ALIGNED_ALLOC) event.alignment = take_word(r);
    if (event.kind == HMM_TRACE_REALLOC || event.kind == HMM_TRACE_FREE) event.old_address = take_word(r);
    if (event.kind != HMM_TRACE_FREE && !event.failed) event.address = take_word(r);
    return event;
}

/* Writes events, and sees that they are read. */
static void there_and_back(reader *r) {
    static hmm_trace_event events[KEPT];
    const hmm_trace_sink sink = {write_image, NULL, &trace};
    hmm_trace_writer *writer = hmm_trace_writer_create(writer_memory, 512 + take(r, 500), &sink, NULL);
    size_t count = 0;
    uint64_t time = 0;
    for (; r->left > 0 && count < KEPT; count++) {
        events[count] = take_event(r);
        time += events[count].time;
        events[count].time = time;
        if (take(r, 32) == 0) CHECK(hmm_trace_writer_lose(writer, 3) == HMM_TRACE_OK);
        CHECK(hmm_trace_writer_put(writer, &events[count]) == HMM_TRACE_OK);
    }
    CHECK(hmm_trace_writer_finish(writer) == HMM_TRACE_OK);
    const hmm_trace_source source = {read_image, decompress, &trace, trace.count};
    hmm_trace_reader *opened = hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, NULL);
    CHECK(opened != NULL);
    read_all(opened, 0);
    CHECK(hmm_trace_reader_fault(opened)->result == HMM_TRACE_END && kept_count == count);
    for (size_t i = 0; i < count; i++) {
        const hmm_trace_event *a = &kept[i], *b = &events[i];
        CHECK(a->kind == b->kind && a->thread == b->thread && a->time == b->time && a->failed == b->failed &&
              a->size == b->size && a->alignment == b->alignment && a->address == b->address && a->old_address == b->old_address);
    }
}

const unsigned char *trace_fuzz_image(size_t *count) {
    *count = trace.count;
    return trace.bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    reader r = {bytes, count};
    trace.count = 0;
    switch (take(&r, 3)) {
    case 0:
        trace.count = r.left < ROOM ? r.left : ROOM;
        memcpy(trace.bytes, r.bytes, trace.count);
        read_trace(&(reader){r.bytes, r.left});
        break;
    case 1:
        forge_trace(&r);
        read_trace(&(reader){bytes, count});
        break;
    default: there_and_back(&r); break;
    }
    return 0;
}
