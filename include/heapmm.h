/* heapmm.h: the interface of heapmm 1.1, a best-fit heap over chunks of memory that the caller gives it.
 *
 * SPDX-License-Identifier: MIT
 *
 * A program written for heapmm 1.1 compiles with this header as it is. New programs are better served by heapmm/heap.h.
 *
 *     #include "heapmm.h"
 *
 *     static int memory[1000];                       // a BAU of the default configuration is as large as an int
 *     hmm_descriptor heap;
 *     hmm_init(&heap);
 *     hmm_new_chunk(&heap, memory, 1000);
 *     int *numbers = hmm_alloc(&heap, 50);           // 50 ints, or null
 *     hmm_free(&heap, numbers);
 *
 * Link the library, or compile src/classic/classic.c with the program.
 *
 * ## Words
 *
 * AAU          address align unit: HMM_ADDR_ALIGN_UNIT bytes. Sizes of what is allocated are counted in AAUs.
 * BAU          block align unit: HMM_BLOCK_ALIGN_UNIT AAUs. Sizes of blocks and chunks are counted in BAUs.
 * chunk        consecutive memory given to a heap. It stays the caller's, who may use it again once it was shrunk away, or once
 *              the heap is no longer used; until then only the payloads of allocated blocks are for use. A heap has any number.
 * block        a piece of a chunk: a head of HMM_HEAD_AAUS, then the payload. Free or allocated; free neighbours in one chunk
 *              are always joined.
 * end block    the head without payload that ends each chunk, HMM_END_BLOCK_BAUS long.
 * bin          the free blocks of one size.
 *
 * A chunk has at least HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS BAUs, which serve one allocation, and at most as many as
 * hmm_size_bau counts without its top bit. Default configuration, 64 bit: a head of 4 AAUs, smallest block 10 BAUs, end block 4.
 *
 * A payload begins HMM_HEAD_AAUS behind a multiple of a BAU from the chunk's first byte: who needs payloads aligned to more than
 * an AAU gives chunks that begin accordingly, and chooses units of which the head and the BAU are multiples.
 *
 * ## Configurations
 *
 * HMM_CNFG_NUM, undefined or 0 to 5, selects a configuration before each inclusion of this header. Undefined is the default
 * one, whose code is in the library (or src/classic/classic.c). The others are the user's, in a header that
 * -DHMM_CNFG_HEADER='"my_configurations.h"' names. For each HMM_CNFG_NUM that is in use it defines
 *
 *     #define HMM_UNIQUE(BASE) my_##BASE               // prefix of all names, hmm_ below
 *     #define HMM_ADDR_ALIGN_UNIT 4                    // bytes in an AAU
 *     #define HMM_BLOCK_ALIGN_UNIT 3                   // AAUs in a BAU
 *     typedef unsigned HMM_UNIQUE(size_aau);           // an unsigned type that counts the AAUs of any block
 *     typedef unsigned short HMM_UNIQUE(size_bau);     // an unsigned type that counts the BAUs of any chunk, with a bit to spare
 *     #define HMM_AUDIT_FAIL { longjmp(failed, 1); }   // optional: the statement that runs when an audit fails
 *
 * This header undefines these macros before it includes yours. It includes yours again where a program goes back to a
 * configuration, so that one has no include guard, and holds macros, typedefs and declarations only. One .c file per
 * configuration generates the code, by #include "heapmm_impl.h". One file can use several configurations:
 *
 *     #include "heapmm.h"                              // hmm_alloc, hmm_free ...
 *     #define HMM_CNFG_NUM 0
 *     #include "heapmm.h"                              // my_alloc, my_free ... beside them; the macros are those of 0 now
 *
 * ## Audits
 *
 * With HMM_AUDIT_FAIL, each function first verifies what it is about to read and change, and nothing has changed when the
 * statement runs. It may longjmp away, or end the program; if it falls through, the function returns its failure value. The
 * text `hmm_audit_reason`, a const char *, says what was found; it is valid for ever. The default configuration prints it and
 * aborts, or where it was compiled without an operating system (HMM_HOSTED 0), traps. Without HMM_AUDIT_FAIL there are no audits,
 * and what would have failed one is undefined, but for wrong counts of BAUs: such a call does nothing.
 *
 * No audit reads an address where no block can begin, or one outside the span of the heap's chunks: from the first byte of the
 * lowest chunk to the last of the highest, whatever is between them. (Once a chunk at either end has been given back whole, the
 * span ends where that chunk did on the side of the others.) Only true_size, which is not told the heap, reads where it is told.
 *
 * What audits cannot see: a pointer into a payload that imitates the heads of a block and of the one behind it; a stale pointer
 * to memory that was allocated again; in a heap that has had several chunks, a previous size or the size of a used block that was
 * overwritten with 0, which looks like the first of a chunk or its end block; and balances of the tree that were overwritten with
 * ones that fit its links. Where such balances stop a free that joins two blocks, the audit fails after one of them has been
 * taken out and put back: the same blocks are free, perhaps in another order.
 *
 * ## Parameters that are the same everywhere
 *
 * desc     the heap: a descriptor that hmm_init has seen.
 * mem      the payload of an allocated block: what hmm_alloc or hmm_greedy_alloc returned.
 * n_aaus   a payload's size in AAUs.
 * needed   the least size in AAUs that will do.
 * coveted  the size in AAUs that would be best. Less than `needed` counts as `needed`.
 *
 * ## Time
 *
 * O(log n) for n different sizes of free blocks, for all functions that are not said to be constant. No function loops over
 * blocks or over chunks. Calls on one heap must not overlap; different heaps have nothing in common. */
#include "heapmm/export.h"

/* ---- Which configuration ------------------------------------------------------------------------------------------------- */

#undef HMM_CNFG_SELECTED
#undef HMM_CNFG_DECLARE
#ifdef HMM_CNFG_NUM
#if HMM_CNFG_NUM < 0 || HMM_CNFG_NUM > 5
#error "HMM_CNFG_NUM selects a configuration: leave it undefined, or define it as 0 to 5"
#endif
#define HMM_CNFG_SELECTED HMM_CNFG_NUM
#else
#define HMM_CNFG_SELECTED 6
#endif
#ifndef HMM_CNFG_CURRENT
#define HMM_CNFG_CURRENT 7
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
/* Counts AAUs. */
typedef unsigned long hmm_size_aau;
/* Counts BAUs. */
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
/* The default configuration's end of a failed audit: prints the reason and aborts.
 *
 * reason: what the audit found, a sentence. */
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

    /* public: set by hmm_free and hmm_grow_chunk, 0 and null before. */
    HMM_UNIQUE(size_bau) num_baus_can_shrink; /* by how much a chunk could be made smaller right after that; 0: not at all */
    void *end_of_shrinkable_chunk;            /* if not 0: one past that chunk's last byte */
} HMM_UNIQUE(descriptor);

/* Makes a heap without memory.
 *
 * desc: the caller's, for as long as the heap is used; what it held is not read. To be called before all others. A second call
 *   forgets the chunks, which are then the caller's again. Nothing else needs to be released at the end.
 * Never fails. No audits. Time: constant.
 * Example:
 *     hmm_init(&heap);
 *     hmm_largest_available(&heap) => 0
 *     heap.num_baus_can_shrink => 0
 *     heap.end_of_shrinkable_chunk => NULL */
HMM_CNFG_API void HMM_UNIQUE(init)(HMM_UNIQUE(descriptor) * desc);

/* Gives a chunk to the heap.
 *
 * first_byte_of_chunk: not null, aligned for what will be stored; the chunk overlaps no other.
 * n_baus: from HMM_MIN_BLOCK_BAUS + HMM_END_BLOCK_BAUS to half the range of size_bau.
 * The chunk becomes one free block and an end block. Adjacent chunks are not joined.
 * Audits: fewer or more BAUs; the nodes of the tree on the way to the new block's bin, and the second of that. Then there is no
 *   new chunk, and its memory was not touched.
 * Example, default configuration, 64 bit, the least chunk:
 *     static int memory[14];
 *     hmm_init(&heap);
 *     hmm_new_chunk(&heap, memory, 14);
 *     hmm_alloc(&heap, 6) != NULL => true
 *     hmm_alloc(&heap, 6) => NULL */
HMM_CNFG_API void HMM_UNIQUE(new_chunk)(HMM_UNIQUE(descriptor) * desc, void *first_byte_of_chunk, HMM_UNIQUE(size_bau) n_baus);

/* Allocates n_aaus AAUs; 0 gives a smallest block.
 *
 * Returns the payload, uninitialised, the caller's until free; or null if no free block is large enough, however large n_aaus
 * is. The smallest one that is gets cut: its low end is returned, and the rest, if a block can be made of it, counts as freed
 * last. Of several free blocks of that size the one freed last is taken, else the second of the bin.
 * Audits: the block freed last, the nodes of the tree on the way, the block taken and those beside it in its bin. Null, then.
 * Example, free blocks p[0], p[1] and p[2] with 10, 20 and 30 AAUs of payload. The second is taken whole, since 5 are no block:
 *     hmm_alloc(&heap, 15) => p[1]
 *     hmm_true_size(p[1]) => 20 */
HMM_CNFG_API void *HMM_UNIQUE(alloc)(HMM_UNIQUE(descriptor) * desc, HMM_UNIQUE(size_aau) n_aaus);

/* Allocates as much as is coveted, or else what there is.
 *
 * Returns as if by alloc(coveted); if that fails, the whole largest free block if it has at least `needed` AAUs; else null.
 * true_size tells what came of it.
 * Audits: as alloc.
 * Example, free blocks p[0], p[1] and p[2] with 10, 20 and 30 AAUs of payload:
 *     hmm_greedy_alloc(&heap, 10, 20) => p[1]
 *     hmm_greedy_alloc(&heap, 10, 99) => p[2]
 *     hmm_greedy_alloc(&heap, 40, 99) => NULL */
HMM_CNFG_API void *HMM_UNIQUE(greedy_alloc)(HMM_UNIQUE(descriptor) * desc, HMM_UNIQUE(size_aau) needed,
                                            HMM_UNIQUE(size_aau) coveted);

/* Resizes an allocated block in place. It never moves.
 *
 * mem: what alloc or greedy_alloc returned. n_aaus: 0 leaves a smallest block.
 * Returns 0, and the first n_aaus AAUs are as they were, as far as there were so many; or -1, nothing changed, if the block with
 *   the free one behind it is too small. A rest that is too small for a block stays with this one; else it counts as freed last.
 * Audits: those of free, the block before excepted where it would be joined. -1, then.
 * Example, a block u of 6 AAUs, the next one free with 30 and a head of 4:
 *     hmm_resize(&heap, u, 41) => -1
 *     hmm_true_size(u) => 6
 *     hmm_resize(&heap, u, 40) => 0 */
HMM_CNFG_API int HMM_UNIQUE(resize)(HMM_UNIQUE(descriptor) * desc, void *mem, HMM_UNIQUE(size_aau) n_aaus);

/* Resizes in place to `coveted` AAUs or, where there is less room, to as many as there are, but at least `needed`.
 *
 * Returns 0; or -1, nothing changed.
 * Audits: as resize.
 * Example, as above. In the end what is behind is free again:
 *     hmm_greedy_resize(&heap, u, 20, 99) => 0
 *     hmm_true_size(u) => 40
 *     hmm_greedy_resize(&heap, u, 60, 99) => -1
 *     hmm_greedy_resize(&heap, u, 5, 10) => 0
 *     hmm_largest_available(&heap) => 26 */
HMM_CNFG_API int HMM_UNIQUE(greedy_resize)(HMM_UNIQUE(descriptor) * desc, void *mem, HMM_UNIQUE(size_aau) needed,
                                           HMM_UNIQUE(size_aau) coveted);

/* Frees an allocated block and joins it with its free neighbours.
 *
 * mem: what alloc or greedy_alloc returned; not null.
 * Sets num_baus_can_shrink: if the joined block is the last of its chunk, to its size, and to that of the whole chunk, end block
 *   included, if it is the only one; else to 0.
 * Audits: mem is no block of this heap; the block is free, or was the last one freed; its head, or that of a neighbour, is
 *   damaged; the root, the block freed last, and where a neighbour is joined, its place in the tree or in its bin; a block
 *   of more BAUs than a size says, in a chunk grown too large. The block is then still allocated.
 * Example, default configuration, 64 bit:
 *     static int memory[24];
 *     hmm_init(&heap);
 *     hmm_new_chunk(&heap, memory, 24);
 *     void *p = hmm_alloc(&heap, 6), *q = hmm_alloc(&heap, 6);
 *     hmm_free(&heap, q);
 *     heap.num_baus_can_shrink => 10
 *     hmm_free(&heap, p);
 *     heap.num_baus_can_shrink => 24 */
HMM_CNFG_API void HMM_UNIQUE(free)(HMM_UNIQUE(descriptor) * desc, void *mem);

/* Returns the AAUs of an allocated block's payload: as many as were asked for, or a few more, all for use.
 *
 * mem: what alloc or greedy_alloc returned; anything else that can be read gives any number.
 * Audits: the block's own head only: it is free, or its size none. 0, then.
 * Time: constant.
 * Example, default configuration, 64 bit:
 *     static int memory[100];
 *     hmm_new_chunk(&heap, memory, 100);
 *     hmm_true_size(hmm_alloc(&heap, 35)) => 35 */
HMM_CNFG_API HMM_UNIQUE(size_aau) HMM_UNIQUE(true_size)(void *mem);

/* Returns the most AAUs that alloc can serve now; 0 if nothing is free. Changes nothing.
 *
 * Audits: the block freed last and the way to the largest. 0, then. A narrow size_aau says the most it can.
 * Example, free blocks with 10, 20 and 30 AAUs of payload:
 *     hmm_largest_available(&heap) => 30 */
HMM_CNFG_API HMM_UNIQUE(size_aau) HMM_UNIQUE(largest_available)(HMM_UNIQUE(descriptor) * desc);

/* Makes a chunk larger at its end, by memory that follows it.
 *
 * end_of_chunk: one past the chunk's last byte. n_baus: at least HMM_MIN_BLOCK_BAUS; the chunk must not have more than half the
 *   range of size_bau then. What was added counts as freed, so that it is joined, and the public fields are set as by free.
 * Audits: no chunk ends there; too few BAUs, or more than the size of the last block can say (if only the whole chunk is too
 *   large for that, a later free that would join so much finds it); what a free of the added block audits. The chunk is then as
 *   it was.
 * Example, default configuration, 64 bit, a full chunk:
 *     static int memory[24];
 *     hmm_init(&heap);
 *     hmm_new_chunk(&heap, memory, 14);
 *     void *p = hmm_alloc(&heap, 6);
 *     hmm_grow_chunk(&heap, memory + 14, 10);
 *     heap.num_baus_can_shrink => 10
 *     hmm_largest_available(&heap) => 6 */
HMM_CNFG_API void HMM_UNIQUE(grow_chunk)(HMM_UNIQUE(descriptor) * desc, void *end_of_chunk, HMM_UNIQUE(size_bau) n_baus);

/* Makes the chunk that ends at end_of_shrinkable_chunk smaller at its end, directly after a call that set num_baus_can_shrink.
 *
 * n_baus: num_baus_can_shrink, which takes all of the last block, or the whole chunk where that is its only one; or less, so
 *   that of the last block at least a smallest one remains. 0 does nothing. What was given back is the caller's. The public
 *   fields keep their values, and mean nothing until the next free.
 * Audits: any other count; anything but true_size and largest_available between the free and this; the end block and the last
 *   block; where a part remains, its bin. The chunk is then as it was.
 * Example, default configuration, 64 bit. 14 BAUs remain; 11 or 20 would fail an audit, 24 leave nothing:
 *     static int memory[24];
 *     hmm_init(&heap);
 *     hmm_new_chunk(&heap, memory, 24);
 *     hmm_free(&heap, hmm_alloc(&heap, 6));
 *     heap.num_baus_can_shrink => 24
 *     hmm_shrink_chunk(&heap, 10);
 *     hmm_largest_available(&heap) => 6 */
HMM_CNFG_API void HMM_UNIQUE(shrink_chunk)(HMM_UNIQUE(descriptor) * desc, HMM_UNIQUE(size_bau) n_baus);

#ifdef __cplusplus
}
#endif

#endif
