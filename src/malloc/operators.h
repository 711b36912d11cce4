/* operators.h: C++'s operators new and delete, under the names that C++ compilers give them.
 *
 * SPDX-License-Identifier: MIT
 *
 * In C, so that no C++ compiler and no C++ runtime is needed: what is needed of it for a failed new is called where it is there, and a
 * program without it has no new that could fail. The nothrow forms of new: nothrow.h.
 *
 * The names: Zn new, Zd delete; w single, a array, l single; m size_t. */
#ifndef HMM_MALLOC_OPERATORS_H
#define HMM_MALLOC_OPERATORS_H

#include "sized.h"

typedef void new_handler(void);

HMM_WEAK new_handler *_ZSt15get_new_handlerv(void); /* std::get_new_handler() */
HMM_WEAK void _ZSt17__throw_bad_allocv(void);       /* of libstdc++ */

/* As the standard says: the new-handler makes room, or throws, or ends the program. */
HMM_OUTLINE void *new_failed(size_t alignment, size_t size) {
    for (;;) {
        new_handler *handler = _ZSt15get_new_handlerv == NULL ? NULL : _ZSt15get_new_handlerv();
        if (handler == NULL) break;
        handler();
        void *p = allocate_aligned(alignment, size);
        if (p != NULL) return p;
    }
    if (_ZSt17__throw_bad_allocv != NULL) _ZSt17__throw_bad_allocv();
    hmm_os_write(NULL, "heapmm: operator new: no memory\n");
    hmm_os_abort();
    return NULL;
}

HMM_API void *_Znwm(size_t size);
void *_Znwm(size_t size) {
    void *p = allocate(size);
    return HMM_LIKELY(p != NULL) ? p : new_failed(HMM_STEP, size);
}

HMM_API void *_ZnwmSt11align_val_t(size_t size, size_t alignment);
void *_ZnwmSt11align_val_t(size_t size, size_t alignment) {
    void *p = allocate_aligned(alignment, size);
    return HMM_LIKELY(p != NULL) ? p : new_failed(alignment, size);
}

HMM_API void _ZdlPv(void *p);
void _ZdlPv(void *p) {
    release(p, "operator delete");
}

HMM_API void _ZdlPvm(void *p, size_t size);
void _ZdlPvm(void *p, size_t size) {
    release_sized(p, 1, size, "operator delete");
}

HMM_API void _ZdlPvSt11align_val_t(void *p, size_t alignment);
void _ZdlPvSt11align_val_t(void *p, size_t alignment) {
    (void)alignment;
    release(p, "operator delete");
}

HMM_API void _ZdlPvmSt11align_val_t(void *p, size_t size, size_t alignment);
void _ZdlPvmSt11align_val_t(void *p, size_t size, size_t alignment) {
    release_sized(p, alignment, size, "operator delete");
}

HMM_API void _ZdlPvRKSt9nothrow_t(void *p, const void *nothrow);
void _ZdlPvRKSt9nothrow_t(void *p, const void *nothrow) {
    (void)nothrow;
    release(p, "operator delete");
}

HMM_API void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *p, size_t alignment, const void *nothrow);
void _ZdlPvSt11align_val_tRKSt9nothrow_t(void *p, size_t alignment, const void *nothrow) {
    (void)alignment;
    (void)nothrow;
    release(p, "operator delete");
}

HMM_ALIAS(_Znwm) void *_Znam(size_t size);
HMM_ALIAS(_ZnwmSt11align_val_t) void *_ZnamSt11align_val_t(size_t size, size_t alignment);
HMM_ALIAS(_ZdlPv) void _ZdaPv(void *p);
HMM_ALIAS(_ZdlPvm) void _ZdaPvm(void *p, size_t size);
HMM_ALIAS(_ZdlPvSt11align_val_t) void _ZdaPvSt11align_val_t(void *p, size_t alignment);
HMM_ALIAS(_ZdlPvmSt11align_val_t) void _ZdaPvmSt11align_val_t(void *p, size_t size, size_t alignment);
HMM_ALIAS(_ZdlPvRKSt9nothrow_t) void _ZdaPvRKSt9nothrow_t(void *p, const void *nothrow);
HMM_ALIAS(_ZdlPvSt11align_val_tRKSt9nothrow_t)
void _ZdaPvSt11align_val_tRKSt9nothrow_t(void *p, size_t alignment, const void *nothrow);

#endif
