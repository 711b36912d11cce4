/* columns.h: named columns of numbers, packed into a text that a page unpacks with what browsers have.
 *
 * SPDX-License-Identifier: MIT
 *
 * The text is base64 of raw deflate of the columns, one behind the other:
 *
 *     length of name, 1 byte | name | coding, 1 byte | count, 4 bytes, lowest first | bytes of the numbers, the same | numbers
 *
 * Numbers are short numbers as in docs/trace-format.md, and below 2^53. */
#ifndef HEAPMM_TOOLS_COLUMNS_H
#define HEAPMM_TOOLS_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef enum columns_coding {
    COLUMNS_PLAIN = 0,  /* the numbers */
    COLUMNS_RISING = 1, /* differences to the number before, none of which is negative */
    COLUMNS_FOLDED = 2  /* the same, of either sign, folded as in docs/trace-format.md */
} columns_coding;

/* All zero: no columns. */
typedef struct columns {
    unsigned char *bytes;
    size_t count, room;
    size_t begun;    /* where the numbers of the column begin */
    uint32_t values; /* of the column */
    columns_coding coding;
    uint64_t before;
    bool is_full; /* there was no memory */
} columns;

/* A number that is not below 2^53 becomes the highest that is. */
uint64_t columns_limit(uint64_t value);

/* Begins a column. name: at most 31 characters. */
void columns_begin(columns *c, const char *name, columns_coding coding);

void columns_put(columns *c, uint64_t value);

void columns_end(columns *c);

/* Forgets all columns, and keeps the memory. */
void columns_clear(columns *c);

/* Packs them. Returns the text, to be given to free, without a NUL; or NULL, without memory. */
char *columns_pack(const columns *c, size_t *bytes);

void columns_free(columns *c);

#endif
