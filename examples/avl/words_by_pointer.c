/* words_by_pointer.c: a tree of pointers: counts the words of a file, or of standard input.
 *
 * SPDX-License-Identifier: MIT
 *
 *     words_by_pointer [FILE]     prints each word with its count, in alphabetical order */
#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct word {
    struct word *child[2];
    int balance;
    unsigned count;
    char text[]; /* ends with 0 */
};

/* ---- The tree, by text. The handles need no context: it is a pointer that nobody looks at -------------------------------- */

static inline struct word *words_get_child(void *none, struct word *node, int direction) {
    (void)none;
    return node->child[direction];
}

static inline void words_set_child(void *none, struct word *node, int direction, struct word *child) {
    (void)none;
    node->child[direction] = child;
}

static inline int words_get_balance(void *none, struct word *node) {
    (void)none;
    return node->balance;
}

static inline void words_set_balance(void *none, struct word *node, int balance) {
    (void)none;
    node->balance = balance;
}

static inline const char *words_key(void *none, struct word *node) {
    (void)none;
    return node->text;
}

static inline int words_compare(void *none, const char *text, struct word *node) {
    (void)none;
    return strcmp(text, node->text);
}

#define HMM_AVL(name) words_##name
#define HMM_AVL_HANDLE struct word *
#define HMM_AVL_NULL NULL
#define HMM_AVL_KEY const char *
#define HMM_AVL_CONTEXT void *
#include "heapmm/avl.h"

/* ---- The program --------------------------------------------------------------------------------------------------------- */

/* Reads the next word, in lower case, cut to fit. Returns its length, 0 at the end. */
static size_t read_word(FILE *file, char *text, size_t size) {
    size_t length = 0;
    for (int c = getc(file); c != EOF; c = getc(file)) {
        if (isalpha(c)) {
            if (length + 1 < size) text[length++] = (char)tolower(c);
        } else if (length > 0) {
            break;
        }
    }
    text[length] = '\0';
    return length;
}

/* insert returns the node that is there already, if there is one. */
static void count_word(struct word **root, const char *text, size_t length) {
    struct word *word = malloc(sizeof *word + length + 1);
    if (word == NULL) {
        fprintf(stderr, "words_by_pointer: out of memory\n");
        exit(EXIT_FAILURE);
    }
    memcpy(word->text, text, length + 1);
    word->count = 0;
    struct word *in_tree = words_insert(NULL, root, word);
    if (in_tree != word) free(word);
    in_tree->count++;
}

/* Once next has returned, the nodes before are not read again, so they may go. */
static void print_and_free(struct word *root) {
    words_iterator it;
    struct word *following;
    for (struct word *word = words_start_least(&it, NULL, root); word != NULL; word = following) {
        following = words_next(&it);
        printf("%6u  %s\n", word->count, word->text);
        free(word);
    }
}

int main(int argc, char **argv) {
    FILE *file = argc > 1 ? fopen(argv[1], "r") : stdin;
    if (file == NULL) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    struct word *root;
    char text[64];
    words_init(&root);
    for (size_t length; (length = read_word(file, text, sizeof text)) > 0;) count_word(&root, text, length);
    print_and_free(root);
    if (file != stdin) fclose(file);
    return EXIT_SUCCESS;
}
