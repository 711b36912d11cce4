#!/usr/bin/env python3
"""Which lines and branches of the heap, the tree package and base the tests reach.

SPDX-License-Identifier: MIT

    coverage.py             measures; prints a table, then FILE:LINE of all that no test reaches
    coverage.py --check     the same, and fails if there is anything, or if a program fails; as `make test` runs it
    coverage.py NAME...     only these: avl default tiny wide
    coverage.py --self-test checks that counts are added up as is said below

The heap, with base, is measured for each instance: what the tests reach in it at any of the audit levels and options of VARIANTS.
What the compiler removes, since a constant decides it, is not there to be reached: the other side of `if (HMM_AUDIT_LEVEL >= 1)` at level
0. In each of these builds a function is compiled once, without copies in its callers (HMM_COVERAGE
in src/base/compiler.h). Random programs are left out (HEAPMM_TEST_STEPS 0): what is reached by chance may be missed by chance, so
each line has a test that means it. The tree package is measured by its own tests, on all the types of tree that they make.

Why gcc and gcov: gcc counts what it compiles, so that constant conditions need no list of exceptions; clang counts the source
text, where each line that an option leaves out would have to be excused by hand. In return clang names a branch by its column,
where gcov gives the branches of a line in the order of the code only. So branches are added up, over the variants and over the
trees made from one template, where the line has equally many of them; where it has another number, it is another code, which
must be reached by itself. For the same reason HMM_UNLIKELY is nothing but its argument here, and gcc may not make one branch of
two conditions joined by && or ||.
"""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMPILE = ["gcc", "-std=gnu11", "-w", "-O0", "-Iinclude", "-Isrc", "-Itests"]
COUNT = ["--coverage", "-fprofile-abs-path", "-DHMM_COVERAGE=1", "--param=logical-op-non-short-circuit=0"]

# After which a compiler or a program is taken to hang: on a machine that does much else, too.
SECONDS = 300

# What the heap is compiled with, for each instance.
VARIANTS = {
    "level1": ["-DHMM_AUDIT_LEVEL=1", "-DHMM_HOSTED=1"],
    "level0": ["-DHMM_AUDIT_LEVEL=0", "-DHMM_HOSTED=1"],
    "level2": ["-DHMM_AUDIT_LEVEL=2", "-DHMM_HOSTED=1"],
    "m32": ["-DHMM_AUDIT_LEVEL=1", "-DHMM_HOSTED=1", "-m32"],
    "nostats": ["-DHMM_STATS=0", "-DHMM_HOSTED=0"],
}
# Another granule for each: with one of these a smallest block has 1 unit, with the other 2.
GRANULES = {"default": "-DHMM_HEAP_GRANULE=8", "tiny": "-DHMM_TINY_HEAP_GRANULE=4", "wide": "-DHMM_WIDE_HEAP_GRANULE=32"}
INSTANCES = {"default": [], "tiny": ["-include", "tests/instances/tiny.h"], "wide": ["-include", "tests/instances/wide.h"]}
# forge.c is the heap with a few functions added, so all programs are linked to that. Those that compare random programs with a
# model would take minutes, and reach nothing more.
HEAP_SOURCES = ["tests/heap/forge.c", "src/heap/result.c"]
LINKED = ["src/os/fault.c"]
HEAP_PROGRAMS = {
    "faults": [f"faults_{part}" for part in ("test", "pointer", "block", "payload", "tree", "forged", "heap", "region", "handler")],
    "attach": ["attach_test"],
    "attach_forged": ["attach_forged_test"],
    "units_alloc": ["units_alloc"],
    "units_resize": ["units_resize"],
    "units_region": ["units_region"],
    "result": ["result_test"],
}
# The exhaustive and the random ones take longer, and reach nothing more.
AVL_SOURCES = ["tests/avl/avl_subjects.c"]
AVL_PROGRAMS = {name: [f"avl_{name}_test", "avl_checked", "avl_shapes"]
                for name in ("build", "damage", "access", "iterator", "depth")}

BASE_SOURCES = ["tests/base/base_test.c"]

# What must be reached: in the parts of the heap's instances, and in the part `avl`.
HEAP_FILES = re.compile(r"src/(heap|base)/")
AVL_FILES = re.compile(r"include/heapmm/avl")

# Counts are written when a program ends in order; where the default fault handler ends it, this writes them.
FLUSH = """
#include <signal.h>
void __gcov_dump(void);
static void flush(int number) {
    __gcov_dump();
    signal(number, SIG_DFL);
    raise(number);
}
__attribute__((constructor)) static void flush_on_signals(void) {
    signal(SIGABRT, flush);
    signal(SIGILL, flush);
}
"""


class Failed(Exception):
    pass


def run(command, directory=ROOT, environment=None):
    # In a group of its own, so that a program that hangs is ended with the processes that it has started.
    process = subprocess.Popen(command, cwd=directory, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               errors="replace", start_new_session=True)
    try:
        output, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, errors = process.communicate()
    if process.returncode != 0:
        tail = "\n".join(errors.splitlines()[-15:])
        raise Failed(f"{' '.join(command)}\nended with {process.returncode}\n{tail}")
    return output


# ---- Building and running -----------------------------------------------------------------------------------------------------


class Build:
    """One variant of one part: the sources that are counted, compiled once, and the programs linked to them."""

    def __init__(self, part, name, options, counted, linked, programs, source_directory):
        self.part, self.name, self.options = part, name, options
        self.counted, self.linked, self.programs, self.source_directory = counted, linked, programs, source_directory
        self.directory = None

    def object_of(self, source):
        return os.path.join(self.directory, os.path.basename(source)[:-2] + ".o")

    def test_sources(self):
        return [f"{self.source_directory}/{name}.c" for name in dict.fromkeys(sum(self.programs.values(), []))]

    def compile_jobs(self):
        for source in self.counted:
            yield COMPILE + COUNT + [*self.options, "-c", source, "-o", self.object_of(source)]
        for source in [*self.linked, *self.test_sources(), os.path.join(os.path.dirname(self.directory), "flush.c")]:
            yield COMPILE + [*self.options, "-c", source, "-o", self.object_of(source)]

    def run_program(self, name):
        program = os.path.join(self.directory, name)
        sources = self.counted + self.linked + [f"{source}.c" for source in self.programs[name]] + ["flush.c"]
        run(["gcc", "--coverage", *self.options, *map(self.object_of, sources), "-o", program])
        run([program], self.directory, {**os.environ, "HEAPMM_TEST_STEPS": "0"})

    def counts(self):
        for source in self.counted:
            text = run(["gcov", "--json-format", "--branch-probabilities", "--stdout", self.object_of(source)[:-2] + ".gcda"],
                       self.directory)
            yield from json.loads(text)["files"]


def builds_of(part):
    if part == "avl":
        return [Build("avl", "avl", [f'-DHMM_AVL_HEADER="{ROOT}/include/heapmm/avl.h"'], AVL_SOURCES, [], AVL_PROGRAMS, "tests/avl")]
    variants = {**VARIANTS, "granule": ["-DHMM_HOSTED=1", GRANULES[part]]}
    heaps = [Build(part, variant, options + INSTANCES[part], HEAP_SOURCES, LINKED, HEAP_PROGRAMS, "tests/heap")
             for variant, options in variants.items()]
    return heaps + [Build(part, "base", [], BASE_SOURCES, [], {"base_test": []}, "tests/base")]


def measure(builds, work):
    """Compiles and runs everything, as many at a time as there are processors. Returns what failed."""
    with open(os.path.join(work, "flush.c"), "w") as file:
        file.write(FLUSH)
    for build in builds:
        build.directory = os.path.join(work, f"{build.part}-{build.name}")
        os.mkdir(build.directory)
    failures = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:

        def all_of(jobs):
            for job in concurrent.futures.as_completed(list(jobs)):
                if job.exception() is not None:
                    failures.append(str(job.exception()))

        all_of(pool.submit(run, command) for build in builds for command in build.compile_jobs())
        if not failures:
            all_of(pool.submit(build.run_program, name) for build in builds for name in build.programs)
    return failures


# ---- Adding up ----------------------------------------------------------------------------------------------------------------


class Line:
    """How often a line was reached, and its branches: by their number, a list of counts."""

    def __init__(self):
        self.count = 0
        self.shapes = {}

    def add(self, count, branches):
        self.count += count
        if branches:
            shape = self.shapes.setdefault(len(branches), [0] * len(branches))
            for i, branch in enumerate(branches):
                shape[i] += branch

    def branches(self):
        return sum(len(shape) for shape in self.shapes.values())

    def missed(self):
        """How many branches were never taken, of those that the line had when it was reached; all, if it never was."""
        return sum(shape.count(0) for shape in self.shapes.values())

    def complaint(self):
        if self.count == 0:
            return "never reached"
        of = [f"{i + 1} of {len(shape)}" for shape in self.shapes.values() for i, n in enumerate(shape) if n == 0]
        return "branch " + ", ".join(of) + " never taken" if of else ""


def add_up(files, wanted, table):
    """table: {file: {line: Line}}. A function that a template has made several times has its lines in `files` as often."""
    for file in files:
        path = os.path.relpath(file["file"], ROOT)
        if not wanted.match(path):
            continue
        lines = table.setdefault(path, {})
        for line in file["lines"]:
            branches = [branch["count"] for branch in line["branches"]]
            lines.setdefault(line["line_number"], Line()).add(line["count"], branches)


def print_table(part, table):
    print(f"\n{part:10} {'file':32} {'lines':>7} {'missed':>7} {'branches':>9} {'missed':>7}")
    sums = [0] * 4
    for path, lines in sorted(table.items()):
        row = [len(lines), sum(line.count == 0 for line in lines.values()), sum(line.branches() for line in lines.values()),
               sum(line.missed() for line in lines.values())]
        sums = [a + b for a, b in zip(sums, row)]
        print(f"{'':10} {path:32} {row[0]:7} {row[1]:7} {row[2]:9} {row[3]:7}")
    print(f"{'':10} {'all':32} {sums[0]:7} {sums[1]:7} {sums[2]:9} {sums[3]:7}")


def print_missed(tables):
    """Prints what was not reached, once for all parts that miss it. Returns how many lines of the source that are."""
    missed = {}
    for part, table in tables.items():
        for path, lines in table.items():
            for number, line in lines.items():
                if line.complaint():
                    missed.setdefault((path, number), {}).setdefault(line.complaint(), []).append(part)
    for (path, number), complaints in sorted(missed.items()):
        with open(os.path.join(ROOT, path)) as file:
            text = file.read().splitlines()[number - 1].strip()
        for complaint, parts in complaints.items():
            print(f"{path}:{number}: {', '.join(parts)}: {complaint}: {text}")
    return len(missed)


# ---- Itself -------------------------------------------------------------------------------------------------------------------


def self_test():
    def complaint(*added):
        line = Line()
        for count, branches in added:
            line.add(count, branches)
        return line.complaint()

    assert complaint((0, [])) == "never reached"
    assert complaint((0, []), (3, [])) == ""
    assert complaint((3, [3, 0])) == "branch 2 of 2 never taken"
    assert complaint((3, [3, 0]), (1, [0, 1])) == ""
    assert complaint((3, [2, 1]), (1, [1, 0, 0, 1])) == "branch 2 of 4, 3 of 4 never taken"
    print("counts are added up as they should be")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("parts", nargs="*")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    parts = arguments.parts or ["avl", *INSTANCES]
    builds = {part: builds_of(part) for part in parts}
    work = tempfile.mkdtemp(prefix="heapmm-coverage-")
    try:
        failures = measure(sum(builds.values(), []), work)
        for failure in failures:
            print(failure)
        if failures:
            sys.exit(1)
        tables = {}
        for part in parts:
            tables[part] = {}
            for build in builds[part]:
                add_up(build.counts(), AVL_FILES if part == "avl" else HEAP_FILES, tables[part])
            print_table(part, tables[part])
        print()
        missed = print_missed(tables)
        print(f"{missed} lines are not reached, or not in all their branches" if missed else "all lines and branches are reached")
        if arguments.check and missed:
            sys.exit(1)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
