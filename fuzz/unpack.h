/* unpack.h: decompresses what stands in a trace.
 *
 * SPDX-License-Identifier: MIT
 *
 *     unpack_zstd.c      where libzstd is there
 *     unpack_nothing.c   elsewhere */
#ifndef HMM_FUZZ_UNPACK_H
#define HMM_FUZZ_UNPACK_H

#include <stddef.h>

/* As in hmm_trace_source. */
size_t unpack(void *context, void *to, size_t room, const void *from, size_t bytes);

#endif
