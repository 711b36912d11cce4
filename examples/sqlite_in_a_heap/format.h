/* format.h: numbers as people read them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdint.h>

#define FORMAT_BYTES 32

/* Each writes into `text`, which has FORMAT_BYTES bytes, and returns it. */
char *format_count(char *text, uint64_t number);    /* 1234567 => "1,234,567" */
char *format_mebibytes(char *text, uint64_t bytes); /* 1536 * 1024 => "1.50" */

#endif
