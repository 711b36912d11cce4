/* heard.h: what a child process said, and how it ended.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TESTS_MALLOC_HEARD_H
#define HEAPMM_TESTS_MALLOC_HEARD_H

#include <sys/wait.h>
#include <unistd.h>

#include "expect.h"

/* Forks. The child's standard error is a pipe, for hear. Returns as fork does. */
static inline pid_t fork_heard(int ends[2]) {
    EXPECT_EQ(pipe(ends), 0);
    fflush(stdout);
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child != 0) return child;
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    return child;
}

/* Reads all that a child writes to a pipe, up to bytes - 1, and waits for its end. Returns the status of that. The pipe is closed. */
static inline int hear(pid_t child, const int ends[2], char *said, size_t bytes) {
    close(ends[1]);
    size_t length = 0;
    for (ssize_t n; length < bytes - 1 && (n = read(ends[0], said + length, bytes - 1 - length)) > 0;) length += (size_t)n;
    said[length] = '\0';
    close(ends[0]);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return status;
}

#endif
