/* scene.c: heaps in three positions, with blocks that misuse can be tried on.
 *
 * SPDX-License-Identifier: MIT */
#include "scene.h"

unsigned char *row[ROW];
unsigned char *large[LARGE_BLOCKS];
hmm_heap *other_heap;
unsigned char *other_block;
unsigned char *on_the_stack, *of_the_program;
unsigned char *first_end;

static unsigned char *own_new(size_t size) {
    unsigned char *p = hmm_heap_alloc(heap, size);
    EXPECT(p != NULL);
    EXPECT_EQ(hmm_heap_usable_size(heap, p), size);
    shadow_own(p, size, true);
    return p;
}

/* Sizes between 5/4 and 6/4 of 2 KiB, which take the high end: one class, wherever the index cuts the powers of two. */
static void make_blocks(void) {
    static const size_t bytes[LARGE_BLOCKS] = {2624, 2816, 2816, 2816, 3008};
    for (size_t i = 0; i < ROW; i++) row[i] = own_new((size_t)ROW_UNITS * GRANULE - OVERHEAD);
    for (size_t i = 0; i < LARGE_BLOCKS; i++) large[i] = own_new(bytes[i] - OVERHEAD);
    for (size_t i = 1; i < ROW; i++) EXPECT(row[i] == row[i - 1] + (size_t)ROW_UNITS * GRANULE);
    for (size_t i = 1; i < LARGE_BLOCKS; i++) EXPECT(large[i - 1] == large[i] + bytes[i]);
    EXPECT(first_end == large[0] + bytes[0]);
}

/* Tells the shadow where the blocks of the region are whose first block is at `from` at least. Returns the region's end. */
static unsigned char *add_blocks_from(const unsigned char *from) {
    const picture *p = picture_of(heap);
    size_t i = 0, last = p->count - 1;
    while ((const unsigned char *)p->blocks[i].memory < from) i++;
    unsigned char *end = (unsigned char *)(uintptr_t)p->blocks[last].memory + p->blocks[last].bytes;
    shadow_add_blocks(p->blocks[i].memory, end - WORD - CANARY);
    return end;
}

static void make_other_heap(void) {
    static _Alignas(64) unsigned char other_ground[4 * KIB];
    static fault_notes other_notes;
    other_heap = noting_heap(other_ground, sizeof other_ground, &other_notes);
    other_block = hmm_heap_alloc(other_heap, 100);
    EXPECT(other_block != NULL && hmm_heap_alloc(other_heap, 100) != NULL);
}

void scene_make(position where, uint64_t seed, size_t capacity) {
    seed_random(seed);
    notes = (fault_notes){.count = 0};
    hmm_heap_options options = noting_options(&notes);
    options.capacity = capacity;
    shadow_begin();
    heap = hmm_heap_create(first_region(), FIRST_BYTES, &options);
    EXPECT(heap != NULL);
    first_end = add_blocks_from(first_region());
    make_blocks();
    EXPECT_EQ(hmm_heap_add_region(heap, second_region(), SECOND_BYTES), HMM_OK);
    add_blocks_from(second_region());
    make_other_heap();
    if (where == BUSY)
        for (int i = 0; i < 1200; i++) play();
    if (where == FULL) play_full();
    shadow_verify();
    EXPECT_SOUND(heap);
    EXPECT_EQ(notes.count, 0);
}
