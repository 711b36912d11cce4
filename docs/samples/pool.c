/* Where the samples of heapmm/pool.h run: each is a function, each has a pool of its own.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "heapmm/pool.h"

#include "expect.h"

static _Alignas(4096) unsigned char memory[16384];
static hmm_pool *pool;

static void before_sample(void) {
    pool = hmm_pool_create(memory, sizeof memory, NULL);
}

/* SAMPLES */
