/* format.c: see format.h.
 *
 * SPDX-License-Identifier: MIT */
#include "format.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

char *format_count(char *text, uint64_t number) {
    char digits[FORMAT_BYTES];
    const int count = snprintf(digits, sizeof digits, "%" PRIu64, number);
    char *out = text;
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0) *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

char *format_mebibytes(char *text, uint64_t bytes) {
    snprintf(text, FORMAT_BYTES, "%.2f", (double)bytes / (1024.0 * 1024.0));
    return text;
}
