/* cells.c: see cells.h.
 *
 * SPDX-License-Identifier: MIT */
#include "cells.h"

#include <stdlib.h>

static uint64_t divide_up(uint64_t a, uint64_t b) {
    return a / b + (a % b != 0);
}

/* Adds to each cell its share of a piece, as if what is used in it were spread evenly. */
static void add_piece(cells *c, const map_piece *piece) {
    const uint64_t end = piece->start + piece->bytes;
    const double fullness = piece->bytes == 0 ? 0 : (double)piece->used / (double)piece->bytes;
    for (uint64_t at = piece->start; at < end;) {
        const uint64_t number = at / c->bytes_per_cell;
        const uint64_t next = (number + 1) * c->bytes_per_cell < end ? (number + 1) * c->bytes_per_cell : end;
        if (number >= c->count) return;
        c->cells[number].bytes[piece->kind] += (double)(next - at);
        c->cells[number].used[piece->kind] += (double)(next - at) * fullness;
        at = next;
    }
}

bool cells_make(cells *c, const heap_map *map, size_t most, uint64_t step) {
    *c = (cells){.bytes_per_cell = step};
    if (map->bytes == 0 || most == 0) return true;
    c->bytes_per_cell = divide_up(divide_up(map->bytes, most), step) * step;
    c->count = (size_t)divide_up(map->bytes, c->bytes_per_cell);
    c->cells = calloc(c->count, sizeof *c->cells);
    if (c->cells == NULL) return false;
    for (size_t i = 0; i < map->count; i++) add_piece(c, &map->pieces[i]);
    return true;
}

static double sum(const double *values) {
    double all = 0;
    for (int kind = 0; kind < MAP_KINDS; kind++) all += values[kind];
    return all;
}

double cell_fullness(const cell *c) {
    const double bytes = sum(c->bytes);
    return bytes == 0 ? 0 : sum(c->used) / bytes;
}

static map_kind most_of(const double *values) {
    map_kind most = MAP_KINDS;
    for (int kind = 0; kind < MAP_KINDS; kind++)
        if (values[kind] > 0 && (most == MAP_KINDS || values[kind] > values[most])) most = (map_kind)kind;
    return most;
}

map_kind cell_kind(const cell *c) {
    const map_kind used = most_of(c->used);
    return used != MAP_KINDS ? used : most_of(c->bytes);
}

void cells_free(cells *c) {
    free(c->cells);
    *c = (cells){0};
}
