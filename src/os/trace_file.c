/* trace_file.c: traces in files, compressed with zstd.
 *
 * SPDX-License-Identifier: MIT */
#define _GNU_SOURCE 1
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "heapmm/trace.h"

/* The quickest level that makes a difference: level 3 takes half as long again for 3 % less. */
enum { LEVEL = 1 };

/* ---- Reading ------------------------------------------------------------------------------------------------------------- */

/* What is at the end of a pipe is copied to a temporary file as it is needed, so that the reader may go back. */
typedef struct input {
    int file;
    int pipe;         /* -1: none */
    uint64_t spooled; /* bytes copied */
    ZSTD_DCtx *context;
    max_align_t memory[HMM_TRACE_READER_BYTES / sizeof(max_align_t) + 1];
} input;

static size_t read_at(int file, uint64_t offset, unsigned char *to, size_t bytes) {
    size_t done = 0;
    while (done < bytes) {
        const ssize_t got = pread(file, to + done, bytes - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return SIZE_MAX;
        if (got == 0) break;
        done += (size_t)got;
    }
    return done;
}

static bool write_all(int file, const unsigned char *from, size_t bytes) {
    while (bytes > 0) {
        const ssize_t done = write(file, from, bytes);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        from += done;
        bytes -= (size_t)done;
    }
    return true;
}

/* Copies from the pipe until so many bytes are there, or it ends. */
static bool spool(input *in, uint64_t until) {
    unsigned char bytes[16384];
    while (in->spooled < until) {
        const ssize_t got = read(in->pipe, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 || !write_all(in->file, bytes, (size_t)got)) return false;
        if (got == 0) break;
        in->spooled += (uint64_t)got;
    }
    return true;
}

static size_t read_source(void *context, uint64_t offset, void *to, size_t bytes) {
    input *in = context;
    if (offset > INT64_MAX - bytes) return 0;
    if (in->pipe >= 0 && !spool(in, offset + bytes)) return SIZE_MAX;
    return read_at(in->file, offset, to, bytes);
}

static size_t decompress(void *context, void *to, size_t room, const void *from, size_t bytes) {
    input *in = context;
    const size_t got = ZSTD_decompressDCtx(in->context, to, room, from, bytes);
    return ZSTD_isError(got) ? SIZE_MAX : got;
}

static int open_temporary(void) {
    FILE *file = tmpfile();
    if (file == NULL) return -1;
    const int copy = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
    fclose(file);
    return copy;
}

/* Sets the input's file, and how long it is; false, with errno. */
static bool open_input(input *in, const char *path, uint64_t *bytes) {
    struct stat status;
    in->pipe = -1;
    in->file = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);
    if (in->file < 0 || fstat(in->file, &status) != 0) return false;
    if (S_ISDIR(status.st_mode)) {
        errno = EISDIR;
        return false;
    }
    *bytes = (uint64_t)status.st_size;
    if (S_ISREG(status.st_mode)) return true;
    *bytes = 0;
    in->pipe = in->file;
    in->file = open_temporary();
    return in->file >= 0;
}

static void close_input(input *in) {
    const int error = errno;
    if (in->file >= 0) close(in->file);
    if (in->pipe >= 0) close(in->pipe);
    ZSTD_freeDCtx(in->context);
    free(in);
    errno = error;
}

hmm_trace_reader *hmm_trace_reader_open(const char *path, hmm_trace_fault *fault) {
    hmm_trace_source source = {read_source, decompress, NULL, 0};
    hmm_trace_reader *reader = NULL;
    input *in = calloc(1, sizeof *in);
    if (fault != NULL) *fault = (hmm_trace_fault){HMM_TRACE_NO_MEMORY, 0, 0, "no memory for a reader"};
    if (in == NULL) return NULL;
    in->context = ZSTD_createDCtx();
    source.context = in;
    if (!open_input(in, path, &source.bytes)) {
        if (fault != NULL) *fault = (hmm_trace_fault){HMM_TRACE_READ_FAILED, 0, 0, "opening failed"};
    } else if (in->context != NULL) {
        reader = hmm_trace_reader_create(in->memory, sizeof in->memory, &source, fault);
    }
    if (reader == NULL) close_input(in);
    return reader;
}

/* The reader stands at the start of the input's memory. */
void hmm_trace_reader_close(hmm_trace_reader *reader) {
    if (reader != NULL) close_input((input *)(void *)((char *)reader - offsetof(input, memory)));
}

/* ---- Writing ------------------------------------------------------------------------------------------------------------- */

typedef struct output {
    int file;
    int error; /* errno of what failed first */
    ZSTD_CCtx *context;
    max_align_t memory[HMM_TRACE_WRITER_BYTES / sizeof(max_align_t) + 1];
} output;

static bool write_sink(void *context, const void *bytes, size_t count) {
    output *out = context;
    if (write_all(out->file, bytes, count)) return true;
    out->error = errno;
    return false;
}

static size_t compress(void *context, void *to, size_t room, const void *from, size_t bytes) {
    output *out = context;
    const size_t got = ZSTD_compressCCtx(out->context, to, room, from, bytes, LEVEL);
    return ZSTD_isError(got) ? SIZE_MAX : got;
}

static int close_output(output *out) {
    if (close(out->file) != 0 && out->error == 0) out->error = errno;
    const int error = out->error;
    ZSTD_freeCCtx(out->context);
    free(out);
    return error;
}

hmm_trace_writer *hmm_trace_writer_open(const char *path, const char *const *about) {
    output *out = calloc(1, sizeof *out);
    if (out == NULL) return NULL;
    const int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    out->file = strcmp(path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, flags, 0666);
    if (out->file < 0) {
        const int error = errno;
        free(out);
        errno = error;
        return NULL;
    }
    out->context = ZSTD_createCCtx();
    const hmm_trace_sink sink = {write_sink, out->context == NULL ? NULL : compress, out};
    hmm_trace_writer *writer = hmm_trace_writer_create(out->memory, sizeof out->memory, &sink, about);
    if (writer == NULL) errno = close_output(out);
    return writer;
}

/* The writer stands at the start of the output's memory. */
int hmm_trace_writer_close(hmm_trace_writer *writer) {
    if (writer == NULL) return HMM_TRACE_OK;
    output *out = (output *)(void *)((char *)writer - offsetof(output, memory));
    const int result = hmm_trace_writer_finish(writer);
    const int error = close_output(out);
    if (result == HMM_TRACE_OK && error == 0) return HMM_TRACE_OK;
    errno = error;
    return HMM_TRACE_WRITE_FAILED;
}
