/* embed_two.c: three configurations in one translation unit, the code of one at its end. Used by embed.sh.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm.h"

static int plain[200];
static hmm_descriptor plain_heap;

static int uses_default(void) {
    hmm_init(&plain_heap);
    hmm_new_chunk(&plain_heap, plain, 200);
    return hmm_alloc(&plain_heap, 10) != 0 && HMM_BLOCK_ALIGN_UNIT == 1;
}

#define HMM_CNFG_NUM 0
#include "heapmm.h"

jmp_buf test_failed;
const char *test_reason;
static int threes[600];
static zero_descriptor three_heap;

static int uses_zero(void) {
    zero_init(&three_heap);
    zero_new_chunk(&three_heap, threes, 200);
    return zero_alloc(&three_heap, 10) != 0 && HMM_BLOCK_ALIGN_UNIT == 3 && sizeof three_heap.num_baus_can_shrink == 2;
}

/* Declared, and its size used; the code of this one is nowhere in the program. */
#undef HMM_CNFG_NUM
#define HMM_CNFG_NUM 4
#include "heapmm.h"

static int sees_four(void) {
    return HMM_BLOCK_ALIGN_UNIT == 5 && HMM_ADDR_ALIGN_UNIT == 2 && sizeof(four_size_aau) == sizeof(short) &&
           sizeof(four_descriptor) > 0;
}

#undef HMM_CNFG_NUM
#include "heapmm.h"

static int is_back(void) {
    return HMM_UNIQUE(largest_available)(&plain_heap) > 0 && HMM_BLOCK_ALIGN_UNIT == 1;
}

int main(void) {
    if (!uses_default() || !uses_zero() || !sees_four() || !is_back()) return 1;
#if TEST_AUDITS
    if (setjmp(test_failed) != 0) return 0;
    zero_free(&three_heap, threes);
    return 2;
#else
    return 0;
#endif
}

#define HMM_CNFG_NUM 0
#include "heapmm_impl.h"
