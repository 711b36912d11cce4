/* compiler.h: everything that depends on the compiler, and the only file of the sources that asks which one it is.
 *
 * SPDX-License-Identifier: MIT
 *
 * HMM_INTERNAL           a function of the heap's own. It may look at memory that a sanitizer has been told to guard.
 * HMM_INLINE             the same, a copy wherever it is called, unless compiled for size: it is short, or with constants becomes so.
 * HMM_OUTLINE            the same, kept out of line: rare, and better not in the way of what is frequent.
 * HMM_ENTRY              what public functions add to be allowed the same.
 * HMM_MAY_ALIAS          for a type through which memory lent by the caller is read and written, whatever it was declared as.
 * HMM_DECLARED_MAY_ALIAS the same, for a struct that a public header declares: GCC before 6 would take it for another type then.
 * HMM_UNLIKELY(x)        x, which is almost never true.
 * HMM_LIKELY(x)          x, which is almost always true.
 * HMM_THREAD_LOCAL       for a variable of each thread, found by one load: its library is there when the program starts.
 * HMM_ALIAS(name)        for the declaration of a function of the same file and type under another name.
 * HMM_AT_START           for a function that is called when its program or library is loaded.
 * HMM_AT_EXIT            for a function that is called when its program ends, or its library is unloaded.
 * HMM_WEAK               for the declaration of a function that need not exist: then its address is NULL.
 * HMM_TRAP()             ends the program without a C library.
 * HMM_COVERAGE           1 in a build that counts what the tests reach: each function and condition then is compiled once, where it
 *                        stands, without copies in the callers.
 * HMM_HAS_BIT_SCANS      1 if the processor has instructions for __builtin_clz and its relatives.
 * HMM_HAS_SINGLE_STEPS   1 if these two do what is said, each an instruction that compilers do not use; 0: they are not to be used.
 * HMM_BIT_TEST_AND_SET(word, bit)    sets a bit of a uint64_t, its number modulo 64; true if it was set.
 * HMM_ADD_LOADED(number, pointer)    adds what a relaxed atomic load of a uint64_t gives.
 * HMM_FOR_SIZE           1 in a build that is optimised for size.
 * HMM_ADDRESS_SANITIZER  1 in a build with AddressSanitizer. */
#ifndef HMM_BASE_COMPILER_H
#define HMM_BASE_COMPILER_H

#if defined(__OPTIMIZE_SIZE__)
#define HMM_FOR_SIZE 1
#else
#define HMM_FOR_SIZE 0
#endif

#ifndef HMM_COVERAGE
#define HMM_COVERAGE 0
#endif

#if defined(__GNUC__)
#define HMM_UNGUARDED __attribute__((no_sanitize_address))
#define HMM_INTERNAL __attribute__((unused)) HMM_UNGUARDED static
#if HMM_FOR_SIZE || HMM_COVERAGE
#define HMM_INLINE HMM_INTERNAL
#else
#define HMM_INLINE __attribute__((unused, always_inline)) HMM_UNGUARDED static inline
#endif
#define HMM_OUTLINE __attribute__((unused, noinline)) HMM_UNGUARDED static
#define HMM_ENTRY HMM_UNGUARDED
#define HMM_MAY_ALIAS __attribute__((may_alias))
#if __GNUC__ >= 6 || defined(__clang__)
#define HMM_DECLARED_MAY_ALIAS HMM_MAY_ALIAS
#else
#define HMM_DECLARED_MAY_ALIAS
#endif
#if HMM_COVERAGE
#define HMM_UNLIKELY(condition) (condition)
#else
#define HMM_UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#endif
#define HMM_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define HMM_THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))
#define HMM_ALIAS(name) __attribute__((alias(#name), visibility("default")))
#define HMM_AT_START __attribute__((constructor))
#define HMM_AT_EXIT __attribute__((destructor))
#define HMM_WEAK __attribute__((weak))
#define HMM_TRAP() __builtin_trap()
#else
#define HMM_INTERNAL static inline
#define HMM_INLINE static inline
#define HMM_OUTLINE static
#define HMM_ENTRY
#define HMM_MAY_ALIAS
#define HMM_DECLARED_MAY_ALIAS
#define HMM_UNLIKELY(condition) (condition)
#define HMM_LIKELY(condition) (condition)
#define HMM_TRAP() \
    for (;;) {     \
    }
#endif

/* Elsewhere the builtins would become calls of the compiler's own library. */
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__) || defined(__aarch64__) || defined(__ARM_FEATURE_CLZ) || \
                          defined(__riscv_zbb) || defined(__s390x__) || defined(__powerpc__))
#define HMM_HAS_BIT_SCANS 1
#else
#define HMM_HAS_BIT_SCANS 0
#endif

#if defined(__x86_64__) && defined(__GCC_ASM_FLAG_OUTPUTS__)
#define HMM_HAS_SINGLE_STEPS 1
#define HMM_BIT_TEST_AND_SET(word, bit)                                            \
    __extension__({                                                                \
        bool carry;                                                                \
        __asm__("bts %2, %0" : "+r"(word), "=@ccc"(carry) : "r"((uint64_t)(bit))); \
        carry;                                                                     \
    })
#define HMM_ADD_LOADED(number, pointer) __asm__ volatile("addq %1, %0" : "+r"(number) : "m"(*(pointer)))
#else
#define HMM_HAS_SINGLE_STEPS 0
#define HMM_BIT_TEST_AND_SET(word, bit) ((void)(bit), (word) == 0)
#define HMM_ADD_LOADED(number, pointer) ((void)(pointer), (void)(number))
#endif

#if defined(__SANITIZE_ADDRESS__)
#define HMM_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#define HMM_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define HMM_ADDRESS_SANITIZER 0
#endif

#endif
