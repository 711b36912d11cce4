/* new_file.c: see new_file.h.
 *
 * SPDX-License-Identifier: MIT */
#include "new_file.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

/* What is being written beside a file; NULL: nothing. */
static _Atomic(const char *) unfinished;

/* From here on the signal does what it does anyway. */
static void remove_unfinished(int number) {
    const char *path = unfinished;
    if (path != NULL) unlink(path);
    raise(number);
}

/* A signal that is ignored, as nohup wants it, stays so. */
static void heed_signals(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = remove_unfinished, .sa_flags = (int)SA_RESETHAND};
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction before;
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL) sigaction(signals[i], &action, NULL);
    }
}

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
    unfinished = f->beside;
    heed_signals();
    f->stream = is_plain && f->beside == NULL ? NULL : fopen(is_plain ? f->beside : path, "we");
    if (f->stream != NULL) return true;
    say("%s: %s", path, strerror(errno));
    unfinished = NULL;
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
    unfinished = NULL;
    free(f->beside);
    if (keeps && !is_written) say("%s: %s", f->path, strerror(error));
    return keeps && is_written;
}
