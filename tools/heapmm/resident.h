/* resident.h: by how much the memory of this process has grown.
 *
 * SPDX-License-Identifier: MIT
 *
 * The system counts what is resident in two ways. /proc/self/status has numbers that each processor keeps for itself and adds up late:
 * they may be wrong by hundreds of KiB, either way; the most that was resident is among them, "VmHWM". /proc/self/smaps_rollup looks at
 * every page, and is exact. So a moment is measured with that, and the most is the largest of the moments that were measured, or
 * the system's number if it is larger. */
#ifndef HEAPMM_TOOLS_RESIDENT_H
#define HEAPMM_TOOLS_RESIDENT_H

#include <stdint.h>

/* What is resident at this moment is no growth. Nothing here allocates. */
void resident_begin(void);

/* Bytes that are resident, beyond those at the beginning. Time: some instructions for each resident page. */
uint64_t resident_now(void);

/* The most. It looks once more. */
uint64_t resident_most(void);

#endif
