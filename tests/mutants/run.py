#!/usr/bin/env -S python3 -B
"""Shows that the tests can fail: puts one deliberate bug after the other into a copy of the sources and runs the test that must
find it.

SPDX-License-Identifier: MIT

The bugs stand in *.ini beside this file; heap.ini says how an entry is written. For each group of bugs the unmutated sources
must pass all the tests concerned. Then a bug counts as found when the program builds and its test fails. A bug that does not
apply, does not build, runs too long or is not found is an error: it says what to do, and the exit status is 1.
"""
import argparse
import configparser
import dataclasses
import os
import pathlib
import shutil
import sys
import tempfile
import time

from workshop import HERE, PROGRAMS, ROOT, Problem, RanTooLong, Store, Workshop

GROUPS = {
    "1": "every byte of a region belongs to exactly one block, record, padding or sentinel",
    "2": "no two free blocks are adjacent",
    "3": "audit first, then change: a fault leaves the heap as it was",
    "4": "no address is dereferenced before it is known to lie inside a region",
    "5": "misuse is detected",
    "6": "any size, alignment or count gives NULL or a correct block, never an overflow",
    "7": "the time of an operation is bounded",
    "avl": "the AVL tree package",
    "pool": "pools: every block comes home once, misuse is reported and skipped, the rest is not lost",
    "malloc": "the malloc replacement: blocks do not overlap, wrong pointers are named, memory comes back",
    "trace": "traces: what is written is read, in order; whatever the bytes are, each call ends and names what is wrong",
    "tool": "the tool: what replay, size and shrink say of an allocator is so",
    "classic": "the classic heap: geometry, best fit, audits before changes, nothing read outside",
}

FIELDS = {"invariant", "file", "find", "replace", "test", "why"}
OPTIONAL_FIELDS = {"endless"}


@dataclasses.dataclass
class Mutant:
    name: str
    group: str
    file: str
    find: str
    replace: str
    program: str
    cases: list
    endless: bool

    def apply(self, text):
        count = text.count(self.find)
        if count != 1:
            raise Problem(f"the text to find occurs {count} times in {self.file} instead of once: aim the entry anew")
        return text.replace(self.find, self.replace)


def read_mutants(path):
    parser = configparser.ConfigParser(delimiters=(":",), comment_prefixes=("#",), interpolation=None,
                                       empty_lines_in_values=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"), source=path.name)
    except configparser.Error as error:
        raise Problem(str(error).replace("\n", " ")) from error
    return [read_mutant(path.name, name, parser[name]) for name in parser.sections()]


def read_mutant(source, name, entry):
    where = f"{source}, [{name}]"
    missing = sorted(FIELDS - set(entry))
    unknown = sorted(set(entry) - FIELDS - OPTIONAL_FIELDS)
    if missing or unknown:
        raise Problem(f"{where}: " + "; ".join([f"no field {f}" for f in missing] + [f"unknown field {f}" for f in unknown]))
    empty = sorted(field for field in FIELDS if entry[field] == "" and field != "replace")
    program, *cases = entry["test"].split() or [""]
    if empty:
        raise Problem(f"{where}: the field {empty[0]} is empty")
    if entry["invariant"] not in GROUPS:
        raise Problem(f"{where}: there is no invariant {entry['invariant']}, only {', '.join(GROUPS)}")
    if program not in PROGRAMS:
        raise Problem(f"{where}: no test program {program}; known to workshop.py are {', '.join(PROGRAMS)}")
    if not (ROOT / entry["file"]).is_file():
        raise Problem(f"{where}: there is no file {entry['file']}")
    if entry.get("endless", "no") not in ("yes", "no"):
        raise Problem(f"{where}: endless is yes or no")
    return Mutant(name, entry["invariant"], entry["file"], entry["find"], entry["replace"], program, cases,
                  entry.get("endless", "no") == "yes")


# ---- Building and running ---------------------------------------------------------------------------------------------------


class Bench:
    """Where a bug meets its test."""

    def __init__(self, directory, compiler, seconds):
        directory = pathlib.Path(directory)
        self.workshop = Workshop(directory / "workshop", compiler, Store(directory / "store"))
        self.seconds = seconds

    def unmutated(self, program, cases):
        try:
            failure = self.workshop.run(self.workshop.build(program), cases, self.seconds)
        except RanTooLong:
            failure = f"more than {self.seconds:g} seconds"
        if failure:
            raise Problem(f"{' '.join([program, *cases])} fails without any bug ({failure}): repair that first")

    def outcome(self, mutant):
        """How the test failed. Problem if it did not, or the mutant is no good."""
        text = mutant.apply((ROOT / mutant.file).read_text(encoding="utf-8"))
        try:
            with self.workshop.mutated(mutant.file, text):
                failure = self.workshop.run(self.workshop.build(mutant.program, mutant.file), mutant.cases, self.seconds)
        except RanTooLong as error:
            if mutant.endless:
                return f"more than {self.seconds:g} seconds"
            raise Problem(f"the test ran for {self.seconds:g} seconds and said nothing: name a test that fails sooner, or, "
                          "if an endless loop is the point, add endless: yes") from error
        if failure is None:
            raise Problem(f"{' '.join([mutant.program, *mutant.cases])} passes: write a test that finds this bug")
        return failure


# ---- The table --------------------------------------------------------------------------------------------------------------


def shortened(text, width):
    return text if len(text) <= width else text[:width - 3] + "..."


def counted(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def run_group(group, mutants, bench):
    """Prints a table of the group. Returns the problems."""
    print(f"{'avl' if group == 'avl' else 'Invariant ' + group}: {GROUPS[group]}\n", flush=True)
    try:
        for program, cases in sorted({(m.program, tuple(m.cases)) for m in mutants}):
            bench.unmutated(program, cases)
    except Problem as problem:
        return [str(problem)]

    problems = []
    name_width = max(len("deliberate bug"), *(len(m.name) for m in mutants))
    test_width = max(len(" ".join([m.program, *m.cases])) for m in mutants)
    print(f"    {'deliberate bug':{name_width}}  {'test':{test_width}}  {'seconds':>7}  found by", flush=True)
    for mutant in mutants:
        start = time.monotonic()
        try:
            result = bench.outcome(mutant)
        except Problem as problem:
            problems.append(f"[{mutant.name}]: {problem}")
            result = "NOT FOUND, see below"
        test = " ".join([mutant.program, *mutant.cases])
        print(f"    {mutant.name:{name_width}}  {test:{test_width}}  {time.monotonic() - start:7.1f}  {shortened(result, 100)}",
              flush=True)
    print(flush=True)
    return problems


def run_mutants(mutants, compiler, seconds):
    problems = []
    with tempfile.TemporaryDirectory(prefix="heapmm-mutants-") as directory:
        bench = Bench(directory, compiler, seconds)
        for group in GROUPS:
            chosen = [m for m in mutants if m.group == group]
            if chosen:
                problems += run_group(group, chosen, bench)
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{counted(len(mutants), 'deliberate bug')}, {counted(len(problems), 'problem')}")
    return 1 if problems else 0


# ---- Self-test: each way in which an entry can be no good --------------------------------------------------------------------

GOOD_FIND, GOOD_REPLACE = "units < HMM_UNITS_LEAST ? HMM_UNITS_LEAST : units;", "HMM_UNITS_LEAST;"
# (text to find, replacement, what the runner must say: of a good entry, nothing)
SELF_TESTS = [
    (GOOD_FIND, GOOD_REPLACE, None),
    ("no such text", "", "occurs 0 times"),
    ("hmm_units", "int", "instead of once"),
    (GOOD_FIND, "units", "does not compile"),
    (GOOD_FIND, "(units < HMM_UNITS_LEAST) ? HMM_UNITS_LEAST : units;", "passes"),
    ("return HMM_UNLIKELY(size > usable_of(HMM_UNITS_MOST)) ? 0 : units_holding(size);", "for (;;) continue;", "said nothing"),
]


def self_test(compiler):
    failures = []
    with tempfile.TemporaryDirectory(prefix="heapmm-mutants-") as directory:
        bench = Bench(directory, compiler, 2)
        bench.unmutated("heap_alloc", ["every_small_size"])
        for find, replace, expected in SELF_TESTS:
            mutant = Mutant("self-test", "1", "src/heap/alloc.h", find, replace, "heap_alloc", ["every_small_size"], False)
            try:
                bench.outcome(mutant)
                said = None
            except Problem as problem:
                said = str(problem)
            if (said is None) != (expected is None) or (expected and expected not in said):
                failures.append(f"{find!r} => {replace!r}: expected {expected!r}, got {said!r}")
    print("\n".join(failures) if failures else f"each of {len(SELF_TESTS) - 1} bad entries is refused, and a good one is not")
    return 1 if failures else 0


def main():
    parser = argparse.ArgumentParser(
        description="Puts deliberate bugs into a copy of the sources, one at a time, and expects the tests to find each.",
        epilog="groups: " + "; ".join(f"{group}: {title}" for group, title in GROUPS.items()))
    parser.add_argument("choice", nargs="*", metavar="GROUP|NAME", help="a group (see below) or one bug; default: all")
    parser.add_argument("--cc", default="cc", metavar="COMPILER", help="the C compiler; default: cc")
    parser.add_argument("--seconds", type=float, default=120, help="how long one run of a test may take; default: 120")
    parser.add_argument("--list", action="store_true", help="print the names of the bugs and stop")
    parser.add_argument("--self-test", action="store_true", help="check that bad entries are refused")
    arguments = parser.parse_args()
    if shutil.which(arguments.cc) is None:
        parser.error(f"there is no compiler {arguments.cc}: name one with --cc")
    if arguments.self_test:
        return self_test(arguments.cc)

    mutants = [mutant for path in sorted(HERE.glob("*.ini")) if path.name != "survivors.ini" for mutant in read_mutants(path)]
    names = {m.name for m in mutants}
    unknown = [choice for choice in arguments.choice if choice not in GROUPS and choice not in names]
    if unknown:
        parser.error(f"{unknown[0]} is neither a group ({', '.join(GROUPS)}) nor a bug's name (--list prints them)")
    if arguments.choice:
        mutants = [m for m in mutants if m.group in arguments.choice or m.name in arguments.choice]
    if arguments.list:
        width = max(len(m.group) for m in mutants)
        print("\n".join(f"{m.group:{width}}  {m.name}" for m in sorted(mutants, key=lambda m: m.group)))
        return 0
    if not mutants:
        raise Problem("there is no deliberate bug of that group: an invariant needs at least two")
    return run_mutants(mutants, arguments.cc, arguments.seconds)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(1)
