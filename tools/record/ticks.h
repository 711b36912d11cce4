/* ticks.h: the clock that costs least: a counter of the processor that runs steadily, on all processors alike.
 *
 * SPDX-License-Identifier: MIT
 *
 * Asking the system costs more than all the rest of recording an event: its clock waits until the processor has done all that came
 * before. Only where the system itself trusts the counter; `heapmm record` finds out, and turns ticks into nanoseconds. */
#ifndef HEAPMM_TOOLS_TICKS_H
#define HEAPMM_TOOLS_TICKS_H

#include <stdint.h>

#if defined(__x86_64__)
enum { HAS_TICKS = 1 };

static inline uint64_t ticks_now(void) {
    return __builtin_ia32_rdtsc();
}
#else
enum { HAS_TICKS = 0 };

static inline uint64_t ticks_now(void) {
    return 0;
}
#endif

#endif
