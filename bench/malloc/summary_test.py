#!/usr/bin/env python3
"""Checks the statistics of the malloc benchmarks against values worked out by hand, and that README quotes the page.

SPDX-License-Identifier: MIT
"""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import journal  # noqa: E402
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
        goals = summary.goals(example())
        # Wall and RSS of all programs, of the real ones, the program furthest behind the best peer, and behind glibc.
        for goal, measured, bound in zip(goals, (0.5 / (1 / 8) ** 0.5, 0.5, 2, 0.5, 2, 0.5), (0.95, 1, 0.95, 0.95, 1.15, 1.05)):
            self.assertAlmostEqual(goal.measured, measured)
            self.assertEqual(goal.bound, bound)
        self.assertEqual([goal.is_met() for goal in goals], [False, True, False, True, False, True])
        self.assertTrue(summary.Goal("", 1.0, 1.0, "").is_met())

    def test_goals_without_real_programs(self):
        results = example()
        results.real = set()
        self.assertEqual(len(summary.goals(results)), 4)


class Interrupted(unittest.TestCase):
    """A benchmark that was broken off."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.path = Path(self.directory.name) / "runs.csv"
        self.measured = []

    def tearDown(self):
        self.directory.cleanup()

    def take(self, opened, turn, allocator="glibc"):
        def measure():
            self.measured.append((allocator, turn))
            return Taken(turn + 0.5, 1.0, 2.0, 3, "output")
        return opened.take("p", allocator, False, turn, measure)

    def test_it_goes_on_where_it_was(self):
        first = journal.Journal(self.path, "key")
        for turn in (0, 1):
            self.take(first, turn)
        first.file.write("p,glibc,off,9.5,")  # not finished
        first.file.close()
        second = journal.Journal(self.path, "key")
        self.measured.clear()
        self.assertEqual([self.take(second, turn).wall for turn in (0, 1, 2)], [0.5, 1.5, 2.5])
        self.take(second, 0, "heapmm")
        self.assertEqual(self.measured, [("glibc", 2), ("heapmm", 0)])
        second.close()
        self.assertEqual(len(self.path.read_text(encoding="utf-8").splitlines()), 5)
        self.assertEqual(list(self.path.parent.iterdir()), [self.path])
        self.measured.clear()
        self.take(journal.Journal(self.path, "key"), 0)  # the next benchmark is a new one
        self.assertEqual(self.measured, [("glibc", 0)])

    def test_runs_of_something_else_are_not_taken(self):
        first = journal.Journal(self.path, "key")
        self.take(first, 0)
        first.file.close()
        second = journal.Journal(self.path, "other")
        self.take(second, 0)
        second.file.close()
        self.assertEqual(self.measured, [("glibc", 0)] * 2)
        self.assertEqual(len(list(self.path.parent.iterdir())), 1)

    def test_key(self):
        self.path.write_text("a", encoding="utf-8")
        keys = {journal.key_of([self.path], 1), journal.key_of([self.path], 2), journal.key_of([], 1)}
        self.path.write_text("b", encoding="utf-8")
        self.assertEqual(len(keys | {journal.key_of([self.path], 1)}), 4)


class Page(unittest.TestCase):
    def test_tables(self):
        rows = page.ratios(example(), "wall", "n", "t").rows
        self.assertEqual([row[0] for row in rows], ["p", "r", "**mean of the patterns**", "**mean of the real programs**", "**mean of all**"])
        for row, mean in zip(rows[2:], (1 / 3, 1, (1 / 3) ** 0.5)):
            self.assertAlmostEqual(row[3], mean)  # mimalloc's
        self.assertEqual(page.seconds_and_least(example(), "wall", "n", "t", 1).rows[0], ["p", "3.0 (2.0)", "1.5 (1.0)", "1.0 (1.0)",
                                                                                          "1.5 (1.5)"])
        self.assertEqual(page.goal_table(summary.goals(example())).rows[5][:4], ["wall time, any program, to glibc", "1.05", "0.500", "yes"])

    def test_a_busy_machine_is_named(self):
        self.assertNotIn("much else", page.disturbed(2.9, 2))
        self.assertIn("much else", page.disturbed(3.1, 2))

    def test_readme_quotes_the_page(self):
        quoted, on_page = (page.headline(path.read_text(encoding="utf-8")) for path in (page.README, page.PAGE))
        self.assertEqual(quoted, on_page)
        self.assertGreaterEqual(len(quoted.splitlines()), 7)


if __name__ == "__main__":
    unittest.main()
