/* report.c: see report.h.
 *
 * SPDX-License-Identifier: MIT */
#include "report.h"

#include <stdio.h>

#include "format.h"

static void print_step(const char *name, const struct step_answer *answer, double malloc_seconds, double heap_seconds) {
    char values[FORMAT_BYTES];
    printf("  %-27s %9s  %016llx %8.3f %8.3f", name, format_count(values, answer->values), (unsigned long long)answer->hash,
           malloc_seconds, heap_seconds);
    /* Below a few milliseconds a ratio is noise. */
    if (malloc_seconds >= 0.005)
        printf(" %6.2f\n", heap_seconds / malloc_seconds);
    else
        printf(" %6s\n", "-");
}

void report_steps(const struct answers *on_malloc, const struct answers *on_heap) {
    struct step_answer total = {0};
    double malloc_seconds = 0, heap_seconds = 0;
    printf("  %-27s %9s  %-16s %8s %8s %6s\n", "step", "values", "hash of answers", "malloc s", "heap s", "ratio");
    for (size_t step = 0; step < WORKLOAD_STEPS; step++) {
        const struct step_answer *answer = &on_heap->step[step];
        print_step(workload_step_name(step), answer, on_malloc->step[step].seconds, answer->seconds);
        total.values += answer->values;
        total.hash ^= answer->hash * (2 * step + 1);
        malloc_seconds += on_malloc->step[step].seconds;
        heap_seconds += answer->seconds;
    }
    print_step("all", &total, malloc_seconds, heap_seconds);
}

static void print_bytes(const char *name, uint64_t bytes, const char *note) {
    char text[FORMAT_BYTES];
    printf("  %-27s %14s MiB     %s\n", name, format_mebibytes(text, bytes), note);
}

static void print_count(const char *name, uint64_t count, const char *note) {
    char text[FORMAT_BYTES];
    printf("  %-27s %14s         %s\n", name, format_count(text, count), note);
}

void report_heap(const struct heap_run *run) {
    const hmm_heap_statistics *stats = &run->open.stats;
    char note[96];
    print_bytes("size", stats->bytes_total, "static buffer, all of it the heap's");
    if (stats->peak_in_use > 0)
        snprintf(note, sizeof note, "SQLite's own count at its peak: %.2f MiB", (double)run->sqlite_peak / (1024.0 * 1024.0));
    else
        snprintf(note, sizeof note, "not counted: the heap is built with HMM_STATS 0");
    print_bytes("peak in use", stats->peak_in_use, note);
    print_bytes("largest request", (uint64_t)run->sqlite_largest, "a string that grows by realloc");
    print_bytes("in use at the end", stats->bytes_in_use, "before the database is closed");
    print_bytes("largest free at the end", stats->largest_free, "");
    snprintf(note, sizeof note, "of the free bytes lie outside the largest free block");
    printf("  %-27s %14.1f %%       %s\n", "fragmentation at the end", stats->fragmentation / 10.0, note);
    print_count("blocks in use at the end", stats->blocks_in_use, "");
    print_count("free blocks at the end", stats->blocks_free, "");
    print_count("allocations", stats->allocations, "");
    print_count("frees", stats->frees, "");
    print_count("failures", stats->failures, "requests that found no room");
    snprintf(note, sizeof note, "every block, link and counter, in %.1f ms", run->open.check_seconds * 1e3);
    printf("  %-27s %14s         %s\n", "full check at the end", hmm_result_name((int)run->open.fault.code), note);
    printf("  %-27s %14s         %s\n", "full check after closing", hmm_result_name((int)run->closed.fault.code),
           run_complaint(run) == NULL ? "nothing is left, all of it one free block" : run_complaint(run));
}
