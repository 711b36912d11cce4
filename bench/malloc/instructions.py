#!/usr/bin/env python3
"""Instructions of one malloc and its free, for each allocator, counted by callgrind.

SPDX-License-Identifier: MIT

    bench/malloc/instructions.py [NAME=LIBRARY ...]

Without arguments: libheapmm-malloc.so, which is built from the sources with -O2, glibc, and those of Debian's allocators that are
installed. The patterns are those of calls.c, whose own instructions are left out.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))
from measure import run, self_costs  # noqa: E402

PATTERNS = {"pairs": "64 bytes, freed at once", "mixed": "16..1024 bytes, 1000 live", "remote": "freed by another thread"}
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


def allocators(heapmm):
    """{name: library to preload, or None for that of the C library}."""
    found = {"heapmm": heapmm, "glibc": None}
    for name, file in DEBIAN.items():
        path = Path("/usr/lib") / os.uname().machine.replace("_64", "_64-linux-gnu") / file
        if path.exists():
            found[name] = path
    return found


def instructions(program, library, pattern):
    preload = {} if library is None else {"LD_PRELOAD": str(library)}
    with tempfile.TemporaryDirectory() as directory:
        costs = os.path.join(directory, "costs")
        pairs = run("valgrind", "--tool=callgrind", f"--callgrind-out-file={costs}", "--toggle-collect=count_*", program, pattern,
                    env={**os.environ, **preload})
        by_function = self_costs(costs)
    return sum(cost for name, cost in by_function.items() if not HARNESS.fullmatch(name)) / int(pairs)


def main():
    with tempfile.TemporaryDirectory() as directory:
        library, program = build(Path(directory))
        subjects = dict(word.split("=", 1) for word in sys.argv[1:]) or allocators(library)
        print(f"{'':10}" + "".join(f"{what:>28}" for what in PATTERNS.values()))
        for name, file in subjects.items():
            print(f"{name:10}" + "".join(f"{instructions(program, file, pattern):28.1f}" for pattern in PATTERNS), flush=True)


if __name__ == "__main__":
    main()
