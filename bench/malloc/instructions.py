#!/usr/bin/env python3
"""Instructions of one malloc and its free, for each allocator, counted by callgrind.

SPDX-License-Identifier: MIT

    bench/malloc/instructions.py [NAME=LIBRARY ...]

libheapmm-malloc.so, which is built from the sources with -O2, by default and with HEAPMM_CHECK=0, beside those given: without
arguments glibc, and those of Debian's allocators that are installed. The patterns are those of calls.c, whose own instructions are left out.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path += [str(ROOT / "bench"), str(ROOT / "bench" / "malloc")]
from measure import run, self_costs  # noqa: E402
from summary import Goal  # noqa: E402
from table import Progress, Table  # noqa: E402

PATTERNS = {"pairs": "64 bytes, freed at once", "mixed": "16..1024 bytes, 1000 live", "remote": "freed by another thread"}
OURS = "heapmm"
UNCHECKED = "heapmm, HEAPMM_CHECK=0"
HARNESS = re.compile(r"count_[\w.]+|main|free_batches|run_remote|wait_for_turn|(__)?sched_yield")
DEBIAN = {"mimalloc": "libmimalloc.so.2.0", "jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4"}


def build(directory):
    """The library as make release builds it, and the program, without the stubs through which calls of a library usually go."""
    cc = os.environ.get("CC", "cc")
    library, program = directory / "libheapmm-malloc.so", directory / "calls"
    sources = [ROOT / "src" / "malloc" / "malloc.c", ROOT / "src" / "os" / "linux.c"]
    run(cc, "-std=c11", "-O2", "-DNDEBUG", "-fPIC", "-fvisibility=hidden", "-fexceptions", "-shared", "-pthread",
        f"-I{ROOT / 'include'}", *sources, "-o", library)
    run(cc, "-std=gnu11", "-O2", "-fno-builtin", "-fno-ipa-icf", "-fno-plt", "-pthread", "-Wl,-z,now", ROOT / "bench" / "malloc" / "calls.c",
        "-o", program)
    return library, program


def debian():
    """{name: library to preload, or None for that of the C library}."""
    found = {"glibc": None}
    for name, file in DEBIAN.items():
        path = Path("/usr/lib") / os.uname().machine.replace("_64", "_64-linux-gnu") / file
        if path.exists():
            found[name] = path
    return found


def instructions(program, library, pattern, level=None):
    """level: HEAPMM_CHECK."""
    preload = {} if library is None else {"LD_PRELOAD": str(library)}
    checks = {} if level is None else {"HEAPMM_CHECK": level}
    with tempfile.TemporaryDirectory() as directory:
        costs = os.path.join(directory, "costs")
        pairs = run("valgrind", "--tool=callgrind", f"--callgrind-out-file={costs}", "--toggle-collect=count_*", program, pattern,
                    env={**os.environ, **preload, **checks})
        by_function = self_costs(costs)
    return sum(cost for name, cost in by_function.items() if not HARNESS.fullmatch(name)) / int(pairs)


def runs_under_valgrind(program, library):
    """Some allocators want more addresses than there are under valgrind."""
    command = ["valgrind", "--tool=none", program, "pairs"]
    return subprocess.run(command, env={**os.environ, "LD_PRELOAD": str(library)}, capture_output=True, check=False).returncode == 0


class Instructions:
    """Counted for all of {name: library} that run under valgrind; heapmm's library is built, and counted at HEAPMM_CHECK=0 too."""

    def __init__(self, subjects, progress):
        self.found = {}
        with tempfile.TemporaryDirectory() as directory:
            ours, program = build(Path(directory))
            for name, library in subjects.items():
                if library is not None and not runs_under_valgrind(program, library):
                    continue
                for level in (None, "0") if name == OURS else (None,):
                    shown = UNCHECKED if level else name
                    progress(f"instructions: {shown}")
                    self.found[shown] = [instructions(program, ours if name == OURS else library, pattern, level) for pattern in PATTERNS]

    def goals(self):
        best = min((name for name in self.found if name not in (OURS, UNCHECKED)), key=lambda name: self.found[name][1])
        beside = f"fewest of the others: {best}, {self.found[best][1]:.1f}"
        return [Goal("instructions of malloc and free, 16..1024 bytes", 40, self.found[OURS][1], beside),
                Goal("the same with HEAPMM_CHECK=0", 28, self.found[UNCHECKED][1], beside),
                Goal("instructions of malloc and free in another thread", 60, self.found[OURS][2], f"glibc: {self.found['glibc'][2]:.0f}")]

    def table(self):
        table = Table("malloc_instructions", "Instructions of one malloc and its free, counted by callgrind", ["allocator", *PATTERNS.values()])
        for name, row in self.found.items():
            table.add(name, *row)
        return table


def main():
    subjects = {OURS: None, **(dict(word.split("=", 1) for word in sys.argv[1:]) or debian())}
    print(Instructions(subjects, Progress()).table().text())


if __name__ == "__main__":
    main()
