/* checked.h: allocating, freeing and resizing in checked mode, which the general functions hand on to.
 *
 * SPDX-License-Identifier: MIT
 *
 * A block is allocated below with room around it, and noted. Freeing it verifies the canaries, fills it, and puts it in quarantine. */
#ifndef HMM_MALLOC_CHECKED_H
#define HMM_MALLOC_CHECKED_H

#include "quarantine.h"

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

/* The slab does not stay the current one, so that the fast path never finds a free block. */
HMM_INTERNAL void *allocate_below_small(size_t size) {
    void *p = allocate_small(size);
    if (p != NULL) leave_current(my.stock, class_of(size));
    if (my.leaving && my.stock != NULL) leave_stock();
    return p;
}

/* A room for so many bytes at that alignment; front: what is before them; clean: set if all is zero, and not NULL. */
HMM_INTERNAL bool take_room(size_t alignment, size_t size, size_t *front, bool *clean, struct room *room) {
    struct span *span = alignment <= LEAST_FRONT && is_turn_of_guarded(size) ? take_guarded(size) : NULL;
    if (span != NULL) {
        *front = 0;
        *room = room_of_span(span);
        return true;
    }
    *front = alignment <= LEAST_FRONT ? LEAST_FRONT : alignment <= MOST_FRONT ? alignment : 0;
    const size_t bytes = *front + size + LEAST_TAIL;
    const size_t rounded = bytes + hmm_padding(bytes, *front == 0 ? 1 : *front);
    void *start = *front != 0 && rounded <= HMM_SMALL ? allocate_below_small(rounded)
                                                      : allocate_large(bytes, alignment < HMM_UNIT ? HMM_UNIT : alignment, clean);
    return start != NULL && find_room((uintptr_t)start, room);
}

HMM_INTERNAL void *checked_allocate(size_t alignment, size_t size, bool *clean) {
    if (!is_possible(size, alignment)) return no_memory();
    struct room room;
    size_t front;
    if (!take_room(alignment, size, &front, clean, &room)) return no_memory();
    if (!has_place_for_note(&room) && !map_notes(number_of(room.span))) {
        if (room.span->kind == SPAN_GUARDED) {
            retire_guarded(room.span);
        } else {
            put_back("malloc", room.span, room.block, (void *)room.start);
        }
        return no_memory();
    }
    room.note = make_note(NOTE_ALLOCATED, front, size);
    plant_canaries(&room);
    write_note(&room, room.note);
    return (void *)payload_of(&room);
}

/* ---- Freeing ------------------------------------------------------------------------------------------------------------- */

/* Whether it is a block that was allocated before there were checks: then the allocator below knows best. */
HMM_INTERNAL bool is_unchecked(const struct room *room) {
    const enum note_state state = state_of(room->note);
    return state == NOTE_NONE || (state == NOTE_FREED && is_handed_out(room));
}

/* The room of an allocated block, its canaries verified; or false after a fault. An unchecked block has a room without a note. */
HMM_INTERNAL bool room_of_block(const char *function, const void *p, struct room *room) {
    const uintptr_t address = (uintptr_t)p;
    const bool found = find_room(address, room);
    if (found && is_unchecked(room)) {
        unsigned block;
        room->note = 0;
        if (find_block(address, &block) != NULL) return true;
    }
    if (!found || state_of(room->note) != NOTE_ALLOCATED || address != payload_of(room)) {
        fault_of_pointer(function, p);
        return false;
    }
    const uintptr_t at = overwritten_at(room);
    if (at != 0) fault_of_canary(function, room, at);
    return at == 0;
}

/* Of two threads that free the same block at the same time, one finds that the note has changed. */
HMM_INTERNAL void free_room(const char *function, void *p, struct room *room) {
    if (room->note == 0) {
        put_back(function, room->span, room->block, p);
    } else if (exchange_note(room, with_state(room->note, NOTE_WAITING))) {
        room->note = with_state(room->note, NOTE_WAITING);
        enter_quarantine(function, room);
    } else {
        fault_of_pointer(function, p);
    }
}

HMM_INTERNAL void checked_free(const char *function, void *p) {
    struct room room;
    if (room_of_block(function, p, &room)) free_room(function, p, &room);
}

HMM_INTERNAL void checked_free_sized(const char *function, void *p, size_t size) {
    struct room room;
    if (!room_of_block(function, p, &room)) return;
    if (room.note == 0 || asked_in(room.note) == size) {
        free_room(function, p, &room);
    } else {
        fault_of_size(function, p, size, asked_in(room.note));
    }
}

/* ---- Resizing and asking ------------------------------------------------------------------------------------------------- */

HMM_INTERNAL size_t checked_size(const char *function, const void *p) {
    struct room room;
    if (!room_of_block(function, p, &room)) return 0;
    return room.note == 0 ? room.end - room.start : asked_in(room.note);
}

/* Makes the room itself fit, where it is a large block. */
HMM_INTERNAL bool resize_room(struct room *room, size_t size) {
    if (room->span->kind == SPAN_LARGE && size > HMM_SMALL) {
        if (!resize_large(room->span, front_in(room->note) + size + LEAST_TAIL)) return false;
        room->end = end_of(room->span);
    }
    const size_t bytes = room->end - payload_of(room);
    return size + LEAST_TAIL <= bytes && size >= bytes / 2;
}

HMM_INTERNAL void *checked_resize(const char *function, void *p, size_t size) {
    struct room room;
    if (!room_of_block(function, p, &room)) return invalid();
    if (!is_possible(size, 1)) return no_memory();
    const size_t had = room.note == 0 ? room.end - room.start : asked_in(room.note);
    if (room.note != 0 && room.span->kind != SPAN_GUARDED && resize_room(&room, size)) {
        room.note = make_note(NOTE_ALLOCATED, front_in(room.note), size);
        plant_canaries(&room);
        write_note(&room, room.note);
        return p;
    }
    void *moved = checked_allocate(1, size, NULL);
    if (moved == NULL) return NULL;
    memcpy(moved, p, had < size ? had : size);
    free_room(function, p, &room);
    return moved;
}

/* ---- At the end ---------------------------------------------------------------------------------------------------------- */

struct finding {
    struct room room;
    uintptr_t at;
};

/* Looks at a room; false if something is wrong with it. What other threads are changing at this moment looks wrong the
 * first time at most. */
HMM_INTERNAL bool is_room_sound(struct room *room, struct finding *finding) {
    for (int i = 0; i < 2; i++) {
        const enum note_state state = state_of(room->note);
        if (state == NOTE_NONE || state == NOTE_FREED || (state == NOTE_WAITING && room->span->kind == SPAN_GUARDED)) return true;
        finding->at = state == NOTE_ALLOCATED ? overwritten_at(room) : first_other(room->start, room->end, FREED);
        if (finding->at == 0) return true;
        finding->room = *room;
        read_note(room);
    }
    return finding->room.note != room->note;
}

HMM_INTERNAL bool is_span_sound(struct span *span, struct finding *finding) {
    if (span->kind == SPAN_LARGE || span->kind == SPAN_GUARDED) {
        struct room room = room_of_span(span);
        return is_room_sound(&room, finding);
    }
    for (unsigned block = 0; span->kind == SPAN_SLAB && block < span->blocks; block++) {
        struct room room = room_in_slab(span, block);
        if (is_handed_out(&room) && !is_room_sound(&room, finding)) return false;
    }
    return true;
}

/* Verifies all blocks, allocated or in quarantine, and tells of the first that is not sound. */
HMM_INTERNAL void check_all(void) {
    struct finding finding;
    bool sound = true;
    hmm_os_acquire(&central.lock);
    const uintptr_t end = central.open ? place.memory + central.fresh : place.memory;
    for (uintptr_t at = place.memory; sound && at < end; at = end_of(span_at(at))) sound = is_span_sound(span_at(at), &finding);
    hmm_os_release(&central.lock);
    if (sound) return;
    if (state_of(finding.room.note) == NOTE_ALLOCATED) {
        fault_of_canary("exit", &finding.room, finding.at);
    } else {
        fault_of_write("exit", &finding.room, finding.at);
    }
}

/* What has been the current slab of this thread until now, is so no longer. */
HMM_INTERNAL void begin_checks(void) {
    for (unsigned class = 0; class < HMM_CLASSES && my.stock != NULL; class ++) leave_current(my.stock, class);
    if (check_level() >= LEVEL_GUARDED) hmm_os_at_bad_access(tell_of_access);
}

#endif
