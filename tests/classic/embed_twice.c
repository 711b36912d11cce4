/* embed_twice.c: a program of the default configuration that frees a block twice. Used by embed.sh.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm.h"

static int memory[200];

int main(void) {
    hmm_descriptor heap;
    hmm_init(&heap);
    hmm_new_chunk(&heap, memory, 200);
    void *p = hmm_alloc(&heap, 10);
    hmm_free(&heap, p);
    hmm_free(&heap, p);
    return 0;
}
