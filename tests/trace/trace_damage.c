/* trace_damage.c: what readers say of traces that are cut off, damaged, or made wrong on purpose.
 *
 * SPDX-License-Identifier: MIT */
#include "trace/record.h"
#include "trace_events.h"

static trace other;

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

int main(int argc, char **argv) {
    static const struct test tests[] = {
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
        TEST(an_index_that_is_wrong),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
