/* operations_fuzz.h: what operations_fuzz.c offers besides being a fuzz target.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_FUZZ_OPERATIONS_H
#define HMM_FUZZ_OPERATIONS_H

#include "heap/model_program.h"

/* From here on, tells of the calls of the programs. */
void operations_fuzz_listen(const listener *heard);

#endif
