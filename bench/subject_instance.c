/* subject_instance.c: one instance of the heap as a subject.
 *
 * SPDX-License-Identifier: MIT
 *
 * Compiled once for each, with INSTANCE, the subject's name; INSTANCE_HEADER and PREFIX, of its functions; and CAPACITY, for the
 * options: 0 for an index as large as the heap deserves, 1 for the smallest one: few exact classes, and one tree for the rest. */
#include INSTANCE_HEADER

#include "subject.h"

#define PASTED(a, b) a##b
#define JOINED(a, b) PASTED(a, b)
#define VERB(verb) JOINED(PREFIX, verb)
#define QUOTED(name) #name
#define STRING(name) QUOTED(name)

/* create returns NULL; in all other operations there is nothing to find. */
static void on_fault(void *context, const hmm_fault *fault) {
    (void)context;
    (void)fault;
}

static void *subject_create(void *memory, size_t bytes) {
    hmm_heap_options options = HMM_HEAP_OPTIONS;
    options.on_fault = on_fault;
    options.capacity = CAPACITY;
    return VERB(create)(memory, bytes, &options);
}

static void subject_destroy(void *heap) {
    VERB(destroy)(heap);
}

static void *subject_alloc(void *heap, size_t size) {
    return VERB(alloc)(heap, size);
}

static void subject_free(void *heap, void *p) {
    VERB(free)(heap, p);
}

static void *subject_realloc(void *heap, void *p, size_t size) {
    return VERB(realloc)(heap, p, size);
}

static size_t subject_control(void *heap) {
    hmm_heap_statistics stats;
    VERB(stats)(heap, &stats);
    return stats.bytes_overhead;
}

extern const struct subject JOINED(subject_, INSTANCE);
const struct subject JOINED(subject_, INSTANCE) = {STRING(INSTANCE), subject_create,  subject_destroy, subject_alloc,
                                                   subject_free,     subject_realloc, subject_control};
