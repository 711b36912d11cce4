/* run.c: see run.h.
 *
 * SPDX-License-Identifier: MIT */
#include "run.h"

#include <sqlite3.h>
#include <stdio.h>

#include "clock.h"
#include "heap_memory.h"
#include "progress.h"

/* What a run keeps in hand while the workload calls back. heap, run and picture are NULL where there are none. */
struct running {
    struct setting *setting;
    struct progress progress;
    const hmm_heap *heap;
    struct heap_run *run;
    struct picture *picture;
    size_t in_picture; /* bytes in use when it was taken */
};

static void look_at_heap(const hmm_heap *heap, struct heap_state *state) {
    if (heap == NULL) return;
    const double start = clock_seconds();
    hmm_heap_check(heap, &state->fault);
    state->check_seconds = clock_seconds() - start;
    hmm_heap_stats(heap, &state->stats);
}

static void on_tick(void *context) {
    struct running *running = context;
    progress_advance(&running->progress);
}

static int64_t most_so_far(int counter) {
    sqlite3_int64 now = 0, most = 0;
    sqlite3_status64(counter, &now, &most, 0);
    return most;
}

/* SQLite's counters are gone after the shutdown. */
static void on_before_close(void *context) {
    struct running *running = context;
    if (running->heap == NULL) return;
    look_at_heap(running->heap, &running->run->open);
    running->run->sqlite_peak = most_so_far(SQLITE_STATUS_MEMORY_USED);
    running->run->sqlite_largest = most_so_far(SQLITE_STATUS_MALLOC_SIZE);
}

/* Takes the picture again whenever the heap is fuller by a hundredth than in the last one. (That the heap reports its peak does
 * not help: it may be reached inside a realloc that moves a block, when nobody can look.) */
static void on_watch(void *context, const hmm_heap *heap) {
    struct running *running = context;
    hmm_heap_statistics stats;
    hmm_heap_stats(heap, &stats);
    if (stats.bytes_in_use <= running->in_picture + running->in_picture / 100) return;
    running->in_picture = stats.bytes_in_use;
    picture_take(running->picture, heap, running->setting->memory, running->run->bytes);
}

static void run_workload(struct running *running, const char *label, struct answers *answers) {
    struct setting *setting = running->setting;
    const struct workload workload = {setting->rows, setting->seed, on_tick, on_before_close, running};
    progress_start(&running->progress, setting->ticks, "%s", label);
    workload_run(&workload, answers);
    if (answers->code == SQLITE_OK) setting->ticks = running->progress.done;
    progress_end(&running->progress);
}

static void fail_to_begin(struct answers *answers, int code) {
    *answers = (struct answers){.code = code};
    snprintf(answers->message, sizeof answers->message, "%s", sqlite3_errstr(code));
}

void run_on_malloc(struct setting *setting, const char *label, struct answers *answers) {
    struct running running = {.setting = setting};
    const int code = system_memory_begin();
    if (code == SQLITE_OK)
        run_workload(&running, label, answers);
    else
        fail_to_begin(answers, code);
    memory_end();
}

void run_on_heap(struct setting *setting, const char *label, size_t bytes, struct picture *picture, struct heap_run *run) {
    hmm_heap *heap;
    *run = (struct heap_run){.bytes = bytes};
    const int code = heap_memory_begin(setting->memory, bytes, &heap);
    struct running running = {.setting = setting, .heap = heap, .run = run, .picture = picture};
    if (picture != NULL) heap_memory_watch(on_watch, &running);
    if (code == SQLITE_OK) {
        run_workload(&running, label, &run->answers);
    } else {
        fail_to_begin(&run->answers, code);
        look_at_heap(heap, &run->open);
    }
    heap_memory_watch(NULL, NULL);
    memory_end();
    look_at_heap(heap, &run->closed);
    hmm_heap_destroy(heap);
}

/* After the last free everything has coalesced: one free block is all there is. */
static bool is_empty(const hmm_heap_statistics *stats) {
    return stats->blocks_in_use == 0 && stats->bytes_in_use == 0 && stats->blocks_free == 1 &&
           stats->allocations == stats->frees && stats->bytes_free + stats->bytes_overhead == stats->bytes_total;
}

const char *run_complaint(const struct heap_run *run) {
    if (run->open.fault.code != HMM_OK) return "the heap failed its check before the database was closed";
    if (run->answers.close_code != SQLITE_OK) return "the database could not be closed";
    if (run->closed.fault.code != HMM_OK) return "the heap failed its check after the database was closed";
    if (!is_empty(&run->closed.stats)) return "something was left in the heap after the database was closed";
    return NULL;
}

const char *run_failed_step(const struct answers *answers) {
    return answers->steps == 0 && answers->step[0].hash == 0 ? "open the database" : workload_step_name(answers->steps);
}
