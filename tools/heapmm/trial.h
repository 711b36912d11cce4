/* trial.h: runs a command on a trace, and says whether it fails.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_TRIAL_H
#define HEAPMM_TOOLS_TRIAL_H

#include <stdbool.h>

typedef enum trial_result {
    TRIAL_PASSED,      /* status 0 */
    TRIAL_FAILED,      /* another status, or a signal */
    TRIAL_TIMED_OUT,   /* it was killed, with all processes of its group */
    TRIAL_UNKNOWN,     /* status 125: it cannot say */
    TRIAL_NOT_RUN,     /* status 126 or 127, or no process: the shell could not run it */
    TRIAL_INTERRUPTED, /* this process was told to end; so was the command */
} trial_result;

/* From here on, signals that tell this process to end only end the trial; those that are ignored stay so. */
void trial_begin(void);

/* Whether one has come between trials. */
bool trial_is_told_to_end(void);

/* Runs a command of the shell. {} in it is the path; where there is none, the path stands at its end. What it prints is not seen.
 * In the end all processes of its group are killed. */
trial_result trial_run(const char *command, const char *path, unsigned seconds);

#endif
