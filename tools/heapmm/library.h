/* library.h: libraries that are preloaded, found where heapmm was installed or built.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_LIBRARY_H
#define HEAPMM_TOOLS_LIBRARY_H

#include <stdbool.h>

/* The path of one of heapmm's libraries, of PATH_MAX bytes. False, and it was said that it is not there. */
bool library_find(const char *name, char *path);

/* The whole path of any library, of PATH_MAX bytes. False, and it was said that it is not there. */
bool library_resolve(const char *name, char *path);

#endif
