"""Runs a program with one allocator or another, and tells what it took.

SPDX-License-Identifier: MIT
"""
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LIBRARIES = "/usr/lib/x86_64-linux-gnu" if os.path.isdir("/usr/lib/x86_64-linux-gnu") else "/usr/lib/aarch64-linux-gnu"
GLIBC = "glibc"
OURS = "heapmm"
PEERS = {"mimalloc": "libmimalloc.so.2.0", "jemalloc": "libjemalloc.so.2", "tcmalloc": "libtcmalloc_minimal.so.4"}

# wall and cpu in seconds, rss in MiB, faults; output: a digest of what was printed.
Taken = namedtuple("Taken", "wall cpu rss faults output")


def both(build):
    """{name: library to preload}. Debian's redis is linked with jemalloc, so the C library's malloc has to be preloaded, too."""
    return {GLIBC: f"{LIBRARIES}/libc.so.6", OURS: str(build / "libheapmm-malloc.so")}


def all_of_them(build, more):
    """The same with the peers, and the libraries that somebody gives."""
    found = {**both(build), **{name: f"{LIBRARIES}/{file}" for name, file in PEERS.items()}}
    for library in more:
        name = re.sub(r"^lib|\.so.*$", "", os.path.basename(library))
        if name in found:
            sys.exit(f"bench: there is a {name} already; give {library} another file name")
        found[name] = os.path.abspath(library)
    missing = [library for library in found.values() if not os.path.exists(library)]
    if missing:
        sys.exit(f"bench: missing: {', '.join(missing)}")
    return found


def environment(directory):
    kept = {name: value for name, value in os.environ.items() if not re.match("MALLOC_|MIMALLOC_|TCMALLOC_|HEAPMM_|LD_|PYTHON|GIT_", name)}
    return {**kept, "LC_ALL": "C", "HOME": str(directory), "PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0", "GIT_CONFIG_NOSYSTEM": "1"}


class Launcher:
    """One allocator, with or without huge pages. `directory`: where the programs' inputs stand."""

    def __init__(self, build, name, library, directory, huge_pages=False):
        self.build = build
        self.name = name
        self.library = library
        self.directory = directory
        self.huge_pages = huge_pages

    def command(self, report, command):
        return [str(word) for word in (self.build / "bench/malloc/launch", report, self.library, "on" if self.huge_pages else "off",
                                       *command)]

    def start(self, report, command, output):
        """The launcher itself is not measured. The program has nothing on standard input, and writes all to `output`."""
        return subprocess.Popen(self.command(report, command), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                cwd=self.directory, env=environment(self.directory))

    def finish(self, process, report, command, output):
        """What the program took, and what it wrote; ends the benchmark if it failed."""
        status = process.wait()
        output.seek(0)
        text = output.read()
        if status != 0 or read(report)[4] != "0":
            shown = text[-2000:].decode(errors="replace")
            sys.exit(f"\nbench: this failed with {self.name}: {' '.join(map(str, command))}\n{shown}")
        wall, cpu, rss, faults, _ = read(report)
        return Taken(float(wall), float(cpu), int(rss) / 1024, int(faults), hashlib.sha256(text).hexdigest()), text.decode(errors="replace")

    def run(self, command):
        with tempfile.TemporaryFile() as output:
            return self.run_into(output, command)

    def run_into(self, output, command):
        """output: a file that can be written and read."""
        with tempfile.NamedTemporaryFile() as report:
            return self.finish(self.start(report.name, command, output), report.name, command, output)


def read(report):
    with open(report, encoding="ascii") as file:
        return file.read().split() or ["-"] * 5
