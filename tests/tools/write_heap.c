/* write_heap.c: writes a heap into a file, as a program that keeps one there does.
 *
 * SPDX-License-Identifier: MIT
 *
 *     write_heap heap|tiny|wide|regions FILE
 *
 * The heap begins behind 64 bytes of something else. Printed is what it says of itself: bytes in use, free and in all, blocks in use
 * and free, the largest free block. */
#include <stdio.h>
#include <string.h>

#include "heapmm/heap.h"
#include "heapmm/tiny_heap.h"
#include "heapmm/wide_heap.h"

enum { FRONT = 64, BYTES = 60000, BLOCKS = 100, FILE_BYTES = 128 << 10 };

static _Alignas(4096) unsigned char memory[FILE_BYTES];

#define DEFINE_FILL(instance)                                                                                    \
    static hmm_heap_statistics fill_##instance(int regions) {                                                    \
        hmm_heap_statistics stats;                                                                               \
        void *blocks[BLOCKS];                                                                                    \
        instance *heap = instance##_create(memory + FRONT, BYTES - FRONT, NULL);                                 \
        for (size_t i = 0; i < BLOCKS; i++) blocks[i] = instance##_alloc(heap, 20 + i * i % 700);                \
        for (size_t i = 0; i < BLOCKS; i += 3) instance##_free(heap, blocks[i]);                                 \
        for (int i = 0; i < regions; i++) instance##_add_region(heap, memory + BYTES + 1000 + i * 20000, 15000); \
        instance##_stats(heap, &stats);                                                                          \
        return stats;                                                                                            \
    }
DEFINE_FILL(hmm_heap)
DEFINE_FILL(hmm_tiny_heap)
DEFINE_FILL(hmm_wide_heap)

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    const char *kind = argv[1];
    const hmm_heap_statistics s = strcmp(kind, "tiny") == 0   ? fill_hmm_tiny_heap(0)
                                  : strcmp(kind, "wide") == 0 ? fill_hmm_wide_heap(0)
                                                              : fill_hmm_heap(strcmp(kind, "regions") == 0 ? 3 : 0);
    FILE *file = fopen(argv[2], "wb");
    if (file == NULL || fwrite(memory, 1, sizeof memory, file) != sizeof memory || fclose(file) != 0) return 1;
    printf("%zu %zu %zu %zu %zu %zu\n", s.bytes_in_use, s.bytes_free, s.bytes_total, s.blocks_in_use, s.blocks_free,
           s.largest_free);
    return 0;
}
