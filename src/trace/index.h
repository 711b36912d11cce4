/* index.h: where frames are, for going to an event: the contents of the last frame.
 *
 * SPDX-License-Identifier: MIT
 *
 *     count | offset | first | offset | first | ... | offset of the last frame, 8 bytes
 *
 * An entry for every frame of events at first. When there is no room for more, every second one goes, and from then on every second
 * frame gets one, and so on: the index needs a fixed amount of memory. Offset and first are short numbers, differences to the entry
 * before. */
#ifndef HMM_TRACE_INDEX_H
#define HMM_TRACE_INDEX_H

#include "number.h"

typedef struct hmm_trace_place {
    uint64_t offset;
    uint64_t first;
} hmm_trace_place;

typedef struct hmm_trace_index {
    hmm_trace_place *places;
    size_t room; /* even, or 0 */
    size_t count;
    uint64_t step; /* every so many frames, a power of two */
    uint64_t frames;
} hmm_trace_index;

HMM_INTERNAL void index_thin_out(hmm_trace_index *index) {
    index->count /= 2;
    for (size_t i = 0; i < index->count; i++) index->places[i] = index->places[2 * i];
    index->step *= 2;
}

HMM_INTERNAL void index_add(hmm_trace_index *index, hmm_trace_place place) {
    if (index->room == 0) return;
    if (index->count == index->room) index_thin_out(index);
    if ((index->frames & (index->step - 1)) == 0) index->places[index->count++] = place;
    index->frames++;
}

/* The most bytes of an index of so many places. */
HMM_INTERNAL size_t index_bytes(size_t count) {
    return HMM_TRACE_NUMBER_BYTES * (1 + 2 * count);
}

/* Returns behind the index, for which there is room. */
HMM_INTERNAL unsigned char *index_put(unsigned char *to, const hmm_trace_index *index) {
    hmm_trace_place before = {0, 0};
    to = number_put(to, index->count);
    for (size_t i = 0; i < index->count; i++) {
        to = number_put(to, index->places[i].offset - before.offset);
        to = number_put(to, index->places[i].first - before.first);
        before = index->places[i];
    }
    return to;
}

/* The last place of the index whose first event is not behind `sequence`; the beginning of the trace if there is none. */
HMM_INTERNAL hmm_trace_place index_find(hmm_trace_bytes bytes, uint64_t sequence) {
    hmm_trace_place found = {0, 0}, place = {0, 0};
    uint64_t count = 0, offset = 0, first = 0;
    if (!number_get(&bytes, &count)) return found;
    for (; count > 0 && number_get(&bytes, &offset) && number_get(&bytes, &first); count--) {
        place = (hmm_trace_place){place.offset + offset, place.first + first};
        if (place.first > sequence) break;
        found = place;
    }
    return found;
}

#endif
