/* avl_damage_test.c: trees whose links, balances and keys were overwritten.
 *
 * SPDX-License-Identifier: MIT
 *
 *     HEAPMM_TEST_SEED=n    seed, else 1
 *
 * check must find out exactly the trees that are not sound. Where access is verified, every other operation must end, and must
 * touch no node that access has not passed: the hooks of avl_storage see to that. */
#include "avl_shapes.h"
#include "expect.h"

enum { SMALL = 8, WILD = 1000000, SPARE = SHAPE_NODES };

static checked c;

static void expect_check_is_right(const subject *s) {
    int count;
    const bool sound = checked_is_sound(s, NODES, &count);
    EXPECT_EQ(s->check(NODES), sound ? count : -1);
}

/* ---- One thing wrong ----------------------------------------------------------------------------------------------------- */

static void damage_a_link(const subject *s, int n, int node, int direction) {
    const int child = s->child(node, direction);
    for (int other = NONE; other < n + 1; other++) {
        if (other == node && s == &avl_offsets) continue; /* these cannot say that */
        s->set_child(node, direction, other);
        expect_check_is_right(s);
        if (other == child) EXPECT_EQ(s->check(NODES), n);
    }
    s->set_child(node, direction, child);
}

static void damage_a_balance(const subject *s, int n, int node) {
    const int balance = s->balance(node);
    for (int other = -2; other <= 2; other++) {
        s->set_balance(node, other);
        EXPECT_EQ(s->check(NODES), other == balance ? n : -1);
    }
    s->set_balance(node, balance);
}

static void damage_a_key(const subject *s, int n, int node) {
    const int key = s->key(node);
    for (int other = -1; other <= 2 * n + 1; other++) {
        s->set_key(node, other);
        const bool in_order = (node == 0 || other > key - 2) && (node == n - 1 || other < key + 2);
        EXPECT_EQ(s->check(NODES), in_order ? n : -1);
        expect_check_is_right(s);
    }
    s->set_key(node, key);
}

static void finds_one_thing_wrong_in(const subject *s) {
    for (int n = 1; n <= SMALL; n++) {
        for (int which = 0; which < avl_shapes(n); which++) {
            avl_shape_make(&c, s, n, which);
            s->set_child(n, 0, NONE); /* one more node, to be hung somewhere */
            s->set_child(n, 1, NONE);
            s->set_balance(n, 0);
            for (int node = 0; node < n; node++) {
                damage_a_link(s, n, node, 0);
                damage_a_link(s, n, node, 1);
                damage_a_balance(s, n, node);
                damage_a_key(s, n, node);
            }
            EXPECT_EQ(s->check(NODES), n);
        }
    }
}

static void finds_one_thing_wrong(void) {
    avl_for_each_subject(finds_one_thing_wrong_in);
}

static void keeps_the_limit_of(const subject *s) {
    for (int n = 0; n <= SMALL; n++) {
        avl_shape_make(&c, s, n, 0);
        for (int limit = 0; limit <= SMALL + 1; limit++) EXPECT_EQ(s->check((size_t)limit), limit < n ? -1 : n);
    }
}

static void keeps_the_limit(void) {
    avl_for_each_subject(keeps_the_limit_of);
}

/* A chain of three, whose balances tell the truth. */
static void finds_what_leans_too_far_in(const subject *s) {
    for (int direction = 0; direction <= 1; direction++) {
        const int lean = 2 * direction - 1;
        checked_init(&c, s);
        for (int depth = 0; depth < 3; depth++) {
            s->set_key(depth, lean * depth);
            s->set_child(depth, direction, depth < 2 ? depth + 1 : NONE);
            s->set_child(depth, !direction, NONE);
            s->set_balance(depth, lean * (2 - depth));
        }
        s->set_root(1);
        EXPECT_EQ(s->check(NODES), 2);
        s->set_root(0);
        EXPECT_EQ(s->check(NODES), -1);
    }
}

static void finds_what_leans_too_far(void) {
    avl_for_each_subject(finds_what_leans_too_far_in);
}

/* A sound tree, but deeper than its type allows. */
static void finds_a_tree_too_deep(void) {
    int too_deep = 0;
    for (int which = 0; which < avl_shapes(SHAPE_NODES); which++) {
        avl_shape_make(&c, &avl_shallow, SHAPE_NODES, which);
        const bool is_too_deep = checked_depth(&avl_shallow, avl_shallow.root()) > SHALLOW;
        EXPECT_EQ(avl_shallow.check(NODES), is_too_deep ? -1 : SHAPE_NODES);
        too_deep += is_too_deep;
    }
    EXPECT(too_deep > 0);
}

/* ---- Whatever may be wrong ----------------------------------------------------------------------------------------------- */

static uint64_t chance;

static int below(int bound) {
    return checked_random_below(&chance, bound);
}

static void damage_something(const subject *s, int n) {
    const int node = below(n);
    const int other = below(8) == 0 ? NONE : below(n);
    switch (below(8)) {
    case 0: s->set_key(node, below(2 * n + 2)); break;
    case 1: s->set_balance(node, below(5) - 2); break;
    case 2: s->set_root(other); break;
    default:
        if (node != other) s->set_child(node, below(2), other);
    }
}

static int make_damaged(const subject *s, int damages) {
    const int n = 1 + below(SHAPE_NODES);
    avl_shape_make(&c, s, n, below(avl_shapes(n)));
    for (int i = 0; i < damages; i++) damage_something(s, n);
    return n;
}

static void finds_anything_wrong_in(const subject *s) {
    chance = checked_seed();
    for (int i = 0; i < 20000 / checked_slowness(); i++) {
        make_damaged(s, 1 + i % 6);
        expect_check_is_right(s);
    }
}

static void finds_anything_wrong(void) {
    avl_for_each_subject(finds_anything_wrong_in);
}

static void wild_handles_are_refused(void) {
    const subject *s = &avl_storage;
    for (int n = 1; n <= SMALL; n++) {
        for (int which = 0; which < avl_shapes(n); which++) {
            for (int i = 0; i < 2 * n; i++) {
                avl_shape_make(&c, s, n, which);
                s->set_child(i / 2, i % 2, WILD);
                EXPECT_EQ(s->check(NODES), -1);
            }
            s->set_root(WILD);
            EXPECT_EQ(s->check(NODES), -1);
        }
    }
}

/* ---- Operations on damaged trees ----------------------------------------------------------------------------------------- */

/* Every operation for one key. An answer of NONE means that nothing was changed. */
static int operate(int operation, int key) {
    const subject *s = &avl_storage;
    switch (operation) {
    case 0: return s->search(key, checked_relations[below(5)]);
    case 1: return s->least();
    case 2: return s->greatest();
    case 3: return s->start(key, checked_relations[below(5)]);
    case 4: return s->next();
    case 5: return s->previous();
    case 6: s->set_key(SPARE, key); return s->insert(SPARE);
    case 7: s->set_key(SPARE, key); return s->substitute(SPARE);
    case 8: return s->remove(key);
    default: return s->start(key, checked_relations[below(5)]) == NONE ? NONE : s->remove_at();
    }
}

/* The longest operation, remove, sees each node of a path and two beside each. */
static void expect_harmless(int operation, int key) {
    static unsigned char before[1 << 16];
    const subject *s = &avl_storage;
    const size_t bytes = s->image_size / NODES * SPARE; /* all nodes before the spare one, whose key is set for some operations */
    EXPECT(bytes <= sizeof before);
    const int root = s->root();
    memcpy(before, s->image, bytes);
    avl_storage_fail(0);
    const int answer = operate(operation, key);
    EXPECT(avl_storage_accesses() <= 3 * s->max_depth);
    if (answer == NONE || operation < 6) {
        EXPECT_EQ(memcmp(before, s->image, bytes), 0);
        EXPECT_EQ(s->root(), root);
    }
}

static void damage_wildly(int n) {
    const int target = below(4) == 0 ? WILD : below(4) == 0 ? NONE : below(n);
    avl_storage.set_child(below(n), below(2), target);
}

static void operations_end_in_damaged_trees(void) {
    chance = checked_seed();
    for (int i = 0; i < 300000 / checked_slowness(); i++) {
        const int n = make_damaged(&avl_storage, i % 5);
        for (int wild = below(3); wild > 0; wild--) damage_wildly(n);
        avl_storage.start(below(2 * n + 1), checked_relations[below(5)]);
        const int operation = below(10);
        expect_harmless(operation, below(2 * n + 1));
        if (operation == 4 || operation == 5) expect_harmless(4 + below(2), 0);
    }
}

/* A chain twice as long as the deepest tree, and two nodes that are each other's child. */
static void operations_end_in_chains(void) {
    const subject *s = &avl_storage;
    const int length = 2 * s->max_depth;
    chance = checked_seed();
    for (int shape = 0; shape < 3; shape++) {
        for (int operation = 0; operation < 10; operation++) {
            checked_init(&c, s);
            for (int i = 0; i < length; i++) {
                s->set_child(i, 0, shape == 0 ? NONE : shape == 1 ? i + 1 : (i + 1) % 2);
                s->set_child(i, 1, shape == 0 ? i + 1 : shape == 1 ? NONE : (i + 1) % 2);
                s->set_balance(i, shape == 0 ? 1 : -1);
                s->set_key(i, shape == 1 ? 2 * (length - i) : 2 * i);
            }
            s->set_root(0);
            EXPECT_EQ(s->check(NODES), -1);
            s->start(0, HMM_AVL_EQUAL);
            expect_harmless(operation, shape == 1 ? 1 : 2 * length + 1);
        }
    }
}

static const struct test tests[] = {
    TEST(finds_one_thing_wrong),           TEST(keeps_the_limit),         TEST(finds_what_leans_too_far),
    TEST(finds_a_tree_too_deep),           TEST(finds_anything_wrong),    TEST(wild_handles_are_refused),
    TEST(operations_end_in_damaged_trees), TEST(operations_end_in_chains)};

int main(int argc, char **argv) {
    printf("seed %llu\n", (unsigned long long)checked_seed());
    return run_tests(tests, sizeof tests / sizeof tests[0], argc, argv);
}
