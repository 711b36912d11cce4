/* Where the samples of the guide and of heapmm/heap.h run: each is a function, each has a heap of its own.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heapmm/heap.h"
#include "heapmm/tiny_heap.h"
#include "heapmm/wide_heap.h"

#include "expect.h"

static _Alignas(4096) unsigned char memory[16384];
static hmm_heap *heap;

static void before_sample(void) {
    heap = hmm_heap_create(memory, sizeof memory, NULL);
}

/* SAMPLES */
