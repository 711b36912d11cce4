/* options.h: what the environment says.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_MALLOC_OPTIONS_H
#define HMM_MALLOC_OPTIONS_H

#include "central.h"
#include "level.h"
#include "text.h"

enum { LONGEST_NUMBER = 9 };

static bool reports_at_exit; /* HEAPMM_STATS */

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

HMM_INTERNAL bool is_same(const char *text, const char *other) {
    while (*text != '\0' && *text == *other) {
        text++;
        other++;
    }
    return *text == *other;
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
    add(&text,
        "\nheapmm: known are HEAPMM_CHECK=0 to 3, HEAPMM_ON_FAULT=abort or report, HEAPMM_PURGE_DELAY=milliseconds, HEAPMM_STATS=0 or 1 "
        "and HEAPMM_VERBOSE=0 or 1\n");
    hmm_os_write(NULL, text.bytes);
}

HMM_INTERNAL bool read_on_fault(const char *value) {
    const bool reports = is_same(value, "report");
    if (!reports && !is_same(value, "abort")) return false;
    atomic_store_explicit(&checks.goes_on, reports, memory_order_relaxed);
    return true;
}

HMM_INTERNAL void set_purge_delay(uint64_t milliseconds) {
    hmm_os_acquire(&central.lock);
    central.purge_delay = milliseconds;
    hmm_os_release(&central.lock);
}

/* An option whose value is a number up to a limit. */
HMM_INTERNAL bool read_number(const char *value, uint64_t most, uint64_t *number) {
    if (value == NULL || number_in(value) > most) return false;
    *number = number_in(value);
    return true;
}

HMM_INTERNAL void read_variable(const char *variable, bool *verbose) {
    const char *on_fault = value_of(variable, "HEAPMM_ON_FAULT");
    uint64_t number = 0;
    if (read_number(value_of(variable, "HEAPMM_PURGE_DELAY"), UINT64_MAX - 1, &number)) {
        set_purge_delay(number);
    } else if (read_number(value_of(variable, "HEAPMM_VERBOSE"), 1, &number)) {
        *verbose = number == 1;
    } else if (read_number(value_of(variable, "HEAPMM_STATS"), 1, &number)) {
        reports_at_exit = number == 1;
    } else if (read_number(value_of(variable, "HEAPMM_CHECK"), LEVEL_GUARDED, &number)) {
        atomic_store_explicit(&checks.level, (int)number, memory_order_relaxed);
    } else if (on_fault == NULL || !read_on_fault(on_fault)) {
        reject(variable);
    }
}

/* One line, so that it can be looked for. */
HMM_INTERNAL void say_that_it_is_in_use(void) {
    struct text text;
    begin_text(&text);
    add(&text, "heapmm: malloc is heapmm's");
    if (check_level() != LEVEL_DEFAULT) {
        add(&text, ", HEAPMM_CHECK=");
        add_number(&text, (uint64_t)check_level());
    }
    add(&text, "\n");
    hmm_os_write(NULL, text.bytes);
}

HMM_INTERNAL void read_options(void) {
    bool verbose = false;
    const char *variable;
    for (size_t i = 0; (variable = hmm_os_variable(i)) != NULL; i++)
        if (is_option(variable)) read_variable(variable, &verbose);
    if (verbose) say_that_it_is_in_use();
}

#endif
