/* stepped_pool.c: the pool, compiled so that it calls pool_interrupt.c at each basic block that it enters.
 *
 * SPDX-License-Identifier: MIT
 *
 * The file exists for the sake of its compiler option, see CMakeLists.txt: only the pool must be interrupted, not the test. */
#include "pool/pool.c"
