/* note.h: what checked mode knows of a block: how much was asked for, and where in the block that begins.
 *
 * SPDX-License-Identifier: MIT
 *
 * A checked block lies within a block of the allocator's, called its room:
 *
 *     room   | front: canaries | what was asked for | tail: canaries |
 *
 * so a checked block never begins where its room does, but for large ones of large alignment, which have no front.
 *
 * The notes lie apart, like the records: a word for each block of a slab, one for any other span. A room without a note is that of a
 * block from before the environment was read: it is not checked. */
#ifndef HMM_MALLOC_NOTE_H
#define HMM_MALLOC_NOTE_H

#include "block.h"

enum note_state {
    NOTE_NONE,
    NOTE_ALLOCATED,
    NOTE_WAITING, /* freed, and in quarantine */
    NOTE_FREED
};

enum {
    NOTES_PER_SPAN = 64,
    LEAST_FRONT = HMM_STEP,
    MOST_FRONT = HMM_UNIT / 2, /* so that a large block begins in its first unit, which is in the map */
    LEAST_TAIL = HMM_STEP,
    CANARY = 0xC9, /* an odd byte that is no letter, no small number and no part of an address */
    FREED = 0xDF,
    NOTES_AT_ONCE = 1 << 12 /* records of which the notes are mapped together */
};

_Static_assert((sizeof(struct span) << 3) == NOTES_PER_SPAN * sizeof(uint64_t),
               "NOTES_BYTES_SHIFT holds the notes of all records");

/* The state, the front in steps, and what was asked for, in one word. */
HMM_INTERNAL uint64_t make_note(enum note_state state, size_t front, size_t asked) {
    return (uint64_t)state | (uint64_t)(front / LEAST_FRONT) << 2 | (uint64_t)asked << 8;
}

HMM_INTERNAL enum note_state state_of(uint64_t note) {
    return (enum note_state)(note & 3);
}

HMM_INTERNAL uint64_t with_state(uint64_t note, enum note_state state) {
    return (note & ~(uint64_t)3) | (uint64_t)state;
}

HMM_INTERNAL size_t front_in(uint64_t note) {
    return (size_t)(note >> 2 & 63) * LEAST_FRONT;
}

HMM_INTERNAL size_t asked_in(uint64_t note) {
    return (size_t)(note >> 8);
}

/* ---- Rooms --------------------------------------------------------------------------------------------------------------- */

/* A room, and its note as it was when looked at. */
struct room {
    struct span *span;
    unsigned block; /* of a slab, else 0 */
    uintptr_t start, end;
    uint64_t note;
};

static _Atomic(uint32_t) notes_mapped; /* for so many records */

HMM_INTERNAL _Atomic(uint64_t) *place_of_note(const struct room *room) {
    return place.notes + (size_t)number_of(room->span) * NOTES_PER_SPAN + room->block;
}

HMM_INTERNAL bool has_place_for_note(const struct room *room) {
    return number_of(room->span) < atomic_load_explicit(&notes_mapped, memory_order_acquire);
}

HMM_INTERNAL void read_note(struct room *room) {
    room->note = has_place_for_note(room) ? atomic_load_explicit(place_of_note(room), memory_order_acquire) : 0;
}

HMM_INTERNAL bool map_notes(uint32_t number) {
    bool done = true;
    hmm_os_acquire(&central.lock);
    while (done && atomic_load_explicit(&notes_mapped, memory_order_relaxed) <= number) {
        const uint32_t mapped = atomic_load_explicit(&notes_mapped, memory_order_relaxed);
        const size_t bytes = NOTES_PER_SPAN * sizeof(uint64_t);
        done = hmm_os_map((uintptr_t)place.notes + mapped * bytes, NOTES_AT_ONCE * bytes);
        if (done) atomic_store_explicit(&notes_mapped, mapped + NOTES_AT_ONCE, memory_order_release);
    }
    hmm_os_release(&central.lock);
    return done;
}

HMM_INTERNAL void write_note(struct room *room, uint64_t note) {
    room->note = note;
    atomic_store_explicit(place_of_note(room), note, memory_order_release);
}

/* Changes the note, unless another thread has. */
HMM_INTERNAL bool exchange_note(struct room *room, uint64_t note) {
    uint64_t expected = room->note;
    return atomic_compare_exchange_strong_explicit(place_of_note(room), &expected, note, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

/* The room in a slab with a number. */
HMM_INTERNAL struct room room_in_slab(struct span *slab, unsigned block) {
    struct room room = {.span = slab, .block = block};
    room.start = slab->start + (uintptr_t)block * slab->size;
    room.end = room.start + slab->size;
    read_note(&room);
    return room;
}

HMM_INTERNAL struct room room_of_span(struct span *span) {
    struct room room = {.span = span, .start = span->start, .end = end_of(span)};
    if (span->kind == SPAN_GUARDED) {
        room.start += HMM_OS_PAGE;
        room.end -= HMM_OS_PAGE;
    }
    read_note(&room);
    return room;
}

/* The room that an address of ours lies in, allocated or not; or false where there is none. Of a large block, the first unit only. */
HMM_INTERNAL bool find_room(uintptr_t address, struct room *room) {
    if (!is_ours(address)) return false;
    struct span *span = span_at(address);
    if (span->kind == SPAN_SLAB) {
        *room = room_in_slab(span, (unsigned)((address - span->start) / span->size));
    } else if (span->kind == SPAN_LARGE || span->kind == SPAN_GUARDED) {
        *room = room_of_span(span);
    } else {
        return false;
    }
    return true;
}

/* Where what was asked for begins. In a guarded room it ends as near the end as alignment allows. */
HMM_INTERNAL uintptr_t payload_of(const struct room *room) {
    if (room->span->kind != SPAN_GUARDED) return room->start + front_in(room->note);
    const size_t asked = asked_in(room->note);
    return room->end - asked - hmm_padding(asked, HMM_STEP);
}

HMM_INTERNAL uintptr_t end_of_payload(const struct room *room) {
    return payload_of(room) + asked_in(room->note);
}

/* Whether the allocator itself has handed the room out. */
HMM_INTERNAL bool is_handed_out(const struct room *room) {
    return room->span->kind != SPAN_SLAB || !is_free_block(room->span, room->block);
}

/* ---- Canaries ------------------------------------------------------------------------------------------------------------ */

HMM_INTERNAL void fill_bytes(uintptr_t from, uintptr_t to, int byte) {
    memset((void *)from, byte, to - from);
}

/* The first address that does not hold the byte, or 0. Words are compared once they are aligned. */
HMM_INTERNAL uintptr_t first_other(uintptr_t from, uintptr_t to, unsigned char byte) {
    const uint64_t word = byte * (~(uint64_t)0 / 255);
    uint64_t there;
    for (uintptr_t at = from; at < to; at++) {
        while (at % sizeof there == 0 && to - at >= sizeof there) {
            memcpy(&there, (const void *)at, sizeof there);
            if (there != word) break;
            at += sizeof there;
        }
        if (at < to && *(const unsigned char *)at != byte) return at;
    }
    return 0;
}

HMM_INTERNAL void plant_canaries(const struct room *room) {
    fill_bytes(room->start, payload_of(room), CANARY);
    fill_bytes(end_of_payload(room), room->end, CANARY);
}

/* Where something else was written over the canaries, or 0. */
HMM_INTERNAL uintptr_t overwritten_at(const struct room *room) {
    const uintptr_t behind = first_other(end_of_payload(room), room->end, CANARY);
    return behind != 0 ? behind : first_other(room->start, payload_of(room), CANARY);
}

/* ---- Faults -------------------------------------------------------------------------------------------------------------- */

HMM_INTERNAL void add_block(struct text *text, const struct room *room) {
    add(text, "a block of ");
    add_number(text, asked_in(room->note));
    add(text, " bytes");
}

/* What is wrong with the canaries of a block; verb: what was done to the block. */
HMM_INTERNAL void fault_of_canary(const char *function, const struct room *room, uintptr_t at) {
    struct text text;
    begin_fault(&text, function, payload_of(room));
    add_block(&text, room);
    add(&text, ", written to at ");
    add_address(&text, at);
    add(&text, at < payload_of(room) ? ", before its beginning: underflow" : ", behind its end: overflow");
    end_fault(&text);
}

HMM_INTERNAL void fault_of_write(const char *function, const struct room *room, uintptr_t at) {
    struct text text;
    begin_fault(&text, function, payload_of(room));
    add_block(&text, room);
    add(&text, ", written to at ");
    add_address(&text, at);
    add(&text, " after it was freed: use after free");
    end_fault(&text);
}

/* Of a pointer that is none to an allocated block. Where notes know no more, the records do. */
HMM_INTERNAL void fault_of_pointer(const char *function, const void *p) {
    struct room room;
    const uintptr_t address = (uintptr_t)p;
    const bool found = find_room(address, &room) && state_of(room.note) != NOTE_NONE && end_of_payload(&room) <= room.end;
    if (!found || (state_of(room.note) == NOTE_FREED && is_handed_out(&room))) {
        fault(function, p);
        return;
    }
    struct text text;
    begin_fault(&text, function, address);
    if (address != payload_of(&room)) add(&text, address < payload_of(&room) ? "before " : "inside ");
    add_block(&text, &room);
    if (address != payload_of(&room)) {
        add(&text, " at ");
        add_address(&text, payload_of(&room));
    }
    if (state_of(room.note) != NOTE_ALLOCATED) add(&text, " that is free: freed twice, or used after free");
    end_fault(&text);
}

#endif
