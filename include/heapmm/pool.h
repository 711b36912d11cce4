/* heapmm/pool.h: a heap with an owner, whose blocks anyone may free.
 *
 * SPDX-License-Identifier: MIT
 *
 * A pool is a heap that belongs to one thread, core or main program, its owner, and a remote queue. The owner allocates and frees
 * as in a heap, without a lock. Any other thread, core or interrupt handler gives a block back with hmm_pool_free_remote: one push
 * onto the queue, without a lock, wherever the owner is at that moment. The owner takes what has come home while it allocates, a
 * bounded number of blocks each time.
 *
 *     static max_align_t buffer[1024];
 *     hmm_pool *pool = hmm_pool_create(buffer, sizeof buffer, NULL);
 *     char *message = hmm_pool_alloc(pool, 100);
 *     hmm_pool_free_remote(pool, message) => HMM_OK
 *
 * where the last line is that of another thread, to which the message was given. One pool for each thread is the usual way; several
 * pools may have one owner. examples/pool_per_thread.c and examples/free_in_a_handler.c are whole programs.
 *
 * ## Words, besides those of heapmm/heap.h
 *
 * owner         who may call every function but hmm_pool_free_remote and hmm_pool_adopt.
 * remote free   a block given back by hmm_pool_free_remote. It waits in the remote queue until the owner drains it.
 * remote queue  the blocks that wait, linked through their own bytes.
 * drain         to take blocks from the remote queue and free them in the heap.
 * abandon       to give up being the owner. adopt: to become the owner of a pool that has none.
 *
 * ## Parameters that are the same everywhere
 *
 * pool     a pool, as hmm_pool_create returned it, not destroyed since.
 * p        the payload of an allocated block of this pool. What else is allowed stands at the function.
 * context  options.context, or what was given with a visitor: handed through.
 *
 * ## What holds for every function
 *
 * All that heapmm/heap.h says of sizes, ownership of memory, faults, time and stack; in particular a function here whose namesake
 * is there does the same. Besides:
 *
 * Threads   Calls by the owner must not overlap, among themselves or with hmm_pool_destroy. hmm_pool_free_remote and
 *           hmm_pool_adopt may be called by anybody at any time, also by an interrupt handler on the owner's own core while the
 *           owner is inside any function of the pool, and also by the owner; they read nothing that the owner writes but the
 *           head of the queue (or the mark of ownership), and they never wait. Giving a block to another thread is the user's
 *           business, and must happen in a way that orders what was done before with what is done after: a queue, a mutex, an
 *           atomic store with release and a load with acquire. What a thread did with a block before its remote free has then
 *           happened before the block is handed out again.
 * Freeing   A block goes back to its own pool, once, by hmm_pool_free (owner) or hmm_pool_free_remote (anyone). From a remote
 *           free on, the block's first HMM_POOL_NODE_BYTES bytes are the queue's.
 * Faults    are reported to options.on_fault: those of hmm_pool_free_remote in the thread that calls it, several at the same time
 *           perhaps; all others in the owner's. Which misuse is found where is said at hmm_pool_free_remote. A fault handler may
 *           abort, longjmp or return, as for a heap.
 * Waiting   Blocks that wait in the queue count as allocated in everything that asks about the heap.
 * Time      hmm_pool_free_remote: a few instructions, and again for each other push that came in between (lock-free). Allocating:
 *           the bound of the heap, and options.drain times that of a free. When no free block fits, options.drain_exhausted
 *           times that of a free more: without that limit the time is linear in what waits.
 * Stack     hmm_pool_free_remote needs no more than 256 bytes, on x86-64 and optimised; the others what the heap needs, 2 KiB.
 *
 * A pool is not attached: what waits is marked with its address. Its regions must stay where they are.
 *
 * ## Built with
 *
 * The macros of heapmm/heap.h. At audit level 0 the queue too believes everything. And:
 *
 * HMM_CRITICAL_SECTIONS  0 (default): C11 atomics, <stdatomic.h>, free of locks. 1: for a single core without compare-and-swap, such
 *                        as a Cortex-M0: the few accesses stand between HMM_CRITICAL_ENTER() and HMM_CRITICAL_LEAVE(state), which
 *                        you define (-include port.h): the first keeps interrupt handlers away and returns how it was before, an
 *                        unsigned; the second gets that. Each section is about ten instructions.
 * HMM_CACHE_LINE         bytes that cores exchange as one: what pushers write and what the owner writes is kept so far apart.
 *                        Default 64, or 8 where pointers have less than 8 bytes. */
#ifndef HEAPMM_POOL_H
#define HEAPMM_POOL_H

#include "heapmm/heap.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A pool. Opaque: it stands at the start of its first region, in front of its heap. */
typedef struct hmm_pool hmm_pool;

/* Remote frees that one allocation drains at most, unless options.drain says otherwise. */
#define HMM_POOL_DRAIN ((size_t)4)

/* Bytes at the start of a block that a remote free overwrites. */
#define HMM_POOL_NODE_BYTES ((size_t)(sizeof(void *) < 8 ? 8 : 12))

/* How a pool is to behave. Start from HMM_POOL_OPTIONS and set what differs. */
typedef struct hmm_pool_options {
    /* sizeof(hmm_pool_options): lets a later version add fields. */
    size_t size;

    /* As in hmm_heap_options. */
    size_t capacity;

    /* As in hmm_heap_options; called by hmm_pool_free_remote in the thread, or interrupt handler, that calls that. */
    void (*on_fault)(void *context, const hmm_fault *fault);

    /* As in hmm_heap_options; called by the owner, when what waited has been drained and still no free block fits. */
    bool (*on_exhausted)(void *context, hmm_pool *pool, size_t size);

    /* Handed to both functions. */
    void *context;

    /* Key of the check values in headers and of the marks on blocks that wait. 0: a constant. Pools of one program best share
     * one: a block that waits in one pool is then recognised when it is freed into another. */
    uint64_t secret;

    /* Most remote frees that one allocation drains before it looks for a free block. 0: HMM_POOL_DRAIN. More than one, so that the
     * queue becomes shorter where as many blocks are allocated as come home. */
    size_t drain;

    /* Most remote frees that an allocation drains when no free block fits, before it asks on_exhausted and fails. 0: all. */
    size_t drain_exhausted;
} hmm_pool_options;

/* Initialiser of hmm_pool_options: hmm_pool_options options = HMM_POOL_OPTIONS; */
#define HMM_POOL_OPTIONS \
    { sizeof(hmm_pool_options), 0, NULL, NULL, NULL, 0, 0, 0 }

/* ---- Making and unmaking ------------------------------------------------------------------------------------------------- */

/* Makes a pool in memory that the caller lends it. The caller is the owner.
 *
 * memory, bytes: as for hmm_heap_create, which gets what is left behind the pool's own three cache lines (192 bytes on 64 bit)
 *   and the alignment to one. options: NULL for the defaults; not kept.
 * Returns the pool; or NULL after a fault, and the start of memory may have been written.
 * Faults: HMM_FAULT_OPTIONS, HMM_FAULT_REGION_SMALL, HMM_FAULT_REGION_LARGE, HMM_FAULT_REGION_WRAPS, as of hmm_heap_create.
 * Example:
 *     static max_align_t buffer[128];
 *     hmm_pool *small = hmm_pool_create(buffer, sizeof buffer, NULL);
 *     small != NULL => true */
HMM_API HMM_NODISCARD hmm_pool *hmm_pool_create(void *memory, size_t bytes, const hmm_pool_options *options);

/* Ends a pool, as hmm_heap_destroy does a heap: by its owner, when nobody will push any more. What waits ceases to exist with
 * everything else. A later use of the pool is a fault as long as its memory is not reused.
 *
 * pool: a pool, or NULL, which does nothing.
 * Example:
 *     hmm_pool_destroy(pool); */
HMM_API void hmm_pool_destroy(hmm_pool *pool);

/* Adds a region, as hmm_heap_add_region. Others may push meanwhile.
 *
 * memory, bytes: the region.
 * Returns HMM_OK, or the code of the fault, and memory is then untouched.
 * Faults: those of hmm_heap_add_region.
 * Example:
 *     static max_align_t second_bank[256];
 *     hmm_pool_add_region(pool, second_bank, sizeof second_bank) => HMM_OK */
HMM_API int hmm_pool_add_region(hmm_pool *pool, void *memory, size_t bytes);

/* Adds bytes that directly follow the end of a region, as hmm_heap_extend_region.
 *
 * memory: the region's start, as it was lent. more_bytes: any number.
 * Returns HMM_OK, or the code of the fault, and nothing has changed.
 * Faults: those of hmm_heap_extend_region.
 * Example:
 *     static max_align_t buffer[512];
 *     hmm_pool *pool = hmm_pool_create(buffer, sizeof buffer / 2, NULL);
 *     hmm_pool_extend_region(pool, buffer, sizeof buffer / 2) => HMM_OK */
HMM_API int hmm_pool_extend_region(hmm_pool *pool, void *memory, size_t more_bytes);

/* Drains all that waits, then gives back bytes at the end of a region, as hmm_heap_shrink_region.
 *
 * memory: the region's start. bytes: the most to give back.
 * Returns how many bytes the region's end has moved down, at most `bytes`.
 * Faults: HMM_FAULT_REGION_UNKNOWN; returns 0.
 * Time: linear in what waits.
 * Example, a pool on 16 KiB at `memory`, all free:
 *     hmm_pool_shrink_region(pool, memory, 8192) => 8192 */
HMM_API size_t hmm_pool_shrink_region(hmm_pool *pool, void *memory, size_t bytes);

/* Drains all that waits, then gives back a whole region, as hmm_heap_remove_region.
 *
 * memory: the region's start, as it was lent.
 * Returns HMM_OK: the region is the caller's again. HMM_IN_USE: it holds an allocated block or the pool. Or a fault.
 * Faults: HMM_FAULT_REGION_UNKNOWN.
 * Time: linear in what waits.
 * Example:
 *     void *extra = malloc(4096);
 *     hmm_pool_add_region(pool, extra, 4096) => HMM_OK
 *     if (hmm_pool_remove_region(pool, extra) == HMM_OK) free(extra); */
HMM_API int hmm_pool_remove_region(hmm_pool *pool, void *memory);

/* ---- The remote side ----------------------------------------------------------------------------------------------------- */

/* Gives a block back from anywhere: another thread, another core, an interrupt handler.
 *
 * p: an allocated block, or NULL, which does nothing.
 * Returns HMM_OK, and the block waits until the owner drains it; or the code of a fault seen at once, and nothing was done.
 *
 * Faults: some are seen at the push, here:
 *   HMM_FAULT_NOT_ALLOCATED: the block waits already, in this pool or in another with the same secret. A block whose contents
 *     imitate the mark would be taken for that, one in 2^64 with random contents (2^32 where pointers have less than 8 bytes).
 *   HMM_FAULT_MISALIGNED, HMM_FAULT_OUTSIDE (out of the reach of links, see hmm_heap_add_region): no block of this pool.
 *   HMM_FAULT_NOT_A_HEAP: pool is none, or was destroyed.
 * Others are seen by the owner when it drains; the block is skipped, and the rest of the queue drained as ever:
 *   HMM_FAULT_OUTSIDE: another pool's, or none. (Its first bytes have been overwritten, and it must still be mapped: the link to
 *     the next block stands there. It can then be freed into the right pool.)
 *   HMM_FAULT_NOT_ALLOCATED, HMM_FAULT_HEADER: freed already and not handed out since; or a pointer into a block; or damaged, see
 *     hmm_heap_free. The push has overwritten HMM_POOL_NODE_BYTES there: where that was the inside of a block, its contents; where
 *     it was a free block, its place in the free index, and what meets it, blocks of that size above all, reports HMM_FAULT_LINK.
 *   HMM_FAULT_WRITE_AFTER_FREE: the block was written to while it waited, and what it links to is not believed. It and those that
 *     were pushed before it and still wait are lost: they stay allocated.
 * Not found: a stale pointer to memory that was handed out again.
 * Time: two atomic operations, lock-free.
 * Example:
 *     void *p = hmm_pool_alloc(pool, 100);
 *     hmm_pool_free_remote(pool, p) => HMM_OK */
HMM_API int hmm_pool_free_remote(hmm_pool *pool, void *p);

/* Drains blocks that wait, of those that are there when it is called.
 *
 * most: how many at most; SIZE_MAX: all of them.
 * Returns how many have come home; bad ones, which are reported and skipped, are not counted, but `most` limits both together.
 * Time: linear in what was drained.
 * Example:
 *     void *p = hmm_pool_alloc(pool, 100);
 *     hmm_pool_free_remote(pool, p) => HMM_OK
 *     hmm_pool_collect(pool, SIZE_MAX) => 1 */
HMM_API size_t hmm_pool_collect(hmm_pool *pool, size_t most);

/* Gives up the pool: the owner's last call, or that of somebody who knows that the owner is gone and has synchronised with its
 * end (joined it). The pool and its blocks stay, remote frees are welcome and wait, and whoever adopts it is the next owner.
 *
 * Returns HMM_OK or the code of a fault.
 * Faults: HMM_FAULT_OWNER: nobody owns it.
 * Example:
 *     hmm_pool_abandon(pool) => HMM_OK
 *     hmm_pool_adopt(pool) => HMM_OK */
HMM_API int hmm_pool_abandon(hmm_pool *pool);

/* Takes over a pool that was abandoned. Of several who try at the same time one succeeds.
 *
 * Returns HMM_OK: the caller is the owner, and everything that the former one did has happened before. HMM_IN_USE: the pool has
 *   an owner. Or the code of a fault.
 * Faults: HMM_FAULT_NOT_A_HEAP: it is no pool, or was destroyed.
 * Example:
 *     hmm_pool_adopt(pool) => HMM_IN_USE */
HMM_API int hmm_pool_adopt(hmm_pool *pool);

/* ---- The owner's side ---------------------------------------------------------------------------------------------------- */

/* What follows are the functions of the heap, for the owner; their contracts stand in heapmm/heap.h. In addition:
 *
 * Those that allocate drain up to options.drain blocks first, and up to options.drain_exhausted more when no free block fits.
 * Those that take a block refuse one that waits in the queue: HMM_FAULT_NOT_ALLOCATED. Nobody can tell such a pointer from a good
 *   one any more when the block was drained and handed out again.
 * All report HMM_FAULT_OWNER for a pool that was abandoned or destroyed, and do nothing.
 * At audit level 2 no block has less than HMM_POOL_NODE_BYTES usable bytes; at the other levels that is so by itself. */

/* Allocates a block, as hmm_heap_alloc, after draining.
 *
 * size: wanted usable size.
 * Returns a payload, its contents undefined; or NULL.
 * Example:
 *     char *name = hmm_pool_alloc(pool, 12); */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_pool_alloc(hmm_pool *pool, size_t size);

/* Allocates an array, all bytes zero, as hmm_heap_alloc_zeroed, after draining.
 *
 * count: how many elements. size: bytes of each.
 * Returns a payload, or NULL.
 * Time: linear in the product.
 * Example:
 *     int *squares = hmm_pool_alloc_zeroed(pool, 100, sizeof *squares);
 *     squares[99] => 0 */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_pool_alloc_zeroed(hmm_pool *pool, size_t count, size_t size);

/* Allocates an aligned block, as hmm_heap_alloc_aligned, after draining.
 *
 * alignment: a power of two. size: wanted usable size.
 * Returns a payload, or NULL.
 * Example:
 *     void *line = hmm_pool_alloc_aligned(pool, 64, 100);
 *     (uintptr_t)line % 64 => 0 */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_pool_alloc_aligned(hmm_pool *pool, size_t alignment, size_t size);

/* Allocates what is wanted, or else as much as there is in one piece, as hmm_heap_alloc_greedy, after draining.
 *
 * needed: least usable size. wanted: most. got: NULL, or receives the usable size (0 on failure).
 * Returns a payload, or NULL.
 * Example:
 *     size_t got;
 *     void *buffer = hmm_pool_alloc_greedy(pool, 100, SIZE_MAX, &got);
 *     got > 8192 => true */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_pool_alloc_greedy(hmm_pool *pool, size_t needed, size_t wanted, size_t *got);

/* Resizes a block without moving it, as hmm_heap_resize. Drains nothing.
 *
 * size: wanted usable size.
 * Returns HMM_OK, HMM_NO_ROOM, HMM_BAD_SIZE or the code of a fault.
 * Example:
 *     void *p = hmm_pool_alloc(pool, 100);
 *     hmm_pool_resize(pool, p, 50) => HMM_OK */
HMM_API int hmm_pool_resize(hmm_pool *pool, void *p, size_t size);

/* Resizes a block in place as far as there is room, as hmm_heap_resize_greedy. Drains nothing.
 *
 * needed: least usable size. wanted: most. got: NULL, or receives the usable size afterwards.
 * Returns HMM_OK, HMM_NO_ROOM, HMM_BAD_SIZE or the code of a fault.
 * Example:
 *     void *p = hmm_pool_alloc(pool, 100);
 *     hmm_pool_resize_greedy(pool, p, 50, 200, NULL) => HMM_OK */
HMM_API int hmm_pool_resize_greedy(hmm_pool *pool, void *p, size_t needed, size_t wanted, size_t *got);

/* Resizes a block, moving it if need be, as hmm_heap_realloc, after draining.
 *
 * p: an allocated block, or NULL to allocate. size: wanted usable size.
 * Returns the block, perhaps at another place; or NULL, and p is untouched.
 * Time: linear in the contents when the block moves.
 * Example:
 *     char *text = hmm_pool_alloc(pool, 100);
 *     char *longer = hmm_pool_realloc(pool, text, 200);
 *     if (longer != NULL) text = longer; */
HMM_API HMM_NODISCARD void *hmm_pool_realloc(hmm_pool *pool, void *p, size_t size);

/* As hmm_pool_realloc, and the result is aligned, as by hmm_heap_realloc_aligned.
 *
 * p: an allocated block, or NULL to allocate. alignment: a power of two. size: wanted usable size.
 * Returns the block, perhaps at another place; or NULL, and p is untouched.
 * Time: linear in the contents when the block moves.
 * Example:
 *     void *line = hmm_pool_realloc_aligned(pool, NULL, 64, 100);
 *     (uintptr_t)line % 64 => 0 */
HMM_API HMM_NODISCARD void *hmm_pool_realloc_aligned(hmm_pool *pool, void *p, size_t alignment, size_t size);

/* Frees a block, as hmm_heap_free: by the owner. Drains nothing.
 *
 * p: an allocated block, or NULL, which does nothing.
 * Faults: those of hmm_heap_free, and HMM_FAULT_NOT_ALLOCATED for a block that waits.
 * Example:
 *     void *p = hmm_pool_alloc(pool, 100);
 *     hmm_pool_free(pool, p); */
HMM_API void hmm_pool_free(hmm_pool *pool, void *p);

/* The bytes of p's payload that the user may use, as hmm_heap_usable_size.
 *
 * p: an allocated block, or NULL, which gives 0.
 * Returns the usable size; 0 on a fault.
 * Example:
 *     void *p = hmm_pool_alloc(pool, 100);
 *     hmm_pool_usable_size(pool, p) >= 100 => true */
HMM_API size_t hmm_pool_usable_size(hmm_pool *pool, const void *p);

/* The largest size that could be allocated now, as hmm_heap_largest_free; what waits is not counted.
 *
 * Returns the size; 0 if nothing is free.
 * Example:
 *     hmm_pool_largest_free(pool) > 8192 => true */
HMM_API size_t hmm_pool_largest_free(const hmm_pool *pool);

/* Whether an address lies in a region of this pool, as hmm_heap_contains.
 *
 * p: any address.
 * Returns whether it lies inside a block, allocated or free.
 * Example:
 *     hmm_pool_contains(pool, hmm_pool_alloc(pool, 100)) => true */
HMM_API bool hmm_pool_contains(const hmm_pool *pool, const void *p);

/* What a pool holds, and what came home. */
typedef struct hmm_pool_statistics {
    hmm_heap_statistics heap; /* its bytes_overhead includes the pool's own; blocks that wait are in use */
    size_t remote_pending;    /* remote frees that wait; rises and falls */
    size_t remote_drained;    /* remote frees that have come home so far; never falls, wraps at SIZE_MAX */
    size_t remote_faults;     /* remote frees that were found bad by draining so far; never falls, wraps */
} hmm_pool_statistics;

/* Says what a pool holds.
 *
 * stats: receives it.
 * Time: that of hmm_heap_stats, and linear in the remote frees that wait, which are counted.
 * Example:
 *     hmm_pool_statistics stats;
 *     hmm_pool_stats(pool, &stats);
 *     stats.remote_pending => 0 */
HMM_API void hmm_pool_stats(const hmm_pool *pool, hmm_pool_statistics *stats);

/* Shows every block to a visitor, as hmm_heap_walk.
 *
 * visit: called with each block, until it returns false.
 * Returns HMM_OK, HMM_STOPPED or the code of a fault.
 * Time: linear in blocks. */
HMM_API int hmm_pool_walk(const hmm_pool *pool, bool (*visit)(void *context, const hmm_block *block), void *context);

/* Checks the pool, its heap as hmm_heap_check does, and each block that waits: that it lies in the pool and bears its mark.
 * Read-only.
 *
 * fault: NULL, or receives the first fault, or {HMM_OK, an address or NULL, a sentence} if there is none.
 * Returns HMM_OK or the code. Finds besides: HMM_FAULT_OWNER, HMM_FAULT_CONTROL; HMM_FAULT_OUTSIDE and HMM_FAULT_WRITE_AFTER_FREE
 *   of blocks that wait, and HMM_FAULT_LINK when the queue is a circle.
 * Time: linear in blocks.
 * Example:
 *     hmm_pool_check(pool, NULL) => HMM_OK */
HMM_API int hmm_pool_check(const hmm_pool *pool, hmm_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
