/* trust.h: how far the heap can be trusted: what misuse comes to, and damage to its own bytes.
 *
 * SPDX-License-Identifier: MIT
 *
 *     trust matrix [csv]     the fault matrix (fault_matrix.c)
 *     trust flips [csv]      the flip campaign (flips.c)
 *     trust shadow           whether both see harm where there is some (shadow_test.c)
 *
 * A program holds one instance at one audit level. With HEAPMM_TEST_STEPS of 2 and more, the matrix has more trials, and every byte
 * is flipped. csv: rows for run.py to read, and no gates. */
#ifndef HMM_TESTS_TRUST_H
#define HMM_TESTS_TRUST_H

#include <stdbool.h>

bool trust_is_long(void);
bool trust_is_csv(void);

/* Each returns whether all is as it should be. */
bool run_matrix(void);
bool run_flips(void);
bool run_shadow_test(void);

#endif
