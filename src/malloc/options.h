/* options.h: what the environment says.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_MALLOC_OPTIONS_H
#define HMM_MALLOC_OPTIONS_H

#include "central.h"
#include "text.h"

enum { LONGEST_NUMBER = 9 };

/* The number that a text is, or UINT64_MAX. number_in("12") => 12 */
HMM_INTERNAL uint64_t number_in(const char *text) {
    uint64_t number = 0;
    size_t digits = 0;
    for (; text[digits] >= '0' && text[digits] <= '9'; digits++) {
        if (digits == LONGEST_NUMBER) return UINT64_MAX;
        number = number * 10 + (uint64_t)(text[digits] - '0');
    }
    return digits == 0 || text[digits] != '\0' ? UINT64_MAX : number;
}

/* What comes behind a name and `=`, or NULL if the variable is another one. */
HMM_INTERNAL const char *value_of(const char *variable, const char *name) {
    while (*name != '\0' && *name == *variable) {
        name++;
        variable++;
    }
    return *name == '\0' && *variable == '=' ? variable + 1 : NULL;
}

HMM_INTERNAL bool begins_with(const char *variable, const char *prefix) {
    while (*prefix != '\0' && *prefix == *variable) {
        prefix++;
        variable++;
    }
    return *prefix == '\0';
}

/* HEAPMM_TEST_... are read by the tests of heapmm. */
HMM_INTERNAL bool is_option(const char *variable) {
    return begins_with(variable, "HEAPMM_") && !begins_with(variable, "HEAPMM_TEST_");
}

HMM_INTERNAL void reject(const char *variable) {
    struct text text;
    begin_text(&text);
    add(&text, "heapmm: ignored: ");
    add(&text, variable);
    add(&text, "\nheapmm: known are HEAPMM_PURGE_DELAY=milliseconds and HEAPMM_VERBOSE=0 or 1\n");
    hmm_os_write(NULL, text.bytes);
}

HMM_INTERNAL void read_variable(const char *variable, bool *verbose) {
    const char *delay = value_of(variable, "HEAPMM_PURGE_DELAY");
    const char *verbosity = value_of(variable, "HEAPMM_VERBOSE");
    if (delay != NULL && number_in(delay) != UINT64_MAX) {
        hmm_os_acquire(&central.lock);
        central.purge_delay = number_in(delay);
        hmm_os_release(&central.lock);
    } else if (verbosity != NULL && number_in(verbosity) <= 1) {
        *verbose = number_in(verbosity) == 1;
    } else {
        reject(variable);
    }
}

HMM_INTERNAL void read_options(void) {
    bool verbose = false;
    const char *variable;
    for (size_t i = 0; (variable = hmm_os_variable(i)) != NULL; i++)
        if (is_option(variable)) read_variable(variable, &verbose);
    if (verbose) hmm_os_write(NULL, "heapmm: malloc is heapmm's\n");
}

#endif
