/* unpack_zstd.c: see unpack.h.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <zstd.h>

#include "unpack.h"

size_t unpack(void *context, void *to, size_t room, const void *from, size_t bytes) {
    (void)context;
    const size_t made = ZSTD_decompress(to, room, from, bytes);
    return ZSTD_isError(made) != 0 ? SIZE_MAX : made;
}
