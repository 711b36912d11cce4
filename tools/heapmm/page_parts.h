/* page_parts.h: a report's page without what is different in each: made from tools/report by the build.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_PAGE_PARTS_H
#define HEAPMM_TOOLS_PAGE_PARTS_H

#include <stddef.h>

typedef struct page_part {
    const unsigned char *bytes;
    size_t count;
} page_part;

/* Between them come the title, the facts and the columns. */
enum { PAGE_PARTS = 4 };
extern const page_part page_parts[PAGE_PARTS];

/* Why there is no page: what the build could not get. NULL: there is one. */
extern const char *const page_missing;

#endif
