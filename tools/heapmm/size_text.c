/* size_text.c: see size_text.h.
 *
 * SPDX-License-Identifier: MIT */
#include "size_text.h"

#include <errno.h>
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
