/* fault.h: what a wrong pointer is, the message, and the end, unless HEAPMM_ON_FAULT says to go on.
 *
 * SPDX-License-Identifier: MIT
 *
 * A pointer is compared with what the records say; nothing at the pointer is read. */
#ifndef HMM_MALLOC_FAULT_H
#define HMM_MALLOC_FAULT_H

#include "central.h"
#include "level.h"
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

/* What was freed has been merged with its neighbours, so its own size is no longer known. */
HMM_INTERNAL void describe_in_free(struct text *text, const struct span *span) {
    add(text, "in free memory of ");
    add_number(text, bytes_of(span));
    add(text, " bytes: freed twice, or used after free");
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
    case SPAN_FREE: describe_in_free(text, span); break;
    default: add(text, "no block: never allocated"); break;
    }
}

/* The beginning of a message: the function that was called, and with what. */
HMM_INTERNAL void begin_fault(struct text *text, const char *function, uintptr_t address) {
    begin_text(text);
    add(text, "heapmm: ");
    add(text, function);
    add(text, "(");
    add_address(text, address);
    add(text, "): ");
}

/* Says it, and ends the process, or returns where HEAPMM_ON_FAULT is report. No lock is held. */
HMM_INTERNAL void end_fault(struct text *text) {
    add(text, "\n");
    hmm_os_write(NULL, text->bytes);
    atomic_fetch_add_explicit(&checks.faults, 1, memory_order_relaxed);
    if (!atomic_load_explicit(&checks.goes_on, memory_order_relaxed)) hmm_os_abort();
}

/* The pointer that a function was called with is none to a block. */
HMM_OUTLINE void fault(const char *function, const void *p) {
    struct text text;
    begin_fault(&text, function, (uintptr_t)p);
    describe(&text, (uintptr_t)p);
    end_fault(&text);
}

/* A function was told another size than the block has. */
HMM_OUTLINE void fault_of_size(const char *function, const void *p, size_t told, size_t size) {
    struct text text;
    begin_fault(&text, function, (uintptr_t)p);
    add(&text, "a block of ");
    add_number(&text, size);
    add(&text, " bytes, freed as one of ");
    add_number(&text, told);
    add(&text, ": wrong size");
    end_fault(&text);
}

#endif
