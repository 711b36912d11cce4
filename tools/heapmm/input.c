/* input.c: see input.h.
 *
 * SPDX-License-Identifier: MIT */
#include "input.h"

#include <errno.h>
#include <string.h>

#include "progress.h"
#include "say.h"

/* Damages and gaps that are said one by one. */
enum { SAID = 10 };

static unsigned long long number(uint64_t value) {
    return value;
}

bool input_open(input *in, const char *path) {
    hmm_trace_fault fault;
    *in = (input){.path = path, .whole = true, .reader = hmm_trace_reader_open(path, &fault)};
    if (in->reader != NULL) {
        progress_begin("reading", "events");
        return true;
    }
    if (fault.result == HMM_TRACE_READ_FAILED)
        say("%s: %s", path, strerror(errno));
    else
        say("%s: offset %llu: %s", path, number(fault.offset), fault.text);
    return false;
}

static void explain_missing(input *in, const hmm_trace_fault *fault) {
    in->missing += fault->events;
    if (++in->gaps > SAID || in->is_quiet) return;
    say("%s: offset %llu: %llu events are missing here", in->path, number(fault->offset), number(fault->events));
    if (in->gaps == SAID) say("%s: where more are missing is not told", in->path);
}

static void explain_damage(input *in, const hmm_trace_fault *fault) {
    if (++in->damaged > SAID || in->is_quiet) return;
    say("%s: offset %llu: damaged: %s", in->path, number(fault->offset), fault->text);
    if (in->damaged == SAID) say("%s: more damage is not told", in->path);
}

/* Whether to go on. */
static bool explain(input *in, int result) {
    const hmm_trace_fault *fault = hmm_trace_reader_fault(in->reader);
    if (result == HMM_TRACE_END) return false;
    in->whole = false;
    if (result == HMM_TRACE_MISSING) explain_missing(in, fault);
    if (result == HMM_TRACE_DAMAGED) explain_damage(in, fault);
    if (result == HMM_TRACE_MISSING || result == HMM_TRACE_DAMAGED) return true;
    in->failed = result != HMM_TRACE_UNFINISHED && result != HMM_TRACE_TRUNCATED && result != HMM_TRACE_RESTARTED;
    if (!in->is_quiet) say("%s: offset %llu: %s", in->path, number(fault->offset), fault->text);
    return false;
}

/* No time falls in a trace that heapmm wrote; in a frame that others made one may, and counts as the one before. */
static void never_fall(input *in, hmm_trace_event *event) {
    if (event->time < in->time) event->time = in->time;
    in->time = event->time;
}

bool input_next(input *in, hmm_trace_event *event) {
    for (;;) {
        const int result = hmm_trace_reader_next(in->reader, event);
        if (result == HMM_TRACE_OK) {
            in->events++;
            never_fall(in, event);
            progress_tell(in->events, hmm_trace_reader_offset(in->reader), hmm_trace_reader_bytes(in->reader));
            return true;
        }
        if (!explain(in, result)) break;
    }
    progress_clear();
    return false;
}

void input_close(input *in) {
    hmm_trace_reader_close(in->reader);
    in->reader = NULL;
}

const char *input_about(const input *in, const char *name, const char *otherwise) {
    const char *text = hmm_trace_reader_about(in->reader, name);
    return text == NULL || *text == '\0' ? otherwise : text;
}
