/* classic.h: the configuration of the classic heap that is measured: units of 8 bytes, size words of 32 bits, so that a block has a
 * head of 8 bytes and is a multiple of 8 bytes long. Audits follow the level of the other heaps in the program.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>

#define HMM_UNIQUE(BASE) classic_##BASE
#define HMM_ADDR_ALIGN_UNIT 8
#define HMM_BLOCK_ALIGN_UNIT 1
typedef uint32_t HMM_UNIQUE(size_aau);
typedef uint32_t HMM_UNIQUE(size_bau);
#if HMM_AUDIT_LEVEL > 0
#define HMM_AUDIT_FAIL (void)hmm_audit_reason;
#endif
