/* audit_abort.c: what a failed audit of the classic heap does in a program that has a C library.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "heapmm.h"

void hmm_audit_abort(const char *reason) {
    fprintf(stderr, "heapmm: audit of the classic heap: %s\n", reason);
    abort();
}
