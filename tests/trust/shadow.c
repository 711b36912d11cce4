/* shadow.c: a correct program that uses the heap, and its own map of what it owns.
 *
 * SPDX-License-Identifier: MIT */
#include "shadow.h"

#include <sys/mman.h>

unsigned char *ground;
hmm_heap *heap;
fault_notes notes;

enum { SLOTS = 384, NOISE = 64 * KIB, LARGE = 3000, SMALL = 200, AREAS = 4 };

/* A block that the program owns; p NULL: none. */
typedef struct owned {
    unsigned char *p;
    size_t size;
    bool pinned;
} owned;

static owned slots[SLOTS];
static bool owned_granule[GROUND / GRANULE];
static unsigned char image[GROUND]; /* of the ground: what the program wrote; valid where it owns, and in the margins */
static unsigned char noise[NOISE];
static struct { const unsigned char *from, *to; } areas[AREAS];
static size_t area_count;
static uint64_t random_state = 1;

uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

size_t random_below(size_t limit) {
    return (size_t)(next_random() % limit);
}

void seed_random(uint64_t seed) {
    random_state = (seed + 1) * 0x9E3779B97F4A7C15u;
}

/* ---- The map ------------------------------------------------------------------------------------------------------------- */

static void open_pages(size_t from, size_t to) {
    EXPECT_EQ(mprotect(ground + from, to - from, PROT_READ | PROT_WRITE), 0);
}

void shadow_map_ground(void) {
    ground = mmap(NULL, GROUND, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(ground != MAP_FAILED);
    open_pages(PAGE, FIRST_LIMIT);
    open_pages(FIRST_LIMIT + PAGE, SECOND_LIMIT);
    open_pages(SECOND_LIMIT + PAGE, SPARE_LIMIT);
    seed_random(0);
    for (size_t i = 0; i < NOISE; i++) noise[i] = (unsigned char)(next_random() >> 32);
}

/* The i-th margin: in front of and behind each region. */
static size_t margin_at(size_t i) {
    static const size_t at[] = {FIRST_AT - MARGIN, FIRST_AT + FIRST_BYTES, SECOND_AT - MARGIN, SECOND_AT + SECOND_BYTES};
    return at[i];
}

void shadow_begin(void) {
    memset(slots, 0, sizeof slots);
    memset(owned_granule, 0, sizeof owned_granule);
    area_count = 0;
    for (size_t i = 0; i < 4; i++) {
        memset(ground + margin_at(i), 0x3C, MARGIN);
        memset(image + margin_at(i), 0x3C, MARGIN);
    }
}

void shadow_add_blocks(const unsigned char *from, const unsigned char *to) {
    EXPECT(area_count < AREAS);
    areas[area_count].from = from;
    areas[area_count++].to = to;
}

static bool is_inside(const unsigned char *p, size_t size) {
    for (size_t i = 0; i < area_count; i++)
        if (p >= areas[i].from && p < areas[i].to && size <= (size_t)(areas[i].to - p)) return true;
    return false;
}

static size_t granule_of(const unsigned char *p) {
    return (size_t)(p - ground) / GRANULE;
}

static size_t granules_in(size_t size) {
    return size == 0 ? 1 : (size + GRANULE - 1) / GRANULE;
}

static void mark(unsigned char *p, size_t size, bool mine) {
    memset(&owned_granule[granule_of(p)], mine, granules_in(size) * sizeof owned_granule[0]);
}

static owned *slot_of(const void *p) {
    for (size_t i = 0; i < SLOTS; i++)
        if (p != NULL && slots[i].p == p) return &slots[i];
    return NULL;
}

bool shadow_owns(const void *p) {
    return slot_of(p) != NULL;
}

/* That the heap may hand this out. */
static void expect_free_place(unsigned char *p, size_t size) {
    if (!is_inside(p, size)) harm("memory outside the blocks was handed out");
    if ((uintptr_t)p % GRANULE != 0) harm("a misaligned address was handed out");
    for (size_t i = 0; i < granules_in(size); i++)
        if (owned_granule[granule_of(p) + i]) harm("two blocks overlap");
}

static void fill(unsigned char *p, size_t from, size_t size) {
    if (from >= size) return;
    memcpy(p + from, noise + random_below(NOISE - size), size - from);
    memcpy(image + (p - ground) + from, p + from, size - from);
}

static void expect_contents(const owned *o) {
    if (memcmp(o->p, image + (o->p - ground), o->size) != 0) harm("the contents of a block have changed");
}

/* The first `kept` bytes have contents already. */
static void own_in(owned *slot, void *p, size_t size, size_t kept) {
    expect_free_place(p, size);
    slot->p = p;
    slot->size = size;
    mark(p, size, true);
    fill(p, kept, size);
}

void shadow_own(void *p, size_t size, bool pinned) {
    size_t i = 0;
    while (i < SLOTS && slots[i].p != NULL) i++;
    EXPECT(i < SLOTS);
    own_in(&slots[i], p, size, 0);
    slots[i].pinned = pinned;
}

static void disown(owned *slot) {
    expect_contents(slot);
    mark(slot->p, slot->size, false);
    slot->p = NULL;
    slot->pinned = false;
}

void shadow_disown(void *p) {
    owned *slot = slot_of(p);
    EXPECT(slot != NULL);
    disown(slot);
}

void shadow_unpin(void) {
    for (size_t i = 0; i < SLOTS; i++) slots[i].pinned = false;
}

void shadow_write(void *at, const void *bytes, size_t count) {
    memcpy(at, bytes, count);
    memcpy(image + ((unsigned char *)at - ground), bytes, count);
}

/* Zeros as of a string's end, ones, text, or anything; where a byte is such already, another one. */
static unsigned char scribbled(unsigned kind, unsigned char old) {
    const unsigned char values[] = {0x00, 0xFF, 'A', (unsigned char)(next_random() >> 32)};
    const unsigned char value = values[kind];
    return value != old ? value : (unsigned char)(value + 1);
}

void shadow_scribble(void *at, size_t bytes) {
    unsigned char *p = at;
    const unsigned kind = (unsigned)random_below(4);
    for (size_t i = 0; i < bytes; i++) {
        const unsigned char byte = scribbled(kind, p[i]);
        shadow_write(p + i, &byte, 1);
    }
}

void shadow_verify(void) {
    for (size_t i = 0; i < SLOTS; i++)
        if (slots[i].p != NULL) expect_contents(&slots[i]);
    for (size_t i = 0; i < 4; i++)
        if (memcmp(ground + margin_at(i), image + margin_at(i), MARGIN) != 0) harm("memory beside a region has changed");
}

/* ---- The program --------------------------------------------------------------------------------------------------------- */

static void play_alloc(owned *slot, size_t size) {
    void *p = hmm_heap_alloc(heap, size);
    if (p != NULL) own_in(slot, p, size, 0);
}

static void play_alloc_zeroed(owned *slot, size_t size) {
    unsigned char *p = hmm_heap_alloc_zeroed(heap, 1, size);
    if (p == NULL) return;
    expect_free_place(p, size);
    for (size_t i = 0; i < size; i++)
        if (p[i] != 0) harm("memory that should be zeroed is not");
    own_in(slot, p, size, 0);
}

static void play_alloc_aligned(owned *slot, size_t size) {
    const size_t alignment = (size_t)2 * GRANULE << random_below(5);
    void *p = hmm_heap_alloc_aligned(heap, alignment, size);
    if (p == NULL) return;
    if ((uintptr_t)p % alignment != 0) harm("a misaligned address was handed out");
    own_in(slot, p, size, 0);
}

static void play_free(owned *slot) {
    void *p = slot->p;
    disown(slot);
    hmm_heap_free(heap, p);
}

static void play_resize(owned *slot, size_t size) {
    const size_t kept = slot->size < size ? slot->size : size;
    expect_contents(slot);
    if (hmm_heap_resize(heap, slot->p, size) != HMM_OK) return;
    mark(slot->p, slot->size, false);
    own_in(slot, slot->p, size, kept);
}

static void play_realloc(owned *slot, size_t size) {
    static unsigned char contents[LARGE];
    const size_t kept = slot->size < size ? slot->size : size;
    expect_contents(slot);
    memcpy(contents, slot->p, kept);
    unsigned char *p = hmm_heap_realloc(heap, slot->p, size);
    if (p == NULL) return;
    mark(slot->p, slot->size, false);
    expect_free_place(p, size);
    if (memcmp(p, contents, kept) != 0) harm("realloc has not kept the contents");
    memcpy(image + (p - ground), p, kept);
    own_in(slot, p, size, kept);
}

static size_t random_size(void) {
    return random_below(16) == 0 ? random_below(LARGE) : random_below(SMALL);
}

void play(void) {
    owned *slot = &slots[random_below(SLOTS)];
    const size_t choice = random_below(8), size = random_size();
    if (slot->pinned) return;
    if (slot->p == NULL) {
        if (choice == 0)
            play_alloc_aligned(slot, size);
        else if (choice == 1)
            play_alloc_zeroed(slot, size);
        else
            play_alloc(slot, size);
    } else if (choice == 0) {
        play_resize(slot, size);
    } else if (choice == 1) {
        play_realloc(slot, size);
    } else {
        play_free(slot);
    }
}

void play_above(size_t bytes) {
    owned *slot = &slots[random_below(SLOTS)];
    if (slot->pinned) return;
    if (slot->p == NULL)
        play_alloc(slot, bytes + 1 + random_below(SMALL));
    else if (slot->size > bytes)
        play_free(slot);
}

void play_full(void) {
    size_t i = 0;
    for (; i < SLOTS && hmm_heap_largest_free(heap) > 2 * SMALL; i++)
        if (slots[i].p == NULL) play_alloc(&slots[i], random_below(2 * SMALL));
    for (; i < SLOTS && hmm_heap_largest_free(heap) != 0; i++)
        if (slots[i].p == NULL) play_alloc(&slots[i], hmm_heap_largest_free(heap));
    EXPECT_EQ(hmm_heap_largest_free(heap), 0);
    for (i = 0; i < SLOTS; i += 16)
        if (slots[i].p != NULL && !slots[i].pinned) play_free(&slots[i]);
}
