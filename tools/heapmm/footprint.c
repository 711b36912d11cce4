/* footprint.c: see footprint.h.
 *
 * SPDX-License-Identifier: MIT */
#include "footprint.h"

enum { PAGE_BITS = 12 };

/* Numbers from 1 on, since 0 is no key of blocks. */
static uint64_t first_page(uint64_t address) {
    return (address >> PAGE_BITS) + 1;
}

static uint64_t last_page(uint64_t address, uint64_t bytes) {
    const uint64_t more = bytes == 0 ? 0 : bytes - 1;
    return ((UINT64_MAX - address < more ? UINT64_MAX : address + more) >> PAGE_BITS) + 1;
}

static bool add_edge(footprint *f, uint64_t page) {
    block *found = blocks_find(&f->edges, page);
    if (found == NULL) return blocks_add(&f->edges, &(block){.address = page, .size = 1});
    found->size++;
    return true;
}

static void remove_edge(footprint *f, uint64_t page) {
    block *found = blocks_find(&f->edges, page);
    if (found != NULL && --found->size == 0) blocks_remove(&f->edges, found);
}

bool footprint_add(footprint *f, uint64_t address, uint64_t bytes) {
    const uint64_t first = first_page(address), last = last_page(address, bytes);
    if (first == last) return add_edge(f, first);
    f->inner += last - first - 1;
    return add_edge(f, first) && add_edge(f, last);
}

void footprint_remove(footprint *f, uint64_t address, uint64_t bytes) {
    const uint64_t first = first_page(address), last = last_page(address, bytes);
    remove_edge(f, first);
    if (first == last) return;
    remove_edge(f, last);
    f->inner -= last - first - 1;
}

uint64_t footprint_bytes(const footprint *f) {
    return (f->inner + f->edges.count) << PAGE_BITS;
}

void footprint_free(footprint *f) {
    blocks_free(&f->edges);
    *f = (footprint){0};
}
