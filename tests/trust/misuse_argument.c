/* misuse_argument.c: sizes, alignments and regions that cannot be. Each misuse tries many values; one that is neither refused nor
 * answered by a correct block is enough.
 *
 * SPDX-License-Identifier: MIT */
#include "misuse.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* A block that was promised for a size that cannot be is looked at as any other. */
static answer own_result(void *p, size_t size) {
    if (p == NULL) return REFUSED;
    shadow_own(p, size, false);
    return DONE;
}

static answer worse(answer a, answer b) {
    return a == DONE || b == DONE ? DONE : REFUSED;
}

/* ---- Alignments ---------------------------------------------------------------------------------------------------------- */

static const size_t bad_alignments[] = {
    0, 3, 5, GRANULE + 1, (size_t)3 * GRANULE, SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 2 + 1, (size_t)1 << (sizeof(size_t) * 8 - 2)};

static answer aligned_badly(const misuse *self) {
    answer all = REFUSED;
    (void)self;
    for (size_t i = 0; i < COUNT(bad_alignments); i++)
        all = worse(all, own_result(hmm_heap_alloc_aligned(heap, bad_alignments[i], 10), 10));
    return all;
}

static answer realloc_aligned_badly(const misuse *self) {
    answer all = REFUSED;
    (void)self;
    for (size_t i = 0; i < COUNT(bad_alignments); i++)
        all = worse(all, own_result(hmm_heap_realloc_aligned(heap, row[4], bad_alignments[i], 1000), 1000));
    return all;
}

/* ---- Sizes --------------------------------------------------------------------------------------------------------------- */

/* The i-th size that no block of this heap can have; 0 behind the last. */
static size_t huge_size(size_t i) {
    const size_t bases[] = {SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4, (size_t)UINT32_MAX, HMM_HEAP_LARGEST_BLOCK};
    enum { AROUND = 40 };
    if (i / AROUND >= COUNT(bases)) return 0;
    const size_t base = bases[i / AROUND], beside = i % AROUND / 2;
    const size_t size = i % 2 == 0 ? base - beside : base + beside;
    return size < 2 * FIRST_BYTES ? SIZE_MAX : size;
}

static answer try_sizes(void *(*alloc)(size_t size)) {
    answer all = REFUSED;
    for (size_t i = 0; huge_size(i) != 0; i++) all = worse(all, own_result(alloc(huge_size(i)), huge_size(i)));
    return all;
}

static void *plain(size_t size) {
    return hmm_heap_alloc(heap, size);
}

static void *zeroed(size_t size) {
    return hmm_heap_alloc_zeroed(heap, size, 1);
}

static void *aligned(size_t size) {
    return hmm_heap_alloc_aligned(heap, (size_t)4 * GRANULE, size);
}

static void *greedy(size_t size) {
    size_t got;
    return hmm_heap_alloc_greedy(heap, size, SIZE_MAX, &got);
}

static void *reallocated(size_t size) {
    return hmm_heap_realloc(heap, row[4], size);
}

static void *reallocated_aligned(size_t size) {
    return hmm_heap_realloc_aligned(heap, row[4], (size_t)4 * GRANULE, size);
}

static void *resized(size_t size) {
    return hmm_heap_resize(heap, row[4], size) == HMM_OK ? row[4] : NULL;
}

static void *resized_greedily(size_t size) {
    return hmm_heap_resize_greedy(heap, row[4], size, SIZE_MAX, NULL) == HMM_OK ? row[4] : NULL;
}

static answer alloc_huge(const misuse *self) {
    (void)self;
    return try_sizes(plain);
}

static answer zeroed_huge(const misuse *self) {
    (void)self;
    return try_sizes(zeroed);
}

static answer aligned_huge(const misuse *self) {
    (void)self;
    return try_sizes(aligned);
}

static answer greedy_huge(const misuse *self) {
    (void)self;
    return try_sizes(greedy);
}

static answer realloc_huge(const misuse *self) {
    (void)self;
    return try_sizes(reallocated);
}

static answer realloc_aligned_huge(const misuse *self) {
    (void)self;
    return try_sizes(reallocated_aligned);
}

static answer resize_huge(const misuse *self) {
    (void)self;
    return try_sizes(resized);
}

static answer resize_greedy_huge(const misuse *self) {
    (void)self;
    return try_sizes(resized_greedily);
}

/* The product wraps to something small. */
static answer zeroed_overflowing(const misuse *self) {
    static const size_t counts[] = {2, 3, 16, 255, 65537, (size_t)1 << (sizeof(size_t) * 4)};
    answer all = REFUSED;
    (void)self;
    for (size_t i = 0; i < COUNT(counts); i++)
        for (size_t beside = 0; beside < 16; beside++) {
            const size_t size = SIZE_MAX / counts[i] + 1 + beside;
            all = worse(all, own_result(hmm_heap_alloc_zeroed(heap, counts[i], size), SIZE_MAX));
            all = worse(all, own_result(hmm_heap_alloc_zeroed(heap, size, counts[i]), SIZE_MAX));
        }
    return all;
}

static answer greedy_with_needed_above_wanted(const misuse *self) {
    (void)self;
    size_t got;
    return worse(own_result(hmm_heap_alloc_greedy(heap, 2, 1, &got), got),
                 hmm_heap_resize_greedy(heap, row[4], 2, 1, &got) == HMM_BAD_SIZE ? REFUSED : DONE);
}

/* ---- Regions ------------------------------------------------------------------------------------------------------------- */

static answer refused_if(bool refused) {
    return refused ? REFUSED : DONE;
}

static answer add(void *memory, size_t bytes) {
    return refused_if(hmm_heap_add_region(heap, memory, bytes) != HMM_OK);
}

static answer add_null(const misuse *self) {
    (void)self;
    return worse(add(NULL, 4096), add(NULL, SIZE_MAX));
}

static answer add_too_small(const misuse *self) {
    (void)self;
    answer all = REFUSED;
    for (size_t bytes = 0; bytes < 8 * WORD; bytes++) all = worse(all, add(spare(), bytes));
    return all;
}

static answer add_too_large(const misuse *self) {
    (void)self;
    return has_sizes_too_large() ? add(spare(), HMM_HEAP_LARGEST_BLOCK + 64 * (size_t)KIB) : ABSENT;
}

static answer add_wrapping(const misuse *self) {
    (void)self;
    return worse(add(spare(), SIZE_MAX), add(spare(), SIZE_MAX - (size_t)spare() + 2));
}

static answer add_again(const misuse *self) {
    (void)self;
    return worse(add(second_region(), SECOND_BYTES), add(first_region(), FIRST_BYTES));
}

static answer add_overlapping(const misuse *self) {
    (void)self;
    answer all = REFUSED;
    all = worse(all, add(first_region() - MARGIN, FIRST_BYTES));
    all = worse(all, add(first_region() + FIRST_BYTES / 2, FIRST_BYTES));
    all = worse(all, add(second_region() + SECOND_BYTES - 1, SECOND_BYTES));
    return worse(all, add(second_region() - MARGIN, SECOND_BYTES + 2 * MARGIN));
}

static answer add_live_block(const misuse *self) {
    (void)self;
    return add(large[2], KIB);
}

static answer add_far(const misuse *self) {
    (void)self;
    const size_t reach = WORD_BITS - 1 >= sizeof(size_t) * 8 - 5 ? 0 : ((size_t)GRANULE << (WORD_BITS - 1));
    return reach == 0 ? ABSENT : add((unsigned char *)heap + reach + FIRST_BYTES, 4096);
}

static answer extend(void *memory, size_t bytes) {
    return refused_if(hmm_heap_extend_region(heap, memory, bytes) != HMM_OK);
}

static answer extend_unknown(const misuse *self) {
    (void)self;
    return worse(worse(extend(spare(), 64), extend(NULL, 64)), extend(first_region() + GRANULE, 64));
}

static answer extend_over_the_next(const misuse *self) {
    (void)self;
    return extend(first_region(), SECOND_AT - FIRST_AT);
}

static answer extend_wrapping(const misuse *self) {
    (void)self;
    return worse(extend(second_region(), SIZE_MAX),
                 extend(second_region(), SIZE_MAX - (size_t)second_region() - SECOND_BYTES + 2));
}

static answer shrink_unknown(const misuse *self) {
    (void)self;
    return refused_if(hmm_heap_shrink_region(heap, spare(), 64) == 0 && hmm_heap_shrink_region(heap, NULL, 64) == 0 &&
                      hmm_heap_shrink_region(heap, row[4], 64) == 0);
}

static answer remove_unknown(const misuse *self) {
    (void)self;
    return refused_if(hmm_heap_remove_region(heap, spare()) != HMM_OK && hmm_heap_remove_region(heap, NULL) != HMM_OK &&
                      hmm_heap_remove_region(heap, row[4]) != HMM_OK);
}

static answer remove_in_use(const misuse *self) {
    (void)self;
    void *p = hmm_heap_alloc(heap, 7 * (size_t)KIB);
    if (p != NULL) shadow_own(p, 7 * (size_t)KIB, false);
    return refused_if(hmm_heap_remove_region(heap, second_region()) == HMM_IN_USE &&
                      hmm_heap_remove_region(heap, first_region()) == HMM_IN_USE);
}

static answer create(void *memory, size_t bytes) {
    const hmm_heap_options options = noting_options(&notes);
    return refused_if(hmm_heap_create(memory, bytes, &options) == NULL);
}

static answer create_badly(const misuse *self) {
    (void)self;
    answer all = worse(create(NULL, 4096), create(spare(), SIZE_MAX));
    for (size_t bytes = 0; bytes < 100; bytes++) all = worse(all, create(spare(), bytes));
    return all;
}

static answer create_with_unknown_options(const misuse *self) {
    (void)self;
    hmm_heap_options options = noting_options(&notes);
    options.size++;
    return refused_if(hmm_heap_create(spare(), 4096, &options) == NULL);
}

static answer attach(const hmm_span *spans, size_t count) {
    const hmm_heap_options options = noting_options(&notes);
    return refused_if(hmm_heap_attach(spans, count, &options, NULL) == NULL);
}

static answer attach_wrong_spans(const misuse *self) {
    (void)self;
    const hmm_span right[] = {{first_region(), FIRST_BYTES}, {second_region(), SECOND_BYTES}};
    const hmm_span swapped[] = {right[1], right[0]}, twice[] = {right[0], right[0]},
                   longer[] = {right[0], {right[1].memory, 9000}};
    const hmm_span shorter[] = {right[0], {right[1].memory, 4096}}, moved[] = {right[0], {spare(), SECOND_BYTES}};
    answer all = worse(attach(right, 0), attach(right, 1));
    all = worse(all, worse(attach(swapped, 2), attach(twice, 2)));
    all = worse(all, worse(attach(longer, 2), attach(shorter, 2)));
    return worse(all, attach(moved, 2));
}

static answer attach_noise(const misuse *self) {
    (void)self;
    const hmm_span span = {spare(), SPARE_BYTES};
    for (size_t i = 0; i < SPARE_BYTES; i++) spare()[i] = (unsigned char)(next_random() >> 32);
    return attach(&span, 1);
}

/* ---- The table ----------------------------------------------------------------------------------------------------------- */

static const misuse list[] = {
    {.what = "alloc_aligned", .how = "bad alignments", .run = aligned_badly},
    {.what = "realloc_aligned", .how = "bad alignments", .run = realloc_aligned_badly},
    {.what = "alloc", .how = "huge sizes", .run = alloc_huge},
    {.what = "alloc_zeroed", .how = "huge sizes", .run = zeroed_huge},
    {.what = "alloc_zeroed", .how = "count x size that overflows", .run = zeroed_overflowing},
    {.what = "alloc_aligned", .how = "huge sizes", .run = aligned_huge},
    {.what = "alloc_greedy", .how = "huge sizes", .run = greedy_huge},
    {.what = "alloc_greedy, resize_greedy", .how = "needed > wanted", .run = greedy_with_needed_above_wanted},
    {.what = "realloc", .how = "huge sizes", .run = realloc_huge},
    {.what = "realloc_aligned", .how = "huge sizes", .run = realloc_aligned_huge},
    {.what = "resize", .how = "huge sizes", .run = resize_huge},
    {.what = "resize_greedy", .how = "huge sizes", .run = resize_greedy_huge},
    {.what = "add_region", .how = "NULL", .run = add_null},
    {.what = "add_region", .how = "too small", .run = add_too_small},
    {.what = "add_region", .how = "too large", .run = add_too_large},
    {.what = "add_region", .how = "past the end of the address space", .run = add_wrapping},
    {.what = "add_region", .how = "a region it has", .run = add_again},
    {.what = "add_region", .how = "overlapping a region", .run = add_overlapping},
    {.what = "add_region", .how = "inside a block", .run = add_live_block},
    {.what = "add_region", .how = "out of reach", .run = add_far},
    {.what = "extend_region", .how = "no region starts there", .run = extend_unknown},
    {.what = "extend_region", .how = "over the next region", .run = extend_over_the_next},
    {.what = "extend_region", .how = "past the end of the address space", .run = extend_wrapping},
    {.what = "shrink_region", .how = "no region starts there", .run = shrink_unknown},
    {.what = "remove_region", .how = "no region starts there", .run = remove_unknown},
    {.what = "remove_region", .how = "in use", .run = remove_in_use},
    {.what = "create", .how = "NULL, too small, past the end of the address space", .run = create_badly},
    {.what = "create", .how = "options of an unknown size", .run = create_with_unknown_options},
    {.what = "attach", .how = "wrong spans", .run = attach_wrong_spans},
    {.what = "attach", .how = "random bytes", .run = attach_noise},
};

const misuses argument_misuses = {list, sizeof list / sizeof list[0]};
