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

/* The same for what takes long each time, and whose end is not known: `count` of the unit are done, and `left` of them will be at most
 * until something else begins. what: how far it is, in words. */
void progress_tell_few(const char *what, uint64_t count, uint64_t left);

/* Removes the line, if there is one. */
void progress_clear(void);

#endif
