/* consumer.cpp: a C++17 program that uses an installed heapmm. Ends with 0 if the heap and a pool work.
 *
 * SPDX-License-Identifier: MIT */
#include <heapmm/heap.h>
#include <heapmm/pool.h>

#include <cstddef>
#include <cstdint>
#include <iostream>
#include <new>

namespace {

alignas(std::max_align_t) unsigned char buffer[32768];

struct point {
    int x, y;
};

} // namespace

int main() {
    hmm_heap_options options = HMM_HEAP_OPTIONS;
    hmm_heap *heap = hmm_heap_create(buffer, sizeof buffer, &options);
    if (heap == nullptr) return 1;
    void *memory = hmm_heap_alloc(heap, sizeof(point));
    if (memory == nullptr) return 2;
    const point *p = new (memory) point{3, 4};
    if (p->x + p->y != 7) return 3;
    hmm_heap_free(heap, memory);
    if (hmm_heap_check(heap, nullptr) != HMM_OK) return 7;
    hmm_heap_destroy(heap);

    hmm_pool *pool = hmm_pool_create(buffer, sizeof buffer, nullptr);
    if (pool == nullptr || hmm_pool_free_remote(pool, hmm_pool_alloc(pool, 100)) != HMM_OK) return 5;
    if (hmm_pool_collect(pool, SIZE_MAX) != 1) return 6;
    std::cout << hmm_result_name(hmm_pool_check(pool, nullptr)) << ", granule " << HMM_HEAP_GRANULE << '\n';
    return hmm_pool_check(pool, nullptr) == HMM_OK ? 0 : 4;
}
