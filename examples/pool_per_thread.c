/* pool_per_thread.c: a pool for each thread, and blocks that are freed by another one.
 *
 * SPDX-License-Identifier: MIT
 *
 * Readers take lines from a text and send each word on as a message that lies in the reader's own pool. The counter, a thread
 * with no pool at all, counts the words and gives each message back to the pool that it came from: hmm_pool_free_remote pushes
 * it onto that pool's queue, without a lock, and the reader finds it there when it allocates the next one.
 *
 * A reader that has read everything leaves its pool, in which some messages are still on their way, to whoever adopts it: here
 * the main thread, when the counter has finished. */
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heapmm/pool.h"

#define READERS 3
#define ROUNDS 20000
#define LONGEST_QUEUE 100

static const char *const texts[READERS] = {
    "best fit wastes least of the simple policies",
    "what one thread allocates another thread may free",
    "a pool has one owner and many friends",
};

/* ---- Messages ------------------------------------------------------------------------------------------------------------ */

struct message {
    struct message *next;
    hmm_pool *home; /* where it must go back to */
    char word[];
};

/* Between the threads. The lock is the queue's own; allocating and freeing need none. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct message *newest;
    int length, readers;
} queue = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER, .readers = READERS};

static void send(struct message *message) {
    pthread_mutex_lock(&queue.mutex);
    while (queue.length == LONGEST_QUEUE) pthread_cond_wait(&queue.changed, &queue.mutex);
    message->next = queue.newest;
    queue.newest = message;
    queue.length++;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.mutex);
}

static void say_goodbye(void) {
    pthread_mutex_lock(&queue.mutex);
    queue.readers--;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.mutex);
}

/* All that have been sent; NULL when no more will come. */
static struct message *receive(void) {
    pthread_mutex_lock(&queue.mutex);
    while (queue.newest == NULL && queue.readers > 0) pthread_cond_wait(&queue.changed, &queue.mutex);
    struct message *messages = queue.newest;
    queue.newest = NULL;
    queue.length = 0;
    pthread_cond_broadcast(&queue.changed);
    pthread_mutex_unlock(&queue.mutex);
    return messages;
}

/* ---- Readers ------------------------------------------------------------------------------------------------------------- */

struct reader {
    pthread_t thread;
    const char *text;
    hmm_pool *pool;
    max_align_t memory[1024];
};

static void send_word(hmm_pool *pool, const char *word, size_t length) {
    struct message *message = hmm_pool_alloc(pool, sizeof *message + length + 1);
    if (message == NULL) return;
    message->home = pool;
    memcpy(message->word, word, length);
    message->word[length] = '\0';
    send(message);
}

static void *read_text(void *argument) {
    struct reader *reader = argument;
    reader->pool = hmm_pool_create(reader->memory, sizeof reader->memory, NULL);
    for (int round = 0; round < ROUNDS; round++)
        for (const char *word = reader->text; *word != '\0';) {
            const size_t length = strcspn(word, " ");
            send_word(reader->pool, word, length);
            word += length + (word[length] == ' ');
        }
    hmm_pool_abandon(reader->pool);
    say_goodbye();
    return NULL;
}

/* ---- The counter --------------------------------------------------------------------------------------------------------- */

static size_t words, letters;

static void count_words(void) {
    for (struct message *message; (message = receive()) != NULL;)
        while (message != NULL) {
            struct message *next = message->next;
            words++;
            letters += strlen(message->word);
            hmm_pool_free_remote(message->home, message);
            message = next;
        }
}

/* ---- Afterwards ---------------------------------------------------------------------------------------------------------- */

static int close_pool(hmm_pool *pool) {
    hmm_pool_statistics stats;
    if (hmm_pool_adopt(pool) != HMM_OK) return 0;
    const size_t late = hmm_pool_collect(pool, SIZE_MAX);
    hmm_pool_stats(pool, &stats);
    printf("%zu messages came home, %zu of them after the reader had gone; at most %zu bytes in use; %zu left; check %s\n",
           stats.remote_drained, late, stats.heap.peak_in_use, stats.heap.blocks_in_use,
           hmm_result_name(hmm_pool_check(pool, NULL)));
    hmm_pool_destroy(pool);
    return stats.heap.blocks_in_use == 0;
}

int main(void) {
    static struct reader readers[READERS];
    int clean = 1;
    for (int i = 0; i < READERS; i++) {
        readers[i].text = texts[i];
        if (pthread_create(&readers[i].thread, NULL, read_text, &readers[i]) != 0) return EXIT_FAILURE;
    }
    count_words();
    for (int i = 0; i < READERS; i++) pthread_join(readers[i].thread, NULL);
    printf("%zu words of %zu letters\n", words, letters);
    for (int i = 0; i < READERS; i++) clean &= close_pool(readers[i].pool);
    return clean ? EXIT_SUCCESS : EXIT_FAILURE;
}
