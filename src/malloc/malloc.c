/* malloc.c: the malloc replacement: its public functions, under their two names.
 *
 * SPDX-License-Identifier: MIT
 *
 * HMM_STANDARD_NAMES 0 leaves out the standard names: for a program under a sanitizer, which has a malloc of its own. */
#include "heapmm/malloc.h"
#include "block.h"
#include "options.h"
#include "statistics.h"

#ifndef HMM_STANDARD_NAMES
#define HMM_STANDARD_NAMES 1
#endif

/* ---- Start, threads, forks --------------------------------------------------------------------------------------------------------- */

void hmm_os_thread_ends(void) {
    my.leaving = true;
    if (my.stock != NULL) leave_stock();
}

static void before_fork(void) {
    hmm_os_acquire(&central.lock);
}

static void after_fork(void) {
    hmm_os_release(&central.lock);
}

void hmm_os_at_start(void) {
    hmm_os_at_fork(before_fork, after_fork);
    read_options();
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
    (void)size;
    release(p, "free_sized");
}

void hmm_free_aligned_sized(void *p, size_t alignment, size_t size) {
    (void)alignment;
    (void)size;
    release(p, "free_aligned_sized");
}

void *hmm_calloc(size_t count, size_t size) {
    return hmm_product_overflows(count, size) ? no_memory() : allocate_zeroed(count * size);
}

HMM_INTERNAL void *resize_any(const char *function, void *p, size_t size) {
    if (p == NULL) return allocate(size);
    if (size != 0) return resize(function, p, size);
    free_general(p, function);
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
    unsigned block = 0;
    return p == NULL ? 0 : usable_size(span_of_block("malloc_usable_size", p, &block));
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
    write_report(NULL, "heapmm: ", " bytes, ", " bytes\n");
}

int hmm_malloc_info(int options, void *stream) {
    if (options != 0) return hmm_os_error_number(HMM_OS_INVALID);
    write_report(stream, "<malloc version=\"heapmm\">\n<!-- bytes: ", ", ", " -->\n</malloc>\n");
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
