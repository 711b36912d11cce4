/* command.h: what a command of heapmm is.
 *
 * SPDX-License-Identifier: MIT
 *
 * A command NAME is a file command_NAME.c, which defines `const command NAME_command`. There is no list of them: the build finds
 * the files. */
#ifndef HEAPMM_TOOLS_COMMAND_H
#define HEAPMM_TOOLS_COMMAND_H

typedef struct command {
    const char *name;
    const char *brief; /* what it does, in half a line */
    const char *help;  /* usage, options and examples */

    /* argv[0] is the name. Returns the exit status. */
    int (*run)(int argc, char **argv);
} command;

/* Exit statuses: it failed, and said why; it was called wrongly. */
enum { STATUS_FAILED = 1, STATUS_USAGE = 2 };

#endif
