/* trace.h: sequences of allocations and frees, made anew from a kind and a seed.
 *
 * SPDX-License-Identifier: MIT
 *
 * The kinds, each a stream of pseudo-random numbers away from the others:
 *
 *     mcu      400 live blocks, log-normal sizes of mean 64 bytes, 4 to 1024: a device
 *     uniform  5000 live blocks of 1 to 2048 bytes
 *     small    20000 live blocks, log-normal sizes of mean 64 bytes, 1 to 4096
 *     mixed    2000 live blocks; 95 % log-normal of mean 128 bytes, 5 % between 64 KiB and 1 MiB
 *     phase    twelve phases of rising size; at the end of each, 80 % is freed
 *     resize   1000 live blocks that grow by half, shrink to half or are replaced
 *
 * All but phase fill the live set, then replace random members of it: the steady part. */
#ifndef HMM_BENCH_TRACE_H
#define HMM_BENCH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRACE_ALLOC = 0, TRACE_FREE = 1, TRACE_RESIZE = 2 };

/* An operation on the block that a slot holds. */
struct operation {
    uint32_t verb_and_slot; /* verb in the low two bits */
    uint32_t size;          /* of TRACE_FREE: 0 */
};

struct trace {
    struct operation *operations;
    size_t count;
    size_t room; /* for operations, as allocated */
    uint32_t slots;
    uint32_t steady_from;
    uint64_t peak; /* highest sum of the sizes of live blocks */
};

/* The stream that no seed has touched. */
#define TRACE_NO_SEED (-1L)

static inline unsigned verb_of(const struct operation *o) {
    return o->verb_and_slot & 3u;
}

static inline uint32_t slot_of(const struct operation *o) {
    return o->verb_and_slot >> 2;
}

/* Makes a trace of that kind, with its usual numbers of live blocks and replacements. Returns false if there is no such kind.
 * trace_make(&t, "mcu", TRACE_NO_SEED) */
bool trace_make(struct trace *t, const char *kind, long seed);

/* Adds an operation; slots and peak are the caller's business. */
void trace_add(struct trace *t, unsigned verb, uint32_t slot, uint32_t size);

/* The same for every user: uint32 operations, slots, steady_from, 0; uint64 peak; then the operations. Returns false and leaves
 * errno when the file cannot be written, or is no trace. */
bool trace_write(const struct trace *t, const char *path);
bool trace_read(struct trace *t, const char *path);

/* FNV-1a over what trace_write writes. */
uint64_t trace_checksum(const struct trace *t);

void trace_end(struct trace *t);

#endif
