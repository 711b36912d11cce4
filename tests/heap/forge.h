/* forge.h: images of heaps that no heap would make, with check values and checksums that are right.
 *
 * SPDX-License-Identifier: MIT
 *
 * Only the heap's own code knows how to seal; so forge.c is compiled with the heap inside. It only makes images: what the heap
 * must say of them is written in the tests, from heap.h alone. */
#ifndef HMM_TESTS_FORGE_H
#define HMM_TESTS_FORGE_H

#include "heapmm/heap.h"

#include "../instances/default.h"

/* A member of the control block or of a region record. */
typedef struct forge_field {
    const char *name;
    size_t at; /* bytes from the start */
    size_t bytes;
} forge_field;

extern const forge_field forge_control_fields[];
extern const size_t forge_control_field_count;
extern const forge_field forge_record_fields[];
extern const size_t forge_record_field_count;

/* Bytes of control block and index. */
size_t forge_control_bytes(const hmm_heap *heap);

/* The head of the class in the index that holds free blocks of so many bytes. */
void *forge_class_head(hmm_heap *heap, size_t block_bytes);

/* What stands beyond either end of the list of free blocks of so many bytes. */
HMM_TEST_LINK forge_list_end(size_t block_bytes);

/* Makes the checksum right. record: at the start of a region; the heap itself is the one of the first region. */
void forge_seal_control(hmm_heap *heap);
void forge_seal_record(hmm_heap *heap, void *record);

/* Writes a header with a right check value. bytes: of the block; 0 makes it an end of a region. */
void forge_header(hmm_heap *heap, void *payload, size_t bytes, bool free, bool previous_free);

/* The link that leads to a payload or record. */
HMM_TEST_LINK forge_link(const hmm_heap *heap, const void *p);

/* Moves the end of the only region of a heap, whose last block is allocated, and makes that block reach up to it. */
void forge_longer_region(hmm_heap *heap, void *last, size_t more_bytes);

#endif
