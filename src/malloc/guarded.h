/* guarded.h: blocks on pages of their own, with inaccessible pages on both sides. At LEVEL_GUARDED, some of the small ones are such.
 *
 * SPDX-License-Identifier: MIT
 *
 *     span   | no access | canaries, what was asked for | no access |
 *
 * When it is freed, all of it becomes inaccessible, and stays so until some more have been freed: a stale pointer then
 * ends the process at the very access. */
#ifndef HMM_MALLOC_GUARDED_H
#define HMM_MALLOC_GUARDED_H

#include "note.h"

enum {
    GUARDED_EVERY = 64,        /* one of so many allocations */
    GUARDED_LARGEST = 1 << 16, /* what is asked for */
    GUARDED_MOST = 4096,       /* at a time: the system does not like many small mappings */
    GUARDED_RETIRED = 256      /* freed, and inaccessible */
};

static struct {
    _Atomic(unsigned) turn; /* allocations */
    size_t live, retired;   /* the rest is under the central lock */
    size_t oldest;
    struct span *spans[GUARDED_RETIRED];
} guarded;

HMM_INTERNAL bool is_turn_of_guarded(size_t size) {
    if (check_level() < LEVEL_GUARDED || size > GUARDED_LARGEST) return false;
    return atomic_fetch_add_explicit(&guarded.turn, 1, memory_order_relaxed) % GUARDED_EVERY == 0;
}

HMM_INTERNAL bool protect_ends(const struct span *span) {
    if (!hmm_os_protect(span->start, HMM_OS_PAGE, false)) return false;
    if (hmm_os_protect(end_of(span) - HMM_OS_PAGE, HMM_OS_PAGE, false)) return true;
    hmm_os_protect(span->start, HMM_OS_PAGE, true);
    return false;
}

HMM_INTERNAL void drop_guarded(struct span *span) {
    enter_all_in_map(span, 0);
    give_span(span);
    guarded.live--;
}

/* A span of such pages, or NULL: then the block is an ordinary one. */
HMM_INTERNAL struct span *take_guarded(size_t size) {
    const size_t bytes = size + hmm_padding(size, HMM_OS_PAGE) + (size == 0 ? HMM_OS_PAGE : 0);
    struct span *span = NULL;
    hmm_os_acquire(&central.lock);
    if (guarded.live < GUARDED_MOST && open_place()) span = take_span((bytes + (size_t)2 * HMM_OS_PAGE) / HMM_UNIT, HMM_OS_PAGE);
    if (span != NULL) {
        guarded.live++;
        span->kind = SPAN_GUARDED;
        enter_all_in_map(span, number_of(span));
        if (!protect_ends(span)) {
            drop_guarded(span);
            span = NULL;
        }
    }
    hmm_os_release(&central.lock);
    return span;
}

/* The oldest one is used again. Pages that cannot be made accessible any more stay as they are for ever. */
HMM_INTERNAL void let_go_oldest(void) {
    struct span *span = guarded.spans[guarded.oldest];
    struct room room = room_of_span(span);
    guarded.retired--;
    write_note(&room, with_state(room.note, NOTE_FREED));
    if (hmm_os_protect(span->start, bytes_of(span), true)) drop_guarded(span);
}

/* Frees one. Where the pages cannot be made inaccessible it is used again at once. */
HMM_INTERNAL void retire_guarded(struct span *span) {
    hmm_os_acquire(&central.lock);
    if (guarded.retired == GUARDED_RETIRED) let_go_oldest();
    if (hmm_os_protect(span->start, bytes_of(span), false)) {
        guarded.spans[guarded.oldest] = span;
        guarded.oldest = (guarded.oldest + 1) % GUARDED_RETIRED;
        guarded.retired++;
    } else if (hmm_os_protect(span->start, bytes_of(span), true)) {
        drop_guarded(span);
    }
    hmm_os_release(&central.lock);
}

/* Called for the access that is about to end the process. */
HMM_INTERNAL void tell_of_access(uintptr_t address) {
    struct room room;
    if (!find_room(address, &room) || room.span->kind != SPAN_GUARDED) return;
    struct text text;
    begin_fault(&text, "access", address);
    const bool is_free = state_of(room.note) != NOTE_ALLOCATED;
    if (!is_free) add(&text, address < payload_of(&room) ? "before the beginning of " : "behind the end of ");
    add_block(&text, &room);
    add(&text, " at ");
    add_address(&text, payload_of(&room));
    if (is_free) add(&text, " that is free: use after free");
    if (!is_free) add(&text, address < payload_of(&room) ? ": underflow, or overflow of one before it" : ": overflow");
    add(&text, "\n");
    hmm_os_write(NULL, text.bytes);
}

#endif
