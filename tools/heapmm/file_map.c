/* file_map.c: see file_map.h.
 *
 * SPDX-License-Identifier: MIT
 *
 * attach trusts nothing but the spans that it is given: which parts of memory are the heap's regions. Here these are unknown too. So the
 * file is searched for what a control block begins with, and the spans are those that the heap itself claims to have, as far as they lie
 * in the file. Whatever they are then, attach refuses what is no heap. */
#include "file_map.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PAGE = 4096,       /* what a heap is aligned to, at most */
    MOST_REGIONS = 64, /* of a heap */
    MOST_FINDS = 1000, /* control blocks that are tried */
    TRIES = 20         /* while another process changes the file */
};

/* A control block begins with the record of its region, eight words, and the magic number and the layout number, 32 bits each. */
enum { RECORD_WORDS = 8, LOWER = 0, HIGHER = 1, END = 4, LEAD = 5, TAIL = 6 };
/* The link to the root of the tree of regions comes behind three words more. */
enum { ROOT_WORDS = RECORD_WORDS + 3, NUMBERS = 8, CONTROL_BYTES = (ROOT_WORDS + 1) * 8 + NUMBERS };
static const uint32_t magic = 0x9B6D6D68;
enum { VERSION_SHIFT = 24, AUDIT_SHIFT = 16, SIZE_BITS_SHIFT = 10, GRANULE_SHIFT = 4 }; /* in the layout number */

static const map_instance *const instances[] = {&heap_in_file, &tiny_heap_in_file, &wide_heap_in_file};
enum { INSTANCES = sizeof instances / sizeof instances[0] };

/* The contents of the file, so placed that the control block is aligned. */
typedef struct copy {
    unsigned char *memory, *bytes;
    size_t size;
} copy;

/* What was found: a heap, or why there is none. */
typedef struct find {
    const map_instance *instance;
    void *heap;
    size_t heap_at;   /* in the file */
    size_t low, high; /* where its regions begin and end there */
    bool seen;        /* a control block, of whatever kind */
    hmm_fault fault;
    size_t fault_at; /* in the file, if it has a place there */
    uint32_t layout;
} find;

/* ---- Reading ------------------------------------------------------------------------------------------------------------- */

static bool read_all(int file, copy *c) {
    size_t done = 0;
    while (done < c->size) {
        const ssize_t count = read(file, c->memory + done, c->size - done);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        if (count == 0) break; /* it became shorter */
        done += (size_t)count;
    }
    c->size = done;
    return true;
}

static bool copy_open_file(heap_map *map, int file, const char *path, copy *c) {
    struct stat about;
    if (fstat(file, &about) != 0) return map_fail(map, "%s: %s", path, strerror(errno));
    if (!S_ISREG(about.st_mode)) return map_fail(map, "%s: %s", path, "it is no plain file");
    if (about.st_size == 0) return map_fail(map, "%s: %s", path, "it is empty");
    c->size = (size_t)about.st_size;
    c->memory = aligned_alloc(PAGE, (c->size / PAGE + 2) * PAGE);
    if (c->memory == NULL) return map_fail(map, "%s: %s", path, "there is no memory for a copy of it");
    c->bytes = c->memory;
    return read_all(file, c) || map_fail(map, "%s: %s", path, strerror(errno));
}

static bool copy_file(heap_map *map, const char *path, copy *c) {
    *c = (copy){0};
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return map_fail(map, "%s: %s", path, strerror(errno));
    const bool copied = copy_open_file(map, file, path, c);
    close(file);
    if (!copied) {
        free(c->memory);
        c->memory = NULL;
    }
    return copied;
}

/* Moves the contents so that the byte at `at` is aligned. */
static void align(copy *c, size_t at) {
    unsigned char *bytes = c->memory + (PAGE - at % PAGE) % PAGE;
    if (bytes == c->bytes) return;
    memmove(bytes, c->bytes, c->size);
    c->bytes = bytes;
}

/* ---- Which spans --------------------------------------------------------------------------------------------------------- */

static uint64_t word_at(const copy *c, size_t at, size_t word) {
    uint64_t number = 0;
    memcpy(&number, c->bytes + at, word); /* the lowest bytes come first */
    return number;
}

static int64_t signed_at(const copy *c, size_t at, size_t word) {
    const unsigned unused = 64 - 8 * (unsigned)word;
    return (int64_t)(word_at(c, at, word) << unused) >> unused;
}

/* Where a link leads to, or SIZE_MAX if that is not in the file. */
static size_t follow(const copy *c, const find *f, int64_t link) {
    const int64_t most = (int64_t)(c->size / f->instance->granule) + 1;
    if (link < -most || link > most) return SIZE_MAX;
    const int64_t at = (int64_t)f->heap_at + link * (int64_t)f->instance->granule;
    return at < 0 || (uint64_t)at > c->size ? SIZE_MAX : (size_t)at;
}

/* The span of a record that lies in the file. */
static bool span_of(const copy *c, const find *f, size_t record, hmm_span *span) {
    const size_t word = f->instance->word;
    const size_t end = follow(c, f, signed_at(c, record + END * word, word));
    const uint64_t lead = word_at(c, record + LEAD * word, word), tail = word_at(c, record + TAIL * word, word);
    if (end == SIZE_MAX || lead > record || tail > c->size - end || end + tail < record - lead) return false;
    *span = (hmm_span){c->bytes + record - lead, end + (size_t)tail - (record - (size_t)lead)};
    return true;
}

/* The records of a heap's regions, as offsets in the file; the one of the heap itself is the first. */
typedef struct records {
    size_t at[MOST_REGIONS];
    size_t count;
} records;

/* Adds the record that a link leads to. Returns false if it leads to none, or to too many. */
static bool add_record(const copy *c, const find *f, int64_t link, records *r) {
    const size_t word = f->instance->word;
    const int64_t none = (int64_t)((uint64_t)1 << 63) >> (64 - 8 * (unsigned)word);
    if (link == none) return true;
    const size_t record = follow(c, f, link);
    if (record == SIZE_MAX || c->size - record < RECORD_WORDS * word) return false;
    for (size_t i = 0; i < r->count; i++)
        if (r->at[i] == record) return true;
    if (r->count == MOST_REGIONS) return false;
    r->at[r->count++] = record;
    return true;
}

/* The spans of all regions. Returns how many, 0 if there is something that leads outside the file. */
static size_t all_spans(const copy *c, const find *f, hmm_span *spans) {
    const size_t word = f->instance->word;
    records r = {{f->heap_at}, 1};
    if (!add_record(c, f, signed_at(c, f->heap_at + ROOT_WORDS * word + NUMBERS, word), &r)) return 0;
    for (size_t i = 0; i < r.count; i++) {
        if (!add_record(c, f, signed_at(c, r.at[i] + LOWER * word, word), &r)) return 0;
        if (!add_record(c, f, signed_at(c, r.at[i] + HIGHER * word, word), &r)) return 0;
    }
    for (size_t i = 0; i < r.count; i++)
        if (!span_of(c, f, r.at[i], &spans[i])) return 0;
    return r.count;
}

static void take_ends(const copy *c, find *f, const hmm_span *spans, size_t count) {
    f->low = f->heap_at;
    f->high = f->heap_at;
    for (size_t i = 0; i < count; i++) {
        const size_t low = (size_t)((unsigned char *)spans[i].memory - c->bytes), high = low + spans[i].bytes;
        if (low < f->low) f->low = low;
        if (high > f->high) f->high = high;
    }
}

/* ---- Attaching ----------------------------------------------------------------------------------------------------------- */

static void take_fault(const copy *c, find *f, const hmm_fault *fault) {
    const uintptr_t at = (uintptr_t)fault->address - (uintptr_t)c->bytes;
    f->seen = true;
    f->fault = *fault;
    f->fault_at = at < c->size ? at : f->heap_at;
}

/* Tries a control block at f->heap_at. Returns whether a sound heap is there. */
static bool try_heap(copy *c, find *f) {
    static const hmm_fault outside = {HMM_FAULT_SPANS, NULL,
                                      "a region of the heap lies outside the file, or its control block was overwritten"};
    hmm_span spans[MOST_REGIONS];
    align(c, f->heap_at);
    const size_t count = all_spans(c, f, spans);
    hmm_fault fault = outside;
    f->heap = count == 0 ? NULL : f->instance->attach(spans, count, &fault);
    take_ends(c, f, spans, count);
    if (f->heap != NULL) return true;
    if (!f->seen) take_fault(c, f, &fault);
    return false;
}

/* Tries what a magic number at `at` may belong to. */
static bool try_magic(copy *c, find *f, const map_instance *wanted, size_t at) {
    for (size_t i = 0; i < INSTANCES; i++) {
        const size_t record = RECORD_WORDS * instances[i]->word;
        if ((wanted != NULL && wanted != instances[i]) || at < record || c->size - at + record < CONTROL_BYTES) continue;
        const uint32_t layout = (uint32_t)word_at(c, at + sizeof magic, sizeof layout);
        if ((layout >> SIZE_BITS_SHIFT & 63) != instances[i]->size_bits) continue;
        if (!f->seen) f->layout = layout;
        f->instance = instances[i];
        f->heap_at = at - record;
        if (try_heap(c, f)) return true;
    }
    return false;
}

/* The first sound heap of the file. */
static bool find_heap(copy *c, find *f, const map_instance *wanted) {
    *f = (find){0};
    size_t from = 0;
    for (unsigned finds = 0; finds < MOST_FINDS; finds++) {
        const unsigned char *found = memmem(c->bytes + from, c->size - from, &magic, sizeof magic);
        if (found == NULL) return false;
        const size_t at = (size_t)(found - c->bytes);
        if (try_magic(c, f, wanted, at)) return true;
        from = at + 1;
    }
    return false;
}

/* ---- What it comes to ---------------------------------------------------------------------------------------------------- */

typedef struct visit {
    heap_map *map;
    const copy *copy;
    const find *find;
    uint64_t end; /* of the last piece */
} visit;

/* What lies in no block is the heap's own: control block, records, ends; or, between regions, the file's. */
static bool add_own(visit *v, uint64_t to) {
    if (to <= v->end) return true;
    const map_piece own = {.start = v->end, .bytes = to - v->end, .used = to - v->end, .kind = MAP_OWN};
    v->end = to;
    return map_add(v->map, own);
}

/* A block begins with its header, one word before its payload. */
static bool add_block(void *context, const hmm_block *block) {
    visit *v = context;
    const size_t at = (size_t)((const unsigned char *)block->memory - v->copy->bytes) - v->find->instance->word - v->find->low;
    const map_piece piece = {at, block->bytes, block->free ? 0 : block->bytes, block->free ? MAP_FREE : MAP_BLOCK};
    if (!add_own(v, at) || !map_add(v->map, piece)) return false;
    v->end = at + block->bytes;
    return true;
}

static void add_rows(heap_map *map, const hmm_heap_statistics *s) {
    map_add_row(map, "in use", s->bytes_in_use, MAP_BYTES);
    map_add_row(map, "in use at most, at any time", s->peak_in_use, MAP_BYTES);
    map_add_row(map, "free", s->bytes_free, MAP_BYTES);
    map_add_row(map, "overhead", s->bytes_overhead, MAP_BYTES);
    map_add_row(map, "in all regions", s->bytes_total, MAP_BYTES);
    map_add_row(map, "blocks in use", s->blocks_in_use, MAP_NUMBER);
    map_add_row(map, "free blocks", s->blocks_free, MAP_NUMBER);
    map_add_row(map, "largest free block", s->largest_free, MAP_BYTES);
    map_add_row(map, "fragmentation", s->fragmentation, MAP_PER_MILLE);
}

static bool show_heap(const copy *c, const find *f, const char *path, heap_map *map) {
    hmm_heap_statistics stats;
    visit v = {.map = map, .copy = c, .find = f};
    map_clear(map);
    f->instance->stats(f->heap, &stats);
    map->bytes = f->high - f->low;
    map->address = f->low;
    if (f->instance->walk(f->heap, add_block, &v) != HMM_OK || !add_own(&v, map->bytes))
        return map_fail(map, "%s: %s", path, "the blocks of its heap cannot be listed");
    snprintf(map->title, sizeof map->title, "%s, %s at byte %zu", path, f->instance->name, f->heap_at);
    add_rows(map, &stats);
    return true;
}

/* ---- Why not ------------------------------------------------------------------------------------------------------------- */

static bool fail(heap_map *map, const char *path, const find *f, const map_instance *wanted) {
    if (!f->seen && wanted != NULL)
        return map_fail(map, "%s: no %s heap begins in it. Without --instance, heap, tiny and wide are looked for", path,
                        wanted->name);
    if (!f->seen)
        return map_fail(
            map,
            "%s: no heap begins in it: it is none that hmm_heap_attach, or that of the tiny or the wide instance, could open",
            path);
    if (f->fault.code == HMM_FAULT_LAYOUT || (f->layout & 15) != sizeof(void *))
        return map_fail(
            map,
            "%s: its heap was made by another version, on another processor, or with another granule or audit level: layout %u, "
            "pointers of %u bytes, granule %u, audit level %u. Use the heapmm that was built with the program",
            path, f->layout >> VERSION_SHIFT, f->layout & 15, 1u << (f->layout >> GRANULE_SHIFT & 15),
            f->layout >> AUDIT_SHIFT & 3);
    return map_fail(map, "%s: its heap is damaged: %s at byte %zu: %s", path, hmm_result_name((int)f->fault.code), f->fault_at,
                    f->fault.text);
}

/* A file that another process changes at this moment may not be sound: it is read again some times. */
bool file_map_look(void *context, heap_map *map) {
    const file_map *file = context;
    const struct timespec pause = {.tv_nsec = 2000000};
    find f;
    for (int i = 0; i < TRIES; i++) {
        copy c;
        if (i > 0) nanosleep(&pause, NULL);
        if (!copy_file(map, file->path, &c)) return false;
        const bool found = find_heap(&c, &f, file->instance);
        const bool shown = found && show_heap(&c, &f, file->path, map);
        free(c.memory);
        if (found) return shown;
        if (!f.seen) break;
    }
    return fail(map, file->path, &f, file->instance);
}
