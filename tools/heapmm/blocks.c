/* blocks.c: see blocks.h. A hash table with open addressing, at most two thirds full.
 *
 * SPDX-License-Identifier: MIT */
#include "blocks.h"

#include <stdlib.h>

enum { LEAST_ROOM = 1024 };

/* Where the search for an address begins. */
static size_t home_of(const blocks *b, uint64_t address) {
    return (size_t)((address * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (b->room - 1);
}

/* The place of the address, or the free one where it would be. */
static size_t place_of(const blocks *b, uint64_t address) {
    size_t at = home_of(b, address);
    while (b->table[at].address != 0 && b->table[at].address != address) at = (at + 1) & (b->room - 1);
    return at;
}

block *blocks_find(const blocks *b, uint64_t address) {
    if (b->count == 0) return NULL;
    block *found = &b->table[place_of(b, address)];
    return found->address != 0 ? found : NULL;
}

static bool grow(blocks *b) {
    blocks larger = {.room = b->room == 0 ? LEAST_ROOM : 2 * b->room, .count = b->count};
    larger.table = calloc(larger.room, sizeof *larger.table);
    if (larger.table == NULL) return false;
    for (size_t i = 0; i < b->room; i++)
        if (b->table[i].address != 0) larger.table[place_of(&larger, b->table[i].address)] = b->table[i];
    free(b->table);
    *b = larger;
    return true;
}

bool blocks_add(blocks *b, const block *added) {
    if (b->count >= b->room / 3 * 2 && !grow(b)) return false;
    b->table[place_of(b, added->address)] = *added;
    b->count++;
    return true;
}

/* Blocks behind the gap that could be nearer to their home are moved into it, so that no search ends too early. */
void blocks_remove(blocks *b, block *removed) {
    const size_t mask = b->room - 1;
    size_t gap = (size_t)(removed - b->table);
    for (size_t at = (gap + 1) & mask; b->table[at].address != 0; at = (at + 1) & mask) {
        const size_t home = home_of(b, b->table[at].address);
        if (((at - home) & mask) < ((at - gap) & mask)) continue;
        b->table[gap] = b->table[at];
        gap = at;
    }
    b->table[gap].address = 0;
    b->count--;
}

void blocks_free(blocks *b) {
    free(b->table);
    *b = (blocks){0};
}
