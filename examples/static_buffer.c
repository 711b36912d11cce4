/* static_buffer.c: the smallest use: a heap on a static buffer, in twenty lines.
 *
 * SPDX-License-Identifier: MIT
 *
 * All memory comes from `buffer`: there is no malloc, no operating system, no lock. An allocation that does not fit returns NULL,
 * as malloc does. What a heap holds can be asked at any time, and hmm_heap_check proves the whole of it sound. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "heapmm/heap.h"

static max_align_t buffer[1024];

int main(void) {
    hmm_heap *heap = hmm_heap_create(buffer, sizeof buffer, NULL);
    if (heap == NULL) return EXIT_FAILURE;
    char *greeting = hmm_heap_alloc(heap, 100);
    int *numbers = hmm_heap_alloc_zeroed(heap, 500, sizeof *numbers);
    void *too_much = hmm_heap_alloc(heap, sizeof buffer);
    if (greeting == NULL || numbers == NULL || too_much != NULL) return EXIT_FAILURE;
    snprintf(greeting, 100, "The last of 500 numbers is %d", numbers[499]);
    hmm_heap_statistics stats;
    hmm_heap_stats(heap, &stats);
    printf("%s.\n%zu of %zu bytes in %zu blocks are in use.\n", greeting, stats.bytes_in_use, stats.bytes_total,
           stats.blocks_in_use);
    hmm_heap_free(heap, numbers);
    hmm_heap_free(heap, greeting);
    const int result = hmm_heap_check(heap, NULL);
    printf("The check found: %s.\n", hmm_result_name(result));
    return result == HMM_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
