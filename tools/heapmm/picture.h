/* picture.h: a map drawn: its summary, the addresses as cells, a legend, the sizes.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_PICTURE_H
#define HEAPMM_TOOLS_PICTURE_H

#include <stdio.h>

#include "map.h"

typedef struct picture_style {
    bool blocks;  /* cells are Unicode's block elements, and say how full they are; else ASCII */
    bool colours; /* of 256 */
    int columns;  /* of the screen */
    int lines;    /* 0: as many as are needed, and all sizes */
} picture_style;

/* Draws it. status: what stands at the end of the first line, or NULL. Each line ends with `end_of_line`. */
void picture_draw(FILE *stream, const heap_map *map, const picture_style *style, const char *status, const char *end_of_line);

#endif
