/* text.h: a short text, made without allocating and without a C library.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_MALLOC_TEXT_H
#define HMM_MALLOC_TEXT_H

#include "../base/compiler.h"
#include <stddef.h>
#include <stdint.h>

struct text {
    size_t length;
    char bytes[1024]; /* ends with 0; what does not fit is left out */
};

HMM_INTERNAL void begin_text(struct text *text) {
    text->length = 0;
    text->bytes[0] = '\0';
}

HMM_INTERNAL void add(struct text *text, const char *more) {
    while (*more != '\0' && text->length < sizeof text->bytes - 1) text->bytes[text->length++] = *more++;
    text->bytes[text->length] = '\0';
}

HMM_INTERNAL void add_digits(struct text *text, uint64_t number, unsigned base) {
    char digits[24];
    size_t first = sizeof digits - 1;
    digits[first] = '\0';
    do {
        digits[--first] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    add(text, digits + first);
}

HMM_INTERNAL void add_number(struct text *text, uint64_t number) {
    add_digits(text, number, 10);
}

HMM_INTERNAL void add_address(struct text *text, uintptr_t address) {
    add(text, "0x");
    add_digits(text, address, 16);
}

/* A line `name number`, for reports. */
HMM_INTERNAL void add_line(struct text *text, const char *name, uint64_t number, const char *unit) {
    add(text, name);
    add(text, " ");
    add_number(text, number);
    add(text, unit);
}

#endif
