/* heapmm/malloc.h: malloc and its relatives, for any program.
 *
 * SPDX-License-Identifier: MIT
 *
 * A library of its own, libheapmm-malloc, with these functions under two names: the standard one, so that a program which links the
 * library, or is started with it preloaded, uses it everywhere; and the one below, for programs that name it. Both are the same
 * function: a block of hmm_malloc may be freed by free. C++'s operators new and delete are there too; linked statically, the nothrow
 * forms of new are those of the C++ runtime, which call the others and catch.
 *
 *     cc app.c -lheapmm-malloc                          linked
 *     heapmm-run PROGRAM ARGUMENTS...                   preloaded into a program that is there already
 *
 * For Linux on processors with 64-bit pointers, with the GNU C library.
 *
 * ## Parameters that are the same everywhere
 *
 * p      an allocated block.
 * size   bytes that the block is to hold at least.
 * count  how many times the size.
 *
 * ## What holds everywhere
 *
 * Blocks are aligned to 16 bytes. A function that fails returns NULL, or the number that it says, with errno ENOMEM; no other call
 * changes errno. A size beyond PTRDIFF_MAX fails. A program can have 256 GiB of blocks.
 *
 * All functions may be called by any thread at any time, before main and after it, in destructors of threads too, and by the child
 * of a fork, whichever threads there were. In such a child the blocks of the other threads stay as they are, and may be freed. A
 * signal handler may not call them.
 *
 * ## Wrong pointers
 *
 * free, realloc and malloc_usable_size verify the pointer before they change anything. One that is no allocated block (freed
 * already, by whatever thread; inside a block; on a stack; of another allocator), or a size told to a sized free or delete that cannot
 * be, gives a line on standard error and abort:
 *
 *     heapmm: free(0x7e2f51a01400): a block of 64 bytes that is free: freed twice, or used after free
 *
 * All that the verdict rests on lies apart from the blocks, so no overrun can falsify it. Not seen are
 * - a pointer to a block that was freed and has been handed out again;
 * - what is written to a block outside its bounds;
 * - a block that is freed by the thread that allocated it while another thread's free of it has not returned yet: it can be handed out
 *   twice.
 * That is what HEAPMM_CHECK=2 is for: it finds the last two, and the first for a while.
 *
 * ## Memory
 *
 * A block of up to 32 KiB has the size of the next class: a multiple of 16 up to 128 bytes, above at most an eighth more than asked
 * for; a larger one has the next multiple of 1 KiB. There are no headers. Memory that has been free for HEAPMM_PURGE_DELAY is given
 * back to the system by later calls, those that need or free more than the block at hand; if a program makes no calls any more, nothing
 * is given back.
 *
 * ## Environment
 *
 * HEAPMM_CHECK=0 to 3               how much is checked; default 1, see below
 * HEAPMM_ON_FAULT=abort or report   after a fault: end the process, which is the default, or go on; then nothing is freed, and realloc
 *                                   returns NULL with errno EINVAL
 * HEAPMM_PURGE_DELAY=milliseconds   default 500; 0: at once
 * HEAPMM_STATS=1                    prints how memory is used, as hmm_malloc_stats does, when the process ends
 * HEAPMM_VERBOSE=1                  says on standard error, at the start, that the library is in use
 *
 * Another variable that begins HEAPMM_ or another value is named on standard error, and otherwise ignored. The environment is read when
 * the library is initialized; what other libraries allocate before is not checked.
 *
 * ## Checks
 *
 * HEAPMM_CHECK=0   sizes told to sized frees are taken on trust.
 * HEAPMM_CHECK=1   wrong pointers, as above.
 * HEAPMM_CHECK=2   every byte between what was asked for and the end of the block, and 16 bytes before it, are verified when it is freed,
 *                  resized or asked for its size, and at the end of the process. A freed block is filled and used again only after
 *                  4096 others or 16 MiB; what was written to it meanwhile is found then, or at the end. Blocks of more than 4 MiB
 *                  are used again at once. The size told to a sized free must be the one that was asked for. Each block is at least 32 bytes
 *                  larger, and each call takes many times as long.
 * HEAPMM_CHECK=3   besides, one in 64 blocks of up to 64 KiB ends at, and begins behind, a page that cannot be accessed, and
 *                  when freed becomes inaccessible itself until 256 others have been freed: an access there ends the process at once, by
 *                  SIGSEGV, after a line on standard error unless the program has a handler of its own. */
#ifndef HEAPMM_MALLOC_H
#define HEAPMM_MALLOC_H

#include <stddef.h>

#include "heapmm/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Allocating and freeing ---------------------------------------------------------------------------------------------- */

/* Allocates a block. Its contents are whatever they are.
 *
 * size: 0 gives a smallest block.
 * Returns the block; or NULL if there is no memory. */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_malloc(size_t size);

/* Allocates a block of `count` times `size` bytes, all zero.
 *
 * Returns the block; or NULL if there is no memory or the product overflows. */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_calloc(size_t count, size_t size);

/* Frees a block.
 *
 * p: NULL does nothing. */
HMM_API void hmm_free(void *p);

/* Frees a block, as hmm_free does.
 *
 * size: what was asked for; more than the block's size or less than half of it is a fault. */
HMM_API void hmm_free_sized(void *p, size_t size);

/* Frees a block, as hmm_free does.
 *
 * alignment, size: what was asked for; the size is verified as by hmm_free_sized. */
HMM_API void hmm_free_aligned_sized(void *p, size_t alignment, size_t size);

/* Frees a block, as hmm_free does: a name from old times. */
HMM_API void hmm_cfree(void *p);

/* Makes a block larger or smaller, where it is if that is possible, else elsewhere with its contents. An alignment beyond 16 gets lost
 * when it moves.
 *
 * p: NULL allocates.
 * size: 0 frees p, as in the GNU C library.
 * Returns the block; or NULL if there is no memory, with the block as it was, or if size was 0. */
HMM_API HMM_NODISCARD void *hmm_realloc(void *p, size_t size);

/* The same as hmm_realloc with `count` times `size` bytes.
 *
 * Returns the same; also NULL, with the block as it was, if the product overflows. */
HMM_API HMM_NODISCARD void *hmm_reallocarray(void *p, size_t count, size_t size);

/* ---- Aligned ------------------------------------------------------------------------------------------------------------- */

/* Allocates a block at a multiple of an alignment.
 *
 * alignment: a power of two; with any other, the call fails with errno EINVAL.
 * Returns the block, or NULL. */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_aligned_alloc(size_t alignment, size_t size);

/* The same as hmm_aligned_alloc.
 *
 * alignment: a power of two.
 * Returns the same. */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_memalign(size_t alignment, size_t size);

/* Allocates a block at a multiple of 4096.
 *
 * Returns the block, or NULL. */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_valloc(size_t size);

/* Allocates a block at a multiple of 4096, and of a size that is one.
 *
 * Returns the block, or NULL. */
HMM_API HMM_NODISCARD HMM_MALLOC void *hmm_pvalloc(size_t size);

/* Allocates a block at a multiple of an alignment, and leaves errno alone.
 *
 * p: where the block is put; left as it is if there is none.
 * alignment: a power of two that is a multiple of sizeof(void *).
 * Returns 0; or EINVAL for another alignment; or ENOMEM. */
HMM_API int hmm_posix_memalign(void **p, size_t alignment, size_t size);

/* ---- Asking -------------------------------------------------------------------------------------------------------------- */

/* Tells the size of a block, all of which may be used.
 *
 * p: NULL gives 0.
 * Returns at least what was asked for; from HEAPMM_CHECK=2 on, exactly that. */
HMM_API size_t hmm_malloc_usable_size(void *p);

/* Gives back to the system the pages of all free memory, but for those in slabs of other threads, and in slabs that have blocks in use.
 *
 * keep: has no meaning here.
 * Returns 1 if there were such pages, else 0. */
HMM_API int hmm_malloc_trim(size_t keep);

/* Bytes, unless said. The members are those of struct mallinfo2 in <malloc.h>. Blocks in a slab are not counted one by one. */
struct hmm_malloc_numbers {
    size_t arena;    /* memory mapped for blocks; never falls */
    size_t ordblks;  /* 1 */
    size_t smblks;   /* 0 */
    size_t hblks;    /* number of allocated blocks of more than 32 KiB; rises and falls */
    size_t hblkhd;   /* in these; rises and falls */
    size_t usmblks;  /* 0 */
    size_t fsmblks;  /* 0 */
    size_t uordblks; /* in slabs and in these; rises and falls */
    size_t fordblks; /* the rest of arena; rises and falls */
    size_t keepcost; /* free, and not given back to the system; rises and falls */
};

/* Tells how memory is used.
 *
 * Returns the numbers at one moment. */
HMM_API struct hmm_malloc_numbers hmm_mallinfo2(void);

/* The same numbers as those of struct hmm_malloc_numbers, cut off where they do not fit: struct mallinfo in <malloc.h>. */
struct hmm_malloc_ints {
    int arena;    /* see there */
    int ordblks;  /* see there */
    int smblks;   /* see there */
    int hblks;    /* see there */
    int hblkhd;   /* see there */
    int usmblks;  /* see there */
    int fsmblks;  /* see there */
    int uordblks; /* see there */
    int fordblks; /* see there */
    int keepcost; /* see there */
};

/* The same as hmm_mallinfo2, for old programs.
 *
 * Returns the numbers at one moment. */
HMM_API struct hmm_malloc_ints hmm_mallinfo(void);

/* Prints how memory is used, on standard error: what is in use and was at most, what is free and what of that was given back to the
 * system; the small blocks by size; the addresses as a picture. */
HMM_API void hmm_malloc_stats(void);

/* Prints how memory is used, as XML.
 *
 * options: 0.
 * stream: a FILE *.
 * Returns 0; or EINVAL for other options. */
HMM_API int hmm_malloc_info(int options, void *stream);

/* Does nothing: none of the GNU C library's parameters has a meaning here.
 *
 * parameter, value: ignored.
 * Returns 0: nothing was changed. */
HMM_API int hmm_mallopt(int parameter, int value);

#ifdef __cplusplus
}
#endif

#endif
