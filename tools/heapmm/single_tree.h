/* single_tree.h: the classic heap, one tree as in heapmm 1.1, so that it can be compared: a head of 8 bytes, blocks of 16, which are
 * aligned to 16 in a chunk that begins 8 bytes behind a multiple of 16.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>

#define HMM_UNIQUE(BASE) single_tree_##BASE
#define HMM_ADDR_ALIGN_UNIT 8
#define HMM_BLOCK_ALIGN_UNIT 2
typedef uint64_t HMM_UNIQUE(size_aau);
typedef uint32_t HMM_UNIQUE(size_bau);
#define HMM_AUDIT_FAIL hmm_fault_abort(NULL, &(hmm_fault){HMM_FAULT_HEADER, NULL, hmm_audit_reason});
