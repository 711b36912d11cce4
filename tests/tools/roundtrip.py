#!/usr/bin/env python3
"""Record, replay, record is the identity: a replay of a trace, recorded, gives the same trace.

SPDX-License-Identifier: MIT

    roundtrip.py HEAPMM STRESS [CASE...]     HEAPMM: the program; STRESS: the one of stress.c. Default: all cases

Each case is a program that is recorded. The trace is replayed on the C library's malloc, and that is recorded, too. The process in
which that happens allocates nothing but what the trace tells, which is tested first: its memory comes from the system. So its trace
must have the same calls in the same order, with the same sizes and alignments, for the same blocks. A block is known by the number
of its allocation, since addresses are not the same in two processes.

Excepted is what a trace cannot tell how to do again: calls that failed, frees of blocks that were allocated before the recording
began (a resize of such a block is an allocation), and a resize to 0 bytes, which is one to 1 byte. And all is done by one thread;
with --concurrent, which `stress` looks at too, each thread's calls are the same and in the same order.
"""
import collections
import csv
import json
import subprocess
import sys
import time
from pathlib import Path

from cases import ENVIRONMENT, PYTHON, expect, run_cases


class Bench:
    """A directory to work in, and the programs."""

    def __init__(self, heapmm, stress, directory):
        self.heapmm = heapmm
        self.stress = stress
        self.directory = Path(directory)
        self.trace = self.directory / "first.hmt"

    def run(self, *command, **options):
        done = subprocess.run([str(word) for word in command], check=False, capture_output=True, text=True, timeout=300, cwd=self.directory,
                              env={**ENVIRONMENT, **options})
        expect(done.returncode == 0, f"{' '.join(map(str, command))}: status {done.returncode}: {done.stderr}")
        return done.stdout

    def record(self, *command, **options):
        """Of a program that is one process."""
        self.run(self.heapmm, "record", "-q", "-o", self.trace, "--", *command, **options)
        return self.trace

    def replayed(self, trace, *options, on="glibc"):
        """The trace of the process in which a trace was replayed, recorded."""
        for left in self.directory.glob("second*"):
            left.unlink()
        self.run(self.heapmm, "record", "-q", "-o", self.directory / "second.hmt", "--", self.heapmm, "replay", *options, "--on", on, trace)
        for path in self.directory.glob("second*"):
            about = json.loads(self.run(self.heapmm, "stat", "--json", path))
            if about["about"]["command"].endswith(" --worker"):
                expect(about["whole"], "the second trace is not whole")
                return path
        expect(False, "the replay was not recorded")

    def calls(self, trace):
        """(thread, call, size, alignment, block) of each."""
        return list(calls_of(csv.DictReader(self.run(self.heapmm, "export", trace).splitlines())))


def calls_of(rows):
    blocks, count = {}, 0
    for row in rows:
        call, size, old = row["call"], int(row["size"]), row["old_address"]
        if row["failed"] == "1" or (call == "free" and old not in blocks):
            continue
        if call == "realloc" and old != "0x0" and old not in blocks:
            call, old = "malloc", "0x0"
        if call == "realloc" and old != "0x0" and size == 0:
            size = 1
        if old == "0x0":
            count += 1
        number = count if old == "0x0" else blocks.pop(old)
        if call != "free":
            blocks[row["address"]] = number
        yield row["thread"], call, size, int(row["alignment"]), number


def expect_identity(bench, least, on="glibc"):
    """The trace has so many events at least."""
    first, second = bench.calls(bench.trace), bench.calls(bench.replayed(bench.trace, on=on))
    expect(len(first) >= least, f"{len(first)} calls were recorded")
    for i, (one, other) in enumerate(zip(first, second)):
        expect(one[1:] == other[1:], f"call {i}: {one[1:]} is replayed as {other[1:]}")
    expect(len(first) == len(second), f"{len(second)} calls of {len(first)}")


def nothing(bench):
    """The process of a replay allocates nothing of its own."""
    text = bench.directory / "nothing.txt"
    text.write_text("1: free 0x10000\n")
    bench.run(bench.heapmm, "import", "--from", "android", "-o", bench.trace, text)
    for options in ([], ["--verify"], ["--samples", "5"]):
        calls = bench.calls(bench.replayed(bench.trace, *options))
        expect(not calls, f"{options}: {calls[:5]}")


def python(bench):
    bench.record(PYTHON, "-c", "import json; print(len(json.dumps([{str(i): [i] * (i % 50)} for i in range(1500)])))", PYTHONMALLOC="malloc")
    expect_identity(bench, 50_000)


def sqlite(bench):
    bench.record("sqlite3", ":memory:", "create table t(a, b); with recursive n(i) as (select 1 union all select i+1 from n where i < 20000) "
                 "insert into t select i, hex(i*i) from n; create index x on t(b); select sum(length(b)) from t;")
    expect_identity(bench, 30_000)


def redis(bench):
    """The server, for as long as a few hundred commands take."""
    socket = bench.directory / "socket"
    command = [bench.heapmm, "record", "-q", "-o", bench.trace, "--", "redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir",
               bench.directory]
    with subprocess.Popen([str(word) for word in command], env=ENVIRONMENT, stdout=subprocess.DEVNULL) as server:
        for _ in range(300):
            if socket.exists():
                break
            time.sleep(0.05)
        bench.run("redis-benchmark", "-s", socket, "-n", "300", "-r", "50", "-d", "200", "-q", "-t", "set,lpush,hset,spop,zadd,mset")
        subprocess.run(["redis-cli", "-s", str(socket), "shutdown", "nosave"], check=False, capture_output=True, env=ENVIRONMENT)
        expect(server.wait(timeout=60) == 0, f"status {server.returncode}")
    expect_identity(bench, 5_000)


def git(bench):
    bench.run("git", "init", "-q", ".")
    for i in range(60):
        (bench.directory / f"file{i}").write_text(f"line {i}\n" * i)
    bench.run("git", "add", "--", *(f"file{i}" for i in range(60)))
    bench.run("git", "-c", "user.name=a", "-c", "user.email=b", "commit", "-q", "-m", "files")
    bench.record("git", "log", "-p", "--stat")
    expect_identity(bench, 1_000)


def stress(bench):
    """64 threads; then the same, concurrent: each thread's calls are those of one."""
    bench.record(bench.stress, 64, 60_000)
    expect_identity(bench, 40_000)
    sequences = []
    for trace in (bench.trace, bench.replayed(bench.trace, "--concurrent")):
        by_thread = collections.defaultdict(list)
        for thread, call, size, alignment, _ in bench.calls(trace):
            by_thread[thread].append((call, size, alignment))
        sequences.append(collections.Counter(tuple(calls) for calls in by_thread.values()))
    # The C library allocates for each thread that the crew's first one starts.
    left = sequences[1] - sequences[0]
    expect(not sequences[0] - sequences[1], f"{sum((sequences[0] - sequences[1]).values())} threads do something else")
    expect(sum(left.values()) == 1 and all(call[0] == "calloc" for calls in left for call in calls), f"{sum(left.values())} threads too many")


def another_allocator(bench):
    """On the malloc replacement, which the recorder stands before."""
    bench.record("/bin/ls", "-lR", "/etc/ssl")
    expect_identity(bench, 100, on="malloc")


CASES = [nothing, python, sqlite, redis, git, stress, another_allocator]


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    heapmm, program = (str(Path(path).resolve()) for path in arguments[:2])
    cases = {case.__name__: case for case in CASES}
    run_cases([cases[name] for name in (arguments[2:] or list(cases))], lambda directory: Bench(heapmm, program, directory))


if __name__ == "__main__":
    main(sys.argv[1:])
