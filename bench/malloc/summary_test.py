#!/usr/bin/env python3
"""Checks the statistics of the malloc benchmarks against values worked out by hand, and that README quotes the page.

SPDX-License-Identifier: MIT
"""
import sys
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import page  # noqa: E402
import summary  # noqa: E402
from launch import Taken  # noqa: E402

# Two programs, three runs: wall times, with the median in another place each time. mimalloc is best in p, jemalloc in the mean.
WALL = {
    ("p", "glibc"): (4, 2, 3), ("p", "heapmm"): (6, 1.5, 1), ("p", "mimalloc"): (1, 1, 1), ("p", "jemalloc"): (1.5, 1.5, 1.5),
    ("r", "glibc"): (10, 30, 20), ("r", "heapmm"): (10, 10, 10), ("r", "mimalloc"): (20, 20, 40), ("r", "jemalloc"): (5, 5, 5),
}


def example():
    results = summary.Results(["glibc", "heapmm", "mimalloc", "jemalloc"])
    for (program, allocator), times in WALL.items():
        for wall in times:
            results.add(program, program == "r", allocator, Taken(wall, 2 * wall, 10 * wall, 0, f"output of {program}"))
    return results


class Statistics(unittest.TestCase):
    def test_geometric_mean(self):
        self.assertAlmostEqual(summary.geometric_mean([1, 4]), 2)
        self.assertAlmostEqual(summary.geometric_mean([0.5, 1, 2, 10000]), 10)

    def test_medians_and_minima(self):
        results = example()
        self.assertEqual(results.median("p", "glibc", "wall"), 3)
        self.assertEqual(results.minimum("p", "glibc", "wall"), 2)
        self.assertEqual(results.median("r", "mimalloc", "rss"), 200)

    def test_ratios_are_of_medians(self):
        results = example()
        self.assertAlmostEqual(results.ratio("p", "heapmm", "wall"), 0.5)
        self.assertAlmostEqual(results.ratio("r", "heapmm", "wall", "jemalloc"), 2)
        self.assertEqual(results.ratio("p", "heapmm", "faults"), 1)

    def test_means_over_all_and_over_real_programs(self):
        results = example()
        self.assertEqual(results.programs(), ["p", "r"])
        self.assertEqual((results.programs("real"), results.programs("patterns")), (["r"], ["p"]))
        self.assertAlmostEqual(results.mean("heapmm", "wall"), 0.5)  # of 1/2 and 1/2
        self.assertAlmostEqual(results.mean("mimalloc", "wall"), (1 / 3) ** 0.5)  # of 1/3 and 1
        self.assertAlmostEqual(results.mean("jemalloc", "wall"), (1 / 8) ** 0.5)  # of 1/2 and 1/4
        self.assertAlmostEqual(results.mean("mimalloc", "wall", "real"), 1)

    def test_best_peer_has_the_lowest_mean(self):
        results = example()
        self.assertEqual(results.peers(), ["mimalloc", "jemalloc"])
        self.assertEqual(results.best_peer(), "jemalloc")  # though mimalloc is best in p
        for _ in range(9):
            results.add("r", True, "jemalloc", Taken(100, 1, 1, 0, "output of r"))
        self.assertEqual(results.best_peer(), "mimalloc")

    def test_furthest_and_behind(self):
        results = example()
        self.assertEqual(results.furthest("jemalloc"), ("r", 2))
        self.assertEqual(results.behind("wall", 1.02), [("r", "jemalloc", 2), ("p", "mimalloc", 1.5)])
        self.assertEqual(results.behind("wall", 1.6), [("r", "jemalloc", 2)])

    def test_another_output_ends_it(self):
        results = example()
        with self.assertRaisesRegex(SystemExit, "p gives another output with heapmm"):
            results.add("p", False, "heapmm", Taken(1, 1, 1, 0, "another"))

    def test_goals(self):
        measured = [goal.measured for goal in summary.goals(example())]
        expected = [0.5 / (1 / 8) ** 0.5, 2, 2, 0.5, 0.5, 0.5]
        for got, wanted in zip(measured, expected):
            self.assertAlmostEqual(got, wanted)
        self.assertEqual([goal.is_met() for goal in summary.goals(example())], [False, False, False, True, True, True])
        self.assertTrue(summary.Goal("", 1.0, 1.0, "").is_met())


class Page(unittest.TestCase):
    def test_tables(self):
        rows = page.ratios(example(), "wall", "n", "t").rows
        self.assertEqual([row[0] for row in rows], ["p", "r", "**mean of the patterns**", "**mean of the real programs**", "**mean of all**"])
        for row, mean in zip(rows[2:], (1 / 3, 1, (1 / 3) ** 0.5)):
            self.assertAlmostEqual(row[3], mean)  # mimalloc's
        self.assertEqual(page.seconds_and_least(example(), "wall", "n", "t", 1).rows[0], ["p", "3.0 (2.0)", "1.5 (1.0)", "1.0 (1.0)",
                                                                                          "1.5 (1.5)"])
        self.assertEqual(page.goal_table(summary.goals(example())).rows[3][:4], ["wall time, any program, to glibc", "1.05", "0.500", "yes"])

    def test_readme_quotes_the_page(self):
        quoted, on_page = (page.headline(path.read_text(encoding="utf-8")) for path in (page.README, page.PAGE))
        self.assertEqual(quoted, on_page)
        self.assertGreaterEqual(len(quoted.splitlines()), 7)


if __name__ == "__main__":
    unittest.main()
