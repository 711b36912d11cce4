/* classic_fixture.h: what the tests of the classic heap have in common: short names of one configuration, and its layout, written
 * down here once more.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HMM_TESTS_CLASSIC_FIXTURE_H
#define HMM_TESTS_CLASSIC_FIXTURE_H

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "expect.h"
#include "heapmm.h"

/* Whether audits end in test_failed or test_reason, where a test can see them. */
#ifdef HMM_AUDIT_FAIL
#define SEES_AUDITS (HMM_CNFG_SELECTED != 6)
#else
#define SEES_AUDITS 0
#endif

jmp_buf test_failed;
const char *test_reason = "";

typedef HMM_UNIQUE(descriptor) descriptor;
typedef HMM_UNIQUE(size_aau) aau;
typedef HMM_UNIQUE(size_bau) bau;

enum { HEAD = HMM_HEAD_AAUS, LEAST = HMM_MIN_BLOCK_BAUS, END = HMM_END_BLOCK_BAUS, UNIT = HMM_BLOCK_ALIGN_UNIT };
enum { AAU = (int)HMM_ADDR_ALIGN_UNIT, BAU = UNIT * AAU, SMALL = LEAST * UNIT - HEAD };
enum { PREVIOUS, SIZE };     /* the words of a head */
enum { SELF, BEFORE, NEXT }; /* the links of a block behind the first of its bin; the first has children for the first two */
enum { LESSER, GREATER };

/* AAUs of the payload of a block of so many BAUs. */
static inline aau aaus(size_t baus) {
    return (aau)(baus * UNIT - HEAD);
}

/* The head of the block whose payload this is. */
static inline unsigned char *head_of(void *payload) {
    return (unsigned char *)payload - HEAD * AAU;
}

static inline bau top_bit(void) {
    return (bau) ~((bau) ~(bau)0 >> 1);
}

static inline bau get_word(const unsigned char *head, int which) {
    bau word;
    memcpy(&word, head + (size_t)which * sizeof word, sizeof word);
    return word;
}

static inline void set_word(unsigned char *head, int which, bau word) {
    memcpy(head + (size_t)which * sizeof word, &word, sizeof word);
}

static inline void set_head(unsigned char *head, uintmax_t previous, uintmax_t size) {
    set_word(head, PREVIOUS, (bau)previous);
    set_word(head, SIZE, (bau)size);
}

static inline void *get_link(const unsigned char *head, int which) {
    void *link;
    memcpy(&link, head + HEAD * AAU + (size_t)which * sizeof link, sizeof link);
    return link;
}

static inline void set_link(unsigned char *head, int which, const void *link) {
    memcpy(head + HEAD * AAU + (size_t)which * sizeof link, &link, sizeof link);
}

static uint64_t random_state = 1;

static inline size_t below(size_t limit) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)((random_state >> 33) % limit);
}

static inline uint64_t number(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text == NULL || *text == '\0' ? otherwise : strtoull(text, NULL, 0);
}

#endif
