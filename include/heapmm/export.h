/* heapmm/export.h: how the public functions are declared to the compiler.
 *
 * SPDX-License-Identifier: MIT
 *
 * HMM_API          visible outside the library, which is otherwise compiled with hidden visibility.
 * HMM_NODISCARD    ignoring the result is a mistake: a block would be lost.
 * HMM_MALLOC       the result is a new block that nothing else points to.
 * HMM_HALT()       ends the program without a C library.
 *
 * No alloc_size: a caller may use the whole usable size, which can be more than was asked for.
 *
 * Compilers that know none of these see plain C. */
#ifndef HEAPMM_EXPORT_H
#define HEAPMM_EXPORT_H

#if defined(__GNUC__)
#define HMM_API __attribute__((visibility("default")))
#define HMM_NODISCARD __attribute__((warn_unused_result))
#define HMM_MALLOC __attribute__((malloc))
#define HMM_HALT() __builtin_trap()
#else
#define HMM_API
#define HMM_NODISCARD
#define HMM_MALLOC
#define HMM_HALT() \
    for (;;) {     \
    }
#endif

#endif
