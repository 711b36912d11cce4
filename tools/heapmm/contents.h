/* contents.h: verifies what an allocator does with blocks: their contents stay, they do not overlap, new ones are aligned.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each block is filled with a pattern that no other block has. Memory comes from mmap, since malloc is what is verified. */
#ifndef HEAPMM_TOOLS_CONTENTS_H
#define HEAPMM_TOOLS_CONTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct contents_block {
    uintptr_t address;
    size_t size;
    uint64_t identity;
    uint32_t child[2];
    int8_t balance;
} contents_block;

typedef struct contents {
    contents_block *all; /* by slot */
    size_t slots;
    uint32_t root; /* of the tree of those that are live, by address */
    char text[200];
} contents;

/* Begins, without blocks. False: no memory. */
bool contents_begin(contents *c, size_t slots);

/* A block is new: identity is a number that no other has. Fills it. False, and a text, if something is wrong with it. */
bool contents_add(contents *c, uint32_t slot, void *p, size_t size, size_t alignment, bool is_zeroed, uint64_t identity);

/* A block is about to be resized or freed: verifies its contents, and forgets where it is. False, and a text, if they changed. */
bool contents_remove(contents *c, uint32_t slot);

/* A block that contents_remove saw was resized, and is here now; its first bytes must be as they were. Fills the rest. */
bool contents_resized(contents *c, uint32_t slot, void *p, size_t size, size_t alignment);

/* Verifies the contents of all blocks. */
bool contents_check(contents *c);

void contents_end(contents *c);

#endif
