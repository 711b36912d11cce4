/* contents.c: see contents.h.
 *
 * SPDX-License-Identifier: MIT */
#include "contents.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* ---- The tree of blocks, by address -------------------------------------------------------------------------------------- */

#define NO_BLOCK UINT32_MAX

static inline uint32_t places_get_child(contents_block *all, uint32_t node, int direction) {
    return all[node].child[direction];
}

static inline void places_set_child(contents_block *all, uint32_t node, int direction, uint32_t child) {
    all[node].child[direction] = child;
}

static inline int places_get_balance(contents_block *all, uint32_t node) {
    return all[node].balance;
}

static inline void places_set_balance(contents_block *all, uint32_t node, int balance) {
    all[node].balance = (int8_t)balance;
}

static inline uintptr_t places_key(contents_block *all, uint32_t node) {
    return all[node].address;
}

static inline int places_compare(contents_block *all, uintptr_t address, uint32_t node) {
    return (address > all[node].address) - (address < all[node].address);
}

#define HMM_AVL(name) places_##name
#define HMM_AVL_HANDLE uint32_t
#define HMM_AVL_NULL NO_BLOCK
#define HMM_AVL_KEY uintptr_t
#define HMM_AVL_CONTEXT contents_block *
#include "heapmm/avl.h"

/* ---- The pattern --------------------------------------------------------------------------------------------------------- */

/* Eight bytes of it, from 8 * index on. */
static uint64_t pattern(uint64_t identity, size_t index) {
    const uint64_t mixed = (identity * UINT64_C(0x9e3779b97f4a7c15)) ^ (index * UINT64_C(0xd1342543de82ef95));
    return mixed ^ mixed >> 29 ^ UINT64_C(0x5555555555555555);
}

static unsigned char pattern_byte(uint64_t identity, size_t at) {
    return (unsigned char)(pattern(identity, at / 8) >> at % 8 * 8);
}

/* Bytes `from` to `size`. */
static void fill(const contents_block *b, size_t from) {
    unsigned char *bytes = (unsigned char *)b->address;
    size_t at = from;
    for (; at < b->size && at % 8 != 0; at++) bytes[at] = pattern_byte(b->identity, at);
    for (; at < b->size && b->size - at >= 8; at += 8) {
        const uint64_t word = pattern(b->identity, at / 8);
        for (unsigned i = 0; i < 8; i++) bytes[at + i] = (unsigned char)(word >> i * 8);
    }
    for (; at < b->size; at++) bytes[at] = pattern_byte(b->identity, at);
}

/* The first byte that is not as it was filled; `size` if there is none. */
static size_t first_changed(const contents_block *b, size_t size) {
    const unsigned char *bytes = (const unsigned char *)b->address;
    for (size_t at = 0; at < size;) {
        const uint64_t word = pattern(b->identity, at / 8);
        for (unsigned i = 0; i < 8 && at < size; i++, at++)
            if (bytes[at] != (unsigned char)(word >> i * 8)) return at;
    }
    return size;
}

static bool has_contents(contents *c, uint32_t slot, size_t size, const char *when) {
    const contents_block *b = &c->all[slot];
    const size_t at = first_changed(b, size);
    if (at == size) return true;
    snprintf(c->text, sizeof c->text, "byte %zu of the %zu of a block at 0x%llx was changed, as is seen %s", at, b->size,
             (unsigned long long)b->address, when);
    return false;
}

/* ---- Where blocks are ---------------------------------------------------------------------------------------------------- */

/* A block of no bytes has an address of its own all the same. */
static uintptr_t end_of(const contents_block *b) {
    return b->address + (b->size == 0 ? 1 : b->size);
}

static bool is_apart(contents *c, uint32_t slot) {
    const contents_block *b = &c->all[slot];
    const uint32_t before = places_search(c->all, c->root, b->address, HMM_AVL_LESS_EQUAL);
    const uint32_t behind = places_search(c->all, c->root, b->address, HMM_AVL_GREATER);
    uint32_t met = NO_BLOCK;
    if (before != NO_BLOCK && end_of(&c->all[before]) > b->address) met = before;
    if (behind != NO_BLOCK && end_of(b) > c->all[behind].address) met = behind;
    if (met == NO_BLOCK) return true;
    snprintf(c->text, sizeof c->text, "a new block of %zu bytes at 0x%llx overlaps one of %zu bytes at 0x%llx", b->size,
             (unsigned long long)b->address, c->all[met].size, (unsigned long long)c->all[met].address);
    return false;
}

static bool is_aligned(contents *c, uint32_t slot, size_t alignment) {
    const contents_block *b = &c->all[slot];
    if (b->address % alignment == 0) return true;
    snprintf(c->text, sizeof c->text, "a new block of %zu bytes at 0x%llx is not aligned to %zu", b->size,
             (unsigned long long)b->address, alignment);
    return false;
}

static bool is_zero(contents *c, uint32_t slot) {
    const contents_block *b = &c->all[slot];
    const unsigned char *bytes = (const unsigned char *)b->address;
    for (size_t at = 0; at < b->size; at++)
        if (bytes[at] != 0) {
            snprintf(c->text, sizeof c->text, "byte %zu of a zeroed block of %zu bytes at 0x%llx is not zero", at, b->size,
                     (unsigned long long)b->address);
            return false;
        }
    return true;
}

/* -------------------------------------------------------------------------------------------------------------------------- */

/* All is touched now, so that it is no part of what is measured later. */
bool contents_begin(contents *c, size_t slots) {
    *c = (contents){.root = NO_BLOCK, .slots = slots};
    c->all = mmap(NULL, (slots + 1) * sizeof *c->all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return c->all != MAP_FAILED;
}

static bool place(contents *c, uint32_t slot, void *p, size_t size, size_t alignment) {
    contents_block *b = &c->all[slot];
    b->address = (uintptr_t)p;
    b->size = size;
    if (!is_aligned(c, slot, alignment) || !is_apart(c, slot)) return false;
    places_insert(c->all, &c->root, slot);
    return true;
}

bool contents_add(contents *c, uint32_t slot, void *p, size_t size, size_t alignment, bool is_zeroed, uint64_t identity) {
    c->all[slot].identity = identity;
    if (!place(c, slot, p, size, alignment) || (is_zeroed && !is_zero(c, slot))) return false;
    fill(&c->all[slot], 0);
    return true;
}

bool contents_remove(contents *c, uint32_t slot) {
    if (!has_contents(c, slot, c->all[slot].size, "when it is freed or resized")) return false;
    places_remove(c->all, &c->root, c->all[slot].address);
    return true;
}

bool contents_resized(contents *c, uint32_t slot, void *p, size_t size, size_t alignment) {
    const size_t before = c->all[slot].size, kept = before < size ? before : size;
    if (!place(c, slot, p, size, alignment) || !has_contents(c, slot, kept, "when it has been resized")) return false;
    fill(&c->all[slot], kept);
    return true;
}

bool contents_check(contents *c) {
    places_iterator it;
    for (uint32_t slot = places_start_least(&it, c->all, c->root); slot != NO_BLOCK; slot = places_next(&it))
        if (!has_contents(c, slot, c->all[slot].size, "at the end")) return false;
    return true;
}

void contents_end(contents *c) {
    if (c->all != NULL && c->all != MAP_FAILED) munmap(c->all, (c->slots + 1) * sizeof *c->all);
    c->all = NULL;
}
