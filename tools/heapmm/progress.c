/* progress.c: see progress.h.
 *
 * SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Seconds before the first line, and between two. */
static const double patience = 2, interval = 0.2;

/* The clock is looked at every so many calls. */
enum { CALLS = 4096 };

static struct {
    const char *what, *unit;
    double start, told;
    unsigned calls;
    bool is_terminal, is_shown;
} line;

static double seconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_begin(const char *what, const char *unit) {
    progress_clear();
    line.what = what;
    line.unit = unit;
    line.start = line.told = seconds();
    line.calls = 0;
    line.is_terminal = isatty(STDERR_FILENO) != 0;
}

static void show_left(double passed, uint64_t done, uint64_t total) {
    if (total == 0 || done == 0) return;
    const double part = (double)done / (double)total;
    const double left = part < 1 ? passed / part - passed : 0;
    fprintf(stderr, ", %.0f %%, %.0f s left", part * 100, left);
}

/* Whether it is time for a line; and how many seconds have passed. */
static bool is_due(double *passed) {
    const double time = seconds();
    *passed = time - line.start;
    if (*passed < patience || time - line.told < interval) return false;
    line.told = time;
    return line.is_shown = true;
}

void progress_tell(uint64_t count, uint64_t done, uint64_t total) {
    double passed;
    if (!line.is_terminal || line.calls++ % CALLS != 0 || !is_due(&passed)) return;
    fprintf(stderr, "\r\033[K%s: %.1f million %s, %.1f million/s", line.what, (double)count / 1e6, line.unit,
            (double)count / 1e6 / passed);
    show_left(passed, done, total);
    fflush(stderr);
}

void progress_tell_few(const char *what, uint64_t count, uint64_t left) {
    double passed;
    if (!line.is_terminal || !is_due(&passed)) return;
    const double rate = (double)count / passed;
    fprintf(stderr, "\r\033[K%s: %s: %llu %s, %.1f/s, %.0f s left of this pass", line.what, what, (unsigned long long)count,
            line.unit, rate, (double)left / rate);
    fflush(stderr);
}

void progress_clear(void) {
    if (line.is_shown) fputs("\r\033[K", stderr);
    line.is_shown = false;
}
