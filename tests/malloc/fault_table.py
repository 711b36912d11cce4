#!/usr/bin/env python3
"""Runs fault_table in the default mode, in checked mode and with guard pages, and writes docs/malloc-faults.md.

SPDX-License-Identifier: MIT
"""
import csv
import datetime
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
# pylint: disable=wrong-import-position
import measure  # noqa: E402
import report  # noqa: E402
from table import Table  # noqa: E402

BUILD = ROOT / "build" / "fault-table"
MODES = ("1", "2", "3")
SIZES = ("32", "1000", "300000")
UNCOUNTED = 2  # rows at the end

HEAD = """# What the malloc replacement makes of faults

Written by `make fault-table`, which does all that stands here; `make test` fails when one cell is another one.
Run on {date}: {machine}; {compiler}; {system}. heapmm at {commit}.

28 kinds of memory fault, each with blocks of 32, 1000 and 300,000 bytes, each in a process of its own
([fault_table.c](../tests/malloc/fault_table.c)). The process makes a busy heap, does one thing wrong, and goes on with
correct calls, while it keeps a map of the blocks that it has and of what it has written to them. A cell is

| | |
|---|---|
| call | refused by the very call: by a diagnosis that names the function, the kind, the address and the size; or by NULL and errno where the standard wants that |
| later | diagnosed when the block is used again, at the latest when the process ends |
| unseen | no diagnosis, and no harm |
| **HARMFUL** | a block handed out overlaps one that is live, or is where a wrong pointer led, or calloc's is not zero; or live data changed; or the process crashed |

What a faulty write itself hits is not counted as harm: no allocator can undo it. Three modes: `HEAPMM_CHECK=1`, the default; `2`,
with canaries and quarantine; `3`, with guard pages besides, for one block in 64.
"""

NOTE = """The last two rows are not counted. A pointer whose block has been handed out again is right for an allocator that does not
delay: only quarantine can see it. The other is a run without a fault: nothing may be said."""


def cells_of(mode):
    output = measure.run(BUILD / "tests" / "malloc" / "fault_table", "csv", env={**os.environ, "HEAPMM_CHECK": mode})
    return list(csv.reader(output.splitlines(), delimiter=";"))


def totals(results):
    table = Table("totals", "All cells", ["HEAPMM_CHECK", "cells", "call", "later", "unseen", "harmful", "detected"])
    for mode in MODES:
        cells = [cell for row in results[mode][:-UNCOUNTED] for cell in row[1:]]
        detected = cells.count("call") + cells.count("later")
        table.add(int(mode), len(cells), *[cells.count(name) for name in ("call", "later", "unseen", "HARMFUL")],
                  f"{100 * detected / len(cells):.0f} %")
    return table


def together(cells):
    shown = [cell.replace("HARMFUL", "**HARMFUL**") for cell in cells]
    return shown[0] if len(set(shown)) == 1 else " / ".join(shown)


def by_kind(results):
    table = Table("kinds", "Each kind, at 32 / 1000 / 300,000 bytes where they differ", ["fault"] + [f"HEAPMM_CHECK={m}" for m in MODES],
                  NOTE)
    for rows in zip(*[results[mode] for mode in MODES]):
        assert len(rows[0]) == 1 + len(SIZES)
        table.add(rows[0][0], *[together(row[1:]) for row in rows])
    return table


def main():
    measure.run("cmake", "--preset", "dev", "-B", BUILD, "-DHEAPMM_EXAMPLES=OFF", "-DCMAKE_C_COMPILER=gcc", cwd=ROOT)
    measure.run("cmake", "--build", BUILD, "--target", "fault_table", cwd=ROOT)
    results = {mode: cells_of(mode) for mode in MODES}
    tables = [totals(results), by_kind(results)]
    for table in tables:
        print(table.text())
    head = HEAD.format(date=datetime.date.today().isoformat(), machine=report.machine(), system=report.system(),
                       commit=report.commit(), compiler=measure.run("gcc", "--version").splitlines()[0])
    page = ROOT / "docs" / "malloc-faults.md"
    page.write_text("\n".join([head] + [table.markdown() for table in tables]), encoding="utf-8")
    print("docs/malloc-faults.md is rewritten")


if __name__ == "__main__":
    sys.exit(main())
