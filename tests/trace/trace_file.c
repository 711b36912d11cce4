/* trace_file.c: traces in files: opening, reading, writing, and what can go wrong with files.
 *
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"

#include "heapmm/trace.h"

enum { EVENTS = 100000 };

static char path[] = "/tmp/heapmm-trace-XXXXXX";

static void make_file(void) {
    memcpy(path + strlen(path) - 6, "XXXXXX", 6);
    const int file = mkstemp(path);
    EXPECT(file >= 0);
    close(file);
}

static void remove_file(void) {
    unlink(path);
}

/* A program that has a few blocks at a time, of a few sizes. */
static hmm_trace_event event_of(uint64_t sequence) {
    const uint64_t block = sequence / 2 * 2654435761u % 5000;
    hmm_trace_event event = {.sequence = sequence,
                             .time = sequence * 100 + sequence % 7,
                             .thread = (uint32_t)(sequence / 1000 % 3)};
    event.kind = sequence % 2 == 0 ? HMM_TRACE_MALLOC : HMM_TRACE_FREE;
    if (event.kind == HMM_TRACE_MALLOC) event.address = 0x7f0000001000 + block * 64;
    if (event.kind == HMM_TRACE_MALLOC) event.size = 16 + block % 48;
    if (event.kind == HMM_TRACE_FREE) event.old_address = 0x7f0000001000 + block * 64;
    return event;
}

static hmm_trace_writer *begin_file(const char *name, uint64_t count) {
    static const char *const about[] = {"program=/bin/test", "pid=7", NULL};
    hmm_trace_writer *writer = hmm_trace_writer_open(name, about);
    EXPECT(writer != NULL);
    for (uint64_t i = 0; i < count; i++) {
        const hmm_trace_event event = event_of(i);
        EXPECT_EQ(hmm_trace_writer_put(writer, &event), HMM_TRACE_OK);
    }
    return writer;
}

static void write_file(void) {
    EXPECT_EQ(hmm_trace_writer_close(begin_file(path, EVENTS)), HMM_TRACE_OK);
}

static void expect_event(hmm_trace_reader *reader, uint64_t sequence) {
    hmm_trace_event event;
    const hmm_trace_event expected = event_of(sequence);
    EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_OK);
    EXPECT_EQ(event.sequence, sequence);
    EXPECT(event.time == expected.time && event.size == expected.size && event.address == expected.address &&
           event.old_address == expected.old_address && event.thread == expected.thread && event.kind == expected.kind);
}

static void expect_all_events(hmm_trace_reader *reader) {
    hmm_trace_event event;
    for (uint64_t i = 0; i < EVENTS; i++) expect_event(reader, i);
    EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_END);
}

static off_t bytes_of_file(void) {
    const int file = open(path, O_RDONLY);
    const off_t bytes = lseek(file, 0, SEEK_END);
    close(file);
    return bytes;
}

static void a_file_is_read_as_it_was_written(void) {
    make_file();
    write_file();
    EXPECT(bytes_of_file() < 8 * EVENTS);
    hmm_trace_fault fault;
    hmm_trace_reader *reader = hmm_trace_reader_open(path, &fault);
    EXPECT(reader != NULL);
    EXPECT_STR_EQ(hmm_trace_reader_about(reader, "program"), "/bin/test");
    EXPECT_EQ(hmm_trace_reader_bytes(reader), bytes_of_file());
    expect_all_events(reader);
    EXPECT_EQ(hmm_trace_reader_offset(reader), bytes_of_file());
    for (uint64_t to = EVENTS; to > 0; to -= 5000) {
        hmm_trace_reader_seek(reader, to - 1);
        expect_event(reader, to - 1);
    }
    hmm_trace_reader_close(reader);
    remove_file();
}

/* From a pipe, which cannot be read twice: also with damage in the middle, after which one must look back. */
static void a_pipe_is_read(void) {
    for (int damaged = 0; damaged < 2; damaged++) {
        int ends[2];
        make_file();
        write_file();
        const int file = open(path, O_RDWR);
        EXPECT(pipe(ends) == 0);
        if (damaged) EXPECT_EQ(pwrite(file, "damage", 6, 1000), 6);
        const pid_t child = fork();
        if (child == 0) {
            char bytes[5000];
            for (ssize_t got; (got = read(file, bytes, sizeof bytes)) > 0;)
                if (write(ends[1], bytes, (size_t)got) != got) _exit(1);
            _exit(0);
        }
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        hmm_trace_reader *reader = hmm_trace_reader_open("-", NULL);
        EXPECT(reader != NULL);
        EXPECT_EQ(hmm_trace_reader_bytes(reader), 0);
        hmm_trace_event event;
        if (!damaged) {
            expect_all_events(reader);
            hmm_trace_reader_seek(reader, 77);
            expect_event(reader, 77);
        } else {
            EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_DAMAGED);
            EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_MISSING);
            const uint64_t missing = hmm_trace_reader_fault(reader)->events;
            EXPECT(missing > 1000 && missing < EVENTS / 2);
            for (uint64_t i = missing; i < EVENTS; i++) expect_event(reader, i);
            EXPECT_EQ(hmm_trace_reader_next(reader, &event), HMM_TRACE_END);
        }
        hmm_trace_reader_close(reader);
        close(file);
        EXPECT(waitpid(child, NULL, 0) == child);
        remove_file();
    }
}

/* Whoever writes is killed: what was in whole frames is there. */
static void a_writer_that_is_killed(void) {
    make_file();
    const pid_t child = fork();
    if (child == 0) {
        begin_file(path, EVENTS);
        _exit(0);
    }
    EXPECT(waitpid(child, NULL, 0) == child);
    hmm_trace_reader *reader = hmm_trace_reader_open(path, NULL);
    hmm_trace_event event;
    uint64_t count = 0;
    int result;
    while ((result = hmm_trace_reader_next(reader, &event)) == HMM_TRACE_OK) EXPECT_EQ(event.sequence, count++);
    EXPECT_EQ(result, HMM_TRACE_UNFINISHED);
    EXPECT(count > EVENTS / 2 && count < EVENTS);
    hmm_trace_reader_close(reader);
    remove_file();
}

static void files_that_cannot_be_opened(void) {
    hmm_trace_fault fault;
    EXPECT(hmm_trace_reader_open("/nowhere/at/all", &fault) == NULL);
    EXPECT_EQ(errno, ENOENT);
    EXPECT_EQ(fault.result, HMM_TRACE_READ_FAILED);
    EXPECT(hmm_trace_reader_open("/nowhere/at/all", NULL) == NULL);
    EXPECT(hmm_trace_reader_open("/", &fault) == NULL);
    EXPECT_EQ(errno, EISDIR);
    EXPECT(hmm_trace_writer_open("/nowhere/at/all", NULL) == NULL);
    EXPECT_EQ(errno, ENOENT);
    hmm_trace_reader_close(NULL);
    EXPECT_EQ(hmm_trace_writer_close(NULL), HMM_TRACE_OK);
}

static void a_file_that_is_no_trace(void) {
    hmm_trace_fault fault;
    EXPECT(hmm_trace_reader_open("/proc/self/exe", &fault) == NULL);
    EXPECT_EQ(fault.result, HMM_TRACE_NOT_A_TRACE);
    EXPECT(hmm_trace_reader_open("/dev/null", &fault) == NULL);
    EXPECT_EQ(fault.result, HMM_TRACE_NOT_A_TRACE);
}

static void a_disk_that_is_full(void) {
    errno = 0;
    EXPECT(hmm_trace_writer_open("/dev/full", NULL) == NULL);
    EXPECT_EQ(errno, ENOSPC);
}

/* The disk gets full later: all open files become one that is full. */
static void a_disk_that_gets_full(void) {
    make_file();
    const pid_t child = fork();
    if (child == 0) {
        hmm_trace_writer *writer = begin_file(path, 10);
        const int full = open("/dev/full", O_WRONLY);
        for (int file = 3; file < 32; file++)
            if (file != full) dup2(full, file);
        _exit(hmm_trace_writer_close(writer) == HMM_TRACE_WRITE_FAILED && errno == ENOSPC ? 0 : 1);
    }
    int status = -1;
    EXPECT(waitpid(child, &status, 0) == child && status == 0);
    remove_file();
}

int main(int argc, char **argv) {
    static const struct test tests[] = {
        TEST(a_file_is_read_as_it_was_written),
        TEST(a_pipe_is_read),
        TEST(a_writer_that_is_killed),
        TEST(files_that_cannot_be_opened),
        TEST(a_file_that_is_no_trace),
        TEST(a_disk_that_is_full),
        TEST(a_disk_that_gets_full),
    };
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
