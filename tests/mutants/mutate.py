#!/usr/bin/python3 -B
"""Changes the heap and the tree package in every small way that operators.py knows, and counts how many of these mutants the
tests find.

SPDX-License-Identifier: MIT

A mutant is killed by the first test program that fails, crashes or runs too long, built in the first row of ROWS where it does.
One that no row's object code shows is equivalent: nobody can tell it from the original, and it is not counted. The others
survive. A survivor is either a gap in the tests, or stands in survivors.ini with the reason why it may live. The exit status is 0
if every survivor stands there and enough of the mutants are killed.

Debian's python3-clang-14 serves Debian's python3 only, so that is the one named above.
"""
import argparse
import collections
import concurrent.futures
import configparser
import dataclasses
import hashlib
import json
import math
import os
import pathlib
import shutil
import sys
import tempfile
import threading
import time

from operators import mutants_of
from workshop import (COMMON_OPTIONS, HEAP, HERE, PROGRAMS, ROOT, Configuration, DoesNotCompile, Problem, RanTooLong, Store,
                      Workshop)

FILES = ["include/heapmm/avl.h", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "src/heap").glob("*.[ch]"))]
PARSED = [*HEAP[:2], "tests/avl/avl_subjects.c"]
LEAST_KILLED = 90  # percent of those that are not equivalent

UNITS = ("heap_alloc", "heap_resize", "heap_region")
AUDITS = (*UNITS, "heap_faults", "heap_failures")
QUICK_DAMAGE = "heap_damage no_damaged_block_is_changed trees_are_audited_far_enough forged_trees_stay_within_the_blocks"
OPTIMISED = "-O2"


@dataclasses.dataclass(frozen=True)
class Row:
    """Tests, the quickest first, in one configuration: a program and maybe names of its tests. They run if the object code of the
    sources to be compared shows the mutant; always, where nothing is compared."""
    configuration: Configuration
    tests: tuple
    compared: tuple = ()


def heap_row(name, options, tests, instance=""):
    configuration = Configuration(name, (OPTIMISED, *options), instance)
    return Row(configuration, tests, (configuration.source(HEAP[0]), HEAP[1]))


# Most mutants are killed by the first row, in which compiling costs least. Objects are compared in the others, which optimise.
TREE_ROWS = (
    Row(Configuration("trees", ("-O0",)), ("avl_build", "avl_random", "avl_damage", "avl_depth")),
    Row(Configuration("trees-O2", (OPTIMISED,)), ("avl_iterator", "avl_access", "avl_exhaustive"),
        ("tests/avl/avl_subjects.c", "tests/avl/avl_iterator_test.c")),
)
ROWS = (
    Row(Configuration("level1", ("-O0",)), (*AUDITS, "heap_bound", "heap_attach", "heap_attach_forged")),
    heap_row("O2-level1", (), (QUICK_DAMAGE, "heap_model")),
    heap_row("level2", ("-DHMM_AUDIT_LEVEL=2",), (*AUDITS, "heap_attach")),
    heap_row("granule8", ("-DHMM_HEAP_GRANULE=8",), (*UNITS, "heap_faults", "heap_model tiny small regions")),
    heap_row("level0", ("-DHMM_AUDIT_LEVEL=0",), (*UNITS, "heap_failures", "heap_model one_tree small regions")),
    heap_row("tiny", (), (*AUDITS, QUICK_DAMAGE, "heap_model tiny small"), "tiny"),
    heap_row("nostats", ("-DHMM_STATS=0",), UNITS),
)


def rows_for(file):
    return (*TREE_ROWS, *ROWS) if file == "include/heapmm/avl.h" else ROWS


# ---- One mutant -------------------------------------------------------------------------------------------------------------

KILLED, SURVIVED, EQUIVALENT, INVALID = "killed", "survived", "equivalent", "does not compile"


@dataclasses.dataclass
class Verdict:
    verdict: str
    by: str = ""


class Limits:
    """How much processor time a test may use: what it needs without a mutant, several times over."""

    def __init__(self):
        self.seconds = {}
        self.locks = collections.defaultdict(threading.Lock)

    def of(self, workshop, test, configuration):
        key = test, configuration.name
        with self.locks[key]:
            if key not in self.seconds:
                self.seconds[key] = self.measured(workshop, test, configuration)
            return self.seconds[key]

    @staticmethod
    def measured(workshop, test, configuration):
        program, *cases = test.split()
        try:
            failure, seconds = workshop.run_measured(workshop.build(program, None, configuration), cases)
        except RanTooLong:
            failure = "it ran too long"
        if failure:
            raise Problem(f"{test} fails on the row {configuration.name} without any mutant ({failure}): repair that first")
        return 1 + math.ceil(4 * seconds)


def verdict_on(mutant, workshop, limits, rows):
    shows = False
    with workshop.mutated(mutant.file, mutant.apply()):
        for row in rows:
            try:
                if row.compared and not differs(row, mutant.file, workshop):
                    continue
                shows = shows or bool(row.compared)
                killer = killer_in(row, mutant.file, workshop, limits)
            except DoesNotCompile:
                return Verdict(INVALID)
            if killer:
                return Verdict(KILLED, f"{killer} on {row.configuration.name}")
    return Verdict(SURVIVED if shows else EQUIVALENT)


def differs(row, mutated, workshop):
    """Whether the optimised code of a row shows the mutant."""
    for source in row.compared:
        options = row.configuration.all_options()
        original, now = workshop.object(source, options), workshop.object(source, options, mutated)
        if now != original and now.read_bytes() != original.read_bytes():
            return True
    return False


def killer_in(row, mutated, workshop, limits):
    for test in row.tests:
        program, *cases = test.split()
        seconds = limits.of(workshop, test, row.configuration)
        executable = workshop.build(program, mutated, row.configuration)
        try:
            if workshop.run(executable, cases, seconds) is not None:
                return program
        except RanTooLong:
            return program
    return None


# ---- All mutants ------------------------------------------------------------------------------------------------------------


class Results:
    """The verdicts so far, in a file, so that a run can be broken off and go on later.

    It belongs to the sources under test. When the tests have changed, nothing of it holds; with `retry`, what was killed or is
    equivalent is believed all the same: tests rarely become weaker."""

    def __init__(self, path, tests, retry):
        self.verdicts = {}
        if path.exists():
            lines = path.read_text(encoding="utf-8").splitlines()
            entries = [json.loads(line) for line in lines if line.endswith("}")]
            for entry in entries:
                if entry["tests"] == tests or (retry and entry["verdict"] != SURVIVED):
                    self.verdicts[tuple(entry["mutant"])] = Verdict(entry["verdict"], entry["by"])
        path.parent.mkdir(parents=True, exist_ok=True)
        self.tests = tests
        self.file = open(path, "a", encoding="utf-8")

    @staticmethod
    def key(mutant):
        return mutant.file, mutant.start, mutant.end, mutant.replacement

    def get(self, mutant):
        return self.verdicts.get(self.key(mutant))

    def put(self, mutant, verdict):
        self.verdicts[self.key(mutant)] = verdict
        entry = {"mutant": self.key(mutant), "verdict": verdict.verdict, "by": verdict.by, "tests": self.tests}
        self.file.write("\n" + json.dumps(entry) + "\n")  # the line before may have been broken off
        self.file.flush()


class Progress:
    """One line on a terminal, a line now and then elsewhere."""

    def __init__(self, total):
        self.total, self.done, self.survived = total, 0, 0
        self.start = time.monotonic()
        self.on_terminal = sys.stderr.isatty()

    def count(self, verdict):
        self.done += 1
        self.survived += verdict.verdict == SURVIVED
        if self.on_terminal or self.done == self.total or self.done % 50 == 0:
            seconds = time.monotonic() - self.start
            left = seconds / self.done * (self.total - self.done)
            print(f"{self.done} of {self.total} mutants, {self.survived} survived, {60 * self.done / seconds:.0f} a minute, "
                  f"{math.ceil(left / 60)} min left", end="\033[K\r" if self.on_terminal else "\n", file=sys.stderr, flush=True)

    def say(self, text):
        print(("\033[K" if self.on_terminal else "") + text, file=sys.stderr, flush=True)


def run(mutants, results, compiler, jobs):
    """Fills the results."""
    waiting = [mutant for mutant in mutants if not results.get(mutant)]
    progress = Progress(len(waiting))
    with tempfile.TemporaryDirectory(prefix="heapmm-mutants-") as directory:
        store, limits = Store(pathlib.Path(directory) / "store"), Limits()
        free = [Workshop(pathlib.Path(directory) / f"workshop{i}", compiler, store) for i in range(jobs)]

        def judge(mutant):
            workshop = free.pop()
            try:
                return mutant, verdict_on(mutant, workshop, limits, rows_for(mutant.file))
            finally:
                free.append(workshop)

        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            try:
                for judged in concurrent.futures.as_completed([pool.submit(judge, mutant) for mutant in waiting]):
                    mutant, verdict = judged.result()
                    results.put(mutant, verdict)
                    if verdict.verdict == SURVIVED:
                        progress.say(f"survived: {described(mutant)}")
                    progress.count(verdict)
            finally:
                pool.shutdown(cancel_futures=True)


# ---- Survivors that may live ------------------------------------------------------------------------------------------------


def read_survivors(path):
    """key of a mutant => reason."""
    parser = configparser.ConfigParser(delimiters=(":",), comment_prefixes=("#",), interpolation=None)
    parser.read_string(path.read_text(encoding="utf-8"), source=path.name)
    survivors = {}
    for name in parser.sections():
        entry = parser[name]
        wrong = sorted({"file", "in", "line", "becomes", "reason"} ^ set(entry))
        if wrong:
            raise Problem(f"{path.name}, [{name}]: the fields are file, in, line, becomes, reason; "
                          f"this differs: {', '.join(wrong)}")
        key = entry["file"], entry["in"], " ".join(entry["line"].split()), " ".join(entry["becomes"].split())
        if key in survivors:
            raise Problem(f"{path.name}, [{name}]: the same mutant stands there twice")
        survivors[key] = entry["reason"]
    return survivors


def problems_of(mutants, chosen, results, survivors):
    """What is wrong with the list of survivors: one is missing, or is none any more."""
    problems = []
    exist = {mutant.key for mutant in mutants}
    problems += [f"survivors.ini: no such mutant any more: {file}, {function}: {becomes}"
                 for file, function, line, becomes in survivors if (file, function, line, becomes) not in exist]
    lives = {mutant.key for mutant in chosen if results.get(mutant).verdict == SURVIVED}
    for mutant in chosen:
        verdict = results.get(mutant)
        if mutant.key in survivors and mutant.key not in lives:
            problems.append(f"survivors.ini: this one is {verdict.verdict} now, remove it: {described(mutant)}")
        if verdict.verdict == SURVIVED and mutant.key not in survivors:
            problems.append(f"survived: write a test that kills it, or an entry in survivors.ini: {described(mutant)}")
    return problems


def described(mutant):
    return f"{mutant.file}:{mutant.line}, {mutant.function} ({mutant.family})\n    {mutant.original}\n    {mutant.becomes}"


# ---- The table --------------------------------------------------------------------------------------------------------------


def percent(killed, counted):
    """Rounded down: 90 is reached or not."""
    return f"{math.floor(1000 * killed / counted) / 10:.1f}" if counted else "-"


def print_table(title, names, chosen, results, attribute):
    print(f"    {title:22}  {'mutants':>7}  {'killed':>6}  {'survived':>8}  {'equivalent':>10}  {'killed, %':>9}")
    for name in [*names, "all"]:
        counts = collections.Counter(results.get(m).verdict for m in chosen if name in ("all", getattr(m, attribute)))
        counted = counts[KILLED] + counts[SURVIVED]
        if counted or counts[EQUIVALENT]:
            print(f"    {name:22}  {counted:7}  {counts[KILLED]:6}  {counts[SURVIVED]:8}  {counts[EQUIVALENT]:10}  "
                  f"{percent(counts[KILLED], counted):>9}")
    print()


def print_killers(chosen, results):
    killers = collections.Counter(results.get(m).by for m in chosen if results.get(m).verdict == KILLED)
    print("    killed by: " + ", ".join(f"{name} {count}" for name, count in killers.most_common()) + "\n")


def report(mutants, chosen, results, survivors):
    """Prints all. Returns whether all is well."""
    print_table("file", FILES, chosen, results, "file")
    print_table("operator", sorted({m.family for m in chosen}), chosen, results, "family")
    print_killers(chosen, results)
    problems = problems_of(mutants, chosen, results, survivors)
    for reason, count in collections.Counter(survivors.get(m.key, "not examined") for m in chosen
                                             if results.get(m).verdict == SURVIVED).most_common():
        print(f"    {count:4} survived: {reason}")
    print("\n".join(["", *problems]))
    counts = collections.Counter(results.get(m).verdict for m in chosen)
    counted = counts[KILLED] + counts[SURVIVED]
    part = "all mutants" if len(chosen) == len(mutants) else f"a sample of {len(chosen)} out of {len(mutants)} mutants"
    print(f"{part}: {counted} that differ and compile, {counts[KILLED]} killed: {percent(counts[KILLED], counted)} % "
          f"(goal {LEAST_KILLED} %), {len(problems)} problems")
    return not problems and 100 * counts[KILLED] >= LEAST_KILLED * counted


# ---- The command ------------------------------------------------------------------------------------------------------------


def digest(paths, *more):
    sums = [(str(path.relative_to(ROOT)), hashlib.sha256(path.read_bytes()).hexdigest()) for path in sorted(paths)]
    return hashlib.sha256(repr((sums, more)).encode()).hexdigest()[:16]


def files_below(*parts):
    return [path for part in parts for path in (ROOT / part).rglob("*.[ch]")]


def all_mutants():
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in FILES}
    return mutants_of(texts, [(source, COMMON_OPTIONS, ROOT) for source in PARSED])


def select(mutants, arguments):
    chosen = mutants
    if arguments.place:
        chosen = [m for m in mutants if any(place in f"{m.file}:{m.line}:{m.function}" for place in arguments.place)]
    if arguments.sample and arguments.sample < len(chosen):
        chosen = sorted(chosen, key=lambda m: (m.rank(arguments.seed), m.start))[:arguments.sample]
    return chosen


def main():
    parser = argparse.ArgumentParser(description="Counts how many mutants of the heap and of the tree package the tests kill.")
    parser.add_argument("place", nargs="*", help="only mutants where this is part of FILE:LINE:FUNCTION; default: all")
    parser.add_argument("--sample", type=int, metavar="N", help="N mutants at random, the same ones for the same seed")
    parser.add_argument("--seed", type=int, default=1, help="of the sample; default: 1")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at a time; default: 2")
    parser.add_argument("--cc", default="clang", metavar="COMPILER", help="default: clang, which compiles fastest without -O")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "build/mutation", metavar="DIRECTORY",
                        help="where verdicts are kept, so that a run can be broken off; default: build/mutation")
    parser.add_argument("--retry", action="store_true", help="after tests were added: run survivors again, keep other verdicts")
    parser.add_argument("--list", action="store_true", help="print the mutants and stop")
    arguments = parser.parse_args()
    if shutil.which(arguments.cc) is None:
        parser.error(f"there is no compiler {arguments.cc}: name one with --cc")

    mutants = all_mutants()
    chosen = select(mutants, arguments)
    if arguments.list:
        print("\n".join(map(described, chosen)))
        return 0
    code = digest([*files_below("src/base", "src/heap", "src/os"), *(ROOT / "include/heapmm").glob("*.h")])
    tests = digest(files_below("tests"), repr(PROGRAMS), repr(TREE_ROWS), repr(ROWS), arguments.cc)
    results = Results(arguments.results / f"{code}.jsonl", tests, arguments.retry)
    run(chosen, results, arguments.cc, arguments.jobs)
    return 0 if report(mutants, chosen, results, read_survivors(HERE / "survivors.ini")) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Problem as error:
        print(f"{os.path.basename(sys.argv[0])}: {error}", file=sys.stderr)
        sys.exit(1)
