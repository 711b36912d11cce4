/* classic.c: the code of the classic heap in the configuration that is measured. A file of its own, so that no compiler makes it part
 * of the subject's functions, which are not counted.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm_impl.h"
