/* fault.c: the default fault handler of a program that has a C library.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "heapmm/heap.h"

void hmm_fault_abort(void *context, const hmm_fault *fault) {
    (void)context;
    fprintf(stderr, "heapmm: %s at %p: %s\n", hmm_result_name((int)fault->code), fault->address, fault->text);
    abort();
}
