#!/usr/bin/env python3
"""Shows that what the manual must not have is found: missing words, dead links, man pages that mandoc does not like or that are missing.

SPDX-License-Identifier: MIT

Each case changes one thing in a copy of the headers and documents, and expects build.py to stop and to say what is wrong.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written into the tree
import links  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
COPIED = ["include", "docs", "scripts", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md",
          "CMakeLists.txt", "src", "examples", "tests", "fuzz", "bench", "cmake", "LICENSE"]

# What is changed: file, text, what replaces it; and what is said then.
CASES = [
    ("include/heapmm/heap.h", " * size: wanted usable size; 0 gives a smallest block.\n", "", "size"),
    ("include/heapmm/heap.h", " * heap     a heap, as hmm_heap_create or hmm_heap_attach returned it, not destroyed since.\n", "", "'heap'"),
    ("include/heapmm/heap.h", " * Returns the heap, which stands at the start of memory; or NULL", " * The heap stands at the start of memory; NULL",
     "hmm_heap_create"),
    ("include/heapmm/heap.h", "int hmm_heap_check(const hmm_heap *heap, hmm_fault *fault);",
     "int hmm_heap_check(const hmm_heap *heap, hmm_fault *fault);\n\nvoid hmm_heap_new(void);", "hmm_heap_new"),
    ("include/heapmm/heap.h", "    size_t bytes; /* how long it is */", "    size_t bytes;", "bytes"),
    ("include/heapmm/heap.h", "    HMM_STOPPED,  /* the visitor of hmm_heap_walk asked to stop */", "    HMM_STOPPED,", "HMM_STOPPED"),
    ("include/heapmm/declare.h", "HMM_NAME(free)(", "HMM_NAME(release)(", "release"),
    ("include/heapmm/export.h", "#define HMM_HALT() __builtin_trap()", "#define HMM_HALT() __builtin_trap()\n#define HMM_OTHER 1", "HMM_OTHER"),
    ("scripts/manual/man.py", '"heapmm/heap.h", "heapmm/pool.h", "heapmm.h"', '"heapmm/heap.h", "heapmm.h"', "hmm_pool_alloc(3)"),
    ("tests/install/symbols.txt", "hmm_true_size\n", "hmm_true_size\nhmm_true_sizes\n", "hmm_true_sizes(3)"),
    ("docs/man/heapmm.1", ".It Xr heapmm-stat 1", ".It Xr heapmm-stats 1", "heapmm-stats(1)"),
    ("docs/man/heapmm-stat.1", ".It Fl -json", ".It Fl -json\n.Nothing", "mandoc"),
    ("docs/guide/regions.md", "(theory.md#how-much-memory-is-always-enough)", "(theory.md#how-much)", "no such anchor"),
    ("docs/guide/regions.md", "(figures/regions.svg)", "(figures/none.svg)", "none.svg"),
    ("docs/guide/comparison.md", "| 1.245 |", "| 1.246 |", "1.246"),
    ("docs/guide/index.md", "(regions.md)", "(region.md)", "region.md"),
    ("docs/style/manual.css", "\nhtml { font-size: 106.25%", "\n@import 'https://example.org/a.css';\nhtml { font-size: 106.25%", "fetches"),
]


def build(tree, *options):
    return subprocess.run([sys.executable, "-B", "scripts/manual/build.py", "--output", str(tree / "out"), *options], cwd=tree,
                          capture_output=True, text=True)


def main():
    missed = []
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "tree"
        tree.mkdir()
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, tree / name)
            else:
                shutil.copy(ROOT / name, tree / name)
        done = build(tree)
        if done.returncode:
            missed.append("the copy itself does not build:\n" + done.stdout + done.stderr)
        for file, text, replacement, said in CASES if not missed else []:
            path = tree / file
            original = path.read_text()
            if original.count(text) != 1:
                missed.append("%s: the text of a case stands there %d times: %s" % (file, original.count(text), text))
                continue
            path.write_text(original.replace(text, replacement))
            done = build(tree, *(["--man"] if file.startswith("include/") else []))
            path.write_text(original)
            if done.returncode == 0:
                missed.append("%s without %r was not noticed" % (file, text))
            elif said not in done.stdout + done.stderr:
                missed.append("%s: it should have said %r:\n%s" % (file, said, done.stdout + done.stderr))
    if missed:
        print("\n".join(missed))
        return 1
    print("%d mistakes in headers, documents, style and scripts are found" % len(CASES))
    return links.self_test()


if __name__ == "__main__":
    sys.exit(main())
