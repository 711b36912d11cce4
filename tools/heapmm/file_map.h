/* file_map.h: a heap that is kept in a file, as hmm_heap_attach opens it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_FILE_MAP_H
#define HEAPMM_TOOLS_FILE_MAP_H

#include "file_map_instances.h"
#include "map.h"

typedef struct file_map {
    const char *path;
    const map_instance *instance; /* NULL: whichever it is */
} file_map;

/* Reads the file, checks the heap in the copy, and looks at it, as a map_source does. context: a file_map. */
bool file_map_look(void *context, heap_map *map);

#endif
