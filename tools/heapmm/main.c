/* main.c: heapmm, the tool: finds the command and runs it.
 *
 * SPDX-License-Identifier: MIT
 *
 * HEAPMM_COMMANDS comes from the build: COMMAND(export) COMMAND(import) ..., in the order of the alphabet. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "say.h"

#define COMMAND(name) extern const command name##_command;
HEAPMM_COMMANDS
#undef COMMAND

#define COMMAND(name) &name##_command,
static const command *const commands[] = {HEAPMM_COMMANDS};
#undef COMMAND

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *stream) {
    fputs("heapmm records what a program allocates, and shows it.\n\n    heapmm COMMAND [OPTIONS] ...\n\n", stream);
    for (size_t i = 0; i < COMMANDS; i++) fprintf(stream, "    %-8s %s\n", commands[i]->name, commands[i]->brief);
    fputs("\nheapmm COMMAND --help tells more, with examples. To begin:\n\n"
          "    heapmm record -o app.hmt -- ./app\n"
          "    heapmm stat app.hmt\n",
          stream);
}

static const command *find_command(const char *name) {
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static int run_command(const command *found, int argc, char **argv) {
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(found->help, stdout);
            return 0;
        }
    return found->run(argc, argv);
}

/* What was printed may not have arrived. */
static int end_output(int status) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    return say_failure("standard output: %s", strerror(errno));
}

/* A file that is opened must not become standard output because that was closed. A program that is started has it closed, as before. */
static void reserve_standard_files(void) {
    int file;
    do file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (file >= 0 && file <= STDERR_FILENO);
    if (file >= 0) close(file);
}

int main(int argc, char **argv) {
    reserve_standard_files();
    if (argc < 2) {
        print_help(stderr);
        return STATUS_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        const command *about = argc > 2 ? find_command(argv[2]) : NULL;
        if (about != NULL)
            fputs(about->help, stdout);
        else
            print_help(stdout);
        return 0;
    }
    if (strcmp(name, "--version") == 0) {
        puts("heapmm " HEAPMM_VERSION);
        return 0;
    }
    const command *found = find_command(name);
    if (found != NULL) return end_output(run_command(found, argc - 1, argv + 1));
    say("there is no command '%s'; heapmm --help lists those there are", name);
    return STATUS_USAGE;
}
