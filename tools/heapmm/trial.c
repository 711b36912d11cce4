/* trial.c: see trial.h.
 *
 * SPDX-License-Identifier: MIT */
#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Signals are awaited and never handled, so none comes at a wrong moment. */
static sigset_t awaited, before;

/* A signal that is blocked comes even if it is ignored: nohup means it. */
static bool is_ignored(int number) {
    struct sigaction action;
    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

void trial_begin(void) {
    static const int told[] = {SIGINT, SIGTERM, SIGHUP};
    sigemptyset(&awaited);
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++)
        if (!is_ignored(told[i])) sigaddset(&awaited, told[i]);
    sigaddset(&awaited, SIGCHLD);
    signal(SIGCHLD, SIG_DFL); /* who starts this process may ignore it: then no status of a child is kept */
    sigprocmask(SIG_BLOCK, &awaited, &before);
}

bool trial_is_told_to_end(void) {
    static const struct timespec at_once = {0};
    int came;
    do came = sigtimedwait(&awaited, NULL, &at_once);
    while (came == SIGCHLD || (came < 0 && errno == EINTR));
    return came > 0;
}

/* ---- The command --------------------------------------------------------------------------------------------------------- */

/* The path as the shell takes it: as it is if that can be, so that it may stand between quotation marks of the user's. */
static void put_path(FILE *to, const char *path) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._+-";
    if (path[strspn(path, plain)] == '\0') {
        fputs(path, to);
        return;
    }
    fputc('\'', to);
    for (; *path != '\0'; path++) fputs(*path == '\'' ? "'\\''" : (const char[]){*path, '\0'}, to);
    fputc('\'', to);
}

/* To be freed; NULL: no memory. */
static char *with_path(const char *command, const char *path) {
    char *text = NULL;
    size_t bytes;
    FILE *to = open_memstream(&text, &bytes);
    const bool is_named = strstr(command, "{}") != NULL;
    if (to == NULL) return NULL;
    for (const char *hole; (hole = strstr(command, "{}")) != NULL; command = hole + 2) {
        fwrite(command, 1, (size_t)(hole - command), to);
        put_path(to, path);
    }
    fputs(command, to);
    if (!is_named) fputc(' ', to);
    if (!is_named) put_path(to, path);
    return fclose(to) == 0 ? text : NULL;
}

static _Noreturn void become_command(const char *text) {
    const int nothing = open("/dev/null", O_RDWR);
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &before, NULL);
    for (int file = 0; file <= 2; file++) dup2(nothing, file);
    execl("/bin/sh", "sh", "-c", text, (char *)NULL);
    _exit(127);
}

/* ---- Its end ------------------------------------------------------------------------------------------------------------- */

static struct timespec now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time;
}

static struct timespec until(struct timespec end) {
    const struct timespec at = now();
    struct timespec left = {end.tv_sec - at.tv_sec, end.tv_nsec - at.tv_nsec};
    if (left.tv_nsec < 0) left = (struct timespec){left.tv_sec - 1, left.tv_nsec + 1000000000};
    return left.tv_sec < 0 ? (struct timespec){0} : left;
}

/* Its number stays its own, and that of its group, until it is waited for. */
static bool has_ended(pid_t process) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)process, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == process;
}

/* What ends a command that has not ended by itself. */
static trial_result stop(pid_t process, trial_result why) {
    kill(-process, SIGKILL);
    kill(process, SIGKILL); /* before it has made its group */
    while (waitpid(process, NULL, 0) < 0 && errno == EINTR) continue;
    return why;
}

static trial_result result_of(int status) {
    if (WIFSIGNALED(status)) return TRIAL_FAILED;
    switch (WEXITSTATUS(status)) {
    case 0: return TRIAL_PASSED;
    case 125: return TRIAL_UNKNOWN;
    case 126:
    case 127: return TRIAL_NOT_RUN;
    default: return TRIAL_FAILED;
    }
}

static trial_result await(pid_t process, unsigned seconds) {
    struct timespec end = now();
    int status = 0;
    end.tv_sec += (time_t)seconds;
    while (!has_ended(process)) {
        const struct timespec left = until(end);
        const int came = sigtimedwait(&awaited, NULL, &left);
        if (came < 0 && errno == EAGAIN) return stop(process, TRIAL_TIMED_OUT);
        if (came > 0 && came != SIGCHLD) return stop(process, TRIAL_INTERRUPTED);
    }
    kill(-process, SIGKILL); /* what it has left running */
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) continue;
    return result_of(status);
}

trial_result trial_run(const char *command, const char *path, unsigned seconds) {
    char *text = with_path(command, path);
    if (text == NULL) return TRIAL_NOT_RUN;
    fflush(NULL);
    const pid_t process = fork();
    if (process == 0) become_command(text);
    free(text);
    return process < 0 ? TRIAL_NOT_RUN : await(process, seconds);
}
