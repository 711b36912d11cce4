/* level.h: how much is checked, and what is done about a fault. Set once, when the environment is read.
 *
 * SPDX-License-Identifier: MIT
 *
 * At LEVEL_CHECKED and above, no thread keeps a current slab, and no block begins where a block of a slab does (note.h): so every
 * allocation and every free leaves the fast path, which therefore need not know of levels. The general functions ask. */
#ifndef HMM_MALLOC_LEVEL_H
#define HMM_MALLOC_LEVEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/compiler.h"

enum level {
    LEVEL_TRUSTING, /* sizes given to sized frees are not compared */
    LEVEL_DEFAULT,
    LEVEL_CHECKED, /* canaries, delayed reuse */
    LEVEL_GUARDED  /* and pages of their own for some blocks */
};

static struct {
    _Atomic(int) level;
    _Atomic(bool) goes_on; /* after a fault */
    _Atomic(size_t) faults;
} checks = {.level = LEVEL_DEFAULT};

HMM_INLINE int check_level(void) {
    return atomic_load_explicit(&checks.level, memory_order_relaxed);
}

HMM_INLINE bool is_checked(void) {
    return check_level() >= LEVEL_CHECKED;
}

#endif
