/* json.c: see json.h.
 *
 * SPDX-License-Identifier: MIT */
#include "json.h"

json json_begin(FILE *stream) {
    return (json){stream, 0, true};
}

/* The bytes of the UTF-8 character at text; 0: it is none, or one that UTF-8 must not have: written longer than it needs to be, half of
 * a pair, or beyond the last. */
static size_t character_bytes(const unsigned char *text) {
    const size_t bytes = text[0] < 0x80   ? 1
                         : text[0] < 0xc2 ? 0
                         : text[0] < 0xe0 ? 2
                         : text[0] < 0xf0 ? 3
                         : text[0] < 0xf5 ? 4
                                          : 0;
    if (text[0] == 0xe0 && text[1] < 0xa0) return 0;
    if (text[0] == 0xed && text[1] > 0x9f) return 0;
    if (text[0] == 0xf0 && text[1] < 0x90) return 0;
    if (text[0] == 0xf4 && text[1] > 0x8f) return 0;
    for (size_t i = 1; i < bytes; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    return bytes;
}

/* A byte that is no UTF-8 becomes the character of that number. */
static void put_string(FILE *stream, const char *string) {
    const unsigned char *text = (const unsigned char *)string;
    fputc('"', stream);
    while (*text != '\0') {
        const size_t bytes = character_bytes(text);
        if (*text == '"' || *text == '\\')
            fprintf(stream, "\\%c", *text);
        else if (*text < 0x20 || bytes == 0)
            fprintf(stream, "\\u%04x", *text);
        else
            fwrite(text, 1, bytes, stream);
        text += bytes == 0 ? 1 : bytes;
    }
    fputc('"', stream);
}

/* What stands before a value: a comma, a new line, the name. */
static void begin_value(json *j, const char *name) {
    if (!j->first) fputc(',', j->stream);
    if (j->depth > 0) fprintf(j->stream, "\n%*s", 2 * j->depth, "");
    j->first = false;
    if (name == NULL) return;
    put_string(j->stream, name);
    fputs(": ", j->stream);
}

void json_open(json *j, const char *name, char bracket) {
    begin_value(j, name);
    fputc(bracket, j->stream);
    j->depth++;
    j->first = true;
}

void json_close(json *j, char bracket) {
    j->depth--;
    if (!j->first) fprintf(j->stream, "\n%*s", 2 * j->depth, "");
    fputc(bracket, j->stream);
    j->first = false;
}

void json_number(json *j, const char *name, uint64_t value) {
    begin_value(j, name);
    fprintf(j->stream, "%llu", (unsigned long long)value);
}

void json_fraction(json *j, const char *name, double value) {
    begin_value(j, name);
    fprintf(j->stream, "%.4g", value);
}

void json_string(json *j, const char *name, const char *value) {
    begin_value(j, name);
    put_string(j->stream, value);
}

void json_bool(json *j, const char *name, bool value) {
    begin_value(j, name);
    fputs(value ? "true" : "false", j->stream);
}

void json_end(json *j) {
    fputc('\n', j->stream);
}
