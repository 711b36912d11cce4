/* report.h: a readable report of the memory: the numbers, the classes, the large blocks, and a picture of the address space.
 *
 * SPDX-License-Identifier: MIT
 *
 * All is counted first, under the lock, into memory that is there already, and printed afterwards: nothing is allocated. */
#ifndef HMM_MALLOC_REPORT_H
#define HMM_MALLOC_REPORT_H

#include "statistics.h"

enum { PICTURE_COLUMNS = 64, PICTURE_LINES = 24, PICTURE_CELLS = PICTURE_COLUMNS * PICTURE_LINES };

/* What a cell of the picture shows, of the units in it; in this order one outdoes the next. */
enum cell { CELL_NOTHING, CELL_GIVEN_BACK, CELL_FREE, CELL_USED, CELL_PARTLY_USED };
static const char cell_letters[] = " _.#+";

static hmm_os_lock survey_lock; /* taken before the central one */
static struct {
    size_t slabs[HMM_CLASSES], blocks[HMM_CLASSES], in_use[HMM_CLASSES];
    size_t free_spans, largest_free, large, guarded;
    size_t units, units_per_cell;
    unsigned char cells[PICTURE_CELLS];
} survey;

/* ---- Counting, under the central lock ------------------------------------------------------------------------------------ */

HMM_INTERNAL unsigned blocks_in_use(struct span *slab) {
    unsigned used = 0;
    for (unsigned block = 0; block < slab->blocks; block++) used += !is_free_block(slab, block);
    return used;
}

/* A cell with something used and something else is partly used. */
HMM_INTERNAL void add_to_cell(size_t unit, enum cell cell) {
    unsigned char *there = &survey.cells[unit / survey.units_per_cell];
    const bool mixes = *there != CELL_NOTHING && *there != cell && (*there >= CELL_USED || cell >= CELL_USED);
    if (mixes) {
        *there = CELL_PARTLY_USED;
    } else if (cell > *there) {
        *there = (unsigned char)cell;
    }
}

HMM_INTERNAL enum cell survey_slab(struct span *slab) {
    const unsigned used = blocks_in_use(slab);
    survey.slabs[slab->class]++;
    survey.blocks[slab->class] += slab->blocks;
    survey.in_use[slab->class] += used;
    return used == 0 ? CELL_FREE : used == slab->blocks ? CELL_USED : CELL_PARTLY_USED;
}

HMM_INTERNAL enum cell survey_free(const struct span *span) {
    survey.free_spans++;
    if (span->units > survey.largest_free) survey.largest_free = span->units;
    return span->clean ? CELL_GIVEN_BACK : CELL_FREE;
}

HMM_INTERNAL void survey_span(struct span *span) {
    enum cell cell = CELL_USED;
    if (span->kind == SPAN_SLAB) cell = survey_slab(span);
    if (span->kind == SPAN_FREE) cell = survey_free(span);
    if (span->kind == SPAN_LARGE) survey.large++;
    if (span->kind == SPAN_GUARDED) survey.guarded++;
    const size_t first = (span->start - place.memory) >> HMM_UNIT_SHIFT;
    for (size_t i = 0; i < span->units; i++) add_to_cell(first + i, cell);
}

HMM_INTERNAL void survey_all(void) {
    memset(&survey, 0, sizeof survey);
    hmm_os_acquire(&central.lock);
    const uintptr_t end = central.open ? place.memory + central.fresh : place.memory;
    survey.units = (end - place.memory) >> HMM_UNIT_SHIFT;
    survey.units_per_cell = survey.units / PICTURE_CELLS + 1;
    for (uintptr_t at = place.memory; at < end; at = end_of(span_at(at))) survey_span(span_at(at));
    hmm_os_release(&central.lock);
}

/* ---- Printing ------------------------------------------------------------------------------------------------------------ */

HMM_INTERNAL void add_in_column(struct text *text, uint64_t number, size_t width) {
    struct text digits;
    begin_text(&digits);
    add_number(&digits, number);
    for (size_t i = digits.length; i < width; i++) add(text, " ");
    add(text, digits.bytes);
}

HMM_INTERNAL void write_row(const char *name, uint64_t number) {
    struct text text;
    begin_text(&text);
    add(&text, "heapmm:   ");
    add(&text, name);
    for (size_t i = text.length; i < 44; i++) add(&text, " ");
    add_in_column(&text, number, 14);
    add(&text, "\n");
    hmm_os_write(NULL, text.bytes);
}

HMM_INTERNAL void write_totals(void) {
    const struct hmm_malloc_numbers now = statistics();
    hmm_os_acquire(&central.lock);
    const size_t most = central.most_taken << HMM_UNIT_SHIFT, given_back = central.given_back;
    hmm_os_release(&central.lock);
    hmm_os_write(NULL, "heapmm: memory, in bytes\n");
    write_row("in use, slabs and large blocks", now.uordblks);
    write_row("in use at most, at any time", most);
    write_row("mapped from the system", now.arena);
    write_row("free, not given back", now.keepcost);
    write_row("free, given back or never used", now.fordblks - now.keepcost);
    write_row("given back in all", given_back);
    hmm_os_write(NULL, "heapmm: numbers\n");
    write_row("free spans", survey.free_spans);
    write_row("largest free span, in bytes", survey.largest_free << HMM_UNIT_SHIFT);
    write_row("large blocks", survey.large);
    if (check_level() >= LEVEL_GUARDED) write_row("blocks with guard pages", survey.guarded);
    write_row("faults", atomic_load_explicit(&checks.faults, memory_order_relaxed));
}

HMM_INTERNAL void write_class(unsigned class) {
    struct text text;
    begin_text(&text);
    add(&text, "heapmm:   ");
    add_in_column(&text, class_size(class), 8);
    add_in_column(&text, survey.slabs[class], 10);
    add_in_column(&text, survey.in_use[class], 12);
    add_in_column(&text, survey.in_use[class] * class_size(class), 14);
    add_in_column(&text, survey.in_use[class] * 100 / survey.blocks[class], 9);
    add(&text, " %\n");
    hmm_os_write(NULL, text.bytes);
}

HMM_INTERNAL void write_classes(void) {
    hmm_os_write(NULL, "heapmm: small blocks\n"
                       "heapmm:       size     slabs      in use         bytes   filled\n");
    for (unsigned class = 0; class < HMM_CLASSES; class ++)
        if (survey.slabs[class] != 0) write_class(class);
}

HMM_INTERNAL void write_picture(void) {
    const size_t cells = (survey.units + survey.units_per_cell - 1) / survey.units_per_cell;
    struct text text;
    begin_text(&text);
    add_line(&text, "heapmm: addresses, a character for each", survey.units_per_cell * HMM_UNIT / 1024, " KiB: ");
    add(&text, "# in use  + partly in use  . free  _ given back\n");
    hmm_os_write(NULL, text.bytes);
    for (size_t cell = 0; cell < cells; cell += PICTURE_COLUMNS) {
        begin_text(&text);
        add(&text, "heapmm:   ");
        for (size_t i = cell; i < cell + PICTURE_COLUMNS && i < cells; i++)
            add(&text, (const char[]){cell_letters[survey.cells[i]], '\0'});
        add(&text, "\n");
        hmm_os_write(NULL, text.bytes);
    }
}

HMM_INTERNAL void write_report(void) {
    hmm_os_acquire(&survey_lock);
    survey_all();
    write_totals();
    write_classes();
    write_picture();
    hmm_os_release(&survey_lock);
}

#endif
