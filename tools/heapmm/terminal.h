/* terminal.h: the screen and the keys of a terminal, and putting both back as they were.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_TERMINAL_H
#define HEAPMM_TOOLS_TERMINAL_H

#include <stdbool.h>

/* What standard output is and may be written to. */
typedef struct terminal {
    bool is_terminal; /* one on which the cursor can be moved */
    bool has_colours, has_unicode;
    int columns, lines; /* of the window, or more where it is too small for anything */
    int window_lines;   /* of the window */
} terminal;

/* NO_COLOR, TERM and the locale are asked. */
terminal terminal_ask(void);

/* Takes the screen: the other one, where there are two, without cursor or echo. */
void terminal_begin(void);

/* Waits for so many milliseconds, or until a key is pressed, the window has another size, or the process goes on after it was stopped.
 * Returns false when it is to end: on q, Ctrl-C, or a signal that ends a process. */
bool terminal_wait(int milliseconds);

/* Gives it back as it was. */
void terminal_end(void);

/* The signal that ended it, or 0. */
int terminal_signal(void);

#endif
