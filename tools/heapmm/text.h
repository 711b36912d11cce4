/* text.h: numbers as people read them, and tables of them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_TEXT_H
#define HEAPMM_TOOLS_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A short text, by value. */
typedef struct number_text {
    char bytes[40];
} number_text;

/* 1234567 => "1,234,567" */
number_text text_number(uint64_t value);

/* 1536 => "1.5 KiB"; below 1 KiB "512 B" */
number_text text_bytes(uint64_t bytes);

/* 1500000 => "1.5 ms" */
number_text text_time(uint64_t nanoseconds);

/* 1 of 3 => "33.3 %"; of 0 => "-" */
number_text text_share(uint64_t part, uint64_t whole);

/* Prints a text of unknown origin: what would control a terminal becomes '?'. */
void text_print(FILE *stream, const char *string);

/* A table. Its columns are as wide as they need to be; the first is aligned left, all others right. */
enum { TABLE_COLUMNS = 10 };

typedef struct table {
    char **cells;
    size_t count;
    size_t columns;
} table;

/* Begins a table; the titles end with NULL. */
table table_begin(const char *title, ...) __attribute__((sentinel));

/* Adds a cell, to the right of the one before or to a new row. */
void table_cell(table *t, const char *cell);

/* Prints the table, each line behind `indent` spaces. */
void table_end(table *t, FILE *stream, int indent);

#endif
