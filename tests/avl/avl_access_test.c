/* avl_access_test.c: access that fails at the first, second, third ... node of every operation.
 *
 * SPDX-License-Identifier: MIT
 *
 * Until the operation succeeds, each attempt must answer that it failed and leave every byte of the nodes as it was. That no
 * hook is called with a node which has not been accessed, and none after a failure, the hooks see to themselves. */
#include "avl_shapes.h"
#include "expect.h"

enum { LARGEST = 12, SPARE = SHAPE_NODES, DEPTH = 6 };

static checked c;
static const subject *const s = &avl_storage;

/* The operation under test: run without the model, where it is to fail, and then with it. */
struct attempt {
    int (*alone)(int key, hmm_avl_relation relation);
    int (*checked)(int key, hmm_avl_relation relation);
    int (*started)(void); /* NULL, or starts the iterator first */
    bool keeps_place;     /* a failed operation leaves the iterator where it is */
};

static int started_at;

static int start_in_tree(void) {
    return s->start(started_at, HMM_AVL_EQUAL);
}

/* Fails at every access in turn on the tree that make() makes. Returns how many there are in all. */
static int fail_each_access(const struct attempt *a, int n, int which, int key, hmm_avl_relation relation) {
    static unsigned char before[1 << 16];
    const size_t bytes = s->image_size / NODES * (SHAPE_NODES + 1);
    EXPECT(bytes <= sizeof before);
    for (int nth = 1;; nth++) {
        avl_shape_make(&c, s, n, which);
        checked_set_key(&c, SPARE, key);
        const int place = a->started == NULL ? NONE : a->started();
        const int root = s->root();
        memcpy(before, s->image, bytes);

        avl_storage_fail(nth);
        const int answer = a->alone(key, relation);
        const bool failed = avl_storage_failed();
        const long accesses = avl_storage_accesses();
        avl_storage_fail(0);
        if (!failed) {
            EXPECT_EQ(accesses, nth - 1);
            return nth - 1;
        }
        EXPECT_EQ(accesses, nth);
        EXPECT_EQ(answer, NONE);
        EXPECT_EQ(memcmp(before, s->image, bytes), 0);
        EXPECT_EQ(s->root(), root);
        if (a->keeps_place) EXPECT_EQ(s->get(), place);
        a->checked(key, relation);
    }
}

/* Runs an attempt for every shape and every key in the tree or between two. The tests name bounds of their accesses. */
static void try_all(const struct attempt *a, int relations, int most_accesses) {
    int most = 0;
    for (int n = 0; n <= LARGEST - 4 * (checked_slowness() > 1); n++) {
        for (int which = 0; which < avl_shapes(n); which++) {
            for (int key = 0; key <= 2 * n; key++) {
                for (int r = 0; r < relations; r++) {
                    started_at = key;
                    const int accesses = fail_each_access(a, n, which, key, checked_relations[r]);
                    if (accesses > most) most = accesses;
                }
            }
        }
    }
    EXPECT(most > 0 && most <= most_accesses);
}

/* ---- Operations that change the tree ------------------------------------------------------------------------------------- */

static int insert_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return s->insert(SPARE);
}

static int insert_checked(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return checked_insert(&c, SPARE);
}

static int remove_alone(int key, hmm_avl_relation relation) {
    (void)relation;
    return s->remove(key);
}

static int remove_checked(int key, hmm_avl_relation relation) {
    (void)relation;
    return checked_remove(&c, key);
}

static int substitute_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return s->substitute(SPARE);
}

static int substitute_checked(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return checked_substitute(&c, SPARE);
}

static int remove_at_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return s->remove_at();
}

static int remove_at_checked(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return checked_remove_at(&c);
}

static int start_and_remove_alone(int key, hmm_avl_relation relation) {
    return s->start(key, relation) == NONE ? NONE : s->remove_at();
}

static int start_and_remove_checked(int key, hmm_avl_relation relation) {
    s->start(key, relation);
    return checked_remove_at(&c);
}

static void inserts(void) {
    const struct attempt a = {insert_alone, insert_checked, NULL, false};
    try_all(&a, 1, DEPTH);
}

/* Down the path and, where a rotation may follow, at most two nodes beside it for each level. */
static void removes(void) {
    const struct attempt a = {remove_alone, remove_checked, NULL, false};
    try_all(&a, 1, 3 * DEPTH);
}

static void removes_at_an_iterator(void) {
    const struct attempt a = {remove_at_alone, remove_at_checked, start_in_tree, true};
    try_all(&a, 1, 3 * DEPTH);
}

static void starts_and_removes(void) {
    const struct attempt a = {start_and_remove_alone, start_and_remove_checked, NULL, false};
    try_all(&a, 5, 3 * DEPTH);
}

static void substitutes(void) {
    const struct attempt a = {substitute_alone, substitute_checked, NULL, false};
    try_all(&a, 1, DEPTH);
}

/* ---- Operations that read ------------------------------------------------------------------------------------------------ */

static int search_checked(int key, hmm_avl_relation relation) {
    (void)relation;
    checked_search(&c, key);
    return NONE;
}

static int search_alone(int key, hmm_avl_relation relation) {
    return s->search(key, relation);
}

static int start_alone(int key, hmm_avl_relation relation) {
    const int node = s->start(key, relation);
    EXPECT_EQ(s->get(), node);
    return node;
}

static int least_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return s->least();
}

static int greatest_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return s->greatest();
}

static int start_least_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    const int node = s->start_least();
    EXPECT_EQ(s->get(), node);
    return node;
}

static int start_greatest_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    const int node = s->start_greatest();
    EXPECT_EQ(s->get(), node);
    return node;
}

/* Nodes are numbered in ascending order. */
static int ends_checked(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    const int last = c.count - 1;
    EXPECT_EQ(s->least(), last < 0 ? NONE : 0);
    EXPECT_EQ(s->start_least(), last < 0 ? NONE : 0);
    EXPECT_EQ(s->greatest(), last);
    EXPECT_EQ(s->start_greatest(), last);
    return NONE;
}

static int next_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return s->next();
}

static int previous_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return s->previous();
}

/* The place is kept, so that the step can be made again, or one the other way. */
static int next_checked(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    const int from = s->get();
    EXPECT_EQ(s->next(), from + 1 < c.count ? from + 1 : NONE);
    return NONE;
}

static int previous_checked(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    const int from = s->get();
    EXPECT_EQ(s->previous(), from - 1);
    return NONE;
}

static int check_alone(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    return (int)s->check(NODES);
}

static int check_checked(int key, hmm_avl_relation relation) {
    (void)key, (void)relation;
    checked_compare(&c);
    return NONE;
}

static void searches(void) {
    const struct attempt a = {search_alone, search_checked, NULL, false};
    try_all(&a, 5, DEPTH);
}

static void starts(void) {
    const struct attempt a = {start_alone, search_checked, start_in_tree, false};
    try_all(&a, 5, DEPTH);
}

static void finds_the_ends(void) {
    const struct attempt attempts[] = {{least_alone, ends_checked, NULL, false},
                                       {greatest_alone, ends_checked, NULL, false},
                                       {start_least_alone, ends_checked, start_in_tree, false},
                                       {start_greatest_alone, ends_checked, start_in_tree, false}};
    for (int i = 0; i < 4; i++) try_all(&attempts[i], 1, DEPTH);
}

static void steps(void) {
    const struct attempt attempts[] = {{next_alone, next_checked, start_in_tree, true},
                                       {previous_alone, previous_checked, start_in_tree, true},
                                       {next_alone, previous_checked, start_in_tree, true},
                                       {previous_alone, next_checked, start_in_tree, true}};
    for (int i = 0; i < 4; i++) try_all(&attempts[i], 1, DEPTH);
}

static void checks(void) {
    const struct attempt a = {check_alone, check_checked, NULL, false};
    try_all(&a, 1, 3 * LARGEST);
}

static const struct test tests[] = {TEST(inserts),
                                    TEST(removes),
                                    TEST(removes_at_an_iterator),
                                    TEST(starts_and_removes),
                                    TEST(substitutes),
                                    TEST(searches),
                                    TEST(starts),
                                    TEST(finds_the_ends),
                                    TEST(steps),
                                    TEST(checks)};

int main(int argc, char **argv) {
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
