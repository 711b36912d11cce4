/* shadow_test.c: that harm is seen: each kind of it, done on purpose in a heap that is sound.
 *
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "scene.h"
#include "trial.h"
#include "trust.h"

static int nothing(const void *subject) {
    (void)subject;
    for (int i = 0; i < 1000; i++) play();
    shadow_verify();
    return 0;
}

static int overlap(const void *subject) {
    (void)subject;
    shadow_own(row[4] + (size_t)(ROW_UNITS - 2) * GRANULE, 1, false);
    return 0;
}

static int outside(const void *subject) {
    (void)subject;
    shadow_own(first_end, 1, false);
    return 0;
}

static int over_the_sentinel(const void *subject) {
    (void)subject;
    shadow_disown(large[0]);
    shadow_own(large[0], (size_t)(first_end - large[0]), false);
    return 0;
}

static int misaligned(const void *subject) {
    (void)subject;
    shadow_disown(row[4]);
    shadow_own(row[4] + WORD, 1, false);
    return 0;
}

static int last_byte(const void *subject) {
    (void)subject;
    row[4][ROW_UNITS * GRANULE - OVERHEAD - 1] ^= 1;
    shadow_verify();
    return 0;
}

static int byte_of_a_margin(const void *subject) {
    (void)subject;
    second_region()[SECOND_BYTES] ^= 1;
    shadow_verify();
    return 0;
}

static int crash(const void *subject) {
    (void)subject;
    *(volatile unsigned char *)ground = 1;
    return 0;
}

static int hang(const void *subject) {
    (void)subject;
    for (volatile bool endless = true; endless;) continue;
    return 0;
}

bool run_shadow_test(void) {
    static const struct {
        const char *what;
        int (*run)(const void *subject);
        int outcome;
    } cases[] = {
        {"nothing", nothing, 0},
        {"two blocks that overlap by one byte", overlap, TRIAL_HARM},
        {"a block outside the regions", outside, TRIAL_HARM},
        {"a block over the end of its region", over_the_sentinel, TRIAL_HARM},
        {"a misaligned block", misaligned, TRIAL_HARM},
        {"a byte of a block changed", last_byte, TRIAL_HARM},
        {"a byte beside a region changed", byte_of_a_margin, TRIAL_HARM},
        {"a crash", crash, TRIAL_CRASH},
        {"an endless loop", hang, TRIAL_HANG},
    };
    bool good = true;
    scene_make(BUSY, 1, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int outcome = trial_run(cases[i].run, &cases[i]);
        printf("%s: %s\n", cases[i].what, outcome == TRIAL_HARM ? trial->harm : outcome == 0 ? "no harm" : "ended");
        if (outcome == cases[i].outcome) continue;
        fprintf(stderr, "%s: the outcome is %d, expected %d\n", cases[i].what, outcome, cases[i].outcome);
        good = false;
    }
    return good;
}
