/* clock.h: what the time of a recorded event is in nanoseconds: see ../record/ticks.h.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_CLOCK_H
#define HEAPMM_TOOLS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Finds out whether ticks may be used, and looks at both clocks for the first time. Returns whether. */
bool clock_begin(void);

/* Looks at both clocks again: for events that have happened since the last time. */
void clock_look(void);

/* The system's time, in nanoseconds, when there were so many ticks; or this number itself, if ticks are not used. */
uint64_t clock_time(uint64_t ticks);

#endif
