/* scene.c: heaps for gdb to look at, sound ones and damaged ones, and what the heap itself says of each.
 *
 * SPDX-License-Identifier: MIT
 *
 * heaps[0] is large, heaps[1 .. SOUND) are small; the others are small too, and of each a few bytes, mostly of the heap's own, were
 * overwritten. Printed is, for each, what hmm_heap_walk finds, and what hmm_heap_check says. Then the program stops in `stop_here`. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "heapmm/heap.h"

enum {
    HEAPS = 240,
    SOUND = 8,
    LARGE_BYTES = 60000,
    FIRST_BYTES = 5000,
    GAP = 100,
    SMALL_BYTES = 8192,
    SLOTS = 64,
    BLOCKS_MOST = 2000
};

static struct {
    _Alignas(64) unsigned char bytes[LARGE_BYTES];
} large;
static struct {
    _Alignas(64) unsigned char bytes[SMALL_BYTES];
} small[HEAPS];

hmm_heap *heaps[HEAPS];

static hmm_block blocks[BLOCKS_MOST];
static size_t block_count;
static uint32_t state = 1;

static uint32_t below(uint32_t limit) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % limit;
}

static void use(hmm_heap *heap, unsigned operations, uint32_t largest) {
    void *slots[SLOTS] = {NULL};
    for (unsigned i = 0; i < operations; i++) {
        void **slot = &slots[below(SLOTS)];
        hmm_heap_free(heap, *slot);
        *slot = below(3) == 0 ? NULL : hmm_heap_alloc(heap, 1 + below(largest));
    }
}

static void make_heaps(void) {
    const hmm_heap_options options = {.size = sizeof options, .secret = 0x123456789ABCDEFu};
    heaps[0] = hmm_heap_create(large.bytes, sizeof large.bytes, NULL);
    use(heaps[0], 4000, 2000);
    for (unsigned i = 1; i < HEAPS; i++) {
        unsigned char *behind = small[i].bytes + FIRST_BYTES + GAP;
        heaps[i] = hmm_heap_create(small[i].bytes + i % 5, FIRST_BYTES - i % 5, i % 2 == 0 ? NULL : &options);
        if (i % 3 != 0) hmm_heap_add_region(heaps[i], behind, sizeof small[i].bytes - FIRST_BYTES - GAP);
        use(heaps[i], 300, 300);
    }
}

static bool collect(void *context, const hmm_block *block) {
    (void)context;
    if (block_count < BLOCKS_MOST) blocks[block_count++] = *block;
    return true;
}

static int walk(const hmm_heap *heap) {
    block_count = 0;
    return hmm_heap_walk(heap, collect, NULL);
}

/* ---- Damage -------------------------------------------------------------------------------------------------------------- */

static unsigned char *in_a_block(size_t from_payload) {
    return (unsigned char *)(uintptr_t)blocks[below((uint32_t)block_count)].memory + from_payload;
}

static unsigned char *in_a_free_block(bool at_end) {
    const hmm_block *block = &blocks[0];
    for (unsigned tries = 0; tries < 1000 && !block->free; tries++) block = &blocks[below((uint32_t)block_count)];
    unsigned char *payload = (unsigned char *)(uintptr_t)block->memory;
    if (at_end) return payload + block->bytes - 2 * SCENE_WORD + below(SCENE_WORD);
    return payload + below(block->bytes < 6 * SCENE_WORD ? 2 * SCENE_WORD : 5 * SCENE_WORD);
}

static unsigned char *behind_the_blocks(void) {
    const hmm_block *last = &blocks[block_count - 1];
    return (unsigned char *)(uintptr_t)last->memory + last->bytes;
}

static unsigned char *place_in(unsigned number) {
    unsigned char *heap = (unsigned char *)heaps[number];
    switch (number % 8) {
    case 0: return heap + below(300);
    case 1: return in_a_block(0) - SCENE_WORD + below(SCENE_WORD);
    case 2:
    case 3: return in_a_free_block(false);
    case 4: return in_a_free_block(true);
    case 5: return behind_the_blocks() - SCENE_WORD + below(SCENE_WORD);
    case 6: return small[number].bytes + FIRST_BYTES - 40 + below(GAP + 100);
    default: return heap + 300 + below(FIRST_BYTES - 400);
    }
}

static void damage(unsigned number) {
    walk(heaps[number]);
    unsigned char *place = place_in(number);
    if (below(4) == 0)
        memset(place, (int)(below(2) * 0x41), SCENE_WORD);
    else
        *place ^= (unsigned char)(1u << below(8));
}

/* ---- What the heap says -------------------------------------------------------------------------------------------------- */

static unsigned long address(const void *p) {
    return (unsigned long)(uintptr_t)p;
}

static void tell(const char *name, const hmm_heap *heap) {
    const int code = walk(heap);
    printf("heap %s %#lx\n", name, address(heap));
    for (size_t i = 0; i < block_count; i++)
        printf("block %#lx %zu %zu %s\n", address(blocks[i].memory), blocks[i].bytes, blocks[i].usable,
               blocks[i].free ? "free" : "in use");
    printf("walk %s\n", hmm_result_name(code));
    hmm_fault fault;
    hmm_heap_check(heap, &fault);
    printf("check %s at %#lx: %s\n", hmm_result_name((int)fault.code), address(fault.address), fault.text);
}

static volatile bool stops;

HMM_OUTLINE void stop_here(void) {
    stops = true;
}

int main(void) {
    make_heaps();
    for (unsigned i = SOUND; i < HEAPS; i++) damage(i);
    for (unsigned i = 0; i < HEAPS; i++) {
        char name[32];
        snprintf(name, sizeof name, "heaps[%u]", i);
        tell(name, heaps[i]);
    }
    fflush(stdout);
    stop_here();
    return 0;
}
