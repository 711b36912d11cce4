/* heapmm/declare.h: declares the functions of an instance of the heap.
 *
 * SPDX-License-Identifier: MIT
 *
 * A template: before including it, define
 *
 * HMM_HEAP        the type, e.g. my_heap
 * HMM_NAME(verb)  its functions and types, e.g. my_heap_##verb
 *
 * Both are undefined at the end. What is declared is what heapmm/heap.h documents for hmm_heap, under the other name: a type
 * my_heap, options my_heap_options, and my_heap_create and all the other functions. Results, faults, spans, statistics and
 * blocks are of the same types for every instance. examples/own_instance shows how an instance is made. */
#include "heapmm/heap.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct HMM_HEAP HMM_HEAP;

typedef struct HMM_NAME(options) {
    size_t size; /* sizeof of this type */
    size_t capacity;
    void (*on_fault)(void *context, const hmm_fault *fault);
    bool (*on_exhausted)(void *context, HMM_HEAP *heap, size_t size);
    void *context;
    uint64_t secret;
} HMM_NAME(options);

HMM_API HMM_NODISCARD HMM_HEAP *HMM_NAME(create)(void *memory, size_t bytes, const HMM_NAME(options) * options);
HMM_API HMM_NODISCARD HMM_HEAP *HMM_NAME(attach)(const hmm_span *regions, size_t count, const HMM_NAME(options) * options,
                                                 hmm_fault *fault);
HMM_API void HMM_NAME(destroy)(HMM_HEAP *heap);
HMM_API int HMM_NAME(add_region)(HMM_HEAP *heap, void *memory, size_t bytes);
HMM_API int HMM_NAME(extend_region)(HMM_HEAP *heap, void *memory, size_t more_bytes);
HMM_API size_t HMM_NAME(shrink_region)(HMM_HEAP *heap, void *memory, size_t bytes);
HMM_API int HMM_NAME(remove_region)(HMM_HEAP *heap, void *memory);

HMM_API HMM_NODISCARD HMM_MALLOC void *HMM_NAME(alloc)(HMM_HEAP *heap, size_t size);
HMM_API HMM_NODISCARD HMM_MALLOC void *HMM_NAME(alloc_zeroed)(HMM_HEAP *heap, size_t count, size_t size);
HMM_API HMM_NODISCARD HMM_MALLOC void *HMM_NAME(alloc_aligned)(HMM_HEAP *heap, size_t alignment, size_t size);
HMM_API HMM_NODISCARD HMM_MALLOC void *HMM_NAME(alloc_greedy)(HMM_HEAP *heap, size_t needed, size_t wanted, size_t *got);
HMM_API int HMM_NAME(resize)(HMM_HEAP *heap, void *p, size_t size);
HMM_API int HMM_NAME(resize_greedy)(HMM_HEAP *heap, void *p, size_t needed, size_t wanted, size_t *got);
HMM_API HMM_NODISCARD void *HMM_NAME(realloc)(HMM_HEAP *heap, void *p, size_t size);
HMM_API HMM_NODISCARD void *HMM_NAME(realloc_aligned)(HMM_HEAP *heap, void *p, size_t alignment, size_t size);
HMM_API void HMM_NAME(free)(HMM_HEAP *heap, void *p);

HMM_API size_t HMM_NAME(usable_size)(HMM_HEAP *heap, const void *p);
HMM_API size_t HMM_NAME(largest_free)(const HMM_HEAP *heap);
HMM_API bool HMM_NAME(contains)(const HMM_HEAP *heap, const void *p);
HMM_API void HMM_NAME(stats)(const HMM_HEAP *heap, hmm_heap_statistics *stats);
HMM_API int HMM_NAME(walk)(const HMM_HEAP *heap, bool (*visit)(void *context, const hmm_block *block), void *context);
HMM_API int HMM_NAME(check)(const HMM_HEAP *heap, hmm_fault *fault);

#ifdef __cplusplus
}
#endif

#undef HMM_HEAP
#undef HMM_NAME
