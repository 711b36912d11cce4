/* classic.c: the default configuration of the classic heap, hmm_alloc and its relatives.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm_impl.h"
