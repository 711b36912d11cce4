/* import.c: see import.h.
 *
 * SPDX-License-Identifier: MIT */
#include "import.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

import_line import_put(import *i, const hmm_trace_event *event) {
    hmm_trace_event timed = *event;
    timed.time = i->time;
    i->events++;
    return hmm_trace_writer_put(i->writer, &timed) == HMM_TRACE_OK ? LINE_USED : LINE_FAILED;
}

uint32_t import_thread(import *i, uint64_t thread) {
    const block *found = blocks_find(&i->threads, thread + 1);
    if (found != NULL) return (uint32_t)found->size;
    const uint32_t number = (uint32_t)i->threads.count;
    blocks_add(&i->threads, &(block){.address = thread + 1, .size = number});
    return number;
}

bool import_number(char **text, int base, uint64_t *number) {
    char *end;
    while (**text == ' ') (*text)++;
    if (!isxdigit((unsigned char)**text)) return false;
    errno = 0;
    *number = strtoull(*text, &end, base);
    if (end == *text || errno != 0) return false;
    *text = end;
    return true;
}

uint64_t import_product(uint64_t count, uint64_t size) {
    return count != 0 && size > UINT64_MAX / count ? UINT64_MAX : count * size;
}
