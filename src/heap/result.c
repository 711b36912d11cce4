/* result.c: the names of results.
 *
 * SPDX-License-Identifier: MIT */
#include "heapmm/heap.h"

const char *hmm_result_name(int result) {
    switch ((hmm_result)result) {
#define NAME_OF(code) \
    case code: return #code
        NAME_OF(HMM_OK);
        NAME_OF(HMM_NO_ROOM);
        NAME_OF(HMM_BAD_SIZE);
        NAME_OF(HMM_IN_USE);
        NAME_OF(HMM_STOPPED);
        NAME_OF(HMM_FAULT_HEADER);
        NAME_OF(HMM_FAULT_FOOTER);
        NAME_OF(HMM_FAULT_LINK);
        NAME_OF(HMM_FAULT_INDEX);
        NAME_OF(HMM_FAULT_TREE);
        NAME_OF(HMM_FAULT_SENTINEL);
        NAME_OF(HMM_FAULT_CONTROL);
        NAME_OF(HMM_FAULT_COUNTS);
        NAME_OF(HMM_FAULT_NOT_ALLOCATED);
        NAME_OF(HMM_FAULT_OUTSIDE);
        NAME_OF(HMM_FAULT_MISALIGNED);
        NAME_OF(HMM_FAULT_CANARY);
        NAME_OF(HMM_FAULT_WRITE_AFTER_FREE);
        NAME_OF(HMM_FAULT_OPTIONS);
        NAME_OF(HMM_FAULT_REGION_SMALL);
        NAME_OF(HMM_FAULT_REGION_LARGE);
        NAME_OF(HMM_FAULT_REGION_WRAPS);
        NAME_OF(HMM_FAULT_REGION_OVERLAPS);
        NAME_OF(HMM_FAULT_REGION_FAR);
        NAME_OF(HMM_FAULT_REGION_UNKNOWN);
        NAME_OF(HMM_FAULT_REGION_RECORD);
        NAME_OF(HMM_FAULT_NOT_A_HEAP);
        NAME_OF(HMM_FAULT_LAYOUT);
        NAME_OF(HMM_FAULT_SPANS);
        NAME_OF(HMM_FAULT_OWNER);
#undef NAME_OF
    }
    return "unknown result";
}
