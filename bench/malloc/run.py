#!/usr/bin/env python3
"""Measures the malloc replacement beside others; a full run also rewrites docs/malloc-benchmarks.md.

SPDX-License-Identifier: MIT

    run.py [--quick] [--runs N] [--huge-runs N] [--programs NAME,...] [--no-huge-pages] [--no-memory] [LIBRARY.so...]

Beside the C library's malloc and Debian's mimalloc, jemalloc and tcmalloc it measures each LIBRARY.so given. All runs are kept in
build/bench/malloc-runs.csv, tables beside it; when it is broken off, the next call goes on where it was. Exit status 0 when everything could be measured, whether or not the goals are met.
"""
import argparse
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

import instructions  # noqa: E402
import journal  # noqa: E402
import launch  # noqa: E402
import measure  # noqa: E402
import memory  # noqa: E402
import page  # noqa: E402
import programs  # noqa: E402
import summary  # noqa: E402
from table import Progress  # noqa: E402


def build(progress):
    progress("building")
    measure.run("cmake", "--preset", "release", "-B", measure.RESULTS, "-DHEAPMM_EXAMPLES=OFF", cwd=measure.ROOT)
    measure.run("cmake", "--build", measure.RESULTS, "--target", "heapmm_malloc_bench", cwd=measure.ROOT)


class Clock:
    """Says how much is done, and how long the rest will take."""

    def __init__(self, total, progress):
        self.total = total
        self.progress = progress
        self.start = time.monotonic()
        self.done = 0

    def __call__(self, text):
        left = ""
        if self.done:
            seconds = (time.monotonic() - self.start) / self.done * (self.total - self.done)
            left = f", {seconds / 60:.0f} min left" if seconds >= 90 else f", {seconds:.0f} s left"
        self.progress(f"{self.done} of {self.total} runs{left}: {text}")
        self.done += 1


def measured(chosen, launchers, scale, runs, clock, journal):
    """Interleaved, so that what else the machine does meets all allocators; each round begins with another one."""
    results = summary.Results(launchers)
    names = list(launchers)
    for turn in range(runs):
        for program in chosen:
            for index in range(len(names)):
                launcher = launchers[names[(index + turn) % len(names)]]
                clock(f"{program.name}, {launcher.name}")
                taken = journal.take(program.name, launcher.name, launcher.huge_pages, turn, lambda: program.run(launcher, scale))
                results.add(program.name, program.real, launcher.name, taken)
    return results


def choose(parser, names):
    there = programs.every(measure.RESULTS)
    unknown = set(names) - {program.name for program in there}
    if unknown:
        parser.error(f"no program {', '.join(sorted(unknown))}; there are {', '.join(program.name for program in there)}")
    chosen = [program for program in there if not names or program.name in names]
    missing = [program.needs for program in chosen if not program.is_there()]
    if missing:
        sys.exit(f"bench: missing: {', '.join(missing)}; scripts/setup.sh malloc installs them")
    return chosen


def arguments_of(parser):
    parser.add_argument("--quick", action="store_true", help="less work, one run; docs/malloc-benchmarks.md stays as it is")
    parser.add_argument("--runs", type=int, help="of each program with each allocator; default 9, or 1 with --quick")
    parser.add_argument("--huge-runs", type=int, help="with huge pages; default: as many")
    parser.add_argument("--programs", default="", help="only these, separated by commas; docs/ stays as it is")
    parser.add_argument("--no-huge-pages", action="store_true", help="leave out the second table, with huge pages on")
    parser.add_argument("--no-memory", action="store_true", help="programs only; docs/ stays as it is")
    parser.add_argument("library", nargs="*", help="another malloc, to be preloaded")
    arguments = parser.parse_args()
    arguments.runs = arguments.runs or (1 if arguments.quick else 9)
    arguments.huge_runs = arguments.huge_runs or arguments.runs
    return arguments


def show(tables):
    for table in tables:
        table.write_csv(measure.RESULTS)
        if table.rows:
            print(table.text(), flush=True)


class Bench:
    """What is measured, and with what."""

    def __init__(self, arguments, chosen, progress):
        self.runs = {False: arguments.runs, True: arguments.huge_runs}
        self.chosen = chosen
        self.progress = progress
        self.libraries = launch.all_of_them(measure.RESULTS, arguments.library)
        self.scale = programs.QUICK if arguments.quick else programs.FULL
        self.directory = programs.prepared(programs.every(measure.RESULTS), measure.RESULTS, self.scale, progress)
        if arguments.no_huge_pages or page.huge_page_setting() == "never":
            del self.runs[True]

    def launchers(self, huge):
        return {name: launch.Launcher(measure.RESULTS, name, library, self.directory, huge) for name, library in self.libraries.items()}

    def results(self):
        """{with huge pages: Results}"""
        clock = Clock(sum(self.runs.values()) * len(self.chosen) * len(self.libraries), self.progress)
        key = journal.key_of([*self.libraries.values(), measure.RESULTS / "bench/malloc/patterns"], self.scale)
        runs = journal.Journal(measure.RESULTS / "malloc-runs.csv", key)
        found = {huge: measured(self.chosen, self.launchers(huge), self.scale, count, clock, runs) for huge, count in self.runs.items()}
        runs.close()
        return found

    def command(self):
        """That does the same again."""
        runs, huge = self.runs[False], self.runs.get(True)
        if huge == runs:
            return f"make bench-malloc RUNS={runs}"
        return f"bench/malloc/run.py --runs {runs} " + (f"--huge-runs {huge}" if huge else "--no-huge-pages")

    def memory(self):
        return memory.Memory(self.launchers(False), self.scale, min(self.runs[False], 3), self.progress)

    def instructions(self):
        return instructions.Instructions({launch.OURS: None, **self.libraries}, self.progress)


def main():
    parser = argparse.ArgumentParser(description="The benchmarks of heapmm's malloc.")
    arguments = arguments_of(parser)
    progress = Progress()
    start = time.monotonic()
    build(progress)
    bench = Bench(arguments, choose(parser, [name for name in arguments.programs.split(",") if name]), progress)
    results = bench.results()
    kept = None if arguments.no_memory else bench.memory()
    counted = None if arguments.no_memory else bench.instructions()
    goals = summary.goals(results[False]) + (kept.goals() + counted.goals() if kept else [])
    progress.end()
    show(page.main_tables(results[False]) + (page.huge_tables(results[True]) if True in results else []) +
         ([*kept.tables(), counted.table()] if kept else []) + [page.goal_table(goals)])
    print(f"{time.monotonic() - start:.0f} s; the tables stand in build/bench/ as CSV, all runs in build/bench/malloc-runs.csv")
    if not arguments.quick and not arguments.programs and kept:
        page.write(bench, goals, results, kept, counted)
        print("docs/malloc-benchmarks.md is rewritten")


if __name__ == "__main__":
    sys.exit(main())
