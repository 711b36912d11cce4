/* malloc_map.h: the memory of a process that runs on heapmm's malloc.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_MALLOC_MAP_H
#define HEAPMM_TOOLS_MALLOC_MAP_H

#include "heapmm/malloc_window.h"
#include "map.h"
#include "process.h"

typedef struct malloc_map {
    process process;
    hmm_malloc_window window;
    unsigned char *records; /* as they were read */
    size_t room;
} malloc_map;

/* Finds the process and its malloc. Returns false if it has none, having said what to do. */
bool malloc_map_open(malloc_map *m, pid_t pid);

/* Looks at it, as a map_source does. context: a malloc_map. */
bool malloc_map_look(void *context, heap_map *map);

void malloc_map_close(malloc_map *m);

#endif
