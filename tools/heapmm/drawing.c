/* drawing.c: see drawing.h.
 *
 * SPDX-License-Identifier: MIT */
#include "drawing.h"

#include <math.h>
#include <string.h>

#include "heap_map.h"
#include "markup.h"
#include "say.h"
#include "size_text.h"
#include "text.h"

/* Of the whole, and of the frame in it in which curves are drawn. */
enum { WIDTH = 840, HEIGHT = 400, LEFT = 90, TOP = 50, RIGHT = 820, BOTTOM = 320, LEGEND = 372, LINE = 20 };

/* Colours of allocators, as in the page: each in a class of its own, with another one for the dark. */
enum { COLOURS = 8 };

/* Characters of a heading, of which there is room for wide ones, and of a name in the legend. */
enum { HEADING = 72, NAME = 24 };

/* Rows and shades of the map. */
enum { MAP_ROWS = 90, SHADES = 8 };

static const char style[] =
    "<style>\n"
    "svg { background: #fdfdfb; font: 14px system-ui, sans-serif; }\n"
    "text { fill: #24272b; } .faint { fill: #63686f; }\n"
    "path, line { fill: none; stroke-width: 2; } .grid { stroke: #d9d9d0; stroke-width: 1; }\n"
    ".live { stroke: #0b5a86; } .pages { stroke: #63686f; stroke-dasharray: 5 3; }\n"
    ".a0 { stroke: #c2410c; } .a1 { stroke: #7c3aed; } .a2 { stroke: #15803d; }\n"
    ".a3 { stroke: #be185d; } .a4 { stroke: #0e7490; } .a5 { stroke: #a16207; }\n"
    ".a6 { stroke: #4d7c0f; } .a7 { stroke: #475569; }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "svg { background: #17191c; } text { fill: #d8dbdf; } .faint { fill: #9aa1a9; } .grid { stroke: #393e44; }\n"
    ".live { stroke: #82bfe6; } .pages { stroke: #9aa1a9; }\n"
    ".a0 { stroke: #fb923c; } .a1 { stroke: #c4b5fd; } .a2 { stroke: #4ade80; }\n"
    ".a3 { stroke: #f472b6; } .a4 { stroke: #22d3ee; } .a5 { stroke: #facc15; }\n"
    ".a6 { stroke: #a3e635; } .a7 { stroke: #cbd5e1; }\n"
    "}\n"
    "</style>\n";

/* A frame, and what its edges mean: from 0 on, in nanoseconds, or events if no time passes, and in whatever the curves are of. */
typedef struct frame {
    FILE *out;
    double right, top;
    bool has_times;
    double legend; /* where the next entry begins */
    int line;      /* and in which line */
} frame;

static bool has_times(const report *r) {
    return r->survey.moments[r->survey.moment_count - 1].time > 0;
}

static double across(const report *r, size_t at) {
    return (double)(has_times(r) ? r->survey.moments[at].time : r->survey.moments[at].events);
}

static frame frame_of(const report *r, FILE *out, double top) {
    return (frame){out, across(r, r->survey.moment_count - 1), top, has_times(r), LEFT, 0};
}

/* ---- Texts --------------------------------------------------------------------------------------------------------------- */

static void put_heading(FILE *out, const char *text) {
    markup_put(out, text, HEADING);
    if (strlen(text) > HEADING) fputs("...", out);
}

/* lines: more than one, of the legend. */
static void begin(FILE *out, const report *r, const char *what, int lines) {
    fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\">\n<title>%s: ", WIDTH,
            HEIGHT + LINE * lines, what);
    put_heading(out, report_name(r));
    fprintf(out, "</title>\n%s<text x=\"%d\" y=\"22\" font-weight=\"600\">%s</text>\n", style, LEFT, what);
    fprintf(out, "<text x=\"%d\" y=\"40\" class=\"faint\">", LEFT);
    put_heading(out, report_name(r));
    fputs("</text>\n", out);
}

static void end(FILE *out) {
    fputs("</svg>\n", out);
}

/* ---- Axes ---------------------------------------------------------------------------------------------------------------- */

static double x_of(const frame *f, double value) {
    return LEFT + (RIGHT - LEFT) * (f->right > 0 ? value / f->right : 0);
}

static double y_of(const frame *f, double value) {
    return BOTTOM - (BOTTOM - TOP) * (f->top > 0 ? value / f->top : 0);
}

/* The round number at or above which there are at most so many steps. */
static double step_of(double range, int most, bool is_binary) {
    static const double factors[] = {1, 2, 5, 10};
    if (range <= 0) return 1;
    if (is_binary) return pow(2, ceil(log2(range / most)));
    const double power = pow(10, floor(log10(range / most)));
    size_t i = 0;
    while (factors[i] * power * most < range) i++;
    return factors[i] * power;
}

/* At the right edge a mark ends where the picture does. */
static void put_mark(const frame *f, double value) {
    static const char *const units[] = {"ns", "us", "ms", "s"};
    const bool is_last = x_of(f, value) > RIGHT - 20;
    size_t unit = 0;
    for (double whole = f->right; f->has_times && whole >= 1000 && unit < 3; whole /= 1000) unit++;
    fprintf(f->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" class=\"faint\">%.12g %s</text>\n",
            is_last ? WIDTH - 4 : x_of(f, value), BOTTOM + 20, is_last ? "end" : "middle", value / pow(1000, (double)unit),
            f->has_times ? units[unit] : "events");
}

/* There is nothing between two events or two nanoseconds. */
static void put_marks(const frame *f) {
    const double apart = fmax(1, step_of(f->right, 6, false));
    for (double value = 0; value <= f->right && f->right > 0; value += apart) put_mark(f, value);
}

static void put_line(const frame *f, double value, const char *label) {
    fprintf(f->out, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>", LEFT, RIGHT, y_of(f, value),
            y_of(f, value));
    fprintf(f->out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" class=\"faint\">%s</text>\n", LEFT - 8, y_of(f, value) + 5,
            label);
}

/* ---- The legend ---------------------------------------------------------------------------------------------------------- */

static const char *name_of(const session *s) {
    const char *slash = strrchr(s->name, '/');
    return slash == NULL ? s->name : slash + 1;
}

/* Takes the place of an entry: in the next line, if there is no room for it in this one. Returns where it begins. */
static double take_place(frame *f, const char *name) {
    const size_t length = strlen(name);
    const double width = 28 + 8 * (double)(length < NAME ? length : NAME);
    if (f->legend > LEFT && f->legend + width > RIGHT) {
        f->legend = LEFT;
        f->line++;
    }
    f->legend += width + 18;
    return f->legend - width - 18;
}

static void put_entry(frame *f, const char *class, const char *name) {
    const double x = take_place(f, name);
    const int y = LEGEND + LINE * f->line;
    fprintf(f->out, "<line class=\"%s\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%d\" y2=\"%d\"/>", class, x, x + 22, y - 5, y - 5);
    fprintf(f->out, "<text x=\"%.0f\" y=\"%d\">", x + 28, y);
    markup_put(f->out, name, NAME);
    fputs("</text>\n", f->out);
}

/* Lines more than one, of a legend with all there is. */
static int more_lines(const report *r) {
    frame f = {.legend = LEFT};
    take_place(&f, "pages in use");
    for (size_t i = 0; i < r->replay_count; i++) take_place(&f, name_of(r->replays[i]));
    take_place(&f, "live bytes");
    return f.line;
}

/* ---- Curves -------------------------------------------------------------------------------------------------------------- */

typedef double value_at(const report *r, const session *s, size_t at);

static void put_curve(frame *f, const report *r, const session *s, const char *class, const char *name, value_at *value) {
    const size_t count = s == NULL ? r->survey.moment_count : (size_t)s->samples + 1;
    fprintf(f->out, "<path class=\"%s\" d=\"", class);
    for (size_t i = s == NULL ? 0 : 1; i < count; i++)
        fprintf(f->out, "%c%.1f %.1f", i == (s == NULL ? 0 : 1) ? 'M' : 'L', x_of(f, across(r, i)), y_of(f, value(r, s, i)));
    fputs("\"/>\n", f->out);
    put_entry(f, class, name);
}

static void put_replays(frame *f, const report *r, value_at *value) {
    for (size_t i = 0; i < r->replay_count; i++) {
        char class[8];
        snprintf(class, sizeof class, "a%zu", i % COLOURS);
        put_curve(f, r, r->replays[i], class, name_of(r->replays[i]), value);
    }
}

static double live_at(const report *r, const session *s, size_t at) {
    (void)s;
    return (double)r->survey.moments[at].most;
}

static double pages_at(const report *r, const session *s, size_t at) {
    (void)s;
    return (double)r->survey.moments[at].pages;
}

static double memory_at(const report *r, const session *s, size_t at) {
    (void)r;
    return (double)s->sample[at - 1].memory;
}

static double percent(double live, double memory) {
    return memory > live ? 100 * (memory - live) / memory : 0;
}

static double unused_pages_at(const report *r, const session *s, size_t at) {
    (void)s;
    return percent((double)r->survey.moments[at].live, (double)r->survey.moments[at].pages);
}

static double unused_memory_at(const report *r, const session *s, size_t at) {
    (void)r;
    return percent((double)s->sample[at - 1].live, (double)s->sample[at - 1].memory);
}

/* In a trace that no program has, blocks may claim more than there are numbers for. */
static const double most_drawn = 0x1p62;

static double most_memory(const report *r) {
    double most = (double)r->trace->peak_bytes;
    for (size_t i = 0; i < r->survey.moment_count; i++) most = fmax(most, (double)r->survey.moments[i].pages);
    for (size_t i = 0; i < r->replay_count; i++)
        for (size_t k = 0; k < r->replays[i]->samples; k++) most = fmax(most, (double)r->replays[i]->sample[k].memory);
    return fmin(most, most_drawn);
}

bool drawing_live(const report *r, FILE *out) {
    frame f = frame_of(r, out, most_memory(r));
    begin(out, r, "Live bytes, and the memory for them", more_lines(r));
    const double apart = step_of(f.top, 5, true);
    for (double bytes = 0; bytes <= f.top && f.top > 0; bytes += apart) put_line(&f, bytes, size_write((uint64_t)bytes).bytes);
    put_marks(&f);
    put_curve(&f, r, NULL, "pages", "pages in use", pages_at);
    put_replays(&f, r, memory_at);
    put_curve(&f, r, NULL, "live", "live bytes", live_at);
    end(out);
    return true;
}

bool drawing_fragmentation(const report *r, FILE *out) {
    static const char *const labels[] = {"0 %", "20 %", "40 %", "60 %", "80 %", "100 %"};
    frame f = frame_of(r, out, 100);
    begin(out, r, "Memory that no block asked for", more_lines(r));
    for (int i = 0; i <= 5; i++) put_line(&f, 20 * i, labels[i]);
    put_marks(&f);
    put_curve(&f, r, NULL, "pages", "pages in use", unused_pages_at);
    put_replays(&f, r, unused_memory_at);
    end(out);
    return true;
}

/* ---- The map ------------------------------------------------------------------------------------------------------------- */

/* 0: no block at all. */
static int shade_of(const heap_map *m, size_t row, size_t column) {
    const double part = heap_map_part(m, row, column);
    return part < 1e-9 ? 0 : 1 + (int)(part * (SHADES - 1));
}

/* A stroke over all neighbours of the same shade in a row. The first addresses are on top, as in the page. */
static void put_strokes(const frame *f, const report *r, const heap_map *m, int shade, size_t row) {
    const double height = (double)(BOTTOM - TOP) / MAP_ROWS, y = TOP + ((double)row + 0.5) * height;
    for (size_t column = 0; column < m->columns; column++) {
        const size_t from = column;
        while (column < m->columns && shade_of(m, row, column) == shade) column++;
        if (column == from) continue;
        const double left = x_of(f, across(r, from));
        fprintf(f->out, "M%.1f %.1fH%.1f", left, y, x_of(f, across(r, column)));
    }
}

static void put_map(const frame *f, const report *r, const heap_map *m) {
    for (int shade = 1; shade <= SHADES; shade++) {
        fprintf(f->out, "<path class=\"live\" style=\"stroke-width: %.2f; opacity: %.2f\" d=\"",
                (double)(BOTTOM - TOP) / MAP_ROWS + 0.1, 0.1 + 0.9 * shade / SHADES);
        for (size_t row = 0; row < m->rows; row++) put_strokes(f, r, m, shade, row);
        fputs("\"/>\n", f->out);
    }
}

/* The axis goes down. */
static void put_offsets(const frame *f) {
    const double apart = step_of(f->top, 5, true);
    for (double bytes = 0; bytes <= f->top && f->top > 0; bytes += apart)
        put_line(f, f->top - bytes, bytes == 0 ? "0" : size_write((uint64_t)bytes).bytes);
}

bool drawing_map(const report *r, FILE *out) {
    const frame f = frame_of(r, out, (double)r->survey.recorded.bytes);
    heap_map m;
    if (!heap_map_make(&m, &r->survey, MAP_ROWS)) return say("no memory for the map"), false;
    begin(out, r, "Recorded addresses over time, by how much of them is in blocks", 0);
    put_map(&f, r, &m);
    put_offsets(&f);
    put_marks(&f);
    fprintf(out, "<text x=\"%d\" y=\"%d\" class=\"faint\">", LEFT, LEGEND);
    fprintf(out, "%s of addresses that were used, in %zu stretches; what is between them is left out</text>\n",
            text_bytes(r->survey.recorded.bytes).bytes, r->survey.recorded.count);
    end(out);
    heap_map_free(&m);
    return true;
}
