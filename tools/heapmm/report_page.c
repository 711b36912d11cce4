/* report_page.c: a report's page, in one piece.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "markup.h"
#include "page_parts.h"
#include "report.h"

/* Bytes of a title. What is no plain ASCII in it the script repairs, which has the name from the facts. */
enum { TITLE = 120 };

/* ---- Fitting ------------------------------------------------------------------------------------------------------------- */

static uint64_t bytes_allowed(const report *r, size_t facts) {
    uint64_t fixed = 6 * (uint64_t)TITLE + facts;
    for (size_t i = 0; i < PAGE_PARTS; i++) fixed += page_parts[i].count;
    const uint64_t all = REPORT_BYTES + REPORT_BYTES_PER_EVENT * r->trace->events;
    return all > fixed ? all - fixed : 0;
}

/* Facts and columns, as they stand in the page. */
typedef struct contents_of_page {
    char *facts, *columns;
    size_t facts_bytes, columns_bytes;
} contents_of_page;

static bool make_facts(const report *r, contents_of_page *p) {
    free(p->facts);
    p->facts = NULL;
    FILE *stream = open_memstream(&p->facts, &p->facts_bytes);
    if (stream == NULL) return false;
    const bool is_written = report_write_facts(r, stream);
    return fclose(stream) == 0 && is_written;
}

static bool make_columns(const report *r, contents_of_page *p, columns *c) {
    free(p->columns);
    columns_clear(c);
    report_put_columns(r, c);
    p->columns = columns_pack(c, &p->columns_bytes);
    return p->columns != NULL;
}

/* Thinned until it fits, or until there is nothing to be left out. */
static bool fit(report *r, contents_of_page *p) {
    columns c = {0};
    bool is_made = true;
    for (;;) {
        is_made = make_facts(r, p) && make_columns(r, p, &c);
        if (!is_made || r->survey.history.count == 0 || p->columns_bytes <= bytes_allowed(r, p->facts_bytes)) break;
        history_thin(&r->survey.history);
    }
    columns_free(&c);
    return is_made;
}

/* -------------------------------------------------------------------------------------------------------------------------- */

static void write_part(size_t number, FILE *out) {
    fwrite(page_parts[number].bytes, 1, page_parts[number].count, out);
}

bool report_write_page(report *r, FILE *out) {
    contents_of_page p = {0};
    const bool is_made = fit(r, &p);
    if (is_made) {
        write_part(0, out);
        markup_put(out, report_name(r), TITLE);
        write_part(1, out);
        fwrite(p.facts, 1, p.facts_bytes, out);
        write_part(2, out);
        fwrite(p.columns, 1, p.columns_bytes, out);
        write_part(3, out);
    }
    free(p.facts);
    free(p.columns);
    return is_made;
}
