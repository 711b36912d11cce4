/* own_instance: a heap of one's own making, beside the default one.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "heapmm/heap.h"
#include "line_heap.h"

static _Alignas(64) unsigned char lines[64 * 1024], others[64 * 1024];

int main(void) {
    line_heap *mine = line_heap_create(lines, sizeof lines, NULL);
    hmm_heap *usual = hmm_heap_create(others, sizeof others, NULL);
    if (mine == NULL || usual == NULL) return EXIT_FAILURE;

    printf("size   default heap            a block per cache line\n");
    for (size_t size = 1; size <= 1000; size *= 10) {
        const uintptr_t a = (uintptr_t)hmm_heap_alloc(usual, size), b = (uintptr_t)line_heap_alloc(mine, size);
        if (a == 0 || b == 0 || b % 64 != 0) return EXIT_FAILURE;
        printf("%4zu   %4zu usable at ...%03x   %4zu usable at ...%03x\n", size, hmm_heap_usable_size(usual, (void *)a),
               (unsigned)(a & 0xFFF), line_heap_usable_size(mine, (void *)b), (unsigned)(b & 0xFFF));
    }
    const bool sound = line_heap_check(mine, NULL) == HMM_OK && hmm_heap_check(usual, NULL) == HMM_OK;
    printf("both heaps are %s\n", sound ? "sound" : "damaged");
    return sound ? EXIT_SUCCESS : EXIT_FAILURE;
}
