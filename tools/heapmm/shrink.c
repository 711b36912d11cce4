/* shrink.c: see shrink.h.
 *
 * SPDX-License-Identifier: MIT */
#include "shrink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "progress.h"
#include "say.h"
#include "trial.h"

/* So many parts are tried by themselves. */
enum { FEW = 8 };

/* More threads than a program has: numbers with gaps, and each costs a look at the whole trace. Their blocks are left out as blocks. */
enum { MANY_THREADS = 4096 };

static bool goes_on(const shrinking *s) {
    return s->end == SHRINK_DONE;
}

/* ---- One variant --------------------------------------------------------------------------------------------------------- */

static const char *source_of(const shrinking *s) {
    return s->has_best ? s->best : s->path;
}

static bool make(shrinking *s, const variant *v, variant_counts *counts) {
    switch (variant_make(v, source_of(s), s->attempt, counts)) {
    case VARIANT_MADE: return true;
    case VARIANT_NO_MEMORY: say("%s: no memory for its blocks", source_of(s)); break;
    case VARIANT_NOT_READ: say("%s: %s", source_of(s), strerror(errno)); break;
    default: say("%s: %s", s->attempt, strerror(errno)); break;
    }
    s->end = SHRINK_FAILED;
    return false;
}

static bool is_failure(shrinking *s, trial_result result) {
    if (result == TRIAL_INTERRUPTED) s->end = SHRINK_INTERRUPTED;
    if (result == TRIAL_TIMED_OUT) return s->hangs;
    return result == TRIAL_FAILED && !s->hangs;
}

/* What was tried is not tried again. 0 is no address. */
static bool is_known(const shrinking *s, uint64_t checksum) {
    return blocks_find(&s->tried, checksum | 1) != NULL;
}

static void keep_in_mind(shrinking *s, uint64_t checksum) {
    (void)blocks_add(&s->tried, &(block){.address = checksum | 1}); /* without memory it is tried again */
}

static bool adopt(shrinking *s, const variant_counts *counts) {
    if (rename(s->attempt, s->best) != 0) {
        say("%s: %s", s->best, strerror(errno));
        s->end = SHRINK_FAILED;
        return false;
    }
    s->now = *counts;
    s->has_best = true;
    return true;
}

/* Whether the variant fails; then it is the best so far. */
static bool try(shrinking *s, const variant *v) {
    variant_counts counts;
    if (!goes_on(s) || !make(s, v, &counts)) return false;
    if (trial_is_told_to_end()) s->end = SHRINK_INTERRUPTED;
    if (!goes_on(s)) return false;
    if (counts.checksum == s->now.checksum || is_known(s, counts.checksum)) return false;
    s->trials++;
    if (is_failure(s, trial_run(s->command, s->attempt, s->seconds))) return adopt(s, &counts);
    keep_in_mind(s, counts.checksum);
    return false;
}

/* ---- Leaving out --------------------------------------------------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* left: trials until the end of this pass, at most. */
static void tell(const shrinking *s, uint64_t left) {
    char what[64];
    snprintf(what, sizeof what, "%llu of %llu events", (unsigned long long)s->now.events, (unsigned long long)s->events);
    progress_tell_few(what, s->trials, left);
}

/* Parts that units come to. */
static uint64_t parts(uint64_t units, uint64_t part) {
    return (units + part - 1) / part;
}

/* Keeps only one of the parts, if that fails. */
static bool keep_part(shrinking *s, variant_unit unit, uint64_t part) {
    const uint64_t all = s->now.units[unit];
    for (uint64_t from = 0; from < all && goes_on(s); from += part) {
        const variant v = {.unit = unit, .from = from, .to = least(from + part, all), .keeps = true};
        if (try(s, &v)) return true;
        tell(s, parts(all - v.from, part));
    }
    return false;
}

/* Leaves out each part without which it fails. Threads keep their numbers: what is left out leaves no gap there. */
static bool leave_out_parts(shrinking *s, variant_unit unit, uint64_t part) {
    bool has_changed = false;
    for (uint64_t from = 0; from < s->now.units[unit] && goes_on(s);) {
        const variant v = {.unit = unit, .from = from, .to = from + part};
        const bool is_out = try(s, &v);
        has_changed = has_changed || is_out;
        if (!is_out || unit == VARIANT_THREADS) from += part;
        tell(s, from < s->now.units[unit] ? parts(s->now.units[unit] - from, part) : 0);
    }
    return has_changed;
}

/* ddmin. */
static void leave_out(shrinking *s, variant_unit unit) {
    uint64_t part = (s->now.units[unit] + 1) / 2;
    while (goes_on(s) && s->now.units[unit] > 0) {
        const bool are_few = s->now.units[unit] / part < FEW;
        if (are_few && unit != VARIANT_CALLS && part > 1 && keep_part(s, unit, part))
            part = (s->now.units[unit] + 1) / 2;
        else if (!leave_out_parts(s, unit, part) && part == 1)
            return;
        else
            part = least((part + 1) / 2, (s->now.units[unit] + 1) / 2);
    }
}

/* ---- Making smaller ------------------------------------------------------------------------------------------------------ */

/* The least sizes and alignments. One of 16 may be what malloc gives. */
static uint64_t least_of(variant_unit unit) {
    return unit == VARIANT_SIZES ? 1 : 0;
}

/* The value of one unit. */
static uint64_t value_of(shrinking *s, variant_unit unit, uint64_t number) {
    const variant v = {.unit = unit, .from = number, .to = number + 1, .value = UINT64_MAX};
    variant_counts counts;
    return make(s, &v, &counts) ? counts.largest : 0;
}

/* Halves until so much fails, and one less does not; alignments by powers of two. */
static void lower(shrinking *s, variant_unit unit, uint64_t number) {
    uint64_t fails = value_of(s, unit, number), passes = least_of(unit);
    while (goes_on(s) && fails - passes > 1 && fails > passes) {
        uint64_t middle = passes + (fails - passes) / 2;
        if (unit == VARIANT_ALIGNMENTS) middle = fails / 2;
        if (unit == VARIANT_ALIGNMENTS && middle < 16) return;
        const variant v = {.unit = unit, .from = number, .to = number + 1, .value = middle};
        if (try(s, &v))
            fails = middle;
        else if (unit == VARIANT_ALIGNMENTS)
            return;
        else
            passes = middle;
        tell(s, s->now.units[unit] - number);
    }
}

/* Those of a part to the least at once; where that does not fail, those of its halves; then each as far as it goes. */
static void make_smaller(shrinking *s, variant_unit unit, uint64_t from, uint64_t to) {
    const variant v = {.unit = unit, .from = from, .to = to, .value = least_of(unit)};
    if (!goes_on(s) || from >= to || try(s, &v)) return;
    tell(s, s->now.units[unit] - from);
    if (to - from == 1) {
        lower(s, unit, from);
        return;
    }
    make_smaller(s, unit, from, from + (to - from) / 2);
    make_smaller(s, unit, from + (to - from) / 2, to);
}

/* -------------------------------------------------------------------------------------------------------------------------- */

static void explain_refusal(shrinking *s, const char *format) {
    if (goes_on(s)) say(format, s->path);
    if (goes_on(s)) s->end = SHRINK_FAILED;
}

/* The trace as it is must fail; so must what is read of it, written anew; and no events at all must not. */
static void begin(shrinking *s) {
    const variant nothing = {.unit = VARIANT_BLOCKS, .from = 0, .to = UINT64_MAX};
    variant_counts counts = {0};
    const trial_result result = trial_run(s->command, s->path, s->seconds);
    s->trials = 1;
    s->hangs = result == TRIAL_TIMED_OUT;
    if (s->hangs) say("%s: stopped after %u s; what takes so long is taken for the failure", s->path, s->seconds);
    if (result == TRIAL_NOT_RUN) {
        explain_refusal(s, "the command cannot be run, so it was not tried on %s");
        return;
    }
    if (!is_failure(s, result)) {
        explain_refusal(s, "%s does not fail: the command must end with another status than 0 for it, or by a signal");
        return;
    }
    if (make(s, &nothing, &counts) && is_failure(s, trial_run(s->command, s->attempt, s->seconds)))
        explain_refusal(s, "a trace without events fails, too, so the failure has nothing to do with those of %s");
    if (!goes_on(s) || !make(s, &variant_whole, &counts)) return;
    s->events = counts.events;
    s->trials += 2;
    if (!is_failure(s, trial_run(s->command, s->attempt, s->seconds)))
        explain_refusal(s, "%s does not fail when it is written anew, so what fails is none of its events");
    else
        adopt(s, &counts);
}

/* Smaller sizes may have made other calls superfluous, and so on. */
static void shrink(shrinking *s) {
    uint64_t checksum;
    do {
        checksum = s->now.checksum;
        if (s->now.units[VARIANT_THREADS] > 1 && s->now.units[VARIANT_THREADS] <= MANY_THREADS) leave_out(s, VARIANT_THREADS);
        leave_out(s, VARIANT_BLOCKS);
        leave_out(s, VARIANT_CALLS);
        make_smaller(s, VARIANT_SIZES, 0, s->now.units[VARIANT_SIZES]);
        make_smaller(s, VARIANT_ALIGNMENTS, 0, s->now.units[VARIANT_ALIGNMENTS]);
    } while (goes_on(s) && s->now.checksum != checksum);
}

shrink_end shrink_run(shrinking *s) {
    trial_begin();
    progress_begin("shrinking", "trials");
    begin(s);
    if (goes_on(s)) shrink(s);
    progress_clear();
    unlink(s->attempt);
    blocks_free(&s->tried);
    return s->end;
}
