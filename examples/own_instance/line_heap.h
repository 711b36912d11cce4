/* line_heap.h: an instance of our own: every block begins a cache line, so that two threads' blocks never share one.
 *
 * SPDX-License-Identifier: MIT */
#ifndef LINE_HEAP_H
#define LINE_HEAP_H

#define HMM_HEAP line_heap
#define HMM_NAME(verb) line_heap_##verb
#include "heapmm/declare.h"

#endif
