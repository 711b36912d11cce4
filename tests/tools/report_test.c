/* report_test.c: what heapmm report keeps of a trace: lives, axes, pages, columns.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <zlib.h>

#include "../../tools/heapmm/axis.h"
#include "../../tools/heapmm/columns.h"
#include "../../tools/heapmm/footprint.h"
#include "../../tools/heapmm/history.h"
#include "expect.h"

static uint64_t state = 1;

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/* ---- Lives --------------------------------------------------------------------------------------------------------------- */

enum { SLOTS = 200, EVENTS = 20000 };

/* All lives, kept the plain way. */
static life all[EVENTS];
static size_t all_count;
static size_t of_slot[SLOTS];

static void live_on(history *h, uint64_t number) {
    const uint32_t slot = (uint32_t)(next_random() % SLOTS);
    const bool is_there = of_slot[slot] != SIZE_MAX;
    const bool is_freed = is_there && next_random() % 3 != 0;
    hmm_trace_event event = {.size = next_random() % 1000, .address = 16 * number + 16, .thread = (uint32_t)number};
    const step s = {.size = event.size,
                    .slot = slot,
                    .ended = NO_SLOT,
                    .kind = (uint8_t)(is_freed   ? STEP_FREE
                                      : is_there ? STEP_REALLOC
                                                 : STEP_ALLOC)};
    uint64_t since = number;
    uint32_t thread = event.thread;
    EXPECT(history_take(h, &s, &event, number, number));
    if (is_there) {
        all[of_slot[slot]].death = number;
        since = all[of_slot[slot]].since;
        thread = all[of_slot[slot]].thread;
        of_slot[slot] = SIZE_MAX;
    }
    if (is_freed) return;
    of_slot[slot] = all_count;
    all[all_count++] = (life){number, NO_DEATH, since, event.size, event.address, number, thread};
}

static void live(history *h, size_t most) {
    all_count = 0;
    for (size_t i = 0; i < SLOTS; i++) of_slot[i] = SIZE_MAX;
    EXPECT(history_begin(h, SLOTS, most));
    for (uint64_t number = 0; number < EVENTS; number++) live_on(h, number);
    history_finish(h);
}

/* `since` of a life whose block was left out before it was resized is its own birth; here threads have the numbers of events. */
static void expect_lives(const history *h) {
    size_t at = 0;
    for (size_t i = 0; i < all_count; i++) {
        const life *l = &all[i];
        if (l->size < h->smallest || (l->death != NO_DEATH && l->death - l->birth < h->shortest)) continue;
        EXPECT(at < h->count);
        EXPECT_EQ(h->lives[at].birth, l->birth);
        EXPECT_EQ(h->lives[at].death, l->death);
        EXPECT_EQ(h->lives[at].size, l->size);
        EXPECT_EQ(h->lives[at].address, l->address);
        EXPECT_EQ(h->lives[at].replayed, l->replayed);
        EXPECT_EQ(h->lives[at].thread, h->lives[at].since);
        EXPECT(h->lives[at].since == l->since || (h->left_out > 0 && h->lives[at].since > l->since));
        at++;
    }
    EXPECT_EQ(at, h->count);
    EXPECT_EQ(h->count + h->left_out, all_count);
}

static void all_lives_are_kept(void) {
    history h;
    live(&h, EVENTS);
    EXPECT_EQ(h.left_out, 0);
    expect_lives(&h);
    history_free(&h);
}

/* While events come, and again and again afterwards, until there is none. */
static void short_lives_are_left_out(void) {
    history h;
    for (size_t most = 3000; most >= 100; most /= 5) {
        live(&h, most);
        EXPECT(h.count <= most && h.count > most / 8);
        EXPECT(h.shortest > 1);
        while (h.count > 0) {
            const size_t before = h.count;
            expect_lives(&h);
            history_thin(&h);
            EXPECT(h.count <= before - before / 4);
        }
        history_free(&h);
    }
}

/* Blocks as large as can be, which are never freed. */
static void no_limit_leaves_out_some(void) {
    history h;
    EXPECT(history_begin(&h, 100, 50));
    for (uint32_t i = 0; i < 100; i++) {
        const step s = {.size = UINT64_MAX, .slot = i, .ended = NO_SLOT, .kind = STEP_ALLOC};
        EXPECT(history_take(&h, &s, &(hmm_trace_event){.size = UINT64_MAX, .address = 16}, i, 0));
    }
    EXPECT_EQ(h.left_out, 50);
    history_thin(&h);
    EXPECT_EQ(h.count, 0);
    EXPECT_EQ(h.left_out, 100);
    history_thin(&h);
    history_free(&h);
}

/* ---- Addresses ----------------------------------------------------------------------------------------------------------- */

enum { BLOCKS = 20000 };

static struct { uint64_t address, size; } placed[BLOCKS];

/* Blocks stay in order, apart where they are apart, and in one piece. */
static void expect_axis(const axis *a) {
    uint64_t end = 0;
    for (size_t i = 0; i < a->count; i++) {
        EXPECT_EQ(a->spans[i].offset, end);
        EXPECT(a->spans[i].begin < a->spans[i].end);
        EXPECT(i == 0 || a->spans[i].begin - a->spans[i - 1].end >= a->gap);
        end += a->spans[i].end - a->spans[i].begin;
    }
    EXPECT_EQ(a->bytes, end);
    for (size_t i = 0; i < BLOCKS; i++) {
        const uint64_t offset = axis_offset(a, placed[i].address);
        EXPECT(offset + placed[i].size <= a->bytes);
        EXPECT_EQ(axis_offset(a, placed[i].address + placed[i].size), offset + placed[i].size);
        for (size_t k = 0; k < 5; k++) {
            const size_t other = (size_t)(next_random() % BLOCKS);
            EXPECT_EQ(placed[i].address < placed[other].address, offset < axis_offset(a, placed[other].address));
        }
    }
}

/* In few stretches, and in far more than are kept apart. */
static void addresses_on_an_axis(void) {
    for (uint64_t stretches = 3; stretches <= 30000; stretches *= 100) {
        axis a = {0};
        for (size_t i = 0; i < BLOCKS; i++) {
            placed[i].address = next_random() % stretches * ((uint64_t)1 << 30) + next_random() % 500000 + 4096;
            placed[i].size = next_random() % 3000;
            EXPECT(axis_add(&a, placed[i].address, placed[i].size));
        }
        axis_finish(&a);
        EXPECT(a.count <= 1024);
        if (stretches == 3) EXPECT_EQ(a.count, 3);
        expect_axis(&a);
        axis_free(&a);
    }
}

/* What no machine has must do no harm. */
static void addresses_that_cannot_be(void) {
    axis a = {0};
    for (size_t i = 0; i < BLOCKS; i++) EXPECT(axis_add(&a, next_random(), i % 2 == 0 ? next_random() : UINT64_MAX));
    EXPECT(axis_add(&a, UINT64_MAX, UINT64_MAX));
    EXPECT(axis_add(&a, 0, 0));
    axis_finish(&a);
    EXPECT(a.bytes < (uint64_t)1 << 52);
    for (size_t i = 0; i < 100; i++) EXPECT(axis_offset(&a, next_random()) < (uint64_t)1 << 52);
    axis_free(&a);
    axis_finish(&a);
    EXPECT_EQ(a.bytes, 0);
}

/* ---- Pages --------------------------------------------------------------------------------------------------------------- */

enum { PAGES = 400, HELD = 300 };

static uint64_t pages_of(const uint64_t *addresses, const uint64_t *sizes) {
    static bool is_used[PAGES];
    uint64_t count = 0;
    memset(is_used, 0, sizeof is_used);
    for (size_t i = 0; i < HELD; i++) {
        if (addresses[i] == 0) continue;
        const uint64_t last = addresses[i] + (sizes[i] == 0 ? 0 : sizes[i] - 1);
        for (uint64_t page = addresses[i] / 4096; page <= last / 4096; page++) is_used[page] = true;
    }
    for (size_t i = 0; i < PAGES; i++) count += is_used[i];
    return 4096 * count;
}

/* Blocks that do not overlap, each in a part of the addresses. */
static void pages_of_blocks(void) {
    static uint64_t addresses[HELD], sizes[HELD];
    const uint64_t part = 5000;
    footprint f = {0};
    for (size_t i = 0; i < 20000; i++) {
        const size_t at = (size_t)(next_random() % HELD);
        if (addresses[at] != 0) {
            footprint_remove(&f, addresses[at], sizes[at]);
            addresses[at] = 0;
        } else {
            addresses[at] = 4096 + at * part + next_random() % 900;
            sizes[at] = next_random() % 4 == 0 ? next_random() % 4000 : next_random() % 64;
            if (at % 50 == 0 && at + 10 < HELD) sizes[at] = 4096;
            EXPECT(footprint_add(&f, addresses[at], sizes[at]));
        }
        if (i % 100 == 0) EXPECT_EQ(footprint_bytes(&f), pages_of(addresses, sizes));
    }
    footprint_free(&f);
    EXPECT(footprint_add(&f, UINT64_MAX - 10, UINT64_MAX));
    EXPECT(footprint_add(&f, 4096, 40960));
    EXPECT_EQ(footprint_bytes(&f), 4096 + 40960);
    footprint_remove(&f, 4096, 40960);
    EXPECT_EQ(footprint_bytes(&f), 4096);
    footprint_free(&f);
}

/* ---- Columns ------------------------------------------------------------------------------------------------------------- */

static unsigned digit(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found = strchr(digits, c);
    EXPECT(found != NULL && c != '\0');
    return (unsigned)(found - digits);
}

/* What a text unpacks to. */
static size_t unpack(const char *text, size_t count, unsigned char *to, size_t room) {
    static unsigned char packed[1 << 16];
    size_t bytes = 0;
    EXPECT_EQ(count % 4, 0);
    for (size_t i = 0; i < count; i += 4) {
        const unsigned missing = (text[i + 2] == '=' ? 1U : 0U) + (text[i + 3] == '=' ? 1U : 0U);
        unsigned three = digit(text[i]) << 18 | digit(text[i + 1]) << 12;
        if (missing < 2) three |= digit(text[i + 2]) << 6;
        if (missing < 1) three |= digit(text[i + 3]);
        for (unsigned k = 0; k < 3 - missing; k++) packed[bytes++] = (unsigned char)(three >> (16 - 8 * k));
        EXPECT(missing == 0 || i + 4 == count);
    }
    z_stream z = {.next_in = packed, .avail_in = (uInt)bytes, .next_out = to, .avail_out = (uInt)room};
    EXPECT_EQ(inflateInit2(&z, -MAX_WBITS), Z_OK);
    EXPECT_EQ(inflate(&z, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(z.avail_in, 0);
    inflateEnd(&z);
    return z.total_out;
}

/* Of each coding, to the byte. */
static void columns_to_the_byte(void) {
    static const unsigned char expected[] = {
        1,    'p',  0,    3,    0,    0,    0, 11, 0, 0, 0, 0, 0xac, 2, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0x0f,                                      /* 0, 300, 2^53 - 1 */
        1,    'r',  1,    3,    0,    0,    0, 3,  0, 0, 0, 5, 0,    2,          /* 5, 5, 7 */
        1,    'f',  2,    4,    0,    0,    0, 5,  0, 0, 0, 6, 1,    0, 0xc8, 1, /* 3, 2, 2, 102 */
        5,    'e',  'm',  'p',  't',  'y',  0, 0,  0, 0, 0, 0, 0,    0, 0};
    static const uint64_t plain[] = {0, 300, UINT64_MAX}, rising[] = {5, 5, 7}, folded[] = {3, 2, 2, 102};
    unsigned char found[200];
    columns c = {0};
    for (int round = 0; round < 2; round++) {
        columns_clear(&c);
        columns_begin(&c, "p", COLUMNS_PLAIN);
        for (size_t i = 0; i < 3; i++) columns_put(&c, plain[i]);
        columns_end(&c);
        columns_begin(&c, "r", COLUMNS_RISING);
        for (size_t i = 0; i < 3; i++) columns_put(&c, rising[i]);
        columns_end(&c);
        columns_begin(&c, "f", COLUMNS_FOLDED);
        for (size_t i = 0; i < 4; i++) columns_put(&c, folded[i]);
        columns_end(&c);
        columns_begin(&c, "empty", COLUMNS_PLAIN);
        columns_end(&c);
    }
    size_t count;
    char *text = columns_pack(&c, &count);
    EXPECT(text != NULL);
    EXPECT_EQ(unpack(text, count, found, sizeof found), sizeof expected);
    for (size_t i = 0; i < sizeof expected; i++) EXPECT_EQ(found[i], expected[i]);
    free(text);
    columns_free(&c);
}

/* Of each length, with bytes that do not pack. */
static void texts_of_any_length(void) {
    static unsigned char found[4096];
    for (size_t numbers = 0; numbers < 300; numbers++) {
        columns c = {0};
        size_t count;
        columns_begin(&c, "random", COLUMNS_PLAIN);
        for (size_t i = 0; i < numbers; i++) columns_put(&c, next_random());
        columns_end(&c);
        char *text = columns_pack(&c, &count);
        EXPECT_EQ(unpack(text, count, found, sizeof found), c.count);
        EXPECT_EQ(memcmp(found, c.bytes, c.count), 0);
        free(text);
        columns_free(&c);
    }
}

int main(int argc, char **argv) {
    static const struct test tests[] = {TEST(all_lives_are_kept),       TEST(short_lives_are_left_out),
                                        TEST(no_limit_leaves_out_some), TEST(addresses_on_an_axis),
                                        TEST(addresses_that_cannot_be), TEST(pages_of_blocks),
                                        TEST(columns_to_the_byte),      TEST(texts_of_any_length)};
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
