#!/usr/bin/env python3
"""Fuzz inputs are traces, and traces are fuzz inputs.

SPDX-License-Identifier: MIT

    traces_test.py TRACES HEAPMM FILE-OR-DIRECTORY...     TRACES: the program of traces_main.c; HEAPMM: the tool

Makes a trace of each input, all of which the tool must open without finding anything wrong; then gives the traces to the target, which
makes traces of them in their turn. One of the tool's own is an input, too.
"""
import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def fail(text):
    sys.exit(f"traces_test: {text}")


def run(*words):
    done = subprocess.run([str(word) for word in words], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f"{' '.join(map(str, words))[:300]}: status {done.returncode}: {done.stderr}")
    return done.stdout


def calls_of(heapmm, trace):
    """(call, failed, size, alignment) of each."""
    return [(row["call"], row["failed"], row["size"], row["alignment"]) for row in csv.DictReader(run(heapmm, "export", trace).splitlines())]


def open_all(heapmm, traces):
    """Returns how many events there are."""
    events = 0
    for trace in traces:
        found = json.loads(run(heapmm, "stat", "--json", trace))
        if not found["whole"]:
            fail(f"{trace} is not whole")
        for wrong in ("unmatched_frees", "unmatched_reallocs", "allocated_twice"):
            if found[wrong] != 0:
                fail(f"{trace}: {found[wrong]} {wrong}")
        events += found["events"]
        run(heapmm, "report", "-o", trace.with_suffix(".html"), trace)
    return events


def main(arguments):
    traces, heapmm, *places = arguments
    inputs = [path for place in map(Path, places) for path in (sorted(place.iterdir()) if place.is_dir() else [place])]
    with tempfile.TemporaryDirectory() as directory:
        first, second = Path(directory, "first"), Path(directory, "second")
        first.mkdir()
        second.mkdir()
        run(traces, first, *inputs)
        made = sorted(first.iterdir())
        events = open_all(heapmm, made)
        if len(made) != len(inputs) or events < 20 * len(inputs):
            fail(f"{len(made)} traces with {events} events, of {len(inputs)} inputs")
        run(traces, second, *made)
        again = open_all(heapmm, sorted(second.iterdir()))
        if again < events // 2:
            fail(f"{again} events, where the traces have {events}")
        # A trace that fits into the target's heap comes out as it went in, compressed or not.
        text = Path(directory, "small.txt")
        text.write_text("".join(f"1: malloc {0x1000 * i:#x} {10 * i}\n" for i in range(1, 20)) + "1: realloc 0x100000 0x3000 77\n1: free 0x4000\n"
                        "1: calloc 0x200000 5 6\n1: memalign 0x300000 64 100\n1: realloc 0x400000 0x0 8\n")
        run(heapmm, "import", "--from", "android", "-o", Path(directory, "small.hmt"), text)
        run(traces, second, Path(directory, "small.hmt"))
        one, other = (calls_of(heapmm, path) for path in (Path(directory, "small.hmt"), second / "small.hmt.hmt"))
        if one != other or len(one) != 24:
            fail(f"{one} came out as {other}")
    print(f"{len(made)} inputs, {events} events; {again} when the traces are inputs")


if __name__ == "__main__":
    main(sys.argv[1:])
