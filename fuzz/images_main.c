/* images_main.c: writes what the target `trace` reads for each of its inputs.
 *
 * SPDX-License-Identifier: MIT
 *
 *     images DIRECTORY FILE...      FILE's trace is DIRECTORY/NAME.hmt */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "trace_fuzz.h"

static uint8_t bytes[1 << 20];

static _Noreturn void die(const char *path) {
    perror(path);
    exit(EXIT_FAILURE);
}

static void read_input(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) die(path);
    LLVMFuzzerTestOneInput(bytes, fread(bytes, 1, sizeof bytes, file));
    fclose(file);
}

static void write_image(const char *directory, const char *path) {
    char name[4096];
    size_t count;
    const char *last = strrchr(path, '/');
    const unsigned char *image = trace_fuzz_image(&count);
    snprintf(name, sizeof name, "%s/%s.hmt", directory, last == NULL ? path : last + 1);
    FILE *file = fopen(name, "wb");
    if (file == NULL || fwrite(image, 1, count, file) != count || fclose(file) != 0) die(name);
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: images DIRECTORY FILE...\n"), 2;
    for (int i = 2; i < argc; i++) {
        read_input(argv[i]);
        write_image(argv[1], argv[i]);
    }
    return 0;
}
