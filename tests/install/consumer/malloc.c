/* malloc.c: a program whose malloc is heapmm's. Built by run.sh.
 *
 * SPDX-License-Identifier: MIT */
#include <heapmm/malloc.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    void *p = malloc(100);
    if (p == NULL || hmm_malloc_usable_size(p) != 112) return EXIT_FAILURE;
    hmm_free(p);
    puts("malloc is heapmm's");
    return EXIT_SUCCESS;
}
