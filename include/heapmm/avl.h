/* heapmm/avl.h: an intrusive AVL tree on handles, for keys of any type.
 *
 * SPDX-License-Identifier: MIT
 *
 * A tree is the handle of its root. A handle is what the user says: a pointer, an array index, an offset. A node is the user's
 * too: it holds two child handles, a balance of -1, 0 or 1, and a key, wherever and however packed. The tree reads and writes
 * them through small functions that the user supplies, here called hooks. It allocates nothing, does not recurse and needs no
 * parent links.
 *
 * This file has no include guard: each inclusion makes the functions of one type of tree, with the prefix that the user chose,
 * out of ordinary code that a debugger steps through.
 *
 * Example, people in an array, by year of birth. The last line finds the first who was born in 1900 or later:
 *
 *     struct person { int born; uint16_t child[2]; int8_t balance; };
 *
 *     static inline uint16_t people_get_child(struct person *all, uint16_t node, int direction) {
 *         return all[node].child[direction];
 *     }
 *     static inline void people_set_child(struct person *all, uint16_t node, int direction, uint16_t child) {
 *         all[node].child[direction] = child;
 *     }
 *     static inline int people_get_balance(struct person *all, uint16_t node) { return all[node].balance; }
 *     static inline void people_set_balance(struct person *all, uint16_t node, int balance) {
 *         all[node].balance = (int8_t)balance;
 *     }
 *     static inline int people_key(struct person *all, uint16_t node) { return all[node].born; }
 *     static inline int people_compare(struct person *all, int born, uint16_t node) {
 *         return (born > all[node].born) - (born < all[node].born);
 *     }
 *
 *     #define HMM_AVL(name) people_##name
 *     #define HMM_AVL_HANDLE uint16_t
 *     #define HMM_AVL_NULL UINT16_MAX
 *     #define HMM_AVL_KEY int
 *     #define HMM_AVL_CONTEXT struct person *
 *     #include "heapmm/avl.h"
 *
 *     struct person all[3] = {{.born = 1906}, {.born = 1912}, {.born = 1815}};
 *     uint16_t root;
 *     people_init(&root);
 *     for (uint16_t i = 0; i < 3; i++) people_insert(all, &root, i);
 *     people_search(all, root, 1900, HMM_AVL_GREATER_EQUAL) => 0
 *
 * ## Parameters: macros defined before the inclusion, which undefines them
 *
 * HMM_AVL(name)       makes the names: with people_##name, people_insert and all others begin people_, and grep finds them.
 *                     (The manual shows them with the prefix tree_.)
 * HMM_AVL_HANDLE      type of a handle: a scalar type, assigned and compared with == and !=.
 * HMM_AVL_NULL        the handle that is no node.
 * HMM_AVL_KEY         type of a key, passed by value.
 * HMM_AVL_CONTEXT     type of the first argument of every function and hook, handed through: what a hook needs to find a node.
 * HMM_AVL_MAX_DEPTH   optional: depth of the deepest tree, which sizes the paths kept on the stack (a handle and a byte for each
 *                     level). HMM_AVL_DEPTH_FOR(most nodes) gives it. Default 45, enough for any 2^32 nodes.
 * HMM_AVL_CAN_FAIL    optional: 1 if there is a hook `access`, which may fail. Default 0.
 * HMM_AVL_READ_ONLY   optional: 1 for functions that read a tree only: those which change one are not made, and need no hooks
 *                     set_child and set_balance. Default 0.
 * HMM_AVL_FUNCTION    optional: how the functions are declared. Default static inline.
 *
 * ## Hooks: functions of the same prefix, declared before the inclusion; static inline ones become plain loads and stores
 *
 * HMM_AVL_HANDLE  get_child(context, node, int direction)    the child with the lesser (0) or greater (1) keys
 * void            set_child(context, node, int direction, HMM_AVL_HANDLE child)
 * int             get_balance(context, node)                 depth of the greater subtree - depth of the lesser: -1, 0, 1
 * void            set_balance(context, node, int balance)
 * HMM_AVL_KEY     key(context, node)
 * int             compare(context, HMM_AVL_KEY key, node)    < 0, 0, > 0: key is less than, equal to, greater than that of node
 * bool            access(context, node)                      only with HMM_AVL_CAN_FAIL; false: the node cannot be used
 *
 * A tree holds no two nodes of equal key. Which hook is called how often is not fixed.
 *
 * ## Parameters that are the same everywhere
 *
 * context   handed through to the hooks: what they need to find a node.
 * root      the tree; where it is a pointer, the handle that it points to changes when the tree does.
 * key       the key that is looked for.
 * relation  how the key of the node looked for is to stand to `key`.
 * it        an iterator. The start functions set it; the others need one that was set, in a tree that has not changed since.
 *
 * ## Access that may fail
 *
 * For nodes in secondary storage, or links that must be verified before they are followed. Every node is passed to access
 * before any other hook is called with it, in each operation anew, but for the nodes which the user hands over (to insert,
 * substitute and build): these must be accessible. After access has failed the operation calls no other hook and returns
 * HMM_AVL_NULL, false or -1, and *root and all nodes in the tree are as they were: whatever may fail comes before the first
 * store. (The hook knows why it failed: let it say so in the context.) An operation also fails in this way where it meets more
 * than HMM_AVL_MAX_DEPTH nodes on one path, and a removal where the nodes that it would change are out of order: so whatever
 * the links and balances say, an operation ends, and calls hooks with no node but those that access has passed.
 *
 * How many nodes must stay accessible at the same time, the last ones accessed:
 *     search, least, greatest, start, start_least, start_greatest, next, previous   1
 *     check                                                                         2
 *     insert, substitute, remove                                                    all that the operation has accessed
 *     remove_at                                                                     all since the iterator was started
 *
 * ## Depths: an AVL tree of depth d has at least N(d) and at most 2^d - 1 nodes
 *
 *      d   at least     at most      d   at least     at most      d     at least       at most
 *      1          1           1     13        609        8191     25       196417      33554431
 *      2          2           3     14        986       16383     26       317810      67108863
 *      3          4           7     15       1596       32767     27       514228     134217727
 *      4          7          15     16       2583       65535     28       832039     268435455
 *      5         12          31     17       4180      131071     29      1346268     536870911
 *      6         20          63     18       6764      262143     30      2178308    1073741823
 *      7         33         127     19      10945      524287     31      3524577    2147483647
 *      8         54         255     20      17710     1048575     32      5702886    4294967295
 *      9         88         511     21      28656     2097151     36     39088168   68719476735
 *     10        143        1023     22      46367     4194303     40    267914295 1099511627775
 *     11        232        2047     23      75024     8388607     45   2971215072            ...
 *     12        376        4095     24     121392    16777215     46   4807526975            ...
 *
 * So 255 nodes are at most 11 deep, 65535 nodes 22, 2^32 nodes 45; HMM_AVL_DEPTH_FOR computes it. In general n nodes are at
 * most 1.4405 log2(n + 2) - 0.3277 deep, where a perfectly balanced tree is log2(n + 1) deep.
 *
 * ## Time
 *
 * insert, search, least, greatest, remove, substitute, start: at most one node read per level, and in remove at most two more
 * for each level where it rotates. insert rotates at one level at most, remove at each at worst and at about one in five
 * removals on the average. build, check, and an iteration over all nodes: linear in the nodes, a single step of an iteration
 * at most one path.
 *
 * G. M. Adelson-Velsky, E. M. Landis, "An algorithm for the organization of information", 1962; D. E. Knuth, "The Art of
 * Computer Programming", volume 3, section 6.2.3. The handles, the relations and the access that may fail are ideas of Walt
 * Karas's AVL tree package, which the first heapmm was built on.
 *
 * ## Reading this file
 *
 * context comes first everywhere. In the examples, {1,3,5} is a tree of these keys, a node is written as its key, and prefix,
 * context and root are left out. A path holds the nodes from the root down to some node: direction[i] leads from node[i] to
 * node[i + 1]. Children are indexed by direction, so that nothing is written twice, once for each side; lean is the balance of
 * a node whose subtree of that direction is the deeper one. Names that begin avl_ behind the prefix are not for users. */

#include <stdbool.h>
#include <stddef.h>

#include "heapmm/avl_relation.h"

#ifndef HMM_AVL
#error "define HMM_AVL(name) and the other parameters before heapmm/avl.h is included: see the top of that file"
#endif

#ifndef HMM_AVL_MAX_DEPTH
#define HMM_AVL_MAX_DEPTH 45
#endif

#ifndef HMM_AVL_CAN_FAIL
#define HMM_AVL_CAN_FAIL 0
#endif

#ifndef HMM_AVL_READ_ONLY
#define HMM_AVL_READ_ONLY 0
#endif

#ifndef HMM_AVL_FUNCTION
#define HMM_AVL_FUNCTION static inline
#endif

enum { HMM_AVL(avl_max_depth) = HMM_AVL_MAX_DEPTH };

typedef struct HMM_AVL(avl_path) {
    int depth; /* nodes on the path */
    HMM_AVL_HANDLE node[HMM_AVL_MAX_DEPTH];
    unsigned char direction[HMM_AVL_MAX_DEPTH];
} HMM_AVL(avl_path);

/* A place in a tree: at a node or, past either end, at none. It may be copied. Any change of the tree, but for those which
 * next and previous allow, makes it invalid. */
typedef struct HMM_AVL(iterator) {
    HMM_AVL_CONTEXT context; /* handed through to the hooks */
    HMM_AVL(avl_path) path;  /* ends at the node where the iterator stands; depth 0: at none */
} HMM_AVL(iterator);

#if !HMM_AVL_CAN_FAIL
HMM_AVL_FUNCTION bool HMM_AVL(access)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE node) {
    (void)context;
    (void)node;
    return true;
}
#endif

/* Whether a node may be read as the next one after `depth` others on a path. */
HMM_AVL_FUNCTION bool HMM_AVL(avl_reach)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE node, int depth) {
    if (!HMM_AVL_CAN_FAIL) return true;
    if (depth >= HMM_AVL(avl_max_depth)) return false;
    return HMM_AVL(access)(context, node);
}

/* Whether `other` lies beyond `node` in a direction. */
HMM_AVL_FUNCTION bool HMM_AVL(avl_beyond)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE node, int direction, HMM_AVL_HANDLE other) {
    const int order = HMM_AVL(compare)(context, HMM_AVL(key)(context, other), node);
    return direction ? order > 0 : order < 0;
}

/* ---- Reading ------------------------------------------------------------------------------------------------------------- */

/* Makes a tree empty. */
HMM_AVL_FUNCTION void HMM_AVL(init)(HMM_AVL_HANDLE *root) {
    *root = HMM_AVL_NULL;
}

/* Returns whether a tree has no node. */
HMM_AVL_FUNCTION bool HMM_AVL(is_empty)(HMM_AVL_HANDLE root) {
    return root == HMM_AVL_NULL;
}

/* Finds a node by its relation to a key.
 *
 * Returns the node of equal key, the nearest one below or above it, as the relation says; HMM_AVL_NULL if there is none or
 * access failed.
 * Example:
 *     tree = {1,3,5,7};
 *     search(4, HMM_AVL_LESS_EQUAL) => 3
 *     search(5, HMM_AVL_LESS_EQUAL) => 5
 *     search(5, HMM_AVL_LESS) => 3
 *     search(7, HMM_AVL_GREATER) => HMM_AVL_NULL
 *     search(0, HMM_AVL_GREATER_EQUAL) => 1
 *     search(4, HMM_AVL_EQUAL) => HMM_AVL_NULL */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(search)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE root, HMM_AVL_KEY key,
                                                hmm_avl_relation relation) {
    HMM_AVL_HANDLE found = HMM_AVL_NULL;
    HMM_AVL_HANDLE node = root;

    for (int depth = 0; node != HMM_AVL_NULL; depth++) {
        if (!HMM_AVL(avl_reach)(context, node, depth)) return HMM_AVL_NULL;
        const int order = HMM_AVL(compare)(context, key, node);
        if (order == 0 && (relation & HMM_AVL_EQUAL)) return node;
        const int direction = order > 0 || (order == 0 && relation == HMM_AVL_GREATER);
        if (relation & (direction ? HMM_AVL_LESS : HMM_AVL_GREATER)) found = node;
        node = HMM_AVL(get_child)(context, node, direction);
    }
    return found;
}

/* The last node in a direction: one loop for least and greatest. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(avl_extreme)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE root, int direction) {
    HMM_AVL_HANDLE found = HMM_AVL_NULL;
    HMM_AVL_HANDLE node = root;

    for (int depth = 0; node != HMM_AVL_NULL; depth++) {
        if (!HMM_AVL(avl_reach)(context, node, depth)) return HMM_AVL_NULL;
        found = node;
        node = HMM_AVL(get_child)(context, node, direction);
    }
    return found;
}

/* Returns the node of least key; HMM_AVL_NULL if the tree is empty or access failed.
 *
 * Example:
 *     tree = {1,3,5,7};
 *     least() => 1 */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(least)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE root) {
    return HMM_AVL(avl_extreme)(context, root, 0);
}

/* Returns the node of greatest key; HMM_AVL_NULL if the tree is empty or access failed.
 *
 * Example:
 *     tree = {1,3,5,7};
 *     greatest() => 7 */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(greatest)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE root) {
    return HMM_AVL(avl_extreme)(context, root, 1);
}

/* ---- Iterating ----------------------------------------------------------------------------------------------------------- */

/* Makes the path to the node that a search finds. Returns the node; or HMM_AVL_NULL, and the path is empty. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(avl_find)(HMM_AVL_CONTEXT context, HMM_AVL(avl_path) *path, HMM_AVL_HANDLE root,
                                                  HMM_AVL_KEY key, hmm_avl_relation relation) {
    HMM_AVL_HANDLE node = root;
    HMM_AVL_HANDLE found = HMM_AVL_NULL;
    int depth = 0;
    int found_depth = 0;

    path->depth = 0;
    while (node != HMM_AVL_NULL) {
        if (!HMM_AVL(avl_reach)(context, node, depth)) return HMM_AVL_NULL;
        const int order = HMM_AVL(compare)(context, key, node);
        const bool is_found = order == 0 && (relation & HMM_AVL_EQUAL);
        const int direction = order > 0 || (order == 0 && relation == HMM_AVL_GREATER);
        path->node[depth] = node;
        path->direction[depth] = (unsigned char)direction;
        depth++;
        if (is_found || (relation & (direction ? HMM_AVL_LESS : HMM_AVL_GREATER))) {
            found = node;
            found_depth = depth;
        }
        if (is_found) break;
        node = HMM_AVL(get_child)(context, node, direction);
    }
    path->depth = found_depth;
    return found;
}

/* Lengthens the path by `node` and its descendants in a direction, down to the last. Returns that; or HMM_AVL_NULL if access
 * failed, and the path has the depth it had. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(avl_descend)(HMM_AVL_CONTEXT context, HMM_AVL(avl_path) *path, HMM_AVL_HANDLE node,
                                                     int direction) {
    HMM_AVL_HANDLE last = HMM_AVL_NULL;
    int depth = path->depth;

    while (node != HMM_AVL_NULL) {
        if (!HMM_AVL(avl_reach)(context, node, depth)) return HMM_AVL_NULL;
        path->node[depth] = node;
        path->direction[depth] = (unsigned char)direction;
        depth++;
        last = node;
        node = HMM_AVL(get_child)(context, node, direction);
    }
    path->depth = depth;
    return last;
}

/* Starts an iteration at the node that search(context, root, key, relation) finds.
 *
 * Returns the node; HMM_AVL_NULL if there is none or access failed, and then the iterator stands at none.
 * Example:
 *     tree = {1,3,5,7};
 *     start(&it, 4, HMM_AVL_GREATER_EQUAL) => 5
 *     next(&it) => 7
 *     next(&it) => HMM_AVL_NULL */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(start)(HMM_AVL(iterator) *it, HMM_AVL_CONTEXT context, HMM_AVL_HANDLE root,
                                               HMM_AVL_KEY key, hmm_avl_relation relation) {
    it->context = context;
    return HMM_AVL(avl_find)(context, &it->path, root, key, relation);
}

/* Starts an iteration at the node of least key.
 *
 * Returns as start. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(start_least)(HMM_AVL(iterator) *it, HMM_AVL_CONTEXT context, HMM_AVL_HANDLE root) {
    it->context = context;
    it->path.depth = 0;
    return HMM_AVL(avl_descend)(context, &it->path, root, 0);
}

/* Starts an iteration at the node of greatest key.
 *
 * Returns as start. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(start_greatest)(HMM_AVL(iterator) *it, HMM_AVL_CONTEXT context, HMM_AVL_HANDLE root) {
    it->context = context;
    it->path.depth = 0;
    return HMM_AVL(avl_descend)(context, &it->path, root, 1);
}

/* Returns the node where the iterator stands; HMM_AVL_NULL if it stands at none. Reads no node. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(get)(const HMM_AVL(iterator) *it) {
    return it->path.depth == 0 ? HMM_AVL_NULL : it->path.node[it->path.depth - 1];
}

/* One step in a direction. The nodes passed over on the way up are handles on the path: they are not read. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(avl_step)(HMM_AVL(iterator) *it, int direction) {
    HMM_AVL(avl_path) *path = &it->path;
    HMM_AVL_HANDLE node = HMM_AVL(get)(it);
    if (node == HMM_AVL_NULL || !HMM_AVL(access)(it->context, node)) return HMM_AVL_NULL;

    HMM_AVL_HANDLE child = HMM_AVL(get_child)(it->context, node, direction);
    if (child != HMM_AVL_NULL) {
        path->direction[path->depth - 1] = (unsigned char)direction;
        return HMM_AVL(avl_descend)(it->context, path, child, !direction);
    }
    do {
        path->depth--;
    } while (path->depth > 0 && path->direction[path->depth - 1] == direction);
    return HMM_AVL(get)(it);
}

/* Moves to the node of next greater key.
 *
 * Returns that node; HMM_AVL_NULL past the greatest, where the iterator then stands at none and stays so; or HMM_AVL_NULL if
 * access failed, and then the iterator stands where it stood (get tells the two apart).
 * Once next has returned, no node before the one returned is ever read again by further calls of next, so that a last
 * iteration may destroy the nodes behind it.
 * Example:
 *     for (node = start_least(&it); node != HMM_AVL_NULL; node = following) {
 *         following = next(&it);
 *         destroy(node);
 *     } */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(next)(HMM_AVL(iterator) *it) {
    return HMM_AVL(avl_step)(it, 1);
}

/* Moves to the node of next lesser key.
 *
 * Returns as next, with the order of keys reversed. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(previous)(HMM_AVL(iterator) *it) {
    return HMM_AVL(avl_step)(it, 0);
}

/* ---- Changing ------------------------------------------------------------------------------------------------------------ */

#if !HMM_AVL_READ_ONLY
/* Puts `node` where the path's node at `depth` hangs: under the node before it, or at the root. */
HMM_AVL_FUNCTION void HMM_AVL(avl_hang)(HMM_AVL_CONTEXT context, const HMM_AVL(avl_path) *path, int depth, HMM_AVL_HANDLE *root,
                                        HMM_AVL_HANDLE node) {
    if (depth == 0)
        *root = node;
    else
        HMM_AVL(set_child)(context, path->node[depth - 1], path->direction[depth - 1], node);
}

/* Rotates at `top`, whose subtree of direction `heavy` is too deep by one, and whose own balance still says `lean`.
 *
 * Returns the node that takes the place of top. The subtree is one less deep than before, and its new top balanced; but if
 * heavy's own two subtrees were equally deep, which only happens in a removal, then it is as deep as before, and its top
 * leans. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(avl_rotate)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE top, int heavy) {
    const int lean = 2 * heavy - 1;
    HMM_AVL_HANDLE child = HMM_AVL(get_child)(context, top, heavy);
    const int child_balance = HMM_AVL(get_balance)(context, child);

    if (child_balance != -lean) {
        HMM_AVL(set_child)(context, top, heavy, HMM_AVL(get_child)(context, child, !heavy));
        HMM_AVL(set_child)(context, child, !heavy, top);
        HMM_AVL(set_balance)(context, top, lean - child_balance);
        HMM_AVL(set_balance)(context, child, child_balance - lean);
        return child;
    }

    HMM_AVL_HANDLE inner = HMM_AVL(get_child)(context, child, !heavy);
    const int inner_balance = HMM_AVL(get_balance)(context, inner);
    HMM_AVL(set_child)(context, child, !heavy, HMM_AVL(get_child)(context, inner, heavy));
    HMM_AVL(set_child)(context, inner, heavy, child);
    HMM_AVL(set_child)(context, top, heavy, HMM_AVL(get_child)(context, inner, !heavy));
    HMM_AVL(set_child)(context, inner, !heavy, top);
    HMM_AVL(set_balance)(context, top, inner_balance == lean ? -lean : 0);
    HMM_AVL(set_balance)(context, child, inner_balance == -lean ? lean : 0);
    HMM_AVL(set_balance)(context, inner, 0);
    return inner;
}

/* Corrects the balances above a node that was hung at the end of the path. Upwards, until a subtree keeps its depth: the first
 * node that was not balanced does, by becoming so or by a rotation. */
HMM_AVL_FUNCTION void HMM_AVL(avl_grown)(HMM_AVL_CONTEXT context, const HMM_AVL(avl_path) *path, HMM_AVL_HANDLE *root) {
    for (int i = path->depth - 1; i >= 0; i--) {
        HMM_AVL_HANDLE top = path->node[i];
        const int heavy = path->direction[i];
        const int lean = 2 * heavy - 1;
        const int balance = HMM_AVL(get_balance)(context, top);

        if (balance == lean) {
            HMM_AVL(avl_hang)(context, path, i, root, HMM_AVL(avl_rotate)(context, top, heavy));
            return;
        }
        HMM_AVL(set_balance)(context, top, balance + lean);
        if (balance != 0) return;
    }
}

/* Whether a node may be hung at the end of the path: it is shorter than the longest, or a rotation will follow. */
HMM_AVL_FUNCTION bool HMM_AVL(avl_can_grow)(HMM_AVL_CONTEXT context, const HMM_AVL(avl_path) *path) {
    int i = path->depth;
    if (i < HMM_AVL(avl_max_depth)) return true;
    int balance = 0;
    while (balance == 0 && i > 0) balance = HMM_AVL(get_balance)(context, path->node[--i]);
    return balance != 0;
}

/* Inserts a node.
 *
 * node: accessible, its key set; its links and balance are set here.
 * Returns node; or the node of equal key which the tree holds already, and the tree is unchanged; or HMM_AVL_NULL, the tree
 *   unchanged, if access failed or the tree would become deeper than HMM_AVL_MAX_DEPTH.
 * Example, where new(2) is a node of key 2:
 *     tree = {1,3};
 *     insert(new(2)) => 2
 *     tree => {1,2,3}
 *     insert(new(2)) => 2
 *     tree => {1,2,3} */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(insert)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE *root, HMM_AVL_HANDLE node) {
    HMM_AVL_KEY key = HMM_AVL(key)(context, node);
    HMM_AVL(avl_path) path;
    HMM_AVL_HANDLE at = *root;
    int depth = 0;

    while (at != HMM_AVL_NULL) {
        if (!HMM_AVL(avl_reach)(context, at, depth)) return HMM_AVL_NULL;
        const int order = HMM_AVL(compare)(context, key, at);
        if (order == 0) return at;
        path.node[depth] = at;
        path.direction[depth] = order > 0;
        depth++;
        at = HMM_AVL(get_child)(context, at, order > 0);
    }
    path.depth = depth;
    if (!HMM_AVL(avl_can_grow)(context, &path)) return HMM_AVL_NULL;

    HMM_AVL(set_child)(context, node, 0, HMM_AVL_NULL);
    HMM_AVL(set_child)(context, node, 1, HMM_AVL_NULL);
    HMM_AVL(set_balance)(context, node, 0);
    HMM_AVL(avl_hang)(context, &path, depth, root, node);
    HMM_AVL(avl_grown)(context, &path, root);
    return node;
}

/* Whether there is a node and it is accessible. */
HMM_AVL_FUNCTION bool HMM_AVL(avl_usable)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE node) {
    return node != HMM_AVL_NULL && HMM_AVL(access)(context, node);
}

/* Whether avl_shrunk can do its work when the node at `index` is removed: the same walk, read-only.
 *
 * The nodes which it will read beside the path are passed to access. And the nodes which it will change lie in order on either
 * side of the one removed, further out at each level. Hence they are distinct, and no change can lead a higher level to other
 * nodes than those seen here, even if the tree is damaged. */
HMM_AVL_FUNCTION bool HMM_AVL(avl_can_shrink)(HMM_AVL_CONTEXT context, const HMM_AVL(avl_path) *path, int index) {
    HMM_AVL_HANDLE outermost[2] = {path->node[index], path->node[index]}; /* on the lesser and on the greater side */

    if (path->depth > index + 1) {
        const int side = path->direction[index];
        HMM_AVL_HANDLE neighbour = path->node[path->depth - 1];
        if (!HMM_AVL(avl_beyond)(context, outermost[side], side, neighbour)) return false;
        outermost[side] = neighbour;
    }
    for (int i = path->depth - 2; i >= 0; i--) {
        HMM_AVL_HANDLE top = path->node[i];
        const int heavy = !path->direction[i];
        const int lean = 2 * heavy - 1;
        if (i != index && !HMM_AVL(avl_beyond)(context, outermost[heavy], heavy, top)) return false;
        outermost[heavy] = top;
        const int balance = HMM_AVL(get_balance)(context, top);
        if (balance == 0) return true;
        if (balance == -lean) continue;

        HMM_AVL_HANDLE child = HMM_AVL(get_child)(context, top, heavy);
        if (!HMM_AVL(avl_usable)(context, child) || !HMM_AVL(avl_beyond)(context, top, heavy, child)) return false;
        outermost[heavy] = child;
        const int child_balance = HMM_AVL(get_balance)(context, child);
        if (child_balance == 0) return true;
        if (child_balance == lean) continue;

        HMM_AVL_HANDLE inner = HMM_AVL(get_child)(context, child, !heavy);
        if (!HMM_AVL(avl_usable)(context, inner)) return false;
        if (!HMM_AVL(avl_beyond)(context, top, heavy, inner) || !HMM_AVL(avl_beyond)(context, child, !heavy, inner)) return false;
    }
    return true;
}

/* Corrects the balances above the end of the path, where the subtree has become one less deep. Upwards, until a subtree keeps its
 * depth. */
HMM_AVL_FUNCTION void HMM_AVL(avl_shrunk)(HMM_AVL_CONTEXT context, const HMM_AVL(avl_path) *path, HMM_AVL_HANDLE *root) {
    for (int i = path->depth - 2; i >= 0; i--) {
        HMM_AVL_HANDLE top = path->node[i];
        const int heavy = !path->direction[i];
        const int lean = 2 * heavy - 1;
        const int balance = HMM_AVL(get_balance)(context, top);

        if (balance == 0) {
            HMM_AVL(set_balance)(context, top, lean);
            return;
        }
        if (balance == -lean) {
            HMM_AVL(set_balance)(context, top, 0);
            continue;
        }
        top = HMM_AVL(avl_rotate)(context, top, heavy);
        HMM_AVL(avl_hang)(context, path, i, root, top);
        if (HMM_AVL(get_balance)(context, top) != 0) return;
    }
}

/* Gives a node's links, balance and place on the path to another. */
HMM_AVL_FUNCTION void HMM_AVL(avl_replace)(HMM_AVL_CONTEXT context, HMM_AVL(avl_path) *path, int index, HMM_AVL_HANDLE *root,
                                           HMM_AVL_HANDLE node) {
    HMM_AVL_HANDLE old = path->node[index];
    HMM_AVL(set_child)(context, node, 0, HMM_AVL(get_child)(context, old, 0));
    HMM_AVL(set_child)(context, node, 1, HMM_AVL(get_child)(context, old, 1));
    HMM_AVL(set_balance)(context, node, HMM_AVL(get_balance)(context, old));
    path->node[index] = node;
    HMM_AVL(avl_hang)(context, path, index, root, node);
}

/* Removes the node at the end of the path, which becomes useless. Returns the node, or HMM_AVL_NULL if access failed.
 *
 * A node with two children is replaced by its neighbour in the order of keys, on the deeper side, where fewer rotations follow;
 * the neighbour has one child at most. The only child takes its parent's place unread. */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(avl_remove)(HMM_AVL_CONTEXT context, HMM_AVL(avl_path) *path, HMM_AVL_HANDLE *root) {
    const int index = path->depth - 1;
    HMM_AVL_HANDLE node = path->node[index];
    HMM_AVL_HANDLE lesser = HMM_AVL(get_child)(context, node, 0);
    HMM_AVL_HANDLE greater = HMM_AVL(get_child)(context, node, 1);
    HMM_AVL_HANDLE only = lesser != HMM_AVL_NULL ? lesser : greater;
    HMM_AVL_HANDLE neighbour = HMM_AVL_NULL;

    if (lesser != HMM_AVL_NULL && greater != HMM_AVL_NULL) {
        const int side = HMM_AVL(get_balance)(context, node) > 0;
        path->direction[index] = (unsigned char)side;
        neighbour = HMM_AVL(avl_descend)(context, path, side ? greater : lesser, !side);
        if (neighbour == HMM_AVL_NULL) return HMM_AVL_NULL;
        only = HMM_AVL(get_child)(context, neighbour, side);
    }
    if (HMM_AVL_CAN_FAIL && !HMM_AVL(avl_can_shrink)(context, path, index)) return HMM_AVL_NULL;

    HMM_AVL(avl_hang)(context, path, path->depth - 1, root, only);
    if (neighbour != HMM_AVL_NULL) HMM_AVL(avl_replace)(context, path, index, root, neighbour);
    HMM_AVL(avl_shrunk)(context, path, root);
    return node;
}

/* Removes the node of equal key.
 *
 * Returns the node, its links and balance now meaningless; HMM_AVL_NULL, the tree unchanged, if there is none or access failed.
 * Example:
 *     tree = {1,3,5,7};
 *     remove(5) => 5
 *     tree => {1,3,7}
 *     remove(5) => HMM_AVL_NULL */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(remove)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE *root, HMM_AVL_KEY key) {
    HMM_AVL(avl_path) path;
    if (HMM_AVL(avl_find)(context, &path, *root, key, HMM_AVL_EQUAL) == HMM_AVL_NULL) return HMM_AVL_NULL;
    return HMM_AVL(avl_remove)(context, &path, root);
}

/* Removes the node where an iterator stands: saves the second descent after a node was found by a relation and looked at.
 *
 * root: of the tree in which the iterator was started; the tree has not changed since.
 * Returns the node, and the iterator stands at none; HMM_AVL_NULL if it stood at none or access failed, and then tree and
 *   iterator are unchanged.
 * Example:
 *     tree = {1,3,5,7};
 *     start(&it, 4, HMM_AVL_GREATER_EQUAL) => 5
 *     remove_at(&it) => 5
 *     tree => {1,3,7} */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(remove_at)(HMM_AVL(iterator) *it, HMM_AVL_HANDLE *root) {
    const int depth = it->path.depth;
    if (depth == 0) return HMM_AVL_NULL;
    HMM_AVL_HANDLE removed = HMM_AVL(avl_remove)(it->context, &it->path, root);
    it->path.depth = removed == HMM_AVL_NULL ? depth : 0;
    return removed;
}

/* Puts a node in the place of the one of equal key.
 *
 * new_node: accessible, its key set, not in the tree.
 * Returns the node that was in the tree; HMM_AVL_NULL, the tree unchanged, if there is none or access failed.
 * Example, the 3 that is returned being the one that was in the tree:
 *     tree = {1,3};
 *     substitute(new(3)) => 3
 *     substitute(new(2)) => HMM_AVL_NULL */
HMM_AVL_FUNCTION HMM_AVL_HANDLE HMM_AVL(substitute)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE *root, HMM_AVL_HANDLE new_node) {
    HMM_AVL(avl_path) path;
    HMM_AVL_HANDLE old = HMM_AVL(avl_find)(context, &path, *root, HMM_AVL(key)(context, new_node), HMM_AVL_EQUAL);
    if (old != HMM_AVL_NULL) HMM_AVL(avl_replace)(context, &path, path.depth - 1, root, new_node);
    return old;
}

/* Makes a tree of nodes that come in ascending order, in linear time.
 *
 * next: called `count` times with `sequence`, for nodes of strictly ascending keys; or returns HMM_AVL_NULL to give up.
 * sequence: handed to next. count: how many nodes.
 * Returns true: *root is the new tree, of least possible depth; what it was before is forgotten, not read. Or false, *root
 *   unchanged, if next gave up, or the tree would be deeper than HMM_AVL_MAX_DEPTH (then next was not called).
 * Example, where ascending gives nodes of keys 1, 3, 5, 7:
 *     build(ascending, 4) => true
 *     tree => {1,3,5,7} */
HMM_AVL_FUNCTION bool HMM_AVL(build)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE *root, HMM_AVL_HANDLE (*next)(void *sequence),
                                     void *sequence, size_t count) {
    HMM_AVL(avl_path) path; /* down to the subtree being made; its nodes are known only where it goes on to the greater side */
    size_t size[HMM_AVL_MAX_DEPTH];
    size_t remaining = count;

    path.depth = 0;
    for (;;) {
        /* The lesser side takes the odd node, so that this way down is never shorter than any later one. */
        for (; remaining > 0; remaining /= 2) {
            if (path.depth == HMM_AVL(avl_max_depth)) return false;
            size[path.depth] = remaining;
            path.direction[path.depth++] = 0;
        }
        HMM_AVL_HANDLE subtree = HMM_AVL_NULL;
        while (path.depth > 0 && path.direction[path.depth - 1] == 1) {
            path.depth--;
            HMM_AVL(set_child)(context, path.node[path.depth], 1, subtree);
            subtree = path.node[path.depth];
        }
        if (path.depth == 0) {
            *root = subtree;
            return true;
        }
        HMM_AVL_HANDLE node = next(sequence);
        if (node == HMM_AVL_NULL) return false;
        const int last = path.depth - 1;
        const bool leans = size[last] > 1 && (size[last] & (size[last] - 1)) == 0;
        HMM_AVL(set_child)(context, node, 0, subtree);
        HMM_AVL(set_balance)(context, node, leans ? -1 : 0);
        path.node[last] = node;
        path.direction[last] = 1;
        remaining = (size[last] - 1) / 2;
    }
}

#endif

/* ---- Checking ------------------------------------------------------------------------------------------------------------ */

/* Checks a whole tree: the order of keys, each balance against the real depths, no path longer than HMM_AVL_MAX_DEPTH.
 *
 * limit: the most nodes that there may be.
 * Returns how many there are; -1 if anything is wrong, there are more than limit, or access failed.
 * Read-only. It ends after at most `limit` nodes whatever the links say, cycles included; but a handle that is not one is only
 * noticed by an access hook that refuses it. */
HMM_AVL_FUNCTION ptrdiff_t HMM_AVL(check)(HMM_AVL_CONTEXT context, HMM_AVL_HANDLE root, size_t limit) {
    HMM_AVL(avl_path) path;
    int lesser_depth[HMM_AVL_MAX_DEPTH];
    int balance[HMM_AVL_MAX_DEPTH];
    HMM_AVL_HANDLE previous = HMM_AVL_NULL;
    HMM_AVL_HANDLE node = root;
    size_t count = 0;

    path.depth = 0;
    for (;;) {
        for (; node != HMM_AVL_NULL; node = HMM_AVL(get_child)(context, node, 0)) {
            if (count == limit || path.depth == HMM_AVL(avl_max_depth) || !HMM_AVL(access)(context, node)) return -1;
            count++;
            path.node[path.depth] = node;
            path.direction[path.depth++] = 0;
        }
        int depth = 0; /* of the subtree just finished */
        while (path.depth > 0 && path.direction[path.depth - 1] == 1) {
            const int top = --path.depth;
            if (depth - lesser_depth[top] != balance[top]) return -1;
            depth = 1 + (balance[top] > 0 ? depth : lesser_depth[top]);
        }
        if (path.depth == 0) return (ptrdiff_t)count;

        const int top = path.depth - 1;
        node = path.node[top];
        if (previous != HMM_AVL_NULL && !HMM_AVL(access)(context, previous)) return -1;
        if (!HMM_AVL(access)(context, node)) return -1;
        if (previous != HMM_AVL_NULL && !HMM_AVL(avl_beyond)(context, previous, 1, node)) return -1;
        previous = node;
        lesser_depth[top] = depth;
        balance[top] = HMM_AVL(get_balance)(context, node);
        if (balance[top] < -1 || balance[top] > 1) return -1;
        path.direction[top] = 1;
        node = HMM_AVL(get_child)(context, node, 1);
    }
}

#undef HMM_AVL
#undef HMM_AVL_HANDLE
#undef HMM_AVL_NULL
#undef HMM_AVL_KEY
#undef HMM_AVL_CONTEXT
#undef HMM_AVL_MAX_DEPTH
#undef HMM_AVL_CAN_FAIL
#undef HMM_AVL_READ_ONLY
#undef HMM_AVL_FUNCTION
