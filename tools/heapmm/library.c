/* library.c: see library.h.
 *
 * SPDX-License-Identifier: MIT */
#include "library.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

/* Where they are relative to this program: installed, and built. */
static const char *const places[] = {HEAPMM_RECORD_PATH, ".", ".."};

bool library_find(const char *name, char *path) {
    char self[PATH_MAX];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0) {
        self[length] = '\0';
        *strrchr(self, '/') = '\0';
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            char tried[PATH_MAX + 256];
            snprintf(tried, sizeof tried, "%s/%s/%s", self, places[i], name);
            if (realpath(tried, path) != NULL) return true;
        }
    }
    say("%s is neither beside this program nor in %s from there", name, HEAPMM_RECORD_PATH);
    return false;
}

bool library_resolve(const char *name, char *path) {
    if (realpath(name, path) != NULL) return true;
    say("%s: %s", name, strerror(errno));
    return false;
}
