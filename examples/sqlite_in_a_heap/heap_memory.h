/* heap_memory.h: where SQLite's memory comes from: one hmm_heap, or the system's malloc.
 *
 * SPDX-License-Identifier: MIT
 *
 * SQLite takes its allocator before it is initialised and for the whole process. Each function that begins therefore shuts SQLite
 * down and initialises it again; no connection may be open then. */
#ifndef HEAP_MEMORY_H
#define HEAP_MEMORY_H

#include <stddef.h>

#include "heapmm/heap.h"

/* Lets SQLite live in a new heap over `bytes` bytes of memory. *heap receives it, or NULL if the memory is too small for one.
 * Returns SQLITE_OK or SQLite's error: SQLITE_NOMEM when it cannot even be initialised in so little. */
int heap_memory_begin(void *memory, size_t bytes, hmm_heap **heap);

/* Calls watch(context, heap) after every allocation from now on. NULL: no longer. */
void heap_memory_watch(void (*watch)(void *context, const hmm_heap *heap), void *context);

/* Lets SQLite live on the system's malloc, as it does by default. Returns SQLITE_OK or SQLite's error. */
int system_memory_begin(void);

/* Shuts SQLite down, so that it gives everything back. The heap stays, to be looked at. */
void memory_end(void);

#endif
