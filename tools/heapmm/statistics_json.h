/* statistics_json.h: what a trace comes to, as JSON.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_STATISTICS_JSON_H
#define HEAPMM_TOOLS_STATISTICS_JSON_H

#include "json.h"
#include "statistics.h"

/* Which lifetimes are in a class. 1 => "< 10 us" */
const char *statistics_lifetime(unsigned class);

/* Writes members of an object that is open. rows: of threads, at most. */
void statistics_write(json *j, const statistics *s, size_t rows);

#endif
