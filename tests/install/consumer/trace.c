/* trace.c: writes a trace and reads it, with the installed library.
 *
 * SPDX-License-Identifier: MIT */
#include <heapmm/trace.h>
#include <stdio.h>

int main(int argc, char **argv) {
    const char *path = argc > 1 ? argv[1] : "consumer.hmt";
    hmm_trace_event event = {.kind = HMM_TRACE_MALLOC, .size = 100, .address = 0x1000};
    hmm_trace_writer *writer = hmm_trace_writer_open(path, NULL);
    if (writer == NULL || hmm_trace_writer_put(writer, &event) != HMM_TRACE_OK) return 1;
    if (hmm_trace_writer_close(writer) != HMM_TRACE_OK) return 1;
    hmm_trace_reader *reader = hmm_trace_reader_open(path, NULL);
    if (reader == NULL || hmm_trace_reader_next(reader, &event) != HMM_TRACE_OK) return 1;
    printf("%s of %llu bytes\n", hmm_trace_kind_name(event.kind), (unsigned long long)event.size);
    hmm_trace_reader_close(reader);
    return 0;
}
