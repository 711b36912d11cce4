#!/usr/bin/env python3
"""Checks the longest ways that bound.py finds, in programs small enough to count by hand, and that it knows every loop of the heap.

SPDX-License-Identifier: MIT
"""
import unittest

import bound

# f: a branch of 2 or 4 instructions, a call of g, a loop of 3 instructions, a return.
BRANCH_CALL_LOOP = """
0000000000000010 <f>:
  10:\ttest   %eax,%eax
  11:\tje     14 <f+0x4>
  12:\tnop
  13:\tnop
  14:\tcall   30 <g.part.0>
  15:\tnop
  16:\tdec    %eax
  17:\tjne    15 <f+0x5>
  18:\tret
0000000000000030 <g.part.0>:
  30:\tnop
  31:\tret
"""

# A loop whose turns are 3 instructions, or 6 on the dear way.
CHEAP_AND_DEAR = """
0000000000000010 <f>:
  10:\tcmp    %eax,%ebx
  11:\tje     15 <f+0x5>
  12:\tnop
  13:\tnop
  14:\tnop
  15:\tjne    10 <f>
  16:\tret
"""

# The dearer way calls a handler; the other one tells of a fault, or returns.
HANDLERS = """
0000000000000010 <f>:
  10:\tje     14 <f+0x4>
  11:\tjne    17 <f+0x7>
  12:\tnop
  13:\tret
  14:\tnop
  15:\tcall   *%rax
  16:\tret
  17:\tnop
  18:\tcall   40 <report>
  19:\tret
0000000000000040 <report>:
  40:\tret
"""

# Two calls, of which only one happens; each can be passed by.
TWO_RESTS = """
0000000000000010 <f>:
  10:\tje     12 <f+0x2>
  11:\tcall   20 <make_free>
  12:\tje     14 <f+0x4>
  13:\tcall   20 <make_free>
  14:\tret
0000000000000020 <make_free>:
  20:\tnop
  21:\tnop
  22:\tret
"""

# A path to a node and on from there: loops of 2 and of 4 instructions.
TWO_PARTS = """
0000000000000010 <audit_tree_path>:
  10:\tdec    %eax
  11:\tjne    10 <audit_tree_path>
  12:\tnop
  13:\tnop
  14:\tdec    %eax
  15:\tjne    12 <audit_tree_path+0x2>
  16:\tret
"""


def most(depth, beside=0):
    return bound.Most(depth, 0, beside, depth, depth)


def longest(listing, frames, limits, entry=0x10, one_rest=False):
    code = bound.Code(listing, frames)
    return bound.Bound(code, one_rest).function(entry, limits)


class LongestWay(unittest.TestCase):
    def test_dearer_branch_call_and_turns(self):
        frames = lambda address: ["by_size_search", "f"] if 0x15 <= address <= 0x17 else ["f"]
        for depth in (0, 1, 5):  # the loop is gone through once more than it turns
            self.assertEqual(longest(BRANCH_CALL_LOOP, frames, most(depth)), 4 + 1 + 2 + 3 * (depth + 1) + 1)

    def test_some_turns_are_cheap(self):
        frames = lambda address: ["audit_node", "audit_beside"] if 0x12 <= address <= 0x14 else ["audit_beside"]
        cheap, dear = bound.turns_beside(most(1, beside=2))[0]
        self.assertEqual((cheap, dear), (2, 3))
        self.assertEqual(longest(CHEAP_AND_DEAR, frames, most(1, beside=2)), 3 * cheap + 6 * dear + 6 + 1)

    def test_rotations_on_half_of_the_levels(self):
        frames = lambda address: ["by_size_set_child", "by_size_avl_shrunk"] if 0x12 <= address <= 0x14 else ["by_size_avl_shrunk"]
        self.assertEqual(longest(CHEAP_AND_DEAR, frames, most(4)), max(4 * 3, 2 * 6) + 6 + 1)
        self.assertEqual(longest(CHEAP_AND_DEAR, frames, most(5)), max(5 * 3, 3 + 2 * 6) + 6 + 1)

    def test_ways_to_handlers_do_not_count(self):
        self.assertEqual(longest(HANDLERS, lambda address: ["f"], most(1)), 4)

    def test_one_rest(self):
        self.assertEqual(longest(TWO_RESTS, lambda address: ["f"], most(1)), 2 + 4 + 4 + 1)
        self.assertEqual(longest(TWO_RESTS, lambda address: ["f"], most(1), one_rest=True), 2 + 4 + 1)

    def test_both_parts_of_a_path_have_its_levels_together(self):
        frames = lambda address: ["audit_way_to_neighbour", "audit_tree_path"] if 0x12 <= address <= 0x15 else ["audit_tree_path"]
        self.assertEqual(longest(TWO_PARTS, frames, most(10)), 2 + 4 * 11 + 1)

    def test_unknown_loop_ends_the_program(self):
        with self.assertRaises(SystemExit):
            longest(BRANCH_CALL_LOOP, lambda address: ["f"], most(1))


class Depths(unittest.TestCase):
    def test_depths_are_those_of_avl_h(self):
        for nodes, depth in ((1, 1), (2, 2), (3, 2), (4, 3), (19, 5), (20, 6), (255, 11), (65535, 22)):
            self.assertEqual(bound.depth_of(nodes), depth)
        self.assertEqual(bound.depth_of(0), 0)

    def test_depths_are_those_of_the_architecture(self):
        for size, depth in ((2 ** 15, 6), (2 ** 20, 9), (2 ** 30, 14)):
            self.assertEqual(bound.depth_in_heap(size, 16), depth)
        self.assertEqual(bound.depth_beyond_index(2 ** 36, 16), 23)


class Heap(unittest.TestCase):
    def test_every_loop_is_known_and_levels_cost(self):
        for level in (0, 1):
            code = bound.compiled("heap", level)
            for function in ("alloc", "free"):
                few, many = (bound.bound(code, "heap", function, depth) for depth in (6, 16))
                self.assertTrue(10 * 50 < many - few < 10 * 20000, (level, function, few, many))


if __name__ == "__main__":
    unittest.main()
