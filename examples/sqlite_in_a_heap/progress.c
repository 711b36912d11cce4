/* progress.c: see progress.h.
 *
 * SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"

#define BAR_CELLS 40
#define SECONDS_BETWEEN_DRAWINGS 0.1

static bool is_shown(void) {
    return isatty(STDERR_FILENO) != 0;
}

static void draw(const struct progress *progress) {
    static const char full[] = "########################################";
    _Static_assert(sizeof full - 1 == BAR_CELLS, "as wide as the bar");
    /* An estimate can be too low: the bar then waits just before its end. */
    const uint64_t done = progress->done < progress->expected ? progress->done : progress->expected - 1;
    const int cells = (int)(done * BAR_CELLS / progress->expected);
    const int percent = (int)(done * 100 / progress->expected);
    fprintf(stderr, "\r%-28s [%.*s%*s] %3d %%", progress->label, cells, full, BAR_CELLS - cells, "", percent);
    fflush(stderr);
}

void progress_start(struct progress *progress, uint64_t expected, const char *format, ...) {
    va_list arguments;
    *progress = (struct progress){.expected = expected == 0 ? 1 : expected};
    va_start(arguments, format);
    vsnprintf(progress->label, sizeof progress->label, format, arguments);
    va_end(arguments);
    if (is_shown()) draw(progress);
    progress->drawn_at = clock_seconds();
}

void progress_advance(struct progress *progress) {
    progress->done++;
    if (!is_shown()) return;
    const double now = clock_seconds();
    if (now < progress->drawn_at + SECONDS_BETWEEN_DRAWINGS) return;
    progress->drawn_at = now;
    draw(progress);
}

void progress_end(struct progress *progress) {
    progress->done = progress->expected;
    if (is_shown()) fputs("\r\033[K", stderr);
}
