/* file_map_instance.h: an instance of the heap that may be in a file.
 *
 * SPDX-License-Identifier: MIT
 *
 * A template, since every instance has types of its own. Before it is included, define
 *
 * INSTANCE(verb)   its functions, e.g. hmm_heap_##verb */
#include "file_map_instances.h"

static void *instance_attach(const hmm_span *regions, size_t count, hmm_fault *fault) {
    return INSTANCE(attach)(regions, count, NULL, fault);
}

static void instance_stats(const void *heap, hmm_heap_statistics *stats) {
    INSTANCE(stats)(heap, stats);
}

static int instance_walk(const void *heap, bool (*visit)(void *context, const hmm_block *block), void *context) {
    return INSTANCE(walk)(heap, visit, context);
}

#define HEAP_IN_FILE(its_name, its_word, its_size_bits, its_granule)                                                       \
    {                                                                                                                      \
        .name = its_name, .word = its_word, .size_bits = its_size_bits, .granule = its_granule, .attach = instance_attach, \
        .stats = instance_stats, .walk = instance_walk                                                                     \
    }
