/* resize.h: making an allocated block larger or smaller, in place or by moving it.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_HEAP_RESIZE_H
#define HMM_HEAP_RESIZE_H

#include "alloc.h"
#include "release.h"

/* ---- In place ------------------------------------------------------------------------------------------------------------ */

/* Gives back what is beyond `units`, if that can be a block or part of one. */
HMM_INTERNAL int shrink_block(struct HMM_HEAP *heap, struct block *b, hmm_units units) {
    const hmm_word header = *header_of(b);
    const hmm_units rest = size_in(header) - units;
    if (rest == 0 || (rest < HMM_UNITS_LEAST && !says_free(*header_of(next_of(b))))) return HMM_OK;

    struct release r;
    const int code = plan_release(heap, block_after(b, units), rest, false, &r);
    if (HMM_UNLIKELY(code != HMM_OK)) return code;
    write_header(heap, b, units | (header & HMM_PREVIOUS_FREE));
    write_canary(heap, b, units);
    do_release(heap, &r);
    count_out_of_use(heap, rest);
    return HMM_OK;
}

/* Audits taking the free units around a block, of which `rest` go back at the high end. */
HMM_INTERNAL int audit_growth(const struct HMM_HEAP *heap, const struct release *sides, hmm_units rest) {
    const struct block *after = block_after(sides->b, sides->units);
    int code = audit_sides(heap, sides);
    if (code == HMM_OK && rest != 0) code = audit_put(heap, rest);
    if (code != HMM_OK || HMM_AUDIT_LEVEL < 2) return code;

    const void *written = NULL;
    if (sides->before != 0) written = write_after_free(block_before(sides->b, sides->before), sides->before, 0, UINTPTR_MAX);
    if (written == NULL && sides->after != 0)
        written =
            write_after_free(after, sides->after, 0, address_of(after) + bytes_of(sides->after - rest) + sizeof(struct block));
    return written == NULL ? HMM_OK : report(heap, HMM_FAULT_WRITE_AFTER_FREE, written, "a free payload was written to");
}

/* What stays free behind a block that takes at least `least` of `room` units. */
HMM_INTERNAL hmm_units rest_of(hmm_units room, hmm_units least) {
    return room - least < HMM_UNITS_LEAST ? 0 : room - least;
}

/* Joins a block with the free units around it and cuts it at `units`. Returns where it starts now; its contents have moved
 * there. */
HMM_INTERNAL struct block *take_sides(struct HMM_HEAP *heap, const struct release *sides, hmm_units units) {
    struct block *start = block_before(sides->b, sides->before);
    struct block *after = block_after(sides->b, sides->units);
    const hmm_units previous = sides->before != 0 ? 0 : *header_of(start) & HMM_PREVIOUS_FREE;
    const hmm_units rest = released_units(sides) - units;

    if (sides->before != 0) {
        index_take(heap, start, sides->before);
        erase_header(sides->b);
    }
    if (sides->after != 0) {
        index_take(heap, after, sides->after);
        erase_header(after);
    }
    if (sides->before != 0) {
        hmm_memory_revealed(sides->b, usable_of(sides->units));
        hmm_memory_allocated(start, bytes_of(sides->before), bytes_of(sides->before));
        memmove(start, sides->b, usable_of(sides->units));
    }
    struct block *end = block_after(start, units);
    if (HMM_AUDIT_LEVEL >= 2 && rest != 0) fill(address_of(end), address_of(block_after(end, rest)) - 2 * HMM_WORD_BYTES);
    write_header(heap, start, units | previous);
    write_canary(heap, start, units);
    if (rest != 0) {
        make_free(heap, end, rest);
        hmm_memory_guard(header_of(end), bytes_of(rest));
        set_previous_free(block_after(end, rest), true);
    } else {
        set_previous_free(end, false);
    }
    count_in_use(heap, units - sides->units);
    return start;
}

/* Resizes an audited block in place to at least `needed` and at most `wanted` units. */
HMM_INTERNAL int resize_block(struct HMM_HEAP *heap, struct block *b, hmm_units needed, hmm_units wanted) {
    const hmm_units units = size_in(*header_of(b));
    if (wanted <= units) return shrink_block(heap, b, wanted);

    struct release sides;
    int code = look_beside(heap, b, units, false, &sides);
    if (HMM_UNLIKELY(code != HMM_OK)) return code;
    const hmm_units room = units + sides.after;
    if (room < needed) return HMM_NO_ROOM;
    if (room == units) return HMM_OK;
    const hmm_units rest = wanted < room ? rest_of(room, wanted) : 0;
    code = HMM_AUDIT_LEVEL >= 1 ? audit_growth(heap, &sides, rest) : HMM_OK;
    if (HMM_UNLIKELY(code != HMM_OK)) return code;
    take_sides(heap, &sides, room - rest);
    return HMM_OK;
}

HMM_INTERNAL void note_resized(struct block *b, size_t usable_before, size_t asked) {
    const size_t usable = usable_of(size_in(*header_of(b)));
    hmm_memory_resized(b, usable_before, asked < usable ? asked : usable, usable);
}

HMM_INTERNAL int resize_greedy_in_place(struct HMM_HEAP *heap, void *p, size_t needed, size_t wanted) {
    const hmm_units needed_units = units_for(needed);
    const hmm_units wanted_units = wanted > usable_of(HMM_UNITS_MOST) ? HMM_UNITS_MOST : units_for(wanted);
    int code = HMM_AUDIT_LEVEL >= 1 ? audit_allocated(heap, p) : HMM_OK;
    if (code != HMM_OK) return code;

    struct block *b = (struct block *)p;
    const size_t usable_before = usable_of(size_in(*header_of(b)));
    code = needed > wanted || needed_units == 0 ? HMM_BAD_SIZE : resize_block(heap, b, needed_units, wanted_units);
    if (code == HMM_OK) note_resized(b, usable_before, wanted);
    if (HMM_STATS && (code == HMM_NO_ROOM || code == HMM_BAD_SIZE)) heap->failures++;
    return code;
}

/* ---- Moving -------------------------------------------------------------------------------------------------------------- */

/* Moves an audited block down into the free block before it. *moved is NULL if there is not enough room. */
HMM_INTERNAL int slide_down(struct HMM_HEAP *heap, struct block *b, hmm_units wanted, struct block **moved) {
    const hmm_word header = *header_of(b);
    struct release sides;
    *moved = NULL;
    if (!says_previous_free(header)) return HMM_OK;
    int code = look_beside(heap, b, size_in(header), true, &sides);
    if (code != HMM_OK || released_units(&sides) < wanted) return code;

    const hmm_units rest = rest_of(released_units(&sides), wanted);
    code = HMM_AUDIT_LEVEL >= 1 ? audit_growth(heap, &sides, rest) : HMM_OK;
    if (HMM_UNLIKELY(code != HMM_OK)) return code;
    *moved = take_sides(heap, &sides, released_units(&sides) - rest);
    return HMM_OK;
}

/* Copies a block's contents to a new one and frees it. Returns the new one; NULL, and the new one is freed, on a fault:
 * on_exhausted may have changed anything in between, even freed the block. */
HMM_INTERNAL void *replace_block(struct HMM_HEAP *heap, struct block *b, struct block *new_block) {
    if (HMM_AUDIT_LEVEL >= 1 && audit_allocated(heap, b) != HMM_OK) {
        release_block(heap, new_block);
        return NULL;
    }
    const size_t usable = usable_of(size_in(*header_of(b)));
    const size_t new_usable = usable_of(size_in(*header_of(new_block)));
    struct release r;
    if (HMM_AUDIT_LEVEL >= 1 && plan_release(heap, b, size_in(*header_of(b)), says_previous_free(*header_of(b)), &r) != HMM_OK) {
        release_block(heap, new_block);
        return NULL;
    }
    hmm_memory_revealed(b, usable);
    hmm_memory_revealed(new_block, new_usable);
    memcpy(new_block, b, usable < new_usable ? usable : new_usable);
    release_block(heap, b);
    return new_block;
}

/* The last resort of a realloc. What freeing the old block needs is audited before the new one is taken. */
HMM_INTERNAL void *reallocate_elsewhere(struct HMM_HEAP *heap, struct block *b, size_t alignment, size_t size) {
    struct release r;
    if (HMM_AUDIT_LEVEL >= 1 && plan_release(heap, b, size_in(*header_of(b)), says_previous_free(*header_of(b)), &r) != HMM_OK)
        return NULL;
    struct block *new_block = (struct block *)allocate_aligned(heap, alignment, size);
    return new_block == NULL ? NULL : replace_block(heap, b, new_block);
}

HMM_INTERNAL void *reallocate(struct HMM_HEAP *heap, void *p, size_t alignment, size_t size) {
    if (p == NULL) return allocate_aligned(heap, alignment, size);
    const hmm_units units = units_for(size);
    int code = HMM_AUDIT_LEVEL >= 1 ? audit_allocated(heap, p) : HMM_OK;
    if (code != HMM_OK) return NULL;
    if (units == 0 || !hmm_is_power_of_two(alignment)) return no_room(heap);

    struct block *b = (struct block *)p;
    const size_t usable_before = usable_of(size_in(*header_of(b)));
    struct block *moved = NULL;
    code = address_of(b) % alignment == 0 ? resize_block(heap, b, units, units) : HMM_NO_ROOM;
    if (code == HMM_OK) moved = b;
    if (code == HMM_NO_ROOM) code = alignment <= HMM_GRANULE ? slide_down(heap, b, units, &moved) : HMM_OK;
    if (HMM_UNLIKELY(code != HMM_OK)) return NULL;
    if (moved == NULL) return reallocate_elsewhere(heap, b, alignment, size);
    note_resized(moved, usable_before, size);
    return moved;
}

#endif
