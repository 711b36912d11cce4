/* damage_test.c: random damage to a busy heap, and what the operations after it do.
 *
 * SPDX-License-Identifier: MIT
 *
 * Wherever a word of a block is overwritten, and whatever with, no operation may touch memory outside the regions (guard pages
 * stand around them), no operation may report more than one fault, and one that reports a fault must leave every byte of the
 * regions as it was. And where damage is of a kind that is always recognised, a bit flipped in a header, in a footer or in a link
 * of a bin, no operation may change that word without reporting it; nor, if it is a header, the block's footer or tree node. (The
 * neighbours of a block in a list verify that it links back, which does not involve its header.)
 *
 *     HEAPMM_TEST_SEED=n      seed of the first heap, else 1
 *     HEAPMM_TEST_STEPS=n     n times as many heaps */
#include <sys/mman.h>
#include <unistd.h>

#include "fixture.h"

enum { FIRST_BYTES = 32 * 1024, SECOND_BYTES = 8 * 1024, SLOTS = 300 };

/* Two regions with guard pages in front, between and behind. */
typedef struct ground {
    unsigned char *first;
    unsigned char *second;
} ground;

typedef struct subject {
    hmm_heap *heap;
    void *slots[SLOTS];
    size_t largest; /* request */
    size_t listed;  /* blocks of fewer bytes may be in a list, others are in a tree */
    fault_notes notes;
} subject;

static uint64_t random_state;

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static size_t random_below(size_t limit) {
    return (size_t)(next_random() % limit);
}

static ground make_ground(void) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t bytes = FIRST_BYTES + SECOND_BYTES + 3 * page;
    unsigned char *memory = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(memory != MAP_FAILED);
    const ground g = {memory + page, memory + page + FIRST_BYTES + page};
    EXPECT_EQ(mprotect(g.first, FIRST_BYTES, PROT_READ | PROT_WRITE), 0);
    EXPECT_EQ(mprotect(g.second, SECOND_BYTES, PROT_READ | PROT_WRITE), 0);
    return g;
}

/* One random operation. A slot is emptied only by a free that reported nothing. */
static void step(subject *s) {
    void **slot = &s->slots[random_below(SLOTS)];
    const size_t faults = s->notes.count;
    const size_t size = random_below(s->largest);
    switch (random_below(6)) {
    case 0: {
        void *aligned = hmm_heap_alloc_aligned(s->heap, (size_t)32 << random_below(5), size);
        if (*slot == NULL) *slot = aligned;
        break;
    }
    case 1:
        if (*slot != NULL) (void)hmm_heap_resize(s->heap, *slot, size);
        break;
    case 2: {
        void *moved = hmm_heap_realloc(s->heap, *slot, size);
        if (moved != NULL) *slot = moved;
        break;
    }
    default:
        if (*slot == NULL) {
            *slot = hmm_heap_alloc(s->heap, size);
        } else {
            hmm_heap_free(s->heap, *slot);
            if (s->notes.count == faults) *slot = NULL;
        }
    }
}

static void make_busy_heap(subject *s, const ground *g, uint64_t seed) {
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
    memset(s->slots, 0, sizeof s->slots);
    s->largest = seed % 3 == 0 ? 3000 : 200;
    s->notes = (fault_notes){.count = 0};
    hmm_heap_options options = noting_options(&s->notes);
    options.capacity = seed % 4 < 2 ? 1 : 0; /* a capacity of 1: nearly all free blocks are in one tree */
    s->listed = (options.capacity == 1 ? 8 : 128) * GRANULE;
    s->heap = hmm_heap_create(g->first, FIRST_BYTES, &options);
    EXPECT(s->heap != NULL);
    EXPECT_EQ(hmm_heap_add_region(s->heap, g->second, SECOND_BYTES), HMM_OK);
    for (int i = 0; i < 600; i++) step(s);
    EXPECT_EQ(s->notes.count, 0);
    EXPECT_SOUND(s->heap);
}

/* A word of a random block: mostly one of metadata, where the heap keeps them. */
static unsigned char *random_word(const subject *s) {
    const picture *p = picture_of(s->heap);
    const hmm_block *block = &p->blocks[random_below(p->count)];
    unsigned char *payload = (unsigned char *)(uintptr_t)block->memory;
    switch (random_below(5)) {
    case 0: return payload - WORD;                                                 /* header */
    case 1: return payload + block->bytes - 2 * WORD;                              /* footer or canary */
    case 3: return payload + block->bytes - WORD;                                  /* next header, or the end of the region */
    case 2: return payload + random_below(block->bytes < 6 * WORD ? 2 : 5) * WORD; /* links and balance */
    default: return payload + random_below(block->bytes / WORD - 1) * WORD;
    }
}

static void damage(const subject *s) {
    unsigned char *word = random_word(s);
    switch (random_below(4)) {
    case 0: raw_set_word(word, raw_word(word) ^ word_bit((unsigned)random_below(WORD_BITS))); break;
    case 1: raw_set_word(word, (heap_word)next_random()); break;
    case 2: raw_set_word(word, (heap_word)random_below(4096)); break;
    default: raw_set_word(word, 0);
    }
}

static void expect_unchanged(const subject *s, const ground *g, const unsigned char *before, uint64_t seed, int i) {
    const size_t first = raw_difference(g->first, before, FIRST_BYTES);
    const size_t second = raw_difference(g->second, before + FIRST_BYTES, SECOND_BYTES);
    if (first == FIRST_BYTES && second == SECOND_BYTES) return;
    fprintf(stderr, "seed %llu, operation %d: %s was reported, but byte %zu of region %d has changed\n", (unsigned long long)seed,
            i, hmm_result_name((int)s->notes.last.code), first < FIRST_BYTES ? first : second, first == FIRST_BYTES);
    exit(EXIT_FAILURE);
}

static size_t run_damaged_heap(subject *s, const ground *g, uint64_t seed) {
    static unsigned char before[FIRST_BYTES + SECOND_BYTES];
    size_t reported = 0;
    make_busy_heap(s, g, seed);
    damage(s);
    for (int i = 0; i < 100; i++) {
        raw_copy(before, g->first, FIRST_BYTES);
        raw_copy(before + FIRST_BYTES, g->second, SECOND_BYTES);
        s->notes.count = 0;
        step(s);
        if (s->notes.count == 0) continue;
        EXPECT_EQ(s->notes.count, 1);
        expect_unchanged(s, g, before, seed, i);
        reported++;
    }
    hmm_heap_destroy(s->heap);
    return reported;
}

/* ---- Damage that is always recognised ------------------------------------------------------------------------------------ */

/* The metadata of a block: header, links and node, footer. */
typedef struct metadata {
    unsigned char *payload;
    size_t bytes;
    heap_word words[7];
} metadata;

static metadata metadata_of(const hmm_block *block) {
    metadata m = {(unsigned char *)(uintptr_t)block->memory, block->bytes, {0}};
    const size_t node_words = !block->free ? 0 : block->bytes < 7 * WORD ? 2 : 5;
    m.words[0] = raw_word(m.payload - WORD);
    for (size_t i = 0; i < node_words; i++) m.words[1 + i] = raw_word(m.payload + i * WORD);
    if (block->free) m.words[6] = raw_word(m.payload + m.bytes - 2 * WORD);
    return m;
}

/* Flips a bit in the header, in the footer, or in a link to a neighbour in the bin. Returns the index of the word. */
static size_t flip_recognisable_bit(const hmm_block *block) {
    static const size_t places[] = {0, 1, 2, 6};
    unsigned char *payload = (unsigned char *)(uintptr_t)block->memory;
    const size_t place = block->free ? places[random_below(4)] : 0;
    unsigned char *word = place == 6 ? payload + block->bytes - 2 * WORD : payload + place * WORD - WORD;
    /* Where addresses have no more bits than links, the highest bits of a link make no difference to where it leads. */
    const size_t meant = 8 * sizeof(void *) - 4;
    const size_t bits = meant < WORD_BITS && (place == 1 || place == 2) ? meant : WORD_BITS;
    raw_set_word(word, raw_word(word) ^ word_bit((unsigned)random_below(bits)));
    return place;
}

/* Whether what depends on the damaged word is as it was. */
static bool is_respected(const subject *s, const metadata *before, const metadata *after, size_t place) {
    if (place != 0) return before->words[place] == after->words[place];
    if (before->bytes >= s->listed) return memcmp(before->words, after->words, sizeof before->words) == 0;
    return before->words[0] == after->words[0] && before->words[6] == after->words[6];
}

/* One operation after another on a heap with a damaged block: none may change it and report nothing. */
static void expect_respected(subject *s, const hmm_block *block, size_t place, void (*operation)(subject *), uint64_t seed) {
    const metadata before = metadata_of(block);
    for (int i = 0; i < 100; i++) {
        s->notes.count = 0;
        operation(s);
        const metadata after = metadata_of(block);
        if (is_respected(s, &before, &after, place)) continue;
        fprintf(stderr, "seed %llu, operation %d: changed damaged metadata (word %zu) and reported nothing\n",
                (unsigned long long)seed, i, place);
        exit(EXIT_FAILURE);
    }
}

static void run_recognisable_damage(subject *s, const ground *g, uint64_t seed) {
    make_busy_heap(s, g, seed);
    const picture *p = picture_of(s->heap);
    const hmm_block block = p->blocks[random_below(p->count)];
    const size_t place = flip_recognisable_bit(&block);
    expect_respected(s, &block, place, step, seed);
    hmm_heap_destroy(s->heap);
}

/* A heap whose free blocks all have different sizes and stand in one tree, each between two of the slots. */
static void make_tree_heap(subject *s, const ground *g, uint64_t seed) {
    void *between[SLOTS];
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
    memset(s->slots, 0, sizeof s->slots);
    s->notes = (fault_notes){.count = 0};
    hmm_heap_options options = noting_options(&s->notes);
    options.capacity = 1;
    s->listed = 8 * GRANULE;
    s->heap = hmm_heap_create(g->first, FIRST_BYTES, &options);
    EXPECT(s->heap != NULL);

    const size_t nodes = 8 + random_below(24);
    size_t order[SLOTS];
    for (size_t i = 0; i < nodes; i++) order[i] = i;
    for (size_t i = nodes; i > 1; i--) {
        const size_t j = random_below(i), swap = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; i < nodes; i++) {
        s->slots[i] = hmm_heap_alloc(s->heap, 1);
        between[i] = hmm_heap_alloc(s->heap, 8 * GRANULE + order[i] * GRANULE);
        EXPECT(s->slots[i] != NULL && between[i] != NULL);
    }
    for (size_t i = 0; i < nodes; i++) hmm_heap_free(s->heap, between[i]);
    EXPECT_SOUND(s->heap);
}

/* Coalesces two nodes of the tree, or takes one out. */
static void step_in_tree(subject *s) {
    void **slot = &s->slots[random_below(32)];
    if (*slot != NULL && random_below(2) == 0) {
        hmm_heap_free(s->heap, *slot);
        if (s->notes.count == 0) *slot = NULL;
    } else {
        s->slots[32 + random_below(SLOTS - 32)] = hmm_heap_alloc(s->heap, 8 * GRANULE + random_below(32) * GRANULE);
    }
}

static void run_damaged_tree(subject *s, const ground *g, uint64_t seed) {
    make_tree_heap(s, g, seed);
    const picture *p = picture_of(s->heap);
    hmm_block block;
    do {
        block = p->blocks[random_below(p->count)];
    } while (!block.free);
    unsigned char *header = (unsigned char *)(uintptr_t)block.memory - WORD;
    raw_set_word(header, raw_word(header) ^ word_bit((unsigned)random_below(WORD_BITS)));
    expect_respected(s, &block, 0, step_in_tree, seed);
    hmm_heap_destroy(s->heap);
}

/* Frees every place inside the last block of a region, whose payload is random: some may imitate a block, and then the heap is
 * damaged, but none leads out of the region. The end of the region is overwritten, too. */
static void run_interior_pointers(subject *s, const ground *g, uint64_t seed) {
    random_state = seed * 0x9E3779B97F4A7C15u + 1;
    s->notes = (fault_notes){.count = 0};
    hmm_heap_options options = noting_options(&s->notes);
    s->heap = hmm_heap_create(g->first, FIRST_BYTES, &options);
    EXPECT(s->heap != NULL);
    unsigned char *last = hmm_heap_alloc(s->heap, hmm_heap_largest_free(s->heap));
    const size_t bytes = hmm_heap_usable_size(s->heap, last) + OVERHEAD;
    for (size_t i = 0; i < bytes - OVERHEAD; i++) last[i] = seed % 2 == 0 ? (unsigned char)next_random() : 0xFF;
    if (seed % 4 < 2) raw_set_word(last + bytes - WORD, (heap_word)next_random());
    size_t faults = 0;
    for (size_t at = GRANULE; at < bytes && s->notes.count == faults; at += GRANULE, faults++) hmm_heap_free(s->heap, last + at);
    hmm_heap_free(s->heap, last);
    hmm_heap_destroy(s->heap);
}

/* ---- Damage that is not recognised --------------------------------------------------------------------------------------- */

static hmm_block random_free_block(const subject *s) {
    const picture *p = picture_of(s->heap);
    for (;;) {
        const hmm_block *block = &p->blocks[random_below(p->count)];
        if (block->free) return *block;
    }
}

/* A link or balance of a tree's node becomes one that could be right: that of another node, none, or another balance. Operations
 * may take such a tree for sound, but they end, stay within the blocks, and leave the control block and the records alone. */
static void run_forged_tree(subject *s, const ground *g, uint64_t seed) {
    make_tree_heap(s, g, seed);
    const hmm_block node = random_free_block(s), other = random_free_block(s);
    unsigned char *word = (unsigned char *)(uintptr_t)node.memory + random_below(5) * WORD;
    const intptr_t link = (intptr_t)((uintptr_t)other.memory - (uintptr_t)s->heap) / GRANULE;
    switch (random_below(3)) {
    case 0: raw_set_word(word, 0); break;
    case 1: raw_set_word(word, (heap_word)random_below(3) - 1); break;
    default: raw_set_word(word, (heap_word)link);
    }
    for (int i = 0; i < 100; i++) {
        s->notes.count = 0;
        step_in_tree(s);
        EXPECT(s->notes.count <= 1);
    }
    const int code = hmm_heap_check(s->heap, NULL);
    if (code == HMM_FAULT_CONTROL || code == HMM_FAULT_REGION_RECORD)
        fprintf(stderr, "seed %llu: %s\n", (unsigned long long)seed, hmm_result_name(code));
    EXPECT(code != HMM_FAULT_CONTROL && code != HMM_FAULT_REGION_RECORD);
    hmm_heap_destroy(s->heap);
}

/* ---- Tests --------------------------------------------------------------------------------------------------------------- */

static subject the_subject;

static uint64_t number_from_environment(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 0);
}

static uint64_t first_seed(void) {
    return number_from_environment("HEAPMM_TEST_SEED", 1);
}

static uint64_t heaps(void) {
    const uint64_t count = number_from_environment("HEAPMM_TEST_STEPS", 1) * (HMM_VALGRIND     ? 25
                                                                              : HMM_TESTS_ASAN ? 300
                                                                              : WORD != 4      ? 600
                                                                                               : 2000);
    printf("  %llu heaps, seeds from %llu\n", (unsigned long long)count, (unsigned long long)first_seed());
    return count;
}

static void a_fault_changes_nothing(void) {
    const ground g = make_ground();
    const uint64_t end = first_seed() + heaps();
    size_t reported = 0;
    for (uint64_t seed = first_seed(); seed < end; seed++) reported += run_damaged_heap(&the_subject, &g, seed);
    printf("  %zu faults reported\n", reported);
    EXPECT(reported > 0);
}

static void no_damaged_block_is_changed(void) {
    const ground g = make_ground();
    const uint64_t end = first_seed() + heaps();
    for (uint64_t seed = first_seed(); seed < end; seed++) run_recognisable_damage(&the_subject, &g, seed);
}

static void trees_are_audited_far_enough(void) {
    const ground g = make_ground();
    const uint64_t end = first_seed() + 4 * heaps();
    for (uint64_t seed = first_seed(); seed < end; seed++) run_damaged_tree(&the_subject, &g, seed);
}

static void interior_pointers_stay_within_the_region(void) {
    const ground g = make_ground();
    const uint64_t end = first_seed() + heaps();
    for (uint64_t seed = first_seed(); seed < end; seed++) run_interior_pointers(&the_subject, &g, seed);
}

static void forged_trees_stay_within_the_blocks(void) {
    const ground g = make_ground();
    const uint64_t end = first_seed() + 4 * heaps();
    for (uint64_t seed = first_seed(); seed < end; seed++) run_forged_tree(&the_subject, &g, seed);
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(a_fault_changes_nothing), TEST(no_damaged_block_is_changed),
                                        TEST(trees_are_audited_far_enough), TEST(interior_pointers_stay_within_the_region),
                                        TEST(forged_trees_stay_within_the_blocks)};
    if (HMM_AUDIT_LEVEL < 1) return EXIT_SUCCESS; /* without audits, damage is undefined behaviour */
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
