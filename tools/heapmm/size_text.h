/* size_text.h: sizes as people write them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_SIZE_TEXT_H
#define HEAPMM_TOOLS_SIZE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "text.h"

/* Reads "65536", "64K", "64KiB", "2M" or "1G", of 1024 each. False: it is none, or 0, or too large. */
bool size_read(const char *text, uint64_t *bytes);

/* The same number in the largest unit in which it is whole. 65536 => "64 KiB", 1000 => "1000 B" */
number_text size_write(uint64_t bytes);

#endif
