/* progress.h: a line that says how far a long task is: on a terminal only, and from the second second on.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_PROGRESS_H
#define HEAPMM_TOOLS_PROGRESS_H

#include <stdint.h>

/* Begins. what: "reading app.hmt". unit: what is counted, "events". */
void progress_begin(const char *what, const char *unit);

/* Says how far it is, now and then: `count` of the unit are done; that is `done` of `total`, by which the time that is left is
 * guessed. total 0: unknown. Cheap enough to be called a million times a second. */
void progress_tell(uint64_t count, uint64_t done, uint64_t total);

/* Removes the line, if there is one. */
void progress_clear(void);

#endif
