/* pool.c: the public functions of a pool.
 *
 * SPDX-License-Identifier: MIT
 *
 * Each of the owner's begins by making sure that there is one. Those that name a block look whether it waits in the queue, those that
 * allocate drain a little; the rest is the heap's. */
#include "drain.h"

/* ---- The owner ----------------------------------------------------------------------------------------------------------- */

HMM_INLINE bool has_owner(const struct hmm_pool *pool) {
    return HMM_AUDIT_LEVEL < 1 || cell_load_relaxed(&pool->owner) == HMM_POOL_OWNED;
}

HMM_OUTLINE int report_no_owner(const struct hmm_pool *pool) {
    return report_fault(pool, HMM_FAULT_OWNER, pool, "the pool was abandoned or destroyed: nobody owns it");
}

/* HMM_OK, or the code of the fault that was reported. */
HMM_INLINE int audit_owner(const struct hmm_pool *pool) {
    return HMM_UNLIKELY(!has_owner(pool)) ? report_no_owner(pool) : HMM_OK;
}

HMM_INTERNAL bool waits(const struct hmm_pool *pool, const void *p) {
    if (p == NULL || (uintptr_t)p % HMM_HEAP_GRANULE != 0 || !lies_inside(pool, (uintptr_t)p)) return false; /* the heap tells */
    hmm_memory_enter();
    bool waiting = bears_mark(pool, (uintptr_t)p, cell_load_acquire(mark_cell((uintptr_t)p)));
    looked_at_bytes(&waiting, sizeof waiting);
    hmm_memory_leave();
    return waiting;
}

HMM_OUTLINE int report_twice(const struct hmm_pool *pool, const void *p) {
    return report_fault(pool, HMM_FAULT_NOT_ALLOCATED, p, "the block was freed remotely already, and waits to be drained");
}

/* That there is an owner, and p does not wait in the queue. */
HMM_INTERNAL int audit_block(const struct hmm_pool *pool, const void *p) {
    if (HMM_AUDIT_LEVEL < 1) return HMM_OK;
    const int code = audit_owner(pool);
    return code != HMM_OK || !waits(pool, p) ? code : report_twice(pool, p);
}

/* ---- What the heap calls ------------------------------------------------------------------------------------------------- */

static void forward_fault(void *context, const hmm_fault *fault) {
    struct hmm_pool *pool = context;
    pool->heap_faults++;
    report_to_user(pool, fault);
}

/* Whether an allocation that failed would now find room, as far as can be told. */
HMM_INTERNAL bool has_room(const struct hmm_pool *pool, size_t size) {
    const size_t largest = hmm_heap_largest_free(heap_of(pool));
    return largest >= size && largest - size >= pool->slack;
}

static bool make_room(void *context, hmm_heap *heap, size_t size) {
    (void)heap;
    struct hmm_pool *pool = context;
    const bool drained = drain(pool, pool->drain_exhausted, pool->moving) != 0;
    if (drained && has_room(pool, size)) return true;
    const bool made = pool->on_exhausted != NULL && pool->on_exhausted(pool->context, pool, size);
    return made || drained;
}

/* ---- Making and unmaking ------------------------------------------------------------------------------------------------- */

HMM_INTERNAL void fill_in(struct hmm_pool *pool, void *memory, const hmm_pool_options *options) {
    const uint64_t secret = options->secret ^ options->secret >> 32;
    *pool = (struct hmm_pool){
        .magic = HMM_POOL_MAGIC,
        .key = mixed((hmm_shared)secret, (hmm_shared)0xBB67AE8584CAA73Bu),
        .memory = memory,
        .on_fault = options->on_fault,
        .on_exhausted = options->on_exhausted,
        .context = options->context,
        .drain = options->drain == 0 ? HMM_POOL_DRAIN : options->drain,
        .drain_exhausted = options->drain_exhausted == 0 ? SIZE_MAX : options->drain_exhausted,
        .head = 0,
        .owner = HMM_POOL_OWNED,
    };
    pool->seal = pool_seal(pool);
}

/* The bytes that a pool at this place has in front of its heap; 0 if that is all there is, or more. */
HMM_INTERNAL size_t bytes_in_front(const void *memory, size_t bytes) {
    const size_t front = hmm_padding((uintptr_t)memory, HMM_POOL_ALIGNMENT) + HMM_POOL_OFFSET;
    return memory == NULL || bytes <= front ? 0 : front;
}

HMM_INTERNAL struct hmm_pool *refuse(const hmm_pool_options *options, hmm_result code, const void *address, const char *text) {
    const hmm_fault fault = {code, address, text};
    tell_user(options->on_fault, options->context, &fault);
    return NULL;
}

HMM_INTERNAL struct hmm_pool *make(void *memory, size_t bytes, const hmm_pool_options *options) {
    const size_t front = bytes_in_front(memory, bytes);
    if (front == 0) return refuse(options, HMM_FAULT_REGION_SMALL, memory, "the region cannot hold a pool");
    if (hmm_span_wraps((uintptr_t)memory, bytes))
        return refuse(options, HMM_FAULT_REGION_WRAPS, memory, "the region runs past the end of the address space");

    struct hmm_pool *pool = (struct hmm_pool *)((uintptr_t)memory + front - HMM_POOL_OFFSET);
    const hmm_heap_options heap_options = {
        sizeof heap_options, options->capacity, forward_fault, make_room, pool, options->secret,
    };
    fill_in(pool, memory, options);
    return hmm_heap_create(heap_of(pool), bytes - front, &heap_options) == NULL ? NULL : pool;
}

struct hmm_pool *hmm_pool_create(void *memory, size_t bytes, const hmm_pool_options *options) {
    const hmm_pool_options defaults = HMM_POOL_OPTIONS;
    if (options == NULL) return make(memory, bytes, &defaults);
    if (options->size != sizeof *options)
        return refuse(&defaults, HMM_FAULT_OPTIONS, options, "options.size is not the size of a known version of the options");
    return make(memory, bytes, options);
}

void hmm_pool_destroy(struct hmm_pool *pool) {
    if (pool == NULL || audit_owner(pool) != HMM_OK) return;
    cell_store_relaxed(&pool->owner, 0);
    pool->magic = 0;
    hmm_heap_destroy(heap_of(pool));
}

/* The first region is in the heap's hands from its control block on. */
HMM_INTERNAL void *region_of_heap(const struct hmm_pool *pool, void *memory) {
    return memory == pool->memory ? heap_of(pool) : memory;
}

int hmm_pool_add_region(struct hmm_pool *pool, void *memory, size_t bytes) {
    const int code = audit_owner(pool);
    return code != HMM_OK ? code : hmm_heap_add_region(heap_of(pool), memory, bytes);
}

int hmm_pool_extend_region(struct hmm_pool *pool, void *memory, size_t more_bytes) {
    const int code = audit_owner(pool);
    return code != HMM_OK ? code : hmm_heap_extend_region(heap_of(pool), region_of_heap(pool, memory), more_bytes);
}

size_t hmm_pool_shrink_region(struct hmm_pool *pool, void *memory, size_t bytes) {
    if (audit_owner(pool) != HMM_OK) return 0;
    drain(pool, SIZE_MAX, NULL);
    return hmm_heap_shrink_region(heap_of(pool), region_of_heap(pool, memory), bytes);
}

int hmm_pool_remove_region(struct hmm_pool *pool, void *memory) {
    const int code = audit_owner(pool);
    if (code != HMM_OK) return code;
    drain(pool, SIZE_MAX, NULL);
    return hmm_heap_remove_region(heap_of(pool), region_of_heap(pool, memory));
}

/* ---- The remote side ----------------------------------------------------------------------------------------------------- */

HMM_OUTLINE int report_misplaced(const struct hmm_pool *pool, const void *p) {
    if ((uintptr_t)p % HMM_HEAP_GRANULE != 0)
        return report_fault(pool, HMM_FAULT_MISALIGNED, p, "the pointer is not a multiple of the granule: no block starts there");
    return report_fault(pool, HMM_FAULT_OUTSIDE, p, "the pointer is too far from the pool to be one of its blocks");
}

int hmm_pool_free_remote(struct hmm_pool *pool, void *p) {
    if (p == NULL) return HMM_OK;
    if (HMM_UNLIKELY(!is_pool(pool))) return report_no_pool(pool);
    const uintptr_t address = (uintptr_t)p;
    const int32_t link = link_to(pool, address);
    if (HMM_AUDIT_LEVEL >= 1 && HMM_UNLIKELY(address % HMM_HEAP_GRANULE != 0 || link == 0)) return report_misplaced(pool, p);

    hmm_memory_enter();
    const bool claimed = HMM_AUDIT_LEVEL < 1 || claim(pool, address);
    if (claimed) push(pool, address, link);
    hmm_memory_leave();
    return claimed ? HMM_OK : report_twice(pool, p);
}

size_t hmm_pool_collect(struct hmm_pool *pool, size_t most) {
    return audit_owner(pool) != HMM_OK ? 0 : drain(pool, most, NULL);
}

int hmm_pool_abandon(struct hmm_pool *pool) {
    const int code = audit_owner(pool);
    if (code == HMM_OK) cell_store_release(&pool->owner, HMM_POOL_ABANDONED);
    return code;
}

int hmm_pool_adopt(struct hmm_pool *pool) {
    if (HMM_UNLIKELY(!is_pool(pool))) return report_no_pool(pool);
    return cell_replace_acquire(&pool->owner, HMM_POOL_ABANDONED, HMM_POOL_OWNED) == HMM_POOL_ABANDONED ? HMM_OK : HMM_IN_USE;
}

/* ---- Allocating ---------------------------------------------------------------------------------------------------------- */

/* At audit level 2 a canary could leave less than the queue writes. */
HMM_INLINE size_t at_least_a_node(size_t size) {
    return HMM_AUDIT_LEVEL >= 2 && size < HMM_POOL_NODE_BYTES ? HMM_POOL_NODE_BYTES : size;
}

/* Before each allocation. moving: the block that is reallocated, or NULL. slack: what the alignment may cost. */
HMM_INLINE bool begin(struct hmm_pool *pool, const void *moving, size_t slack) {
    if (audit_owner(pool) != HMM_OK) return false;
    pool->moving = moving;
    pool->slack = slack;
    if (pool->chain != 0 || cell_load_relaxed(&pool->head) != 0) drain(pool, pool->drain, moving);
    return true;
}

void *hmm_pool_alloc(struct hmm_pool *pool, size_t size) {
    return begin(pool, NULL, 0) ? hmm_heap_alloc(heap_of(pool), at_least_a_node(size)) : NULL;
}

void *hmm_pool_alloc_zeroed(struct hmm_pool *pool, size_t count, size_t size) {
    if (!begin(pool, NULL, 0)) return NULL;
    if (hmm_product_overflows(count, size)) return hmm_heap_alloc_zeroed(heap_of(pool), count, size); /* which refuses it */
    return hmm_heap_alloc_zeroed(heap_of(pool), 1, at_least_a_node(count * size));
}

void *hmm_pool_alloc_aligned(struct hmm_pool *pool, size_t alignment, size_t size) {
    return begin(pool, NULL, alignment) ? hmm_heap_alloc_aligned(heap_of(pool), alignment, at_least_a_node(size)) : NULL;
}

void *hmm_pool_alloc_greedy(struct hmm_pool *pool, size_t needed, size_t wanted, size_t *got) {
    if (got != NULL) *got = 0;
    if (!begin(pool, NULL, 0)) return NULL;
    if (needed > wanted) return hmm_heap_alloc_greedy(heap_of(pool), needed, wanted, got);
    return hmm_heap_alloc_greedy(heap_of(pool), at_least_a_node(needed), at_least_a_node(wanted), got);
}

/* ---- Changing the size --------------------------------------------------------------------------------------------------- */

int hmm_pool_resize(struct hmm_pool *pool, void *p, size_t size) {
    const int code = audit_block(pool, p);
    return code != HMM_OK ? code : hmm_heap_resize(heap_of(pool), p, at_least_a_node(size));
}

int hmm_pool_resize_greedy(struct hmm_pool *pool, void *p, size_t needed, size_t wanted, size_t *got) {
    if (got != NULL) *got = 0;
    const int code = audit_block(pool, p);
    if (code != HMM_OK) return code;
    if (needed > wanted) return hmm_heap_resize_greedy(heap_of(pool), p, needed, wanted, got);
    return hmm_heap_resize_greedy(heap_of(pool), p, at_least_a_node(needed), at_least_a_node(wanted), got);
}

void *hmm_pool_realloc(struct hmm_pool *pool, void *p, size_t size) {
    if (audit_block(pool, p) != HMM_OK || !begin(pool, p, 0)) return NULL;
    return hmm_heap_realloc(heap_of(pool), p, at_least_a_node(size));
}

void *hmm_pool_realloc_aligned(struct hmm_pool *pool, void *p, size_t alignment, size_t size) {
    if (audit_block(pool, p) != HMM_OK || !begin(pool, p, alignment)) return NULL;
    return hmm_heap_realloc_aligned(heap_of(pool), p, alignment, at_least_a_node(size));
}

void hmm_pool_free(struct hmm_pool *pool, void *p) {
    if (p == NULL || audit_block(pool, p) != HMM_OK) return;
    hmm_heap_free(heap_of(pool), p);
}

/* ---- Asking -------------------------------------------------------------------------------------------------------------- */

size_t hmm_pool_usable_size(struct hmm_pool *pool, const void *p) {
    return p == NULL || audit_block(pool, p) != HMM_OK ? 0 : hmm_heap_usable_size(heap_of(pool), p);
}

size_t hmm_pool_largest_free(const struct hmm_pool *pool) {
    return audit_owner(pool) != HMM_OK ? 0 : hmm_heap_largest_free(heap_of(pool));
}

bool hmm_pool_contains(const struct hmm_pool *pool, const void *p) {
    return audit_owner(pool) == HMM_OK && hmm_heap_contains(heap_of(pool), p);
}

void hmm_pool_stats(const struct hmm_pool *pool, hmm_pool_statistics *stats) {
    *stats = (hmm_pool_statistics){.remote_pending = 0};
    if (audit_owner(pool) != HMM_OK) return;
    hmm_heap_stats(heap_of(pool), &stats->heap);
    const size_t front = (size_t)((uintptr_t)heap_of(pool) - (uintptr_t)pool->memory);
    stats->heap.bytes_total += front;
    stats->heap.bytes_overhead += front;
    hmm_fault fault;
    stats->remote_pending = count_waiting(pool, &fault);
    stats->remote_drained = pool->drained;
    stats->remote_faults = pool->tried - pool->drained;
}

int hmm_pool_walk(const struct hmm_pool *pool, bool (*visit)(void *context, const hmm_block *block), void *context) {
    const int code = audit_owner(pool);
    return code != HMM_OK ? code : hmm_heap_walk(heap_of(pool), visit, context);
}

/* What is wrong with the pool, its heap aside. */
HMM_INTERNAL int check_pool(const struct hmm_pool *pool, hmm_fault *fault) {
    *fault = (hmm_fault){HMM_OK, pool, "no fault was found"};
    if (pool->magic != HMM_POOL_MAGIC || pool->seal != pool_seal(pool))
        *fault = (hmm_fault){HMM_FAULT_CONTROL, pool, "the pool was overwritten, or destroyed"};
    else if (cell_load_relaxed(&pool->owner) != HMM_POOL_OWNED)
        *fault = (hmm_fault){HMM_FAULT_OWNER, pool, "the pool was abandoned: nobody owns it"};
    return (int)fault->code;
}

int hmm_pool_check(const struct hmm_pool *pool, hmm_fault *fault) {
    hmm_fault found;
    int code = check_pool(pool, &found);
    if (code == HMM_OK) code = hmm_heap_check(heap_of(pool), &found);
    if (code == HMM_OK) {
        count_waiting(pool, &found);
        code = (int)found.code;
    }
    if (fault != NULL) *fault = found;
    return code;
}
