/* trace_units.c: what is written is read, from wherever one begins; and what readers and writers say when something is wrong.
 *
 * SPDX-License-Identifier: MIT */
#include "trace_events.h"

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
        TEST(going_to_an_event),
        TEST(an_index_that_is_thinned_out),
        TEST(too_little_memory),
        TEST(a_sink_that_fails),
        TEST(events_that_cannot_be),
        TEST(names),
        TEST(checksums),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
