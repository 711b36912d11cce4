/* c_program.h: a trace as a C program.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_C_PROGRAM_H
#define HEAPMM_TOOLS_C_PROGRAM_H

#include <stdbool.h>

/* Whether a program may be put at this path: nothing is there, an empty file, or one that was put there by c_program_write. Else
 * false, and it was said why. */
bool c_program_may_be(const char *path);

/* Writes what a trace tells as a program, C11 and nothing else: it does the calls in the order of the trace, verifies its blocks as
 * heapmm replay does, and ends with status 1 if something is wrong. from: the trace's name, for a comment. False, and it was said why. */
bool c_program_write(const char *path, const char *trace, const char *from);

#endif
