/* markup.c: see markup.h.
 *
 * SPDX-License-Identifier: MIT */
#include "markup.h"

#include <string.h>

void markup_put(FILE *out, const char *text, size_t most) {
    for (size_t i = 0; text[i] != '\0' && i < most; i++) {
        const unsigned char byte = (unsigned char)text[i];
        if (strchr("<>&\"'", byte) != NULL)
            fprintf(out, "&#%u;", byte);
        else
            fputc(byte < 0x20 || byte >= 0x7f ? '?' : byte, out);
    }
}
