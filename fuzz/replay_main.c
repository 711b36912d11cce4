/* replay_main.c: calls a fuzz target with the contents of files, for compilers without libFuzzer.
 *
 * SPDX-License-Identifier: MIT
 *
 *     replay FILE-OR-DIRECTORY...      each name is printed before its turn, so that the last one is the one that failed */
#define _DEFAULT_SOURCE 1
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

enum { MOST_BYTES = 1 << 20 };

static size_t replayed;

static void die(const char *path) {
    perror(path);
    exit(EXIT_FAILURE);
}

static void replay_file(const char *path) {
    static uint8_t bytes[MOST_BYTES];
    FILE *file = fopen(path, "rb");
    if (file == NULL) die(path);
    const size_t count = fread(bytes, 1, sizeof bytes, file);
    if (ferror(file)) die(path);
    fclose(file);
    printf("%s\n", path);
    fflush(stdout);
    /* A copy of just that size, so that AddressSanitizer sees a target read beyond its end. */
    uint8_t *copy = malloc(count > 0 ? count : 1);
    if (copy == NULL) die(path);
    for (size_t i = 0; i < count; i++) copy[i] = bytes[i];
    LLVMFuzzerTestOneInput(copy, count);
    free(copy);
    replayed++;
}

static void replay_directory(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL) die(path);
    for (const struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char name[4096];
        if (entry->d_name[0] == '.') continue;
        if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < (int)sizeof name) replay_file(name);
    }
    closedir(directory);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) != 0) die(argv[i]);
        if (S_ISDIR(status.st_mode))
            replay_directory(argv[i]);
        else
            replay_file(argv[i]);
    }
    printf("%zu files replayed\n", replayed);
    return replayed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
