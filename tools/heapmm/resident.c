/* resident.c: see resident.h.
 *
 * SPDX-License-Identifier: MIT */
#include "resident.h"

#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Of Linux 5.14; older C libraries have no name for it. */
enum { POPULATE_READ = 22 };

enum { PAGE = 4096 };

static uint64_t before, most;

/* A number of KiB in a file of the system's, in bytes; 0: it is not there. */
static uint64_t bytes_of(const char *path, const char *name) {
    char text[4096];
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    const ssize_t length = read(file, text, sizeof text - 1);
    close(file);
    text[length > 0 ? length : 0] = '\0';
    const char *found = strstr(text, name);
    return found == NULL ? 0 : 1024 * strtoull(found + strlen(name), NULL, 10);
}

/* Before Linux 4.14 only the other number is there. */
static uint64_t resident(void) {
    const uint64_t exact = bytes_of("/proc/self/smaps_rollup", "\nRss:");
    return exact != 0 ? exact : bytes_of("/proc/self/status", "\nVmRSS:");
}

static uint64_t grown(uint64_t bytes) {
    return bytes > before ? bytes - before : 0;
}

/* Where the system cannot do it, pages come when they are needed. */
static int load(struct dl_phdr_info *loaded, size_t bytes, void *context) {
    (void)bytes;
    (void)context;
    for (size_t i = 0; i < loaded->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &loaded->dlpi_phdr[i];
        const uintptr_t start = (loaded->dlpi_addr + part->p_vaddr) / PAGE * PAGE;
        const uintptr_t end = loaded->dlpi_addr + part->p_vaddr + part->p_memsz;
        if (part->p_type == PT_LOAD && (part->p_flags & PF_W) == 0) (void)madvise((void *)start, end - start, POPULATE_READ);
    }
    return 0;
}

/* Code comes in pieces that differ from run to run, and is no memory of the allocator's. */
void resident_begin(void) {
    dl_iterate_phdr(load, NULL);
    before = resident();
    most = 0;
}

uint64_t resident_now(void) {
    const uint64_t bytes = grown(resident());
    if (bytes > most) most = bytes;
    return bytes;
}

uint64_t resident_most(void) {
    const uint64_t counted = grown(bytes_of("/proc/self/status", "\nVmHWM:"));
    resident_now();
    return counted > most ? counted : most;
}
