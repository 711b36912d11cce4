/* heap_memory.c: SQLite's allocator methods over an hmm_heap. This is all that a program needs to put SQLite into a heap.
 *
 * SPDX-License-Identifier: MIT
 *
 * What SQLite asks of its allocator, and what answers:
 *   xMalloc   hmm_heap_alloc; payloads are aligned to the granule, SQLite needs 8 bytes
 *   xFree     hmm_heap_free
 *   xRealloc  hmm_heap_realloc; on NULL the old block is untouched, as SQLite expects
 *   xSize     hmm_heap_usable_size: SQLite uses every byte of a block, not only those that it asked for
 *   xRoundup  the usable size of the block that a request will get, so that SQLite knows when growing is free
 *
 * What is left at SQLite's defaults, in both runs: its memory statistics (one size query per allocation, and a second count of
 * what is in use) and its page cache, which takes every page from the allocator unless SQLITE_CONFIG_PAGECACHE lends it memory of
 * its own. The lookaside cache is switched off: it answers small requests without asking the allocator, and the allocator is what
 * is looked at here. (Debian compiles SQLite without it.) */
#include "heap_memory.h"

#include <sqlite3.h>
#include <stdbool.h>

/* SQLite hands no context to its allocator's functions, so the heap has to be found here. */
static hmm_heap *current_heap;
static void (*current_watch)(void *context, const hmm_heap *heap);
static void *watch_context;

void heap_memory_watch(void (*watch)(void *context, const hmm_heap *heap), void *context) {
    current_watch = watch;
    watch_context = context;
}

static void show_watcher(void) {
    if (current_watch != NULL) current_watch(watch_context, current_heap);
}

static void *heap_malloc(int bytes) {
    void *p = hmm_heap_alloc(current_heap, (size_t)bytes);
    show_watcher();
    return p;
}

static void heap_free(void *p) {
    hmm_heap_free(current_heap, p);
}

static void *heap_realloc(void *p, int bytes) {
    void *moved = hmm_heap_realloc(current_heap, p, (size_t)bytes);
    show_watcher();
    return moved;
}

static int heap_size(void *p) {
    return (int)hmm_heap_usable_size(current_heap, p);
}

/* No overflow: SQLite never asks for more than 0x7fffff00 bytes. */
static int heap_roundup(int bytes) {
    const size_t granules = ((size_t)bytes + HMM_HEAP_BLOCK_OVERHEAD + HMM_HEAP_GRANULE - 1) / HMM_HEAP_GRANULE;
    return (int)(granules * HMM_HEAP_GRANULE - HMM_HEAP_BLOCK_OVERHEAD);
}

static int heap_init(void *unused) {
    (void)unused;
    return SQLITE_OK;
}

static void heap_shutdown(void *unused) {
    (void)unused;
}

static const sqlite3_mem_methods heap_methods = {
    heap_malloc, heap_free, heap_realloc, heap_size, heap_roundup, heap_init, heap_shutdown, NULL,
};

/* SQLite's own methods over malloc, as they were before the first change. */
static int system_methods(const sqlite3_mem_methods **methods) {
    static sqlite3_mem_methods saved;
    static bool known;
    if (!known && sqlite3_config(SQLITE_CONFIG_GETMALLOC, &saved) != SQLITE_OK) return SQLITE_ERROR;
    known = true;
    *methods = &saved;
    return SQLITE_OK;
}

/* A configuration needs SQLite to be shut down, and outlives the shutdown. */
static int begin(const sqlite3_mem_methods *methods) {
    int code = sqlite3_config(SQLITE_CONFIG_MALLOC, methods);
    if (code == SQLITE_OK) code = sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    if (code == SQLITE_OK) code = sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
    if (code == SQLITE_OK) code = sqlite3_initialize();
    return code;
}

int heap_memory_begin(void *memory, size_t bytes, hmm_heap **heap) {
    const sqlite3_mem_methods *unused;
    memory_end();
    *heap = NULL;
    if (system_methods(&unused) != SQLITE_OK) return SQLITE_ERROR;
    *heap = current_heap = hmm_heap_create(memory, bytes, NULL);
    return current_heap == NULL ? SQLITE_NOMEM : begin(&heap_methods);
}

int system_memory_begin(void) {
    const sqlite3_mem_methods *methods;
    memory_end();
    if (system_methods(&methods) != SQLITE_OK) return SQLITE_ERROR;
    return begin(methods);
}

void memory_end(void) {
    sqlite3_shutdown();
}
