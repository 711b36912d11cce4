/* report.h: all that is known of a trace, as a page that opens in a browser without anything else, and as drawings.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_REPORT_H
#define HEAPMM_TOOLS_REPORT_H

#include "columns.h"
#include "survey.h"

/* Allocators in one report; moments at which everything is looked at. */
enum { REPORT_REPLAYS = 12, REPORT_MOMENTS = 480 };

/* A page has at most so many bytes, and so many more for each event. */
enum { REPORT_BYTES = 300000, REPORT_BYTES_PER_EVENT = 6 };

typedef struct report {
    const replay_trace *trace;
    const statistics *statistics;
    const input *in; /* whose reader says what the trace says of itself */
    survey survey;
    session *replays[REPORT_REPLAYS];
    size_t replay_count;
} report;

/* What the page is a report of: the command that was recorded, or the program, or the file. */
const char *report_name(const report *r);

/* Writes the page, and leaves out blocks, in r->survey.history, until it is not too long. False: there was no memory. */
bool report_write_page(report *r, FILE *out);

/* Writes the facts that the page's script reads, as JSON in which there is no '<'. False: there was no memory. */
bool report_write_facts(const report *r, FILE *out);

/* The numbers that it reads, as columns. */
void report_put_columns(const report *r, columns *c);

/* What the addresses on an axis are multiples of, up to 16. */
uint64_t report_unit(const history *h, const axis *a, bool is_replayed);

#endif
