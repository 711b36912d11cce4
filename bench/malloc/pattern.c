/* pattern.c: see pattern.h.
 *
 * SPDX-License-Identifier: MIT */
#include "pattern.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void give_up(const char *reason) {
    fprintf(stderr, "patterns: %s\n", reason);
    exit(3);
}

size_t scaled(unsigned scale, size_t count) {
    const size_t part = count * scale / 100;
    return part == 0 ? 1 : part;
}

/* ---- Random numbers ------------------------------------------------------------------------------------------------------ */

struct random random_from(uint64_t seed) {
    struct random random = {seed * 0x9e3779b97f4a7c15u + 0x123456789abcdefu};
    random_next(&random);
    return random;
}

/* A linear congruence, of which the upper half is used: quick beside an allocation. */
uint64_t random_next(struct random *random) {
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return random->state;
}

size_t random_size(struct random *random, size_t least, size_t most) {
    size_t octaves = 0;
    while (most >> octaves > least) octaves++;
    const size_t low = least << random_below(random, octaves == 0 ? 1 : octaves);
    const size_t size = low + random_below(random, low);
    return size < most ? size : most;
}

/* ---- Blocks -------------------------------------------------------------------------------------------------------------- */

static void *block_mark(void *block, size_t size) {
    if (block == NULL) give_up("out of memory");
    const uint32_t head = (uint32_t)size;
    memcpy(block, &head, sizeof head);
    ((unsigned char *)block)[size - 1] = (unsigned char)(size ^ 0x5a);
    return block;
}

static size_t block_size(const void *block) {
    uint32_t head;
    memcpy(&head, block, sizeof head);
    if (head < BLOCK_LEAST || ((const unsigned char *)block)[head - 1] != (unsigned char)(head ^ 0x5a))
        give_up("a block was damaged");
    return head;
}

void *block_make(size_t size) {
    return block_mark(malloc(size), size);
}

void *block_resize(void *block, size_t size) {
    block_size(block);
    return block_mark(realloc(block, size), size);
}

uint64_t block_drop(void *block) {
    if (block == NULL) return 0;
    const size_t size = block_size(block);
    free(block);
    return size;
}

uint64_t block_drop_all(void **blocks, size_t count) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += block_drop(blocks[i]);
        blocks[i] = NULL;
    }
    return sum;
}

/* ---- Threads ------------------------------------------------------------------------------------------------------------- */

struct started {
    pthread_t thread;
    void (*work)(struct member *);
    struct member member;
};

static void *start(void *argument) {
    struct started *started = argument;
    started->work(&started->member);
    return NULL;
}

uint64_t team_run(unsigned count, void (*work)(struct member *), unsigned scale, void *shared) {
    struct started team[TEAM_MOST];
    uint64_t sum = 0;
    for (unsigned i = 0; i < count; i++) {
        team[i].work = work;
        team[i].member = (struct member){.number = i, .scale = scale, .shared = shared};
        if (pthread_create(&team[i].thread, NULL, start, &team[i]) != 0) give_up("no thread could be created");
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(team[i].thread, NULL);
        sum += team[i].member.sum;
    }
    return sum;
}
