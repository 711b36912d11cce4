/* report.h: the tables that sqlite_in_a_heap prints.
 *
 * SPDX-License-Identifier: MIT */
#ifndef REPORT_H
#define REPORT_H

#include "run.h"

/* The steps, what they answered, and their times on malloc and on the heap. */
void report_steps(const struct answers *on_malloc, const struct answers *on_heap);

/* What the heap did in a run that completed. */
void report_heap(const struct heap_run *run);

#endif
