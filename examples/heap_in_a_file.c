/* heap_in_a_file.c: a heap that outlives the process: written to a file, and used again at another address.
 *
 * SPDX-License-Identifier: MIT
 *
 * A heap holds no address of its own memory, only offsets. If what you keep in it does the same, the whole of it can be mapped
 * anywhere: hmm_heap_attach opens it. The rules:
 *
 *   - Link your own structures by offsets (here: from the start of the file), never by pointers.
 *   - Keep one offset where you can find it, as `root` in the head of this file.
 *   - There is nothing to detach: unmap the file, or exit. Between two calls of the heap's functions the file is always whole.
 *   - hmm_heap_attach checks every byte of the heap's own before it trusts it, and refuses a damaged file with a fault. Your own
 *     bytes it cannot judge.
 *
 * The program runs itself as one process after another, each with its own mapping: `write` makes a list of words, `change`
 * removes some and adds others, `read` prints them, and `refuse` is given the file damaged in two ways, and must refuse it. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "heapmm/heap.h"

#define FILE_BYTES ((size_t)64 * 1024)

/* The start of the file. The heap fills the rest. */
struct head {
    uint64_t root;    /* offset of the first word, 0 if there is none */
    uint64_t address; /* where the last process had mapped the file: only to show that the next one maps it elsewhere */
    unsigned char unused[48];
};

struct word {
    uint64_t next; /* offset of the next word, 0 after the last */
    char text[];
};

/* The file as one process sees it. */
struct book {
    struct head *head;
    hmm_heap *heap;
};

/* ---- The list of words ---- */

static struct word *word_at(const struct book *book, uint64_t offset) {
    return offset == 0 ? NULL : (struct word *)((unsigned char *)book->head + offset);
}

static uint64_t offset_of(const struct book *book, const struct word *word) {
    return (uintptr_t)word - (uintptr_t)book->head;
}

static bool add_word(struct book *book, const char *text) {
    struct word *word = hmm_heap_alloc(book->heap, sizeof *word + strlen(text) + 1);
    if (word == NULL) return false;
    memcpy(word->text, text, strlen(text) + 1);
    word->next = book->head->root;
    book->head->root = offset_of(book, word);
    return true;
}

static void remove_words_longer_than(struct book *book, size_t length) {
    uint64_t *link = &book->head->root;
    while (*link != 0) {
        struct word *word = word_at(book, *link);
        if (strlen(word->text) > length) {
            *link = word->next;
            hmm_heap_free(book->heap, word);
        } else {
            link = &word->next;
        }
    }
}

static void print_words(const struct book *book, const char *who) {
    printf("%-7s", who);
    for (const struct word *word = word_at(book, book->head->root); word != NULL; word = word_at(book, word->next))
        printf(" %s", word->text);
    printf("\n");
}

/* ---- The file ---- */

/* Maps the file, or returns NULL. flags: MAP_SHARED or MAP_PRIVATE. */
static struct head *map_file(const char *path, int flags) {
    const int file = open(path, O_RDWR);
    if (file < 0) return NULL;
    void *memory = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, flags, file, 0);
    close(file);
    return memory == MAP_FAILED ? NULL : memory;
}

static hmm_span heap_span(struct head *head) {
    return (hmm_span){head + 1, FILE_BYTES - sizeof *head};
}

/* Maps the file at an address that the last process did not use, and attaches its heap. */
static bool open_book(struct book *book, const char *path) {
    book->head = map_file(path, MAP_SHARED);
    if (book->head == NULL) return false;
    if ((uintptr_t)book->head == book->head->address) {
        /* While this mapping holds the address, a second one cannot get it. */
        struct head *elsewhere = map_file(path, MAP_SHARED);
        munmap(book->head, FILE_BYTES);
        book->head = elsewhere;
    }
    hmm_fault fault;
    const hmm_span span = heap_span(book->head);
    book->heap = hmm_heap_attach(&span, 1, NULL, &fault);
    if (book->heap == NULL) fprintf(stderr, "attach: %s: %s\n", hmm_result_name((int)fault.code), fault.text);
    return book->heap != NULL;
}

/* True if the heap was left sound and the file was mapped at another address than the last time. */
static bool close_book(struct book *book) {
    const bool sound = hmm_heap_check(book->heap, NULL) == HMM_OK;
    const bool moved = (uintptr_t)book->head != book->head->address;
    book->head->address = (uintptr_t)book->head;
    munmap(book->head, FILE_BYTES);
    return sound && moved;
}

/* ---- The processes ---- */

static bool run_write(const char *path) {
    struct book book = {map_file(path, MAP_SHARED), NULL};
    if (book.head == NULL) return false;
    *book.head = (struct head){0};
    const hmm_span span = heap_span(book.head);
    book.heap = hmm_heap_create(span.memory, span.bytes, NULL);
    if (book.heap == NULL) return false;
    static const char *const words[] = {"chrysanthemum", "rose", "forget-me-not", "tulip", "lily"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!add_word(&book, words[i])) return false;
    print_words(&book, "write:");
    return close_book(&book);
}

static bool run_change(const char *path) {
    struct book book;
    if (!open_book(&book, path)) return false;
    remove_words_longer_than(&book, 8);
    if (!add_word(&book, "daisy") || !add_word(&book, "iris")) return false;
    print_words(&book, "change:");
    return close_book(&book);
}

static bool run_read(const char *path) {
    struct book book;
    if (!open_book(&book, path)) return false;
    print_words(&book, "read:");
    return close_book(&book);
}

/* Succeeds if the heap is refused. */
static bool run_refuse(const char *path) {
    struct head *head = map_file(path, MAP_PRIVATE);
    if (head == NULL) return false;
    const hmm_span span = heap_span(head);
    hmm_fault fault;
    const hmm_heap *heap = hmm_heap_attach(&span, 1, NULL, &fault);
    if (heap == NULL)
        printf("refuse: %s at offset %zu: %s\n", hmm_result_name((int)fault.code), (uintptr_t)fault.address - (uintptr_t)head,
               fault.text);
    return heap == NULL;
}

/* Runs this program again as a new process, which does one of the above. */
static bool run_process(const char *program, const char *verb, const char *path) {
    int status;
    fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
        execl(program, program, verb, path, (char *)NULL);
        perror(program);
        _exit(EXIT_FAILURE);
    }
    if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) return true;
    fprintf(stderr, "%s: the process that was to %s the file failed\n", program, verb);
    return false;
}

/* Inverts some bytes of the file; the second time it inverts them back. */
static bool invert(const char *path, uint64_t offset, size_t bytes) {
    struct head *head = map_file(path, MAP_SHARED);
    if (head == NULL) return false;
    unsigned char *at = (unsigned char *)head + offset;
    for (size_t i = 0; i < bytes; i++) at[i] ^= 0xff;
    munmap(head, FILE_BYTES);
    return true;
}

/* The damaged heap must be refused. */
static bool refuses_damage(const char *program, const char *path, uint64_t offset, size_t bytes) {
    return invert(path, offset, bytes) && run_process(program, "refuse", path) && invert(path, offset, bytes);
}

/* One byte of the header of a block, in front of its payload; then the start of the heap, where its control block is. */
static bool tell_story(const char *program, const char *path) {
    if (!run_process(program, "write", path) || !run_process(program, "change", path) || !run_process(program, "read", path))
        return false;
    const struct head *head = map_file(path, MAP_SHARED);
    if (head == NULL || !refuses_damage(program, path, head->root - HMM_HEAP_BLOCK_OVERHEAD, 1)) return false;
    if (!refuses_damage(program, path, sizeof *head, 256)) return false;
    return run_process(program, "read", path);
}

/* Makes the file, tells the story, removes the file. */
static bool run_all(const char *program) {
    char path[] = "/tmp/heap_in_a_file.XXXXXX";
    const int file = mkstemp(path);
    if (file < 0) return false;
    const bool good = ftruncate(file, (off_t)FILE_BYTES) == 0 && tell_story(program, path);
    close(file);
    unlink(path);
    return good;
}

int main(int argc, char **argv) {
    static const struct {
        const char *verb;
        bool (*run)(const char *path);
    } processes[] = {{"write", run_write}, {"change", run_change}, {"read", run_read}, {"refuse", run_refuse}};
    if (argc == 1) return run_all(argv[0]) ? EXIT_SUCCESS : EXIT_FAILURE;
    for (size_t i = 0; argc == 3 && i < sizeof processes / sizeof processes[0]; i++)
        if (strcmp(argv[1], processes[i].verb) == 0) return processes[i].run(argv[2]) ? EXIT_SUCCESS : EXIT_FAILURE;
    fprintf(stderr, "usage: %s [write|change|read|refuse FILE]\n", argv[0]);
    return 2;
}
