/* launch.c: runs a program and reports what it took: launch REPORT LIBRARY HUGE-PAGES PROGRAM ARGUMENTS...
 *
 * SPDX-License-Identifier: MIT
 *
 * REPORT      a file, to which goes one line: seconds, seconds of processor time, peak resident KiB, page faults, exit status
 * LIBRARY     preloaded into the program
 * HUGE-PAGES  off: the kernel gives the program none; on: as the system is set
 *
 * A program of its own, since the peak of a process counts from its fork: a child of the benchmark's script would begin with the memory
 * of the script. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static _Noreturn void become(const char *library, const char *huge_pages, char **command) {
    if (strcmp(huge_pages, "off") == 0 && prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0) perror("launch: prctl");
    setenv("LD_PRELOAD", library, 1);
    execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "launch: REPORT LIBRARY HUGE-PAGES PROGRAM ARGUMENTS...\n");
        return 2;
    }
    const double start = now();
    const pid_t child = fork();
    if (child == 0) become(argv[2], argv[3], argv + 4);
    struct rusage used;
    int status;
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        perror("launch");
        return 1;
    }
    const double wall = now() - start;
    FILE *report = fopen(argv[1], "w");
    if (report == NULL) {
        perror(argv[1]);
        return 1;
    }
    fprintf(report, "%.6f %.6f %ld %ld %d\n", wall, seconds_of(used.ru_utime) + seconds_of(used.ru_stime), used.ru_maxrss,
            used.ru_minflt + used.ru_majflt, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(report) == 0 ? 0 : 1;
}
