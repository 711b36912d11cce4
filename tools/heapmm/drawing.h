/* drawing.h: drawings of a report, as SVG: what its page shows first, for readers without a script, and for documents.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_DRAWING_H
#define HEAPMM_TOOLS_DRAWING_H

#include "report.h"

/* Draws. False: there was no memory, and it was said. */
typedef bool drawing(const report *r, FILE *out);

/* Live bytes, and the memory that allocators need for them, over time. */
drawing drawing_live;

/* The part of that memory that no block asked for. */
drawing drawing_fragmentation;

/* How full which of the recorded addresses were, over time. */
drawing drawing_map;

#endif
