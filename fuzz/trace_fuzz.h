/* trace_fuzz.h: what the target `trace` made of an input.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_FUZZ_TRACE_FUZZ_H
#define HMM_FUZZ_TRACE_FUZZ_H

#include <stddef.h>

/* The trace that was read last, whole or not. */
const unsigned char *trace_fuzz_image(size_t *count);

#endif
