/* model.c: the reference model of the heap, see model.h.
 *
 * SPDX-License-Identifier: MIT */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Intervals ----------------------------------------------------------------------------------------------------------- */

/* A block's position: blocks[at] of a region. */
typedef struct place {
    model_region *region;
    size_t at;
} place;

static void die(const char *why) {
    fprintf(stderr, "model: %s\n", why);
    exit(EXIT_FAILURE);
}

static model_block *block_of(place p) {
    return &p.region->blocks[p.at];
}

static bool is_free(const model_region *region, size_t at) {
    return at < region->count && region->blocks[at].free;
}

/* Puts `count` blocks where `gone` blocks stand now. */
static void replace(place p, size_t gone, const model_block *blocks, size_t count) {
    model_region *r = p.region;
    if (r->count - gone + count > r->room) {
        r->room = r->count * 2 + 16;
        r->blocks = realloc(r->blocks, r->room * sizeof r->blocks[0]);
        if (r->blocks == NULL) die("out of memory");
    }
    model_block *where = r->blocks + p.at;
    memmove(where + count, where + gone, (r->count - p.at - gone) * sizeof where[0]);
    memcpy(where, blocks, count * sizeof where[0]);
    r->count = r->count - gone + count;
}

static model_block used_block(uintptr_t payload, size_t bytes) {
    return (model_block){.payload = payload, .bytes = bytes};
}

static model_block free_block(model *m, uintptr_t payload, size_t bytes) {
    return (model_block){.payload = payload, .bytes = bytes, .free = true, .stamp = ++m->stamp};
}

/* The allocated block of payload p; whoever asks for another has made a mistake. */
static place find(const model *m, uintptr_t p) {
    for (size_t i = 0; i < m->region_count; i++) {
        const model_region *r = &m->regions[i];
        for (size_t at = 0; at < r->count; at++)
            if (r->blocks[at].payload == p && !r->blocks[at].free) return (place){(model_region *)(uintptr_t)r, at};
    }
    die("no such block");
    return (place){NULL, 0};
}

static bool is_better(const model_block *a, const model_block *b) {
    return b == NULL || a->bytes < b->bytes || (a->bytes == b->bytes && a->stamp > b->stamp);
}

/* The smallest free block of at least `bytes`, among equals the most recent; region NULL if there is none. */
static place best_fit(model *m, size_t bytes) {
    place best = {NULL, 0};
    for (size_t i = 0; i < m->region_count; i++)
        for (size_t at = 0; at < m->regions[i].count; at++) {
            const model_block *b = &m->regions[i].blocks[at];
            const model_block *so_far = best.region == NULL ? NULL : block_of(best);
            if (b->free && b->bytes >= bytes && is_better(b, so_far)) best = (place){&m->regions[i], at};
        }
    return best;
}

static size_t largest_block(const model *m) {
    size_t largest = 0;
    for (size_t i = 0; i < m->region_count; i++)
        for (size_t at = 0; at < m->regions[i].count; at++)
            if (is_free(&m->regions[i], at) && m->regions[i].blocks[at].bytes > largest) largest = m->regions[i].blocks[at].bytes;
    return largest;
}

static size_t bytes_in_blocks(const model *m, bool free, size_t *number) {
    size_t bytes = 0;
    *number = 0;
    for (size_t i = 0; i < m->region_count; i++)
        for (size_t at = 0; at < m->regions[i].count; at++) {
            const model_block *b = &m->regions[i].blocks[at];
            if (b->free != free) continue;
            bytes += b->bytes;
            ++*number;
        }
    return bytes;
}

static void note_peak(model *m) {
    size_t number;
    const size_t in_use = bytes_in_blocks(m, false, &number);
    if (in_use > m->peak_in_use) m->peak_in_use = in_use;
}

/* ---- Regions ------------------------------------------------------------------------------------------------------------- */

void model_init(model *m) {
    *m = (model){.region_count = 0};
}

void model_release(model *m) {
    for (size_t i = 0; i < m->region_count; i++) free(m->regions[i].blocks);
    model_init(m);
}

static uintptr_t granule_down(uintptr_t address) {
    return address - address % GRANULE;
}

/* Where the region's last block ends: blocks are whole granules, what is behind them is padding. */
static uintptr_t blocks_end(const model_region *r) {
    return r->count == 0 ? r->first : r->blocks[r->count - 1].payload + r->blocks[r->count - 1].bytes;
}

/* Makes free what lies between the last block and the region's end, as far as it is enough for a block. */
static void grow_to_end(model *m, model_region *r) {
    const uintptr_t start = blocks_end(r), end = granule_down(r->memory + r->bytes);
    const bool joins = r->count > 0 && r->blocks[r->count - 1].free;
    if (end <= start || (!joins && end - start < SMALLEST)) return;
    const place p = {r, joins ? r->count - 1 : r->count};
    const uintptr_t from = joins ? block_of(p)->payload : start;
    const model_block grown = free_block(m, from, end - from);
    replace(p, joins, &grown, 1);
}

void model_add_region(model *m, uintptr_t memory, size_t bytes, uintptr_t first, bool holds_control) {
    if (m->region_count == MODEL_MAX_REGIONS) die("too many regions");
    size_t at = m->region_count++;
    for (; at > 0 && m->regions[at - 1].memory > memory; at--) m->regions[at] = m->regions[at - 1];
    m->regions[at] = (model_region){.memory = memory, .bytes = bytes, .first = first, .holds_control = holds_control};
    grow_to_end(m, &m->regions[at]);
}

static model_region *region_at(model *m, uintptr_t memory) {
    for (size_t i = 0; i < m->region_count; i++)
        if (m->regions[i].memory == memory) return &m->regions[i];
    return NULL;
}

const model_region *model_region_at(const model *m, uintptr_t memory) {
    for (size_t i = 0; i < m->region_count; i++)
        if (m->regions[i].memory == memory) return &m->regions[i];
    return NULL;
}

void model_extend_region(model *m, uintptr_t memory, size_t more_bytes) {
    model_region *r = region_at(m, memory);
    if (more_bytes == 0) return;
    r->bytes += more_bytes;
    grow_to_end(m, r);
}

/* The region loses its end above `end`, and the last block, which is free, what it has there. */
static void cut(model *m, model_region *r, uintptr_t end) {
    const place last = {r, r->count - 1};
    const uintptr_t from = block_of(last)->payload, to = granule_down(end);
    const model_block rest = {from, to - from, true, to > from ? ++m->stamp : 0};
    replace(last, 1, &rest, to > from);
}

size_t model_shrink_region(model *m, uintptr_t memory, size_t bytes) {
    model_region *r = region_at(m, memory);
    const uintptr_t old_end = r->memory + r->bytes, last_end = blocks_end(r);
    const bool last_is_free = r->count > 0 && r->blocks[r->count - 1].free;
    const uintptr_t lowest = last_is_free ? r->blocks[r->count - 1].payload : last_end;
    uintptr_t end = bytes > old_end - lowest ? lowest : old_end - bytes;
    const uintptr_t rest = granule_down(end) - lowest;
    if (last_is_free && rest > 0 && rest < SMALLEST) end = lowest + SMALLEST;
    r->bytes = end - r->memory;
    if (granule_down(end) < last_end) cut(m, r, end);
    return old_end - end;
}

int model_remove_region(model *m, uintptr_t memory) {
    model_region *r = region_at(m, memory);
    if (r->holds_control) return HMM_IN_USE;
    for (size_t at = 0; at < r->count; at++)
        if (!r->blocks[at].free) return HMM_IN_USE;
    free(r->blocks);
    m->region_count--;
    for (size_t at = (size_t)(r - m->regions); at < m->region_count; at++) m->regions[at] = m->regions[at + 1];
    return HMM_OK;
}

void model_move(model *m, uintptr_t distance) {
    for (size_t i = 0; i < m->region_count; i++) {
        model_region *r = &m->regions[i];
        r->memory += distance;
        r->first += distance;
        for (size_t at = 0; at < r->count; at++) r->blocks[at].payload += distance;
    }
}

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

/* Takes `bytes` at `offset` out of a free block. Rests in front and behind stay free, the one behind being the more recent; a
 * rest behind that is too small for a block stays with the block. */
static uintptr_t take(model *m, place p, size_t offset, size_t bytes) {
    const model_block whole = *block_of(p);
    model_block pieces[3];
    size_t n = 0, behind = whole.bytes - offset - bytes;
    if (behind < SMALLEST) bytes += behind, behind = 0;
    if (offset > 0) pieces[n++] = free_block(m, whole.payload, offset);
    pieces[n++] = used_block(whole.payload + offset, bytes);
    if (behind > 0) pieces[n++] = free_block(m, whole.payload + offset + bytes, behind);
    replace(p, 1, pieces, n);
    m->allocations++;
    note_peak(m);
    return whole.payload + offset;
}

/* Small requests take the low end, large ones the high end. */
static uintptr_t take_an_end(model *m, place p, size_t size) {
    const size_t bytes = block_bytes(size), rest = block_of(p)->bytes - bytes;
    return take(m, p, size >= SPLIT_HIGH && rest >= SMALLEST ? rest : 0, bytes);
}

static uintptr_t fail(model *m) {
    m->failures++;
    return 0;
}

static bool exhausted(model *m, size_t size) {
    return m->on_exhausted != NULL && m->on_exhausted(m->context, size);
}

/* As model_alloc, without counting a failure. */
static uintptr_t try_alloc(model *m, size_t size) {
    const size_t bytes = block_bytes(size);
    if (bytes == 0) return 0;
    place p = best_fit(m, bytes);
    if (p.region == NULL && exhausted(m, size)) p = best_fit(m, bytes);
    return p.region == NULL ? 0 : take_an_end(m, p, size);
}

uintptr_t model_alloc(model *m, size_t size) {
    const uintptr_t p = try_alloc(m, size);
    return p == 0 ? fail(m) : p;
}

uintptr_t model_alloc_zeroed(model *m, size_t count, size_t size) {
    if (size > 0 && count > SIZE_MAX / size) return fail(m);
    return model_alloc(m, count * size);
}

static bool is_power_of_two(size_t number) {
    return number > 0 && (number & (number - 1)) == 0;
}

static size_t aligned_offset(uintptr_t payload, size_t alignment) {
    size_t offset = 0;
    while ((payload + offset) % alignment != 0 || (offset > 0 && offset < SMALLEST)) offset += GRANULE;
    return offset;
}

/* As model_alloc_aligned for a power of two, without counting a failure. */
static uintptr_t try_alloc_aligned(model *m, size_t alignment, size_t size) {
    if (alignment <= GRANULE) return try_alloc(m, size);
    const size_t bytes = block_bytes(size), slack = alignment - GRANULE + SMALLEST;
    if (bytes == 0 || slack > HMM_HEAP_LARGEST_BLOCK || bytes > HMM_HEAP_LARGEST_BLOCK - slack) return 0;
    place p = best_fit(m, bytes + slack);
    if (p.region == NULL && exhausted(m, size)) p = best_fit(m, bytes + slack);
    return p.region == NULL ? 0 : take(m, p, aligned_offset(block_of(p)->payload, alignment), bytes);
}

uintptr_t model_alloc_aligned(model *m, size_t alignment, size_t size) {
    if (!is_power_of_two(alignment)) return fail(m);
    const uintptr_t p = try_alloc_aligned(m, alignment, size);
    return p == 0 ? fail(m) : p;
}

/* A best fit for `wanted`, else the whole of the largest free block if `needed` bytes fit. */
static uintptr_t try_greedy(model *m, size_t needed_bytes, size_t wanted) {
    const size_t wanted_bytes = block_bytes(wanted);
    const place p = wanted_bytes == 0 ? (place){NULL, 0} : best_fit(m, wanted_bytes);
    if (p.region != NULL) return take_an_end(m, p, wanted);
    const size_t largest = largest_block(m);
    return largest == 0 || largest < needed_bytes ? 0 : take(m, best_fit(m, largest), 0, largest);
}

uintptr_t model_alloc_greedy(model *m, size_t needed, size_t wanted, size_t *got) {
    *got = 0;
    const size_t bytes = block_bytes(needed);
    if (needed > wanted || bytes == 0) return fail(m);
    uintptr_t p = try_greedy(m, bytes, wanted);
    if (p == 0 && exhausted(m, needed)) p = try_greedy(m, bytes, wanted);
    if (p == 0) return fail(m);
    *got = model_usable_size(m, p);
    return p;
}

/* ---- Changing the size --------------------------------------------------------------------------------------------------- */

/* The bytes of a block and of the free block behind it. */
static size_t bytes_in_place(place p) {
    return block_of(p)->bytes + (is_free(p.region, p.at + 1) ? p.region->blocks[p.at + 1].bytes : 0);
}

/* Cuts an allocated block of `bytes` from `total` bytes at `payload`, which `count` blocks from p on take up. The rest is free;
 * one too small for a block stays with the block. */
static void cut_low(model *m, place p, size_t count, uintptr_t payload, size_t total, size_t bytes) {
    if (total - bytes < SMALLEST) bytes = total;
    const size_t rest = total - bytes;
    model_block pieces[2] = {used_block(payload, bytes)};
    if (rest > 0) pieces[1] = free_block(m, payload + bytes, rest);
    replace(p, count, pieces, rest > 0 ? 2 : 1);
    note_peak(m);
}

/* Gives an allocated block `bytes` of its own place and of the free block behind. */
static void settle(model *m, place p, size_t bytes) {
    const model_block own = *block_of(p);
    const size_t total = bytes_in_place(p);
    if (bytes != own.bytes) cut_low(m, p, total > own.bytes ? 2 : 1, own.payload, total, bytes);
}

static bool try_resize(model *m, uintptr_t payload, size_t bytes) {
    const place p = find(m, payload);
    if (bytes_in_place(p) < bytes) return false;
    settle(m, p, bytes);
    return true;
}

int model_resize(model *m, uintptr_t p, size_t size) {
    const size_t bytes = block_bytes(size);
    if (bytes != 0 && try_resize(m, p, bytes)) return HMM_OK;
    m->failures++;
    return bytes == 0 ? HMM_BAD_SIZE : HMM_NO_ROOM;
}

int model_resize_greedy(model *m, uintptr_t p, size_t needed, size_t wanted, size_t *got) {
    const size_t needed_bytes = block_bytes(needed), wanted_bytes = block_bytes(wanted), room = bytes_in_place(find(m, p));
    int result = HMM_OK;
    if (needed > wanted || needed_bytes == 0)
        result = HMM_BAD_SIZE;
    else if (room < needed_bytes)
        result = HMM_NO_ROOM;
    else
        settle(m, find(m, p), wanted_bytes == 0 || wanted_bytes > room ? room : wanted_bytes);
    if (result != HMM_OK) m->failures++;
    *got = model_usable_size(m, p);
    return result;
}

/* The block moves to the start of the free block in front of it and takes what is free on both sides; the rest goes back. 0 if
 * no free block is in front or all that is too small. */
static uintptr_t move_down(model *m, uintptr_t payload, size_t bytes) {
    place p = find(m, payload);
    if (p.at == 0 || !is_free(p.region, p.at - 1)) return 0;
    const size_t own = block_of(p)->bytes, room = bytes_in_place(p), front = p.region->blocks[p.at - 1].bytes;
    if (front + room < bytes) return 0;
    p.at--;
    cut_low(m, p, room > own ? 3 : 2, payload - front, front + room, bytes);
    return payload - front;
}

uintptr_t model_realloc(model *m, uintptr_t p, size_t size) {
    if (p == 0) return model_alloc(m, size);
    const size_t bytes = block_bytes(size);
    if (bytes == 0) return fail(m);
    if (try_resize(m, p, bytes)) return p;
    uintptr_t moved = move_down(m, p, bytes);
    if (moved != 0) return moved;
    moved = try_alloc(m, size);
    if (moved == 0) return fail(m);
    model_free(m, p);
    return moved;
}

uintptr_t model_realloc_aligned(model *m, uintptr_t p, size_t alignment, size_t size) {
    if (!is_power_of_two(alignment)) return fail(m);
    if (p == 0) return model_alloc_aligned(m, alignment, size);
    if (alignment <= GRANULE) return model_realloc(m, p, size);
    const size_t bytes = block_bytes(size);
    if (bytes == 0) return fail(m);
    if (p % alignment == 0 && try_resize(m, p, bytes)) return p;
    const uintptr_t moved = try_alloc_aligned(m, alignment, size);
    if (moved == 0) return fail(m);
    model_free(m, p);
    return moved;
}

void model_free(model *m, uintptr_t payload) {
    place p = find(m, payload);
    const bool after = is_free(p.region, p.at + 1), before = p.at > 0 && is_free(p.region, p.at - 1);
    const size_t bytes = bytes_in_place(p) + (before ? p.region->blocks[p.at - 1].bytes : 0);
    if (before) p.at--;
    const model_block merged = free_block(m, block_of(p)->payload, bytes);
    replace(p, 1u + before + after, &merged, 1);
    m->frees++;
}

/* ---- Asking -------------------------------------------------------------------------------------------------------------- */

size_t model_usable_size(const model *m, uintptr_t p) {
    return p == 0 ? 0 : usable_bytes(block_of(find(m, p))->bytes);
}

size_t model_largest_free(const model *m) {
    const size_t bytes = largest_block(m);
    return bytes == 0 ? 0 : usable_bytes(bytes);
}

bool model_contains(const model *m, uintptr_t p) {
    for (size_t i = 0; i < m->region_count; i++)
        if (p >= m->regions[i].first - WORD && p < blocks_end(&m->regions[i]) - WORD) return true;
    return false;
}

static unsigned per_mille_outside_largest(size_t bytes_free, size_t largest) {
    return bytes_free == 0 ? 0 : (unsigned)((uint64_t)1000 * (bytes_free - largest) / bytes_free);
}

void model_stats(const model *m, hmm_heap_statistics *stats) {
    *stats = (hmm_heap_statistics){.bytes_total = 0};
    for (size_t i = 0; i < m->region_count; i++) stats->bytes_total += m->regions[i].bytes;
    stats->bytes_in_use = bytes_in_blocks(m, false, &stats->blocks_in_use);
    stats->bytes_free = bytes_in_blocks(m, true, &stats->blocks_free);
    stats->bytes_overhead = stats->bytes_total - stats->bytes_in_use - stats->bytes_free;
    stats->largest_free = largest_block(m);
    stats->fragmentation = per_mille_outside_largest(stats->bytes_free, stats->largest_free);
    if (HMM_STATS == 0) return;
    stats->peak_in_use = m->peak_in_use;
    stats->allocations = m->allocations;
    stats->frees = m->frees;
    stats->failures = m->failures;
}
