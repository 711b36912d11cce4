/* main.c: SQLite wholly inside one heap of a fixed size, beside the same on the system's malloc.
 *
 * SPDX-License-Identifier: MIT
 *
 * Run it without arguments, or with --help. heap_memory.c shows how SQLite is put into a heap; the rest measures and shows. */
#include <sqlite3.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#include "format.h"
#include "options.h"
#include "report.h"
#include "run.h"
#include "search.h"

/* Memory of a fixed size, known to the linker. Only what is used is ever touched. */
static alignas(max_align_t) unsigned char buffer[(size_t)LARGEST_HEAP_MIB * 1024 * 1024];

/* Progress ticks of a run for each row, about: refined by the first run. */
#define ROWS_PER_TICK 100

/* Keeps the better time of each step. */
static void keep_best(struct answers *best, const struct answers *answers) {
    for (size_t step = 0; step < WORKLOAD_STEPS; step++)
        if (answers->step[step].seconds < best->step[step].seconds) best->step[step].seconds = answers->step[step].seconds;
}

/* Says what went wrong with answers that were to be complete and equal to `expected`. */
static bool are_right(const struct answers *answers, const struct answers *expected, const char *memory) {
    if (answers->code != SQLITE_OK) {
        fprintf(stderr, "sqlite_in_a_heap: SQLite on %s failed: %s: %s%s\n", memory, run_failed_step(answers), answers->message,
                answers->code == SQLITE_NOMEM ? ". Give it more with --size, or fewer --rows" : "");
        return false;
    }
    const size_t step = workload_difference(answers, expected);
    if (step == WORKLOAD_STEPS) return true;
    fprintf(stderr, "sqlite_in_a_heap: wrong answer on %s: %s\n", memory, workload_step_name(step));
    return false;
}

static bool is_sound(const struct heap_run *run) {
    const char *complaint = run_complaint(run);
    if (complaint == NULL) return true;
    const hmm_fault *fault = run->open.fault.code != HMM_OK ? &run->open.fault : &run->closed.fault;
    fprintf(stderr, "sqlite_in_a_heap: %s\n", complaint);
    if (fault->code != HMM_OK)
        fprintf(stderr, "  %s at %p: %s\n", hmm_result_name((int)fault->code), fault->address, fault->text);
    return false;
}

/* The two memories in turn, so that what else the machine does meets both. */
static bool measure(struct setting *setting, const struct options *options, struct answers *on_malloc, struct heap_run *on_heap) {
    for (unsigned round = 1; round <= options->rounds; round++) {
        struct answers again;
        struct heap_run heap_again;
        run_on_malloc(setting, "on malloc", &again);
        if (round == 1) *on_malloc = again;
        if (!are_right(&again, on_malloc, "malloc")) return false;
        run_on_heap(setting, "in the heap", options->heap_bytes, NULL, &heap_again);
        if (round == 1) *on_heap = heap_again;
        if (!is_sound(&heap_again) || !are_right(&heap_again.answers, on_malloc, "the heap")) return false;
        keep_best(on_malloc, &again);
        keep_best(&on_heap->answers, &heap_again.answers);
    }
    return true;
}

/* In a run of its own: to look for the fullest moment takes time. */
static bool show_picture(struct setting *setting, const struct answers *expected, size_t bytes) {
    static struct picture picture;
    struct heap_run run;
    char size[FORMAT_BYTES];
    run_on_heap(setting, "for the picture", bytes, &picture, &run);
    if (!is_sound(&run) || !are_right(&run.answers, expected, "the heap")) return false;
    printf("\nThe heap of %s MiB when it is fullest:\n\n", format_mebibytes(size, bytes));
    picture_print(&picture, stdout, picture_in_colour(stdout));
    return true;
}

static bool find_smallest(struct setting *setting, const struct heap_run *measured, size_t step) {
    char size[FORMAT_BYTES];
    printf("\nThe smallest heap in which this works, to %zu KiB:\n\n", step / 1024);
    const size_t smallest = search_smallest(setting, &measured->answers, measured->bytes, step);
    if (smallest == 0) return false;
    printf("\n  smallest size that works: %s MiB", format_mebibytes(size, smallest));
    if (measured->open.stats.peak_in_use > 0)
        printf(", %.3f times the peak in use", (double)smallest / (double)measured->open.stats.peak_in_use);
    printf("\n");
    return show_picture(setting, &measured->answers, smallest);
}

static bool demonstrate(const struct options *options) {
    struct setting setting = {buffer, options->rows, options->seed, options->rows / ROWS_PER_TICK};
    struct answers on_malloc = {0};
    struct heap_run on_heap = {0};
    char rows[FORMAT_BYTES];
    printf("SQLite %s in a heap of %zu MiB: %s rows, granule %zu bytes, seed %llu\n\n", sqlite3_libversion(),
           options->heap_bytes / (1024 * 1024), format_count(rows, options->rows), HMM_HEAP_GRANULE,
           (unsigned long long)options->seed);
    fflush(stdout);
    if (!measure(&setting, options, &on_malloc, &on_heap)) return false;
    report_steps(&on_malloc, &on_heap.answers);
    printf("\n  Every answer is the same in the heap as on malloc. Times: of this machine today, the best of %u in turn.\n",
           options->rounds);
    printf("\nWhat the heap did:\n\n");
    report_heap(&on_heap);
    if (!show_picture(&setting, &on_heap.answers, on_heap.bytes)) return false;
    return !options->search || find_smallest(&setting, &on_heap, options->search_bytes);
}

int main(int argc, char **argv) {
    struct options options;
    switch (options_read(&options, argc, argv)) {
    case OPTIONS_HELP: return EXIT_SUCCESS;
    case OPTIONS_WRONG: return 2;
    case OPTIONS_RUN: break;
    }
    return demonstrate(&options) ? EXIT_SUCCESS : EXIT_FAILURE;
}
