/* fuzz.h: what a fuzz target is: one function that libFuzzer or replay_main.c calls with bytes.
 *
 * SPDX-License-Identifier: MIT
 *
 * It ends the process when it finds something, and else returns 0. What it does depends on the bytes alone. */
#ifndef HMM_FUZZ_H
#define HMM_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count);

#endif
