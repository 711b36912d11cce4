/* counter.c: see counter.h.
 *
 * SPDX-License-Identifier: MIT */
#include "counter.h"

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

static int file = -1;

/* What the system gives with this format. */
typedef struct reading {
    uint64_t instructions;
    uint64_t enabled, running; /* nanoseconds */
} reading;

bool counter_begin(void) {
    struct perf_event_attr wanted = {.type = PERF_TYPE_HARDWARE,
                                     .size = sizeof wanted,
                                     .config = PERF_COUNT_HW_INSTRUCTIONS,
                                     .read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
                                     .inherit = 1,
                                     .exclude_kernel = 1,
                                     .exclude_hv = 1};
    file = (int)syscall(SYS_perf_event_open, &wanted, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    return counter_read() > 0;
}

/* A counter that had to share the processor's registers with others has counted only some of the time. */
uint64_t counter_read(void) {
    reading r;
    const bool is_read = file >= 0 && read(file, &r, sizeof r) == (ssize_t)sizeof r;
    return is_read && r.running == r.enabled ? r.instructions : 0;
}
