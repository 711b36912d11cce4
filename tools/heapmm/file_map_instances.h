/* file_map_instances.h: the instances of the heap of which one may be in a file.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_FILE_MAP_INSTANCES_H
#define HEAPMM_TOOLS_FILE_MAP_INSTANCES_H

#include <stddef.h>

#include "heapmm/heap.h"

typedef struct map_instance {
    const char *name;
    size_t word;        /* bytes */
    unsigned size_bits; /* of a header: by them a heap says which instance it is */
    size_t granule;     /* as the library has it */

    /* Those of the heap, of whichever type it is. attach: NULL, and *fault says why, if there is no sound heap. */
    void *(*attach)(const hmm_span *regions, size_t count, hmm_fault *fault);
    void (*stats)(const void *heap, hmm_heap_statistics *stats);
    int (*walk)(const void *heap, bool (*visit)(void *context, const hmm_block *block), void *context);
} map_instance;

extern const map_instance heap_in_file, tiny_heap_in_file, wide_heap_in_file;

#endif
