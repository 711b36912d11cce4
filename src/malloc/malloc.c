/* malloc.c: the malloc replacement: its public functions, under their two names.
 *
 * SPDX-License-Identifier: MIT
 *
 * HMM_STANDARD_NAMES 0 leaves out the standard names: for a program under a sanitizer, which has a malloc of its own.
 * HMM_NOTHROW_NEW 1, in the shared library, has the nothrow forms of C++'s operator new too. */
#include "heapmm/malloc.h"
#include "options.h"
#include "report.h"
#include "sized.h"
#include "window.h"

#ifndef HMM_STANDARD_NAMES
#define HMM_STANDARD_NAMES 1
#endif
#ifndef HMM_NOTHROW_NEW
#define HMM_NOTHROW_NEW 0
#endif

/* ---- Start, threads, forks --------------------------------------------------------------------------------------------------------- */

void hmm_os_thread_ends(void) {
    my.leaving = true;
    if (my.stock != NULL) leave_stock();
}

/* The parent's other threads hold no lock then, so the child has none that nobody opens. */
static void before_fork(void) {
    hmm_os_acquire(&survey_lock);
    hmm_os_acquire(&quarantine.lock);
    hmm_os_acquire(&central.lock);
}

static void after_fork(void) {
    hmm_os_release(&central.lock);
    hmm_os_release(&quarantine.lock);
    hmm_os_release(&survey_lock);
}

void hmm_os_at_start(void) {
    hmm_os_at_fork(before_fork, after_fork);
    read_options();
    if (is_checked()) begin_checks();
}

void hmm_os_at_exit(void) {
    if (reports_at_exit) write_report();
    if (is_checked()) check_all();
}

/* ---- The functions ------------------------------------------------------------------------------------------------------- */

void *hmm_malloc(size_t size) {
    return allocate(size);
}

void hmm_free(void *p) {
    release(p, "free");
}

void hmm_cfree(void *p) {
    release(p, "cfree");
}

void hmm_free_sized(void *p, size_t size) {
    release_sized(p, 1, size, "free_sized");
}

void hmm_free_aligned_sized(void *p, size_t alignment, size_t size) {
    release_sized(p, alignment, size, "free_aligned_sized");
}

void *hmm_calloc(size_t count, size_t size) {
    return hmm_product_overflows(count, size) ? no_memory() : allocate_zeroed(count * size);
}

HMM_INTERNAL void *resize_any(const char *function, void *p, size_t size) {
    if (p == NULL) return allocate(size);
    if (size != 0) return resize(function, p, size);
    release(p, function);
    return NULL;
}

void *hmm_realloc(void *p, size_t size) {
    return resize_any("realloc", p, size);
}

void *hmm_reallocarray(void *p, size_t count, size_t size) {
    return hmm_product_overflows(count, size) ? no_memory() : resize_any("reallocarray", p, count * size);
}

void *hmm_aligned_alloc(size_t alignment, size_t size) {
    if (hmm_is_power_of_two(alignment)) return allocate_aligned(alignment, size);
    hmm_os_set_error(HMM_OS_INVALID);
    return NULL;
}

void *hmm_memalign(size_t alignment, size_t size) {
    return hmm_aligned_alloc(alignment, size);
}

void *hmm_valloc(size_t size) {
    return allocate_aligned(HMM_OS_PAGE, size);
}

void *hmm_pvalloc(size_t size) {
    if (size > SIZE_MAX - HMM_OS_PAGE) return no_memory();
    return allocate_aligned(HMM_OS_PAGE, size + hmm_padding(size, HMM_OS_PAGE));
}

int hmm_posix_memalign(void **p, size_t alignment, size_t size) {
    if (!hmm_is_power_of_two(alignment) || alignment < sizeof(void *)) return hmm_os_error_number(HMM_OS_INVALID);
    const int error = hmm_os_error();
    void *block = allocate_aligned(alignment, size);
    hmm_os_restore_error(error);
    if (block == NULL) return hmm_os_error_number(HMM_OS_NO_MEMORY);
    *p = block;
    return 0;
}

size_t hmm_malloc_usable_size(void *p) {
    if (p == NULL) return 0;
    if (is_checked()) return checked_size("malloc_usable_size", p);
    unsigned block = 0;
    const struct span *span = span_of_block("malloc_usable_size", p, &block);
    return span == NULL ? 0 : usable_size(span);
}

int hmm_malloc_trim(size_t keep) {
    (void)keep;
    return trim();
}

struct hmm_malloc_numbers hmm_mallinfo2(void) {
    return statistics();
}

struct hmm_malloc_ints hmm_mallinfo(void) {
    const struct hmm_malloc_numbers all = statistics();
    return (struct hmm_malloc_ints){(int)all.arena,   (int)all.ordblks, (int)all.smblks,   (int)all.hblks,    (int)all.hblkhd,
                                    (int)all.usmblks, (int)all.fsmblks, (int)all.uordblks, (int)all.fordblks, (int)all.keepcost};
}

void hmm_malloc_stats(void) {
    write_report();
}

int hmm_malloc_info(int options, void *stream) {
    if (options != 0) return hmm_os_error_number(HMM_OS_INVALID);
    write_numbers(stream);
    return 0;
}

int hmm_mallopt(int parameter, int value) {
    (void)parameter;
    (void)value;
    return 0;
}

#if HMM_STANDARD_NAMES
#include "names.h"
#include "operators.h"
#endif
#if HMM_STANDARD_NAMES && HMM_NOTHROW_NEW
#include "nothrow.h"
#endif
