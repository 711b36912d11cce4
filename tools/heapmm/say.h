/* say.h: what heapmm says on standard error.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_SAY_H
#define HEAPMM_TOOLS_SAY_H

#include <stdarg.h>

/* Prints "heapmm: ", the text, and a new line. Returns STATUS_FAILED, for `return say_failure(...)`. */
int say_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a wrong call of a command, with where to look. Returns STATUS_USAGE. */
int say_misuse(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints "heapmm: ", the text, and a new line. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
