/* names.c: what kinds of events and results are called.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/trace.h"

const char *hmm_trace_kind_name(hmm_trace_kind kind) {
    static const char *const names[] = {"malloc", "calloc", "realloc", "aligned_alloc", "free"};
    const size_t index = (size_t)kind;
    return index < sizeof names / sizeof names[0] ? names[index] : "?";
}

const char *hmm_trace_result_name(int result) {
    static const char *const names[] = {
        "HMM_TRACE_OK",          "HMM_TRACE_END",          "HMM_TRACE_UNFINISHED",  "HMM_TRACE_TRUNCATED", "HMM_TRACE_RESTARTED",
        "HMM_TRACE_MISSING",     "HMM_TRACE_DAMAGED",      "HMM_TRACE_NOT_A_TRACE", "HMM_TRACE_NEWER",     "HMM_TRACE_COMPRESSED",
        "HMM_TRACE_READ_FAILED", "HMM_TRACE_WRITE_FAILED", "HMM_TRACE_NO_MEMORY",   "HMM_TRACE_INVALID",
    };
    _Static_assert(sizeof names / sizeof names[0] == HMM_TRACE_INVALID + 1, "each result has a name");
    return result >= 0 && result <= HMM_TRACE_INVALID ? names[result] : "HMM_TRACE_?";
}
