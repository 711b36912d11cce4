/* pool_fixture.h: what the tests of the pool share.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_POOL_FIXTURE_H
#define HMM_TESTS_POOL_FIXTURE_H

#include "../heap/fixture.h"
#include "heapmm/pool.h"

static inline hmm_pool *noting_pool(void *memory, size_t bytes, fault_notes *notes) {
    hmm_pool_options options = HMM_POOL_OPTIONS;
    options.on_fault = note_fault;
    options.context = notes;
    *notes = (fault_notes){.count = 0};
    hmm_pool *pool = hmm_pool_create(memory, bytes, &options);
    EXPECT(pool != NULL);
    return pool;
}

static inline hmm_pool_statistics pool_stats_of(const hmm_pool *pool) {
    hmm_pool_statistics stats;
    hmm_pool_stats(pool, &stats);
    return stats;
}

static inline void expect_pool_sound(const char *file, int line, const hmm_pool *pool) {
    hmm_fault fault;
    if (hmm_pool_check(pool, &fault) == HMM_OK && fault.code == HMM_OK) return;
    fprintf(stderr, "%s:%d: the check finds %s at %p: %s\n", file, line, hmm_result_name((int)fault.code), fault.address,
            fault.text);
    exit(EXIT_FAILURE);
}

#define EXPECT_POOL_SOUND(pool) expect_pool_sound(__FILE__, __LINE__, pool)

static inline void expect_pool_check(const char *file, int line, const hmm_pool *pool, hmm_result code, const void *address) {
    hmm_fault fault;
    const int found = hmm_pool_check(pool, &fault);
    if (found == (int)code && fault.code == code && fault.address == address) return;
    fprintf(stderr, "%s:%d: the check finds %s at %p (%s), expected %s at %p\n", file, line, hmm_result_name(found),
            fault.address, fault.text, hmm_result_name((int)code), address);
    exit(EXIT_FAILURE);
}

#define EXPECT_POOL_CHECK(pool, code, address) expect_pool_check(__FILE__, __LINE__, pool, code, address)

/* A block of the pool, filled. */
static inline unsigned char *filled_block(hmm_pool *pool, size_t size, unsigned char value) {
    unsigned char *p = hmm_pool_alloc(pool, size);
    EXPECT(p != NULL);
    memset(p, value, size);
    return p;
}

#endif
