/* files.h: files that a command is about to write.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_FILES_H
#define HEAPMM_TOOLS_FILES_H

#include <stdbool.h>

/* Whether a trace may be written to this file: it is not there, or empty, or a trace, or no plain file. Anything else was
 * named by mistake. Otherwise it is said what to do. */
bool files_may_be_trace(const char *path);

#endif
