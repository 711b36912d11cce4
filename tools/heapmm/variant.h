/* variant.h: a trace made of another one, of which parts are left out or made smaller, so that it is still one.
 *
 * SPDX-License-Identifier: MIT
 *
 * What may be left out are units. Whatever the unit, no block is resized or freed that was not allocated: with an allocation go the
 * resizes and the free of its block. Addresses stay, but where a resize is left out and its block's address is soon another's: then
 * that one gets an address of its own.
 *
 * Traces are read and written event by event: memory is needed for the blocks that are live at one moment. */
#ifndef HEAPMM_TOOLS_VARIANT_H
#define HEAPMM_TOOLS_VARIANT_H

#include <stdbool.h>
#include <stdint.h>

typedef enum variant_unit {
    VARIANT_THREADS, /* the blocks that a thread allocated */
    VARIANT_BLOCKS,  /* a block: its allocation, resizes and free; or a call that failed, or for an unknown block */
    VARIANT_CALLS,   /* a resize or a free: the block stays as it was */
    VARIANT_SIZES,   /* the size of a call: not left out, but made smaller */
    VARIANT_ALIGNMENTS,
    VARIANT_UNITS
} variant_unit;

/* Units are counted from 0 on, in the order of the trace; threads by their numbers. */
typedef struct variant {
    variant_unit unit;
    uint64_t from, to; /* the units from .. to - 1 */
    bool keeps;        /* they stay, and all others are left out; else these are left out */
    uint64_t value;    /* VARIANT_SIZES: at most this. VARIANT_ALIGNMENTS: the same; 0: it becomes a malloc */
} variant;

/* What a trace has. */
typedef struct variant_counts {
    uint64_t events;
    uint64_t units[VARIANT_UNITS];
    uint64_t largest;  /* size of the variant's sizes, or alignment of its alignments, as they were */
    uint64_t checksum; /* of all but the addresses and times */
} variant_counts;

typedef enum variant_result {
    VARIANT_MADE,
    VARIANT_NO_MEMORY,
    VARIANT_NOT_READ,   /* see errno */
    VARIANT_NOT_WRITTEN /* see errno */
} variant_result;

/* The variant that is the whole trace. */
extern const variant variant_whole;

/* Makes the variant `v` of the trace `from`, in the file `to`. */
variant_result variant_make(const variant *v, const char *from, const char *to, variant_counts *counts);

#endif
