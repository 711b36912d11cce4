/* trial.c: something tried out in a process of its own.
 *
 * SPDX-License-Identifier: MIT */
#include "trial.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shadow.h"

/* Of processor time: fifty times what a trial takes, whatever else the machine does. */
enum { LIMIT_MICROSECONDS = 100000 };

/* Of an exit status, below which are those of the C library and of expect.h. */
enum { FIRST_STATUS = 10 };

trial_notes *trial;
void (*trial_on_default_fault)(const hmm_fault *fault);

static bool in_child;

void trial_end(int outcome) {
    _exit(FIRST_STATUS + outcome);
}

void harm(const char *what) {
    if (!in_child) {
        fprintf(stderr, "before anything was done to the heap: %s\n", what);
        exit(EXIT_FAILURE);
    }
    trial->harm = what;
    trial_end(TRIAL_HARM);
}

void hmm_fault_abort(void *context, const hmm_fault *fault) {
    (void)context;
    if (in_child) trial_on_default_fault(fault);
    fprintf(stderr, "%s at %p: %s\n", hmm_result_name((int)fault->code), fault->address, fault->text);
    exit(EXIT_FAILURE);
}

static void limit_time(void) {
    const struct itimerval limit = {.it_value = {.tv_usec = LIMIT_MICROSECONDS}};
    const struct rlimit none = {0, 0};
    setitimer(ITIMER_PROF, &limit, NULL);
    setrlimit(RLIMIT_CORE, &none);
}

int trial_run(int (*body)(const void *subject), const void *subject) {
    int status;
    if (trial == NULL) {
        trial = mmap(NULL, sizeof *trial, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        EXPECT(trial != MAP_FAILED);
    }
    *trial = (trial_notes){.harm = NULL};
    fflush(NULL);
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        in_child = true;
        limit_time();
        trial_end(body(subject));
    }
    EXPECT_EQ(waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
        EXPECT(WEXITSTATUS(status) >= FIRST_STATUS); /* else the test itself is wrong */
        return WEXITSTATUS(status) - FIRST_STATUS;
    }
    trial->signal = WTERMSIG(status);
    return trial->signal == SIGPROF ? TRIAL_HANG : TRIAL_CRASH;
}
