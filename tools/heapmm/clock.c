/* clock.c: see clock.h.
 *
 * SPDX-License-Identifier: MIT */
#include "clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../record/ticks.h"

/* Both clocks at one moment. */
typedef struct look {
    uint64_t ticks;
    uint64_t time;
} look;

static bool uses_ticks;
static look first, last;
static double rate; /* nanoseconds in a tick, from the first look to the last */

static look look_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (look){ticks_now(), (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec};
}

static bool system_trusts_ticks(void) {
    char name[32] = "";
    FILE *file = fopen("/sys/devices/system/clocksource/clocksource0/current_clocksource", "r");
    if (file == NULL) return false;
    const bool read = fgets(name, sizeof name, file) != NULL;
    fclose(file);
    return read && strcmp(name, "tsc\n") == 0;
}

bool clock_begin(void) {
    uses_ticks = HAS_TICKS && system_trusts_ticks();
    first = last = look_now();
    return uses_ticks;
}

void clock_look(void) {
    if (!uses_ticks) return;
    last = look_now();
    if (last.ticks != first.ticks) rate = (double)(last.time - first.time) / (double)(last.ticks - first.ticks);
}

uint64_t clock_time(uint64_t ticks) {
    if (!uses_ticks) return ticks;
    return last.time + (uint64_t)(int64_t)((double)(int64_t)(ticks - last.ticks) * rate);
}
