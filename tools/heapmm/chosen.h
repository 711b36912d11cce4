/* chosen.h: the allocators that the option --on of a command names.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_CHOSEN_H
#define HEAPMM_TOOLS_CHOSEN_H

#include <stdbool.h>
#include <stddef.h>

enum { CHOSEN_MOST = 64 };

typedef struct chosen {
    const char *command;
    size_t most; /* allocators that it takes, up to CHOSEN_MOST */
    const char *names[CHOSEN_MOST];
    size_t count;
} chosen;

/* Adds one. False: there is none of that name, or there are too many, and it was said so. */
bool chosen_add(chosen *c, const char *name);

/* Where none was named: those of a list ended by NULL. */
void chosen_complete(chosen *c, const char *const *usual);

#endif
