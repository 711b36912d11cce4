/* writer.c: writing a trace.
 *
 * SPDX-License-Identifier: MIT
 *
 * The memory of a writer is
 *
 *     writer | index | contents of a frame | the same compressed
 *
 * without the index where there is little of it, and without the last part where nothing is compressed. */
#include "../base/arithmetic.h"
#include "../base/memory.h"
#include "frame.h"
#include "index.h"
#include "record.h"

struct hmm_trace_writer {
    hmm_trace_sink sink;
    hmm_trace_index index;
    hmm_trace_before before; /* of the next record */
    unsigned char *contents;
    unsigned char *packed; /* NULL: nothing is compressed */
    size_t room;           /* bytes of each */
    size_t used;           /* of the contents */
    uint64_t first;        /* of the frame */
    uint64_t next;         /* sequence of the next event */
    uint64_t time;         /* of the last event */
    uint64_t offset;       /* bytes written */
    bool failed;
};

/* Places in the index of a writer that has memory for it. */
enum { INDEX_ROOM = 1024 };

_Static_assert(sizeof(hmm_trace_writer) + (size_t)2 * HMM_TRACE_RECORD_BYTES + 64 <= HMM_TRACE_WRITER_LEAST_BYTES,
               "the least memory holds a frame");
_Static_assert(sizeof(hmm_trace_writer) + INDEX_ROOM * sizeof(hmm_trace_place) + UINT64_C(2) * HMM_TRACE_FRAME_BYTES <=
                   HMM_TRACE_WRITER_BYTES,
               "HMM_TRACE_WRITER_BYTES is enough");

/* ---- Frames -------------------------------------------------------------------------------------------------------------- */

static void send(hmm_trace_writer *writer, const void *bytes, size_t count) {
    if (!writer->failed && !writer->sink.write(writer->sink.context, bytes, count)) writer->failed = true;
    writer->offset += count;
}

/* Compresses the contents where that makes them shorter. */
static const unsigned char *pack(hmm_trace_writer *writer, hmm_trace_head *head) {
    if (writer->packed == NULL || head->kind == HMM_TRACE_FRAME_LAST) return writer->contents;
    const size_t packed =
        writer->sink.compress(writer->sink.context, writer->packed, writer->room, writer->contents, writer->used);
    if (packed >= writer->used) return writer->contents;
    head->packing = HMM_TRACE_ZSTD;
    head->stored = (uint32_t)packed;
    return writer->packed;
}

static int send_frame(hmm_trace_writer *writer, enum hmm_trace_frame_kind kind) {
    hmm_trace_head head = {.version = HMM_TRACE_VERSION,
                           .kind = (unsigned char)kind,
                           .packing = HMM_TRACE_AS_IT_IS,
                           .stored = (uint32_t)writer->used,
                           .bytes = (uint32_t)writer->used,
                           .events = (uint32_t)(writer->next - writer->first),
                           .first = writer->first};
    const unsigned char *stored = pack(writer, &head);
    unsigned char bytes[HMM_TRACE_HEAD_BYTES];
    frame_put_head(bytes, &head, stored);
    send(writer, bytes, sizeof bytes);
    send(writer, stored, (size_t)head.stored);
    writer->used = 0;
    writer->first = writer->next;
    writer->before = (hmm_trace_before){0, 0, 0};
    return writer->failed ? HMM_TRACE_WRITE_FAILED : HMM_TRACE_OK;
}

/* ---- Making a writer ----------------------------------------------------------------------------------------------------- */

/* Copies a text with its NUL; nothing if it does not fit. */
static void put_text(hmm_trace_writer *writer, const char *text) {
    for (size_t at = writer->used; at < writer->room; at++, text++) {
        writer->contents[at] = (unsigned char)*text;
        if (*text != '\0') continue;
        writer->used = at + 1;
        return;
    }
}

static void put_about(hmm_trace_writer *writer, const char *const *about) {
    for (; about != NULL && *about != NULL; about++) put_text(writer, *about);
}

/* Divides the memory behind the writer. */
static void lay_out(hmm_trace_writer *writer, unsigned char *memory, size_t bytes) {
    const size_t index = INDEX_ROOM * sizeof(hmm_trace_place);
    const bool has_index = bytes / 4 >= index + index_bytes(INDEX_ROOM);
    writer->index = (hmm_trace_index){.places = (hmm_trace_place *)(void *)memory, .room = has_index ? INDEX_ROOM : 0, .step = 1};
    if (has_index) {
        memory += index;
        bytes -= index;
    }
    const bool packs = writer->sink.compress != NULL;
    const uint64_t room = packs ? bytes / 2 : bytes;
    writer->room = (size_t)(room < HMM_TRACE_FRAME_BYTES ? room : HMM_TRACE_FRAME_BYTES);
    writer->contents = memory;
    writer->packed = packs ? memory + writer->room : NULL;
}

hmm_trace_writer *hmm_trace_writer_create(void *memory, size_t bytes, const hmm_trace_sink *sink, const char *const *about) {
    if (memory == NULL || bytes < HMM_TRACE_WRITER_LEAST_BYTES || (uintptr_t)memory % _Alignof(hmm_trace_writer) != 0)
        return NULL;
    hmm_trace_writer *writer = memory;
    *writer = (hmm_trace_writer){.sink = *sink};
    lay_out(writer, (unsigned char *)memory + sizeof *writer, bytes - sizeof *writer);
    put_about(writer, about);
    return send_frame(writer, HMM_TRACE_FRAME_ABOUT) == HMM_TRACE_OK ? writer : NULL;
}

/* ---- Events -------------------------------------------------------------------------------------------------------------- */

int hmm_trace_writer_flush(hmm_trace_writer *writer) {
    if (writer->next == writer->first) return writer->failed ? HMM_TRACE_WRITE_FAILED : HMM_TRACE_OK;
    index_add(&writer->index, (hmm_trace_place){writer->offset, writer->first});
    return send_frame(writer, HMM_TRACE_FRAME_EVENTS);
}

static bool can_be(const hmm_trace_event *event) {
    return (unsigned)event->kind < HMM_TRACE_FREE || (event->kind == HMM_TRACE_FREE && !event->failed);
}

int hmm_trace_writer_put(hmm_trace_writer *writer, const hmm_trace_event *event) {
    if (!can_be(event)) return HMM_TRACE_INVALID;
    if (writer->room - writer->used < HMM_TRACE_RECORD_BYTES && hmm_trace_writer_flush(writer) != HMM_TRACE_OK)
        return HMM_TRACE_WRITE_FAILED;
    hmm_trace_event timed = *event;
    if (timed.time < writer->time) timed.time = writer->time;
    writer->time = timed.time;
    unsigned char *at = writer->contents + writer->used;
    writer->used += (size_t)(record_put(at, &writer->before, &timed) - at);
    writer->next++;
    return writer->failed ? HMM_TRACE_WRITE_FAILED : HMM_TRACE_OK;
}

int hmm_trace_writer_lose(hmm_trace_writer *writer, uint64_t events) {
    const int result = hmm_trace_writer_flush(writer);
    writer->next += events;
    writer->first = writer->next;
    return result;
}

int hmm_trace_writer_finish(hmm_trace_writer *writer) {
    hmm_trace_writer_flush(writer);
    unsigned char *at = index_put(writer->contents, &writer->index);
    number_put_fixed(at, HMM_TRACE_TRAILER_BYTES, writer->offset);
    writer->used = (size_t)(at - writer->contents) + HMM_TRACE_TRAILER_BYTES;
    return send_frame(writer, HMM_TRACE_FRAME_LAST);
}
