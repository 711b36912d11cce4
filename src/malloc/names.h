/* names.h: the public functions under their standard names.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_MALLOC_NAMES_H
#define HMM_MALLOC_NAMES_H

HMM_ALIAS(hmm_malloc) void *malloc(size_t size);
HMM_ALIAS(hmm_calloc) void *calloc(size_t count, size_t size);
HMM_ALIAS(hmm_free) void free(void *p);
HMM_ALIAS(hmm_free_sized) void free_sized(void *p, size_t size);
HMM_ALIAS(hmm_free_aligned_sized) void free_aligned_sized(void *p, size_t alignment, size_t size);
HMM_ALIAS(hmm_cfree) void cfree(void *p);
HMM_ALIAS(hmm_realloc) void *realloc(void *p, size_t size);
HMM_ALIAS(hmm_reallocarray) void *reallocarray(void *p, size_t count, size_t size);
HMM_ALIAS(hmm_aligned_alloc) void *aligned_alloc(size_t alignment, size_t size);
HMM_ALIAS(hmm_memalign) HMM_MALLOC void *memalign(size_t alignment, size_t size);
HMM_ALIAS(hmm_valloc) HMM_MALLOC void *valloc(size_t size);
HMM_ALIAS(hmm_pvalloc) HMM_MALLOC void *pvalloc(size_t size);
HMM_ALIAS(hmm_posix_memalign) int posix_memalign(void **p, size_t alignment, size_t size);
HMM_ALIAS(hmm_malloc_usable_size) size_t malloc_usable_size(void *p);
HMM_ALIAS(hmm_malloc_trim) int malloc_trim(size_t keep);
HMM_ALIAS(hmm_mallinfo2) struct hmm_malloc_numbers mallinfo2(void);
HMM_ALIAS(hmm_mallinfo) struct hmm_malloc_ints mallinfo(void);
HMM_ALIAS(hmm_malloc_stats) void malloc_stats(void);
HMM_ALIAS(hmm_malloc_info) int malloc_info(int options, void *stream);
HMM_ALIAS(hmm_mallopt) int mallopt(int parameter, int value);

#endif
