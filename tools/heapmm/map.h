/* map.h: what heapmm map shows: pieces of memory in the order of their addresses, and what they come to.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_MAP_H
#define HEAPMM_TOOLS_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a piece of memory is. Those behind MAP_CHANGING are in use, or partly. */
typedef enum map_kind {
    MAP_GIVEN_BACK, /* free, and the system has its pages */
    MAP_FREE,
    MAP_CHANGING, /* what cannot be told, since it was changed while it was looked at */
    MAP_SLAB,
    MAP_LARGE,
    MAP_BLOCK, /* of a heap */
    MAP_OWN,   /* the allocator's own */
    MAP_KINDS
} map_kind;

typedef struct map_piece {
    uint64_t start; /* bytes from the beginning of the picture */
    uint64_t bytes;
    uint64_t used; /* of these */
    map_kind kind;
} map_piece;

typedef enum map_unit { MAP_BYTES, MAP_NUMBER, MAP_PER_MILLE } map_unit;

/* A number of the summary. */
typedef struct map_row {
    const char *name;
    uint64_t value;
    map_unit unit;
} map_row;

/* The blocks of one size. */
typedef struct map_class {
    uint64_t size, slabs, blocks, in_use;
} map_class;

enum { MAP_ROWS = 16, MAP_CLASSES = 128, MAP_TITLE = 160, MAP_WHY = 400 };

typedef struct heap_map {
    char title[MAP_TITLE];
    uint64_t address; /* of the beginning of the picture */
    uint64_t bytes;   /* of the picture */
    map_piece *pieces;
    size_t count, room;
    map_row rows[MAP_ROWS];
    size_t row_count;
    map_class classes[MAP_CLASSES]; /* by size */
    size_t class_count;
    char why[MAP_WHY]; /* there is nothing to be seen */
    bool ended;        /* that is because what was looked at has ended */
} heap_map;

/* Makes it empty; what it has allocated stays for the next time. */
void map_clear(heap_map *map);

/* Says why there is nothing to be seen. Returns false, for `return map_fail(...)`. */
bool map_fail(heap_map *map, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a piece behind the others. Returns false if there is no memory for it. */
bool map_add(heap_map *map, map_piece piece);

void map_add_row(heap_map *map, const char *name, uint64_t value, map_unit unit);

/* Counts blocks of a size; there is room for all sizes that there are. */
void map_add_class(heap_map *map, uint64_t size, uint64_t blocks, uint64_t in_use);

/* 1000 * (1 - largest / free), rounded down; 0 if nothing is free. */
uint64_t map_fragmentation(uint64_t largest, uint64_t free);

void map_free(heap_map *map);

/* What is shown. It is asked again and again; false: map->why says what is wrong. */
typedef struct map_source {
    bool (*look)(void *context, heap_map *map);
    void *context;
} map_source;

#endif
