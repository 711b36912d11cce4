/* workload.h: what SQLite is made to do, and every answer it gives.
 *
 * SPDX-License-Identifier: MIT
 *
 * The workload is a fixed list of steps over an in-memory database of a shop. What it does depends on the number of rows and
 * the seed alone, so two runs with the same of both must give the same answers to the bit. */
#ifndef WORKLOAD_H
#define WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#define WORKLOAD_STEPS 15

struct workload {
    uint64_t rows; /* of the largest table, orders; the other tables are fractions of it */
    uint64_t seed;
    void (*tick)(void *context);         /* called every WORKLOAD_TICK instructions of SQLite's virtual machine; may be NULL */
    void (*before_close)(void *context); /* called when the last step is done or one has failed, before anything is closed */
    void *context;
};

#define WORKLOAD_TICK 20000

/* What one step answered. */
struct step_answer {
    uint64_t rows;   /* result rows */
    uint64_t values; /* values in them */
    uint64_t hash;   /* of every value, its type and its place */
    double seconds;
};

struct answers {
    int code;          /* SQLITE_OK, or the result code with which a step or the opening failed */
    char message[128]; /* SQLite's, if it failed */
    int close_code;    /* SQLITE_OK, or why the database could not be closed */
    size_t steps;      /* that were completed */
    struct step_answer step[WORKLOAD_STEPS];
};

const char *workload_step_name(size_t step);

/* Opens a database, takes the steps until one fails, and closes it. SQLite must be initialised. */
void workload_run(const struct workload *workload, struct answers *answers);

/* The index of the first step that the two answered differently, or WORKLOAD_STEPS if every answer is the same. */
size_t workload_difference(const struct answers *a, const struct answers *b);

#endif
