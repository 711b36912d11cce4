/* new_file.h: a file that appears when all of it is written, and not at all if that fails or is interrupted.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_NEW_FILE_H
#define HEAPMM_TOOLS_NEW_FILE_H

#include <stdbool.h>
#include <stdio.h>

typedef struct new_file {
    FILE *stream;
    const char *path;
    char *beside; /* where it is written; NULL: to the path itself, which is no plain file */
} new_file;

/* Begins to write. beginning: what a file begins with that may be replaced; where there is another, it was named by mistake. False, and it
 * was said why. */
bool new_file_begin(new_file *f, const char *path, const char *beginning);

/* Ends it. keeps: all was written; else it is removed. False: it is not there, and it was said why unless it was not to be kept. */
bool new_file_end(new_file *f, bool keeps);

#endif
