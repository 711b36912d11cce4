/* fault_table.c: 28 kinds of memory fault at three sizes, each in a process of its own: what is said of it, and what becomes of it.
 *
 * SPDX-License-Identifier: MIT
 *
 *     fault_table [csv]      in the mode that HEAPMM_CHECK says: 1, 2 or 3. csv: prints the cells instead of a summary
 *
 * A process makes a busy heap, does one thing wrong, and goes on with correct calls, while it keeps a map of the blocks that it has
 * and what it has written to them. A cell is
 *
 *     call       refused by the very call: by a diagnosis, or by NULL and errno where the standard wants that
 *     later      diagnosed when the block that was damaged is freed or used again, at the latest at the end of the process
 *     unseen     no diagnosis, and no harm
 *     HARMFUL    a block handed out overlaps one that is live, or is where a wrong pointer led, or is not zero though it was to be; or live
 *                data changed; or it crashed
 *
 * What a faulty write itself hits is not counted: it is the program's own doing, and written anew before the search for harm begins.
 * Each cell must be exactly what the table below expects, and a diagnosis must name the function, the kind, the address and the size. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heard.h"

#include "heapmm/malloc.h"

enum { LIVE = 400, ROUNDS = 2000, FAR = 100 * 1024 };

static size_t size; /* of the blocks of the fault at hand */
static int mode;    /* HEAPMM_CHECK */

/* ---- The live blocks of a process ---------------------------------------------------------------------------------------- */

struct live {
    unsigned char *p;
    size_t size;
    unsigned char mark;
};

static struct live live[LIVE];
static unsigned state = 7;
static unsigned char wrong_places[512]; /* that are no block, and which wrong pointers lead to */
static const int harmful = 3;           /* a status of the process */

static unsigned next_random(void) {
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

static void harm(void) {
    _exit(harmful);
}

static void mark(struct live *block) {
    memset(block->p, block->mark, block->size);
}

static void verify(const struct live *block) {
    for (size_t i = 0; i < block->size; i++)
        if (block->p[i] != block->mark) harm();
}

static bool overlaps(const unsigned char *p, size_t bytes, const unsigned char *q, size_t other) {
    return p < q + other && q < p + bytes;
}

static void expect_apart(const struct live *block) {
    if (overlaps(block->p, block->size, wrong_places, sizeof wrong_places)) harm();
    for (const struct live *other = live; other < live + LIVE; other++)
        if (other != block && other->p != NULL && overlaps(block->p, block->size, other->p, other->size)) harm();
}

static size_t some_size(void) {
    return next_random() % 4 == 0 ? next_random() % 3000 + 1 : size;
}

static void make(struct live *block) {
    block->size = some_size();
    const bool zeroed = next_random() % 4 == 0;
    block->p = zeroed ? hmm_calloc(1, block->size) : hmm_malloc(block->size);
    if (block->p == NULL) harm();
    expect_apart(block);
    block->mark = 0;
    if (zeroed) verify(block);
    block->mark = (unsigned char)next_random();
    mark(block);
}

static void drop(struct live *block) {
    verify(block);
    hmm_free(block->p);
    block->p = NULL;
}

static void work(int rounds) {
    for (int i = 0; i < rounds; i++) {
        struct live *block = &live[next_random() % LIVE];
        if (block->p == NULL) {
            make(block);
        } else {
            drop(block);
        }
    }
}

static void go_on(void) {
    for (struct live *block = live; block < live + LIVE; block++)
        if (block->p != NULL) mark(block);
    work(size > 4096 ? ROUNDS / 10 : ROUNDS);
    for (struct live *block = live; block < live + LIVE; block++)
        if (block->p != NULL) drop(block);
}

/* ---- What is done wrong -------------------------------------------------------------------------------------------------- */

/* The block, with others of the same size on both sides that stay, FAR enough. The end of a write that is far too long hits these. */
static unsigned char *block;

/* Shared with the process that looks on. */
static struct {
    bool returned;        /* the faulty calls, without a diagnosis */
    unsigned char *named; /* what a diagnosis has to name */
    size_t usable;
} * seen;

static unsigned char *names(void *p) {
    seen->named = p;
    return p;
}

static void make_block(void) {
    enum { MOST = 9000 };
    static unsigned char *row[MOST];
    const size_t count = 2 * FAR / size + 40;
    for (size_t i = 0; i < count; i++) row[i] = hmm_malloc(size);
    size_t lowest = 0;
    for (size_t i = count / 4; i < count / 2; i++)
        if (row[i] < row[lowest] || lowest == 0) lowest = i;
    block = names(row[lowest]);
    memset(block, 0x11, size);
}

static void *frees(void *p) {
    hmm_free(p);
    return NULL;
}

/* The first thread has made the C library allocate what it keeps for others. */
static void free_in_thread(void *p) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, frees, p) != 0) harm();
    pthread_join(thread, NULL);
}

static void free_others(int count) {
    static void *others[5000];
    for (int i = 0; i < count; i++) others[i] = hmm_malloc(size + 5000);
    for (int i = 0; i < count; i++) hmm_free(others[i]);
}

static void free_at_once(void) {
    hmm_free(block);
    hmm_free(block);
}

static void free_later(void) {
    hmm_free(block);
    free_others(10);
    hmm_free(block);
}

static void free_when_full(void) {
    enum { COUNT = 200 };
    static void *blocks[COUNT];
    for (int i = 0; i < COUNT; i++) blocks[i] = hmm_malloc(size);
    hmm_free(block);
    for (int i = 0; i < COUNT; i++) hmm_free(blocks[i]);
    hmm_free(block);
}

static void free_in_other_thread(void) {
    free_in_thread(NULL);
    hmm_free(block);
    free_in_thread(block);
}

static void free_after_remote(void) {
    free_in_thread(NULL);
    free_in_thread(block);
    hmm_free(block);
}

static void free_named(size_t offset) {
    hmm_free(names(block + offset));
}

static void free_inside(void) {
    free_named(16);
}

static void free_misaligned(void) {
    free_named(1);
}

static void free_stack(void) {
    unsigned char local[64];
    volatile uintptr_t address = (uintptr_t)local;
    hmm_free(names((void *)address));
}

static void free_static(void) {
    hmm_free(names(wrong_places + 64));
}

static void free_made_up(void) {
    volatile uintptr_t address = 0x1234567890;
    hmm_free(names((void *)address));
}

static void free_foreign(void) {
    hmm_free(names(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
}

static void realloc_foreign(void) {
    if (hmm_realloc(names(wrong_places + 128), size) != NULL) harm();
}

static void overflow(size_t bytes) {
    volatile unsigned char *end = block + size;
    for (size_t i = 0; i < bytes; i++) end[i] = (unsigned char)(0x41 + i % 7);
    hmm_free(block);
}

static void overflow_1(void) {
    overflow(1);
}

static void overflow_8(void) {
    overflow(8);
}

static void overflow_64(void) {
    overflow(64);
}

static void overflow_far(void) {
    overflow(FAR);
}

static void underflow(void) {
    memset(block - 8, 0x41, 8);
    hmm_free(block);
}

/* What would make allocators that link free blocks through themselves hand out wrong_places. */
static void write_link(void *where, uintptr_t link) {
    memcpy(where, &link, sizeof link);
}

static void write_raw_link(void) {
    hmm_free(block);
    write_link(block, (uintptr_t)(wrong_places + 192));
}

static void write_encoded_link(void) {
    hmm_free(block);
    write_link(block, (uintptr_t)(wrong_places + 192) ^ (uintptr_t)block >> 12);
}

static void write_middle(void) {
    hmm_free(block);
    memset(block + size / 2, 0x41, 8);
}

/* Several that lie together are freed, and merge. */
static void write_big_free(void) {
    enum { COUNT = 300 };
    static unsigned char *blocks[COUNT];
    const size_t count = size > 4096 ? 5 : COUNT;
    for (size_t i = 0; i < count; i++) blocks[i] = hmm_malloc(size);
    for (size_t i = 0; i < count; i++) hmm_free(blocks[i]);
    block = names(blocks[count / 2]);
    for (size_t at = 0; at + 16 <= size; at += 64) write_link(block + at, (uintptr_t)(wrong_places + 256));
}

static void realloc_freed(void) {
    hmm_free(block);
    if (hmm_realloc(block, size + 1) != NULL) harm();
}

static void usable_size_freed(void) {
    hmm_free(block);
    if (hmm_malloc_usable_size(block) != 0) harm();
}

static void free_sized_wrong(void) {
    hmm_free_sized(block, size * 3);
}

static void refuse(const void *p, int error) {
    if (p == NULL && errno == error) _exit(0);
    harm();
}

static const volatile size_t half_of_all = (size_t)1 << 63; /* hidden from the compiler, which warns */

static void calloc_overflows(void) {
    refuse(hmm_calloc(half_of_all / size + 1, 2 * size), ENOMEM);
}

static void reallocarray_overflows(void) {
    refuse(hmm_reallocarray(block, half_of_all / size + 1, 2 * size), ENOMEM);
}

static void bad_alignment(void) {
    refuse(hmm_aligned_alloc(48 + half_of_all % 2, size), EINVAL);
}

static void absurd_alignment(void) {
    refuse(hmm_aligned_alloc(half_of_all / 2, size), ENOMEM);
}

static void nothing(void) {
    hmm_free(block);
}

/* The block is another one's meanwhile: for an allocator that does not delay, the pointer is right, and the block is handed out to a third. */
static unsigned char *allocate_until(const unsigned char *wanted) {
    unsigned char *p = NULL;
    for (size_t bytes = 0; p != wanted && bytes < (size_t)1 << 26; bytes += size) p = hmm_malloc(size);
    return p;
}

static void free_handed_out_again(void) {
    hmm_free(block);
    unsigned char *again = allocate_until(block);
    hmm_free(block);
    if (again == block && allocate_until(block) == block) harm();
}

/* ---- What is expected ---------------------------------------------------------------------------------------------------- */

enum outcome { CALL, LATER, UNSEEN, HARMFUL, OUTCOMES };
static const char *const outcomes[] = {"call", "later", "unseen", "HARMFUL"};

enum said {
    NOT_SAID,
    NO_SIZE,
    SIZE
}; /* in a diagnosis: none, since the result is NULL; one without a size, of no block; with one */

static const char again_small[] = "freed twice, or used after free", no_memory[] = "no memory of this allocator";
static const char behind[] = "behind its end: overflow", before[] = "before its beginning: underflow", freed[] = "use after free";
static const char wrong[] = "wrong size";

static const struct {
    const char *name;
    void (*run)(void);
    enum outcome in_default, in_checked;
    enum said said;
    const char *function, *text; /* function: named for what is refused by the call */
} kinds[] = {
    {"freed twice at once", free_at_once, CALL, CALL, SIZE, "free", again_small},
    {"freed twice, other frees between", free_later, CALL, CALL, SIZE, "free", again_small},
    {"freed twice, 200 of that size between", free_when_full, CALL, CALL, SIZE, "free", again_small},
    {"freed, then by another thread", free_in_other_thread, CALL, CALL, SIZE, "free", again_small},
    {"freed by another thread, then here", free_after_remote, CALL, CALL, SIZE, "free", again_small},
    {"free of a pointer into a block", free_inside, CALL, CALL, SIZE, "free", "inside a block of "},
    {"free of a misaligned pointer", free_misaligned, CALL, CALL, SIZE, "free", "inside a block of "},
    {"free of an address on the stack", free_stack, CALL, CALL, NO_SIZE, "free", no_memory},
    {"free of a static array", free_static, CALL, CALL, NO_SIZE, "free", no_memory},
    {"free of an address never allocated", free_made_up, CALL, CALL, NO_SIZE, "free", no_memory},
    {"free of memory of mmap", free_foreign, CALL, CALL, NO_SIZE, "free", no_memory},
    {"realloc of a static array", realloc_foreign, CALL, CALL, NO_SIZE, "realloc", no_memory},
    {"overflow by 1 byte", overflow_1, UNSEEN, CALL, SIZE, "free", behind},
    {"overflow by 8 bytes", overflow_8, UNSEEN, CALL, SIZE, "free", behind},
    {"overflow by 64 bytes", overflow_64, UNSEEN, CALL, SIZE, "free", behind},
    {"overflow by 100 KiB", overflow_far, UNSEEN, CALL, SIZE, "free", behind},
    {"underflow by 8 bytes", underflow, UNSEEN, CALL, SIZE, "free", before},
    {"a raw link written to a freed block", write_raw_link, UNSEEN, LATER, SIZE, NULL, freed},
    {"an encoded link written to a freed block", write_encoded_link, UNSEEN, LATER, SIZE, NULL, freed},
    {"the middle of a freed block written to", write_middle, UNSEEN, LATER, SIZE, NULL, freed},
    {"a big free block written to", write_big_free, UNSEEN, LATER, SIZE, NULL, freed},
    {"realloc of a freed block", realloc_freed, CALL, CALL, SIZE, "realloc", again_small},
    {"malloc_usable_size of a freed block", usable_size_freed, CALL, CALL, SIZE, "malloc_usable_size", again_small},
    {"free_sized with a wrong size", free_sized_wrong, CALL, CALL, SIZE, "free_sized", wrong},
    {"calloc of an overflowing product", calloc_overflows, CALL, CALL, NOT_SAID, NULL, NULL},
    {"reallocarray of an overflowing product", reallocarray_overflows, CALL, CALL, NOT_SAID, NULL, NULL},
    {"an alignment that is no power of two", bad_alignment, CALL, CALL, NOT_SAID, NULL, NULL},
    {"an alignment beyond all memory", absurd_alignment, CALL, CALL, NOT_SAID, NULL, NULL},
    {"freed twice, handed out again between", free_handed_out_again, HARMFUL, CALL, SIZE, "free", again_small},
    {"no fault", nothing, UNSEEN, UNSEEN, NOT_SAID, NULL, NULL},
};

enum { KINDS = sizeof kinds / sizeof kinds[0], FAULTS = KINDS - 2 }; /* the last two do not count */

static const size_t sizes[] = {32, 1000, 300000};
enum { SIZES = 3 };

/* ---- One cell ------------------------------------------------------------------------------------------------------------ */

static char diagnosis[4096];

static void do_wrong(size_t kind) {
    work(3 * LIVE / 2);
    make_block();
    seen->usable = hmm_malloc_usable_size(block);
    kinds[kind].run();
    seen->returned = true;
    go_on();
    exit(EXIT_SUCCESS);
}

static int run_process(size_t kind) {
    int ends[2];
    memset(seen, 0, sizeof *seen);
    const pid_t child = fork_heard(ends);
    if (child == 0) {
        alarm(60);
        do_wrong(kind);
    }
    return hear(child, ends, diagnosis, sizeof diagnosis);
}

static const char at_access[] = "heapmm: access(";

/* With a diagnosis, a guard page has stopped the access itself. */
static bool was_told(int status) {
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == SIGSEGV) return strncmp(diagnosis, at_access, strlen(at_access)) == 0;
    return signal == SIGABRT && diagnosis[0] != '\0';
}

static enum outcome outcome_of(size_t kind, int status) {
    if (was_told(status)) return seen->returned ? LATER : CALL;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || diagnosis[0] != '\0') return HARMFUL;
    return kinds[kind].said == NOT_SAID && !seen->returned ? CALL : UNSEEN;
}

/* Whether the diagnosis is one line that names all. The size is what was asked for where that is known, else the block's; a large block
 * that was freed has merged with its neighbours. */
static bool names_all(size_t kind) {
    char expected[100];
    if (kinds[kind].said == NOT_SAID) return diagnosis[0] == '\0';
    const char *end = strchr(diagnosis, '\n');
    if (strncmp(diagnosis, at_access, strlen(at_access)) == 0) return true;
    if (end == NULL || end[1] != '\0' || strstr(diagnosis, kinds[kind].text) == NULL) return false;
    snprintf(expected, sizeof expected, "(%p): ", (void *)seen->named);
    if (strstr(diagnosis, expected) == NULL) return false;
    snprintf(expected, sizeof expected, "heapmm: %s(", kinds[kind].function);
    if (kinds[kind].function != NULL && strncmp(diagnosis, expected, strlen(expected)) != 0) return false;
    const bool merged = size > 4096 && strstr(diagnosis, ": in free memory of ") != NULL;
    snprintf(expected, sizeof expected, " %zu bytes", mode < 2 ? seen->usable : size);
    return kinds[kind].said == NO_SIZE || strstr(diagnosis, merged ? " bytes: freed twice" : expected) != NULL;
}

/* ---- The table ----------------------------------------------------------------------------------------------------------- */

static int wrong_cells;

static enum outcome cell(size_t kind, size_t column) {
    size = sizes[column];
    const enum outcome outcome = outcome_of(kind, run_process(kind));
    const enum outcome expected = mode < 2 ? kinds[kind].in_default : kinds[kind].in_checked;
    if (outcome != expected || (outcome < UNSEEN && !names_all(kind))) {
        fprintf(stderr, "%s, %zu bytes, HEAPMM_CHECK=%d: %s instead of %s; said, of a block of %zu at %p: \"%s\"\n",
                kinds[kind].name, size, mode, outcomes[outcome], outcomes[expected], seen->usable, (void *)seen->named,
                diagnosis);
        wrong_cells++;
    }
    return outcome;
}

static int print_table(bool csv) {
    int counts[OUTCOMES] = {0};
    for (size_t kind = 0; kind < KINDS; kind++) {
        if (csv) printf("%s", kinds[kind].name);
        for (size_t column = 0; column < SIZES; column++) {
            const enum outcome outcome = cell(kind, column);
            if (csv) printf(";%s", outcomes[outcome]);
            if (kind < FAULTS) counts[outcome]++;
        }
        if (csv) printf("\n");
    }
    const int detected = counts[CALL] + counts[LATER];
    const int percent = 100 * detected / (FAULTS * SIZES);
    if (!csv)
        printf("HEAPMM_CHECK=%d: %d of %d cells detected, %d %%; %d harmful; %d are not as expected\n", mode, detected,
               FAULTS * SIZES, percent, counts[HARMFUL], wrong_cells);
    return wrong_cells == 0 && counts[HARMFUL] == 0 && percent >= (mode < 2 ? 55 : 90) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    const char *check = getenv("HEAPMM_CHECK");
    mode = check == NULL ? 1 : atoi(check);
    seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(seen != MAP_FAILED);
    return print_table(argc > 1 && strcmp(argv[1], "csv") == 0);
}
