/* nothrow.h: the forms of C++'s operator new that return NULL where there is no memory.
 *
 * SPDX-License-Identifier: MIT
 *
 * They have to ask the new-handler too, and to catch what that throws, which C cannot. So where there is a new-handler the C++ runtime's
 * form is called, which calls the throwing one of operators.h, and catches. It must be found behind this library for that: so
 * these forms are in the shared library only, and a program that is linked statically has the runtime's. */
#ifndef HMM_MALLOC_NOTHROW_H
#define HMM_MALLOC_NOTHROW_H

#include "operators.h"

typedef void *nothrow_new(size_t size, const void *nothrow);
typedef void *aligned_nothrow_new(size_t size, size_t alignment, const void *nothrow);

/* Without a new-handler, or where no runtime has a form that would catch what it throws, no memory is the answer. */
HMM_INTERNAL void *nothrow_failed(const char *form, size_t size, size_t alignment, const void *nothrow) {
    if (_ZSt15get_new_handlerv == NULL || _ZSt15get_new_handlerv() == NULL) return NULL;
    hmm_os_function *function = hmm_os_next_function(form);
    if (function == NULL) return NULL;
    if (alignment == 0) return ((nothrow_new *)function)(size, nothrow);
    return ((aligned_nothrow_new *)function)(size, alignment, nothrow);
}

HMM_API void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow);
void *_ZnwmRKSt9nothrow_t(size_t size, const void *nothrow) {
    void *p = allocate(size);
    return HMM_LIKELY(p != NULL) ? p : nothrow_failed("_ZnwmRKSt9nothrow_t", size, 0, nothrow);
}

HMM_API void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *nothrow);
void *_ZnwmSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *nothrow) {
    void *p = allocate_aligned(alignment, size);
    return HMM_LIKELY(p != NULL) ? p : nothrow_failed("_ZnwmSt11align_val_tRKSt9nothrow_t", size, alignment, nothrow);
}

HMM_ALIAS(_ZnwmRKSt9nothrow_t) void *_ZnamRKSt9nothrow_t(size_t size, const void *nothrow);
HMM_ALIAS(_ZnwmSt11align_val_tRKSt9nothrow_t)
void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t size, size_t alignment, const void *nothrow);

#endif
