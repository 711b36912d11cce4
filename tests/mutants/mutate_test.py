#!/usr/bin/python3 -B
"""Tests of mutate.py and operators.py: which mutants they make, what they say of them.

SPDX-License-Identifier: MIT
"""
import argparse
import os
import pathlib
import sys
import tempfile

import mutate
from operators import Mutant, mutants_of
from workshop import HEAP, ROOT, Configuration, Store, Workshop

SAMPLE = """
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define SHIFT (sizeof(int) == 4 ? 2 : 3)
#define NAMED(verb) a_##verb
_Static_assert(sizeof(int) + 1 > 2, "1 + 1");
enum { TWO = 1 + 1 };
void hmm_memory_guard(int);
int NAMED(function)(int a, int b) {
    if (UNLIKELY(a < b)) return 7;  // a + b
    hmm_memory_guard(a + b);
    b += a << SHIFT;
    while (a && !b) NAMED(function)(b, sizeof(a - b));
    return a == 0 ? b : -a;
}
"""

# line, what stands there => what each mutant makes of it
EXPECTED = {
    "if (UNLIKELY(a < b)) return 7; // a + b": [
        "if (UNLIKELY(a <= b)) return 7; // a + b",
        "if (UNLIKELY(a < b)) return (7 + 1); // a + b",
        "if (UNLIKELY(a < b)) return (7 - 1); // a + b",
        "if (UNLIKELY(a < b)) return 0; // a + b",
        "if (UNLIKELY(a >= b)) return 7; // a + b",
        "if (false) return 7; // a + b",
        "if (true) return 7; // a + b",
    ],
    "b += a << SHIFT;": [
        "(void)0;",
        "b += a << (SHIFT + 1);",
        "b += a << (SHIFT - 1);",
        "b += a >> SHIFT;",
        "b -= a << SHIFT;",
    ],
    "while (a && !b) NAMED(function)(b, sizeof(a - b));": [
        "while (!(a && !b)) NAMED(function)(b, sizeof(a - b));",
        "while (!b) NAMED(function)(b, sizeof(a - b));",
        "while (a && !b) (void)0;",
        "while (a && b) NAMED(function)(b, sizeof(a - b));",
        "while (a) NAMED(function)(b, sizeof(a - b));",
        "while (a || !b) NAMED(function)(b, sizeof(a - b));",
        "while (false) NAMED(function)(b, sizeof(a - b));",
        "while (true) NAMED(function)(b, sizeof(a - b));",
    ],
    "return a == 0 ? b : -a;": [
        "return 0;",
        "return a != 0 ? b : -a;",
        "return a == (0 + 1) ? b : -a;",
        "return a == (0 - 1) ? b : -a;",
        "return false ? b : -a;",
        "return true ? b : -a;",
    ],
}


def test_operators(_):
    with tempfile.TemporaryDirectory(prefix="heapmm-mutants-") as directory:
        path = pathlib.Path(directory).resolve() / "sample.c"
        path.write_text(SAMPLE, encoding="utf-8")
        made = mutants_of({"sample.c": SAMPLE}, [("sample.c", [], path.parent)])
    by_line = {}
    for mutant in made:
        by_line.setdefault(mutant.original, []).append(mutant.becomes)
        expect(mutant.function, "function")
        expect(mutant.apply().count("\n"), SAMPLE.count("\n"))
    expect({line: sorted(becomes) for line, becomes in by_line.items()},
           {line: sorted(becomes) for line, becomes in EXPECTED.items()})


def test_files(_):
    """Each file with functions has mutants, wherever this is called from."""
    here = os.getcwd()
    for directory in (ROOT, "/"):
        os.chdir(directory)
        made = {m.file for m in mutate.all_mutants()}
        without = {"src/heap/config.h", "src/heap/instance.h", *(f"src/heap/{name}heap.c" for name in ("", "tiny_", "wide_"))}
        expect(sorted(made), sorted(set(mutate.FILES) - without))
    os.chdir(here)


def mutant(find, replacement, file="src/heap/alloc.h"):
    text = (ROOT / file).read_text(encoding="utf-8")
    expect(text.count(find), 1)
    start = text.index(find)
    return Mutant(file, start, start + len(find), replacement, "by hand", "", text)


# What becomes of these, when one test of small sizes is all there is.
SMALL_SIZES = (
    mutate.Row(Configuration("quick", ("-O0",)), ("heap_alloc every_small_size",)),
    mutate.Row(Configuration("compared", ("-O2",)), (), (HEAP[0],)),
)
LEAST = "units < HMM_UNITS_LEAST ? HMM_UNITS_LEAST : units;"
VERDICTS = [
    (LEAST, "HMM_UNITS_LEAST;", mutate.KILLED),
    (LEAST, "!(units >= HMM_UNITS_LEAST) ? HMM_UNITS_LEAST : units;", mutate.EQUIVALENT),
    (LEAST, "no_such_name;", mutate.INVALID),
    ("size < HMM_SPLIT_HIGH_BYTES ? place_low", "true ? place_low", mutate.SURVIVED),
    ("return HMM_UNLIKELY(size > usable_of(HMM_UNITS_MOST)) ? 0 : units_holding(size);", "for (;;) continue;", mutate.KILLED),
]


def test_verdicts(compiler):
    with tempfile.TemporaryDirectory(prefix="heapmm-mutants-") as directory:
        workshop = Workshop(pathlib.Path(directory) / "workshop", compiler, Store(pathlib.Path(directory) / "store"))
        limits = mutate.Limits()
        for find, replacement, expected in VERDICTS:
            verdict = mutate.verdict_on(mutant(find, replacement), workshop, limits, SMALL_SIZES)
            expect((replacement, verdict.verdict), (replacement, expected))


def test_survivors(_):
    lives, listed, dead = mutant(LEAST, "1;"), mutant(LEAST, "2;"), mutant(LEAST, "3;")
    results = {lives: mutate.Verdict(mutate.SURVIVED), listed: mutate.Verdict(mutate.SURVIVED),
               dead: mutate.Verdict(mutate.KILLED)}
    gone = ("src/heap/alloc.h", "", "no such line", "nor this")
    everything = [lives, listed, dead]

    def problems(chosen, *survivors):
        return [text.splitlines()[0].split(":")[0] + text.splitlines()[-1][-2:] for text in
                mutate.problems_of(everything, chosen, results, dict.fromkeys(survivors, "a reason"))]

    expect(problems(everything, listed.key, lives.key), [])
    expect(problems(everything, listed.key), ["survived1;"])
    expect(problems([listed], listed.key), [])
    expect(problems([listed, dead], listed.key, dead.key), ["survivors.ini3;"])
    expect(problems([listed], listed.key, gone), ["survivors.iniis"])


def test_percent(_):
    expect(mutate.percent(8999, 10000), "89.9")
    expect(mutate.percent(9, 10), "90.0")
    expect(mutate.percent(0, 0), "-")


def expect(actual, expected):
    if actual != expected:
        sys.exit(f"got\n    {actual}\nexpected\n    {expected}")


def main():
    parser = argparse.ArgumentParser(description="Tests mutate.py.")
    parser.add_argument("--cc", default="clang", metavar="COMPILER", help="the C compiler; default: clang")
    arguments = parser.parse_args()
    for test in (test_operators, test_files, test_percent, test_survivors, test_verdicts):
        test(arguments.cc)
        print(test.__name__)


if __name__ == "__main__":
    main()
