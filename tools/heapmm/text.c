/* text.c: see text.h.
 *
 * SPDX-License-Identifier: MIT */
#include "text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

number_text text_number(uint64_t value) {
    char digits[32];
    number_text t;
    const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    char *to = t.bytes;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return t;
}

/* The value in the largest unit in which it is 1 or more. */
static number_text in_units(uint64_t value, double step, const char *const *units, size_t count) {
    number_text t;
    double scaled = (double)value;
    size_t unit = 0;
    while (scaled >= step && unit + 1 < count) {
        scaled /= step;
        unit++;
    }
    snprintf(t.bytes, sizeof t.bytes, unit == 0 ? "%.0f %s" : "%.1f %s", scaled, units[unit]);
    return t;
}

number_text text_bytes(uint64_t bytes) {
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    return in_units(bytes, 1024, units, sizeof units / sizeof units[0]);
}

number_text text_time(uint64_t nanoseconds) {
    static const char *const units[] = {"ns", "us", "ms", "s"};
    return in_units(nanoseconds, 1000, units, sizeof units / sizeof units[0]);
}

number_text text_share(uint64_t part, uint64_t whole) {
    number_text t = {"-"};
    if (whole != 0) snprintf(t.bytes, sizeof t.bytes, "%.1f %%", 100 * (double)part / (double)whole);
    return t;
}

void text_print(FILE *stream, const char *string) {
    for (; *string != '\0'; string++) {
        const unsigned char byte = (unsigned char)*string;
        fputc(byte < 0x20 || byte == 0x7f ? '?' : byte, stream);
    }
}

/* ---- Tables -------------------------------------------------------------------------------------------------------------- */

/* A table is small; without memory for one there is no point in going on. */
static void *have(void *memory) {
    if (memory != NULL) return memory;
    fputs("heapmm: no memory\n", stderr);
    exit(EXIT_FAILURE);
}

table table_begin(const char *title, ...) {
    table t = {0};
    va_list titles;
    va_start(titles, title);
    for (; title != NULL; title = va_arg(titles, const char *)) {
        table_cell(&t, title);
        t.columns++;
    }
    va_end(titles);
    return t;
}

void table_cell(table *t, const char *cell) {
    t->cells = have(realloc(t->cells, (t->count + 1) * sizeof *t->cells));
    t->cells[t->count++] = have(strdup(cell));
}

static int width_of(const table *t, size_t column) {
    size_t width = 0;
    for (size_t i = column; i < t->count; i += t->columns)
        if (strlen(t->cells[i]) > width) width = strlen(t->cells[i]);
    return (int)width;
}

void table_end(table *t, FILE *stream, int indent) {
    for (size_t i = 0; i < t->count; i++) {
        const size_t column = i % t->columns;
        const int width = width_of(t, column);
        if (column == 0)
            fprintf(stream, "%*s%-*s", indent, "", width, t->cells[i]);
        else
            fprintf(stream, "  %*s", width, t->cells[i]);
        if (column + 1 == t->columns) fputc('\n', stream);
    }
    for (size_t i = 0; i < t->count; i++) free(t->cells[i]);
    free(t->cells);
    *t = (table){0};
}
