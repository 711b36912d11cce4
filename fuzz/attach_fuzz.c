/* attach_fuzz.c: bytes as memory in which a heap is to be opened.
 *
 * SPDX-License-Identifier: MIT
 *
 * The memory is one to three spans that are filled with the bytes as they are, or hold a heap that was used for a while and then
 * forged, as the bytes tell. Forgeries are sealed: no checksum and no check value betrays them, unless the bytes want it so.
 * The spans may be told wrongly, too. hmm_heap_attach must refuse, change nothing and read nothing outside the spans; or open a
 * heap that a user then uses without a fault. A guard page stands at one end, and the result must not depend on what lies between
 * the spans. */
#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "heap/forge.h"
#include "user.h"

enum {
    AREA = 8192,
    IS_HOSTILE = HMM_HEAP_LARGEST_BLOCK < 1024,
    LEAST_FIRST = IS_HOSTILE ? 160 : 640, /* bytes of the first region, which holds the control block */
    MORE_FIRST = IS_HOSTILE ? 100 : 2000,
    LEAST_OTHER = IS_HOSTILE ? 24 : 160,
    MORE_OTHER = IS_HOSTILE ? 100 : 1200,
    MOST_STEPS = 200,
    FIRST_FILL = 0x5C,
    SECOND_FILL = 0xA3
};

/* Where an honest heap is made, and where its image is opened: equally far from a page. */
static unsigned char *workshop, *found;
static unsigned char saved[AREA];
static fault_notes notes;

/* ---- Memory -------------------------------------------------------------------------------------------------------------- */

static unsigned char *map_area(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *memory = mmap(NULL, AREA + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(memory != MAP_FAILED && AREA % page == 0);
    EXPECT_EQ(mprotect(memory + page, AREA, PROT_READ | PROT_WRITE), 0);
    return memory + page;
}

/* Places the regions in the workshop, one after the other: two may stand before the first. All touch the start of the area, or
 * all its end. */
static void place_regions(user *u, reader *r) {
    static const size_t orders[REGIONS][REGIONS] = {{0, 1, 2}, {1, 0, 2}, {2, 1, 0}};
    const bool at_end = take(r, 2) == 1;
    const size_t *order = orders[take(r, REGIONS)];
    size_t end = 0;
    u->count = 1 + take(r, REGIONS);
    for (size_t i = 0; i < REGIONS; i++) {
        const size_t which = order[i];
        if (which >= u->count) continue;
        end += end == 0 ? 0 : take(r, 40);
        u->room[which] = which == 0 ? LEAST_FIRST + take(r, MORE_FIRST) : LEAST_OTHER + take(r, MORE_OTHER);
        u->regions[which].memory = workshop + end;
        end += u->room[which];
    }
    for (size_t i = 0; i < u->count && at_end; i++) u->regions[i].memory = (unsigned char *)u->regions[i].memory + (AREA - end);
}

/* Where something in the workshop has its image. */
static void *image_of(const void *p) {
    return found + ((const unsigned char *)p - workshop);
}

/* Fills what belongs to no region. */
static void fill_around(const hmm_span *spans, size_t count, unsigned char value) {
    raw_copy(saved, found, AREA);
    raw_fill(found, value, AREA);
    for (size_t i = 0; i < count; i++) {
        if (spans[i].memory == NULL) continue;
        const size_t at = (size_t)((unsigned char *)spans[i].memory - found);
        raw_copy(found + at, saved + at, spans[i].bytes);
    }
}

/* ---- Honest heaps -------------------------------------------------------------------------------------------------------- */

/* Whether a heap was made. A region may be too small for one, and another out of its reach. */
static bool make_heap(user *u, reader *r) {
    static const size_t capacities[] = {0, 1, 65536};
    hmm_heap_options options = noting_options(&notes);
    options.capacity = capacities[take(r, 3)];
    options.secret = take(r, 256);
    raw_fill(workshop, 0, AREA);
    u->heap = hmm_heap_create(u->regions[0].memory, u->room[0], &options);
    if (u->heap == NULL) return false;
    u->regions[0].bytes = u->room[0];
    for (size_t i = 1; i < u->count; i++) {
        if (hmm_heap_add_region(u->heap, u->regions[i].memory, u->room[i]) != HMM_OK) u->room[i] = 0;
        u->regions[i].bytes = u->room[i];
    }
    notes.count = 0;
    for (size_t steps = take(r, 64); steps > 0; steps--) use_once(u, r);
    EXPECT_EQ(notes.count, 0);
    return true;
}

/* ---- Forgeries ----------------------------------------------------------------------------------------------------------- */

/* What a forger knows. */
typedef struct forger {
    reader *r;
    hmm_heap *heap; /* the image */
    size_t control_bytes;
    const picture *blocks; /* of the workshop's heap */
    hmm_span spans[REGIONS];
    unsigned char *records[REGIONS];
    size_t count;
} forger;

/* A number that a heap could contain, or nearly. */
static uint64_t likely_number(const forger *f, uint64_t old) {
    switch (take(f->r, 9)) {
    case 0: return 0;
    case 1: return old + 1 + take(f->r, 4);
    case 2: return old - 1 - take(f->r, 4);
    case 3: return old ^ (uint64_t)1 << take(f->r, 64);
    case 4: return (uint64_t)(int64_t)forge_link(f->heap, image_of(f->blocks->blocks[take(f->r, f->blocks->count)].memory));
    case 5: return (uint64_t)(int64_t)forge_link(f->heap, f->records[take(f->r, f->count)]);
    case 6: return (uint64_t)(int64_t)forge_list_end(take(f->r, 64) * GRANULE);
    case 7: return take(f->r, 256);
    default: return take_word(f->r);
    }
}

static void forge_number(const forger *f, void *place, size_t bytes) {
    uint64_t number = 0;
    raw_copy(&number, place, bytes);
    number = likely_number(f, number);
    raw_copy(place, &number, bytes);
}

static void forge_something(const forger *f) {
    const size_t region = take(f->r, f->count);
    const hmm_span *span = &f->spans[region];
    const hmm_block *block = &f->blocks->blocks[take(f->r, f->blocks->count)];
    unsigned char *payload = image_of(block->memory), *control = (unsigned char *)f->heap;
    const forge_field *field;
    switch (take(f->r, 7)) {
    case 0: raw_flip((unsigned char *)span->memory + take(f->r, span->bytes), 1 + (unsigned)take(f->r, 255)); break;
    case 1:
        field = &forge_control_fields[take(f->r, forge_control_field_count)];
        forge_number(f, control + field->at, field->bytes);
        break;
    case 2:
        field = &forge_record_fields[take(f->r, forge_record_field_count)];
        forge_number(f, f->records[region] + field->at, field->bytes);
        forge_seal_record(f->heap, f->records[region]);
        break;
    case 3:
        forge_header(f->heap, payload, (size_t)likely_number(f, block->bytes / GRANULE) * GRANULE, take(f->r, 2) == 0,
                     take(f->r, 2) == 0);
        break;
    case 4: forge_number(f, payload + take(f->r, block->bytes < 7 * WORD ? 2 : 5) * WORD, WORD); break;
    case 5: forge_number(f, payload + block->bytes - 2 * WORD, WORD); break;
    default: forge_number(f, control + take(f->r, f->control_bytes / WORD) * WORD, WORD);
    }
}

static void forge_image(const user *u, const hmm_span *spans, size_t count, reader *r) {
    forger f = {.r = r, .heap = image_of(u->heap), .control_bytes = forge_control_bytes(u->heap), .count = count};
    f.blocks = picture_of(u->heap);
    for (size_t i = 0; i < count; i++) {
        f.spans[i] = spans[i];
        f.records[i] = (unsigned char *)spans[i].memory + (GRANULE - (uintptr_t)spans[i].memory % GRANULE) % GRANULE;
    }
    f.records[0] = (unsigned char *)f.heap;
    const bool sealed = take(r, 8) != 0;
    /* A heap without a block is one whose regions were all shrunk. */
    for (size_t lies = f.blocks->count == 0 ? 0 : take(r, 8); lies > 0; lies--) forge_something(&f);
    if (sealed) forge_seal_record(f.heap, f.heap);
    if (sealed) forge_seal_control(f.heap);
}

/* Bytes as they are, behind the two numbers by which a control block is known, if they want it so. */
static void spread_bytes(const user *u, const hmm_span *spans, size_t count, reader *r) {
    const bool known = take(r, 2) == 1, sealed = take(r, 2) == 1;
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < spans[i].bytes; at++) ((raw_byte *)spans[i].memory)[at] = (unsigned char)take(r, 256);
    hmm_heap *image = image_of(u->heap);
    for (size_t i = 0; known && i < 2; i++)
        raw_copy((unsigned char *)image + forge_control_fields[i].at, (unsigned char *)u->heap + forge_control_fields[i].at,
                 forge_control_fields[i].bytes);
    if (sealed) forge_seal_record(image, image);
    if (sealed) forge_seal_control(image);
}

/* What the caller of hmm_heap_attach may get wrong. Returns how many spans there are then. */
static size_t lie_about_spans(hmm_span spans[REGIONS], size_t count, reader *r) {
    const size_t which = take(r, count), bytes = spans[which].bytes;
    const hmm_span first = spans[0];
    switch (take(r, 24)) {
    case 0: spans[which].bytes = take(r, bytes); break;
    case 1:
        spans[0] = spans[which];
        spans[which] = first;
        break;
    case 2: return count - 1;
    case 3:
        if (count < REGIONS) spans[count++] = spans[which];
        break;
    case 4:
        spans[which].bytes = bytes - take(r, bytes);
        spans[which].memory = (unsigned char *)spans[which].memory + (bytes - spans[which].bytes);
        break;
    case 5: spans[which].memory = NULL; break;
    default: break;
    }
    return count;
}

/* ---- Opening ------------------------------------------------------------------------------------------------------------- */

static hmm_heap *open_among(unsigned char fill, const hmm_span *spans, size_t count, hmm_fault *fault) {
    const hmm_heap_options options = noting_options(&notes);
    *fault = (hmm_fault){HMM_OK, NULL, NULL};
    fill_around(spans, count, fill);
    raw_copy(saved, found, AREA);
    hmm_heap *heap = hmm_heap_attach(spans, count, &options, fault);
    EXPECT_EQ(notes.count, 0);
    if (heap != NULL) return heap;
    EXPECT_EQ(raw_difference(saved, found, AREA), AREA);
    EXPECT(fault->code >= HMM_FAULT_HEADER && fault->code <= HMM_FAULT_SPANS && fault->text != NULL);
    return NULL;
}

static hmm_heap *open_image(const hmm_span *spans, size_t count) {
    hmm_fault first, second;
    hmm_heap *heap = open_among(FIRST_FILL, spans, count, &first);
    EXPECT_PTR_EQ(open_among(SECOND_FILL, spans, count, &second), heap);
    EXPECT_EQ(first.code, second.code);
    EXPECT_PTR_EQ(first.address, second.address);
    return heap;
}

/* The user knows the regions as they were; spans that are others but were right, since the forgery was, are left alone. */
static bool agrees_about_regions(user *u, const hmm_span *spans, size_t count) {
    size_t known = 0;
    for (size_t i = 0; i < u->count; i++) {
        u->regions[i].bytes = 0;
        for (size_t k = 0; k < count; k++) {
            if (spans[k].memory != u->regions[i].memory) continue;
            u->regions[i].bytes = spans[k].bytes;
            known++;
        }
    }
    return known == count;
}

/* A heap that was opened is as good as any. */
static void use_opened(user *u, reader *r) {
    take_possession(u);
    for (size_t steps = 0; steps < MOST_STEPS && r->left > 0; steps++) use_once(u, r);
    EXPECT_SOUND(u->heap);
    release_all(u);
    EXPECT_SOUND(u->heap);
    if (notes.count > 0)
        fprintf(stderr, "%s at %p: %s\n", hmm_result_name((int)notes.last.code), notes.last.address, notes.last.text);
    EXPECT_EQ(notes.count, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    static user maker, finder;
    hmm_span spans[REGIONS];
    reader r = {bytes, count};
    if (found == NULL) {
        workshop = map_area();
        found = map_area();
    }
    notes = (fault_notes){.count = 0};
    maker = (user){.heap = NULL};
    place_regions(&maker, &r);
    if (!make_heap(&maker, &r)) return 0;

    finder = maker;
    for (size_t i = 0; i < finder.count; i++) finder.regions[i].memory = image_of(maker.regions[i].memory);
    raw_copy(found, workshop, AREA);
    size_t span_count = spans_of(&finder, spans);
    if (take(&r, 4) == 0)
        spread_bytes(&maker, spans, span_count, &r);
    else
        forge_image(&maker, spans, span_count, &r);
    hmm_heap_destroy(maker.heap);
    span_count = lie_about_spans(spans, span_count, &r);

    finder.heap = open_image(spans, span_count);
    if (finder.heap == NULL) return 0;
    EXPECT_SOUND(finder.heap);
    if (agrees_about_regions(&finder, spans, span_count)) use_opened(&finder, &r);
    hmm_heap_destroy(finder.heap);
    return 0;
}
