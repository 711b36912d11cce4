/* traces_main.c: writes a trace of what each input of the target `operations` does.
 *
 * SPDX-License-Identifier: MIT
 *
 *     traces DIRECTORY FILE...      FILE's trace is DIRECTORY/NAME.hmt
 *
 * Addresses are places in the heap's memory, so a picture of the trace is one of the heap. A call is a microsecond. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "heapmm/trace.h"
#include "operations_fuzz.h"

enum { MOST_BYTES = 1 << 24 };

static hmm_trace_writer *writer;
static uint64_t calls;

static _Noreturn void die(const char *path) {
    perror(path);
    exit(EXIT_FAILURE);
}

static void hear(void *context, const call *heard) {
    const hmm_trace_event event = {.kind = (hmm_trace_kind)heard->kind,
                                   .failed = heard->failed,
                                   .time = 1000 * calls++,
                                   .size = heard->size,
                                   .alignment = heard->alignment,
                                   .address = heard->address,
                                   .old_address = heard->old_address};
    if (hmm_trace_writer_put(writer, &event) != HMM_TRACE_OK) die(context);
}

static bool write_file(void *context, const void *bytes, size_t count) {
    return fwrite(bytes, 1, count, context) == count;
}

static size_t read_file(const char *path, uint8_t **bytes) {
    FILE *file = fopen(path, "rb");
    *bytes = malloc(MOST_BYTES);
    if (file == NULL || *bytes == NULL) die(path);
    const size_t count = fread(*bytes, 1, MOST_BYTES, file);
    if (ferror(file)) die(path);
    fclose(file);
    return count;
}

/* Not compressed, so that it is an input for every build of the target. */
static void trace_file(const char *directory, const char *path) {
    static max_align_t memory[HMM_TRACE_WRITER_BYTES / sizeof(max_align_t) + 1];
    char name[4096];
    uint8_t *bytes;
    const char *last = strrchr(path, '/');
    const char *const about[] = {"program=an input of the fuzz target operations", NULL};
    const size_t count = read_file(path, &bytes);
    snprintf(name, sizeof name, "%s/%s.hmt", directory, last == NULL ? path : last + 1);
    FILE *file = fopen(name, "wb");
    if (file == NULL) die(name);
    const hmm_trace_sink sink = {.write = write_file, .context = file};
    writer = hmm_trace_writer_create(memory, sizeof memory, &sink, about);
    if (writer == NULL) die(name);
    operations_fuzz_listen(&(listener){hear, name});
    calls = 0;
    LLVMFuzzerTestOneInput(bytes, count);
    if (hmm_trace_writer_finish(writer) != HMM_TRACE_OK || fclose(file) != 0) die(name);
    free(bytes);
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: traces DIRECTORY FILE...\n"), 2;
    for (int i = 2; i < argc; i++) trace_file(argv[1], argv[i]);
    printf("%d traces\n", argc - 2);
    return 0;
}
