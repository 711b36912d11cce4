/* instance.h: the types of one instance, and the facts about them that the rest relies on.
 *
 * SPDX-License-Identifier: MIT
 *
 * Glossary, with the traps:
 *
 * units   a size in granules. Blocks are counted in units, never in bytes.
 * block   `struct block *` points to the PAYLOAD. The header is the word before it, the footer of a free block is the word before
 *         the header of the next one. So the address of a block is always a multiple of the granule, and its header never is.
 * link    the distance of a payload (or of a region record) from the control block, in granules, signed. 0 would be the control
 *         block itself and stands for "none" wherever blocks are meant.
 * end     of a region: the payload address that a block behind the last one would have. The sentinel is its header: a block of 0
 *         units, never free, that takes one word. */
#ifndef HMM_HEAP_INSTANCE_H
#define HMM_HEAP_INSTANCE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/arithmetic.h"
#include "../base/bits.h"
#include "../base/compiler.h"
#include "../base/memory.h"
#include "config.h"

typedef HMM_WORD HMM_MAY_ALIAS hmm_word;
typedef HMM_LINK HMM_MAY_ALIAS hmm_link;
typedef HMM_UNITS hmm_units;

#define HMM_WORD_BYTES sizeof(hmm_word)
#define HMM_WORD_BITS (HMM_WORD_BYTES * CHAR_BIT)
#define HMM_GRANULE_SHIFT HMM_LOG2(HMM_GRANULE)

/* Largest size in units that a header and, in bytes, a size_t can hold. */
#define HMM_UNITS_IN_HEADER (((uint64_t)1 << HMM_SIZE_BITS) - 1)
#define HMM_UNITS_MOST ((hmm_units)(HMM_UNITS_IN_HEADER < SIZE_MAX / HMM_GRANULE ? HMM_UNITS_IN_HEADER : SIZE_MAX / HMM_GRANULE))

/* Smallest block: header, two links, footer. */
#define HMM_UNITS_LEAST ((hmm_units)((4 * HMM_WORD_BYTES + HMM_GRANULE - 1) / HMM_GRANULE))

/* Bytes of an allocated block that are not usable. */
#define HMM_BLOCK_OVERHEAD (HMM_AUDIT_LEVEL >= 2 ? 2 * HMM_WORD_BYTES : HMM_WORD_BYTES)

/* Links are not below this, so that numbers below it can stand for other things: no region, and beyond either end of the list of
 * an exact class, another value for each class. */
#define HMM_LINK_LEAST ((HMM_LINK)((HMM_WORD)1 << (HMM_WORD_BITS - 1) | (HMM_WORD)1 << HMM_WORD_BITS / 2))
#define HMM_NO_REGION ((HMM_LINK)((HMM_WORD)1 << (HMM_WORD_BITS - 1)))
#define HMM_LIST_END(number) ((HMM_LINK)((HMM_WORD)1 << (HMM_WORD_BITS - 1) | (HMM_WORD)(number)))

/* The head of a class of a size that no block has: an exact class to which nothing may be added. */
#define HMM_NO_LIST HMM_NO_REGION

/* No block: link 0 is the control block. Among regions that is the record of the first one. */
#define HMM_NO_BLOCK ((HMM_LINK)0)

/* The payload of a free block. The first two links make it a member of a bin, the rest a node of a tree.
 *
 * The bin of an exact class is a list, newest first, HMM_LIST_END beyond either end; its blocks may be too small for the rest.
 * A bin in a tree is a ring: its oldest block is the tree's node, the one behind that is the newest, the one before it the second
 * oldest. So the newest can be taken, and the node be replaced by the next oldest, without looking for them. */
struct block {
    HMM_LINK next;     /* the block freed before this one; of a tree's node, the newest of the ring */
    HMM_LINK previous; /* the block freed after it; of a tree's node, the oldest of the others */
    HMM_LINK child[2]; /* smaller and larger sizes */
    HMM_LINK balance;  /* HMM_NOT_A_NODE in a ring's other members */
} HMM_MAY_ALIAS;

/* Whether links reach less than all addresses. Where they reach more, several links lead to one place, and one of them is right. */
#define HMM_LINKS_ARE_SHORT (HMM_WORD_BITS + HMM_GRANULE_SHIFT <= sizeof(uintptr_t) * CHAR_BIT)

/* Far from -1, 0 and 1 in the number of bits, so that an overwritten balance is not taken for it. */
#define HMM_NOT_A_NODE ((HMM_LINK)((HMM_WORD) ~(HMM_WORD)0 / 3))

/* At the start of each region, a multiple of the granule. */
struct region {
    HMM_LINK child[2]; /* regions at lower and at higher addresses */
    HMM_LINK balance;
    HMM_LINK first; /* its first block */
    HMM_LINK end;   /* its end */
    HMM_WORD lead;  /* bytes lent in front of the record */
    HMM_WORD tail;  /* bytes lent behind the end */
    HMM_WORD seal;  /* checksum of all of these */
} HMM_MAY_ALIAS;

/* The control block. The order of its members keeps it free of padding with 4-byte and with 8-byte pointers. */
struct HMM_HEAP {
    struct region home; /* the region that holds the control block */
    uint32_t magic;
    uint32_t layout;  /* which instance, how built */
    HMM_WORD key;     /* of the check values */
    HMM_WORD seal;    /* checksum of all that changes only with the regions */
    HMM_WORD bounds;  /* checksum of those of them through which operations find everything else */
    HMM_LINK regions; /* root of the tree of regions */
    hmm_units exact;  /* sizes below this have a class each */
    uint16_t classes;
    uint16_t map_at; /* where the bitmap stands, bytes from the control block */
    uint8_t exact_bits;
    uint8_t class_bits;    /* each power of two of larger sizes is cut into 2^class_bits ranges */
    uint8_t capacity_bits; /* for which power of two of units the index was made */
    hmm_units units_total;
    size_t bytes_total;
    size_t exact_bytes; /* the largest request that an exact class serves */
    void (*on_fault)(void *context, const hmm_fault *fault);
    bool (*on_exhausted)(void *context, struct HMM_HEAP *heap, size_t size);
    void *context;
    /* From here on not sealed. */
    hmm_units units_in_use;
    hmm_units units_peak;
    hmm_units blocks_free;
    hmm_units changes; /* at audit level 2, since the last full check */
    size_t allocations;
    size_t frees;
    size_t failures;
    hmm_bits summary; /* a bit for each word of the bitmap that is not 0 */
    hmm_link heads[]; /* of the classes: newest block of an exact class, root of the tree of another; HMM_NO_LIST for
                         sizes that no block has */
} HMM_DECLARED_MAY_ALIAS;

_Static_assert(sizeof(HMM_LINK) == sizeof(HMM_WORD), "links and headers have one width");
_Static_assert(HMM_SIZE_BITS + HMM_CHECK_BITS + 2 == sizeof(HMM_WORD) * CHAR_BIT,
               "size, two flags and check value fill a header");
_Static_assert(HMM_CHECK_BITS == 1 || ((HMM_MULTIPLIER + 1u) & (((uint64_t)1 << HMM_CHECK_BITS) - 1)) == 0,
               "the multiplier ends in as many 1 bits as there are check bits");
_Static_assert(HMM_AUDIT_LEVEL >= 0 && HMM_AUDIT_LEVEL <= 2, "HMM_AUDIT_LEVEL is 0, 1 or 2");
_Static_assert(HMM_CHECK_INTERVAL >= 0, "HMM_CHECK_INTERVAL is a number of changes, or 0");
_Static_assert((HMM_STATS) == 0 || (HMM_STATS) == 1, "HMM_STATS is 0 or 1");
_Static_assert((HMM_FAST) == 0 || (HMM_FAST) == 1, "HMM_FAST is 0 or 1");
_Static_assert((HMM_HOSTED) == 0 || (HMM_HOSTED) == 1, "HMM_HOSTED is 0 or 1");
_Static_assert((HMM_GRANULE & (HMM_GRANULE - 1)) == 0, "the granule is a power of two");
_Static_assert(HMM_GRANULE >= 2 * sizeof(HMM_WORD) && HMM_GRANULE <= 4096,
               "the granule holds a header and a link (8 bytes in hmm_heap), and is at most 4096 bytes");
_Static_assert(((size_t)1 << HMM_EXACT_BITS_LEAST) * HMM_GRANULE >= sizeof(struct block) + 2 * sizeof(HMM_WORD),
               "a block of a tree class holds header, node and footer");
_Static_assert(HMM_EXACT_BITS_LEAST >= HMM_CLASS_BITS_LEAST && HMM_EXACT_BITS_MOST >= HMM_CLASS_BITS,
               "the first ranges are at least one size wide");
_Static_assert(((size_t)1 << HMM_EXACT_BITS_MOST) + ((HMM_SIZE_BITS - HMM_EXACT_BITS_MOST + 1) << HMM_CLASS_BITS) <=
                   (size_t)HMM_BITS * HMM_BITS,
               "the summary has a bit for each word of the bitmap");

#define HMM_HEAP_ALIGNMENT (HMM_GRANULE > _Alignof(struct HMM_HEAP) ? (size_t)HMM_GRANULE : _Alignof(struct HMM_HEAP))

#endif
