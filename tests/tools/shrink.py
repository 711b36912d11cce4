#!/usr/bin/env python3
"""Shrinks traces that make commands fail, and looks at what is left.

SPDX-License-Identifier: MIT

    shrink.py HEAPMM BROKEN COMPILER [CASE...]     HEAPMM: the program; BROKEN: the library of broken_malloc.c. Default: all cases

Each case is a function below. Traces are made from texts, by heapmm import.
"""
import csv
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

from cases import expect, run_cases, said_on_terminal

ROOT = Path(__file__).resolve().parents[2]
STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


class Bench:
    """A directory to work in, and the programs."""

    def __init__(self, heapmm, broken, compiler, directory):
        self.heapmm = heapmm
        self.broken = broken
        self.compiler = compiler
        self.directory = Path(directory)
        self.out = self.directory / "out.hmt"

    def run(self, *words, status=0, **environment):
        done = subprocess.run([str(word) for word in words], check=False, capture_output=True, text=True, timeout=300,
                              env={**ENVIRONMENT, **environment})
        expect(done.returncode == status, f"{' '.join(map(str, words))}: status {done.returncode}, not {status}: {done.stderr}{done.stdout[:400]}")
        return done

    def trace(self, lines, name="made.hmt"):
        text = self.directory / "made.txt"
        text.write_text("".join(line + "\n" for line in lines))
        self.run(self.heapmm, "import", "--from", "android", "-o", self.directory / name, text)
        return self.directory / name

    def shrink(self, trace, fails, *options, status=0, **environment):
        return self.run(self.heapmm, "shrink", "--fails", fails, "-o", self.out, *options, trace, status=status, **environment)

    def rows(self, trace=None):
        return list(csv.DictReader(self.run(self.heapmm, "export", trace or self.out).stdout.splitlines()))

    def what(self):
        return [(row["call"], int(row["size"])) for row in self.rows()]

    def compile(self, *options):
        """The program that was written, compiled."""
        program = self.directory / "program"
        self.run(self.compiler, *STRICT, "-O2", "-o", program, self.out.with_suffix(".c"), *options)
        return program

    def verifying(self):
        return f"{self.heapmm} replay --verify --samples 0 --on {self.broken}"


def program(seed, events, *planted):
    """The lines of a program of four threads that allocates, resizes and frees at random, with lines planted in the middle."""
    rng = random.Random(seed)
    live, address, lines = [], 0x10000, []
    for i in range(events):
        thread, size, what = rng.randrange(1, 5), int(300 ** rng.random()), rng.random()
        address += 0x10000
        if i == events // 2:
            lines += planted
        if what < 0.5 or not live:
            lines.append(f"{thread}: malloc {address:#x} {size}")
        elif what < 0.6:
            lines.append(f"{thread}: realloc {address:#x} {live.pop(rng.randrange(len(live))):#x} {size}")
        else:
            lines.append(f"{thread}: free {live.pop(rng.randrange(len(live))):#x}")
            continue
        live.append(address)
    return lines


# ---- That nothing can be left out ------------------------------------------------------------------------------------------

def parse(rows):
    """Calls as (name, block, size, alignment, thread); blocks have numbers."""
    calls, where = [], {}
    for row in rows:
        number = where.pop(row["old_address"]) if row["old_address"] in where else len({call[1] for call in calls})
        if row["call"] != "free":
            where[row["address"]] = number
        calls.append((row["call"], number, int(row["size"]), int(row["alignment"]), row["thread"]))
    return calls


def lines_of(calls):
    lines, live = [], set()
    for name, number, size, alignment, thread in calls:
        address = f"{0x100000 * (number + 1):#x}"
        if name == "aligned_alloc":
            lines.append(f"{thread}: memalign {address} {alignment} {size}")
        elif name == "realloc":
            lines.append(f"{thread}: realloc {address} {address if number in live else '0x0'} {size}")
        elif name == "calloc":
            lines.append(f"{thread}: calloc {address} {size} 1")
        else:
            lines.append(f"{thread}: {name} {address}" + (f" {size}" if name == "malloc" else ""))
        live.add(number)
    return lines


def neighbours(calls):
    """What is left when a block is left out, or one call on it, or a size is smaller by one."""
    for number in {call[1] for call in calls}:
        yield f"without block {number}", [call for call in calls if call[1] != number]
    for i, (name, number, size, alignment, thread) in enumerate(calls):
        if name == "free" or (name == "realloc" and any(call[1] == number for call in calls[:i])):
            yield f"without call {i}", calls[:i] + calls[i + 1:]
        if name != "free" and size > 1:
            yield f"call {i} with {size - 1} bytes", calls[:i] + [(name, number, size - 1, alignment, thread)] + calls[i + 1:]


def expect_minimal(bench, fails):
    """It fails; and none of its neighbours does."""
    calls = parse(bench.rows())
    for what, less in [("as it is", calls), *(neighbour for neighbour in neighbours(calls) if neighbour[1])]:
        trace = bench.trace(lines_of(less), "less.hmt")
        status = subprocess.run(["sh", "-c", f"{fails} {trace}"], check=False, capture_output=True, env={**ENVIRONMENT, "BROKEN": bench.way}).returncode
        expect((status != 0) == (what == "as it is"), f"{what}: status {status}")


# ---- Cases -----------------------------------------------------------------------------------------------------------------

WAYS = {
    "twice": (["3: malloc 0x20 777"], [("malloc", 1), ("malloc", 777)]),
    "crash": (["3: malloc 0x20 777"], [("malloc", 777)]),
    "scribble": (["3: malloc 0x20 777", "2: malloc 0x30 100", "1: malloc 0x40 8", "3: free 0x20", "2: free 0x30"], None),
    "forget": (["3: malloc 0x20 900", "2: realloc 0x30 0x20 777", "1: free 0x30"], [("malloc", 1), ("realloc", 777)]),
    "unaligned": (["3: memalign 0x20 4096 777", "2: free 0x20"], [("aligned_alloc", 777)]),
}


def broken(bench):
    """A malloc with a planted bug: what is left shows it, and so does the program."""
    for bench.way, (planted, left) in WAYS.items():
        bench.shrink(bench.trace(program(1, 400, *planted)), bench.verifying(), BROKEN=bench.way)
        expect(left is None or bench.what() == left, f"{bench.way}: {bench.what()}")
        expect_minimal(bench, bench.verifying())
        built = bench.compile()
        expect(bench.run(built).stdout == "nothing is wrong\n", f"{bench.way}: wrong on the system's malloc")
        done = subprocess.run([built], check=False, capture_output=True, env={"LD_PRELOAD": bench.broken, "BROKEN": bench.way})
        # aligned_alloc is the system's, since the library has none.
        expect((done.returncode != 0) == (bench.way != "unaligned"), f"{bench.way}: the program ends with status {done.returncode}")


def arena(bench):
    """A heap that is too small: no size can be smaller, and the program needs just as much."""
    bench.way = ""
    fails = f"{bench.heapmm} size --on tiny --fits 700"
    bench.shrink(bench.trace(program(2, 60)), fails)
    expect_minimal(bench, fails)
    options = ["-DHEAP=hmm_tiny_heap", f"-I{ROOT / 'include'}", *(ROOT / "src/heap" / name for name in ("tiny_heap.c", "result.c"))]
    done = subprocess.run([bench.compile("-DARENA=700", *options)], check=False, capture_output=True, text=True)
    expect(done.returncode == 1 and "no memory" in done.stderr, f"700 bytes: {done.stderr}")
    bench.run(bench.compile("-DARENA=1400", *options))
    bench.run(bench.compile())


def units(bench):
    """What fails is several things at once: threads, a resize, a free, an alignment."""
    bench.way = ""
    planted = ["7: malloc 0x20 100", "8: realloc 0x20 0x20 200", "9: free 0x20", "9: memalign 0x30 512 5050", "8: malloc 0x20 20",
               "7: calloc 0x40 30 2", "7: malloc 0x0 5"]
    trace = bench.trace(program(3, 300, *planted))
    for condition, left in (
            ('$4 == "realloc" && $3 == 5', [("malloc", 1), ("realloc", 1)]),
            ('$4 == "free" && $3 == 6', [("malloc", 1), ("free", 0)]),
            ('$4 == "aligned_alloc" && $7 >= 64', [("aligned_alloc", 1)]),
            ('$4 == "calloc" && $6 > 9', [("calloc", 10)]),
            ('$6 == 5050', [("malloc", 5050)]),
            ('$5 == 1', [("malloc", 1)]),
            ('$4 == "malloc" && $8 == "0x20" && ++n == 2', [("malloc", 1), ("free", 0), ("malloc", 1)])):
        fails = f"{bench.heapmm} export {{}} | awk -F, 'NR > 1 && {condition} {{ found = 1 }} END {{ exit found }}'"
        bench.shrink(trace, fails)
        expect(bench.what() == left, f"{condition}: {bench.what()}")
        bench.compile()
    bench.shrink(trace, f"{bench.heapmm} export {{}} | awk -F, 'NR > 1 && $6 > 1 {{ large = 1 }} END {{ exit NR - 1 >= (large ? 2 : 1) }}'")
    expect(len(bench.rows()) == 1, f"{bench.what()}: smaller sizes do not leave fewer calls")
    mixed = bench.trace([f"1: malloc {0x10000 * (i + 1):#x} {(50, 100)[i % 2]}" for i in range(12)], "mixed.hmt")
    bench.shrink(mixed, f"{bench.heapmm} export {{}} | awk -F, 'NR > 1 && $6 >= 100 {{ n++ }} END {{ exit n >= 6 }}'")
    expect(bench.what() == [("malloc", 100)] * 6, f"every second one is needed: {bench.what()}")
    bench.shrink(trace, f"{bench.heapmm} export {{}} | awk -F, 'NR > 1 && $7 >= 64 {{ found = 1 }} END {{ exit found }}'")
    expect([row["alignment"] for row in bench.rows()] == ["64"], "the alignment could be smaller")


def pairs(rounds):
    """Blocks that come and go, and one of 777 bytes in the middle."""
    lines = [line for i in range(rounds) for line in (f"{i % 3}: malloc {0x10000 * (i % 64 + 2):#x} {i % 700}", f"{i % 2}: free {0x10000 * (i % 64 + 2):#x}")]
    lines[rounds:rounds] = ["1: malloc 0x5 777"]
    return lines


def long_trace(bench):
    """100,000 events, in two minutes at most."""
    begun = time.monotonic()
    bench.shrink(bench.trace(pairs(50000)), bench.verifying(), BROKEN="twice")
    expect(time.monotonic() - begun < 120, f"{time.monotonic() - begun} s")
    expect(bench.what() == [("malloc", 1), ("malloc", 777)], f"{bench.what()}")


def streams(bench):
    """Memory does not grow with the trace."""
    peaks = []
    fails = f"{bench.heapmm} export {{}} | awk -F, '$6 == 777 {{ exit 1 }}'"
    # A process begins with the peak of the one that starts it, so a small one does.
    starter = ("import os, resource, sys; status = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:]); "
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)")
    for rounds in (5000, 50000):
        words = [bench.heapmm, "shrink", "-o", bench.out, "--fails", fails, bench.trace(pairs(rounds))]
        peaks.append(int(bench.run(sys.executable, "-S", "-c", starter, *words).stdout.split()[-1]))
        expect(bench.what() == [("malloc", 777)], f"{bench.what()}")
    expect(peaks[1] < peaks[0] + 512, f"{peaks} KiB")


def refused(bench):
    """What cannot be shrunk, and what must not be written over."""
    trace = bench.trace(program(4, 50))
    for fails, text in (("true", "does not fail"), ("false", "without events fails"), ("nowhere-at-all", "cannot be run"),
                        ("exit 125;", "does not fail"), ("test $(basename {}) != made.hmt || exit 1;", "written anew")):
        expect(text in bench.shrink(trace, fails, status=1).stderr, f"{fails}: {text}?")
        expect({path.name for path in bench.directory.iterdir()} == {"made.txt", "made.hmt"}, f"{fails}: something is left")
    bench.out.write_text("mine")
    expect("is no trace" in bench.shrink(trace, "false", status=1).stderr and bench.out.read_text() == "mine", "out.hmt is written over")
    bench.out.unlink()
    bench.out.with_suffix(".c").write_text("int x;")
    fails = f"test $({bench.heapmm} export {{}} | wc -l) -lt 9"
    expect("not of heapmm shrink" in bench.shrink(trace, fails, status=1).stderr, "out.c is taken")
    expect(bench.out.with_suffix(".c").read_text() == "int x;", "out.c is written over")
    expect("what is to be shrunk" in bench.run(bench.heapmm, "shrink", "--fails", "false", "-o", trace, trace, status=1).stderr, "the trace is written over")
    os.mkfifo(bench.directory / "pipe.hmt")
    tried = shutil.copy(trace, bench.directory / "new.try.hmt")
    for path, output, text in ((trace, "pipe.hmt", "no plain file"), (trace, ".", "no plain file"), (tried, "new.hmt", "trace"), (trace, "no/new.hmt", "No such")):
        said = bench.run(bench.heapmm, "shrink", "--fails", fails, "-o", bench.directory / output, path, status=1).stderr
        expect(text in said, f"{output}: {said}")
    expect(Path(tried).read_bytes() == trace.read_bytes() and (bench.directory / "pipe.hmt").is_fifo(), "what was there is lost")
    expect("will not do" in bench.run(bench.heapmm, "shrink", "--fails", fails, "-o", "-", trace, status=1).stderr, "-o -")


def two_at_once(bench):
    """The second is refused, and the first goes on."""
    trace = bench.trace(program(9, 200))
    fails = f"sleep 0.1; test $({bench.heapmm} export {{}} | wc -l) -lt 4"
    with subprocess.Popen([bench.heapmm, "shrink", "--fails", fails, "-o", bench.out, trace], stdout=subprocess.PIPE) as first:
        while not bench.out.exists():
            time.sleep(0.05)
        expect("another heapmm shrink" in bench.shrink(trace, fails, status=1).stderr, "both write to the same files")
        first.communicate(timeout=100)
    expect(first.returncode == 0 and len(bench.rows()) == 3, f"status {first.returncode}, {len(bench.rows())} events")
    bench.compile()


def places(bench):
    """The path stands at the end or where it is wanted, also if a shell would not take it; signals are failures; 125 is none."""
    trace = bench.trace(program(5, 40))
    spaced = bench.directory / "a b'c"
    spaced.mkdir()
    shutil.copy(trace, spaced / "x y.hmt")
    count = f"test $({bench.heapmm} export {{}} | wc -l) -lt 4"
    for fails in (count, count + " || kill -9 $$", f"{count} && exit 0; true {{}}; exit 3"):
        bench.run(bench.heapmm, "shrink", "--fails", fails, spaced / "x y.hmt")
        expect(len(bench.rows(spaced / "x y-shrunk.hmt")) == 3, f"{fails}: {len(bench.rows(spaced / 'x y-shrunk.hmt'))} events")
    bench.shrink(trace, f"n=$({bench.heapmm} export {{}} | wc -l); test $n -lt 4 && exit 0; test $n -lt 9 && exit 125; exit 1")
    expect(len(bench.rows()) == 8, f"{len(bench.rows())} events, with status 125 below")


def hangs(bench):
    """What takes too long is no failure, but if that is what is looked for; no process is left."""
    trace = bench.trace(program(6, 4))
    mark = f"{int(time.monotonic() * 1000)}"
    slow = f"sleep 10{mark}"
    done = bench.shrink(trace, f"test $({bench.heapmm} export {{}} | wc -l) -lt 3 || {slow}", "--timeout", "1")
    expect("taken for the failure" in done.stderr and len(bench.rows()) == 2, f"{done.stderr} {len(bench.rows())} events")
    bench.shrink(trace, f"n=$({bench.heapmm} export {{}} | wc -l); test $n -ge 3 || exit 0; test $n -gt 4 || {slow}; exit 1", "--timeout", "1")
    expect(len(bench.rows()) == 4, f"{len(bench.rows())} events: what hangs is taken for a failure")
    bench.shrink(trace, f"{slow} & test $({bench.heapmm} export {{}} | wc -l) -lt 3")
    expect(subprocess.run(["pgrep", "-f", slow], check=False, capture_output=True).stdout == b"", "a process is left")


def interrupted(bench):
    """The best so far is kept, and fails."""
    trace = bench.trace(program(7, 3000))
    fails = f"sleep 0.1; test $({bench.heapmm} export {{}} | wc -l) -lt 100"
    for number in (signal.SIGINT, signal.SIGTERM):
        with subprocess.Popen([bench.heapmm, "shrink", "--fails", fails, "-o", bench.out, trace], stdout=subprocess.PIPE, text=True) as process:
            while not bench.out.exists() or bench.out.stat().st_size > trace.stat().st_size // 4:
                time.sleep(0.05)
            process.send_signal(number)
            said = process.communicate(timeout=60)[0]
        expect(process.returncode == 130 and "interrupted" in said and str(bench.out) in said, f"status {process.returncode}: {said}")
        events = len(bench.rows())
        expect(99 <= events < 3000, f"{events} events")
        bench.compile()
        bench.out.unlink()
    with subprocess.Popen([bench.heapmm, "shrink", "--fails", "sleep 5; false", "-o", bench.out, trace], stderr=subprocess.PIPE, text=True) as process:
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=4)[1]
    expect(process.returncode == 130 and not bench.out.exists(), f"status {process.returncode}: {said}")


def surroundings(bench):
    """Who starts it may ignore signals, as nohup does, or have closed its files."""
    trace = bench.trace(program(10, 60))
    fails = f"sleep 0.1; test $({bench.heapmm} export {{}} | wc -l) -lt 4"
    words = [bench.heapmm, "shrink", "-t", "9", "-o", bench.out, "--fails", fails, trace]

    def ignore():
        for number in (signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=ignore) as process:
        while not bench.out.exists() and process.poll() is None:
            time.sleep(0.05)
        process.send_signal(signal.SIGHUP)
        said = process.communicate(timeout=100)
    expect(process.returncode == 0 and said[1] == "" and len(bench.rows()) == 3, f"status {process.returncode}: {said}")
    bench.out.unlink()
    done = subprocess.run(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *words], check=False, timeout=100)
    expect(done.returncode == 1 and len(bench.rows()) == 3, f"closed files: status {done.returncode}")


def names(bench):
    """The program can be compiled whatever the trace is called, and says how."""
    for name in ("d*/c.hmt", "e/*f.hmt", f"{'long-' * 30}.hmt"):
        path = bench.directory / name
        path.parent.mkdir(exist_ok=True)
        shutil.copy(bench.trace(program(11, 30)), path)
        bench.out = path.with_name("x" + path.name)
        bench.shrink(path, f"test $({bench.heapmm} export {{}} | wc -l) -lt 4")
        bench.compile()
        expect(f" {bench.out.stem}.c && ./a.out" in bench.out.with_suffix(".c").read_text(), f"{name}: not how it is compiled")


def short_number(value):
    return bytes([value & 127 | 128]) + short_number(value >> 7) if value > 127 else bytes([value])


def frame(kind, events, contents):
    head = struct.pack("<4sBBHIII", b"\x89hmt", 1, kind, 0, len(contents), len(contents), events)
    first = struct.pack("<Q", 0)
    return head + struct.pack("<I", zlib.crc32(head + first + contents)) + first + contents


def hostile(bench):
    """Threads with numbers far apart, and blocks at 0: a trace that no recorder writes, byte by byte as docs/trace-format.md says."""
    records = [b"\x00\x00\x05\x00", b"\x00\x00\x06\x00"]  # malloc of 5 and 6 bytes, both at 0
    for thread in (0, 2**32 - 1):
        records.append(b"\x10" + short_number(thread) + b"\x00" + short_number(777) + short_number(2))
    (bench.directory / "made.hmt").write_bytes(frame(1, 0, b"") + frame(2, len(records), b"".join(records)))
    trace = bench.directory / "made.hmt"
    for condition, left in (("$3 == 0 && ++n == 2", 2), ("$6 == 777 && ++n == 2", 2)):
        fails = f"{bench.heapmm} export {{}} 2> /dev/null | awk -F, 'NR > 1 && {condition} {{ found = 1 }} END {{ exit found }}'"
        bench.shrink(trace, fails)
        expect(len(bench.rows()) == left, f"{condition}: {bench.what()}")
        bench.run(bench.compile())


def full_disk(bench):
    """Where the disk is full, the shortest so far is named."""
    trace = bench.trace(program(12, 300))
    fails = f"n=$({bench.heapmm} export {{}} | wc -l); test $n -lt 9 || exit 1; test $n = 1 || ln -sf /dev/full {bench.directory}/out.try.hmt"
    said = bench.shrink(trace, fails, status=1).stderr
    expect("No space left" in said and f"{bench.out} is the shortest so far" in said, said)
    expect(len(bench.rows()) < 300, "it is the whole trace")


def progress(bench):
    """A line with rate and time left, on a terminal only, gone in the end."""
    trace = bench.trace(program(8, 300))
    words = [bench.heapmm, "shrink", "--fails", f"sleep 0.2; test $({bench.heapmm} export {{}} | wc -l) -lt 4", "-t", "9", "-o", bench.out, trace]
    said = said_on_terminal(*words)
    expect("of 300 events: " in said and "/s, " in said and " s left" in said and said.endswith("\r\033[K"), f"progress is {said!r}")
    expect(bench.run(*words).stderr == "", "progress without a terminal")


CASES = [broken, arena, units, long_trace, streams, refused, two_at_once, places, hangs, interrupted, surroundings, names, hostile, full_disk, progress]


def main(arguments):
    if len(arguments) < 3:
        sys.exit(__doc__)
    heapmm, library = (str(Path(path).resolve()) for path in arguments[:2])
    cases = {case.__name__: case for case in CASES}
    run_cases([cases[name] for name in (arguments[3:] or list(cases))], lambda directory: Bench(heapmm, library, arguments[2], directory))


if __name__ == "__main__":
    main(sys.argv[1:])
