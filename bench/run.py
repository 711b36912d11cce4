#!/usr/bin/env python3
"""Builds the benchmarks, runs them, prints the tables; a full run also rewrites docs/benchmarks.md.

SPDX-License-Identifier: MIT

    run.py [--quick] [SECTION...]     sections: see --help; default: all of them

Tables are kept as CSV in build/bench/. --quick takes fewer seeds and shorter traces, and leaves docs/ alone, as does a choice of
sections. Exit status 0 when everything could be measured, whether or not the goals are met.
"""
import argparse
import os
import sys
import time

import measure
import report
import sections
from table import Progress


def build(progress):
    progress("building")
    measure.run("cmake", "--preset", "release", "-B", measure.RESULTS, "-DHEAPMM_EXAMPLES=OFF", cwd=measure.ROOT)
    measure.run("cmake", "--build", measure.RESULTS, "--target", "heapmm_bench", "--parallel", os.cpu_count(), cwd=measure.ROOT)


def main():
    parser = argparse.ArgumentParser(description="The benchmarks of heapmm.")
    parser.add_argument("--quick", action="store_true", help="fewer seeds, shorter traces; docs/benchmarks.md stays as it is")
    parser.add_argument("section", nargs="*", help=f"one of {', '.join(sections.ALL)}; default: all")
    arguments = parser.parse_args()
    unknown = set(arguments.section) - set(sections.ALL)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}; there are {', '.join(sections.ALL)}")

    progress = Progress()
    start = time.monotonic()
    build(progress)
    done = []
    for name, section in sections.ALL.items():
        if arguments.section and name not in arguments.section:
            continue
        done.append(section(arguments.quick, progress))
        progress.end()
        print(report.on_terminal(done[-1]), flush=True)
        for table in done[-1].tables:
            table.write_csv(measure.RESULTS)
    print(f"{time.monotonic() - start:.0f} s; the tables stand in build/bench/ as CSV")
    if not arguments.quick and not arguments.section:
        report.write(done)
        print("docs/benchmarks.md is rewritten")


if __name__ == "__main__":
    sys.exit(main())
