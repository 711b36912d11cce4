/* columns.c: see columns.h.
 *
 * SPDX-License-Identifier: MIT */
#include "columns.h"

#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

/* Bytes of the two counts in front of the numbers; the most that a number or a head takes. */
enum { COUNTS = 8, MOST = 64 };

static const uint64_t highest = ((uint64_t)1 << 53) - 1;

uint64_t columns_limit(uint64_t value) {
    return value < highest ? value : highest;
}

static bool make_room(columns *c) {
    if (c->is_full || c->room - c->count >= MOST) return !c->is_full;
    const size_t room = c->room == 0 ? 65536 : 2 * c->room;
    unsigned char *larger = realloc(c->bytes, room);
    c->is_full = larger == NULL;
    if (c->is_full) return false;
    c->bytes = larger;
    c->room = room;
    return true;
}

static void store(unsigned char *to, uint32_t value) {
    for (unsigned i = 0; i < 4; i++) to[i] = (unsigned char)(value >> (8 * i));
}

void columns_begin(columns *c, const char *name, columns_coding coding) {
    if (!make_room(c)) return;
    const size_t length = strlen(name);
    c->bytes[c->count++] = (unsigned char)length;
    memcpy(c->bytes + c->count, name, length);
    c->count += length;
    c->bytes[c->count++] = (unsigned char)coding;
    c->count += COUNTS;
    c->begun = c->count;
    c->values = 0;
    c->coding = coding;
    c->before = 0;
}

static uint64_t fold(uint64_t difference) {
    return difference >> 63 != 0 ? ~(difference << 1) : difference << 1;
}

void columns_put(columns *c, uint64_t value) {
    if (!make_room(c)) return;
    const uint64_t limited = columns_limit(value), difference = limited - c->before;
    uint64_t rest = c->coding == COLUMNS_PLAIN ? limited : c->coding == COLUMNS_RISING ? difference : fold(difference);
    for (; rest >= 0x80; rest >>= 7) c->bytes[c->count++] = (unsigned char)(rest | 0x80);
    c->bytes[c->count++] = (unsigned char)rest;
    c->before = limited;
    c->values++;
}

void columns_end(columns *c) {
    if (c->is_full) return;
    store(c->bytes + c->begun - COUNTS, c->values);
    store(c->bytes + c->begun - COUNTS / 2, (uint32_t)(c->count - c->begun));
}

void columns_clear(columns *c) {
    c->count = 0;
    c->is_full = false;
}

/* ---- Packing ------------------------------------------------------------------------------------------------------------- */

/* Base64 of `count` bytes that stand at the end of a text of `room`, into its beginning: each three are read before their four overtake
 * them. */
static size_t spell(char *text, size_t room, size_t count) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = (const unsigned char *)text + room - count;
    size_t to = 0;
    for (size_t i = 0; i < count; i += 3) {
        const size_t there = count - i < 3 ? count - i : 3;
        uint32_t three = (uint32_t)from[i] << 16;
        if (there > 1) three |= (uint32_t)from[i + 1] << 8;
        if (there > 2) three |= from[i + 2];
        for (unsigned k = 0; k < 4; k++) text[to++] = k <= there ? digits[three >> (18 - 6 * k) & 63] : '=';
    }
    return to;
}

static bool deflate_all(z_stream *z, const columns *c, unsigned char *to, size_t room) {
    size_t taken = 0, given = 0;
    int result = Z_OK;
    while (result == Z_OK) {
        const size_t some = c->count - taken < (1U << 30) ? c->count - taken : 1U << 30;
        const size_t place = room - given < (1U << 30) ? room - given : 1U << 30;
        z->next_in = c->bytes + taken;
        z->avail_in = (uInt)some;
        z->next_out = to + given;
        z->avail_out = (uInt)place;
        result = deflate(z, taken + some == c->count ? Z_FINISH : Z_NO_FLUSH);
        taken += some - z->avail_in;
        given += place - z->avail_out;
    }
    z->total_out = given;
    return result == Z_STREAM_END;
}

char *columns_pack(const columns *c, size_t *bytes) {
    z_stream z = {0};
    if (c->is_full || deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK) return NULL;
    const size_t bound = deflateBound(&z, c->count) + 64, room = (bound + 2) / 3 * 4 + 64;
    char *text = malloc(room);
    unsigned char *packed = malloc(bound);
    const bool is_packed = text != NULL && packed != NULL && deflate_all(&z, c, packed, bound);
    if (is_packed) {
        memcpy(text + room - z.total_out, packed, z.total_out);
        *bytes = spell(text, room, z.total_out);
    }
    deflateEnd(&z);
    free(packed);
    if (is_packed) return text;
    free(text);
    return NULL;
}

void columns_free(columns *c) {
    free(c->bytes);
    *c = (columns){0};
}
