#!/usr/bin/env python3
"""Checks that each program of the malloc benchmarks gives one output with the C library's malloc and with heapmm's, and that the
launcher measures: programs_test.py BUILD-DIRECTORY.

SPDX-License-Identifier: MIT
"""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import launch  # noqa: E402
import programs  # noqa: E402
import summary  # noqa: E402

BUILD = Path(sys.argv.pop(1)).resolve()
LIBRARIES = launch.both(BUILD)


def launchers(directory):
    return {name: launch.Launcher(BUILD, name, library, Path(directory)) for name, library in LIBRARIES.items()}


class Programs(unittest.TestCase):
    def test_each_gives_the_same_output(self):
        ran = []
        with tempfile.TemporaryDirectory() as directory:
            allocators = launchers(directory)
            results = summary.Results(allocators)
            for program in programs.every(BUILD):
                if not program.is_there():
                    print(f"{program.name} is left out: no {program.needs}")
                    continue
                program.prepare(Path(directory), programs.TINY)
                for name, launcher in allocators.items():
                    results.add(program.name, program.real, name, program.run(launcher, programs.TINY))
                ran.append(program.name)
        self.assertGreaterEqual(len(ran), 18)
        # No two programs print the same: an empty output would be equal, too.
        self.assertEqual(len(set(results.outputs.values())), len(ran))

    def test_patterns_find_out_a_malloc_that_hands_out_a_block_twice(self):
        with tempfile.TemporaryDirectory() as directory:
            glibc = launchers(directory)[launch.GLIBC]
            broken = launch.Launcher(BUILD, "broken", str(BUILD / "bench/malloc/libbench_malloc_broken.so"), Path(directory))
            # Those for cache lines have one block a thread; that of large blocks makes only a few when it is tiny.
            for program in (one for one in programs.patterns(BUILD) if not one.name.startswith("cache")):
                scale = 10 if program.name == "large" else programs.TINY
                results = summary.Results(["glibc", "broken"])
                results.add(program.name, False, "glibc", program.run(glibc, scale))
                with self.assertRaisesRegex(SystemExit, "another output|a block was damaged", msg=program.name):
                    results.add(program.name, False, "broken", program.run(broken, scale))

    def test_threads_do_not_change_what_is_done(self):
        patterns = BUILD / "bench/malloc/patterns"
        with tempfile.TemporaryDirectory() as directory:
            for threads in (1, 2, 64):
                outputs = {launcher.run([patterns, "scaling", threads, 1])[1] for launcher in launchers(directory).values()}
                self.assertEqual(len(outputs), 1)
                fair = launchers(directory)[launch.OURS].run([patterns, "fairness", threads, 1])[1]
                self.assertRegex(fair, r"^fewest \d+\nmost [1-9]\d*\nall [1-9]\d*\n$")


class Launcher(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.launcher = launchers(self.directory.name)[launch.OURS]

    def tearDown(self):
        self.directory.cleanup()

    def python(self, text):
        return self.launcher.run([programs.PYTHON, "-c", text])

    def test_heapmm_is_in_use(self):
        self.assertIn("libheapmm-malloc", self.python("print(open('/proc/self/maps').read())")[1])

    def test_peak_is_that_of_the_program(self):
        small, large = self.launcher.run(["/bin/true"])[0], self.python("bytes(bytearray(b'x') * 100000000)")[0]
        self.assertLess(small.rss, 4)  # and not that of this script
        self.assertGreater(large.rss, 100)
        self.assertGreater(large.faults, small.faults)

    def test_time_and_processor_time(self):
        slept, _ = self.python("import time; time.sleep(0.5)")
        worked, _ = self.python("import time\nwhile time.process_time() < 0.5: pass")
        self.assertGreater(slept.wall, 0.5)
        self.assertLess(slept.cpu, 0.4)
        self.assertGreater(worked.cpu, 0.5)

    def test_huge_pages_are_off(self):
        for huge_pages, word in ((False, "0"), (True, "1")):
            launcher = launch.Launcher(BUILD, "heapmm", LIBRARIES[launch.OURS], Path(self.directory.name), huge_pages)
            self.assertIn(f"THP_enabled:\t{word}\n", launcher.run(["cat", "/proc/self/status"])[1])

    def test_a_program_that_fails_ends_it(self):
        for text in ("raise SystemExit(3)", "import os; os.abort()"):
            with self.assertRaisesRegex(SystemExit, "this failed with heapmm"):
                self.python(text)


if __name__ == "__main__":
    unittest.main()
