/* two_regions.c: a heap on a small fast memory that takes a large slow one when it has to.
 *
 * SPDX-License-Identifier: MIT
 *
 * Many boards have a little memory beside the processor and much behind a bus. A heap can span both: it begins in the fast one,
 * and when an allocation finds no room the heap calls on_exhausted, which lends it the slow one; the allocation is then tried
 * once more. What is allocated first, the things that live as long as the program, so comes to lie in the fast memory.
 *
 * Afterwards the heap does not prefer one of the two: it takes the smallest free block that fits, wherever that is. Keep two
 * heaps instead, and ask the fast one first, if each block must have its place.
 *
 * options.capacity tells the heap from the start how much it will manage, so that its index is made for that much. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "heapmm/heap.h"

/* On a board, these two would be sent to their memories by the linker script. */
static max_align_t fast[8 * 1024 / sizeof(max_align_t)];
static max_align_t slow[256 * 1024 / sizeof(max_align_t)];

static bool is_in(const void *p, const void *region, size_t bytes) {
    return (uintptr_t)p >= (uintptr_t)region && (uintptr_t)p < (uintptr_t)region + bytes;
}

/* Lends the slow memory the first time; the second time there is nothing left to lend. */
static bool lend_slow_memory(void *context, hmm_heap *heap, size_t size) {
    bool *lent = context;
    if (*lent) return false;
    *lent = true;
    printf("no room for %zu bytes: the slow memory is added\n", size);
    return hmm_heap_add_region(heap, slow, sizeof slow) == HMM_OK;
}

static bool allocate_and_tell(hmm_heap *heap, size_t size) {
    const void *p = hmm_heap_alloc(heap, size);
    if (p == NULL) {
        printf("%6zu bytes: no room, not even in both\n", size);
        return false;
    }
    printf("%6zu bytes: in the %s memory\n", size, is_in(p, fast, sizeof fast) ? "fast" : "slow");
    return hmm_heap_contains(heap, p);
}

int main(void) {
    bool lent = false;
    hmm_heap_options options = HMM_HEAP_OPTIONS;
    options.capacity = sizeof fast + sizeof slow;
    options.on_exhausted = lend_slow_memory;
    options.context = &lent;
    hmm_heap *heap = hmm_heap_create(fast, sizeof fast, &options);
    if (heap == NULL) return EXIT_FAILURE;

    const bool early = allocate_and_tell(heap, 2000) && allocate_and_tell(heap, 1000) && !lent;
    const bool late = allocate_and_tell(heap, 100000) && allocate_and_tell(heap, 500) && lent;
    const bool refused = !allocate_and_tell(heap, 200000);

    hmm_fault fault;
    const int result = hmm_heap_check(heap, &fault);
    printf("check: %s\n", hmm_result_name(result));
    hmm_heap_destroy(heap);
    return early && late && refused && result == HMM_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
