/* avl_iterator_test.c: iterations from any start, both ways, and last ones that destroy the nodes behind them.
 *
 * SPDX-License-Identifier: MIT */
#include <stdint.h>

#include "avl_shapes.h"
#include "expect.h"

static checked c;

static void for_each_subject_and_shape(void (*test)(int n)) {
    for (int i = 0; i < SUBJECTS; i++)
        for (int n = 0; n <= SHAPE_NODES - 4 * (checked_slowness() > 1); n++)
            for (int which = 0; which < avl_shapes(n); which++) {
                avl_shape_make(&c, avl_subjects[i], n, which);
                test(n);
            }
}

/* Place in ascending order, NONE past either end. */
static int place_or_none(int place) {
    return place >= 0 && place < c.count ? place : NONE;
}

/* Nodes are numbered in ascending order here, so that a node is its place. */
static void walk_from_everywhere(int n) {
    const subject *s = c.tree;
    for (int key = 0; key <= 2 * n + 1; key++) {
        for (int i = 0; i < 5; i++) {
            int place = s->start(key, checked_relations[i]);
            EXPECT_EQ(place, checked_expected(&c, key, checked_relations[i]));
            if (place == NONE) continue;
            while (place != NONE) {
                EXPECT_EQ(s->get(), place);
                place = place_or_none(place + 1);
                EXPECT_EQ(s->next(), place);
            }
            EXPECT_EQ(s->start(key, checked_relations[i]), checked_expected(&c, key, checked_relations[i]));
            place = s->get();
            while (place != NONE) {
                place = place_or_none(place - 1);
                EXPECT_EQ(s->previous(), place);
                EXPECT_EQ(s->get(), place);
            }
        }
    }
}

static void walks_from_everywhere(void) {
    for_each_subject_and_shape(walk_from_everywhere);
}

static void stay_past_the_end(int n) {
    const subject *s = c.tree;
    (void)n;
    for (s->start_greatest(); s->get() != NONE; s->next()) continue;
    EXPECT_EQ(s->next(), NONE);
    EXPECT_EQ(s->previous(), NONE);
    EXPECT_EQ(s->get(), NONE);
    for (s->start_least(); s->get() != NONE; s->previous()) continue;
    EXPECT_EQ(s->next(), NONE);
    EXPECT_EQ(s->previous(), NONE);
    EXPECT_EQ(s->get(), NONE);
}

static void stays_past_the_end(void) {
    for_each_subject_and_shape(stay_past_the_end);
}

/* Forward by `ahead` nodes, back by one less, all along the tree. */
static void go_to_and_fro(int n) {
    const subject *s = c.tree;
    for (int ahead = 2; ahead <= n; ahead++) {
        EXPECT_EQ(s->start_least(), 0);
        for (int place = 0; place + ahead < n; place++) {
            for (int i = 1; i <= ahead; i++) EXPECT_EQ(s->next(), place + i);
            for (int i = ahead - 1; i >= 1; i--) EXPECT_EQ(s->previous(), place + i);
        }
    }
}

static void goes_to_and_fro(void) {
    for_each_subject_and_shape(go_to_and_fro);
}

/* A destroyed node leads astray: to itself, or out of the tree. */
static void destroy(int node) {
    c.tree->set_child(node, 0, SHAPE_NODES);
    c.tree->set_child(node, 1, SHAPE_NODES);
    checked_set_key(&c, node, 1000);
}

/* From every node to the end, the nodes behind destroyed one step late, as in the comment of next. */
static void destroy_behind(const subject *s, int n, int which, int from, int step) {
    avl_shape_make(&c, s, n, which);
    int node = s->start(c.keys[from], HMM_AVL_EQUAL);
    for (int place = from; node != NONE; place += step) {
        EXPECT_EQ(node, place_or_none(place));
        const int following = step > 0 ? s->next() : s->previous();
        destroy(node);
        node = following;
    }
}

static void destroys_behind(void) {
    for (int i = 0; i < SUBJECTS; i++)
        for (int n = 0; n <= SHAPE_NODES - 5; n++)
            for (int which = 0; which < avl_shapes(n); which++)
                for (int from = 0; from < n; from++) {
                    destroy_behind(avl_subjects[i], n, which, from, 1);
                    destroy_behind(avl_subjects[i], n, which, from, -1);
                }
}

/* ---- With nodes that are really given back, so that AddressSanitizer and valgrind see what is read ------------------------ */

struct word {
    struct word *child[2];
    int balance;
    int length;
};

static struct word *words_get_child(void *context, struct word *node, int direction) {
    (void)context;
    return node->child[direction];
}

static void words_set_child(void *context, struct word *node, int direction, struct word *child) {
    (void)context;
    node->child[direction] = child;
}

static int words_get_balance(void *context, struct word *node) {
    (void)context;
    return node->balance;
}

static void words_set_balance(void *context, struct word *node, int balance) {
    (void)context;
    node->balance = balance;
}

static int words_key(void *context, struct word *node) {
    (void)context;
    return node->length;
}

static int words_compare(void *context, int length, struct word *node) {
    (void)context;
    return length - node->length;
}

#define HMM_AVL(name) words_##name
#define HMM_AVL_HANDLE struct word *
#define HMM_AVL_NULL NULL
#define HMM_AVL_KEY int
#define HMM_AVL_CONTEXT void *
#include "heapmm/avl.h"

/* count is no multiple of 7. */
static void fill_with_words(struct word **root, int count) {
    words_init(root);
    for (int i = 0; i < count; i++) {
        struct word *word = malloc(sizeof *word);
        EXPECT(word != NULL);
        word->length = i * 7 % count;
        EXPECT_PTR_EQ(words_insert(NULL, root, word), word);
    }
}

static void frees_behind(void) {
    for (int count = 1; count < 150; count += 36) {
        struct word *root;
        words_iterator it;
        struct word *following;
        int length = 0;
        fill_with_words(&root, count);
        for (struct word *word = words_start_least(&it, NULL, root); word != NULL; word = following) {
            EXPECT_EQ(word->length, length++);
            following = words_next(&it);
            free(word);
        }
        EXPECT_EQ(length, count);

        fill_with_words(&root, count);
        for (struct word *word = words_start_greatest(&it, NULL, root); word != NULL; word = following) {
            EXPECT_EQ(word->length, --length);
            following = words_previous(&it);
            free(word);
        }
        EXPECT_EQ(length, 0);
    }
}

static void is_copied(void) {
    struct word *root;
    words_iterator it, copy;
    fill_with_words(&root, 36);
    words_start(&it, NULL, root, 10, HMM_AVL_EQUAL);
    copy = it;
    EXPECT_EQ(words_next(&it)->length, 11);
    EXPECT_EQ(words_previous(&copy)->length, 9);
    EXPECT_EQ(words_get(&it)->length, 11);
    while (!words_is_empty(root)) free(words_remove(NULL, &root, root->length));
}

static const struct test tests[] = {TEST(walks_from_everywhere), TEST(stays_past_the_end), TEST(goes_to_and_fro),
                                    TEST(destroys_behind),       TEST(frees_behind),       TEST(is_copied)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
