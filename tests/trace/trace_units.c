/* trace_units.c: what is written is read; and what readers and writers say when something is wrong.
 *
 * SPDX-License-Identifier: MIT */
#include "trace/frame.h"
#include "trace/record.h"
#include "trace_memory.h"

enum { EVENTS = 3000 };

static hmm_trace_event events[EVENTS];
static trace written, other;

/* ---- Making events ------------------------------------------------------------------------------------------------------- */

static uint64_t random_state = 1;

static uint64_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

/* Mostly small, sometimes any number of 64 bits. */
static uint64_t random_number(void) {
    const uint64_t word = random_word();
    return word % 16 == 0 ? random_word() : word >> (word % 64);
}

static hmm_trace_event random_event(uint64_t sequence, uint64_t time) {
    hmm_trace_event event = {.sequence = sequence, .time = time, .thread = (uint32_t)(random_word() % 4)};
    if (random_word() % 50 == 0) event.thread = (uint32_t)random_word();
    event.kind = (hmm_trace_kind)(random_word() % 5);
    event.failed = event.kind != HMM_TRACE_FREE && random_word() % 8 == 0;
    if (event.kind != HMM_TRACE_FREE) event.size = random_number();
    if (event.kind == HMM_TRACE_ALIGNED_ALLOC) event.alignment = random_number();
    const uint64_t mask = random_word() % 8 == 0 ? UINT64_MAX : ~(uint64_t)15;
    if (event.kind == HMM_TRACE_REALLOC || event.kind == HMM_TRACE_FREE) event.old_address = random_number() & mask;
    if (event.kind != HMM_TRACE_FREE && !event.failed) event.address = random_number() & mask;
    return event;
}

static void make_events(uint64_t seed) {
    uint64_t time = 0;
    random_state = seed * 2 + 1;
    for (size_t i = 0; i < EVENTS; i++) {
        if (time < UINT64_MAX / 2) time += random_number() / EVENTS;
        events[i] = random_event(i, time);
    }
}

/* Writes the first `count` events. */
static void write_events(trace *t, size_t count, size_t memory, bool compressed, const char *const *about) {
    hmm_trace_writer *writer = trace_writer(t, memory, compressed, about);
    EXPECT(writer != NULL);
    for (size_t i = 0; i < count; i++) EXPECT_EQ(hmm_trace_writer_put(writer, &events[i]), HMM_TRACE_OK);
    EXPECT_EQ(hmm_trace_writer_finish(writer), HMM_TRACE_OK);
}

/* Reads events from `first` up to `end` and nothing else. */
static void expect_events(hmm_trace_reader *reader, size_t first, size_t end) {
    hmm_trace_event event;
    for (size_t i = first; i < end; i++) {
        EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_OK);
        EXPECT(same_event(&event, &events[i]));
    }
}

static void expect_result(hmm_trace_reader *reader, hmm_trace_result result, uint64_t offset) {
    hmm_trace_event event;
    EXPECT_EQ(hmm_trace_reader_next(reader, &event), result);
    EXPECT_EQ(hmm_trace_reader_fault(reader)->result, result);
    EXPECT_EQ(hmm_trace_reader_fault(reader)->offset, offset);
    EXPECT(hmm_trace_reader_fault(reader)->text[0] != '\0');
}

static void expect_final(hmm_trace_reader *reader, hmm_trace_result result, uint64_t offset) {
    expect_result(reader, result, offset);
    expect_result(reader, result, offset);
}

/* The offset of the frame number `index`; the length of the trace if there are fewer. */
static size_t frame_at(const trace *t, size_t index) {
    size_t at = 0;
    for (; index > 0 && at < t->count; index--) at += HMM_TRACE_HEAD_BYTES + frame_head(t->bytes + at).stored;
    return at;
}

/* The number of the first event of the frame at an offset. */
static size_t first_at(const trace *t, size_t offset) {
    return (size_t)frame_head(t->bytes + offset).first;
}

static size_t frames_of(const trace *t) {
    size_t count = 0;
    while (frame_at(t, count) < t->count) count++;
    return count;
}

/* ---- What is written is read --------------------------------------------------------------------------------------------- */

static void what_is_written_is_read(void) {
    static const size_t memories[] = {HMM_TRACE_WRITER_LEAST_BYTES, 700, 5000, 60000, HMM_TRACE_WRITER_BYTES};
    for (size_t m = 0; m < sizeof memories / sizeof memories[0]; m++)
        for (unsigned compressed = 0; compressed < 2; compressed++) {
            make_events(m * 2 + compressed);
            write_events(&written, EVENTS, memories[m], compressed != 0, NULL);
            hmm_trace_reader *reader = trace_reader(&written);
            EXPECT(reader != NULL);
            expect_events(reader, 0, EVENTS);
            expect_final(reader, HMM_TRACE_END, frame_at(&written, frames_of(&written) - 1));
            EXPECT_EQ(hmm_trace_reader_offset(reader), written.count);
            EXPECT_EQ(hmm_trace_reader_bytes(reader), written.count);
        }
}

/* So that the format does not change unnoticed: the bytes of docs/trace-format.md. */
static void the_example_of_the_document(void) {
    static const unsigned char expected[] = {0x89, 0x68, 0x6d, 0x74, 0x01, 0x01, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x0a, 0x00,
                                             0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x88, 0x0f, 0xd5, 0x92, 0x00, 0x00, 0x00, 0x00,
                                             0x00, 0x00, 0x00, 0x00, 0x70, 0x72, 0x6f, 0x67, 0x72, 0x61, 0x6d, 0x3d, 0x78, 0x00,
                                             0x89, 0x68, 0x6d, 0x74, 0x01, 0x02, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x0a, 0x00,
                                             0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0xf4, 0x8f, 0xde, 0x44, 0x00, 0x00, 0x00, 0x00,
                                             0x00, 0x00, 0x00, 0x00, 0x00, 0xe8, 0x07, 0x64, 0x80, 0x04, 0x14, 0x01, 0x32, 0x00,
                                             0x89, 0x68, 0x6d, 0x74, 0x01, 0x03, 0x00, 0x00, 0x09, 0x00, 0x00, 0x00, 0x09, 0x00,
                                             0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe7, 0x42, 0xf3, 0xa7, 0x02, 0x00, 0x00, 0x00,
                                             0x00, 0x00, 0x00, 0x00, 0x00, 0x54, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
    static const char *const about[] = {"program=x", NULL};
    const hmm_trace_event first = {.time = 1000, .size = 100, .address = 0x1000, .kind = HMM_TRACE_MALLOC};
    const hmm_trace_event second = {.time = 1050, .old_address = 0x1000, .thread = 1, .kind = HMM_TRACE_FREE};
    hmm_trace_writer *writer = trace_writer(&written, HMM_TRACE_WRITER_LEAST_BYTES, false, about);
    EXPECT_EQ(hmm_trace_writer_put(writer, &first), HMM_TRACE_OK);
    EXPECT_EQ(hmm_trace_writer_put(writer, &second), HMM_TRACE_OK);
    EXPECT_EQ(hmm_trace_writer_finish(writer), HMM_TRACE_OK);
    EXPECT_EQ(written.count, sizeof expected);
    for (size_t i = 0; i < sizeof expected; i++) EXPECT_EQ(written.bytes[i], expected[i]);
}

static void a_trace_without_events(void) {
    write_events(&written, 0, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    EXPECT_EQ(frames_of(&written), 2);
    expect_final(trace_reader(&written), HMM_TRACE_END, frame_at(&written, 1));
}

static void a_trace_says_what_it_is_of(void) {
    static const char *const about[] = {"program=/bin/true", "command=true --all = of it", "pid=12", "empty=", NULL};
    write_events(&written, 1, 5000, true, about);
    const hmm_trace_reader *reader = trace_reader(&written);
    EXPECT_STR_EQ(hmm_trace_reader_about(reader, "program"), "/bin/true");
    EXPECT_STR_EQ(hmm_trace_reader_about(reader, "command"), "true --all = of it");
    EXPECT_STR_EQ(hmm_trace_reader_about(reader, "pid"), "12");
    EXPECT_STR_EQ(hmm_trace_reader_about(reader, "empty"), "");
    EXPECT(hmm_trace_reader_about(reader, "pi") == NULL);
    EXPECT(hmm_trace_reader_about(reader, "pidd") == NULL);
    EXPECT(hmm_trace_reader_about(reader, "parent") == NULL);
}

/* What a trace says of itself fills more than there is room for, in the frame and in the reader. */
static void what_does_not_fit_is_left_out(void) {
    static char long_text[9000];
    memset(long_text, 'x', sizeof long_text - 1);
    memcpy(long_text, "long=", 5);
    const char *const about[] = {long_text, "short=1", NULL};
    write_events(&written, 1, HMM_TRACE_WRITER_LEAST_BYTES, false, about);
    EXPECT(hmm_trace_reader_about(trace_reader(&written), "long") == NULL);
    EXPECT_STR_EQ(hmm_trace_reader_about(trace_reader(&written), "short"), "1");
    write_events(&written, 1, HMM_TRACE_WRITER_BYTES, false, about);
    EXPECT_EQ(strlen(hmm_trace_reader_about(trace_reader(&written), "long")), 4096 - 5);
    EXPECT(hmm_trace_reader_about(trace_reader(&written), "short") == NULL);
}

static void time_does_not_fall(void) {
    make_events(3);
    hmm_trace_event event = events[0];
    hmm_trace_writer *writer = trace_writer(&written, 5000, false, NULL);
    event.time = 100;
    hmm_trace_writer_put(writer, &event);
    event.time = 99;
    hmm_trace_writer_put(writer, &event);
    hmm_trace_writer_flush(writer);
    hmm_trace_writer_put(writer, &event);
    hmm_trace_writer_finish(writer);
    hmm_trace_reader *reader = trace_reader(&written);
    for (size_t i = 0; i < 3; i++) {
        EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_OK);
        EXPECT_EQ(event.time, 100);
    }
}

/* ---- What is missing ----------------------------------------------------------------------------------------------------- */

static void lost_events_are_told(void) {
    make_events(4);
    hmm_trace_writer *writer = trace_writer(&written, 5000, false, NULL);
    for (size_t i = 0; i < 10; i++) hmm_trace_writer_put(writer, &events[i]);
    EXPECT_EQ(hmm_trace_writer_lose(writer, 5), HMM_TRACE_OK);
    for (size_t i = 15; i < 20; i++) hmm_trace_writer_put(writer, &events[i]);
    EXPECT_EQ(hmm_trace_writer_lose(writer, 7), HMM_TRACE_OK);
    EXPECT_EQ(hmm_trace_writer_finish(writer), HMM_TRACE_OK);

    hmm_trace_reader *reader = trace_reader(&written);
    expect_events(reader, 0, 10);
    expect_result(reader, HMM_TRACE_MISSING, frame_at(&written, 2));
    EXPECT_EQ(hmm_trace_reader_fault(reader)->events, 5);
    expect_events(reader, 15, 20);
    expect_result(reader, HMM_TRACE_MISSING, frame_at(&written, 3));
    EXPECT_EQ(hmm_trace_reader_fault(reader)->events, 7);
    expect_final(reader, HMM_TRACE_END, frame_at(&written, 3));
    EXPECT_EQ(hmm_trace_reader_fault(reader)->events, 0);
}

/* Cut off anywhere, a trace gives all the events of its whole frames. */
static void a_trace_that_is_cut_off(void) {
    make_events(5);
    write_events(&written, 100, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    const size_t whole = written.count;
    for (size_t frame = 0, end = 0, read = 0; end < whole; frame++) {
        const size_t start = end;
        end = frame_at(&written, frame + 1);
        for (size_t cut = start; cut < end; cut++) {
            written.count = cut;
            hmm_trace_reader *reader = trace_reader(&written);
            EXPECT_EQ(reader != NULL, cut >= HMM_TRACE_HEAD_BYTES);
            if (reader != NULL) expect_events(reader, 0, read);
            const hmm_trace_result end_result = cut == start ? HMM_TRACE_UNFINISHED : HMM_TRACE_TRUNCATED;
            if (reader != NULL) expect_final(reader, end_result, start);
            if (reader != NULL) hmm_trace_reader_seek(reader, 1000);
            if (reader != NULL) expect_final(reader, end_result, start);
        }
        written.count = whole;
        read += frame_head(written.bytes + start).events;
    }
}

/* With any bit wrong, no wrong event is read, and something is said. */
static void a_trace_with_a_wrong_bit(void) {
    make_events(6);
    write_events(&written, 60, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    for (size_t bit = 0; bit < written.count * 8; bit++) {
        written.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        hmm_trace_reader *reader = trace_reader(&written);
        hmm_trace_event event;
        size_t faults = reader == NULL;
        for (int result = HMM_TRACE_OK; reader != NULL && result != HMM_TRACE_END;) {
            result = hmm_trace_reader_next(reader, &event);
            if (result == HMM_TRACE_OK) EXPECT(event.sequence < 60 && same_event(&event, &events[event.sequence]));
            if (result != HMM_TRACE_OK && result != HMM_TRACE_END) faults++;
            if (result == HMM_TRACE_UNFINISHED || result == HMM_TRACE_TRUNCATED || result == HMM_TRACE_NEWER) break;
        }
        EXPECT(faults > 0);
        written.bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
}

/* Takes bytes out of the trace or puts some in. */
static void insert(trace *t, size_t at, const void *bytes, size_t count) {
    memmove(t->bytes + at + count, t->bytes + at, t->count - at);
    memcpy(t->bytes + at, bytes, count);
    t->count += count;
}

static void take_out(trace *t, size_t from, size_t to) {
    memmove(t->bytes + from, t->bytes + to, t->count - to);
    t->count -= to - from;
}

static void a_frame_that_is_gone(void) {
    make_events(7);
    write_events(&written, 60, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    const size_t second = frame_at(&written, 2), third = frame_at(&written, 3);
    const size_t before = first_at(&written, second), behind = first_at(&written, third);
    take_out(&written, second, third);
    hmm_trace_reader *reader = trace_reader(&written);
    expect_events(reader, 0, before);
    expect_result(reader, HMM_TRACE_MISSING, second);
    EXPECT_EQ(hmm_trace_reader_fault(reader)->events, behind - before);
    expect_events(reader, behind, 60);
    expect_final(reader, HMM_TRACE_END, frame_at(&written, frames_of(&written) - 1));
}

/* Anything between frames, and in front of the first: as much as a reader looks at at once, and the beginning of a frame in it. */
static void noise_between_frames(void) {
    static unsigned char noise[3 * HMM_TRACE_FRAME_BYTES + 1];
    make_events(8);
    memset(noise, 'x', sizeof noise);
    for (size_t length = 1; length <= sizeof noise; length = length < 70 ? length + 1 : length * 2 - 1) {
        write_events(&written, 60, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
        const size_t at = frame_at(&written, 2), behind = first_at(&written, at);
        if (length > 7) memcpy(noise + length - 7, hmm_trace_magic, sizeof hmm_trace_magic);
        insert(&written, at, noise, length);
        if (length > 7) memset(noise + length - 7, 'x', sizeof hmm_trace_magic);
        hmm_trace_reader *reader = trace_reader(&written);
        expect_events(reader, 0, behind);
        expect_result(reader, HMM_TRACE_DAMAGED, at);
        EXPECT_EQ(hmm_trace_reader_offset(reader), at + length);
        expect_events(reader, behind, 60);
        expect_final(reader, HMM_TRACE_END, written.count - (HMM_TRACE_HEAD_BYTES + 9));
    }
}

static void noise_in_front(void) {
    make_events(9);
    write_events(&written, 20, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    insert(&written, 0, "booting\n", 8);
    hmm_trace_reader *reader = trace_reader(&written);
    EXPECT(reader != NULL);
    expect_result(reader, HMM_TRACE_DAMAGED, 0);
    expect_final(reader, HMM_TRACE_RESTARTED, 8);
}

static void a_log_that_begins_in_a_frame(void) {
    make_events(10);
    write_events(&written, 30, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    take_out(&written, 0, frame_at(&written, 1) + 5);
    hmm_trace_reader *reader = trace_reader(&written);
    EXPECT(reader != NULL);
    expect_result(reader, HMM_TRACE_DAMAGED, 0);
    const size_t at = (size_t)hmm_trace_reader_offset(reader);
    expect_result(reader, HMM_TRACE_MISSING, at);
    expect_events(reader, first_at(&written, at), 30);
}

static void another_trace_behind(void) {
    make_events(11);
    write_events(&other, 10, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    write_events(&written, 10, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    take_out(&written, frame_at(&written, 2), written.count);
    const size_t end = written.count;
    insert(&written, end, other.bytes, other.count);
    hmm_trace_reader *reader = trace_reader(&written);
    expect_events(reader, 0, 10);
    expect_final(reader, HMM_TRACE_RESTARTED, end);
}

/* ---- What was made on purpose -------------------------------------------------------------------------------------------- */

/* Appends a frame with a right checksum. */
static void forge(trace *t, hmm_trace_head head, const void *contents) {
    if (head.version == 0) head.version = HMM_TRACE_VERSION;
    if (head.bytes == 0) head.bytes = head.stored;
    frame_put_head(t->bytes + t->count, &head, contents);
    memcpy(t->bytes + t->count + HMM_TRACE_HEAD_BYTES, contents, head.stored);
    t->count += HMM_TRACE_HEAD_BYTES + head.stored;
}

static void forge_about(trace *t) {
    t->count = 0;
    forge(t, (hmm_trace_head){.kind = HMM_TRACE_FRAME_ABOUT}, "");
}

/* Records that are none, behind a good one. */
static void records_that_are_wrong(void) {
    static const struct {
        unsigned char bytes[16];
        unsigned char count;
    } wrong[] = {
        {{5, 0, 0, 0}, 4}, /* kinds */
        {{7, 0, 0, 0}, 4},
        {{HMM_TRACE_FREE | HMM_TRACE_TAG_FAILED, 0, 0}, 3}, /* a free that failed */
        {{64, 0, 0, 0}, 4},                                 /* an unknown bit */
        {{128, 0, 0, 0}, 4},
        {{0}, 1}, /* too short, everywhere */
        {{0, 0}, 2},
        {{0, 0, 1}, 3},
        {{0, 0x80}, 2},
        {{3, 0, 1}, 3},
        {{2, 0}, 2},
        {{HMM_TRACE_TAG_THREAD}, 1},
        {{4, 0}, 2},
        {{0, 0, 1, 1, 1}, 5},                                                        /* too long */
        {{HMM_TRACE_TAG_THREAD, 0x80, 0x80, 0x80, 0x80, 0x10, 0, 1, 1}, 9},          /* thread 2^32 */
        {{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0, 0}, 13},    /* time beyond 2^64 */
        {{0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0}, 13},    /* a number of 65 bits */
        {{0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0}, 13}, /* of 11 bytes */
    };
    static const unsigned char good[] = {0, 1, 16, 2};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        unsigned char contents[32];
        memcpy(contents, good, sizeof good);
        memcpy(contents + sizeof good, wrong[i].bytes, wrong[i].count);
        forge_about(&written);
        const uint32_t bytes = (uint32_t)sizeof good + wrong[i].count;
        forge(&written, (hmm_trace_head){.kind = HMM_TRACE_FRAME_EVENTS, .stored = bytes, .events = 2}, contents);
        forge(&written, (hmm_trace_head){.kind = HMM_TRACE_FRAME_EVENTS, .stored = sizeof good, .events = 1, .first = 2}, good);
        hmm_trace_reader *reader = trace_reader(&written);
        hmm_trace_event event;
        EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_OK);
        expect_result(reader, HMM_TRACE_DAMAGED, HMM_TRACE_HEAD_BYTES);
        EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_OK);
        EXPECT_EQ(event.sequence, 2);
        expect_final(reader, HMM_TRACE_UNFINISHED, written.count);
    }
}

static void heads_that_are_wrong(void) {
    static const hmm_trace_head wrong[] = {
        {.kind = 0, .stored = 4, .events = 1},
        {.kind = 4, .stored = 4, .events = 1},
        {.kind = HMM_TRACE_FRAME_EVENTS, .stored = 4, .events = 0},
        {.kind = HMM_TRACE_FRAME_LAST, .stored = 4, .events = 1},
        {.kind = HMM_TRACE_FRAME_EVENTS, .stored = 4, .events = 1, .packing = 2},
        {.kind = HMM_TRACE_FRAME_EVENTS, .stored = 4, .bytes = 5, .events = 1},
        {.kind = HMM_TRACE_FRAME_EVENTS, .stored = 4, .bytes = HMM_TRACE_FRAME_BYTES + 1, .events = 1, .packing = HMM_TRACE_ZSTD},
        {.kind = HMM_TRACE_FRAME_EVENTS, .stored = 4, .events = 2, .first = UINT64_MAX - 1},
        {.kind = HMM_TRACE_FRAME_EVENTS,
         .stored = 3,
         .bytes = 4,
         .events = 1,
         .packing = HMM_TRACE_ZSTD}, /* cannot be decompressed */
        {.kind = HMM_TRACE_FRAME_EVENTS, .stored = 4, .bytes = 9, .events = 1, .packing = HMM_TRACE_ZSTD}, /* to something else */
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        forge_about(&written);
        forge(&written, wrong[i], "\0\1\20\2");
        const size_t behind = written.count;
        forge(&written, (hmm_trace_head){.kind = HMM_TRACE_FRAME_EVENTS, .stored = 4, .events = 1}, "\0\1\20\2");
        hmm_trace_reader *reader = trace_reader(&written);
        hmm_trace_event event;
        expect_result(reader, HMM_TRACE_DAMAGED, HMM_TRACE_HEAD_BYTES);
        EXPECT_EQ(hmm_trace_reader_offset(reader), behind);
        EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_OK);
    }
}

/* All records are right, and there are too many for a reader's memory. */
static void a_frame_that_is_too_large(void) {
    static unsigned char contents[HMM_TRACE_FRAME_BYTES + 4];
    for (size_t i = 0; i < sizeof contents; i += 4) memcpy(contents + i, "\0\1\20\2", 4);
    for (uint32_t over = 0; over <= 4; over += 4) {
        const uint32_t bytes = (uint32_t)HMM_TRACE_FRAME_BYTES + over;
        hmm_trace_event event;
        forge_about(&written);
        forge(&written, (hmm_trace_head){.kind = HMM_TRACE_FRAME_EVENTS, .stored = bytes, .events = bytes / 4}, contents);
        EXPECT_EQ(hmm_trace_reader_next(trace_reader(&written), &event), over == 0 ? HMM_TRACE_OK : HMM_TRACE_DAMAGED);
    }
}

static void frames_that_go_back(void) {
    static const unsigned char kinds[] = {HMM_TRACE_FRAME_EVENTS, HMM_TRACE_FRAME_LAST};
    for (size_t i = 0; i < 2; i++) {
        forge_about(&written);
        forge(&written, (hmm_trace_head){.kind = HMM_TRACE_FRAME_EVENTS, .stored = 4, .events = 1}, "\0\1\20\2");
        const size_t at = written.count;
        forge(&written, (hmm_trace_head){.kind = kinds[i], .stored = 4, .events = kinds[i] == HMM_TRACE_FRAME_EVENTS},
              "\0\1\20\2");
        hmm_trace_reader *reader = trace_reader(&written);
        hmm_trace_event event;
        EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_OK);
        expect_result(reader, HMM_TRACE_DAMAGED, at);
        expect_final(reader, HMM_TRACE_UNFINISHED, at);
    }
}

static void a_later_version(void) {
    hmm_trace_fault fault;
    const hmm_trace_source source = trace_source(&written);
    written.count = 0;
    forge(&written, (hmm_trace_head){.version = HMM_TRACE_VERSION + 1, .kind = HMM_TRACE_FRAME_ABOUT}, "");
    EXPECT(hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, &fault) == NULL);
    EXPECT_EQ(fault.result, HMM_TRACE_NEWER);
    forge_about(&written);
    forge(&written, (hmm_trace_head){.version = HMM_TRACE_VERSION + 1, .kind = HMM_TRACE_FRAME_EVENTS}, "");
    expect_final(trace_reader(&written), HMM_TRACE_NEWER, HMM_TRACE_HEAD_BYTES);
}

static void what_is_no_trace(void) {
    hmm_trace_fault fault;
    const hmm_trace_source source = trace_source(&written);
    written.count = 0;
    EXPECT(hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, &fault) == NULL);
    EXPECT_EQ(fault.result, HMM_TRACE_NOT_A_TRACE);
    memset(written.bytes, 7, 200000);
    for (written.count = 1; written.count <= 200000; written.count = written.count * 3 + 1) {
        EXPECT(hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, &fault) == NULL);
        EXPECT_EQ(fault.result, HMM_TRACE_NOT_A_TRACE);
    }
}

/* Nothing can be read from an offset on. */
static size_t failing_read(void *context, uint64_t offset, void *to, size_t bytes) {
    return offset + bytes > *(const size_t *)context ? SIZE_MAX : trace_read(&written, offset, to, bytes);
}

static void a_source_that_fails(void) {
    static const char *const about[] = {"pid=1", NULL};
    hmm_trace_fault fault;
    size_t end = 0;
    const hmm_trace_source source = {failing_read, NULL, &end, 0};
    make_events(12);
    write_events(&written, 10, HMM_TRACE_WRITER_LEAST_BYTES, false, about);
    const size_t first = frame_at(&written, 1);
    for (end = 0; end < first; end += HMM_TRACE_HEAD_BYTES) {
        EXPECT(hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, &fault) == NULL);
        EXPECT_EQ(fault.result, HMM_TRACE_READ_FAILED);
    }
    for (end = first; end <= first + HMM_TRACE_HEAD_BYTES; end += HMM_TRACE_HEAD_BYTES)
        expect_final(hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, &fault), HMM_TRACE_READ_FAILED, first);
}

static void compressed_and_no_function_for_it(void) {
    make_events(13);
    for (size_t i = 0; i < 100; i++) events[i] = (hmm_trace_event){.sequence = i, .kind = HMM_TRACE_MALLOC};
    write_events(&written, 100, HMM_TRACE_WRITER_BYTES, true, NULL);
    EXPECT(written.count < 200);
    hmm_trace_source source = trace_source(&written);
    source.decompress = NULL;
    hmm_trace_reader *reader = hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, NULL);
    expect_final(reader, HMM_TRACE_COMPRESSED, HMM_TRACE_HEAD_BYTES);
    expect_events(trace_reader(&written), 0, 100);
}

/* ---- Going to an event --------------------------------------------------------------------------------------------------- */

static void expect_seeks(hmm_trace_reader *reader, size_t count) {
    for (size_t i = 0; i < count; i += i < 30 ? 1 : 37) {
        const size_t to = i % 2 == 0 ? i : count - i;
        hmm_trace_reader_seek(reader, to);
        expect_events(reader, to, to + 3 < count ? to + 3 : count);
    }
    hmm_trace_reader_seek(reader, count);
    expect_result(reader, HMM_TRACE_END, frame_at(&written, frames_of(&written) - 1));
    hmm_trace_reader_seek(reader, 0);
    expect_events(reader, 0, count);
}

static void going_to_an_event(void) {
    make_events(14);
    write_events(&written, EVENTS, 700, false, NULL);
    expect_seeks(trace_reader(&written), EVENTS);
    hmm_trace_source source = trace_source(&written);
    source.bytes = 0;
    expect_seeks(hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, NULL), EVENTS);
}

static size_t bytes_read; /* from the source of the next test */

static size_t counting_read(void *context, uint64_t offset, void *to, size_t bytes) {
    const size_t got = trace_read(context, offset, to, bytes);
    bytes_read += got;
    return got;
}

/* A frame for each event, more than the index has room for: then it has every fourth, and serves all the same. */
static void an_index_that_is_thinned_out(void) {
    enum { FRAMES = 2500 };
    make_events(15);
    hmm_trace_writer *writer = trace_writer(&written, HMM_TRACE_WRITER_BYTES, false, NULL);
    for (size_t i = 0; i < FRAMES; i++) {
        hmm_trace_writer_put(writer, &events[i]);
        hmm_trace_writer_flush(writer);
    }
    EXPECT_EQ(hmm_trace_writer_finish(writer), HMM_TRACE_OK);
    EXPECT_EQ(frames_of(&written), FRAMES + 2);
    hmm_trace_source source = trace_source(&written);
    source.read = counting_read;
    hmm_trace_reader *reader = hmm_trace_reader_create(reader_memory, sizeof reader_memory, &source, NULL);
    expect_seeks(reader, FRAMES);
    const size_t last = written.count - frame_at(&written, FRAMES + 1);
    for (uint64_t to = 0; to < FRAMES; to += 13) {
        bytes_read = 0;
        hmm_trace_reader_seek(reader, to);
        EXPECT(bytes_read <= last + 8 + 4 * (HMM_TRACE_HEAD_BYTES + 1)); /* the index, and four heads */
    }
}

/* An index that leads anywhere: the reader says that this is no frame, or misses events, and ends. */
static void an_index_that_is_wrong(void) {
    make_events(16);
    for (uint64_t lie = 0; lie < 200; lie += 7) {
        write_events(&written, 60, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
        take_out(&written, frame_at(&written, frames_of(&written) - 1), written.count);
        unsigned char contents[32], *at = contents;
        at = number_put(at, 1);
        at = number_put(at, lie);
        at = number_put(at, 20);
        number_put_fixed(at, 8, written.count);
        const uint32_t bytes = (uint32_t)(at - contents) + 8;
        forge(&written, (hmm_trace_head){.kind = HMM_TRACE_FRAME_LAST, .stored = bytes, .first = 60}, contents);
        hmm_trace_reader *reader = trace_reader(&written);
        hmm_trace_event event;
        hmm_trace_reader_seek(reader, 40);
        int result = HMM_TRACE_OK;
        for (size_t i = 0; i < 100 && result != HMM_TRACE_END && result != HMM_TRACE_UNFINISHED; i++) {
            result = hmm_trace_reader_next(reader, &event);
            if (result == HMM_TRACE_OK) EXPECT(event.sequence >= 40 && same_event(&event, &events[event.sequence]));
        }
        EXPECT(result == HMM_TRACE_END || result == HMM_TRACE_UNFINISHED || result == HMM_TRACE_RESTARTED);
    }
}

/* ---- Writers ------------------------------------------------------------------------------------------------------------- */

static void too_little_memory(void) {
    hmm_trace_fault fault;
    const hmm_trace_source source = trace_source(&written);
    EXPECT(trace_writer(&written, HMM_TRACE_WRITER_LEAST_BYTES - 1, false, NULL) == NULL);
    EXPECT(trace_writer(&written, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL) != NULL);
    EXPECT(hmm_trace_reader_create(reader_memory, HMM_TRACE_READER_BYTES - 1, &source, &fault) == NULL);
    EXPECT_EQ(fault.result, HMM_TRACE_NO_MEMORY);
    EXPECT(hmm_trace_reader_create((char *)reader_memory + 1, HMM_TRACE_READER_BYTES, &source, NULL) == NULL);
}

/* Whatever a sink takes before it fails can be read. */
static void a_sink_that_fails(void) {
    make_events(17);
    write_events(&written, 100, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    const size_t whole = written.count;
    for (written.fails_at = 1; written.fails_at < whole; written.fails_at += 13) {
        hmm_trace_writer *writer = trace_writer(&written, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
        EXPECT_EQ(writer == NULL, written.fails_at < HMM_TRACE_HEAD_BYTES);
        if (writer == NULL) continue;
        int result = HMM_TRACE_OK;
        for (size_t i = 0; i < 100 && result == HMM_TRACE_OK; i++) result = hmm_trace_writer_put(writer, &events[i]);
        if (result != HMM_TRACE_OK) EXPECT_EQ(result, HMM_TRACE_WRITE_FAILED);
        EXPECT_EQ(hmm_trace_writer_flush(writer), hmm_trace_writer_flush(writer));
        EXPECT_EQ(hmm_trace_writer_finish(writer), HMM_TRACE_WRITE_FAILED);
        EXPECT_EQ(hmm_trace_writer_put(writer, &events[0]), HMM_TRACE_WRITE_FAILED);
        EXPECT(written.count <= written.fails_at);
    }
    written.fails_at = 0;
}

static void events_that_cannot_be(void) {
    hmm_trace_writer *writer = trace_writer(&written, HMM_TRACE_WRITER_LEAST_BYTES, false, NULL);
    const hmm_trace_event kind = {.kind = (hmm_trace_kind)5}, failed = {.kind = HMM_TRACE_FREE, .failed = true};
    EXPECT_EQ(hmm_trace_writer_put(writer, &kind), HMM_TRACE_INVALID);
    EXPECT_EQ(hmm_trace_writer_put(writer, &failed), HMM_TRACE_INVALID);
    EXPECT_EQ(hmm_trace_writer_finish(writer), HMM_TRACE_OK);
    expect_final(trace_reader(&written), HMM_TRACE_END, HMM_TRACE_HEAD_BYTES);
}

static void names(void) {
    EXPECT_STR_EQ(hmm_trace_kind_name(HMM_TRACE_MALLOC), "malloc");
    EXPECT_STR_EQ(hmm_trace_kind_name(HMM_TRACE_FREE), "free");
    EXPECT_STR_EQ(hmm_trace_kind_name((hmm_trace_kind)5), "?");
    EXPECT_STR_EQ(hmm_trace_result_name(HMM_TRACE_OK), "HMM_TRACE_OK");
    EXPECT_STR_EQ(hmm_trace_result_name(HMM_TRACE_INVALID), "HMM_TRACE_INVALID");
    EXPECT_STR_EQ(hmm_trace_result_name(HMM_TRACE_INVALID + 1), "HMM_TRACE_?");
    EXPECT_STR_EQ(hmm_trace_result_name(-1), "HMM_TRACE_?");
}

static void checksums(void) {
    EXPECT_EQ(frame_crc(0, (const unsigned char *)"123456789", 9), 0xcbf43926);
    EXPECT_EQ(frame_crc(frame_crc(0, (const unsigned char *)"1234", 4), (const unsigned char *)"56789", 5), 0xcbf43926);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        TEST(what_is_written_is_read),
        TEST(the_example_of_the_document),
        TEST(a_trace_without_events),
        TEST(a_trace_says_what_it_is_of),
        TEST(what_does_not_fit_is_left_out),
        TEST(time_does_not_fall),
        TEST(lost_events_are_told),
        TEST(a_trace_that_is_cut_off),
        TEST(a_trace_with_a_wrong_bit),
        TEST(a_frame_that_is_gone),
        TEST(noise_between_frames),
        TEST(noise_in_front),
        TEST(a_log_that_begins_in_a_frame),
        TEST(another_trace_behind),
        TEST(records_that_are_wrong),
        TEST(heads_that_are_wrong),
        TEST(a_frame_that_is_too_large),
        TEST(frames_that_go_back),
        TEST(a_later_version),
        TEST(what_is_no_trace),
        TEST(a_source_that_fails),
        TEST(compressed_and_no_function_for_it),
        TEST(going_to_an_event),
        TEST(an_index_that_is_thinned_out),
        TEST(an_index_that_is_wrong),
        TEST(too_little_memory),
        TEST(a_sink_that_fails),
        TEST(events_that_cannot_be),
        TEST(names),
        TEST(checksums),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
