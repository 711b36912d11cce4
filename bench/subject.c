/* subject.c: the list of what this program was built to measure.
 *
 * SPDX-License-Identifier: MIT
 *
 * BENCH_SUBJECTS is a list of LISTED(name), made by CMakeLists.txt. */
#include "subject.h"

#include <string.h>

#define LISTED(name) extern const struct subject subject_##name;
BENCH_SUBJECTS
#undef LISTED

#define LISTED(name) &subject_##name,
static const struct subject *const list[] = {BENCH_SUBJECTS NULL};
#undef LISTED

const struct subject *subject_named(const char *name) {
    const struct subject *const *s = list;
    while (*s != NULL && strcmp((*s)->name, name) != 0) s++;
    return *s;
}

const struct subject *const *subjects(void) {
    return list;
}
