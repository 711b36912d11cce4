/* consumer.c: a C program that uses an installed heapmm. Ends with 0 if the heap works.
 *
 * SPDX-License-Identifier: MIT */
#include <heapmm/heap.h>
#include <stdio.h>
#include <string.h>

static max_align_t buffer[2048];

int main(void) {
    hmm_heap *heap = hmm_heap_create(buffer, sizeof buffer, NULL);
    if (heap == NULL) return 1;
    char *text = hmm_heap_alloc(heap, 100);
    if (text == NULL || (uintptr_t)text % HMM_HEAP_GRANULE != 0) return 2;
    strcpy(text, "kept in a heap");

    hmm_fault fault;
    if (hmm_heap_check(heap, &fault) != HMM_OK) return 3;
    printf("\"%s\", %zu usable bytes, granule %zu\n", text, hmm_heap_usable_size(heap, text), (size_t)HMM_HEAP_GRANULE);
    hmm_heap_free(heap, text);
    hmm_heap_destroy(heap);
    return 0;
}
