/* scene.c: heaps for gdb to look at, sound ones and damaged ones, and what the heap itself says of each.
 *
 * SPDX-License-Identifier: MIT
 *
 * heaps[0] is large, heaps[1 .. SOUND) are small; the others are small too, and of each a few bytes, mostly of the heap's own, were
 * overwritten, or something was forged with right check values. Printed is, for each, what hmm_heap_walk finds, and what hmm_heap_check says. Then the program stops in `stop_here`. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "heap/forge.h"

enum {
    HEAPS = 240,
    SOUND = 8,
    LARGE_BYTES = 60000,
    FIRST_BYTES = 5000,
    GAP = 100,
    SMALL_BYTES = 8192,
    SLOTS = 64,
    BLOCKS_MOST = 2000,
    WORD = sizeof(HMM_TEST_WORD)
};

static struct { _Alignas(64) unsigned char bytes[LARGE_BYTES]; } large;
static struct { _Alignas(64) unsigned char bytes[SMALL_BYTES]; } small[HEAPS];

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
    if (at_end) return payload + block->bytes - 2 * WORD + below(WORD);
    return payload + below(block->bytes < 6 * WORD ? 2 * WORD : 5 * WORD);
}

static unsigned char *behind_the_blocks(void) {
    const hmm_block *last = &blocks[block_count - 1];
    return (unsigned char *)(uintptr_t)last->memory + last->bytes;
}

static unsigned char *place_in(unsigned number) {
    unsigned char *heap = (unsigned char *)heaps[number];
    switch (number % 8) {
    case 0: return heap + below(300);
    case 1: return in_a_block(0) - WORD + below(WORD);
    case 2:
    case 3: return in_a_free_block(false);
    case 4: return in_a_free_block(true);
    case 5: return behind_the_blocks() - WORD + below(WORD);
    case 6: return small[number].bytes + FIRST_BYTES - 40 + below(GAP + 100);
    default: return heap + 300 + below(FIRST_BYTES - 400);
    }
}

static HMM_TEST_LINK *words_of(const hmm_block *block) {
    return (HMM_TEST_LINK *)(uintptr_t)block->memory;
}

/* A free block that is large enough for a node, if there is one. */
static const hmm_block *a_node(void) {
    for (size_t i = 0; i < block_count; i++)
        if (blocks[i].free && blocks[i].bytes >= 16 * WORD + 64) return &blocks[i];
    return &blocks[0];
}

/* Makes an allocated block free, whose neighbour before may be free too, and which the index does not have. */
static void forge_free(hmm_heap *heap) {
    for (size_t i = 1; i + 1 < block_count; i++) {
        const hmm_block *block = &blocks[i], *next = block + 1;
        unsigned char *payload = (unsigned char *)(uintptr_t)block->memory;
        if (block->free || next->free || payload + block->bytes != next->memory || below(3) != 0) continue;
        forge_header(heap, payload, block->bytes, true, blocks[i - 1].free);
        forge_header(heap, payload + block->bytes, next->bytes, false, true);
        const HMM_TEST_WORD units = (HMM_TEST_WORD)(block->bytes / HMM_HEAP_GRANULE);
        memcpy(payload + block->bytes - 2 * WORD, &units, WORD);
        return;
    }
}

/* Leaves the newest block of a list out of it. */
static void forge_shorter_list(hmm_heap *heap) {
    for (size_t i = 0; i < block_count; i++) {
        const HMM_TEST_LINK end = forge_list_end(blocks[i].bytes), *words = words_of(&blocks[i]);
        HMM_TEST_LINK *head = forge_class_head(heap, blocks[i].bytes);
        if (!blocks[i].free || words[1] != end || words[0] == end || *head != forge_link(heap, words)) continue;
        *head = words[0];
        for (size_t j = 0; j < block_count; j++)
            if (forge_link(heap, blocks[j].memory) == *head) words_of(&blocks[j])[1] = end;
        return;
    }
}

static void flip_field(hmm_heap *heap, const char *name) {
    for (size_t i = 0; i < forge_control_field_count; i++)
        if (strcmp(forge_control_fields[i].name, name) == 0) *((unsigned char *)heap + forge_control_fields[i].at) ^= 1;
}

static void forge(hmm_heap *heap, unsigned kind) {
    HMM_TEST_LINK *node = words_of(a_node()), *record = (HMM_TEST_LINK *)(void *)heap, other = node[2];
    switch (kind % 7) {
    case 0: node[4] = (HMM_TEST_LINK)(node[4] == 0 ? 1 : 0); break;
    case 1:
        node[2] = node[3];
        node[3] = other;
        node[4] = (HMM_TEST_LINK)-node[4];
        break;
    case 2: forge_free(heap); break;
    case 3: forge_shorter_list(heap); break;
    case 4: flip_field(heap, "summary"); break;
    case 5: flip_field(heap, "bounds"); break;
    default:
        record[6] = (HMM_TEST_LINK)(record[6] + 2 * GAP); /* its tail */
        forge_seal_record(heap, heap);
    }
}

static void damage(unsigned number) {
    walk(heaps[number]);
    if (number % 3 == 1) {
        forge(heaps[number], number / 3);
        return;
    }
    unsigned char *place = place_in(number);
    if (below(4) == 0)
        memset(place, (int)(below(2) * 0x41), WORD);
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
