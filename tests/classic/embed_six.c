/* embed_six.c: all seven configurations in one translation unit and one program; the code of the default one at its end, that of the
 * others each in a unit of its own. Used by embed.sh.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm.h"

enum { LEAST_HMM = HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS };
#define HMM_CNFG_NUM 0
#include "heapmm.h"
enum { LEAST_ZERO = HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS };
#undef HMM_CNFG_NUM
#define HMM_CNFG_NUM 1
#include "heapmm.h"
enum { LEAST_ONE = HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS };
#undef HMM_CNFG_NUM
#define HMM_CNFG_NUM 2
#include "heapmm.h"
enum { LEAST_TWO = HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS };
#undef HMM_CNFG_NUM
#define HMM_CNFG_NUM 3
#include "heapmm.h"
enum { LEAST_THREE = HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS };
#undef HMM_CNFG_NUM
#define HMM_CNFG_NUM 4
#include "heapmm.h"
enum { LEAST_FOUR = HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS };
#undef HMM_CNFG_NUM
#define HMM_CNFG_NUM 5
#include "heapmm.h"
enum { LEAST_FIVE = HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS };
#undef HMM_CNFG_NUM

jmp_buf test_failed;
const char *test_reason;
static long long memory[100];

/* The smallest chunk serves one allocation, and can then be given back whole. */
#define DEFINE_SERVES_ONE(NAME, LEAST)                                                           \
    static int NAME##_serves_one(void) {                                                         \
        NAME##_descriptor heap;                                                                  \
        NAME##_init(&heap);                                                                      \
        NAME##_new_chunk(&heap, memory, LEAST);                                                  \
        void *p = NAME##_alloc(&heap, 0);                                                        \
        if (p == 0 || NAME##_alloc(&heap, 0) != 0) return 0;                                     \
        NAME##_free(&heap, p);                                                                   \
        if (heap.num_baus_can_shrink != LEAST || NAME##_largest_available(&heap) == 0) return 0; \
        NAME##_shrink_chunk(&heap, LEAST);                                                       \
        return NAME##_largest_available(&heap) == 0;                                             \
    }

DEFINE_SERVES_ONE(hmm, LEAST_HMM)
DEFINE_SERVES_ONE(zero, LEAST_ZERO)
DEFINE_SERVES_ONE(one, LEAST_ONE)
DEFINE_SERVES_ONE(two, LEAST_TWO)
DEFINE_SERVES_ONE(three, LEAST_THREE)
DEFINE_SERVES_ONE(four, LEAST_FOUR)
DEFINE_SERVES_ONE(five, LEAST_FIVE)

int main(void) {
    return !(hmm_serves_one() && zero_serves_one() && one_serves_one() && two_serves_one() && three_serves_one() &&
             four_serves_one() && five_serves_one());
}

#include "heapmm_impl.h"
