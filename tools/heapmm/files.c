/* files.c: see files.h.
 *
 * SPDX-License-Identifier: MIT */
#include "files.h"

#include <string.h>
#include <sys/stat.h>

#include "heapmm/trace.h"

#include "say.h"

bool files_may_be_trace(const char *path) {
    struct stat status;
    if (strcmp(path, "-") == 0 || stat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) return true;
    hmm_trace_fault fault;
    hmm_trace_reader *reader = hmm_trace_reader_open(path, &fault);
    hmm_trace_reader_close(reader);
    if (reader != NULL || fault.result != HMM_TRACE_NOT_A_TRACE) return true;
    say("%s is there, and is no trace: remove it, or give -o another name", path);
    return false;
}
