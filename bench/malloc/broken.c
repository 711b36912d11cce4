/* broken.c: a malloc that now and then hands out a block that is in use: the patterns must find that out.
 *
 * SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA ((size_t)1 << 36)
#define ONE_IN 7

static _Atomic(unsigned char *) next;
static _Atomic(void *) last;
static atomic_uint calls;

/* Nothing is ever freed. The size stands before the block, for realloc. */
static void *take(size_t size) {
    unsigned char *start = atomic_load(&next);
    if (start == NULL) {
        start = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        atomic_store(&next, start);
    }
    unsigned char *block = atomic_fetch_add(&next, (ptrdiff_t)((size + 31) / 16 * 16)) + 16;
    memcpy(block - 16, &size, sizeof size);
    return block;
}

void *malloc(size_t size) {
    void *block = atomic_fetch_add(&calls, 1) % ONE_IN == ONE_IN - 1 ? atomic_load(&last) : take(size);
    atomic_store(&last, block);
    return block;
}

void *calloc(size_t count, size_t size) {
    return take(count * size);
}

void *realloc(void *p, size_t size) {
    size_t before = 0;
    void *block = take(size);
    if (p == NULL) return block;
    memcpy(&before, (unsigned char *)p - 16, sizeof before);
    return memcpy(block, p, before < size ? before : size);
}

void free(void *p) {
    (void)p;
}
