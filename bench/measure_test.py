#!/usr/bin/env python3
"""Checks what is made of the files that the tools write, and the tables.

SPDX-License-Identifier: MIT
"""
import os
import tempfile
import unittest

import measure
from table import Table

# f costs 3 + 4, and calls g, which costs 100 and then 5 more in another piece; names stand in full only once.
COSTS = """version: 1
events: Ir
fn=(1) f
10 3
cfn=(2) g
calls=1 20
11 105
12 4

fn=(2)
20 100
fn=(3) subject_alloc
+1 1
fn=(2)
-2 5
totals: 113
"""


class Measured(unittest.TestCase):
    def test_self_costs_leave_out_calls(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "costs")
            with open(path, "w", encoding="utf-8") as file:
                file.write(COSTS)
            self.assertEqual(measure.self_costs(path), {"f": 7, "g": 105, "subject_alloc": 1})

    def test_harness_is_known_by_its_names(self):
        for name in ("replay_steady", "operate", "subject_free"):
            self.assertTrue(measure.HARNESS.fullmatch(name))
        for name in ("hmm_heap_alloc", "operated", "free"):
            self.assertFalse(measure.HARNESS.fullmatch(name))


class Tables(unittest.TestCase):
    def test_numbers_stand_to_the_right(self):
        table = Table("t", "Title", ["name", "n"])
        table.add("a", 5)
        table.add("longer", 1.25)
        table.add("b", None)
        self.assertEqual(table.text(), "Title\n    name        n\n    a           5\n    longer  1.250\n    b           -\n")
        self.assertIn("|---|---:|", table.markdown())


if __name__ == "__main__":
    unittest.main()
