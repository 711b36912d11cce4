/* heapmm/heap.h: a heap over memory that the caller lends it.
 *
 * SPDX-License-Identifier: MIT
 *
 * Strict best fit, immediate coalescing, bounded time, self-auditing. The heap lives wholly inside the memory it is given: its
 * control block and free index stand at the start of the first region, free blocks are linked through their own bytes, and an
 * allocated block costs one header word of 4 bytes. It needs nothing from the system and nothing from the C library but memcpy,
 * memmove and memset.
 *
 *     static max_align_t buffer[2048];
 *
 *     hmm_heap *heap = hmm_heap_create(buffer, sizeof buffer, NULL);
 *     char *text = hmm_heap_alloc(heap, 100);
 *     hmm_heap_free(heap, text);
 *
 * ## Words
 *
 * region       memory lent by the caller. A heap has one or several; they never overlap.
 * granule      the unit of block size and of alignment: HMM_HEAP_GRANULE bytes.
 * block        header + payload. Its size is a whole number of granules, its payload is aligned to the granule.
 * usable size  the payload bytes that the caller may use: at least what was asked for.
 * audit        the check of everything an operation is about to touch, made before its first store.
 * check        the full, read-only check of the whole heap.
 * fault        what either found: a code, an address and a sentence.
 *
 * ## Parameters that are the same everywhere
 *
 * heap     a heap, as hmm_heap_create or hmm_heap_attach returned it, not destroyed since.
 * p        the payload of an allocated block of this heap. What else is allowed stands at the function.
 * context  options.context, or what was given with a visitor: handed through.
 *
 * ## What holds for every function
 *
 * Sizes     are bytes.
 * Ownership The heap owns its regions from hmm_heap_create, hmm_heap_add_region or hmm_heap_extend_region until they are given
 *           back (hmm_heap_shrink_region, hmm_heap_remove_region, hmm_heap_destroy). The caller owns the payload of an allocated
 *           block, hmm_heap_usable_size bytes and no more.
 * Faults    A wrong size or alignment is answered by NULL or a result code. A wrong pointer, a damaged block and a wrong region
 *           are faults: options.on_fault is called; if it returns, the function returns its failure value and the heap is as it
 *           was before the call. Operations that do not touch the damage keep working. A fault listed nowhere else may be
 *           reported by every function that changes the heap when it meets damage on its way: HMM_FAULT_HEADER,
 *           HMM_FAULT_FOOTER, HMM_FAULT_LINK, HMM_FAULT_INDEX, HMM_FAULT_TREE, HMM_FAULT_SENTINEL, HMM_FAULT_REGION_RECORD,
 *           HMM_FAULT_CONTROL, at audit level 2 HMM_FAULT_CANARY and HMM_FAULT_WRITE_AFTER_FREE, and when the regular check of
 *           level 2 is due whatever hmm_heap_check finds (the count of changes until the next one then starts anew).
 * Trusted   The commonest allocations and frees believe the fixed part of the control block: where the first region begins and
 *           ends, where the index is, the key. All others first verify a short checksum of that (HMM_FAULT_CONTROL). It stands at
 *           the start of the first region, so an overflow of what lies in front of that reaches it: hmm_heap_check, hmm_heap_walk,
 *           hmm_heap_stats and hmm_heap_attach verify the whole checksum, and so does a fault before it calls options.on_fault.
 *           At audit level 0 operations believe everything: a wrong pointer is undefined behaviour.
 * Time      is bounded for every function but those marked "linear". The bounds and their derivation stand in ARCHITECTURE.md:
 *           an operation takes at most two blocks out of the free index and puts two in, each with at most one tree descent.
 *           With R regions, finding the region of an address that is not in the first adds one descent of a tree of R nodes.
 *           Copying, zeroing and audit level 2 are linear in the bytes concerned.
 * Stack     No recursion; on x86-64 and optimised, no function needs more than 2 KiB of stack; alloc and free need at most 1.25 KiB
 *           up to audit level 1.
 * Threads   The heap takes no lock. Calls on one heap must not overlap, in threads, signal handlers or interrupt handlers:
 *           the caller serialises them (examples/heap_behind_a_mutex.c), or has a heap for each thread whose blocks the others free
 *           (heapmm/pool.h). Different heaps are independent.
 *
 * ## Built with
 *
 * The values of these macros are fixed when the heap is compiled; each is a number, defined or not.
 *
 * HMM_AUDIT_LEVEL     0: no audits. 1 (default): every header, footer and link is verified before an operation reads through it
 *                     or changes it. 2: besides, free payloads are filled and verified when they are handed out (a write after
 *                     free is found), a canary word follows every payload (an overflow is found), and every
 *                     HMM_CHECK_INTERVAL changes of the free index the whole heap is checked.
 * HMM_STATS           1 (default): counters are kept. 0: they are not; hmm_heap_stats then counts blocks in linear time and
 *                     reports 0 for what only counters know.
 * HMM_HEAP_GRANULE    see below.
 * HMM_SPLIT_HIGH_BYTES  requests of at least so many bytes take the high end of a free block. Default 2048.
 * HMM_VALGRIND        1: valgrind is told which bytes are free; needs its header. Default 0.
 * HMM_CHECK_INTERVAL  changes of the free index (an operation makes one to four) after which, at audit level 2, the next
 *                     operation on a block checks the whole heap first; 0: never. Default 1024.
 * HMM_FAST            1 (default, unless compiled for size): at audit levels 0 and 1 the commonest allocations and frees have a
 *                     straight path of their own, in about half the instructions. 0: they have not, which saves 2 to 3.5 KB of
 *                     code. What the heap does is the same.
 * HMM_HOSTED          1: the default fault handler is hmm_fault_abort. 0: it is a trap instruction, and the heap needs no other
 *                     file. The installed library is built with 1.
 *
 * The theory: best fit wastes least among the simple policies in practice (P. R. Wilson, M. S. Johnstone, M. Neely, D. Boles,
 * "Dynamic Storage Allocation: A Survey and Critical Review", 1995); its worst case is M (n - 1) + 1 units for M live units of at
 * most n (J. M. Robson, "Worst case fragmentation of first fit and best fit storage allocation strategies", 1977). */
#ifndef HEAPMM_HEAP_H
#define HEAPMM_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heapmm/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Unit of block size and alignment in bytes, a power of two from 8 to 4096: what malloc guarantees, and at least 8. */
#ifndef HMM_HEAP_GRANULE
#ifdef __cplusplus
#define HMM_HEAP_GRANULE (alignof(max_align_t) < 8 ? (size_t)8 : alignof(max_align_t))
#else
#define HMM_HEAP_GRANULE (_Alignof(max_align_t) < 8 ? (size_t)8 : _Alignof(max_align_t))
#endif
#endif

/* Bytes of a block that are not payload, at audit levels 0 and 1. Level 2 adds a canary word of the same size. */
#define HMM_HEAP_BLOCK_OVERHEAD ((size_t)4)

/* Largest block, header included: the largest region is this and the few hundred bytes of control block and record. */
#define HMM_HEAP_LARGEST_BLOCK ((((size_t)1 << 26) - 1) * HMM_HEAP_GRANULE)

/* A heap. Opaque: it is the control block at the start of its first region. */
typedef struct hmm_heap hmm_heap;

/* What functions return and what faults carry. 0 is success, HMM_FAULT_HEADER and above are faults. */
typedef enum hmm_result {
    HMM_OK = 0,   /* success */
    HMM_NO_ROOM,  /* no free space where it is needed; nothing was changed */
    HMM_BAD_SIZE, /* a size that no block of this heap can have, or needed > wanted; nothing was changed */
    HMM_IN_USE,   /* the region holds allocated blocks or the control block; nothing was changed */
    HMM_STOPPED,  /* the visitor of hmm_heap_walk asked to stop */

    HMM_FAULT_HEADER = 16,      /* a block header was overwritten, or the pointer is not the start of a block */
    HMM_FAULT_FOOTER,           /* the size at the end of a free block was overwritten */
    HMM_FAULT_LINK,             /* a link inside a free block was overwritten */
    HMM_FAULT_INDEX,            /* the free index (bitmap, class heads) was overwritten, or disagrees with the blocks */
    HMM_FAULT_TREE,             /* a tree of free blocks or of regions is out of order or out of balance */
    HMM_FAULT_SENTINEL,         /* the end of a region was overwritten */
    HMM_FAULT_CONTROL,          /* the control block was overwritten */
    HMM_FAULT_COUNTS,           /* the counters disagree with the blocks */
    HMM_FAULT_NOT_ALLOCATED,    /* the block is free: freed twice, or used after it was freed */
    HMM_FAULT_OUTSIDE,          /* the pointer lies in no block of this heap: another heap's, the stack's, a wild one */
    HMM_FAULT_MISALIGNED,       /* the pointer is not a multiple of the granule: no block starts there */
    HMM_FAULT_CANARY,           /* the word after a payload was overwritten (audit level 2) */
    HMM_FAULT_WRITE_AFTER_FREE, /* a free payload was written to (audit level 2) */
    HMM_FAULT_OPTIONS,          /* options.size is not the size of a known version of hmm_heap_options */
    HMM_FAULT_REGION_SMALL,     /* the region is NULL or cannot hold its record and one block */
    HMM_FAULT_REGION_LARGE,     /* the region is larger than the largest block: use the wide instance or several regions */
    HMM_FAULT_REGION_WRAPS,     /* the region runs past the end of the address space */
    HMM_FAULT_REGION_OVERLAPS,  /* the region overlaps one that the heap already has */
    HMM_FAULT_REGION_FAR,       /* the region is out of the reach of links: 2^31 granules from the control block */
    HMM_FAULT_REGION_UNKNOWN,   /* no region of this heap starts at that address */
    HMM_FAULT_REGION_RECORD,    /* the record at the start of a region was overwritten */
    HMM_FAULT_NOT_A_HEAP,       /* attach: no heap of this kind starts in the first span */
    HMM_FAULT_LAYOUT,           /* attach: a heap, but of another version, audit level, granule or byte order */
    HMM_FAULT_SPANS,            /* attach: the spans are not the heap's regions */
    HMM_FAULT_OWNER             /* heapmm/pool.h: the pool was abandoned or destroyed, so it has no owner */
} hmm_result;

/* Names a result, for messages.
 *
 * result: any number.
 * Returns a constant string, never NULL. May be called from anywhere.
 * Example:
 *     hmm_result_name(HMM_NO_ROOM) => "HMM_NO_ROOM"
 *     hmm_result_name(-1) => "unknown result" */
HMM_API const char *hmm_result_name(int result);

/* What an audit or a check found. */
typedef struct hmm_fault {
    hmm_result code;     /* what was found */
    const void *address; /* of the payload or of the metadata concerned, or of the pointer that was passed */
    const char *text;    /* one sentence in English, a constant string */
} hmm_fault;

/* A piece of memory. */
typedef struct hmm_span {
    void *memory; /* where it begins */
    size_t bytes; /* how long it is */
} hmm_span;

/* How a heap is to behave. Start from HMM_HEAP_OPTIONS and set what differs. */
typedef struct hmm_heap_options {
    /* sizeof(hmm_heap_options): lets a later version add fields. */
    size_t size;

    /* Most bytes that the heap is meant to manage, over all its regions; sizes the free index. 0: the first region's. A heap
     * that grows beyond it keeps working; then its largest free blocks share one tree, and the time bound grows with it. */
    size_t capacity;

    /* Called once for each fault, before anything was changed; context is options.context. It may abort, longjmp away, or
     * return, see "Faults" above. It may call read-only functions of the heap. NULL: hmm_fault_abort, or a trap where the heap
     * is compiled with HMM_HOSTED 0. */
    void (*on_fault)(void *context, const hmm_fault *fault);

    /* Called when an allocation of `size` bytes finds no free block, before it fails. It may add or extend a region, or free
     * blocks, but not the one that is being reallocated; if it returns true the allocation is tried once more. An aligned
     * allocation looks for more than `size` bytes, see hmm_heap_alloc_aligned. Not called for sizes that no block can have, nor
     * by in-place functions. NULL: none. */
    bool (*on_exhausted)(void *context, hmm_heap *heap, size_t size);

    /* Handed to both functions. */
    void *context;

    /* Key of the check values in headers. 0: a constant, so that a heap is deterministic to the byte. */
    uint64_t secret;
} hmm_heap_options;

/* Initialiser of hmm_heap_options: hmm_heap_options options = HMM_HEAP_OPTIONS; */
#define HMM_HEAP_OPTIONS \
    { sizeof(hmm_heap_options), 0, NULL, NULL, NULL, 0 }

/* The default fault handler of a hosted heap: prints "heapmm: NAME at ADDRESS: SENTENCE" on stderr and aborts. Does not return.
 *
 * context: ignored. fault: what is printed. */
HMM_API void hmm_fault_abort(void *context, const hmm_fault *fault);

/* ---- Making and unmaking ------------------------------------------------------------------------------------------------- */

/* Makes a heap in memory that the caller lends it.
 *
 * memory: any address; bytes up to the next granule are padding. bytes: at least HMM_HEAP_BLOCK_OVERHEAD + control block + one
 *   block, a few hundred bytes; at most HMM_HEAP_LARGEST_BLOCK + control block. options: NULL for the defaults; not kept.
 * Returns the heap, which stands at the start of memory; or NULL after a fault, and memory is then untouched.
 * Faults (with options->on_fault): HMM_FAULT_OPTIONS, HMM_FAULT_REGION_SMALL, HMM_FAULT_REGION_LARGE, HMM_FAULT_REGION_WRAPS.
 *   HMM_FAULT_OPTIONS goes to the default handler, since options->on_fault cannot be trusted then.
 * The control block, free index included, takes at most a 64th of the capacity (512 bytes for 32 KiB) or 350 bytes, whichever
 * is more, and never more than 5 KiB.
 * Time: O(index), bounded. At audit level 2 linear.
 * Example:
 *     static max_align_t buffer[64];
 *     hmm_heap *small = hmm_heap_create(buffer, sizeof buffer, NULL);
 *     small != NULL => true */
HMM_API HMM_NODISCARD hmm_heap *hmm_heap_create(void *memory, size_t bytes, const hmm_heap_options *options);

/* Opens a heap that lies in memory already: mapped from a file, inherited, kept over a restart; perhaps at another address.
 *
 * regions: the spans that the heap had when it was last used, the one of hmm_heap_create first, the others in any order; all
 *   may have moved, but together and by a multiple of the granule and of 8. count: how many. options: as for create; capacity
 *   and secret are ignored (the heap has them). fault: NULL, or receives the reason of a failure.
 * Returns the heap, having stored the handlers and context of `options` in it and nothing else. Or NULL, nothing changed: the
 *   fault is in *fault; on_fault is not called.
 * Trusts nothing but the spans: magic, layout, checksums, regions, every block and the whole free index are verified, and
 *   arbitrary bytes never cause a crash, an endless loop or a read outside the spans.
 * Fails with: HMM_FAULT_NOT_A_HEAP, HMM_FAULT_LAYOUT, HMM_FAULT_SPANS, HMM_FAULT_OPTIONS, and every fault of hmm_heap_check.
 * Time: linear in blocks, and quadratic in regions.
 * Example: examples/heap_in_a_file.c. */
HMM_API HMM_NODISCARD hmm_heap *hmm_heap_attach(const hmm_span *regions, size_t count, const hmm_heap_options *options,
                                                hmm_fault *fault);

/* Ends a heap: forgets its regions, which are the caller's again, and makes the control block invalid. Allocated blocks cease to
 * exist, and the heap must not be used any more: check and attach will say that it is none. Nothing else needs to be released;
 * a heap need not be destroyed before its memory is reused, except under AddressSanitizer or valgrind, where this makes the
 * regions addressable again (those behind a damaged region record not). No faults.
 *
 * heap: a heap, or NULL, which does nothing.
 * Time: O(regions).
 * Example:
 *     void *memory = malloc(4096);
 *     hmm_heap *heap = hmm_heap_create(memory, 4096, NULL);
 *     hmm_heap_destroy(heap);
 *     free(memory); */
HMM_API void hmm_heap_destroy(hmm_heap *heap);

/* Adds a region.
 *
 * memory, bytes: as for create; at least a region record (32 bytes), a header and one block, each up to the next granule; in
 *   the reach of links, which is 2^31 granules (below, 2^16 less) from the control block. May touch another region but is never
 *   joined to it.
 * Returns HMM_OK, or the code of the fault, and memory is then untouched.
 * Faults: HMM_FAULT_REGION_SMALL, HMM_FAULT_REGION_LARGE, HMM_FAULT_REGION_WRAPS, HMM_FAULT_REGION_OVERLAPS,
 *   HMM_FAULT_REGION_FAR.
 * Example:
 *     static max_align_t second_bank[256];
 *     hmm_heap_add_region(heap, second_bank, sizeof second_bank) => HMM_OK */
HMM_API int hmm_heap_add_region(hmm_heap *heap, void *memory, size_t bytes);

/* Adds bytes that directly follow the end of a region.
 *
 * memory: the region's start, as it was lent. more_bytes: any number; 0 does nothing. What is too little for a block is kept as
 *   padding and counts when more comes.
 * Returns HMM_OK, or the code of the fault, and nothing has changed.
 * Faults: HMM_FAULT_REGION_UNKNOWN, HMM_FAULT_REGION_LARGE, HMM_FAULT_REGION_WRAPS, HMM_FAULT_REGION_OVERLAPS,
 *   HMM_FAULT_REGION_FAR.
 * Example:
 *     static max_align_t buffer[512];
 *     hmm_heap *heap = hmm_heap_create(buffer, sizeof buffer / 2, NULL);
 *     hmm_heap_extend_region(heap, buffer, sizeof buffer / 2) => HMM_OK */
HMM_API int hmm_heap_extend_region(hmm_heap *heap, void *memory, size_t more_bytes);

/* Gives back bytes at the end of a region, as far as they are free. May be called at any time.
 *
 * memory: the region's start. bytes: the most to give back.
 * Returns how many bytes the region's end has moved down, at most `bytes`: when the last block is allocated, no more than the
 *   few bytes behind it that were too little for a block. They are the caller's again. Never leaves a piece that is too small
 *   for a block, so it may give back a little less than is free.
 * Faults: HMM_FAULT_REGION_UNKNOWN; returns 0.
 * Example, a heap on 16 KiB at `memory`, all free:
 *     hmm_heap_shrink_region(heap, memory, 8192) => 8192 */
HMM_API size_t hmm_heap_shrink_region(hmm_heap *heap, void *memory, size_t bytes);

/* Gives back a whole region, when nothing in it is allocated. The region of hmm_heap_create holds the control block and stays.
 *
 * memory: the region's start, as it was lent.
 * Returns HMM_OK: the region is the caller's again. HMM_IN_USE: it holds an allocated block or the control block. Or a fault.
 * Faults: HMM_FAULT_REGION_UNKNOWN.
 * Example:
 *     void *extra = malloc(4096);
 *     hmm_heap_add_region(heap, extra, 4096) => HMM_OK
 *     if (hmm_heap_remove_region(heap, extra) == HMM_OK) free(extra); */
HMM_API int hmm_heap_remove_region(hmm_heap *heap, void *memory);

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

/* Allocates a block.
 *
 * size: wanted usable size; 0 gives a smallest block.
 * Returns a payload aligned to the granule, its contents undefined, from the smallest free block that fits; among equals from the
 *   most recently freed. A smaller request takes the low end of that free block, one of HMM_SPLIT_HIGH_BYTES (2 KiB) or more the
 *   high end. Returns NULL if no free block fits, on_exhausted did not help, or the size is beyond the largest block; and on a
 *   fault.
 * Example, with a granule of 16, where this takes 16 bytes of the heap and then 32:
 *     char *name = hmm_heap_alloc(heap, 12);
 *     char *longer_name = hmm_heap_alloc(heap, 13); */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_heap_alloc(hmm_heap *heap, size_t size);

/* Allocates an array, all bytes zero.
 *
 * count: how many elements. size: bytes of each.
 * Returns as hmm_heap_alloc for the product; NULL also if that overflows.
 * Time: linear in the product.
 * Example:
 *     int *squares = hmm_heap_alloc_zeroed(heap, 100, sizeof *squares);
 *     squares[99] => 0 */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_heap_alloc_zeroed(hmm_heap *heap, size_t count, size_t size);

/* Allocates a block whose payload is aligned.
 *
 * alignment: a power of two, else NULL. Up to the granule this is hmm_heap_alloc. size: as for hmm_heap_alloc.
 * Returns a payload at the lowest aligned place of the smallest free block that holds size + alignment - granule + smallest
 *   block, whatever lies in front and behind staying free. May therefore return NULL although an aligned place exists.
 *   Otherwise as hmm_heap_alloc.
 * Example:
 *     char *page = hmm_heap_alloc_aligned(heap, 4096, 100);
 *     (uintptr_t)page % 4096 => 0 */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_heap_alloc_aligned(hmm_heap *heap, size_t alignment, size_t size);

/* Allocates what is wanted, or else as much as there is in one piece.
 *
 * needed: least usable size. wanted: most; needed > wanted gives NULL. got: NULL, or receives the usable size (0 on failure).
 * Returns a best fit for `wanted`; if there is none, the whole largest free block if that holds `needed`; else as hmm_heap_alloc
 *   NULL, after on_exhausted was asked for `needed`.
 * Example, a heap on 16 KiB, all free:
 *     size_t got;
 *     char *all = hmm_heap_alloc_greedy(heap, 100, 100000, &got);
 *     got == hmm_heap_usable_size(heap, all) => true
 *     hmm_heap_largest_free(heap) => 0 */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_heap_alloc_greedy(hmm_heap *heap, size_t needed, size_t wanted, size_t *got);

/* ---- Changing the size --------------------------------------------------------------------------------------------------- */

/* Resizes an allocated block without moving it.
 *
 * size: wanted usable size; 0 shrinks to the smallest block.
 * Returns HMM_OK, and hmm_heap_usable_size(heap, p) >= size; HMM_NO_ROOM when the free space after the block is too small;
 *   HMM_BAD_SIZE for a size that no block can have: block, contents and heap are then untouched. Growing takes the lower part
 *   of the following free block, shrinking gives the tail back and coalesces it. Never changes p.
 * Faults: p not an allocated block of this heap, NULL included, see hmm_heap_free; returns the code.
 * Example, with a granule of 16 and the rest of a heap on 16 KiB free behind p:
 *     char *p = hmm_heap_alloc(heap, 44);
 *     hmm_heap_resize(heap, p, 100) => HMM_OK
 *     hmm_heap_usable_size(heap, p) => 108
 *     hmm_heap_resize(heap, p, 100000) => HMM_NO_ROOM
 *     hmm_heap_usable_size(heap, p) => 108 */
HMM_API int hmm_heap_resize(hmm_heap *heap, void *p, size_t size);

/* Resizes a block in place as far as there is room.
 *
 * needed: least usable size. wanted: most; needed > wanted gives HMM_BAD_SIZE. got: NULL, or receives the usable size afterwards
 *   (on failure too, 0 on a fault).
 * Returns HMM_OK: the block has grown towards `wanted` as far as the following free block allows, to at least `needed`; or it has
 *   shrunk to `wanted`, which was smaller. HMM_NO_ROOM: `needed` cannot be had in place, nothing changed. Or a fault as for
 *   hmm_heap_resize.
 * Example, with a granule of 16, 64 bytes free behind p and no more:
 *     char *p = hmm_heap_alloc(heap, 44), *q = hmm_heap_alloc(heap, 60), *r = hmm_heap_alloc(heap, 60);
 *     hmm_heap_free(heap, q);
 *     size_t got;
 *     hmm_heap_resize_greedy(heap, p, 60, 1000, &got) => HMM_OK
 *     got => 108 */
HMM_API int hmm_heap_resize_greedy(hmm_heap *heap, void *p, size_t needed, size_t wanted, size_t *got);

/* Resizes a block, moving it if need be.
 *
 * p: an allocated block, or NULL to allocate. size: wanted usable size; 0 gives a smallest block and never frees.
 * Returns the block, its contents kept up to the smaller usable size, aligned to the granule; p is then no longer valid
 *   unless it is what was returned. In place if resize can; else into the free block before it, its contents moved down; else
 *   to a new block as of hmm_heap_alloc. NULL if none of these is possible, or on a fault: p is then untouched and still
 *   allocated. (A fault handler that does not return, from a fault found after on_exhausted changed what surrounds p, leaves the
 *   new block allocated, too.)
 * Faults: as hmm_heap_free. Time: linear in the contents when the block moves.
 * Example:
 *     char *text = hmm_heap_alloc(heap, 100);
 *     char *longer = hmm_heap_realloc(heap, text, 200);
 *     if (longer != NULL) text = longer; */
HMM_API HMM_NODISCARD void *hmm_heap_realloc(hmm_heap *heap, void *p, size_t size);

/* Resizes a block, moving it if need be or if it is not aligned.
 *
 * p, size: as for hmm_heap_realloc. alignment: a power of two; up to the granule this is hmm_heap_realloc.
 * Returns as hmm_heap_realloc, and the result is aligned as by hmm_heap_alloc_aligned: in place when p is so aligned and resize
 *   can, else a new aligned block. NULL also if the alignment is no power of two.
 * Example:
 *     char *page = hmm_heap_alloc_aligned(heap, 1024, 1000);
 *     page = hmm_heap_realloc_aligned(heap, page, 1024, 2000);
 *     (uintptr_t)page % 1024 => 0 */
HMM_API HMM_NODISCARD void *hmm_heap_realloc_aligned(hmm_heap *heap, void *p, size_t alignment, size_t size);

/* Frees a block and coalesces it with its free neighbours.
 *
 * p: an allocated block, invalid afterwards; or NULL, which does nothing.
 * Faults: HMM_FAULT_OUTSIDE, HMM_FAULT_MISALIGNED, HMM_FAULT_NOT_ALLOCATED (freed already), HMM_FAULT_HEADER (no block starts at
 *   p, or its header or the next one was overwritten; also a block freed already and coalesced since); nothing is freed then.
 *   Not found: a header overwritten by a value that happens to be valid there (1 in 2^4; never one that differs in a single bit);
 *   a pointer into a payload that imitates two consecutive headers (about 1 in 2^8 times the chance that its bytes make a
 *   plausible size); and a stale pointer to memory that was handed out again.
 * Example:
 *     char *text = hmm_heap_alloc(heap, 100);
 *     hmm_heap_free(heap, text);
 *     text = NULL; */
HMM_API void hmm_heap_free(hmm_heap *heap, void *p);

/* ---- Asking -------------------------------------------------------------------------------------------------------------- */

/* Tells how many bytes of a payload the caller may use.
 *
 * p: an allocated block, or NULL.
 * Returns at least what was asked for; less than one granule more, unless that was less than a smallest block holds, a rest was
 *   too small for a block, or more was taken greedily. 0 for NULL, and after a fault.
 * Faults: as hmm_heap_free.
 * Example, with a granule of 16:
 *     hmm_heap_usable_size(heap, hmm_heap_alloc(heap, 12)) => 12
 *     hmm_heap_usable_size(heap, hmm_heap_alloc(heap, 13)) => 28 */
HMM_API size_t hmm_heap_usable_size(hmm_heap *heap, const void *p);

/* Returns the largest size for which hmm_heap_alloc would succeed now without on_exhausted; 0 if nothing is free, or if the
 * index is damaged there (hmm_heap_check says how).
 *
 * Time: at most one tree descent.
 * Example:
 *     size_t most = hmm_heap_largest_free(heap);
 *     void *all = hmm_heap_alloc(heap, most);
 *     all != NULL => true */
HMM_API size_t hmm_heap_largest_free(const hmm_heap *heap);

/* Tells whether an address belongs to a heap.
 *
 * p: any address.
 * Returns whether it lies in a region of this heap, between its first block and its end: inside a block, allocated or free.
 * Example:
 *     char *p = hmm_heap_alloc(heap, 100);
 *     if (hmm_heap_contains(heap, p)) hmm_heap_free(heap, p);
 *     else free(p); */
HMM_API bool hmm_heap_contains(const hmm_heap *heap, const void *p);

/* What a heap holds. Bytes count whole blocks, headers included, unless it says usable. With HMM_STATS 0 the first five and the
 * block counts are found by walking over the blocks, and peak_in_use, allocations, frees and failures are 0. */
typedef struct hmm_heap_statistics {
    size_t bytes_total;     /* in all regions, as lent; changes with the regions only */
    size_t bytes_in_use;    /* in allocated blocks; rises and falls */
    size_t bytes_free;      /* in free blocks; rises and falls */
    size_t bytes_overhead;  /* control block, region records, padding, ends of regions: total - in use - free */
    size_t largest_free;    /* bytes of the largest free block; rises and falls */
    size_t peak_in_use;     /* highest bytes_in_use so far; never falls */
    size_t blocks_in_use;   /* number of allocated blocks; rises and falls */
    size_t blocks_free;     /* number of free blocks; rises and falls */
    size_t allocations;     /* blocks handed out so far; never falls, wraps at SIZE_MAX */
    size_t frees;           /* blocks freed so far; never falls, wraps at SIZE_MAX */
    size_t failures;        /* requests answered by NULL, HMM_NO_ROOM or HMM_BAD_SIZE, faults aside; never falls, wraps */
    unsigned fragmentation; /* external, in per mille: 1000 * (1 - largest_free / bytes_free), rounded down; 0 if none is free */
} hmm_heap_statistics;

/* Tells what a heap holds. A realloc that takes a new block counts as one allocation and one free; one that resizes in place or
 * moves into the free block before, as none.
 *
 * stats: filled; with zeros if the control block is damaged.
 * Time: that of hmm_heap_largest_free; linear in blocks with HMM_STATS 0.
 * Example:
 *     hmm_heap_statistics stats;
 *     hmm_heap_stats(heap, &stats);
 *     stats.blocks_in_use => 0 */
HMM_API void hmm_heap_stats(const hmm_heap *heap, hmm_heap_statistics *stats);

/* A block as the walk shows it. */
typedef struct hmm_block {
    const void *memory; /* the payload: what hmm_heap_alloc returned, if it is allocated */
    size_t usable;      /* bytes of payload, at audit level 2 less the canary if it is allocated */
    size_t bytes;       /* of the whole block; the next block's payload is at memory + bytes, within a region */
    bool free;          /* whether it is free; else it is allocated */
} hmm_block;

/* Calls visit(context, block) for every block, regions in order of address, blocks in order of address, until it returns false.
 *
 * visit: must not change the heap.
 * Returns HMM_OK after the last block, HMM_STOPPED after a false, or the code of a fault: the walk ends before a damaged block, or
 *   does not begin if the control block is damaged; on_fault is not called.
 * Time: linear in blocks.
 * Example: examples/sqlite_in_a_heap/picture.c draws a heap with it. */
HMM_API int hmm_heap_walk(const hmm_heap *heap, bool (*visit)(void *context, const hmm_block *block), void *context);

/* Checks the whole heap: control block, region records, every block, every link, the free index against the blocks, every
 * counter against what it counts; at audit level 2 every canary and every free payload. Read-only.
 *
 * fault: NULL, or receives the first fault, or {HMM_OK, NULL, a sentence} if there is none. on_fault is not called.
 * Returns HMM_OK or the code. Whatever was overwritten, it never crashes, loops, or reads outside the regions.
 * Time: linear in blocks.
 * Example:
 *     hmm_fault fault;
 *     if (hmm_heap_check(heap, &fault) != HMM_OK) puts(fault.text); */
HMM_API int hmm_heap_check(const hmm_heap *heap, hmm_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
