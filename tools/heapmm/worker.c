/* worker.c: see worker.h.
 *
 * SPDX-License-Identifier: MIT */
#include "worker.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "counter.h"
#include "crew.h"
#include "player.h"
#include "resident.h"
#include "session.h"

static session *all;
static step batch[SESSION_BATCH];
static allocator of_library;
static player played;
static crew together;
static bool counts;

static uint64_t now(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* ---- Beginning ----------------------------------------------------------------------------------------------------------- */

static bool open_session(void) {
    struct stat status;
    if (fstat(SESSION_MEMORY, &status) != 0 || (size_t)status.st_size < sizeof *all) return false;
    all = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, SESSION_MEMORY, 0);
    return all != MAP_FAILED;
}

static bool is_file(const char *path, const char *library) {
    struct stat wanted, there;
    return stat(library, &wanted) == 0 && stat(path, &there) == 0 && wanted.st_dev == there.st_dev &&
           wanted.st_ino == there.st_ino;
}

static int compare_loaded(struct dl_phdr_info *loaded, size_t bytes, void *library) {
    (void)bytes;
    return is_file(loaded->dlpi_name, library);
}

/* The loader goes on without a library that it cannot preload, and a library may have no malloc. If this replay is recorded, the
 * recorder stands before it and calls it: then it is believed to have one. */
static bool malloc_is_of(const char *library) {
    Dl_info found;
    void *function = dlsym(RTLD_DEFAULT, "malloc");
    if (function == NULL || dladdr(function, &found) == 0) return false;
    if (strstr(found.dli_fname, "/libheapmm-record.so") == NULL) return is_file(found.dli_fname, library);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s", library);
    return dl_iterate_phdr(compare_loaded, path) != 0;
}

static int end(session_state state, const char *text) {
    snprintf(all->text, sizeof all->text, "%s", text);
    all->state = state;
    return 0;
}

static const allocator *find_allocator(void) {
    const allocator *on = allocator_named(all->name);
    if (on != NULL) return on;
    of_library = allocator_of_library(all->name);
    return &of_library;
}

/* ---- Playing ------------------------------------------------------------------------------------------------------------- */

static bool read_all(void *to, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        const ssize_t count = read(SESSION_STEPS, (char *)to + done, bytes - done);
        if (count <= 0) return false;
        done += (size_t)count;
    }
    return true;
}

static void tell(void) {
    all->played = played.played;
    all->live = played.live;
    all->peak = played.peak;
    all->curve = played.curve;
    all->failures = played.failures;
    all->first_failure = played.first_failure;
    all->memory = played.arena.heap != NULL ? played.arena.bytes : resident_most();
}

static void take_sample(void) {
    if (all->samples == all->sample_room) return;
    session_sample *taken = &all->sample[all->samples];
    size_t free_bytes = 0, largest = 0;
    if (played.arena.heap != NULL) played.on->look(played.arena.heap, &free_bytes, &largest);
    *taken = (session_sample){.played = played.played, .live = played.live, .free = free_bytes, .largest = largest};
    taken->memory = played.arena.heap != NULL ? played.arena.bytes : resident_now();
    all->samples++;
}

/* What the parent wants done behind a batch. */
static void follow(uint32_t then) {
    if ((then & SESSION_SAMPLE) != 0) take_sample();
    if (then == SESSION_LOOK && played.arena.heap == NULL) resident_now();
}

/* What stands for the instructions before: a counter that fails meanwhile gives none. */
static uint64_t count_from(void) {
    const uint64_t now = counts ? counter_read() : 0;
    counts = counts && now > 0;
    return now;
}

static void count_to(uint64_t before) {
    const uint64_t now = count_from();
    all->instructions = counts ? all->instructions + now - before : 0;
}

static bool play_batch(uint32_t count) {
    bool is_sound = true;
    const uint64_t clock = now(CLOCK_MONOTONIC), processor = now(CLOCK_PROCESS_CPUTIME_ID), before = count_from();
    for (uint32_t i = 0; i < count && is_sound; i++) is_sound = player_play(&played, &batch[i]);
    count_to(before);
    all->nanoseconds += now(CLOCK_PROCESS_CPUTIME_ID) - processor;
    all->wall += now(CLOCK_MONOTONIC) - clock;
    all->played = played.played;
    return is_sound;
}

static bool next_batch(session_batch *next) {
    return read_all(next, sizeof *next) && next->count <= SESSION_BATCH;
}

static int play_in_order(const player_plan *plan) {
    session_batch next;
    bool is_sound = true;
    if (!player_begin(&played, plan)) return end(SESSION_UNUSABLE, "its arena cannot be so small or so large");
    memset(batch, 1, sizeof batch);
    resident_begin();
    while (is_sound && next_batch(&next) && read_all(batch, next.count * sizeof *batch)) {
        is_sound = play_batch(next.count);
        follow(next.then);
    }
    is_sound = is_sound && player_finish(&played);
    tell();
    return is_sound ? end(SESSION_FINISHED, "") : end(SESSION_BROKEN, player_fault(&played));
}

/* ---- Playing together ---------------------------------------------------------------------------------------------------- */

static void tell_of_all(void) {
    const uint64_t arenas = crew_arenas(&together);
    all->played = together.played;
    all->live = crew_live(&together);
    if (all->live > all->peak) all->peak = all->live;
    all->failures = crew_failures(&together, &all->first_failure);
    all->nanoseconds = together.nanoseconds;
    all->wall = together.wall;
    all->memory = arenas != 0 ? arenas : resident_most();
}

static void sample_all(void) {
    size_t free_bytes = 0, largest = 0;
    if (all->samples == all->sample_room) return;
    crew_look(&together, &free_bytes, &largest);
    session_sample *taken = &all->sample[all->samples++];
    *taken = (session_sample){.played = all->played, .live = all->live, .free = free_bytes, .largest = largest};
    taken->memory = crew_arenas(&together) != 0 ? all->memory : resident_now();
}

static bool play_window(uint32_t then) {
    const uint64_t before = count_from();
    const bool is_sound = crew_play(&together);
    count_to(before);
    tell_of_all();
    if ((then & SESSION_SAMPLE) != 0) sample_all();
    return is_sound;
}

static int play_together(const player_plan *plan) {
    session_batch next;
    bool is_sound = true;
    if (!crew_begin(&together, plan, (size_t)all->threads))
        return end(SESSION_UNUSABLE, "its arenas cannot be so small or so large, or there are too many threads");
    resident_begin();
    while (is_sound && next_batch(&next) && together.length + next.count <= SESSION_WINDOW + SESSION_BATCH &&
           read_all(crew_room(&together, next.count), next.count * sizeof *batch))
        if ((next.then & SESSION_WINDOW_ENDS) != 0) is_sound = play_window(next.then);
    is_sound = is_sound && crew_finish(&together);
    tell_of_all();
    return is_sound ? end(SESSION_FINISHED, "") : end(SESSION_BROKEN, player_fault(together.players));
}

int worker_run(void) {
    if (!open_session()) return EXIT_FAILURE;
    if (*all->library != '\0' && !malloc_is_of(all->library)) return end(SESSION_UNUSABLE, "it is no library with a malloc");
    counts = all->counts && counter_begin();
    const player_plan plan = {find_allocator(), all->slots, all->capacity, all->arena, all->verifies, !all->verifies};
    return all->threads > 0 ? play_together(&plan) : play_in_order(&plan);
}
