/* pool_scene.c: a pool for gdb to look at: some blocks wait in its remote queue, some are on their way home.
 *
 * SPDX-License-Identifier: MIT */
#include "base/compiler.h"
#include "heapmm/pool.h"

enum { BYTES = 8192, KEPT = 20 };

static struct { _Alignas(64) unsigned char bytes[BYTES]; } memory;

hmm_pool *pool;
void *kept[KEPT];

static volatile bool stops;

HMM_OUTLINE void stop_here(void) {
    stops = true;
}

/* Every third block is freed as if by others. The next allocation takes them all from the queue, and brings some home. */
int main(void) {
    pool = hmm_pool_create(memory.bytes, sizeof memory.bytes, NULL);
    for (unsigned i = 0; i < KEPT; i++) kept[i] = hmm_pool_alloc(pool, 10 + 10 * i);
    for (unsigned i = 0; i < KEPT; i += 3) hmm_pool_free_remote(pool, kept[i]);
    hmm_pool_free(pool, hmm_pool_alloc(pool, 1000));
    hmm_pool_free_remote(pool, kept[1]);
    stop_here();
    return 0;
}
