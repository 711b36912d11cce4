/* reader.c: reading a trace, whatever its bytes are.
 *
 * SPDX-License-Identifier: MIT
 *
 * The memory of a reader is
 *
 *     reader | what is stored of a frame | the same decompressed */
#include "../base/memory.h"
#include "frame.h"
#include "index.h"
#include "record.h"

/* Bytes of what a trace says of itself that are kept. */
enum { ABOUT_ROOM = 4096 };

struct hmm_trace_reader {
    hmm_trace_source source;
    hmm_trace_fault fault;
    hmm_trace_fault end; /* what all later calls say, once ended */
    bool ended;
    uint64_t position;       /* of the frame that comes next */
    uint64_t expected;       /* sequence of the event that comes next, if none is missing */
    uint64_t wanted;         /* events before this one are passed over */
    uint64_t frame;          /* offset of the frame that is being read */
    uint32_t left;           /* events that are not read yet in it */
    hmm_trace_bytes bytes;   /* of these */
    hmm_trace_before before; /* of these */
    hmm_trace_head head;     /* of the frame that was loaded last */
    unsigned char *stored;
    unsigned char *unpacked;
    size_t about_bytes;
    char about[ABOUT_ROOM + 1];
};

_Static_assert(sizeof(hmm_trace_reader) + UINT64_C(2) * HMM_TRACE_FRAME_BYTES <= HMM_TRACE_READER_BYTES,
               "HMM_TRACE_READER_BYTES is enough");

static int fault_of(hmm_trace_reader *reader, hmm_trace_result result, uint64_t offset, const char *text) {
    reader->fault = (hmm_trace_fault){result, offset, 0, text};
    return (int)result;
}

static int end_with(hmm_trace_reader *reader, hmm_trace_result result, uint64_t offset, const char *text) {
    reader->ended = true;
    reader->end = (hmm_trace_fault){result, offset, 0, text};
    return fault_of(reader, result, offset, text);
}

/* ---- Frames -------------------------------------------------------------------------------------------------------------- */

/* What the bytes at an offset are. */
enum found { FOUND_FRAME, FOUND_NOTHING, FOUND_PART, FOUND_OTHER, FOUND_NEWER, FOUND_FAILURE };

static enum found load_head(hmm_trace_reader *reader, uint64_t offset, unsigned char *bytes) {
    const size_t got = reader->source.read(reader->source.context, offset, bytes, HMM_TRACE_HEAD_BYTES);
    if (got > HMM_TRACE_HEAD_BYTES) return FOUND_FAILURE;
    if (got == 0) return FOUND_NOTHING;
    if (got >= sizeof hmm_trace_magic && !frame_begins(bytes)) return FOUND_OTHER;
    if (got < HMM_TRACE_HEAD_BYTES) return FOUND_PART;
    reader->head = frame_head(bytes);
    if (reader->head.version > HMM_TRACE_VERSION) return FOUND_NEWER;
    return reader->head.version != 0 && frame_is_plausible(&reader->head) ? FOUND_FRAME : FOUND_OTHER;
}

/* Loads what is stored of the frame at an offset, with the right checksum. */
static enum found load(hmm_trace_reader *reader, uint64_t offset) {
    unsigned char bytes[HMM_TRACE_HEAD_BYTES];
    const enum found found = load_head(reader, offset, bytes);
    if (found != FOUND_FRAME) return found;
    const size_t stored = reader->head.stored;
    const size_t got = reader->source.read(reader->source.context, offset + sizeof bytes, reader->stored, stored);
    if (got > stored) return FOUND_FAILURE;
    if (got < stored) return FOUND_PART;
    return frame_checksum(bytes, reader->stored, stored) == reader->head.checksum ? FOUND_FRAME : FOUND_OTHER;
}

/* Sets reader->bytes to the contents of the frame that was loaded. */
static bool unpack(hmm_trace_reader *reader) {
    const unsigned char *contents = reader->stored;
    if (reader->head.packing == HMM_TRACE_ZSTD) {
        const size_t got = reader->source.decompress(reader->source.context, reader->unpacked, HMM_TRACE_FRAME_BYTES,
                                                     reader->stored, reader->head.stored);
        if (got != reader->head.bytes) return false;
        contents = reader->unpacked;
    }
    reader->bytes = (hmm_trace_bytes){contents, contents + reader->head.bytes};
    return true;
}

/* Where the next whole frame is that begins before `limit`; UINT64_MAX: there is none. A buffer at a time. */
static uint64_t find_frame(hmm_trace_reader *reader, uint64_t from, uint64_t limit) {
    while (from < limit) {
        const size_t got = reader->source.read(reader->source.context, from, reader->stored, HMM_TRACE_FRAME_BYTES);
        if (got > HMM_TRACE_FRAME_BYTES || got < HMM_TRACE_HEAD_BYTES) break;
        size_t at = 0;
        while (at + sizeof hmm_trace_magic <= got && !frame_begins(reader->stored + at)) at++;
        from += at;
        if (at + sizeof hmm_trace_magic > got) continue;
        if (load(reader, from) == FOUND_FRAME) return from;
        from++;
    }
    return UINT64_MAX;
}

/* What stands at the position is no whole frame: the next one is where to go on. */
static int pass_over(hmm_trace_reader *reader, enum found found, const char *text) {
    const uint64_t offset = reader->position;
    const uint64_t next = find_frame(reader, offset + 1, UINT64_MAX);
    if (next == UINT64_MAX && found == FOUND_PART)
        return end_with(reader, HMM_TRACE_TRUNCATED, offset, "the trace ends inside the frame that begins here");
    if (next == UINT64_MAX) end_with(reader, HMM_TRACE_UNFINISHED, offset, "no whole frame follows");
    if (next != UINT64_MAX) reader->position = next;
    return fault_of(reader, HMM_TRACE_DAMAGED, offset, text);
}

static int report(hmm_trace_reader *reader, enum found found) {
    const uint64_t at = reader->position;
    switch (found) {
    case FOUND_NOTHING:
        return end_with(reader, HMM_TRACE_UNFINISHED, at,
                        "no mark of the end: the writer was stopped, later events are not here");
    case FOUND_NEWER: return end_with(reader, HMM_TRACE_NEWER, at, "a frame of a later version of the format");
    case FOUND_FAILURE: return end_with(reader, HMM_TRACE_READ_FAILED, at, "reading failed");
    case FOUND_PART: return pass_over(reader, found, "only part of a frame");
    default: return pass_over(reader, found, "no frame, or one whose checksum is wrong");
    }
}

/* The frame that was loaded has events: makes them the next ones. */
static int begin_events(hmm_trace_reader *reader) {
    const hmm_trace_head *head = &reader->head;
    const uint64_t missing = head->first - reader->expected;
    if (head->packing == HMM_TRACE_ZSTD && reader->source.decompress == NULL)
        return end_with(reader, HMM_TRACE_COMPRESSED, reader->position, "a compressed frame, and no function to decompress it");
    if (head->first < reader->expected) return pass_over(reader, FOUND_OTHER, "a frame of events that were there already");
    if (!unpack(reader)) return pass_over(reader, FOUND_OTHER, "a frame that cannot be decompressed");
    reader->frame = reader->position;
    reader->position += HMM_TRACE_HEAD_BYTES + head->stored;
    reader->expected = head->first;
    reader->left = head->events;
    reader->before = (hmm_trace_before){0, 0, 0};
    if (missing == 0) return HMM_TRACE_OK;
    fault_of(reader, HMM_TRACE_MISSING, reader->frame, "events are missing before this frame");
    reader->fault.events = missing;
    return HMM_TRACE_MISSING;
}

static int begin_last(hmm_trace_reader *reader) {
    const uint64_t missing = reader->head.first - reader->expected;
    if (reader->head.first < reader->expected) return pass_over(reader, FOUND_OTHER, "a mark of the end that is too early");
    end_with(reader, HMM_TRACE_END, reader->position, "the end");
    reader->position += HMM_TRACE_HEAD_BYTES + reader->head.stored;
    if (missing == 0) return HMM_TRACE_END;
    fault_of(reader, HMM_TRACE_MISSING, reader->end.offset, "events are missing before the end");
    reader->fault.events = missing;
    return HMM_TRACE_MISSING;
}

static bool is_there(const hmm_trace_reader *reader, uint64_t offset) {
    unsigned char byte;
    return reader->source.read(reader->source.context, offset, &byte, 1) == 1;
}

/* Whether the frame at the position has no event that is wanted; then the one behind it is next. Its contents are not looked at, but
 * for whether they are there. */
static bool passes_unwanted(hmm_trace_reader *reader) {
    unsigned char bytes[HMM_TRACE_HEAD_BYTES];
    if (load_head(reader, reader->position, bytes) != FOUND_FRAME) return false;
    const hmm_trace_head *head = &reader->head;
    const bool about = head->kind == HMM_TRACE_FRAME_ABOUT && reader->position == 0;
    const bool unwanted = head->kind == HMM_TRACE_FRAME_EVENTS && head->first + head->events <= reader->wanted;
    if (!about && !unwanted) return false;
    if (head->stored > 0 && !is_there(reader, reader->position + HMM_TRACE_HEAD_BYTES + head->stored - 1)) return false;
    if (unwanted) reader->expected = head->first + head->events;
    reader->position += HMM_TRACE_HEAD_BYTES + head->stored;
    return true;
}

static int next_frame(hmm_trace_reader *reader) {
    while (reader->expected < reader->wanted && passes_unwanted(reader)) continue;
    const enum found found = load(reader, reader->position);
    if (found != FOUND_FRAME) return report(reader, found);
    switch (reader->head.kind) {
    case HMM_TRACE_FRAME_EVENTS: return begin_events(reader);
    case HMM_TRACE_FRAME_LAST: return begin_last(reader);
    default: return end_with(reader, HMM_TRACE_RESTARTED, reader->position, "another trace begins here");
    }
}

/* ---- Making a reader ----------------------------------------------------------------------------------------------------- */

static void keep_about(hmm_trace_reader *reader) {
    if (reader->head.kind != HMM_TRACE_FRAME_ABOUT ||
        (reader->head.packing == HMM_TRACE_ZSTD && reader->source.decompress == NULL))
        return;
    if (!unpack(reader)) return;
    const size_t bytes = (size_t)(reader->bytes.end - reader->bytes.at);
    reader->about_bytes = bytes < ABOUT_ROOM ? bytes : ABOUT_ROOM;
    memcpy(reader->about, reader->bytes.at, reader->about_bytes);
    reader->about[reader->about_bytes] = '\0';
    reader->position = HMM_TRACE_HEAD_BYTES + reader->head.stored;
}

static int begin(hmm_trace_reader *reader) {
    const enum found found = load(reader, 0);
    if (found == FOUND_FRAME) {
        keep_about(reader);
        return HMM_TRACE_OK;
    }
    if (found == FOUND_NEWER || found == FOUND_FAILURE) return report(reader, found);
    if (found == FOUND_NOTHING) return end_with(reader, HMM_TRACE_NOT_A_TRACE, 0, "empty: no trace of heapmm");
    /* A log may have begun in the middle of a frame, or with something else. */
    if (find_frame(reader, 1, HMM_TRACE_FRAME_BYTES) == UINT64_MAX)
        return end_with(reader, HMM_TRACE_NOT_A_TRACE, 0, "no trace of heapmm");
    return HMM_TRACE_OK;
}

hmm_trace_reader *hmm_trace_reader_create(void *memory, size_t bytes, const hmm_trace_source *source, hmm_trace_fault *fault) {
    if (memory == NULL || bytes < HMM_TRACE_READER_BYTES || (uintptr_t)memory % _Alignof(hmm_trace_reader) != 0) {
        if (fault != NULL) *fault = (hmm_trace_fault){HMM_TRACE_NO_MEMORY, 0, 0, "too little memory for a reader"};
        return NULL;
    }
    hmm_trace_reader *reader = memory;
    memset(reader, 0, sizeof *reader);
    reader->source = *source;
    reader->stored = (unsigned char *)memory + sizeof *reader;
    reader->unpacked = reader->stored + HMM_TRACE_FRAME_BYTES;
    reader->fault.text = "nothing is wrong";
    const int result = begin(reader);
    if (fault != NULL) *fault = reader->fault;
    return result == HMM_TRACE_OK ? reader : NULL;
}

/* ---- Events -------------------------------------------------------------------------------------------------------------- */

/* A checksum that is right over records that are not: made so on purpose. */
static int end_frame_early(hmm_trace_reader *reader) {
    reader->expected += reader->left;
    reader->left = 0;
    return fault_of(reader, HMM_TRACE_DAMAGED, reader->frame, "a frame whose records are wrong");
}

int hmm_trace_reader_next(hmm_trace_reader *reader, hmm_trace_event *event) {
    for (;;) {
        if (reader->left == 0) {
            if (reader->ended) {
                reader->fault = reader->end;
                return (int)reader->end.result;
            }
            const int result = next_frame(reader);
            if (result != HMM_TRACE_OK) return result;
        }
        if (!record_get(&reader->bytes, &reader->before, event)) return end_frame_early(reader);
        event->sequence = reader->expected++;
        reader->left--;
        if (reader->left == 0 && reader->bytes.at != reader->bytes.end) return end_frame_early(reader);
        if (event->sequence >= reader->wanted) return HMM_TRACE_OK;
    }
}

const hmm_trace_fault *hmm_trace_reader_fault(const hmm_trace_reader *reader) {
    return &reader->fault;
}

/* ---- Asking, and going to an event ---------------------------------------------------------------------------------------- */

const char *hmm_trace_reader_about(const hmm_trace_reader *reader, const char *name) {
    const char *at = reader->about, *end = at + reader->about_bytes;
    while (at < end) {
        size_t same = 0;
        while (name[same] != '\0' && at[same] == name[same]) same++;
        if (name[same] == '\0' && at[same] == '=') return at + same + 1;
        while (*at != '\0') at++;
        at++;
    }
    return NULL;
}

/* The place in the index from which to go to an event; the beginning if there is no index. */
static hmm_trace_place place_of(hmm_trace_reader *reader, uint64_t sequence) {
    static const hmm_trace_place beginning = {0, 0};
    unsigned char trailer[HMM_TRACE_TRAILER_BYTES];
    const uint64_t bytes = reader->source.bytes;
    if (bytes < HMM_TRACE_HEAD_BYTES + sizeof trailer) return beginning;
    if (reader->source.read(reader->source.context, bytes - sizeof trailer, trailer, sizeof trailer) != sizeof trailer)
        return beginning;
    const uint64_t offset = number_fixed(trailer, sizeof trailer);
    if (offset >= bytes || load(reader, offset) != FOUND_FRAME || reader->head.kind != HMM_TRACE_FRAME_LAST || !unpack(reader))
        return beginning;
    const hmm_trace_place place = index_find(reader->bytes, sequence);
    return place.offset < bytes ? place : beginning;
}

void hmm_trace_reader_seek(hmm_trace_reader *reader, uint64_t sequence) {
    const hmm_trace_place place = place_of(reader, sequence);
    reader->position = place.offset;
    reader->expected = place.first;
    reader->wanted = sequence;
    reader->left = 0;
    reader->ended = false;
    reader->fault = (hmm_trace_fault){HMM_TRACE_OK, 0, 0, "nothing is wrong"};
    while (passes_unwanted(reader)) continue;
}

uint64_t hmm_trace_reader_offset(const hmm_trace_reader *reader) {
    return reader->position;
}

uint64_t hmm_trace_reader_bytes(const hmm_trace_reader *reader) {
    return reader->source.bytes;
}
