/* statistics.h: how much memory there is and what it is used for.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_MALLOC_STATISTICS_H
#define HMM_MALLOC_STATISTICS_H

#include "block.h"
#include "heapmm/malloc.h"

HMM_INTERNAL struct hmm_malloc_numbers statistics(void) {
    struct hmm_malloc_numbers info = {.ordblks = 1};
    hmm_os_acquire(&central.lock);
    info.arena = atomic_load_explicit(&place.mapped, memory_order_relaxed);
    info.hblks = central.large;
    info.hblkhd = central.large_units << HMM_UNIT_SHIFT;
    info.uordblks = central.taken << HMM_UNIT_SHIFT;
    info.fordblks = info.arena - info.uordblks;
    info.keepcost = load_dirty() << HMM_UNIT_SHIFT;
    hmm_os_release(&central.lock);
    return info;
}

/* As XML, of which the contents are a comment. */
HMM_INTERNAL void write_numbers(void *stream) {
    const struct hmm_malloc_numbers info = statistics();
    struct text text;
    begin_text(&text);
    add(&text, "<malloc version=\"heapmm\">\n<!-- bytes: ");
    add_line(&text, "mapped", info.arena, ", ");
    add_line(&text, "in_slabs", info.uordblks - info.hblkhd, ", ");
    add_line(&text, "in_large_blocks", info.hblkhd, ", ");
    add_line(&text, "free", info.fordblks, ", ");
    add_line(&text, "free_not_given_back", info.keepcost, " -->\n</malloc>\n");
    hmm_os_write(stream, text.bytes);
}

/* Gives back what can be. Returns whether there was anything. */
HMM_INTERNAL bool trim(void) {
    struct stock *stock = my.stock;
    if (stock != NULL) take_all_remote(stock, false);
    hmm_os_acquire(&central.lock);
    for (unsigned class = 0; class < HMM_CLASSES && stock != NULL; class ++) {
        leave_current(stock, class);
        give_back_empty(stock, class, true);
        set_unclean(stock, class);
    }
    bool any = purge_idle(UINT64_MAX, INT_MAX) != 0;
    if (stock != NULL) purge_stock(stock, INT_MAX);
    if (central.open && purge_all()) any = true;
    release_lock();
    return any;
}

#endif
