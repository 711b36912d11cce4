/* stepped_heap.c: the heap, compiled so that it calls bound_test.c at each basic block that it enters.
 *
 * SPDX-License-Identifier: MIT
 *
 * The file exists for the sake of its compiler option, see CMakeLists.txt: only the heap must count, not the test. */
#include "../instances/default.h"
#include HMM_TEST_SOURCE
