/* heapmm.h: the interface of heapmm 1.1, a best-fit heap over chunks of memory that the caller gives it.
 *
 * SPDX-License-Identifier: MIT
 *
 * A program written for heapmm 1.1 compiles with this header as it is. New programs are better served by heapmm/heap.h.
 *
 * ## Words
 *
 * AAU          address align unit: HMM_ADDR_ALIGN_UNIT bytes. Sizes of what is allocated are counted in AAUs.
 * BAU          block align unit: HMM_BLOCK_ALIGN_UNIT AAUs. Sizes of blocks and chunks are counted in BAUs.
 * chunk        consecutive memory given to a heap. Its first byte is aligned for the caller's data. A heap has any number.
 * block        a piece of a chunk: a head of HMM_HEAD_AAUS, then the payload. Free or allocated; free neighbours in one chunk
 *              are always joined.
 * end block    the head without payload that ends each chunk, HMM_END_BLOCK_BAUS long.
 *
 * A chunk has at least HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS BAUs, which serve one allocation, and at most as many as
 * hmm_size_bau counts without its top bit.
 *
 * ## Configurations
 *
 * HMM_CNFG_NUM, undefined or 0 to 5, selects a configuration before each inclusion of this header. Undefined is the default
 * one, whose code is in the library (or src/classic/classic.c). The others are the user's, in a header that
 * -DHMM_CNFG_HEADER='"my_configurations.h"' names. For each HMM_CNFG_NUM that is in use it defines
 *
 *     #define HMM_UNIQUE(BASE) my_##BASE                 prefix of all names, hmm_ below
 *     #define HMM_ADDR_ALIGN_UNIT 4                      bytes in an AAU
 *     #define HMM_BLOCK_ALIGN_UNIT 3                     AAUs in a BAU
 *     typedef unsigned HMM_UNIQUE(size_aau);             an unsigned type that counts the AAUs of any block
 *     typedef unsigned short HMM_UNIQUE(size_bau);       an unsigned type that counts the BAUs of any chunk, with a bit to spare
 *     #define HMM_AUDIT_FAIL { longjmp(failed, 1); }     optional: the statement that runs when an audit fails
 *
 * This header undefines these macros before it includes yours. It is included again where a program goes back to a
 * configuration, so it holds macros, typedefs and declarations only. One .c file per configuration generates the code, by
 * #include "heapmm_impl.h".
 *
 * ## Audits
 *
 * With HMM_AUDIT_FAIL, each function first verifies what it is about to read and change, and nothing has changed when the
 * statement runs. It may longjmp away, or end the program; if it falls through, the function returns its failure value. The
 * text `hmm_audit_reason`, a const char *, says what was found. No audit reads an address outside the span of the heap's
 * chunks, or where no block can begin. Without HMM_AUDIT_FAIL there are no audits.
 *
 * All functions but hmm_init and those that look: time O(log n) for n different sizes of free blocks. Calls on one heap
 * must not overlap. */
#include "heapmm/export.h"

/* ---- Which configuration ------------------------------------------------------------------------------------------------- */

#undef HMM_CNFG_SELECTED
#undef HMM_CNFG_DECLARE
#ifdef HMM_CNFG_NUM
#define HMM_CNFG_SELECTED HMM_CNFG_NUM
#else
#define HMM_CNFG_SELECTED 6
#endif
#ifndef HMM_CNFG_CURRENT
#define HMM_CNFG_CURRENT 7
#endif

#if HMM_CNFG_SELECTED < 0 || HMM_CNFG_SELECTED > 6
#error "HMM_CNFG_NUM selects a configuration: leave it undefined, or define it as 0 to 5"
#endif

#if HMM_CNFG_SELECTED != HMM_CNFG_CURRENT
#undef HMM_UNIQUE
#undef HMM_ADDR_ALIGN_UNIT
#undef HMM_BLOCK_ALIGN_UNIT
#undef HMM_AUDIT_FAIL
#undef HMM_CNFG_API
#undef HMM_CNFG_CURRENT

#if HMM_CNFG_SELECTED == 6
#define HMM_CNFG_API HMM_API
#define HMM_UNIQUE(BASE) hmm_##BASE
#define HMM_ADDR_ALIGN_UNIT sizeof(int)
#define HMM_BLOCK_ALIGN_UNIT 1
#define HMM_AUDIT_FAIL hmm_audit_abort(hmm_audit_reason);
typedef unsigned long hmm_size_aau;
typedef unsigned long hmm_size_bau;
#else
#define HMM_CNFG_API
#ifndef HMM_CNFG_HEADER
#error "define HMM_CNFG_HEADER as the quoted name of the header with your configurations: -DHMM_CNFG_HEADER='\"name.h\"'"
#endif
#include HMM_CNFG_HEADER
#endif

#if HMM_CNFG_SELECTED == 0
#define HMM_CNFG_CURRENT 0
#ifndef HMM_CNFG_DECLARED_0
#define HMM_CNFG_DECLARED_0 1
#define HMM_CNFG_DECLARE 1
#endif
#elif HMM_CNFG_SELECTED == 1
#define HMM_CNFG_CURRENT 1
#ifndef HMM_CNFG_DECLARED_1
#define HMM_CNFG_DECLARED_1 1
#define HMM_CNFG_DECLARE 1
#endif
#elif HMM_CNFG_SELECTED == 2
#define HMM_CNFG_CURRENT 2
#ifndef HMM_CNFG_DECLARED_2
#define HMM_CNFG_DECLARED_2 1
#define HMM_CNFG_DECLARE 1
#endif
#elif HMM_CNFG_SELECTED == 3
#define HMM_CNFG_CURRENT 3
#ifndef HMM_CNFG_DECLARED_3
#define HMM_CNFG_DECLARED_3 1
#define HMM_CNFG_DECLARE 1
#endif
#elif HMM_CNFG_SELECTED == 4
#define HMM_CNFG_CURRENT 4
#ifndef HMM_CNFG_DECLARED_4
#define HMM_CNFG_DECLARED_4 1
#define HMM_CNFG_DECLARE 1
#endif
#elif HMM_CNFG_SELECTED == 5
#define HMM_CNFG_CURRENT 5
#ifndef HMM_CNFG_DECLARED_5
#define HMM_CNFG_DECLARED_5 1
#define HMM_CNFG_DECLARE 1
#endif
#else
#define HMM_CNFG_CURRENT 6
#ifndef HMM_CNFG_DECLARED_6
#define HMM_CNFG_DECLARED_6 1
#define HMM_CNFG_DECLARE 1
#endif
#endif
#endif

#ifndef HMM_CNFG_DECLARE
#define HMM_CNFG_DECLARE 0
#endif

/* ---- Geometry of the selected configuration ------------------------------------------------------------------------------ */

#undef HMM_CEILING
#undef HMM_HEAD_AAUS
#undef HMM_MIN_BLOCK_BAUS
#undef HMM_END_BLOCK_BAUS
#define HMM_CEILING(n, unit) (((n) + (unit)-1) / (unit))
/* AAUs that a block needs beside its payload: two hmm_size_bau. */
#define HMM_HEAD_AAUS HMM_CEILING(2 * sizeof(HMM_UNIQUE(size_bau)), HMM_ADDR_ALIGN_UNIT)
/* BAUs of the smallest block: a head and three pointers. */
#define HMM_MIN_BLOCK_BAUS HMM_CEILING(HMM_HEAD_AAUS + HMM_CEILING(3 * sizeof(void *), HMM_ADDR_ALIGN_UNIT), HMM_BLOCK_ALIGN_UNIT)
/* BAUs of an end block. */
#define HMM_END_BLOCK_BAUS HMM_CEILING(HMM_HEAD_AAUS, HMM_BLOCK_ALIGN_UNIT)

/* ---- Types and functions ------------------------------------------------------------------------------------------------- */

#if HMM_CNFG_DECLARE

#ifdef __cplusplus
extern "C" {
#endif

#if HMM_CNFG_SELECTED == 6
/* The default configuration's end of a failed audit: prints the reason and aborts. */
HMM_API void hmm_audit_abort(const char *reason);
#endif

/* A heap. The last two fields may be read, and nothing written. */
typedef struct HMM_UNIQUE(structure) {
    void *root;                /* the tree of bins */
    unsigned char *last_freed; /* the block freed last, not yet in a bin */
    unsigned char *lowest;     /* the span of the chunks: first byte, */
    unsigned char *highest;    /* and the one behind the last */
    unsigned step;             /* bytes that the distance between any two blocks is a multiple of */
    unsigned one_chunk;        /* 1: there has been one chunk only, so that its ends are known */
    unsigned may_shrink;       /* 1: the last change was one that hmm_shrink_chunk may follow */

    /* public: set by hmm_free and hmm_grow_chunk, 0 and null before */
    HMM_UNIQUE(size_bau) num_baus_can_shrink; /* by how much a chunk could be made smaller right after that; 0: not at all */
    void *end_of_shrinkable_chunk;            /* if not 0: one past that chunk's last byte */
} HMM_UNIQUE(descriptor);

/* Makes a heap without memory. To be called before all others; a second call forgets the chunks. */
HMM_CNFG_API void HMM_UNIQUE(init)(HMM_UNIQUE(descriptor) * desc);

/* Gives a chunk to the heap.
 *
 * first_byte_of_chunk: aligned for what will be stored; the chunk overlaps no other.
 * n_baus: at least HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS. Fewer, or more than can be counted: an audit, and no chunk.
 * The chunk becomes one free block and an end block. Adjacent chunks are not joined. */
HMM_CNFG_API void HMM_UNIQUE(new_chunk)(HMM_UNIQUE(descriptor) * desc, void *first_byte_of_chunk, HMM_UNIQUE(size_bau) n_baus);

/* Allocates n_aaus AAUs; 0 gives a smallest block.
 *
 * Returns the payload, uninitialised, or null if no free block is large enough. The smallest one that is gets cut: its low end
 * is returned, and the rest, if a block can be made of it, counts as freed last. Of several free blocks of that size the one
 * freed last is taken, else the second of the bin.
 * Example: free blocks with 10, 20 and 30 AAUs of payload: alloc(15) takes the second. */
HMM_CNFG_API void *HMM_UNIQUE(alloc)(HMM_UNIQUE(descriptor) * desc, HMM_UNIQUE(size_aau) n_aaus);

/* Allocates as if by alloc(coveted); if that fails, the whole largest free block if it has at least `needed` AAUs; else null.
 * coveted < needed counts as needed. hmm_true_size tells what came of it. */
HMM_CNFG_API void *HMM_UNIQUE(greedy_alloc)(HMM_UNIQUE(descriptor) * desc, HMM_UNIQUE(size_aau) needed,
                                            HMM_UNIQUE(size_aau) coveted);

/* Resizes an allocated block in place.
 *
 * Returns 0; or -1, nothing changed, if the block with the free one behind it is too small. A rest that is too small for a
 * block stays with this one; any other counts as freed last. */
HMM_CNFG_API int HMM_UNIQUE(resize)(HMM_UNIQUE(descriptor) * desc, void *mem, HMM_UNIQUE(size_aau) n_aaus);

/* Resizes in place to `coveted` AAUs or, where there is less room, to as many as there are, but at least `needed`. Returns 0; or
 * -1, nothing changed. coveted < needed counts as needed. */
HMM_CNFG_API int HMM_UNIQUE(greedy_resize)(HMM_UNIQUE(descriptor) * desc, void *mem, HMM_UNIQUE(size_aau) needed,
                                           HMM_UNIQUE(size_aau) coveted);

/* Frees an allocated block and joins it with its free neighbours.
 *
 * mem: what alloc or greedy_alloc returned. Sets num_baus_can_shrink: if the joined block is the last of its chunk, to its
 * size, and to that of the whole chunk, end block included, if it is the only one; else to 0. */
HMM_CNFG_API void HMM_UNIQUE(free)(HMM_UNIQUE(descriptor) * desc, void *mem);

/* AAUs of an allocated block's payload: as many as were asked for, or a few more. Not knowing the heap, it audits the block's
 * own head only. */
HMM_CNFG_API HMM_UNIQUE(size_aau) HMM_UNIQUE(true_size)(void *mem);

/* The most AAUs that alloc can serve now; 0 if nothing is free. */
HMM_CNFG_API HMM_UNIQUE(size_aau) HMM_UNIQUE(largest_available)(HMM_UNIQUE(descriptor) * desc);

/* Makes a chunk larger at its end.
 *
 * end_of_chunk: one past the chunk's last byte. n_baus: at least HMM_MIN_BLOCK_BAUS. What was added counts as freed, so that
 * the public fields are set as by free. */
HMM_CNFG_API void HMM_UNIQUE(grow_chunk)(HMM_UNIQUE(descriptor) * desc, void *end_of_chunk, HMM_UNIQUE(size_bau) n_baus);

/* Makes the chunk that ends at end_of_shrinkable_chunk smaller at its end, directly after a call that set num_baus_can_shrink.
 *
 * n_baus: at most num_baus_can_shrink, of which it is exactly all, or leaves at least a smallest block of the last block (and
 * where other blocks remain, all of the last block may go). The whole chunk disappears if all of it is given. 0 does nothing.
 * Anything else: an audit, and nothing has changed. */
HMM_CNFG_API void HMM_UNIQUE(shrink_chunk)(HMM_UNIQUE(descriptor) * desc, HMM_UNIQUE(size_bau) n_baus);

#ifdef __cplusplus
}
#endif

#endif
