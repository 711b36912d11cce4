/* picture.c: see picture.h.
 *
 * SPDX-License-Identifier: MIT */
#include "picture.h"

#include <inttypes.h>
#include <string.h>

#include "cells.h"
#include "say.h"
#include "text.h"

enum {
    STEP = 16,            /* cells are for a multiple of so many bytes */
    ADDRESS_COLUMNS = 15, /* in front of a line of the picture */
    PLAIN_COLUMNS = 64,
    PLAIN_LINES = 24,
    LEAST_PICTURE = 4, /* lines */
    ROW_COLUMNS = 40,  /* of the screen, for a number of the summary */
    NAME_COLUMNS = 36,
    CLASS_COLUMNS = 58,
    LEGEND_COLUMNS = 80
};

/* Of a palette of 256, legible on dark and on light. */
static const int colours[MAP_KINDS + 1] = {[MAP_GIVEN_BACK] = 244, [MAP_FREE] = 244, [MAP_CHANGING] = 203, [MAP_SLAB] = 35,
                                           [MAP_LARGE] = 33,       [MAP_BLOCK] = 35, [MAP_OWN] = 172,      [MAP_KINDS] = 244};
static const char *const names[MAP_KINDS] = {[MAP_CHANGING] = "changing",
                                             [MAP_SLAB] = "slabs",
                                             [MAP_LARGE] = "large blocks",
                                             [MAP_BLOCK] = "blocks",
                                             [MAP_OWN] = "its own"};
static const char *const eighths[] = {"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588"};

typedef struct drawing {
    FILE *stream;
    const heap_map *map;
    const picture_style *style;
    const char *end;
    int lines; /* that are left */
} drawing;

static void end_line(drawing *d) {
    fputs(d->end, d->stream);
    d->lines--;
}

/* ---- The summary --------------------------------------------------------------------------------------------------------- */

static number_text row_text(const map_row *row) {
    number_text t;
    if (row->unit == MAP_BYTES) return text_bytes(row->value);
    if (row->unit == MAP_NUMBER) return text_number(row->value);
    snprintf(t.bytes, sizeof t.bytes, "%.1f %%", (double)row->value / 10);
    return t;
}

/* Unlike on a screen, all digits. */
static void draw_row_plainly(drawing *d, const map_row *row) {
    fprintf(d->stream, "  %-*s", NAME_COLUMNS, row->name);
    if (row->unit == MAP_PER_MILLE)
        fprintf(d->stream, "%17s", row_text(row).bytes);
    else
        fprintf(d->stream, "%15s", text_number(row->value).bytes);
    if (row->unit == MAP_BYTES) fprintf(d->stream, "  %s", text_bytes(row->value).bytes);
    end_line(d);
}

static void draw_rows(drawing *d) {
    const int across = d->style->columns / ROW_COLUMNS; /* a screen has as many columns at least */
    for (size_t i = 0; i < d->map->row_count; i++) {
        if (d->style->lines == 0) {
            draw_row_plainly(d, &d->map->rows[i]);
            continue;
        }
        const bool ends = (i + 1) % (size_t)across == 0 || i + 1 == d->map->row_count;
        if (d->lines <= LEAST_PICTURE + 1) return;
        fprintf(d->stream, "%-28.28s%10s%s", d->map->rows[i].name, row_text(&d->map->rows[i]).bytes, ends ? "" : "  ");
        if (ends) end_line(d);
    }
}

static void draw_title(drawing *d, const char *status) {
    const int width = d->style->columns;
    const int room = status == NULL ? width : width - (int)strlen(status) - 2;
    char title[MAP_TITLE];
    snprintf(title, sizeof title, "%s", d->map->title);
    if (d->style->lines != 0 && room > 0 && room < MAP_TITLE) title[room] = '\0';
    if (d->style->colours) fputs("\033[1m", d->stream);
    text_print(d->stream, title);
    if (d->style->colours) fputs("\033[0m", d->stream);
    if (status != NULL && room > 0) fprintf(d->stream, "%*s%s", room - (int)strlen(title) + 2, "", status);
    end_line(d);
}

/* ---- The picture --------------------------------------------------------------------------------------------------------- */

/* The letters of the report that HEAPMM_STATS=1 prints, but for what is partly in use: that has a digit. */
static const char *letter(const cell *c, double fullness, map_kind kind) {
    static const char *const tenths[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
    if (kind == MAP_KINDS) return " ";
    if (kind == MAP_CHANGING) return "?";
    if (fullness > 0) return fullness < 1 ? tenths[(int)(fullness * 10)] : "#";
    return c->bytes[MAP_FREE] > 0 ? "." : "_";
}

static const char *element(const cell *c, double fullness, map_kind kind) {
    if (kind == MAP_KINDS || (fullness == 0 && c->bytes[MAP_FREE] == 0 && kind != MAP_CHANGING)) return " ";
    if (kind == MAP_CHANGING) return "?";
    if (fullness == 0) return "\u00b7";
    const int eighth = (int)(fullness * 8 + 0.5) - 1;
    return eighths[fullness < 1 && eighth > 6 ? 6 : eighth < 0 ? 0 : eighth];
}

/* A colour is named where it changes. */
static void draw_cells(drawing *d, const cells *c, size_t from, size_t to) {
    int colour = -1;
    for (size_t i = from; i < to; i++) {
        const double fullness = cell_fullness(&c->cells[i]);
        const map_kind kind = cell_kind(&c->cells[i]);
        if (d->style->colours && colours[kind] != colour) fprintf(d->stream, "\033[38;5;%dm", colours[kind]);
        colour = colours[kind];
        fputs(d->style->blocks ? element(&c->cells[i], fullness, kind) : letter(&c->cells[i], fullness, kind), d->stream);
    }
    if (d->style->colours) fputs("\033[0m", d->stream);
}

static void draw_picture(drawing *d, int columns, int lines) {
    cells c;
    if (!cells_make(&c, d->map, (size_t)columns * (size_t)lines, STEP)) {
        say("no memory for the picture");
        return;
    }
    for (size_t from = 0; from < c.count; from += (size_t)columns) {
        const size_t to = from + (size_t)columns < c.count ? from + (size_t)columns : c.count;
        fprintf(d->stream, "  %012" PRIx64 " ", d->map->address + from * c.bytes_per_cell);
        draw_cells(d, &c, from, to);
        end_line(d);
    }
    if (c.count == 0) fputs("  nothing was allocated yet", d->stream);
    if (c.count == 0) end_line(d);
    fprintf(d->stream, "%s a cell: ", text_bytes(c.bytes_per_cell).bytes);
    cells_free(&c);
}

static bool has_kind(const heap_map *map, map_kind kind) {
    for (size_t i = 0; i < map->count; i++)
        if (map->pieces[i].kind == kind) return true;
    return false;
}

/* Behind the size of a cell. */
static void draw_legend(drawing *d) {
    const bool has_room = d->style->columns >= LEGEND_COLUMNS;
    if (!d->style->blocks) {
        fputs(has_room ? "# in use  0-9 tenths in use  . free  _ given back" : "# in use  . free", d->stream);
        if (has_room && has_kind(d->map, MAP_CHANGING)) fputs("  ? changing", d->stream);
        end_line(d);
        return;
    }
    fputs("\u2581\u2583\u2585\u2588 in use  \u00b7 free", d->stream);
    for (int kind = MAP_CHANGING; kind < MAP_KINDS && d->style->colours && has_room; kind++)
        if (has_kind(d->map, (map_kind)kind)) fprintf(d->stream, "  \033[38;5;%dm\u2588\033[0m %s", colours[kind], names[kind]);
    end_line(d);
}

/* ---- Sizes --------------------------------------------------------------------------------------------------------------- */

static bool has_classes(const drawing *d) {
    return d->map->class_count > 0 && (d->style->lines == 0 || d->style->columns >= CLASS_COLUMNS);
}

static void draw_class(drawing *d, const map_class *c) {
    fprintf(d->stream, "%10" PRIu64 "%10" PRIu64 "%12" PRIu64 "%14" PRIu64 "%9" PRIu64 " %%", c->size, c->slabs, c->in_use,
            c->in_use * c->size, c->blocks == 0 ? 0 : c->in_use * 100 / c->blocks);
}

/* The size of which blocks in use have the most bytes, of those not drawn. */
static size_t next_class(const heap_map *map, const bool *drawn) {
    size_t most = map->class_count;
    for (size_t i = 0; i < map->class_count; i++)
        if (!drawn[i] && (most == map->class_count ||
                          map->classes[i].in_use * map->classes[i].size > map->classes[most].in_use * map->classes[most].size))
            most = i;
    return most;
}

/* All of them by size; or on a screen, in the lines that are left, those with most bytes. */
static void draw_classes(drawing *d) {
    bool drawn[MAP_CLASSES] = {false};
    if (!has_classes(d) || (d->style->lines != 0 && d->lines < 2)) return;
    fprintf(d->stream, "%10s%10s%12s%14s%11s", "size", "slabs", "in use", "bytes", "filled");
    end_line(d);
    for (size_t i = 0; i < d->map->class_count && (d->style->lines == 0 || d->lines > 0); i++) {
        const size_t class = d->style->lines == 0 ? i : next_class(d->map, drawn);
        drawn[class] = true;
        draw_class(d, &d->map->classes[class]);
        end_line(d);
    }
}

/* ---- All together -------------------------------------------------------------------------------------------------------- */

/* Half of what the summary and the legend leave is for the sizes, if there are so many. */
static int lines_for_picture(const drawing *d) {
    const int left = d->lines - 1;
    const int classes = has_classes(d) ? (int)d->map->class_count + 1 : 0;
    const int picture = left - (classes < left / 2 ? classes : left / 2);
    return picture < LEAST_PICTURE ? LEAST_PICTURE : picture;
}

void picture_draw(FILE *stream, const heap_map *map, const picture_style *style, const char *status, const char *end_of_line) {
    drawing d = {stream, map, style, end_of_line, style->lines};
    const int columns = style->columns - ADDRESS_COLUMNS;
    draw_title(&d, status);
    draw_rows(&d);
    if (style->lines == 0)
        draw_picture(&d, columns < PLAIN_COLUMNS ? columns : PLAIN_COLUMNS, PLAIN_LINES);
    else
        draw_picture(&d, columns, lines_for_picture(&d));
    draw_legend(&d);
    draw_classes(&d);
}
