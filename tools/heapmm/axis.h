/* axis.h: the addresses that a trace uses, one behind the other, without the wide gaps between them: what a map is drawn along.
 *
 * SPDX-License-Identifier: MIT
 *
 * A program's blocks lie in a few stretches of a space of 2^47 bytes. An axis has a span for each stretch; the offset of an address is how
 * many bytes of spans are before it. Offsets are below 2^52, whatever addresses there are: a page computes with doubles. */
#ifndef HEAPMM_TOOLS_AXIS_H
#define HEAPMM_TOOLS_AXIS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct span {
    uint64_t begin, end;
    uint64_t offset; /* set by axis_finish */
} span;

/* All zero: no addresses. */
typedef struct axis {
    span *spans; /* by address */
    size_t count, room;
    uint64_t gap;   /* what is less apart is one span; 0: not yet set */
    uint64_t bytes; /* of all spans; set by axis_finish */
} axis;

/* Adds the addresses of a block. False: no memory. */
bool axis_add(axis *a, uint64_t address, uint64_t bytes);

/* All were added. */
void axis_finish(axis *a);

/* Where an address that was added is on the finished axis. */
uint64_t axis_offset(const axis *a, uint64_t address);

void axis_free(axis *a);

#endif
