/* new_file.c: see new_file.h.
 *
 * SPDX-License-Identifier: MIT */
#include "new_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

static bool begins_with(const char *path, const char *beginning) {
    char there[64] = "";
    FILE *stream = fopen(path, "re");
    if (stream == NULL) return false;
    const size_t count = fread(there, 1, sizeof there - 1, stream);
    fclose(stream);
    return count == 0 || strncmp(there, beginning, strlen(beginning)) == 0;
}

bool new_file_begin(new_file *f, const char *path, const char *beginning) {
    struct stat status;
    const bool is_there = stat(path, &status) == 0, is_plain = !is_there || S_ISREG(status.st_mode);
    *f = (new_file){.path = path};
    if (is_there && is_plain && !begins_with(path, beginning)) {
        say("%s is there, and is nothing that is written here: remove it, or give another name", path);
        return false;
    }
    if (is_plain && asprintf(&f->beside, "%s.%ld.part", path, (long)getpid()) < 0) f->beside = NULL;
    f->stream = is_plain && f->beside == NULL ? NULL : fopen(is_plain ? f->beside : path, "we");
    if (f->stream != NULL) return true;
    say("%s: %s", path, strerror(errno));
    free(f->beside);
    f->beside = NULL;
    return false;
}

bool new_file_end(new_file *f, bool keeps) {
    bool is_written = fflush(f->stream) == 0 && !ferror(f->stream);
    int error = errno;
    is_written = fclose(f->stream) == 0 && is_written;
    if (keeps && is_written && f->beside != NULL && rename(f->beside, f->path) != 0) {
        is_written = false;
        error = errno;
    }
    if (f->beside != NULL && !(keeps && is_written)) unlink(f->beside);
    free(f->beside);
    if (keeps && !is_written) say("%s: %s", f->path, strerror(error));
    return keeps && is_written;
}
