/* allocator_instances.h: the allocators that take an arena, each in a file of its own, since a file makes one instance.
 *
 * SPDX-License-Identifier: MIT */
#ifndef HEAPMM_TOOLS_ALLOCATOR_INSTANCES_H
#define HEAPMM_TOOLS_ALLOCATOR_INSTANCES_H

#include "allocator.h"

extern const allocator heap_allocator, heap8_allocator, tiny_allocator, tiny4_allocator, wide_allocator;
extern const allocator single_tree_allocator, pool_allocator;

#endif
