/* attach_forged_test.c: opening what is no heap, or was damaged, or is an image that no heap has made.
 *
 * SPDX-License-Identifier: MIT
 *
 * The images are made so that no checksum betrays them, see forge.h. One that is opened all the same must then work as a heap. */
#define _DEFAULT_SOURCE 1 /* MAP_ANONYMOUS */
#include "attach_world.h"
#include "forge.h"

/* ---- Damage -------------------------------------------------------------------------------------------------------------- */

/* What the caller can see of a heap, apart from the counters that nothing confirms. */
static bool looks_like_home(const hmm_heap *heap) {
    static picture there;
    there = *picture_of(heap);
    const picture *here = picture_of(home.heap);
    if (here->count != there.count) return false;
    for (size_t i = 0; i < here->count; i++) {
        const hmm_block *a = &here->blocks[i], *b = &there.blocks[i];
        if (moved(a->memory) != b->memory || a->bytes != b->bytes || a->free != b->free) return false;
    }
    hmm_heap_statistics x = stats_of(home.heap), y = stats_of(heap);
    x.peak_in_use = y.peak_in_use;
    x.failures = y.failures;
    if (!HMM_STATS) x.allocations = y.allocations;
    if (!HMM_STATS) x.frees = y.frees;
    return memcmp(&x, &y, offsetof(hmm_heap_statistics, fragmentation)) == 0 && x.fragmentation == y.fragmentation;
}

/* Damages one byte of a copy. */
static hmm_result code_of_damaged(size_t at, unsigned mask) {
    raw_flip(region_of(&away, 0) + at, mask);
    const hmm_result code = code_of(&away);
    if (code == HMM_OK) EXPECT(looks_like_home(away.heap));
    raw_flip(region_of(&away, 0) + at, mask);
    return code;
}

/* Every byte of control block and index. Some mean nothing that could be checked: how often something happened, and padding. */
static void every_byte_of_the_control_block(void) {
    enum { UNCHECKED = 3 * 4 + 8 + 16, UNCHECKED_WITHOUT_STATS = UNCHECKED + 4 + 4 + 2 * 8 };
    static const unsigned masks[] = {0x01, 0xFF};
    const size_t stride = HMM_VALGRIND ? 7 : 1;
    for (size_t regions = 1; regions <= 2; regions++)
        for (size_t m = 0; m < 2; m++) {
            size_t count[64] = {0}, unnoticed = 0;
            make_busy(regions, first_seed() + m);
            copy_away(0);
            for (size_t at = 0; at < forge_control_bytes(home.heap); at += stride) {
                const hmm_result code = code_of_damaged(at, masks[m]);
                if (code == HMM_OK)
                    unnoticed++;
                else
                    count[code]++;
            }
            EXPECT(unnoticed <= (HMM_STATS ? UNCHECKED : UNCHECKED_WITHOUT_STATS));
            if (stride == 1) {
                EXPECT_EQ(count[HMM_FAULT_NOT_A_HEAP], 4);
                EXPECT_EQ(count[HMM_FAULT_LAYOUT], 4);
            }
            EXPECT(count[HMM_FAULT_CONTROL] >= 32 / stride);
            EXPECT(count[HMM_FAULT_INDEX] > 0);
            forget(&home);
        }
}

/* Every byte of the record of a second region: its checksum covers them all. */
static void every_byte_of_a_record(void) {
    make_busy(2, first_seed());
    copy_away(0);
    for (size_t at = 0; at < 8 * WORD; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            raw_flip(region_of(&away, 1) + at, 1u << bit);
            EXPECT_EQ(code_of(&away), HMM_FAULT_SPANS);
            raw_flip(region_of(&away, 1) + at, 1u << bit);
        }
    EXPECT_EQ(code_of(&away), HMM_OK);
    forget(&away);
    forget(&home);
}

/* ---- Bytes that are no heap ---------------------------------------------------------------------------------------------- */

/* A number that a heap could contain, or nearly. */
static uint64_t likely_number(uint64_t old) {
    const picture *p = picture_of(home.heap);
    switch (random_below(8)) {
    case 0: return 0;
    case 1: return old + 1 + random_below(3);
    case 2: return old - 1 - random_below(3);
    case 3: return old ^ (uint64_t)1 << random_below(32);
    case 4: return (uint64_t)(int64_t)forge_link(home.heap, p->blocks[random_below(p->count)].memory);
    case 5: return (uint64_t)(int64_t)forge_link(home.heap, region_of(&home, random_below(home.regions)));
    case 6: return random_below(2 * REGION / GRANULE) - REGION / GRANULE;
    default: return next_random();
    }
}

static void forge_number(void *place, size_t bytes) {
    uint64_t number = 0;
    raw_copy(&number, place, bytes);
    number = likely_number(number);
    raw_copy(place, &number, bytes);
}

/* Makes the heap of which image number `seed` is a copy, unless it is there. The image depends on its seed alone. */
static void make_base(uint64_t seed) {
    static uint64_t made;
    if (home.heap == NULL || made != seed / 50) {
        if (home.heap != NULL) forget(&home);
        make_busy(1 + (size_t)(seed / 50 % REGIONS), seed / 50);
        made = seed / 50;
    }
    doing_seed = seed;
    seed_random(seed);
}

/* Spans of random bytes, of which more and more at the start are those of a heap. */
static void random_bytes(void) {
    const uint64_t end = first_seed() + rounds(300);
    set_upper_half(&away, PROT_NONE);
    for (uint64_t seed = first_seed(); seed < end; seed++) {
        make_base(seed);
        copy_away(0);
        const size_t kept = seed % 3 == 0 ? 0 : random_below(2 * forge_control_bytes(home.heap));
        for (size_t i = 0; i < home.regions; i++)
            for (size_t at = i == 0 ? kept : 0; at < home.bytes[i]; at++) region_of(&away, i)[at] = (unsigned char)next_random();
        if (kept > 64 && seed % 2 == 0) forge_seal_control((hmm_heap *)(void *)region_of(&away, 0));
        EXPECT(code_of(&away) != HMM_OK);
    }
    set_upper_half(&away, PROT_READ | PROT_WRITE);
    forget(&home);
}

static void constant_bytes(void) {
    home.regions = away.regions = 1;
    away.start = 0;
    away.bytes[0] = REGION;
    set_upper_half(&away, PROT_NONE);
    for (unsigned value = 0; value < 256; value++) {
        raw_fill(away.area[0], (unsigned char)value, REGION);
        EXPECT_EQ(code_of(&away), HMM_FAULT_NOT_A_HEAP);
    }
    set_upper_half(&away, PROT_READ | PROT_WRITE);
}

/* ---- Forged heaps -------------------------------------------------------------------------------------------------------- */

static void *random_block_of_home(bool free_only, size_t *bytes) {
    const picture *p = picture_of(home.heap);
    const hmm_block *block;
    do {
        block = &p->blocks[random_below(p->count)];
    } while (free_only && !block->free);
    *bytes = block->bytes;
    return moved(block->memory);
}

static void forge_something(hmm_heap *heap) {
    size_t bytes;
    unsigned char *p;
    const forge_field *field;
    switch (random_below(6)) {
    case 0:
        field = &forge_control_fields[random_below(forge_control_field_count)];
        forge_number((unsigned char *)heap + field->at, field->bytes);
        break;
    case 1:
        field = &forge_record_fields[random_below(forge_record_field_count)];
        p = region_of(&away, random_below(away.regions));
        forge_number(p + field->at, field->bytes);
        forge_seal_record(heap, p);
        break;
    case 2: /* a header */
        p = random_block_of_home(false, &bytes);
        forge_header(heap, p, (size_t)likely_number(bytes / GRANULE) * GRANULE, random_below(2) == 0, random_below(2) == 0);
        break;
    case 3: /* a link, a balance */
        p = random_block_of_home(true, &bytes);
        forge_number(p + random_below(bytes < 7 * WORD ? 2 : 5) * WORD, WORD);
        break;
    case 4: /* a footer, a canary */
        p = random_block_of_home(false, &bytes);
        forge_number(p + bytes - 2 * WORD, WORD);
        break;
    default: /* the bitmap, a class */
        forge_number((unsigned char *)heap + random_below(forge_control_bytes(home.heap) / WORD) * WORD, WORD);
    }
}

/* Images with a few lies in them that no checksum betrays. */
static void forged_at_random(void) {
    const uint64_t end = first_seed() + rounds(6000);
    size_t opened = 0;
    set_upper_half(&away, PROT_NONE);
    for (uint64_t seed = first_seed(); seed < end; seed++) {
        make_base(seed);
        copy_away(0);
        hmm_heap *heap = (hmm_heap *)(void *)region_of(&away, 0);
        for (size_t lies = 1 + random_below(4); lies > 0; lies--) forge_something(heap);
        if (random_below(8) != 0) forge_seal_record(heap, heap);
        if (random_below(8) != 0) forge_seal_control(heap);
        if (code_of(&away) != HMM_OK) continue;
        opened++;
        expect_usable(&away, 30);
        forget(&away);
    }
    set_upper_half(&away, PROT_READ | PROT_WRITE);
    forget(&home);
    printf("  %llu images, %zu of them sound\n", (unsigned long long)(end - first_seed()), opened);
}

/* A heap whose free blocks are known: three in a list or ring of one size, and a tree of other sizes. Allocated ones between. */
enum { SAME = 3, NODES = 7, LARGEST_NODE = NODES - 1 };

typedef struct orchard {
    unsigned char *same[SAME];
    unsigned char *node[NODES];
    unsigned char *rest; /* allocated */
} orchard;

/* Takes a block at the low end of the largest free one, whatever its size, and a smallest one behind it. */
static unsigned char *carve(size_t bytes) {
    unsigned char *p = hmm_heap_alloc_greedy(home.heap, 0, SIZE_MAX, NULL);
    EXPECT(p != NULL);
    EXPECT_EQ(hmm_heap_resize(home.heap, p, bytes - OVERHEAD), HMM_OK);
    EXPECT(hmm_heap_alloc(home.heap, 1) != NULL);
    return p;
}

/* bytes: of the blocks of one size; beyond the exact classes they form a ring. */
static orchard make_orchard(size_t same_bytes) {
    orchard o;
    notes = (fault_notes){.count = 0};
    hmm_heap_options options = noting();
    options.capacity = 1; /* the fewest classes */
    home.start = 0;
    home.regions = 1;
    home.bytes[0] = REGION;
    home.heap = hmm_heap_create(region_of(&home, 0), REGION, &options);
    EXPECT(home.heap != NULL);
    for (size_t i = 0; i < SAME; i++) o.same[i] = carve(same_bytes);
    for (size_t i = 0; i < NODES; i++) o.node[i] = carve((14 + i) * GRANULE);
    o.rest = hmm_heap_alloc_greedy(home.heap, 8 * GRANULE, SIZE_MAX, NULL);
    EXPECT(o.rest != NULL && hmm_heap_largest_free(home.heap) == 0);
    for (size_t i = 0; i < SAME; i++) hmm_heap_free(home.heap, o.same[i]);
    for (size_t i = 0; i < NODES; i++) hmm_heap_free(home.heap, o.node[i]);
    EXPECT_SOUND(home.heap);
    return o;
}

/* Sets a word of the copy of a block to a number. */
static void forge_word(unsigned char *block, size_t word, heap_link number) {
    raw_set_word((unsigned char *)moved(block) + word * WORD, (heap_word)number);
}

static void expect_refused(hmm_result code) {
    const hmm_result was = code_of(&away);
    if (was != code) {
        fprintf(stderr, "attach gives %s, expected %s\n", hmm_result_name((int)was), hmm_result_name((int)code));
        exit(EXIT_FAILURE);
    }
    copy_away(0);
}

enum { NEXT, PREVIOUS, LOWER, HIGHER, BALANCE };

/* Lists and rings whose links lead in a circle that they should not, outside, or to blocks of another kind. */
static void forged_bins(void) {
    static const size_t sizes[] = {4 * GRANULE, 12 * GRANULE}; /* a list, a ring */
    set_upper_half(&away, PROT_NONE);
    for (size_t s = 0; s < 2; s++) {
        const orchard o = make_orchard(sizes[s]);
        copy_away(0);
        for (size_t from = 0; from < SAME; from++)
            for (size_t to = 0; to < SAME; to++)
                for (size_t word = NEXT; word <= PREVIOUS; word++) {
                    const heap_link link = forge_link(home.heap, o.same[to]);
                    if ((heap_link)raw_word((unsigned char *)moved(o.same[from]) + word * WORD) == link) continue;
                    forge_word(o.same[from], word, link);
                    expect_refused(HMM_FAULT_LINK);
                }
        const heap_link outside = (heap_link)(REGION / GRANULE);
        const heap_link links[] = {1,        -1,        outside,    outside - 1,
                                   -outside, LINK_MOST, LINK_LEAST, forge_link(home.heap, o.node[0])};
        for (size_t from = 0; from < SAME; from++)
            for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
                for (size_t word = NEXT; word <= PREVIOUS; word++) {
                    forge_word(o.same[from], word, links[i]);
                    expect_refused(HMM_FAULT_LINK);
                }
        /* A circle of all three in which all neighbours agree: sound as a ring, not as a list, which has an end. */
        for (size_t i = 0; i < SAME && s == 0; i++) {
            forge_word(o.same[i], NEXT, forge_link(home.heap, o.same[(i + 1) % SAME]));
            forge_word(o.same[(i + 1) % SAME], PREVIOUS, forge_link(home.heap, o.same[i]));
        }
        if (s == 0) expect_refused(HMM_FAULT_LINK);
        forget(&home);
    }
    set_upper_half(&away, PROT_READ | PROT_WRITE);
}

/* Trees whose links lead in circles, outside, or to what is no node of theirs. */
static void forged_trees(void) {
    set_upper_half(&away, PROT_NONE);
    const orchard o = make_orchard(4 * GRANULE);
    copy_away(0);
    const heap_link outside = (heap_link)(REGION / GRANULE);
    for (size_t from = 0; from < NODES; from++)
        for (size_t word = LOWER; word <= HIGHER; word++) {
            const heap_word old = raw_word((unsigned char *)moved(o.node[from]) + word * WORD);
            for (size_t to = 0; to < NODES; to++) {
                if (old == (heap_word)forge_link(home.heap, o.node[to])) continue;
                forge_word(o.node[from], word, forge_link(home.heap, o.node[to]));
                expect_refused(HMM_FAULT_TREE);
            }
            const heap_link links[] = {1,        -1,        outside,    outside - 1,
                                       -outside, LINK_MOST, LINK_LEAST, forge_link(home.heap, o.same[0])};
            for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
                forge_word(o.node[from], word, links[i]);
                expect_refused(HMM_FAULT_TREE);
            }
        }
    for (size_t from = 0; from < NODES; from++)
        for (heap_link balance = -3; balance <= 3; balance++) {
            const heap_word old = raw_word((unsigned char *)moved(o.node[from]) + BALANCE * WORD);
            if (old == (heap_word)balance) continue;
            forge_word(o.node[from], BALANCE, balance);
            expect_refused(HMM_FAULT_TREE);
        }
    forget(&home);
    set_upper_half(&away, PROT_READ | PROT_WRITE);
}

/* Free blocks that the index leaves out, or holds in the wrong class. */
static void forged_index(void) {
    const orchard o = make_orchard(4 * GRANULE);
    copy_away(0);
    void *list = moved(forge_class_head(home.heap, 4 * GRANULE));
    const heap_word newest = raw_word(list);
    const heap_link end = forge_list_end(4 * GRANULE);
    const heap_link heads[] = {0, 1, -1, LINK_MOST, LINK_LEAST, forge_link(home.heap, o.node[0])};
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        raw_set_word(list, (heap_word)heads[i]);
        expect_refused(heads[i] == 0 ? HMM_FAULT_INDEX : HMM_FAULT_LINK);
    }
    raw_set_word(list, raw_word((unsigned char *)moved(o.same[SAME - 1]) + NEXT * WORD)); /* without the newest */
    EXPECT(raw_word(list) != newest);
    forge_word(o.same[SAME - 2], PREVIOUS, end);
    expect_refused(HMM_FAULT_INDEX);
    forge_word(o.same[1], NEXT, end); /* without the oldest */
    expect_refused(HMM_FAULT_INDEX);

    unsigned char *imitation = o.rest + GRANULE; /* inside a payload, in place of the newest */
    forge_header((hmm_heap *)(void *)region_of(&away, 0), moved(imitation), 4 * GRANULE, true, false);
    forge_word(imitation, NEXT, forge_link(home.heap, o.same[1]));
    forge_word(imitation, PREVIOUS, end);
    forge_word(o.same[1], PREVIOUS, forge_link(home.heap, imitation));
    raw_set_word(list, (heap_word)forge_link(home.heap, imitation));
    expect_refused(HMM_FAULT_INDEX);
    forget(&home);
}

/* Blocks with right check values that do not fill their region exactly, or whose flags do not agree. */
static void forged_blocks(void) {
    set_upper_half(&away, PROT_NONE);
    make_busy(2, first_seed());
    copy_away(0);
    static picture blocks;
    blocks = *picture_of(home.heap);
    for (size_t i = 0; i < blocks.count; i++) {
        const hmm_block *b = &blocks.blocks[i];
        void *p = moved(b->memory);
        hmm_heap *heap = (hmm_heap *)(void *)region_of(&away, 0);
        const bool previous_free = i > 0 && blocks.blocks[i - 1].free &&
                                   (const unsigned char *)blocks.blocks[i - 1].memory + blocks.blocks[i - 1].bytes == b->memory;
        const size_t sizes[] = {0,          GRANULE,    b->bytes - GRANULE,     b->bytes + GRANULE,
                                REGION / 2, 2 * REGION, HMM_HEAP_LARGEST_BLOCK, b->bytes + SMALLEST};
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            forge_header(heap, p, sizes[j], b->free, previous_free);
            if (raw_difference((unsigned char *)p - WORD, (const unsigned char *)b->memory - WORD, WORD) == WORD) continue;
            if (code_of(&away) == HMM_OK) {
                EXPECT(!HMM_STATS); /* it reaches to the end of another block, and nobody has counted */
                expect_usable(&away, 30);
                forget(&away);
            }
            copy_away(0);
        }
        forge_header(heap, p, b->bytes, b->free, !previous_free);
        expect_refused(HMM_FAULT_HEADER);
        const unsigned char *next = (const unsigned char *)b->memory + b->bytes;
        if (i + 1 == blocks.count || blocks.blocks[i + 1].memory != next) { /* the end of a region */
            forge_header(heap, moved(next), 0, false, !b->free);
            expect_refused(HMM_FAULT_SENTINEL);
            forge_header(heap, moved(next), SMALLEST, false, b->free);
            expect_refused(HMM_FAULT_SENTINEL);
        }
        forge_header(heap, p, b->bytes, !b->free, previous_free);
        EXPECT(code_of(&away) != HMM_OK);
        copy_away(0);
    }
    forget(&home);
    set_upper_half(&away, PROT_READ | PROT_WRITE);
}

/* Sealed records whose links make a circle, share a child, or lead to no record. */
static void forged_region_trees(void) {
    set_upper_half(&away, PROT_NONE);
    make_busy(REGIONS, first_seed());
    copy_away(0);
    hmm_heap *heap = (hmm_heap *)(void *)region_of(&away, 0);
    for (size_t i = 0; i < REGIONS; i++)
        for (size_t word = 0; word < 2; word++) {
            unsigned char *record = region_of(&away, i);
            const heap_link links[] = {forge_link(heap, region_of(&away, 0)),
                                       forge_link(heap, region_of(&away, 1)),
                                       forge_link(heap, region_of(&away, 2)),
                                       forge_link(heap, region_of(&away, 1)) + 1,
                                       2,
                                       LINK_MOST,
                                       LINK_LEAST};
            for (size_t j = 0; j < sizeof links / sizeof links[0]; j++) {
                if (raw_word(record + word * WORD) == (heap_word)links[j]) continue;
                raw_set_word(record + word * WORD, (heap_word)links[j]);
                forge_seal_record(heap, record);
                expect_refused(HMM_FAULT_SPANS);
            }
        }
    forget(&home);
    set_upper_half(&away, PROT_READ | PROT_WRITE);
}

/* A root that is no record. */
static void forged_root(void) {
    const forge_field *root = &forge_control_fields[0];
    while (strcmp(root->name, "regions") != 0) root++;
    set_upper_half(&away, PROT_NONE);
    make_busy(REGIONS, first_seed());
    copy_away(0);
    hmm_heap *heap = (hmm_heap *)(void *)region_of(&away, 0);
    const heap_link links[] = {forge_link(heap, region_of(&away, 1)) + 1, 2, LINK_MOST, LINK_LEAST};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        raw_set_word((unsigned char *)heap + root->at, (heap_word)links[i]);
        forge_seal_control(heap);
        expect_refused(HMM_FAULT_SPANS);
    }
    forget(&home);
    set_upper_half(&away, PROT_READ | PROT_WRITE);
}

/* Sealed records with a number that their span does not have: beside it, far from it, or one that cannot be. */
static void forged_numbers_of_a_record(void) {
    set_upper_half(&away, PROT_NONE);
    make_busy(REGIONS, first_seed());
    copy_away(0);
    hmm_heap *heap = (hmm_heap *)(void *)region_of(&away, 0);
    for (size_t i = 0; i < REGIONS; i++)
        for (size_t f = 0; f < forge_record_field_count; f++) {
            const forge_field *field = &forge_record_fields[f];
            if (strcmp(field->name, "seal") == 0 || field->bytes != WORD) continue;
            unsigned char *record = region_of(&away, i), *word = record + field->at;
            const heap_word right = raw_word(word), far = (heap_word)(REGION / GRANULE);
            const heap_word wrong[] = {right + 1, right - 1, right + 2, right - 2, right + far, right - far, right + 3 * far, 0};
            for (size_t j = 0; j < sizeof wrong / sizeof wrong[0]; j++) {
                if (wrong[j] == right) continue;
                raw_set_word(word, wrong[j]);
                forge_seal_record(heap, record);
                expect_refused(HMM_FAULT_SPANS);
            }
        }
    /* An end further down, and as many bytes more behind it: more than any region leaves over. */
    const forge_field *end = &forge_record_fields[0], *tail = &forge_record_fields[0];
    while (strcmp(end->name, "end") != 0) end++;
    while (strcmp(tail->name, "tail") != 0) tail++;
    for (size_t i = 0; i < REGIONS; i++) {
        unsigned char *record = region_of(&away, i);
        const heap_word units = SMALLEST / GRANULE + 1;
        raw_set_word(record + end->at, (heap_word)(raw_word(record + end->at) - units));
        raw_set_word(record + tail->at, (heap_word)(raw_word(record + tail->at) + units * GRANULE));
        forge_seal_record(heap, record);
        expect_refused(HMM_FAULT_SPANS);
    }
    forget(&home);
    set_upper_half(&away, PROT_READ | PROT_WRITE);
}

/* A heap that is checked where it is believes a record when its checksum is right: at every audit level. */
static void damaged_record_is_found_by_the_check(void) {
    make_busy(REGIONS, first_seed());
    for (size_t i = 1; i < REGIONS; i++)
        for (size_t at = 0; at < 8 * WORD; at++) {
            hmm_fault fault;
            raw_flip(region_of(&home, i) + at, 0x10);
            EXPECT_EQ(hmm_heap_check(home.heap, &fault), HMM_FAULT_REGION_RECORD);
            EXPECT_PTR_EQ(fault.address, region_of(&home, i));
            raw_flip(region_of(&home, i) + at, 0x10);
        }
    EXPECT_SOUND(home.heap);
    forget(&home);
}

/* Where an address has 32 bits, the highest bits of a link make no difference to where it leads; but links are compared, too. */
static void forged_links_beyond_all_addresses(void) {
    set_upper_half(&away, PROT_NONE);
    make_busy(REGIONS, first_seed());
    copy_away(0);
    hmm_heap *heap = (hmm_heap *)(void *)region_of(&away, 0);
    for (size_t i = 0; i < REGIONS; i++)
        for (size_t f = 0; f < forge_record_field_count; f++) {
            const forge_field *field = &forge_record_fields[f];
            if (strcmp(field->name, "seal") == 0) continue;
            unsigned char *record = region_of(&away, i), *word = record + field->at;
            raw_set_word(word, raw_word(word) ^ word_bit(WORD_BITS - 1));
            forge_seal_record(heap, record);
            expect_refused(HMM_FAULT_SPANS);
        }
    forget(&home);
    set_upper_half(&away, PROT_READ | PROT_WRITE);
}

/* A region longer than the largest block, filled with two blocks: no function makes one, and freeing both would make a block of a
 * size that no header can hold. */
static void forged_region_that_is_too_large(void) {
    const size_t most = HMM_HEAP_LARGEST_BLOCK, more = most / 8 / GRANULE * GRANULE, bytes = most + more;
    if (HMM_AUDIT_LEVEL >= 2 || HMM_VALGRIND || HMM_TESTS_ASAN || !has_sizes_too_large() || bytes > SIZE_MAX / 2)
        return; /* they would touch all of it */
    unsigned char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) {
        printf("  left out: there are no %zu bytes of addresses\n", bytes);
        return;
    }
    notes = (fault_notes){.count = 0};
    hmm_heap_options options = noting();
    hmm_heap *heap = hmm_heap_create(memory, most, &options);
    EXPECT(heap != NULL);
    void *last = hmm_heap_alloc(heap, most / 4 * 3);
    void *before = hmm_heap_alloc_greedy(heap, 1, SIZE_MAX, NULL);
    EXPECT(last > before && before != NULL);
    forge_longer_region(heap, last, more);
    hmm_fault fault;
    EXPECT_PTR_EQ(hmm_heap_attach(&(hmm_span){memory, bytes}, 1, &options, &fault), NULL);
    EXPECT_EQ(munmap(memory, bytes), 0);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(every_byte_of_the_control_block),
                                        TEST(every_byte_of_a_record),
                                        TEST(random_bytes),
                                        TEST(constant_bytes),
                                        TEST(forged_at_random),
                                        TEST(forged_bins),
                                        TEST(forged_trees),
                                        TEST(forged_index),
                                        TEST(forged_blocks),
                                        TEST(forged_region_trees),
                                        TEST(forged_root),
                                        TEST(forged_numbers_of_a_record),
                                        TEST(damaged_record_is_found_by_the_check),
                                        TEST(forged_links_beyond_all_addresses),
                                        TEST(forged_region_that_is_too_large)};
    make_worlds();
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
