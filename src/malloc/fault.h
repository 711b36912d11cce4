/* fault.h: what a wrong pointer is, the message, and the end.
 *
 * SPDX-License-Identifier: MIT
 *
 * A pointer is compared with what the records say; nothing at the pointer is read. */
#ifndef HMM_MALLOC_FAULT_H
#define HMM_MALLOC_FAULT_H

#include "central.h"
#include "text.h"

/* Whether a block of a slab is free, in its slab or on its way there. */
HMM_INTERNAL bool is_free_block(struct span *slab, unsigned block) {
    const uint64_t remote = atomic_load_explicit(&remote_of(slab)->freed, memory_order_relaxed);
    return ((load_free(slab) | remote) >> block & 1) != 0;
}

/* The span that an address of ours lies in, or that of nothing: of large blocks and free spans, the map has the ends only. */
HMM_INTERNAL struct span *span_around(uintptr_t address) {
    uintptr_t unit = hmm_round_down(address, HMM_UNIT);
    while (unit > place.memory && span_at(unit)->kind == SPAN_NONE) unit -= HMM_UNIT;
    struct span *span = span_at(unit);
    return address < end_of(span) ? span : place.spans;
}

HMM_INTERNAL void describe_in_slab(struct text *text, struct span *slab, uintptr_t address) {
    const unsigned block = (unsigned)((address - slab->start) / slab->size);
    const bool inside = address != start_of_block(slab, block);
    if (inside) {
        add(text, "inside a block of ");
    } else {
        add(text, "a block of ");
    }
    add_number(text, slab->size);
    add(text, inside ? " bytes at " : " bytes that ");
    if (inside) add_address(text, start_of_block(slab, block));
    if (inside && is_free_block(slab, block)) add(text, ", which ");
    if (is_free_block(slab, block)) add(text, "is free: freed twice, or used after free");
}

HMM_INTERNAL void describe_in_large(struct text *text, const struct span *span) {
    add(text, "inside a block of ");
    add_number(text, bytes_of(span));
    add(text, " bytes at ");
    add_address(text, span->start);
}

HMM_INTERNAL void describe(struct text *text, uintptr_t address) {
    if (!is_ours(address)) {
        add(text, "no memory of this allocator");
        return;
    }
    struct span *span = span_around(address);
    switch (span->kind) {
    case SPAN_SLAB: describe_in_slab(text, span, address); break;
    case SPAN_LARGE: describe_in_large(text, span); break;
    case SPAN_FREE: add(text, "in free memory: freed twice, or used after free"); break;
    default: add(text, "no block: never allocated"); break;
    }
}

/* Says what is wrong with the pointer that a function was called with, and ends the process. */
HMM_OUTLINE void fault(const char *function, const void *p) {
    struct text text;
    begin_text(&text);
    add(&text, "heapmm: ");
    add(&text, function);
    add(&text, "(");
    add_address(&text, (uintptr_t)p);
    add(&text, "): ");
    describe(&text, (uintptr_t)p);
    add(&text, "\n");
    hmm_os_write(NULL, text.bytes);
    hmm_os_abort();
}

#endif
