/* search.h: the smallest heap in which SQLite does its work.
 *
 * SPDX-License-Identifier: MIT */
#ifndef SEARCH_H
#define SEARCH_H

#include "run.h"

/* Halves the interval between nothing and `enough`, a heap in which the workload is known to run with the answers `expected`,
 * down to multiples of `step` bytes, and prints each try. In a heap that is too small SQLite must answer SQLITE_NOMEM and
 * leave a sound and empty heap behind; in one that is large enough every answer must be right.
 * Returns the smallest size that works, or 0 after a try that did neither. */
size_t search_smallest(struct setting *setting, const struct answers *expected, size_t enough, size_t step);

#endif
