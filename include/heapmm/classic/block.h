/* heapmm/classic/block.h: a block of the classic heap: its two size words, its status, its three pointers, its neighbours.
 *
 * SPDX-License-Identifier: MIT
 *
 *     allocated    | previous size | size |        payload                           |
 *     first of bin | previous size | size | lesser bin | greater bin | second        |
 *     others       | previous size | size | itself     | before      | next          |
 *     end block    | previous size | 0    |
 *
 * Sizes are in BAUs; the previous size is 0 in the first block of a chunk. The top bits of both words are the status: 0 is
 * allocated, the others are free. A block's address is that of its head. Words and pointers are copied in and out, since the
 * units may leave them under-aligned. */
#ifndef HMM_IMPL_BLOCK_H
#define HMM_IMPL_BLOCK_H

/* Declared here, since <string.h> would bring many more names into the user's translation unit. */
void *(memcpy)(void *to, const void *from, size_t bytes);

typedef HMM_UNIQUE(descriptor) hmm_impl_heap;
typedef HMM_UNIQUE(size_bau) hmm_impl_word;

enum {
    HMM_IMPL_BAU_BYTES = (int)(HMM_ADDR_ALIGN_UNIT) * (int)(HMM_BLOCK_ALIGN_UNIT),
    HMM_IMPL_HEAD_BYTES = (int)(HMM_HEAD_AAUS) * (int)(HMM_ADDR_ALIGN_UNIT),
    HMM_IMPL_MIN_BAUS = (int)(HMM_MIN_BLOCK_BAUS),
    HMM_IMPL_END_BAUS = (int)(HMM_END_BLOCK_BAUS),
    HMM_IMPL_END_BYTES = HMM_IMPL_END_BAUS * HMM_IMPL_BAU_BYTES
};

enum { HMM_IMPL_PREVIOUS, HMM_IMPL_SIZE };              /* the words */
enum { HMM_IMPL_SELF, HMM_IMPL_BEFORE, HMM_IMPL_NEXT }; /* the pointers of a block that is not the first of its bin */
enum { HMM_IMPL_ALLOCATED, HMM_IMPL_FREE = 3 };         /* status; 1 and 2 are free too: first of a bin that is not balanced */

/* All bits of a word but the top one. */
static inline hmm_impl_word hmm_impl_size_mask(void) {
    return (hmm_impl_word)((hmm_impl_word) ~(hmm_impl_word)0 >> 1);
}

/* The most BAUs of a chunk. */
static inline size_t hmm_impl_most(void) {
    const uintmax_t most = hmm_impl_size_mask();
    return most < SIZE_MAX / 2 ? (size_t)most : SIZE_MAX / 2;
}

static inline hmm_impl_word hmm_impl_get_word(const unsigned char *b, int which) {
    hmm_impl_word word;
    memcpy(&word, b + (size_t)which * sizeof word, sizeof word);
    return word;
}

static inline void hmm_impl_set_word(unsigned char *b, int which, hmm_impl_word word) {
    memcpy(b + (size_t)which * sizeof word, &word, sizeof word);
}

static inline unsigned char *hmm_impl_get_link(const unsigned char *b, int which) {
    unsigned char *link;
    memcpy(&link, b + HMM_IMPL_HEAD_BYTES + (size_t)which * sizeof link, sizeof link);
    return link;
}

static inline void hmm_impl_set_link(unsigned char *b, int which, unsigned char *link) {
    memcpy(b + HMM_IMPL_HEAD_BYTES + (size_t)which * sizeof link, &link, sizeof link);
}

/* A size; SIZE_MAX for what a damaged word says beyond any size. */
static inline size_t hmm_impl_get_size(const unsigned char *b, int which) {
    const uintmax_t size = hmm_impl_get_word(b, which) & hmm_impl_size_mask();
    return size < SIZE_MAX ? (size_t)size : SIZE_MAX;
}

static inline void hmm_impl_set_size(unsigned char *b, int which, size_t size) {
    const hmm_impl_word status = (hmm_impl_word)(hmm_impl_get_word(b, which) & (hmm_impl_word)~hmm_impl_size_mask());
    hmm_impl_set_word(b, which, (hmm_impl_word)(status | (hmm_impl_word)size));
}

static inline size_t hmm_impl_size(const unsigned char *b) {
    return hmm_impl_get_size(b, HMM_IMPL_SIZE);
}

static inline int hmm_impl_status(const unsigned char *b) {
    const int low = hmm_impl_get_word(b, HMM_IMPL_PREVIOUS) > hmm_impl_size_mask();
    const int high = hmm_impl_get_word(b, HMM_IMPL_SIZE) > hmm_impl_size_mask();
    return 2 * high + low;
}

static inline void hmm_impl_set_status(unsigned char *b, int status) {
    const hmm_impl_word top = (hmm_impl_word)~hmm_impl_size_mask();
    const hmm_impl_word previous = (hmm_impl_word)(hmm_impl_get_word(b, HMM_IMPL_PREVIOUS) & hmm_impl_size_mask());
    const hmm_impl_word size = (hmm_impl_word)(hmm_impl_get_word(b, HMM_IMPL_SIZE) & hmm_impl_size_mask());
    hmm_impl_set_word(b, HMM_IMPL_PREVIOUS, (hmm_impl_word)(previous | ((status & 1) ? top : 0)));
    hmm_impl_set_word(b, HMM_IMPL_SIZE, (hmm_impl_word)(size | ((status & 2) ? top : 0)));
}

/* Writes a head. */
static inline void hmm_impl_make(unsigned char *b, size_t previous, size_t size, int status) {
    hmm_impl_set_word(b, HMM_IMPL_PREVIOUS, (hmm_impl_word)previous);
    hmm_impl_set_word(b, HMM_IMPL_SIZE, (hmm_impl_word)size);
    hmm_impl_set_status(b, status);
}

static inline unsigned char *hmm_impl_forward(unsigned char *b, size_t baus) {
    return b + baus * HMM_IMPL_BAU_BYTES;
}

/* The block behind, or the end block. */
static inline unsigned char *hmm_impl_after(unsigned char *b) {
    return hmm_impl_forward(b, hmm_impl_size(b));
}

/* The block before; null for the first of a chunk. */
static inline unsigned char *hmm_impl_before(unsigned char *b) {
    const size_t previous = hmm_impl_get_size(b, HMM_IMPL_PREVIOUS);
    return previous == 0 ? NULL : b - previous * HMM_IMPL_BAU_BYTES;
}

static inline bool hmm_impl_is_free(const unsigned char *b) {
    return hmm_impl_status(b) != HMM_IMPL_ALLOCATED;
}

static inline void *hmm_impl_payload(unsigned char *b) {
    return b + HMM_IMPL_HEAD_BYTES;
}

/* By way of an integer: the payload may be any pointer, until it has been audited. */
static inline unsigned char *hmm_impl_of_payload(void *mem) {
    return (unsigned char *)((uintptr_t)mem - HMM_IMPL_HEAD_BYTES);
}

/* BAUs of the block that holds n AAUs; more than any block has if there can be none. */
static inline size_t hmm_impl_baus_for(HMM_UNIQUE(size_aau) n_aaus) {
    const uintmax_t n = n_aaus;
    const size_t unit = HMM_BLOCK_ALIGN_UNIT;
    if (n > SIZE_MAX / 2) return SIZE_MAX;
    const size_t baus = (size_t)n / unit + ((size_t)n % unit + HMM_HEAD_AAUS + unit - 1) / unit;
    return baus < HMM_IMPL_MIN_BAUS ? HMM_IMPL_MIN_BAUS : baus;
}

/* AAUs of the payload of a block; as many as can be said where the type is too narrow. */
static inline HMM_UNIQUE(size_aau) hmm_impl_aaus_of(size_t baus) {
    const HMM_UNIQUE(size_aau) most = (HMM_UNIQUE(size_aau)) ~(HMM_UNIQUE(size_aau))0;
    const uintmax_t aaus = (uintmax_t)baus * HMM_BLOCK_ALIGN_UNIT - HMM_HEAD_AAUS;
    return aaus < most ? (HMM_UNIQUE(size_aau))aaus : most;
}

#endif
