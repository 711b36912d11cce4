/* heap_map.c: see heap_map.h.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each life adds its bytes in the column where it begins and takes them away in the one where it has ended; in the end columns are summed
 * from left to right. */
#include "heap_map.h"

#include <stdlib.h>

/* The first column that is after the event with this number. */
static size_t column_after(const survey *s, uint64_t number) {
    size_t low = 1, high = s->moment_count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (s->moments[middle].events > number)
            high = middle;
        else
            low = middle + 1;
    }
    return low - 1;
}

/* Bytes of [begin, end) that lie in the row. */
static double bytes_in_row(const heap_map *m, size_t row, uint64_t begin, uint64_t end) {
    const uint64_t from = row * m->row_bytes, to = from + m->row_bytes;
    return (double)((end < to ? end : to) - (begin > from ? begin : from));
}

static void add_life(heap_map *m, const survey *s, const life *l) {
    const size_t born = column_after(s, l->birth), dead = l->death == NO_DEATH ? m->columns : column_after(s, l->death);
    if (born >= dead) return;
    const uint64_t begin = axis_offset(&s->recorded, l->address), size = l->size == 0 ? 1 : l->size;
    const uint64_t end = s->recorded.bytes - begin < size ? s->recorded.bytes : begin + size;
    for (size_t row = (size_t)(begin / m->row_bytes); row < m->rows && row * m->row_bytes < end; row++) {
        const double bytes = bytes_in_row(m, row, begin, end);
        m->bytes[row * m->columns + born] += bytes;
        if (dead < m->columns) m->bytes[row * m->columns + dead] -= bytes;
    }
}

bool heap_map_make(heap_map *m, const survey *s, size_t rows) {
    *m = (heap_map){.columns = s->moment_count - 1, .rows = rows, .row_bytes = s->recorded.bytes / rows + 1};
    m->bytes = calloc(m->rows * m->columns + 1, sizeof *m->bytes);
    if (m->bytes == NULL) return false;
    for (size_t i = 0; i < s->history.count; i++) add_life(m, s, &s->history.lives[i]);
    for (size_t row = 0; row < m->rows; row++)
        for (size_t column = 1; column < m->columns; column++)
            m->bytes[row * m->columns + column] += m->bytes[row * m->columns + column - 1];
    return true;
}

double heap_map_part(const heap_map *m, size_t row, size_t column) {
    const double part = m->bytes[row * m->columns + column] / (double)m->row_bytes;
    return part < 1 ? part : 1;
}

void heap_map_free(heap_map *m) {
    free(m->bytes);
    *m = (heap_map){0};
}
