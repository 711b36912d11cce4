/* progress.h: a bar on stderr while something runs, if stderr is a terminal.
 *
 * SPDX-License-Identifier: MIT */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdint.h>

struct progress {
    char label[48];
    uint64_t done, expected; /* in whatever unit */
    double drawn_at;         /* clock_seconds */
};

void progress_start(struct progress *progress, uint64_t expected, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* One unit more is done. Draws at most ten times a second. */
void progress_advance(struct progress *progress);

/* Removes the bar. */
void progress_end(struct progress *progress);

#endif
