/* classic_chunks.c: a program written for heapmm 1.1: a heap that takes memory when it has to and gives it back when it can.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "heapmm.h"

enum { CHUNK_BAUS = 300 };

static int chunk[2][CHUNK_BAUS]; /* a BAU of the default configuration is the size of an int */

int main(void) {
    hmm_descriptor heap;
    hmm_init(&heap);
    hmm_new_chunk(&heap, chunk[0], CHUNK_BAUS);
    printf("largest available: %lu AAUs\n", hmm_largest_available(&heap));

    int *numbers = hmm_alloc(&heap, 100);
    int *more = hmm_alloc(&heap, 250);
    if (numbers == NULL || more != NULL) return EXIT_FAILURE;
    hmm_new_chunk(&heap, chunk[1], CHUNK_BAUS);
    more = hmm_alloc(&heap, 250);
    if (more == NULL || hmm_true_size(more) < 250) return EXIT_FAILURE;
    printf("the second chunk serves 250 AAUs\n");
    printf("resized in place to 150: %d, to 1000: %d\n", hmm_resize(&heap, numbers, 150), hmm_resize(&heap, numbers, 1000));

    hmm_free(&heap, more);
    printf("can give back %lu of %d BAUs\n", heap.num_baus_can_shrink, CHUNK_BAUS);
    hmm_shrink_chunk(&heap, heap.num_baus_can_shrink);
    hmm_free(&heap, numbers);
    printf("can give back %lu of %d BAUs\n", heap.num_baus_can_shrink, CHUNK_BAUS);
    return EXIT_SUCCESS;
}
