/* search.c: see search.h.
 *
 * SPDX-License-Identifier: MIT */
#include "search.h"

#include <sqlite3.h>
#include <stdio.h>

#include "format.h"

enum outcome { TOO_SMALL, LARGE_ENOUGH, BROKEN };

/* Says what the run did, and what is wrong with it if something is. */
static enum outcome judge(const struct heap_run *run, const struct answers *expected, char *text, size_t bytes) {
    const char *complaint = run_complaint(run);
    const struct answers *answers = &run->answers;
    if (complaint != NULL) {
        snprintf(text, bytes, "BROKEN: %s", complaint);
        return BROKEN;
    }
    if (answers->code == SQLITE_NOMEM) {
        snprintf(text, bytes, "out of memory: %s", run_failed_step(answers));
        return TOO_SMALL;
    }
    if (answers->code != SQLITE_OK) {
        snprintf(text, bytes, "BROKEN: error %d, %s: %s", answers->code, answers->message, run_failed_step(answers));
        return BROKEN;
    }
    const size_t step = workload_difference(answers, expected);
    if (step < WORKLOAD_STEPS) {
        snprintf(text, bytes, "BROKEN: wrong answer: %s", workload_step_name(step));
        return BROKEN;
    }
    snprintf(text, bytes, "every answer right");
    return LARGE_ENOUGH;
}

static enum outcome try_size(struct setting *setting, const struct answers *expected, size_t bytes) {
    struct heap_run run;
    char label[FORMAT_BYTES + 16], mebibytes[FORMAT_BYTES], count[FORMAT_BYTES], text[160];
    snprintf(label, sizeof label, "in %s MiB", format_mebibytes(mebibytes, bytes));
    run_on_heap(setting, label, bytes, NULL, &run);
    const enum outcome outcome = judge(&run, expected, text, sizeof text);
    printf("  %10s  %-42s %-16s %6s blocks\n", mebibytes, text, hmm_result_name((int)run.closed.fault.code),
           format_count(count, run.closed.stats.blocks_in_use));
    fflush(stdout);
    return outcome;
}

size_t search_smallest(struct setting *setting, const struct answers *expected, size_t enough, size_t step) {
    size_t small = 0, large = (enough + step - 1) / step;
    printf("  %10s  %-42s %-16s %s\n", "MiB", "SQLite", "check of heap", "left after closing");
    while (large - small > 1) {
        const size_t middle = small + (large - small) / 2;
        const enum outcome outcome = try_size(setting, expected, middle * step);
        if (outcome == BROKEN) return 0;
        if (outcome == LARGE_ENOUGH)
            large = middle;
        else
            small = middle;
    }
    return large * step;
}
