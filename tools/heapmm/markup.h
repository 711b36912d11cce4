/* markup.h: texts of unknown origin in HTML and XML.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_MARKUP_H
#define HEAPMM_TOOLS_MARKUP_H

#include <stddef.h>
#include <stdio.h>

/* Writes the first `most` bytes of a text. What has a meaning in markup is escaped; what controls, and what is no ASCII, is replaced. */
void markup_put(FILE *out, const char *text, size_t most);

#endif
