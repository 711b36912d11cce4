/* process.c: see process.h.
 *
 * SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

/* A path in /proc, by value. */
typedef struct proc_path {
    char bytes[64];
} proc_path;

static proc_path path_in(pid_t pid, const char *file) {
    proc_path path;
    snprintf(path.bytes, sizeof path.bytes, "/proc/%ld/%s", (long)pid, file);
    return path;
}

static void read_name(process *p) {
    FILE *file = fopen(path_in(p->pid, "comm").bytes, "re");
    p->name[0] = '\0';
    if (file == NULL) return;
    if (fgets(p->name, sizeof p->name, file) == NULL) p->name[0] = '\0';
    p->name[strcspn(p->name, "\n")] = '\0';
    for (char *at = p->name; *at != '\0'; at++)
        if (*at > 0 && (*at < ' ' || *at == 0x7f)) *at = '?'; /* a process may call itself what a terminal obeys */
    fclose(file);
}

/* Of the system, 0 if it has none: whom it lets read a process besides root. */
static int scope_of_ptrace(void) {
    int scope = 0;
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    if (file == NULL) return 0;
    if (fscanf(file, "%d", &scope) != 1) scope = 0;
    fclose(file);
    return scope;
}

static void say_why_not(const process *p, int error) {
    const pid_t pid = p->pid;
    if (error == ESRCH && p->name[0] != '\0') {
        say("process %ld (%s) has ended, or is the system's own: it has no memory", (long)pid, p->name);
    } else if (error == ENOENT || error == ESRCH) {
        say("there is no process %ld: pgrep NAME says the number of one", (long)pid);
    } else if (error == EACCES || error == EPERM) {
        say("process %ld may not be read: it belongs to another user, has privileges, or the system forbids it "
            "(kernel.yama.ptrace_scope is %d). As root it may: sudo heapmm map %ld",
            (long)pid, scope_of_ptrace(), (long)pid);
    } else {
        say("process %ld: %s", (long)pid, strerror(error));
    }
}

bool process_open(process *p, pid_t pid) {
    *p = (process){.pid = pid};
    read_name(p);
    p->memory = open(path_in(pid, "mem").bytes, O_RDONLY | O_CLOEXEC);
    if (p->memory >= 0) return true;
    say_why_not(p, errno);
    return false;
}

bool process_read(const process *p, uint64_t address, void *to, size_t bytes) {
    char *at = to;
    while (bytes > 0) {
        if (address > INT64_MAX) return false;
        const ssize_t count = pread(p->memory, at, bytes, (off_t)address);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        at += count;
        address += (uint64_t)count;
        bytes -= (size_t)count;
    }
    return true;
}

/* Memory that no process has any more reads as the end of the file, wherever; else what is not there is an error. */
bool process_has_ended(const process *p) {
    char byte;
    return pread(p->memory, &byte, 1, 0) == 0;
}

/* Memory that is shared is left alone: reading it would make the pages that it has not yet. */
static bool read_mapping(const char *line, process_mapping *mapping) {
    char access[5];
    mapping->path[0] = '\0';
    const int found =
        sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %*s %255[^\n]", &mapping->start, &mapping->end, access, mapping->path);
    return found == 4 && mapping->path[0] == '/' && access[0] == 'r' && access[3] == 'p' && mapping->start < mapping->end;
}

bool process_mappings(const process *p, bool (*visit)(void *context, const process_mapping *mapping), void *context) {
    char line[512];
    bool is_whole = true;
    FILE *file = fopen(path_in(p->pid, "maps").bytes, "re");
    if (file == NULL) return false;
    while (fgets(line, sizeof line, file) != NULL) {
        process_mapping mapping;
        const bool begins = is_whole;
        is_whole = strchr(line, '\n') != NULL;
        if (begins && read_mapping(line, &mapping) && !visit(context, &mapping)) break;
    }
    fclose(file);
    return true;
}

void process_close(process *p) {
    if (p->memory >= 0) close(p->memory);
    p->memory = -1;
}
