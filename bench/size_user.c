/* size_user.c: the least program that allocates and frees: what remains of the heap when it is linked to that.
 *
 * SPDX-License-Identifier: MIT
 *
 * Compiled with HEADER, TYPE, ALLOC and FREE. The stubs stand for what a program has anyway. */
#include HEADER

extern TYPE *volatile heap;
TYPE *volatile heap;

void start(void);
void abort(void);

void start(void) {
    FREE(heap, ALLOC(heap, 100));
}

void abort(void) {
    for (;;) {
    }
}
