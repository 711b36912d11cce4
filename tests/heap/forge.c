/* forge.c: the heap, and what makes its images.
 *
 * SPDX-License-Identifier: MIT */
#include "forge.h"

#include HMM_TEST_SOURCE

#define FIELD(type, name) \
    { #name, offsetof(type, name), sizeof((type *)0)->name }

const forge_field forge_control_fields[] = {
    FIELD(hmm_heap, magic),         FIELD(hmm_heap, layout),      FIELD(hmm_heap, key),          FIELD(hmm_heap, seal),
    FIELD(hmm_heap, bounds),        FIELD(hmm_heap, regions),     FIELD(hmm_heap, exact),        FIELD(hmm_heap, classes),
    FIELD(hmm_heap, map_at),        FIELD(hmm_heap, exact_bits),  FIELD(hmm_heap, class_bits),   FIELD(hmm_heap, exact_bytes),
    FIELD(hmm_heap, capacity_bits), FIELD(hmm_heap, units_total), FIELD(hmm_heap, bytes_total),  FIELD(hmm_heap, on_fault),
    FIELD(hmm_heap, on_exhausted),  FIELD(hmm_heap, context),     FIELD(hmm_heap, units_in_use), FIELD(hmm_heap, units_peak),
    FIELD(hmm_heap, blocks_free),   FIELD(hmm_heap, changes),     FIELD(hmm_heap, allocations),  FIELD(hmm_heap, frees),
    FIELD(hmm_heap, failures),      FIELD(hmm_heap, summary)};
const size_t forge_control_field_count = sizeof forge_control_fields / sizeof forge_control_fields[0];

const forge_field forge_record_fields[] = {{"lower", offsetof(struct region, child[0]), sizeof(HMM_LINK)},
                                           {"higher", offsetof(struct region, child[1]), sizeof(HMM_LINK)},
                                           FIELD(struct region, balance),
                                           FIELD(struct region, first),
                                           FIELD(struct region, end),
                                           FIELD(struct region, lead),
                                           FIELD(struct region, tail),
                                           FIELD(struct region, seal)};
const size_t forge_record_field_count = sizeof forge_record_fields / sizeof forge_record_fields[0];

HMM_ENTRY size_t forge_control_bytes(const hmm_heap *heap) {
    hmm_memory_enter();
    const struct geometry g = geometry_for(heap->capacity_bits);
    hmm_memory_leave();
    return control_bytes(&g);
}

HMM_TEST_LINK forge_list_end(size_t block_bytes) {
    return HMM_LIST_END(block_bytes >> HMM_GRANULE_SHIFT);
}

HMM_ENTRY void *forge_class_head(hmm_heap *heap, size_t block_bytes) {
    hmm_memory_enter();
    void *head = &heap->heads[class_of(heap, (hmm_units)(block_bytes >> HMM_GRANULE_SHIFT))];
    hmm_memory_leave();
    return head;
}

HMM_ENTRY void forge_seal_control(hmm_heap *heap) {
    hmm_memory_enter();
    seal_control(heap);
    hmm_memory_leave();
}

HMM_ENTRY void forge_seal_record(hmm_heap *heap, void *record) {
    hmm_memory_enter();
    seal_region(heap, record);
    hmm_memory_leave();
}

HMM_ENTRY void forge_header(hmm_heap *heap, void *payload, size_t bytes, bool free, bool previous_free) {
    const hmm_units units = (hmm_units)(bytes >> HMM_GRANULE_SHIFT) & HMM_UNITS_MOST;
    hmm_memory_enter();
    write_header(heap, payload, units | (free ? HMM_FREE : 0) | (previous_free ? HMM_PREVIOUS_FREE : 0));
    hmm_memory_leave();
}

HMM_ENTRY HMM_TEST_LINK forge_link(const hmm_heap *heap, const void *p) {
    return link_of(heap, p);
}

HMM_ENTRY void forge_longer_region(hmm_heap *heap, void *last, size_t more_bytes) {
    const hmm_units more = (hmm_units)(more_bytes >> HMM_GRANULE_SHIFT);
    struct block *b = last;
    const hmm_units units = size_in(*header_of(b)) + more;
    write_header(heap, b, (*header_of(b) & HMM_PREVIOUS_FREE) | units);
    write_canary(heap, b, units);
    write_header(heap, block_after(b, units), 0);
    heap->home.end += (HMM_LINK)more;
    seal_region(heap, &heap->home);
    heap->units_total += more;
    heap->bytes_total += more_bytes;
    count_in_use(heap, more);
    seal_control(heap);
}
