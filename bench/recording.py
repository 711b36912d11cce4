#!/usr/bin/env python3
"""What it costs to record: the time of programs with and without the recorder, and the bytes of their traces.

SPDX-License-Identifier: MIT

    recording.py [--runs N] [NAME...]     default: all programs, 5 runs of each

Builds the tool in build/release. Runs each program plainly and recorded, in turns, and prints a table of the medians, in the form in which
docs/guide/recording.md has it. Wall time on a machine that does other things says little: `heapmm record` needs a processor of its own.
"""
import argparse
import datetime
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEAPMM = ROOT / "build/release/tools/heapmm"
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable

JSON = "import json; d = [{'a': i, 'b': [str(j) for j in range(20)]} for i in range(20000)]; print(len(json.loads(json.dumps(d))))"
SQL = ("create table t(a integer primary key, b text, c real); "
       "with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) "
       "insert into t select i, 'row ' || i || hex(i * i), i * 1.5 from n; create index tb on t(b); "
       "select count(*), sum(length(b)) from t where b like '%7%'; select count(*) from t x join t y on x.a = y.a + 1; "
       "update t set b = b || 'x' where a % 3 = 0; delete from t where a % 7 = 0; select sum(c) from t;")
LUA = "local t = {} for i = 1, 1500000 do t[i % 50000] = {i, tostring(i), {i}} end print(#t)"
# Nothing but malloc and free of 16 bytes: 17 million calls.
TREES = r"""
#include <stdio.h>
#include <stdlib.h>
struct node { struct node *left, *right; };
static struct node *make(int depth) {
    struct node *node = malloc(sizeof *node);
    node->left = depth == 0 ? NULL : make(depth - 1);
    node->right = depth == 0 ? NULL : make(depth - 1);
    return node;
}
static long drop(struct node *node) {
    const long count = node == NULL ? 0 : 1 + drop(node->left) + drop(node->right);
    free(node);
    return count;
}
int main(void) {
    long count = 0;
    for (int depth = 4; depth <= 16; depth += 4)
        for (int i = 0; i < 1 << (20 - depth); i++) count += drop(make(depth));
    printf("%ld\n", count);
}
"""

PROGRAMS = {
    "python3": ("builds and reads JSON", [PYTHON, "-c", JSON]),
    "python3, PYTHONMALLOC=malloc": ("the same, each object with malloc", ["/usr/bin/env", "PYTHONMALLOC=malloc", PYTHON, "-c", JSON]),
    "sqlite3": ("200,000 rows: index, join, update", ["sqlite3", ":memory:", SQL]),
    "gcc": ("compiles src/heap/heap.c with -O2", ["gcc", "-O2", "-S", "-o", "/dev/null", f"-I{ROOT}/include", f"{ROOT}/src/heap/heap.c"]),
    "lua5.4": ("tables and strings, 10 million calls a second", ["lua5.4", "-e", LUA]),
    "trees": ("nothing but malloc and free", None),
}


def seconds(command, directory):
    start = time.monotonic()
    subprocess.run(command, cwd=directory, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - start


def traces(directory):
    """Events and bytes of all traces of a run."""
    files = list(Path(directory).glob("*.hmt"))
    done = [subprocess.run([HEAPMM, "stat", "--json", file], check=True, capture_output=True, text=True).stdout for file in files]
    return sum(json.loads(text)["events"] for text in done), sum(file.stat().st_size for file in files)


def measure(command, runs):
    plain, recorded = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as directory:
            plain.append(seconds(command, directory))
            recorded.append(seconds([HEAPMM, "record", "-q", "-o", "app.hmt", "--", *command], directory))
            events, size = traces(directory)
    return statistics.median(plain), statistics.median(recorded), events, size


def build(work):
    for command in (["cmake", "--preset", "release"], ["cmake", "--build", "--preset", "release", "--target", "heapmm_tool", "heapmm_record"]):
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    source = Path(work) / "trees.c"
    source.write_text(TREES)
    subprocess.run(["gcc", "-O2", "-fno-builtin", "-o", Path(work) / "trees", source], check=True)
    return [str(Path(work) / "trees")]


def machine():
    model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    return f"{os.cpu_count()} x {model.group(1) if model else 'unknown'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("names", nargs="*", metavar="NAME")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        trees = build(work)
        print(f"{datetime.date.today()}, {machine()}: `bench/recording.py --runs {arguments.runs}`\n")
        print("| program | what it does | seconds | recorded | more, % | million events | bytes each |\n|---|---|---:|---:|---:|---:|---:|")
        for name in arguments.names or PROGRAMS:
            what, command = PROGRAMS[name]
            plain, recorded, events, size = measure(command or trees, arguments.runs)
            print(f"| {name} | {what} | {plain:.3f} | {recorded:.3f} | {100 * (recorded / plain - 1):.0f} | {events / 1e6:.2f} | "
                  f"{size / events:.1f} |", flush=True)


if __name__ == "__main__":
    main()
