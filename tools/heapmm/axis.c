/* axis.c: see axis.h.
 *
 * SPDX-License-Identifier: MIT */
#include "axis.h"

#include <stdlib.h>
#include <string.h>

/* Spans are whole pages. So many are kept apart: where there are more, wider gaps are closed, so that adding stays cheap. */
enum { PAGE = 4096, FIRST_GAP = 65536, MOST_SPANS = 1024 };

/* No address space of today has blocks of that size: what claims to be larger is drawn so large. */
static const uint64_t most_bytes = (uint64_t)1 << 46, most_offset = ((uint64_t)1 << 52) - 1;

/* The first span that does not end before the address, by more than the gap. */
static size_t find(const axis *a, uint64_t address) {
    size_t low = 0, high = a->count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (a->spans[middle].end < address && address - a->spans[middle].end >= a->gap)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Joins spans that are less than the gap apart. */
static void join(axis *a) {
    size_t kept = 0;
    for (size_t i = 1; i < a->count; i++) {
        span *before = &a->spans[kept];
        if (a->spans[i].begin > before->end && a->spans[i].begin - before->end >= a->gap)
            a->spans[++kept] = a->spans[i];
        else if (a->spans[i].end > before->end)
            before->end = a->spans[i].end;
    }
    if (a->count > 0) a->count = kept + 1;
}

static bool insert(axis *a, size_t at, span added) {
    if (a->count == a->room) {
        const size_t room = a->room == 0 ? 64 : 2 * a->room;
        span *larger = realloc(a->spans, room * sizeof *larger);
        if (larger == NULL) return false;
        a->spans = larger;
        a->room = room;
    }
    memmove(&a->spans[at + 1], &a->spans[at], (a->count - at) * sizeof a->spans[0]);
    a->spans[at] = added;
    a->count++;
    while (a->count > MOST_SPANS) {
        a->gap *= 2;
        join(a);
    }
    return true;
}

static uint64_t page_from(uint64_t address) {
    return address / PAGE * PAGE;
}

bool axis_add(axis *a, uint64_t address, uint64_t bytes) {
    const uint64_t size = bytes == 0 ? 1 : bytes < most_bytes ? bytes : most_bytes;
    const uint64_t begin = page_from(address), last = UINT64_MAX - address < size ? UINT64_MAX : address + size - 1;
    const uint64_t end = last > UINT64_MAX - PAGE ? UINT64_MAX : page_from(last) + PAGE;
    if (a->gap == 0) a->gap = FIRST_GAP;
    const size_t at = find(a, begin);
    if (at == a->count || (a->spans[at].begin > end && a->spans[at].begin - end >= a->gap))
        return insert(a, at, (span){.begin = begin, .end = end});
    if (begin < a->spans[at].begin) a->spans[at].begin = begin;
    if (end <= a->spans[at].end) return true;
    a->spans[at].end = end;
    if (at + 1 < a->count && (a->spans[at + 1].begin <= end || a->spans[at + 1].begin - end < a->gap)) join(a);
    return true;
}

void axis_finish(axis *a) {
    for (size_t i = 0; i < a->count; i++) {
        a->spans[i].offset = a->bytes;
        const uint64_t bytes = a->spans[i].end - a->spans[i].begin;
        a->bytes = bytes < most_offset - a->bytes ? a->bytes + bytes : most_offset;
    }
}

uint64_t axis_offset(const axis *a, uint64_t address) {
    size_t low = 0, high = a->count;
    while (high - low > 1) {
        const size_t middle = (low + high) / 2;
        if (a->spans[middle].begin <= address)
            low = middle;
        else
            high = middle;
    }
    const span *s = &a->spans[low];
    const uint64_t within = address < s->begin ? 0 : address - s->begin;
    return within < most_offset - s->offset ? s->offset + within : most_offset;
}

void axis_free(axis *a) {
    free(a->spans);
    *a = (axis){0};
}
