/* counter.h: the processor's instructions, where the system counts them: hardly in containers and virtual machines.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_COUNTER_H
#define HEAPMM_TOOLS_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/* Begins to count those of this thread, and of all that it starts later, outside of the system. False: that cannot be. */
bool counter_begin(void);

/* How many there were since then; 0: not known. */
uint64_t counter_read(void);

#endif
