/* subject_instance.c: one instance of the heap as a subject. Compiled once for each, with INSTANCE, INSTANCE_HEADER and PREFIX.
 *
 * SPDX-License-Identifier: MIT */
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
