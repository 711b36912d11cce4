/* central.h: memory that is no thread's: free spans, taken best fit and coalesced at once; and giving memory back to the system.
 *
 * SPDX-License-Identifier: MIT
 *
 * All of this is used under the central lock.
 *
 * Free spans of fewer than BINS units are in lists, one for each number of units, and a bitmap says which are not empty; the larger ones are in
 * a tree. Where slabs come and go, most are found and put back in a dozen steps.
 *
 * Memory that was never used, behind all spans, is not a free span: it is taken when no free span fits, and is known to be zero, as
 * is a free span after its pages were given back. A free span of which pages may hold something is dirty, and waits in a ring with
 * those that became free at about the same time. Each quarter of the delay the rings move up, and what is in the first one is given
 * back by whoever comes here: so there is no thread for it, and memory that is used again soon is not given back. A span that is
 * split keeps its age, and one that is merged has that of its largest part: a small block that comes and goes within a
 * large free span does not keep that from growing old. */
#ifndef HMM_MALLOC_CENTRAL_H
#define HMM_MALLOC_CENTRAL_H

#include "../base/memory.h"
#include "../os/port.h"
#include "heapmm/malloc_window.h"
#include "span.h"

enum {
    RECORDS_AT_ONCE = 1 << 12, /* mapped together */
    MAPPED_AT_ONCE = 1 << 20,  /* bytes of memory, at least */
    MAPPED_AT_ONCE_MOST = 1 << 26,
    MAP_FOR_BYTES = 1 << 26, /* the map grows for so much memory */
    PURGED_AT_ONCE = 16,     /* free spans given back by one call, at most */
    PURGE_DELAY = 500,       /* milliseconds */
    BINS = 128,
    RINGS = 5 /* of dirty spans. The first records are their heads, from number 1 on, the oldest first */
};

static const hmm_malloc_window window; /* see window.h */

static struct {
    hmm_os_lock lock;
    bool open;
    size_t fresh;     /* where memory that was never used begins, in bytes */
    size_t map_bytes; /* of the map, mapped */
    uint32_t records; /* in use or unused: what is behind was never used */
    uint32_t records_mapped, remotes_mapped;
    uint32_t unused; /* records that are in no use, linked by `next`, and how many */
    uint32_t unused_count;
    uint32_t tree;       /* of free spans, the larger ones */
    uint32_t bins[BINS]; /* of the others: the first one with so many units, linked by child[0], and back by child[1] */
    uint64_t full_bins[BINS / 64];
    uint64_t purge_delay;
    uint64_t tick;               /* the number of the moves of the rings */
    _Atomic(uint64_t) next_tick; /* when the next one is due; changed under the lock, read without, as is the next one */
    _Atomic(bool) overdue;       /* more should be given back now than was at once */
    _Atomic(size_t) dirty;       /* units of dirty free spans, and stocks whose slabs may have free pages */
    size_t taken;                /* units that are not free */
    size_t most_taken;           /* at any time */
    size_t given_back;           /* bytes, in all */
    size_t large;                /* large blocks, and their units */
    size_t large_units;
    const hmm_malloc_window *window; /* for others; nothing here reads it */
} central = {.purge_delay = PURGE_DELAY, .window = &window};

/* ---- The tree of free spans: by size, then by address -------------------------------------------------------------------- */

HMM_INTERNAL uint32_t free_spans_get_child(struct span *spans, uint32_t node, int direction) {
    return spans[node].child[direction];
}

HMM_INTERNAL void free_spans_set_child(struct span *spans, uint32_t node, int direction, uint32_t child) {
    spans[node].child[direction] = child;
}

HMM_INTERNAL int free_spans_get_balance(struct span *spans, uint32_t node) {
    return spans[node].balance;
}

HMM_INTERNAL void free_spans_set_balance(struct span *spans, uint32_t node, int balance) {
    spans[node].balance = (signed char)balance;
}

HMM_INTERNAL uint64_t free_spans_key(struct span *spans, uint32_t node) {
    return (uint64_t)spans[node].units << 32 | (spans[node].start - place.memory) >> HMM_UNIT_SHIFT;
}

HMM_INTERNAL int free_spans_compare(struct span *spans, uint64_t key, uint32_t node) {
    const uint64_t other = free_spans_key(spans, node);
    return (key > other) - (key < other);
}

#define HMM_AVL(name) free_spans_##name
#define HMM_AVL_HANDLE uint32_t
#define HMM_AVL_NULL 0
#define HMM_AVL_KEY uint64_t
#define HMM_AVL_CONTEXT struct span *
#define HMM_AVL_FUNCTION HMM_INTERNAL
#include "heapmm/avl.h"

/* ---- Mapping ------------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL bool map_records(void) {
    const size_t count = RECORDS_AT_ONCE, before = central.records_mapped;
    if ((before + count) * sizeof(struct span) > (size_t)1 << SPANS_BYTES_SHIFT) return false;
    if (central.remotes_mapped == before) {
        if (!hmm_os_map((uintptr_t)remote_of(place.spans + before), count * sizeof(struct remote))) return false;
        central.remotes_mapped += RECORDS_AT_ONCE;
    }
    if (!hmm_os_map((uintptr_t)(place.spans + before), count * sizeof(struct span))) return false;
    central.records_mapped += RECORDS_AT_ONCE;
    return true;
}

HMM_INTERNAL bool open_place(void) {
    if (central.open) return true;
    const size_t memory = (size_t)1 << MEMORY_BYTES_SHIFT;
    const size_t part = (size_t)1 << MAP_BYTES_SHIFT;
    const uintptr_t range = hmm_os_find_range(4 * part + memory + ((size_t)1 << NOTES_BYTES_SHIFT), part);
    if (range == 0) return false;
    place.map = (_Atomic(uint32_t) *)range;
    place.spans = (struct span *)(range + part);
    place.memory = range + 4 * part;
    place.notes = (_Atomic(uint64_t) *)(place.memory + memory);
    if (!map_records()) return false;
    atomic_store_explicit(&place.spans->home, no_home, memory_order_relaxed);
    central.records = 1 + RINGS; /* the first is that of nothing */
    for (uint32_t ring = 1; ring <= RINGS; ring++) place.spans[ring].next = place.spans[ring].previous = ring;
    central.open = true;
    return true;
}

/* Maps more records, so that `count` can be made: what takes several must fail before it has changed anything. */
HMM_INTERNAL bool have_records(uint32_t count) {
    if (central.unused_count >= count || central.records + count <= central.records_mapped) return true;
    return map_records();
}

HMM_INTERNAL bool map_more_of_map(size_t memory_bytes) {
    const size_t share = MAP_FOR_BYTES / HMM_UNIT * sizeof(uint32_t);
    const size_t needed = (memory_bytes + MAP_FOR_BYTES - 1) / MAP_FOR_BYTES * share;
    if (needed <= central.map_bytes) return true;
    if (!hmm_os_map((uintptr_t)place.map + central.map_bytes, needed - central.map_bytes)) return false;
    central.map_bytes = needed;
    return true;
}

HMM_INTERNAL bool map_memory(size_t mapped, size_t more) {
    if (more > ((size_t)1 << MEMORY_BYTES_SHIFT) - mapped) return false;
    if (!map_more_of_map(mapped + more) || !hmm_os_map(place.memory + mapped, more)) return false;
    atomic_store_explicit(&place.mapped, mapped + more, memory_order_release);
    return true;
}

/* Maps fresh memory up to `end`, and some more in advance, the more the more there is. */
HMM_INTERNAL bool have_memory(size_t end) {
    const size_t mapped = atomic_load_explicit(&place.mapped, memory_order_relaxed);
    if (end <= mapped) return true;
    if (end > (size_t)1 << MEMORY_BYTES_SHIFT) return false;
    const size_t needed = end - mapped + hmm_padding(end, HMM_OS_PAGE);
    size_t step = hmm_round_down(mapped / 16, MAPPED_AT_ONCE);
    if (step < MAPPED_AT_ONCE) step = MAPPED_AT_ONCE;
    if (step > MAPPED_AT_ONCE_MOST) step = MAPPED_AT_ONCE_MOST;
    return (step > needed && map_memory(mapped, step)) || map_memory(mapped, needed);
}

/* ---- Records ------------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL struct span *new_record(uintptr_t start, size_t units) {
    struct span *record = place.spans + central.unused;
    if (central.unused != 0) {
        central.unused = record->next;
        central.unused_count--;
    } else {
        record = place.spans + central.records++;
    }
    record->factor = 0;
    atomic_store_explicit(&record->home, no_home, memory_order_relaxed);
    record->start = start;
    record->units = (uint32_t)units;
    record->next = record->previous = 0;
    record->clean = false;
    return record;
}

HMM_INTERNAL void drop_record(struct span *record) {
    record->kind = SPAN_NONE;
    record->next = central.unused;
    central.unused = number_of(record);
    central.unused_count++;
}

/* ---- Dirty spans --------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL uintptr_t first_page(const struct span *span) {
    return span->start + hmm_padding(span->start, HMM_OS_PAGE);
}

HMM_INTERNAL uintptr_t end_of_pages(const struct span *span) {
    return hmm_round_down(end_of(span), HMM_OS_PAGE);
}

HMM_INTERNAL bool is_purgeable(const struct span *span) {
    return !span->clean && first_page(span) < end_of_pages(span);
}

HMM_INTERNAL void link_dirty(struct span *span, uint32_t ring) {
    span->next = ring;
    span->previous = place.spans[ring].previous;
    place.spans[span->previous].next = place.spans[ring].previous = number_of(span);
}

HMM_INTERNAL void unlink_dirty(struct span *span) {
    place.spans[span->previous].next = span->next;
    place.spans[span->next].previous = span->previous;
}

HMM_INTERNAL size_t load_dirty(void) {
    return atomic_load_explicit(&central.dirty, memory_order_relaxed);
}

HMM_INTERNAL void add_dirty(size_t more) {
    atomic_store_explicit(&central.dirty, load_dirty() + more, memory_order_relaxed);
}

/* Into the ring of its age. */
HMM_INTERNAL void insert_dirty(struct span *span) {
    const uint64_t age = central.tick - span->since;
    link_dirty(span, age < RINGS - 1 && central.purge_delay != 0 ? RINGS - (uint32_t)age : 1);
    add_dirty(span->units);
}

HMM_INTERNAL void remove_dirty(struct span *span) {
    unlink_dirty(span);
    add_dirty((size_t)0 - span->units);
}

/* All of a ring become one with those of the ring before. */
HMM_INTERNAL void move_ring_up(uint32_t ring) {
    struct span *from = place.spans + ring, *to = from - 1;
    if (from->next == ring) return;
    place.spans[to->previous].next = from->next;
    place.spans[from->next].previous = to->previous;
    place.spans[from->previous].next = ring - 1;
    to->previous = from->previous;
    from->next = from->previous = ring;
}

HMM_INTERNAL void tick(void) {
    central.tick++;
    for (uint32_t ring = 2; ring <= RINGS; ring++) move_ring_up(ring);
}

/* The parts of pages at both ends are set to zero, since they stay. */
HMM_INTERNAL void purge(struct span *span) {
    const uintptr_t first = first_page(span), end = end_of_pages(span);
    remove_dirty(span);
    hmm_os_purge(first, end - first);
    central.given_back += end - first;
    memset((void *)span->start, 0, first - span->start);
    memset((void *)end, 0, end_of(span) - end);
    span->clean = true;
}

/* Gives back the first of a ring. Returns false if there is none. */
HMM_INTERNAL bool purge_first(uint32_t ring) {
    const uint32_t number = place.spans[ring].next;
    if (number == ring) return false;
    purge(place.spans + number);
    return true;
}

HMM_INTERNAL bool is_overdue(void) {
    return atomic_load_explicit(&central.overdue, memory_order_relaxed);
}

/* Whether something is to be given back. Without the lock. */
HMM_INTERNAL bool is_something_due(void) {
    return load_dirty() != 0 && (is_overdue() || hmm_os_now() >= atomic_load_explicit(&central.next_tick, memory_order_relaxed));
}

HMM_INTERNAL uint64_t quarter_of_delay(void) {
    return central.purge_delay / 4 + 1;
}

/* While nothing is dirty the clock stands: what comes then would be as old as all that time. */
HMM_INTERNAL void start_clock(void) {
    if (load_dirty() == 0) atomic_store_explicit(&central.next_tick, hmm_os_now() + quarter_of_delay(), memory_order_relaxed);
}

HMM_INTERNAL void purge_old(void) {
    if (load_dirty() == 0) return;
    const uint64_t now = hmm_os_now(), due = atomic_load_explicit(&central.next_tick, memory_order_relaxed);
    if (now >= due) {
        const uint64_t quarter = quarter_of_delay();
        for (int i = 0; i < RINGS && (i == 0 || now >= due + (uint64_t)i * quarter); i++) tick();
        atomic_store_explicit(&central.next_tick, now + quarter, memory_order_relaxed);
    }
    for (int i = 0; i < PURGED_AT_ONCE && purge_first(1); i++) continue;
}

HMM_INTERNAL bool purge_all(void) {
    bool any = false;
    for (uint32_t ring = 1; ring <= RINGS; ring++)
        while (purge_first(ring)) any = true;
    return any;
}

/* ---- Free spans ---------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL void enter_ends_in_map(const struct span *span, uint32_t number) {
    enter_in_map(span->start, number);
    enter_in_map(end_of(span) - HMM_UNIT, number);
}

/* Between two of a list. The record of nothing, number 0, is beside both ends, and what is written to it there is not read. */
HMM_INTERNAL void link_in_bin(uint32_t before, uint32_t number, uint32_t behind) {
    place.spans[before].child[0] = place.spans[behind].child[1] = number;
    place.spans[number].child[0] = behind;
    place.spans[number].child[1] = before;
}

/* The first or the second one, behind a lower address: memory is used from low addresses on, so that high ones become free. */
HMM_INTERNAL void insert_in_bin(struct span *span) {
    uint32_t *head = &central.bins[span->units], first = *head;
    if (first != 0 && place.spans[first].start < span->start) {
        link_in_bin(first, number_of(span), place.spans[first].child[0]);
    } else {
        link_in_bin(0, number_of(span), first);
        *head = number_of(span);
        central.full_bins[span->units / 64] |= (uint64_t)1 << span->units % 64;
    }
}

HMM_INTERNAL void remove_from_bin(const struct span *span) {
    const uint32_t behind = span->child[0], before = span->child[1];
    place.spans[before].child[0] = behind;
    place.spans[behind].child[1] = before;
    if (before != 0) return;
    central.bins[span->units] = behind;
    if (behind == 0) central.full_bins[span->units / 64] &= ~((uint64_t)1 << span->units % 64);
}

/* A span of the first bin that is not empty, from that of so many units on; or 0. */
HMM_INTERNAL uint32_t first_in_bins(size_t units) {
    if (units >= BINS) return 0;
    size_t word = units / 64;
    uint64_t bits = central.full_bins[word] >> units % 64 << units % 64;
    while (bits == 0 && ++word < BINS / 64) bits = central.full_bins[word];
    return bits == 0 ? 0 : central.bins[word * 64 + hmm_lowest_bit(bits)];
}

/* A smallest free span that has so many units; or 0. */
HMM_INTERNAL uint32_t best_fit(size_t units) {
    const uint32_t number = first_in_bins(units);
    return number != 0 ? number : free_spans_search(place.spans, central.tree, (uint64_t)units << 32, HMM_AVL_GREATER_EQUAL);
}

HMM_INTERNAL void insert_free(struct span *span) {
    span->kind = SPAN_FREE;
    if (span->units < BINS) {
        insert_in_bin(span);
    } else {
        span->child[0] = span->child[1] = 0;
        span->balance = 0;
        free_spans_insert(place.spans, &central.tree, number_of(span));
    }
    enter_ends_in_map(span, number_of(span));
    if (is_purgeable(span)) insert_dirty(span);
}

HMM_INTERNAL void remove_free(struct span *span) {
    if (span->units < BINS) {
        remove_from_bin(span);
    } else {
        free_spans_remove(place.spans, &central.tree, free_spans_key(place.spans, number_of(span)));
    }
    enter_ends_in_map(span, 0);
    if (is_purgeable(span)) remove_dirty(span);
}

/* A part of a span, whose age and cleanliness it has. */
HMM_INTERNAL void insert_free_part(const struct span *whole, uintptr_t start, size_t units) {
    if (units == 0) return;
    struct span *span = new_record(start, units);
    span->clean = whole->clean;
    span->since = whole->since;
    insert_free(span);
}

/* The free span beside an address, or NULL. */
HMM_INTERNAL struct span *free_span_before(uintptr_t address) {
    if (address == place.memory) return NULL;
    struct span *span = span_at(address - HMM_UNIT);
    return span->kind == SPAN_FREE ? span : NULL;
}

HMM_INTERNAL struct span *free_span_at(uintptr_t address) {
    if (address == place.memory + central.fresh) return NULL;
    struct span *span = span_at(address);
    return span->kind == SPAN_FREE ? span : NULL;
}

/* ---- Taking and giving --------------------------------------------------------------------------------------------------- */

/* Bytes from an address up to the alignment. */
HMM_INTERNAL size_t units_to(uintptr_t address, size_t alignment) {
    return hmm_padding(address, alignment) >> HMM_UNIT_SHIFT;
}

HMM_INTERNAL struct span *take_fresh(size_t units, size_t alignment) {
    const uintptr_t start = place.memory + central.fresh;
    const size_t padding = units_to(start, alignment);
    if (!have_memory(central.fresh + ((padding + units) << HMM_UNIT_SHIFT))) return NULL;
    central.fresh += (padding + units) << HMM_UNIT_SHIFT;
    struct span *span = new_record(start + (padding << HMM_UNIT_SHIFT), units);
    span->clean = true;
    insert_free_part(span, start, padding);
    return span;
}

HMM_INTERNAL void count_taken(size_t units) {
    central.taken += units;
    if (central.taken > central.most_taken) central.most_taken = central.taken;
}

/* A span of so many units, of no kind and not in the map yet; or NULL. alignment: a power of two, at least HMM_UNIT. Takes of the
 * smallest free span that holds it, wherever it begins, and of equal ones mostly one at a low address. */
HMM_INTERNAL struct span *take_span(size_t units, size_t alignment) {
    if (!have_records(3)) return NULL;
    const size_t enough = units + (alignment >> HMM_UNIT_SHIFT) - 1;
    const uint32_t number = best_fit(enough);
    struct span *span = place.spans + number;
    if (number == 0) {
        span = take_fresh(units, alignment);
        if (span == NULL) return NULL;
    } else {
        remove_free(span);
        const size_t padding = units_to(span->start, alignment);
        const size_t rest = span->units - padding - units;
        insert_free_part(span, span->start, padding);
        span->start += padding << HMM_UNIT_SHIFT;
        span->units = (uint32_t)units;
        insert_free_part(span, end_of(span), rest);
    }
    count_taken(units);
    return span;
}

/* Merges a free neighbour into a span that is going to be free; size: of the largest part so far. */
HMM_INTERNAL void merge(struct span *span, struct span *neighbour, uint32_t *size) {
    remove_free(neighbour);
    if (neighbour->start < span->start) span->start = neighbour->start;
    span->units += neighbour->units;
    if (!neighbour->clean && neighbour->units > *size) {
        *size = neighbour->units;
        span->since = neighbour->since;
    }
    drop_record(neighbour);
}

/* Gives back a span that is no longer in the map. */
HMM_INTERNAL void give_span(struct span *span) {
    central.taken -= span->units;
    struct span *before = free_span_before(span->start);
    struct span *behind = free_span_at(end_of(span));
    uint32_t size = span->units;
    start_clock();
    span->clean = false;
    span->since = central.tick;
    if (before != NULL) merge(span, before, &size);
    if (behind != NULL) merge(span, behind, &size);
    insert_free(span);
    purge_old();
}

#endif
