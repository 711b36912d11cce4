/* frame.h: the head of a frame, and its checksum.
 *
 * SPDX-License-Identifier: MIT
 *
 *      0  4  89 68 6D 74       where a frame begins; a byte that is no ASCII, then "hmt"
 *      4  1  version
 *      5  1  kind              what the contents are
 *      6  1  packing           0: as they are, 1: one zstd frame
 *      7  1  0
 *      8  4  stored            bytes behind the head
 *     12  4  bytes             of the contents once unpacked
 *     16  4  events
 *     20  4  checksum          CRC-32 of the head without these four bytes, and of what is stored
 *     24  8  first             sequence of the first event; of the next one where there is none */
#ifndef HMM_TRACE_FRAME_H
#define HMM_TRACE_FRAME_H

#include "heapmm/trace.h"
#include "number.h"

enum { HMM_TRACE_HEAD_BYTES = 32, HMM_TRACE_HEAD_CHECKSUM = 20 };

enum hmm_trace_frame_kind { HMM_TRACE_FRAME_ABOUT = 1, HMM_TRACE_FRAME_EVENTS = 2, HMM_TRACE_FRAME_LAST = 3 };

enum hmm_trace_packing { HMM_TRACE_AS_IT_IS = 0, HMM_TRACE_ZSTD = 1 };

/* The contents of the last frame end with its own offset, in so many bytes. */
enum { HMM_TRACE_TRAILER_BYTES = 8 };

typedef struct hmm_trace_head {
    uint64_t first;
    uint32_t stored;
    uint32_t bytes;
    uint32_t events;
    uint32_t checksum;
    unsigned char version;
    unsigned char kind;
    unsigned char packing;
} hmm_trace_head;

static const unsigned char hmm_trace_magic[4] = {0x89, 0x68, 0x6d, 0x74};

/* CRC-32 as in zlib, PNG and Ethernet, four bits at a time, which needs 64 bytes of constants. state: 0 at the beginning, then
 * what came out before. */
HMM_INTERNAL uint32_t frame_crc(uint32_t state, const unsigned char *bytes, size_t count) {
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    state = ~state;
    for (; count > 0; count--) {
        state ^= *bytes++;
        state = state >> 4 ^ table[state & 15];
        state = state >> 4 ^ table[state & 15];
    }
    return ~state;
}

HMM_INTERNAL uint32_t frame_checksum(const unsigned char *head, const unsigned char *stored, size_t bytes) {
    uint32_t state = frame_crc(0, head, HMM_TRACE_HEAD_CHECKSUM);
    state = frame_crc(state, head + HMM_TRACE_HEAD_CHECKSUM + 4, HMM_TRACE_HEAD_BYTES - HMM_TRACE_HEAD_CHECKSUM - 4);
    return frame_crc(state, stored, bytes);
}

HMM_INTERNAL void frame_put_head(unsigned char *to, const hmm_trace_head *head, const unsigned char *stored) {
    for (size_t i = 0; i < sizeof hmm_trace_magic; i++) to[i] = hmm_trace_magic[i];
    to[4] = head->version;
    to[5] = head->kind;
    to[6] = head->packing;
    to[7] = 0;
    number_put_fixed(to + 8, 4, head->stored);
    number_put_fixed(to + 12, 4, head->bytes);
    number_put_fixed(to + 16, 4, head->events);
    number_put_fixed(to + 24, 8, head->first);
    number_put_fixed(to + HMM_TRACE_HEAD_CHECKSUM, 4, frame_checksum(to, stored, (size_t)head->stored));
}

HMM_INTERNAL bool frame_begins(const unsigned char *from) {
    for (size_t i = 0; i < sizeof hmm_trace_magic; i++)
        if (from[i] != hmm_trace_magic[i]) return false;
    return true;
}

HMM_INTERNAL hmm_trace_head frame_head(const unsigned char *from) {
    return (hmm_trace_head){.version = from[4],
                            .kind = from[5],
                            .packing = from[6],
                            .stored = (uint32_t)number_fixed(from + 8, 4),
                            .bytes = (uint32_t)number_fixed(from + 12, 4),
                            .events = (uint32_t)number_fixed(from + 16, 4),
                            .checksum = (uint32_t)number_fixed(from + HMM_TRACE_HEAD_CHECKSUM, 4),
                            .first = number_fixed(from + 24, 8)};
}

/* Whether a head of this version can be one. */
HMM_INTERNAL bool frame_is_plausible(const hmm_trace_head *head) {
    const bool kind = head->kind >= HMM_TRACE_FRAME_ABOUT && head->kind <= HMM_TRACE_FRAME_LAST;
    const bool sizes = head->stored <= HMM_TRACE_FRAME_BYTES && head->bytes <= HMM_TRACE_FRAME_BYTES;
    const bool packing = head->packing == HMM_TRACE_ZSTD || (head->packing == HMM_TRACE_AS_IT_IS && head->stored == head->bytes);
    const bool events = (head->kind == HMM_TRACE_FRAME_EVENTS) == (head->events != 0);
    return kind && sizes && packing && events && head->first <= UINT64_MAX - head->events;
}

#endif
