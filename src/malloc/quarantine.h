/* quarantine.h: blocks that have been freed, and are filled and kept for a while before they are used again.
 *
 * SPDX-License-Identifier: MIT
 *
 * They wait in a ring, the oldest first, all threads' together: one lock, held for a few instructions; filling and verifying happen
 * outside. For the allocator below, a waiting block is allocated. */
#ifndef HMM_MALLOC_QUARANTINE_H
#define HMM_MALLOC_QUARANTINE_H

#include "guarded.h"

enum {
    QUARANTINE_BLOCKS = 4096,
    QUARANTINE_BYTES = 1 << 24,
    QUARANTINE_LARGEST = QUARANTINE_BYTES / 4,      /* larger ones do not wait */
    QUARANTINE_RING = QUARANTINE_BLOCKS + (1 << 10) /* room for what threads push at the same time */
};

static struct {
    hmm_os_lock lock;
    size_t first, count, bytes;
    uintptr_t ring[QUARANTINE_RING]; /* the beginnings of rooms */
} quarantine;

HMM_INTERNAL size_t bytes_of_room(const struct room *room) {
    return room->end - room->start;
}

/* Puts a room in, or returns false if the ring is full. */
HMM_INTERNAL bool push_waiting_room(const struct room *room) {
    hmm_os_acquire(&quarantine.lock);
    const bool fits = quarantine.count < QUARANTINE_RING;
    if (fits) {
        quarantine.ring[(quarantine.first + quarantine.count++) % QUARANTINE_RING] = room->start;
        quarantine.bytes += bytes_of_room(room);
    }
    hmm_os_release(&quarantine.lock);
    return fits;
}

/* Takes the oldest room out, if there are too many. */
HMM_INTERNAL bool pop_excess_room(struct room *room) {
    hmm_os_acquire(&quarantine.lock);
    const bool too_many = quarantine.count > QUARANTINE_BLOCKS || quarantine.bytes > QUARANTINE_BYTES;
    if (too_many) {
        find_room(quarantine.ring[quarantine.first], room);
        quarantine.first = (quarantine.first + 1) % QUARANTINE_RING;
        quarantine.count--;
        quarantine.bytes -= bytes_of_room(room);
    }
    hmm_os_release(&quarantine.lock);
    return too_many;
}

/* A room becomes free for the allocator below. */
HMM_INTERNAL void leave_quarantine(const char *function, struct room *room) {
    const uintptr_t at = first_other(room->start, room->end, FREED);
    if (at != 0) fault_of_write(function, room, at);
    write_note(room, with_state(room->note, NOTE_FREED));
    put_back(function, room->span, room->block, (void *)room->start);
}

/* A room of which the note says already that it waits. */
HMM_INTERNAL void enter_quarantine(const char *function, struct room *room) {
    if (room->span->kind == SPAN_GUARDED) {
        retire_guarded(room->span);
        return;
    }
    const bool may_wait = bytes_of_room(room) <= QUARANTINE_LARGEST;
    if (may_wait) fill_bytes(room->start, room->end, FREED);
    if (!may_wait || !push_waiting_room(room)) {
        write_note(room, with_state(room->note, NOTE_FREED));
        put_back(function, room->span, room->block, (void *)room->start);
    }
    struct room oldest;
    while (pop_excess_room(&oldest)) leave_quarantine(function, &oldest);
}

#endif
