/* fake_window.c: a process whose window onto its malloc is forged: random numbers, and records of random spans.
 *
 * SPDX-License-Identifier: MIT
 *
 *     fake_window SEED     0: all is as it should be; 1, 2: but for the last span, which lies where another one is, or outside
 *
 * It tells the bytes of the last span, says that it is ready, and waits until standard input ends. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "heapmm/malloc_window.h"

enum { RECORDS = 200, RECORD_BYTES = 64, UNIT = 1024 };

static unsigned long long state;
static bool is_sound;

static unsigned long long below(unsigned long long limit) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 20) % limit;
}

/* Mostly what fits, sometimes what does not at all. */
static unsigned long long likely(unsigned long long number) {
    static const unsigned long long odd[] = {0, 1, 63, 1ull << 31, 1ull << 32, 1ull << 47, 1ull << 63, ~0ull, ~0ull - 4095};
    return is_sound || below(8) != 0 ? number : odd[below(sizeof odd / sizeof odd[0])];
}

static unsigned long long last_bytes, more = 1ull << 40, memory, mapped, fresh, most, given, records, count;
static unsigned char all[2 * RECORDS * RECORD_BYTES];
static hmm_malloc_window window = {.version = HMM_MALLOC_WINDOW_VERSION}; /* in a mapping of the file */
static hmm_malloc_window copy = {.version = HMM_MALLOC_WINDOW_VERSION};   /* what is not where it says that it is, is no window */

/* Spans one behind the other, some of them wrong. */
static void forge_records(void) {
    static const hmm_malloc_window_record where = {32, 44, 58, 60, 16, 0, 40, 57}, *at = &where;
    unsigned long long start = memory;
    for (unsigned i = 1; i < RECORDS; i++) {
        unsigned char *record = all + i * RECORD_BYTES;
        const unsigned long long address = likely(start - (is_sound || below(20) != 0 ? 0 : UNIT * below(90))),
                                 bits = likely(below(~0ull));
        const unsigned units = (unsigned)likely(1 + below(63)), size = (unsigned)likely(UNIT);
        memcpy(record + at->start, &address, sizeof address);
        memcpy(record + at->units, &units, sizeof units);
        memcpy(record + at->free, &bits, sizeof bits);
        memcpy(record + at->size, &size, sizeof size);
        record[at->blocks] = (unsigned char)likely(units);
        record[at->kind] = (unsigned char)likely(1 + below(5));
        start += (unsigned long long)units * UNIT;
        last_bytes = (unsigned long long)units * UNIT;
    }
    fresh = likely(start - memory);
    mapped = likely(fresh + (1 << 20));
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    state = strtoull(argv[1], NULL, 10);
    is_sound = state <= 2;
    const hmm_malloc_window sound = {.tag = HMM_MALLOC_WINDOW_TAG,
                                     .version = HMM_MALLOC_WINDOW_VERSION,
                                     .bytes = sizeof sound,
                                     .self = &window,
                                     .memory = &memory,
                                     .mapped = &mapped,
                                     .fresh = &fresh,
                                     .most_taken = &most,
                                     .given_back = &given,
                                     .records = &records,
                                     .record_count = &count,
                                     .remote = likely(sizeof all / 2),
                                     .unit_bytes = (unsigned)likely(UNIT),
                                     .record_bytes = (unsigned)likely(RECORD_BYTES),
                                     .record = {32, 44, 58, 60, 16, (unsigned short)likely(0), 40, (unsigned short)likely(57)}};
    window = sound;
    copy = sound;
    copy.fresh = &more;
    copy.records = &more;
    memory = likely(1ull << 40);
    records = likely((unsigned long long)(size_t)all);
    count = likely(RECORDS);
    const bool overlaps = state == 1, is_outside = state == 2;
    forge_records();
    unsigned char *last = all + (RECORDS - 1) * RECORD_BYTES;
    const unsigned long long beyond = memory + (1ull << 33);
    if (overlaps) memcpy(last, all + RECORDS / 2 * RECORD_BYTES, RECORD_BYTES);
    if (is_outside) memcpy(last + window.record.start, &beyond, sizeof beyond);
    if (!is_sound && below(10) == 0) window.memory = (const void *)(size_t)likely(8);
    printf("%llu\nready\n", last_bytes);
    fflush(stdout);
    return getchar() == EOF ? 0 : 1;
}
