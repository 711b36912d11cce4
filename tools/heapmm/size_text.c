/* size_text.c: see size_text.h.
 *
 * SPDX-License-Identifier: MIT */
#include "size_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool size_read(const char *text, uint64_t *bytes) {
    static const char units[] = "KMG";
    char *end;
    unsigned shift = 0;
    if (*text < '0' || *text > '9') return false;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    const char *unit = *end == '\0' ? NULL : strchr(units, *end);
    if (unit != NULL) {
        shift = 10 * (unsigned)(unit - units + 1);
        end++;
        if (strcmp(end, "iB") == 0) end += 2;
    }
    if (*end != '\0' || errno != 0 || value == 0 || value > (UINT64_MAX >> 1 >> shift)) return false;
    *bytes = (uint64_t)value << shift;
    return true;
}

number_text size_write(uint64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    number_text text;
    size_t unit = 0;
    while (bytes != 0 && bytes % 1024 == 0 && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text.bytes, sizeof text.bytes, "%llu %s", (unsigned long long)bytes, units[unit]);
    return text;
}
