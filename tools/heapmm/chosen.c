/* chosen.c: see chosen.h.
 *
 * SPDX-License-Identifier: MIT */
#include "chosen.h"

#include "allocator.h"
#include "say.h"

bool chosen_add(chosen *c, const char *name) {
    if (!allocator_is_name(name)) {
        say_misuse(c->command, "there is no allocator '%s'; there are " ALLOCATOR_NAMES ", and any library by its path", name);
        return false;
    }
    if (c->count == c->most) {
        say_misuse(c->command, "at most %zu allocators at once", c->most);
        return false;
    }
    c->names[c->count++] = name;
    return true;
}

void chosen_complete(chosen *c, const char *const *usual) {
    if (c->count > 0) return;
    for (; usual[c->count] != NULL; c->count++) c->names[c->count] = usual[c->count];
}
