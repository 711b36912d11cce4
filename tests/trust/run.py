#!/usr/bin/env python3
"""Runs the fault matrix and the flip campaign on every instance at every audit level, prints the tables, rewrites docs/trust.md.

SPDX-License-Identifier: MIT

    run.py [--quick]     --quick: fewer trials and flips, as in `make test`; docs/trust.md stays as it is

Exit status 0 when everything could be run, whether or not all is as it should be: `make test` is what fails.
"""
import argparse
import datetime
import os
import pathlib
import sys
import time
from functools import partial

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
# pylint: disable=wrong-import-position
import measure  # noqa: E402
import report  # noqa: E402
from table import Progress, Table  # noqa: E402

BUILD = ROOT / "build" / "trust"
INSTANCES = ("default", "tiny", "wide")
NAMES = {"default": "hmm_heap", "tiny": "hmm_tiny_heap", "wide": "hmm_wide_heap"}
CHECK_BITS = {"default": 4, "tiny": 1, "wide": 20}
LEVELS = (0, 1, 2)
ALL = [(instance, level) for level in LEVELS for instance in INSTANCES]

HEAD = """# How far to trust the heap

Written by `make trust`, which does all that stands here; `make trust QUICK=1` is a shorter run that leaves this page alone, and
`make test` fails when something here is worse than it should be.
Run on {date}: {machine}; {compiler}, -O2; {system}. heapmm at {commit}.

Two things are tried on each instance at each audit level: what a program can do wrong with a heap
([fault_matrix.c](../tests/trust/fault_matrix.c)), and what becomes of damage to the heap's own bytes
([flips.c](../tests/trust/flips.c)). Beside the heap runs a map of what the program owns
([shadow.h](../tests/trust/shadow.h)), which is the judge of **harm**: memory handed out that overlaps what the program owns, or lies
outside the blocks, or is misaligned or not zeroed; contents that have changed; a crash; a hang. Every trial is a process of its own.
"""

MATRIX = """## The fault matrix

Each misuse in three positions of a heap of two regions, 32 KiB together: fresh; busy, after 1200 operations; full, with one block in
sixteen freed again. {trials} trials a cell, with other contents, places and bytes. A cell shows the worst that happened, and how often,
unless always:

| | |
|---|---|
| call | refused at the call, by a fault, or by NULL or a result code where heap.h says so; for a write, at the first operation on the block. What the program owns is unharmed. Where no byte was overwritten, 1000 more operations and the check show that the heap is as good as before |
| later | reported by one of the next 1000 operations, or by the check after them, and nothing was harmed before |
| harmless | not noticed; after 1000 operations nothing is harmed, and the check finds the heap sound |
| **HARMFUL** | anything else |
| - | the instance has no such misuse |

With audits, a pointer, a size, an alignment or a region that cannot be must be refused at the call, and a write that hits what the heap
relies on must be found, at the call or later. What is not, harmful or harmless, must stand in the list of exceptions below, with a
reason, and may not happen more often than chance gives: else the tests fail.
"""

FLIPS = """## Flipped bytes

Every byte of the heap's own data in a busy heap of 32 KiB is flipped, one at a time, with the masks 0x01 and 0xFF: the control block
with index and padding; headers; links, node words and footers of free blocks; at level 2 canaries; the second region's record;
sentinels. Two heaps: one whose index is made for 32 KiB, one with nearly all free blocks in one tree. Then `hmm_heap_check` runs, and
then, whatever it said, 2000 operations of a program that takes no notice of faults.

A flip is **harmful** when these operations show harm, **found** when the check reported it. Faults that operations report
(**refused**), and a program that the heap's default handler ends, since the control block was overwritten (**ended**), are no harm.
Flips that do no harm, of padding or of a counter say, need not be found.
"""

PEERS = (("TLSF", "93.4 %", "300 in 16,000 flips"), ("o1heap", "4.5 %", "-"), ("dlmalloc", "75.6-100 %", "323-353"))


# ---- Running ----------------------------------------------------------------------------------------------------------------------


def build(progress):
    progress("building")
    measure.run("cmake", "--preset", "dev", "-B", BUILD, "-DHEAPMM_EXAMPLES=OFF", "-DCMAKE_C_COMPILER=gcc", cwd=ROOT)
    measure.run("cmake", "--build", BUILD, "--target", "heapmm_trust", "--parallel", os.cpu_count(), cwd=ROOT)


def rows_of(what, quick, key):
    """What a program prints as csv: lists of cells."""
    instance, level = key
    environment = {**os.environ, "HEAPMM_TEST_STEPS": "1" if quick else "20"}
    program = BUILD / "tests" / "trust" / f"trust.gcc-{instance}-level{level}"
    return [line.split(";") for line in measure.run(program, what, "csv", env=environment).splitlines()]


def run_all(what, quick, progress):
    results = measure.in_parallel([partial(rows_of, what, quick, key) for key in ALL], progress, what)
    return dict(zip(ALL, results))


# ---- The matrix -------------------------------------------------------------------------------------------------------------------


def picked(rows, kind):
    return [row[1:] for row in rows if row[0] == kind]


def summary_of_matrix(results):
    table = Table("matrix", "Cells", ["instance", "audit level", "call", "later", "after operations, at most", "harmless", "harmful",
                                      "expected", "as it should be"],
                  "Later after 1000 operations: by the check. Expected: harmful, and in the list of exceptions. Two of them are by "
                  "design, interior pointers over a payload that imitates headers and pointers to memory handed out again; an overflow "
                  "from before the heap, and a header that chance made valid, go beyond these. At level 0 misuse is "
                  "undefined behaviour: shown only.")
    for instance, level in ALL:
        call, later, operations, harmless, harmful, expected, wrong = map(int, picked(results[instance, level], "totals")[0])
        table.add(NAMES[instance], level, call, later, operations, harmless, harmful, expected if level > 0 else None,
                  "-" if level == 0 else "yes" if wrong == 0 else "NO")
    return table


def chance(bits):
    if bits <= 0:
        return "always" if bits == 0 else "by what is written"
    return f"1 in {2 ** bits}" if bits < 10 else f"1 in 2^{bits}"


def exceptions_of_matrix(results):
    table = Table("exceptions", "Exceptions: what is not refused or found, why, and how often by chance at most",
                  ["misuse", "with", "up to level"] + [NAMES[instance] for instance in INSTANCES] + ["reason"],
                  "The chances follow from the check bits of a header: " +
                  ", ".join(f"{CHECK_BITS[i]} of {NAMES[i]}" for i in INSTANCES) + ".")
    listed = [picked(results[instance, 1], "exception") for instance in INSTANCES]
    for of_instances in zip(*listed):
        what, how, level, _, reason = of_instances[0]
        table.add(what or "any", how.strip(", ") or "any", int(level), *[chance(int(row[3])) for row in of_instances], reason)
    return table


def worst_shown(cells):
    """One text for three positions, if they are alike."""
    shown = [cell.replace("HARMFUL", "**HARMFUL**") for cell in cells]
    return shown[0] if len(set(shown)) == 1 else " / ".join(shown)


def matrix_of(results, level):
    table = Table(f"matrix-level{level}", f"Audit level {level}; fresh / busy / full, where they differ",
                  ["misuse", "with"] + [NAMES[instance] for instance in INSTANCES])
    for rows in zip(*[picked(results[instance, level], "row") for instance in INSTANCES]):
        table.add(rows[0][0], rows[0][1], *[worst_shown(row[2:]) for row in rows])
    return table


# ---- Flips ------------------------------------------------------------------------------------------------------------------------


def share(found, harmful):
    return "-" if harmful == 0 else f"{100 * found / harmful:.1f} %"


def summary_of_flips(results):
    table = Table("flips", "All bytes", ["instance", "audit level", "flips", "harmful", "and found", "share", "found", "refused",
                                         "ended", "checker crashed", "checker wrote"],
                  "Goal: 99 % of the harmful flips found, no crash of the checker, nothing written. The tests fail when one harmful "
                  "flip is not found, or one flip, harmful or not, of a header, a link, a footer, a canary or a sentinel.")
    for instance, level in ALL:
        add_flips(table, (NAMES[instance], level), results[instance, level][-1])
    return table


def add_flips(table, begin, row):
    flips, harmful, harmful_found, found, refused, ended, crashed, wrote = map(int, row[1:])
    table.add(*begin, flips, harmful, harmful_found, share(harmful_found, harmful), found, refused, ended, crashed, wrote)


def areas_of_flips(results, instance):
    table = Table(f"flips-{instance}", f"By what was flipped, {NAMES[instance]}",
                  ["audit level", "flipped", "flips", "harmful", "and found", "share", "found", "refused", "ended", "checker crashed",
                   "checker wrote"])
    for level in LEVELS:
        for row in results[instance, level][:-1]:
            if row[1] != "0":
                add_flips(table, (level, row[0]), row)
    return table


def beside_peers(results):
    table = Table("flips-peers", "Beside others", ["heap", "harmful flips that its check reports", "crashes of its checker"],
                  "Rows marked * were measured elsewhere: one byte of metadata of a heap on the caller's memory flipped, then its own "
                  "full check. What compares with them is heapmm without audits: with audits few flips are harmful.")
    for level in LEVELS:
        harmful, found, flips, crashed = (sum(int(results[i, level][-1][c]) for i in INSTANCES) for c in (2, 3, 1, 7))
        table.add(f"heapmm, three instances, level {level}", f"{share(found, harmful)} of {harmful:,}", f"{crashed} in {flips:,} flips")
    for row in PEERS:
        table.add(f"{row[0]}*", *row[1:])
    return table


# ---- Everything -------------------------------------------------------------------------------------------------------------------


def write(matrix, flips, trials):
    head = HEAD.format(date=datetime.date.today().isoformat(), machine=report.machine(), system=report.system(),
                       commit=report.commit(), compiler=measure.run("gcc", "--version").splitlines()[0])
    parts = [head, MATRIX.format(trials=trials)] + [table.markdown() for table in matrix]
    parts += [FLIPS] + [table.markdown() for table in flips]
    (ROOT / "docs" / "trust.md").write_text("\n".join(parts), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description="The fault matrix and the flip campaign.")
    parser.add_argument("--quick", action="store_true", help="fewer trials and flips; docs/trust.md stays as it is")
    arguments = parser.parse_args()
    progress = Progress()
    start = time.monotonic()
    build(progress)
    results = run_all("matrix", arguments.quick, progress)
    matrix = [summary_of_matrix(results), exceptions_of_matrix(results)] + [matrix_of(results, level) for level in (1, 2, 0)]
    results = run_all("flips", arguments.quick, progress)
    flips = [summary_of_flips(results), beside_peers(results)] + [areas_of_flips(results, instance) for instance in INSTANCES]
    progress.end()
    for table in matrix + flips:
        print(table.text())
        table.write_csv(BUILD)
    print(f"{time.monotonic() - start:.0f} s; the tables stand in build/trust/ as CSV")
    if not arguments.quick:
        write(matrix, flips, 64)
        print("docs/trust.md is rewritten")


if __name__ == "__main__":
    sys.exit(main())
