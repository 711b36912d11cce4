/* free_in_a_handler.c: a signal handler that frees what the main program has allocated, as an interrupt handler would.
 *
 * SPDX-License-Identifier: MIT
 *
 * The main program fills packets and gives them to a device, which sends one whenever its timer fires. The handler frees the
 * packet, while the main program may be anywhere: in the middle of an allocation, for instance. Freeing it with hmm_pool_free would
 * ruin the heap; hmm_pool_free_remote needs nothing that the main program may just be changing. The packet is back in the heap when
 * the main program allocates the next time. On a board the same lines run in an interrupt handler; on one without
 * compare-and-swap, with HMM_CRITICAL_SECTIONS=1. */
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "heapmm/pool.h"

#define PACKETS 200
#define SLOTS 4 /* packets that the device has at the same time */

static max_align_t memory[512];
static hmm_pool *pool;
static _Atomic(char *) device[SLOTS]; /* NULL: an empty slot */
static volatile sig_atomic_t sent;

/* The device has sent a packet. */
static void on_timer(int signal) {
    (void)signal;
    for (int i = 0; i < SLOTS; i++) {
        char *packet = atomic_exchange(&device[i], NULL);
        if (packet == NULL) continue;
        hmm_pool_free_remote(pool, packet);
        sent++;
        return;
    }
}

static void start_timer(void) {
    struct sigaction action = {.sa_handler = on_timer, .sa_flags = SA_RESTART};
    const struct itimerval often = {{0, 200}, {0, 200}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
}

static void stop_timer(void) {
    const struct itimerval never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_IGN);
}

/* Waits for an empty slot, and puts the packet there. */
static void give_to_device(char *packet) {
    for (int i = 0;; i = (i + 1) % SLOTS) {
        char *empty = NULL;
        if (atomic_compare_exchange_strong(&device[i], &empty, packet)) return;
    }
}

int main(void) {
    pool = hmm_pool_create(memory, sizeof memory, NULL);
    if (pool == NULL) return EXIT_FAILURE;
    start_timer();
    for (int number = 0; number < PACKETS; number++) {
        char *packet = hmm_pool_alloc(pool, 200 + (size_t)number);
        if (packet == NULL) return EXIT_FAILURE;
        memset(packet, number, 200);
        give_to_device(packet);
    }
    while (sent < PACKETS) continue;
    stop_timer();

    hmm_pool_statistics stats;
    hmm_pool_collect(pool, SIZE_MAX);
    hmm_pool_stats(pool, &stats);
    printf("%d packets were sent from %zu bytes, %zu came home from the handler, %zu are left\n", (int)sent, sizeof memory,
           stats.remote_drained, stats.heap.blocks_in_use);
    printf("check: %s\n", hmm_result_name(hmm_pool_check(pool, NULL)));
    hmm_pool_destroy(pool);
    return stats.heap.blocks_in_use == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
