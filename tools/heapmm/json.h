/* json.h: writing JSON.
 *
 * SPDX-License-Identifier: MIT
 *
 *     json j = json_begin(stdout);
 *     json_open(&j, NULL, '{');
 *     json_number(&j, "events", 12);
 *     json_close(&j, '}');
 *     json_end(&j); */
#ifndef HEAPMM_TOOLS_JSON_H
#define HEAPMM_TOOLS_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct json {
    FILE *stream;
    int depth;
    bool first; /* nothing stands in the innermost object or array yet */
} json;

json json_begin(FILE *stream);

/* name: of the member, in an object; NULL in an array, and outside of everything. bracket: '{' or '[', and its counterpart. */
void json_open(json *j, const char *name, char bracket);
void json_close(json *j, char bracket);

void json_number(json *j, const char *name, uint64_t value);
void json_fraction(json *j, const char *name, double value);
void json_string(json *j, const char *name, const char *value);
void json_bool(json *j, const char *name, bool value);

/* Ends the text with a new line. */
void json_end(json *j);

#endif
