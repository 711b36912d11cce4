/* memory.h: copying and setting memory, and telling AddressSanitizer or valgrind which bytes the user may touch.
 *
 * SPDX-License-Identifier: MIT
 *
 * In a build for neither, every function is empty. Under AddressSanitizer a block's addressable bytes are those asked for, and
 * the rest of its usable size once hmm_heap_usable_size was called; valgrind is told of the whole usable size. Between
 * hmm_memory_enter and hmm_memory_leave valgrind does not report what the heap itself does to guarded memory. */
#ifndef HMM_BASE_MEMORY_H
#define HMM_BASE_MEMORY_H

#include <stddef.h>

#include "compiler.h"

/* All that the heap takes from a C library, declared here since <string.h> is no freestanding header. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *memory, int value, size_t bytes);

/* 1: built with valgrind's client requests, which need its header and cost a few instructions each. */
#ifndef HMM_VALGRIND
#define HMM_VALGRIND 0
#endif

#if HMM_VALGRIND
#include <valgrind/memcheck.h>
#define HMM_VALGRIND_GUARD(address, bytes) ((void)VALGRIND_MAKE_MEM_NOACCESS(address, bytes))
#define HMM_VALGRIND_UNDEFINED(address, bytes) ((void)VALGRIND_MAKE_MEM_UNDEFINED(address, bytes))
#define HMM_VALGRIND_DEFINED(address, bytes) ((void)VALGRIND_MAKE_MEM_DEFINED(address, bytes))
#define HMM_VALGRIND_MUTE() VALGRIND_DISABLE_ERROR_REPORTING
#define HMM_VALGRIND_UNMUTE() VALGRIND_ENABLE_ERROR_REPORTING
#else
#define HMM_VALGRIND_GUARD(address, bytes) ((void)(address), (void)(bytes))
#define HMM_VALGRIND_UNDEFINED(address, bytes) ((void)(address), (void)(bytes))
#define HMM_VALGRIND_DEFINED(address, bytes) ((void)(address), (void)(bytes))
#define HMM_VALGRIND_MUTE() ((void)0)
#define HMM_VALGRIND_UNMUTE() ((void)0)
#endif

#if HMM_ADDRESS_SANITIZER
void __asan_poison_memory_region(void const volatile *address, size_t bytes);
void __asan_unpoison_memory_region(void const volatile *address, size_t bytes);
#define HMM_ASAN_GUARD(address, bytes) __asan_poison_memory_region(address, bytes)
#define HMM_ASAN_RELEASE(address, bytes) __asan_unpoison_memory_region(address, bytes)
#else
#define HMM_ASAN_GUARD(address, bytes) ((void)(address), (void)(bytes))
#define HMM_ASAN_RELEASE(address, bytes) ((void)(address), (void)(bytes))
#endif

HMM_INTERNAL void hmm_memory_enter(void) {
    HMM_VALGRIND_MUTE();
}

HMM_INTERNAL void hmm_memory_leave(void) {
    HMM_VALGRIND_UNMUTE();
}

/* The heap has taken these bytes: nobody else may touch them. */
HMM_INTERNAL void hmm_memory_guard(void *memory, size_t bytes) {
    HMM_ASAN_GUARD(memory, bytes);
    HMM_VALGRIND_GUARD(memory, bytes);
}

/* These bytes are the caller's again. */
HMM_INTERNAL void hmm_memory_release(void *memory, size_t bytes) {
    HMM_ASAN_RELEASE(memory, bytes);
    HMM_VALGRIND_DEFINED(memory, bytes);
}

/* A block of `usable` bytes was handed out to someone who asked for `asked`. */
HMM_INTERNAL void hmm_memory_allocated(void *payload, size_t asked, size_t usable) {
    HMM_ASAN_RELEASE(payload, asked);
    HMM_VALGRIND_UNDEFINED(payload, usable);
}

/* A block was resized in place. */
HMM_INTERNAL void hmm_memory_resized(void *payload, size_t usable_before, size_t asked, size_t usable) {
    HMM_ASAN_RELEASE(payload, asked);
    if (usable > usable_before) HMM_VALGRIND_UNDEFINED((char *)payload + usable_before, usable - usable_before);
}

/* The whole usable size was made known. */
HMM_INTERNAL void hmm_memory_revealed(const void *payload, size_t usable) {
    HMM_ASAN_RELEASE(payload, usable);
}

#endif
