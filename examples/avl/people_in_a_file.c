/* people_in_a_file.c: a tree over structs in an array, saved to a file and loaded back.
 *
 * SPDX-License-Identifier: MIT
 *
 * The handles are 16-bit array indexes: half the size of a 32-bit pointer, a quarter of a 64-bit one, and, unlike pointers, as good
 * in another process. So the file is the array with the root in front of it, and loading it rebuilds nothing. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { PEOPLE = 8, NOBODY = UINT16_MAX };

struct person {
    char name[24];
    int16_t born;
    int16_t balance;
    uint16_t child[2];
};

struct register_of_people {
    uint16_t root;
    struct person all[PEOPLE];
};

/* ---- The tree, by year of birth ------------------------------------------------------------------------------------------ */

static inline uint16_t people_get_child(struct person *all, uint16_t node, int direction) {
    return all[node].child[direction];
}

static inline void people_set_child(struct person *all, uint16_t node, int direction, uint16_t child) {
    all[node].child[direction] = child;
}

static inline int people_get_balance(struct person *all, uint16_t node) {
    return all[node].balance;
}

static inline void people_set_balance(struct person *all, uint16_t node, int balance) {
    all[node].balance = (int16_t)balance;
}

static inline int people_key(struct person *all, uint16_t node) {
    return all[node].born;
}

static inline int people_compare(struct person *all, int born, uint16_t node) {
    return (born > all[node].born) - (born < all[node].born);
}

#define HMM_AVL(name) people_##name
#define HMM_AVL_HANDLE uint16_t
#define HMM_AVL_NULL NOBODY
#define HMM_AVL_KEY int
#define HMM_AVL_CONTEXT struct person *
#define HMM_AVL_MAX_DEPTH HMM_AVL_DEPTH_FOR(PEOPLE)
#include "heapmm/avl.h"

/* ---- The program --------------------------------------------------------------------------------------------------------- */

static void fill(struct register_of_people *people) {
    static const struct person some[PEOPLE] = {
        {.name = "Ada Lovelace", .born = 1815},    {.name = "Alan Turing", .born = 1912},
        {.name = "Grace Hopper", .born = 1906},    {.name = "Donald Knuth", .born = 1938},
        {.name = "Edsger Dijkstra", .born = 1930}, {.name = "Barbara Liskov", .born = 1939},
        {.name = "George Boole", .born = 1814},    {.name = "Konrad Zuse", .born = 1910},
    };
    people_init(&people->root);
    for (uint16_t i = 0; i < PEOPLE; i++) {
        people->all[i] = some[i];
        people_insert(people->all, &people->root, i);
    }
}

/* The whole struct in one piece. Returns whether that worked. */
static bool transfer(FILE *file, struct register_of_people *people, bool save) {
    rewind(file);
    return (save ? fwrite(people, sizeof *people, 1, file) : fread(people, sizeof *people, 1, file)) == 1;
}

static void show(struct register_of_people *people, const char *relation_text, int born, hmm_avl_relation relation) {
    const uint16_t node = people_search(people->all, people->root, born, relation);
    printf("    born %-16s %d: %s\n", relation_text, born, node == NOBODY ? "nobody" : people->all[node].name);
}

int main(void) {
    struct register_of_people people, loaded;
    fill(&people);

    FILE *file = tmpfile();
    if (file == NULL || !transfer(file, &people, true) || fflush(file) != 0 || !transfer(file, &loaded, false)) {
        perror("people_in_a_file: cannot save or load a temporary file");
        return 1;
    }
    fclose(file);
    if (people_check(loaded.all, loaded.root, PEOPLE) != PEOPLE) {
        fprintf(stderr, "people_in_a_file: the file does not hold the tree that was saved\n");
        return 1;
    }

    printf("%zu bytes saved and loaded, in order of birth:\n", sizeof people);
    people_iterator it;
    for (uint16_t i = people_start_least(&it, loaded.all, loaded.root); i != NOBODY; i = people_next(&it))
        printf("    %d  %s\n", loaded.all[i].born, loaded.all[i].name);

    printf("searches by each relation:\n");
    show(&loaded, "in", 1906, HMM_AVL_EQUAL);
    show(&loaded, "in", 1907, HMM_AVL_EQUAL);
    show(&loaded, "before", 1906, HMM_AVL_LESS);
    show(&loaded, "after", 1906, HMM_AVL_GREATER);
    show(&loaded, "not after", 1911, HMM_AVL_LESS_EQUAL);
    show(&loaded, "not before", 1911, HMM_AVL_GREATER_EQUAL);
    return 0;
}
