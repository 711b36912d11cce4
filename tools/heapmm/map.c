/* map.c: see map.h.
 *
 * SPDX-License-Identifier: MIT */
#include "map.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void map_clear(heap_map *map) {
    map->count = map->row_count = map->class_count = 0;
    map->bytes = map->address = 0;
    map->title[0] = map->why[0] = '\0';
    map->ended = false;
}

bool map_fail(heap_map *map, const char *format, ...) {
    va_list values;
    va_start(values, format);
    vsnprintf(map->why, sizeof map->why, format, values);
    va_end(values);
    return false;
}

bool map_add(heap_map *map, map_piece piece) {
    if (map->count == map->room) {
        const size_t room = map->room == 0 ? 1024 : 2 * map->room;
        map_piece *pieces = realloc(map->pieces, room * sizeof *pieces);
        if (pieces == NULL) return map_fail(map, "no memory for %zu pieces", room);
        map->pieces = pieces;
        map->room = room;
    }
    map->pieces[map->count++] = piece;
    return true;
}

void map_add_row(heap_map *map, const char *name, uint64_t value, map_unit unit) {
    if (map->row_count < MAP_ROWS) map->rows[map->row_count++] = (map_row){name, value, unit};
}

void map_add_class(heap_map *map, uint64_t size, uint64_t blocks, uint64_t in_use) {
    size_t at = map->class_count;
    while (at > 0 && map->classes[at - 1].size >= size) at--;
    if (at == map->class_count || map->classes[at].size != size) {
        if (map->class_count == MAP_CLASSES) return;
        memmove(&map->classes[at + 1], &map->classes[at], (map->class_count - at) * sizeof map->classes[0]);
        map->classes[at] = (map_class){.size = size};
        map->class_count++;
    }
    map->classes[at].slabs++;
    map->classes[at].blocks += blocks;
    map->classes[at].in_use += in_use;
}

uint64_t map_fragmentation(uint64_t largest, uint64_t free) {
    return free == 0 || largest >= free ? 0 : (uint64_t)(1000 * ((double)(free - largest) / (double)free));
}

void map_free(heap_map *map) {
    free(map->pieces);
    *map = (heap_map){0};
}
