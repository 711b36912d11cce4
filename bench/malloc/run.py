#!/usr/bin/env python3
"""Measures the malloc replacement beside others; a full run also rewrites docs/malloc-benchmarks.md.

SPDX-License-Identifier: MIT

    run.py [--quick] [--runs N] [--programs NAME,...] [--no-huge-pages] [--no-memory] [LIBRARY.so...]

Beside the C library's malloc and Debian's mimalloc, jemalloc and tcmalloc it measures each LIBRARY.so given. All runs are kept in
build/bench/malloc-runs.csv, tables beside it. Exit status 0 when everything could be measured, whether or not the goals are met.
"""
import argparse
import csv
import os
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

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


def measured(chosen, launchers, scale, runs, clock, writer):
    """Interleaved, so that what else the machine does meets all allocators; each round begins with another one."""
    results = summary.Results(launchers)
    names = list(launchers)
    for turn in range(runs):
        for program in chosen:
            for index in range(len(names)):
                name = names[(index + turn) % len(names)]
                clock(f"{program.name}, {name}")
                taken = program.run(launchers[name], scale)
                results.add(program.name, program.real, name, taken)
                writer.writerow([program.name, name, "on" if launchers[name].huge_pages else "off", *taken[:4]])
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
    parser.add_argument("--programs", default="", help="only these, separated by commas; docs/ stays as it is")
    parser.add_argument("--no-huge-pages", action="store_true", help="leave out the second table, with huge pages on")
    parser.add_argument("--no-memory", action="store_true", help="programs only; docs/ stays as it is")
    parser.add_argument("library", nargs="*", help="another malloc, to be preloaded")
    arguments = parser.parse_args()
    arguments.runs = arguments.runs or (1 if arguments.quick else 9)
    return arguments


def show(tables):
    for table in tables:
        table.write_csv(measure.RESULTS)
        if table.rows:
            print(table.text(), flush=True)


def main():
    parser = argparse.ArgumentParser(description="The benchmarks of heapmm's malloc.")
    arguments = arguments_of(parser)
    progress = Progress()
    start = time.monotonic()
    build(progress)
    chosen = choose(parser, [name for name in arguments.programs.split(",") if name])
    libraries = launch.all_of_them(measure.RESULTS, arguments.library)
    scale = programs.QUICK if arguments.quick else programs.FULL
    directory = programs.prepared(programs.every(measure.RESULTS), measure.RESULTS, scale, progress)
    settings = [False] if arguments.no_huge_pages or page.huge_page_setting() == "never" else [False, True]
    clock = Clock(len(settings) * arguments.runs * len(chosen) * len(libraries), progress)

    results = {}
    with open(measure.RESULTS / "malloc-runs.csv", "w", newline="", buffering=1, encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["program", "allocator", "huge pages", "wall", "cpu", "peak MiB", "faults"])
        for huge in settings:
            launchers = {name: launch.Launcher(measure.RESULTS, name, library, directory, huge) for name, library in libraries.items()}
            results[huge] = measured(chosen, launchers, scale, arguments.runs, clock, writer)
    goals = summary.goals(results[False])
    kept = None
    if not arguments.no_memory:
        launchers = {name: launch.Launcher(measure.RESULTS, name, library, directory) for name, library in libraries.items()}
        kept = memory.Memory(launchers, scale, min(arguments.runs, 3), progress)
        goals += kept.goals()
    progress.end()
    show(page.main_tables(results[False]) + (page.huge_tables(results[True]) if True in results else []) +
         (kept.tables() if kept else []) + [page.goal_table(goals)])
    print(f"{time.monotonic() - start:.0f} s; the tables stand in build/bench/ as CSV, all runs in build/bench/malloc-runs.csv")
    if not arguments.quick and not arguments.programs and kept:
        command = f"make bench-malloc RUNS={arguments.runs}"
        page.write(command, arguments.runs, goals, results[False], kept, results.get(True), list(libraries)[5:])
        print("docs/malloc-benchmarks.md is rewritten")


if __name__ == "__main__":
    sys.exit(main())
