/* picture.c: see picture.h.
 *
 * SPDX-License-Identifier: MIT */
#include "picture.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"

#define SMALL_BELOW 2048
#define LARGE_ABOVE 8192

/* How a use looks: a letter where all of the cell is in use, another where part of it is free, and the same in colours of
 * the terminal's 256. */
static const struct look {
    const char *name;
    char full, partly;
    int full_colour, partly_colour;
} looks[USES] = {
    [USE_HEAP] = {"the heap's control block and index", 'H', 'h', 250, 244},
    [USE_SMALL] = {"blocks under 2 KiB", 'S', 's', 214, 136},
    [USE_PAGE] = {"blocks of 2 to 8 KiB (pages)", 'P', 'p', 39, 25},
    [USE_LARGE] = {"blocks over 8 KiB", 'L', 'l', 170, 96},
    [USE_FREE] = {"free", '.', '.', 236, 236},
};

static enum use use_of(const hmm_block *block) {
    if (block->free) return USE_FREE;
    if (block->bytes < SMALL_BELOW) return USE_SMALL;
    return block->bytes > LARGE_ABOVE ? USE_LARGE : USE_PAGE;
}

/* Shares the block's bytes out among the cells that it lies in. */
static bool add_block(void *context, const hmm_block *block) {
    struct picture *picture = context;
    const enum use use = use_of(block);
    size_t at = (uintptr_t)block->memory - (uintptr_t)picture->memory;
    size_t left = block->bytes;
    picture->use_blocks[use]++;
    picture->use_bytes[use] += left;
    while (left > 0 && at / picture->cell_bytes < picture->cells) {
        const size_t room = picture->cell_bytes - at % picture->cell_bytes;
        const size_t here = left < room ? left : room;
        picture->in_cell[at / picture->cell_bytes][use] += here;
        at += here;
        left -= here;
    }
    return true;
}

/* What the walk has not shown is the heap's own. */
static void add_heap(struct picture *picture) {
    for (unsigned cell = 0; cell < picture->cells; cell++) {
        const size_t start = cell * picture->cell_bytes;
        size_t own = picture->bytes - start < picture->cell_bytes ? picture->bytes - start : picture->cell_bytes;
        for (enum use use = USE_SMALL; use < USES; use++) own -= picture->in_cell[cell][use];
        picture->in_cell[cell][USE_HEAP] = own;
        picture->use_bytes[USE_HEAP] += own;
    }
}

/* A power of two of bytes in each cell, so that the legend is easy to remember. */
int picture_take(struct picture *picture, const hmm_heap *heap, const void *memory, size_t bytes) {
    *picture = (struct picture){.memory = memory, .bytes = bytes, .cell_bytes = 64};
    while (picture->cell_bytes * PICTURE_CELLS < bytes) picture->cell_bytes *= 2;
    picture->cells = (unsigned)((bytes + picture->cell_bytes - 1) / picture->cell_bytes);
    const int result = hmm_heap_walk(heap, add_block, picture);
    if (result == HMM_OK) add_heap(picture);
    return result;
}

/* The use of most bytes that are not free; free only if all are. */
static enum use main_use(const size_t by_use[USES]) {
    enum use most = USE_FREE;
    size_t bytes = 0;
    for (enum use use = USE_HEAP; use < USE_FREE; use++) {
        if (by_use[use] <= bytes) continue;
        most = use;
        bytes = by_use[use];
    }
    return most;
}

/* Full: less than a sixteenth is free. */
static bool is_full(const struct picture *picture, unsigned cell) {
    return picture->in_cell[cell][USE_FREE] < picture->cell_bytes / 16;
}

static void print_cell(FILE *file, bool colour, enum use use, bool full) {
    const struct look *look = &looks[use];
    if (colour)
        fprintf(file, "\033[48;5;%dm \033[0m", full ? look->full_colour : look->partly_colour);
    else
        fputc(full ? look->full : look->partly, file);
}

static void print_legend(const struct picture *picture, FILE *file, bool colour) {
    char blocks[FORMAT_BYTES], kibibytes[FORMAT_BYTES];
    for (enum use use = USE_HEAP; use < USES; use++) {
        fputs("  ", file);
        print_cell(file, colour, use, true);
        print_cell(file, colour, use, false);
        fprintf(file, " %-34s %9s blocks %9s KiB\n", looks[use].name, format_count(blocks, picture->use_blocks[use]),
                format_count(kibibytes, (picture->use_bytes[use] + 1023) / 1024));
    }
}

void picture_print(const struct picture *picture, FILE *file, bool colour) {
    for (unsigned cell = 0; cell < picture->cells; cell++) {
        if (cell % PICTURE_COLUMNS == 0) fputs("  ", file);
        print_cell(file, colour, main_use(picture->in_cell[cell]), is_full(picture, cell));
        if (cell % PICTURE_COLUMNS == PICTURE_COLUMNS - 1 || cell == picture->cells - 1) fputc('\n', file);
    }
    fprintf(file, "  each cell %zu %s, by what most of it is used for; %s where a sixteenth of it or more is free\n\n",
            picture->cell_bytes >= 1024 ? picture->cell_bytes / 1024 : picture->cell_bytes,
            picture->cell_bytes >= 1024 ? "KiB" : "bytes", colour ? "darker" : "small letters");
    print_legend(picture, file, colour);
}

bool picture_in_colour(FILE *file) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    if (no_color != NULL && *no_color != '\0') return false;
    return isatty(fileno(file)) != 0 && (term == NULL || strcmp(term, "dumb") != 0);
}
