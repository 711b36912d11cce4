/* say.c: see say.h.
 *
 * SPDX-License-Identifier: MIT */
#include "say.h"

#include <stdio.h>

#include "command.h"
#include "progress.h"

static void say_list(const char *format, va_list arguments) {
    progress_clear();
    fputs("heapmm: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int say_failure(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
    return STATUS_FAILED;
}

int say_misuse(const char *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
    fprintf(stderr, "heapmm: try: heapmm %s --help\n", name);
    return STATUS_USAGE;
}

void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
}
