/* across.c: blocks that one thread allocates and another frees.
 *
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "pattern.h"

/* ---- Producer and consumer: batches through a bounded queue; one thread only allocates, the other only frees ---------------------- */

#define BATCH 256
#define BATCHES_WAITING 16
#define BATCHES 40000

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t taken, put;
    void **batches[BATCHES_WAITING];
};

static void queue_put(struct queue *queue, void **batch) {
    pthread_mutex_lock(&queue->lock);
    while (queue->put - queue->taken == BATCHES_WAITING) pthread_cond_wait(&queue->changed, &queue->lock);
    queue->batches[queue->put++ % BATCHES_WAITING] = batch;
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

static void **queue_take(struct queue *queue) {
    pthread_mutex_lock(&queue->lock);
    while (queue->put == queue->taken) pthread_cond_wait(&queue->changed, &queue->lock);
    void **batch = queue->batches[queue->taken++ % BATCHES_WAITING];
    pthread_cond_signal(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
    return batch;
}

static void produce_or_consume(struct member *self) {
    struct queue *queue = self->shared;
    struct random random = random_from(1);
    const size_t batches = scaled(self->scale, BATCHES);
    for (size_t i = 0; i < batches; i++) {
        void **batch = self->number == 0 ? malloc(BATCH * sizeof *batch) : queue_take(queue);
        if (batch == NULL) give_up("out of memory");
        if (self->number == 0) {
            for (size_t k = 0; k < BATCH; k++) batch[k] = block_make(random_size(&random, 16, 512));
            queue_put(queue, batch);
        } else {
            self->sum += block_drop_all(batch, BATCH);
            free(batch);
        }
    }
}

uint64_t producer_consumer(unsigned scale) {
    struct queue queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    return team_run(2, produce_or_consume, scale, &queue);
}

/* ---- Places where blocks wait for whoever comes: a thread leaves one and takes what was there ------------------------------------- */

#define PLACES 1024

struct places {
    _Atomic(void *) place[PLACES];
};

static void *places_swap(struct places *places, size_t at, void *block) {
    return atomic_exchange_explicit(&places->place[at], block, memory_order_acq_rel);
}

static uint64_t places_empty(struct places *places, size_t step) {
    uint64_t sum = 0;
    for (size_t i = 0; i < PLACES; i += step) sum += block_drop(places_swap(places, i, NULL));
    return sum;
}

/* ---- Exchange: random sizes to 16 KiB, small ones more often; one block in four goes to another thread ---------------------------- */

#define EXCHANGE_BLOCKS 2000
#define EXCHANGE_TURNS 6000000

/* The smaller the more likely: the product of two random numbers. */
static size_t exchange_size(struct random *random) {
    const size_t most = 128 - 1;
    return 16 + random_below(random, most) * random_below(random, most);
}

static void exchange_blocks(struct member *self) {
    struct places *places = self->shared;
    struct random random = random_from(self->number);
    void **blocks = calloc(EXCHANGE_BLOCKS, sizeof *blocks);
    const size_t turns = scaled(self->scale, EXCHANGE_TURNS);
    if (blocks == NULL) give_up("out of memory");
    for (size_t i = 0; i < turns; i++) {
        void **block = &blocks[random_below(&random, EXCHANGE_BLOCKS)];
        if (i % 4 == 0) *block = places_swap(places, random_below(&random, PLACES), *block);
        self->sum += block_drop(*block);
        *block = block_make(exchange_size(&random));
    }
    self->sum += block_drop_all(blocks, EXCHANGE_BLOCKS);
    free(blocks);
}

uint64_t exchange(unsigned scale) {
    static struct places places;
    const uint64_t sum = team_run(2, exchange_blocks, scale, &places);
    return sum + places_empty(&places, 1);
}

/* ---- Stress: generations of threads that end and leave blocks behind, of which half are freed each time --------------------------- */

#define STRESS_THREADS 4
#define STRESS_GENERATIONS 60
#define STRESS_KEPT 4000
#define STRESS_TURNS 120000

/* Mostly small; one in a hundred up to 32 KiB, one in ten thousand up to 512 KiB. */
static size_t stress_size(struct random *random) {
    const size_t chance = random_below(random, 10000);
    return random_size(random, 16, chance == 0 ? 512 << 10 : chance < 100 ? 32 << 10 : 512);
}

static void stress_generation(struct member *self) {
    struct places *places = self->shared;
    struct random random = random_from(self->number);
    void **kept = calloc(STRESS_KEPT, sizeof *kept);
    const size_t turns = scaled(self->scale, STRESS_TURNS);
    if (kept == NULL) give_up("out of memory");
    for (size_t i = 0; i < turns; i++) {
        void **block = &kept[random_below(&random, STRESS_KEPT)];
        self->sum += block_drop(*block);
        *block = block_make(stress_size(&random));
        if (i % 8 == 0) *block = places_swap(places, random_below(&random, PLACES), *block);
    }
    self->sum += block_drop_all(kept, STRESS_KEPT);
    free(kept);
}

uint64_t stress(unsigned scale) {
    static struct places places;
    uint64_t sum = 0;
    for (unsigned i = 0; i < STRESS_GENERATIONS; i++) {
        sum += team_run(STRESS_THREADS, stress_generation, scale, &places);
        sum += places_empty(&places, 2);
    }
    return sum + places_empty(&places, 1);
}
