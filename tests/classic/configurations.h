/* configurations.h: the configurations of the classic heap that the tests run in.
 *
 * SPDX-License-Identifier: MIT
 *
 * Between them: units of 1 to 16 bytes, blocks of 1, 2, 3, 5 and 7 units, each of the word types; words of 8 bytes that a unit of
 * 4 leaves under-aligned; audits that end in a longjmp, and in 3 and 5 ones that fall through. TEST_AUDITS: 0 leaves them out. */
#include <setjmp.h>

extern jmp_buf test_failed;
extern const char *test_reason;

#ifndef TEST_AUDITS
#define TEST_AUDITS 1
#endif

#if HMM_CNFG_NUM == 0
#define HMM_UNIQUE(BASE) zero_##BASE
#define HMM_ADDR_ALIGN_UNIT sizeof(int)
#define HMM_BLOCK_ALIGN_UNIT 3
typedef unsigned HMM_UNIQUE(size_aau);
typedef unsigned short HMM_UNIQUE(size_bau);
#elif HMM_CNFG_NUM == 1
#define HMM_UNIQUE(BASE) one_##BASE
#define HMM_ADDR_ALIGN_UNIT 4
#define HMM_BLOCK_ALIGN_UNIT 1
typedef unsigned long long HMM_UNIQUE(size_aau);
typedef unsigned long long HMM_UNIQUE(size_bau);
#elif HMM_CNFG_NUM == 2
#define HMM_UNIQUE(BASE) two_##BASE
#define HMM_ADDR_ALIGN_UNIT 1
#define HMM_BLOCK_ALIGN_UNIT 7
typedef unsigned HMM_UNIQUE(size_aau);
typedef unsigned HMM_UNIQUE(size_bau);
#elif HMM_CNFG_NUM == 3
#define HMM_UNIQUE(BASE) three_##BASE
#define HMM_ADDR_ALIGN_UNIT 16
#define HMM_BLOCK_ALIGN_UNIT 1
typedef unsigned long HMM_UNIQUE(size_aau);
typedef unsigned long HMM_UNIQUE(size_bau);
#elif HMM_CNFG_NUM == 4
#define HMM_UNIQUE(BASE) four_##BASE
#define HMM_ADDR_ALIGN_UNIT 2
#define HMM_BLOCK_ALIGN_UNIT 5
typedef unsigned short HMM_UNIQUE(size_aau);
typedef unsigned short HMM_UNIQUE(size_bau);
#elif HMM_CNFG_NUM == 5
#define HMM_UNIQUE(BASE) five_##BASE
#define HMM_ADDR_ALIGN_UNIT 8
#define HMM_BLOCK_ALIGN_UNIT 2
typedef unsigned HMM_UNIQUE(size_aau);
typedef unsigned HMM_UNIQUE(size_bau);
#endif

#if TEST_AUDITS && (HMM_CNFG_NUM == 3 || HMM_CNFG_NUM == 5)
#define HMM_AUDIT_FAIL (void)(test_reason = hmm_audit_reason);
#elif TEST_AUDITS
#define HMM_AUDIT_FAIL                  \
    {                                   \
        test_reason = hmm_audit_reason; \
        longjmp(test_failed, 1);        \
    }
#endif
