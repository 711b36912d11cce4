/* record.h: an event as bytes.
 *
 * SPDX-License-Identifier: MIT
 *
 *     tag | thread? | time | ...
 *     ... malloc, calloc   size | address?
 *         aligned_alloc    size | alignment | address?
 *         realloc          old address | size | address?
 *         free             old address
 *
 * All but the tag are short numbers (number.h). Thread is there if it is another one than that of the record before, address unless the
 * call failed. Time is the difference to the record before; so are addresses, to the last address before them, folded, and in units of
 * 16 bytes unless the tag says otherwise. Each frame begins with all of these 0. */
#ifndef HMM_TRACE_RECORD_H
#define HMM_TRACE_RECORD_H

#include "heapmm/trace.h"
#include "number.h"

/* The tag: the kind, and: */
enum {
    HMM_TRACE_TAG_KIND = 7,
    HMM_TRACE_TAG_FAILED = 8,
    HMM_TRACE_TAG_THREAD = 16, /* a thread follows */
    HMM_TRACE_TAG_BYTES = 32,  /* addresses are in bytes */
    HMM_TRACE_TAG_UNUSED = 192
};

/* The most bytes of a record: the tag, a thread, time, size, alignment or old address, address. */
enum { HMM_TRACE_RECORD_BYTES = 1 + 5 + 4 * HMM_TRACE_NUMBER_BYTES };

/* What a record is told as the difference to. */
typedef struct hmm_trace_before {
    uint64_t time;
    uint64_t address;
    uint32_t thread;
} hmm_trace_before;

HMM_INTERNAL bool record_has_address(const hmm_trace_event *event) {
    return event->kind != HMM_TRACE_FREE && !event->failed;
}

HMM_INTERNAL bool record_has_old_address(const hmm_trace_event *event) {
    return event->kind == HMM_TRACE_REALLOC || event->kind == HMM_TRACE_FREE;
}

/* The bits of all differences of addresses in the record, to see whether they are multiples of 16. */
HMM_INTERNAL uint64_t record_address_bits(const hmm_trace_before *before, const hmm_trace_event *event) {
    uint64_t bits = before->address;
    if (record_has_old_address(event)) bits |= event->old_address;
    if (record_has_address(event)) bits |= event->address;
    return bits;
}

HMM_INTERNAL unsigned record_tag(const hmm_trace_before *before, const hmm_trace_event *event) {
    unsigned tag = (unsigned)event->kind;
    if (event->failed) tag |= HMM_TRACE_TAG_FAILED;
    if (event->thread != before->thread) tag |= HMM_TRACE_TAG_THREAD;
    if ((record_address_bits(before, event) & 15) != 0) tag |= HMM_TRACE_TAG_BYTES;
    return tag;
}

/* Differences of multiples of 16 are exact in units of 16, also around the end of all addresses: the sign is kept. */
HMM_INTERNAL unsigned char *record_put_address(unsigned char *to, hmm_trace_before *before, unsigned tag, uint64_t address) {
    const uint64_t folded = number_fold(address - before->address);
    before->address = address;
    return number_put(to, (tag & HMM_TRACE_TAG_BYTES) != 0 ? folded : (folded >> 5) << 1 | (folded & 1));
}

HMM_INTERNAL bool record_get_address(hmm_trace_bytes *bytes, hmm_trace_before *before, unsigned tag, uint64_t *address) {
    uint64_t folded = 0;
    if (!number_get(bytes, &folded)) return false;
    const uint64_t difference = number_unfold(folded);
    before->address += (tag & HMM_TRACE_TAG_BYTES) != 0 ? difference : difference * 16;
    *address = before->address;
    return true;
}

/* Returns behind the record, for which there is room. The event's time is not before that of the record before. */
HMM_INTERNAL unsigned char *record_put(unsigned char *to, hmm_trace_before *before, const hmm_trace_event *event) {
    const unsigned tag = record_tag(before, event);
    *to++ = (unsigned char)tag;
    if ((tag & HMM_TRACE_TAG_THREAD) != 0) to = number_put(to, event->thread);
    to = number_put(to, event->time - before->time);
    before->thread = event->thread;
    before->time = event->time;
    if (record_has_old_address(event)) to = record_put_address(to, before, tag, event->old_address);
    if (event->kind != HMM_TRACE_FREE) to = number_put(to, event->size);
    if (event->kind == HMM_TRACE_ALIGNED_ALLOC) to = number_put(to, event->alignment);
    if (record_has_address(event)) to = record_put_address(to, before, tag, event->address);
    return to;
}

HMM_INTERNAL bool record_get_thread(hmm_trace_bytes *bytes, unsigned tag, uint32_t *thread) {
    uint64_t number = *thread;
    if ((tag & HMM_TRACE_TAG_THREAD) != 0 && !number_get(bytes, &number)) return false;
    *thread = (uint32_t)number;
    return number <= UINT32_MAX;
}

HMM_INTERNAL bool record_get_time(hmm_trace_bytes *bytes, uint64_t *time) {
    uint64_t passed = 0;
    if (!number_get(bytes, &passed) || passed > UINT64_MAX - *time) return false;
    *time += passed;
    return true;
}

/* Sets all of the event but its sequence. False: these bytes are no record. */
HMM_INTERNAL bool record_get(hmm_trace_bytes *bytes, hmm_trace_before *before, hmm_trace_event *event) {
    if (bytes->at == bytes->end) return false;
    const unsigned tag = *bytes->at++;
    if ((tag & HMM_TRACE_TAG_UNUSED) != 0 || (tag & HMM_TRACE_TAG_KIND) > HMM_TRACE_FREE) return false;
    if ((tag & (HMM_TRACE_TAG_KIND | HMM_TRACE_TAG_FAILED)) == (HMM_TRACE_FREE | HMM_TRACE_TAG_FAILED)) return false;
    event->kind = (hmm_trace_kind)(tag & HMM_TRACE_TAG_KIND);
    event->failed = (tag & HMM_TRACE_TAG_FAILED) != 0;
    event->size = event->alignment = event->address = event->old_address = 0;
    if (!record_get_thread(bytes, tag, &before->thread) || !record_get_time(bytes, &before->time)) return false;
    event->thread = before->thread;
    event->time = before->time;
    if (record_has_old_address(event) && !record_get_address(bytes, before, tag, &event->old_address)) return false;
    if (event->kind != HMM_TRACE_FREE && !number_get(bytes, &event->size)) return false;
    if (event->kind == HMM_TRACE_ALIGNED_ALLOC && !number_get(bytes, &event->alignment)) return false;
    return !record_has_address(event) || record_get_address(bytes, before, tag, &event->address);
}

#endif
