#!/usr/bin/env python3
"""Replays traces: on heapmm's heaps, on other mallocs, and on mallocs that are broken.

SPDX-License-Identifier: MIT

    replay.py HEAPMM BROKEN [CASE...]     HEAPMM: the program; BROKEN: the library of broken_malloc.c. Default: all cases

Each case is a function below. Traces are made from texts, by heapmm import.
"""
import csv
import ctypes
import json
import os
import platform
import random
import re
import struct
import subprocess
import sys
import time
from pathlib import Path

from cases import expect, run_cases, said_on_terminal

ARENAS = ["heap", "heap8", "tiny", "tiny4", "wide", "single-tree", "pool"]
MALLOCS = ["malloc", "glibc"]
SMALL = Path(__file__).resolve().parent / "golden" / "small.hmt"


class Bench:
    """A directory to work in, and the programs."""

    def __init__(self, heapmm, broken, directory):
        self.heapmm = heapmm
        self.broken = broken
        self.directory = Path(directory)

    def run(self, *words, status=0, **environment):
        done = subprocess.run([self.heapmm, *(str(word) for word in words)], check=False, capture_output=True, text=True,
                              timeout=300, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", **environment})
        expect(done.returncode == status, f"{' '.join(map(str, words))}: status {done.returncode}, not {status}: {done.stderr}{done.stdout[:400]}")
        return done

    def trace(self, lines, name="made"):
        """A trace of lines without times, and maybe with a thread."""
        text = self.directory / f"{name}.txt"
        text.write_text("".join(f"{line if ':' in line else '1: ' + line} {1000 * i} {1000 * i + 10}\n" for i, line in enumerate(lines)))
        self.run("import", "--from", "android", "-o", self.directory / f"{name}.hmt", text)
        return self.directory / f"{name}.hmt"

    def replay(self, trace, on, *options, status=0, **environment):
        """What came of it, by allocator."""
        names = [word for name in on for word in ("--on", name)]
        done = self.run("replay", "--json", *names, *options, trace, status=status, **environment)
        return {row["allocator"]: row for row in json.loads(done.stdout)["replays"]}

    def sizes(self, trace, *options, status=0):
        return {row["heap"]: row for row in json.loads(self.run("size", "--json", *options, trace, status=status).stdout)["heaps"]}


def program(seed, steps, most):
    """The lines of a program that allocates, resizes and frees at random."""
    rng = random.Random(seed)
    live, address, lines = [], 0x10000, []
    for _ in range(steps):
        size = int(most ** rng.random())
        what = rng.random()
        address += 0x10000
        if what < 0.4 or not live:
            lines.append(f"malloc {address:#x} {size}")
        elif what < 0.45:
            lines.append(f"calloc {address:#x} {size} 2")
        elif what < 0.5:
            lines.append(f"memalign {address:#x} {2 ** rng.randrange(4, 9)} {size}")
        elif what < 0.6:
            moved = live.pop(rng.randrange(len(live)))
            lines.append(f"realloc {address:#x} {moved:#x} {size}")
        else:
            lines.append(f"free {live.pop(rng.randrange(len(live))):#x}")
            continue
        live.append(address)
    return lines


def curve(bench, trace):
    """Live bytes after each event, from the events alone."""
    live, total, points = {}, 0, []
    for row in csv.DictReader(bench.run("export", trace).stdout.splitlines()):
        if row["failed"] == "0":
            for address in (row["old_address"], row["address"]):
                total -= live.pop(address, 0)
            if row["address"] != "0x0":
                live[row["address"]] = int(row["size"])
                total += int(row["size"])
        points.append(total)
    return points


def live_bytes(bench):
    """They are those of the trace after each event, on every allocator."""
    for trace in (SMALL, bench.trace(program(1, 3000, 500))):
        points = curve(bench, trace)
        found = json.loads(bench.run("stat", "--json", trace).stdout)
        expect(max(points) == found["peak"]["bytes"] and points[-1] == found["end"]["bytes"], "stat counts other live bytes")
        for name, row in bench.replay(trace, ARENAS + MALLOCS, "--samples", len(points)).items():
            expect(row["failures"] == 0 and row["events"] == len(points), f"{name}: {row['failures']} failures")
            expect([at["events"] for at in row["samples"]] == list(range(1, len(points) + 1)), f"{name}: samples are missing")
            expect([at["live"] for at in row["samples"]] == points, f"{name}: other live bytes than the trace's")
            expect(row["peak_live"] == max(points), f"{name}: another peak")


def contents(bench):
    """No allocator of heapmm or the system is broken."""
    trace = bench.trace(program(2, 20000, 300))
    for name, row in bench.replay(trace, [name for name in ARENAS if name[:4] != "tiny"] + MALLOCS, "--verify").items():
        expect(row["state"] == "finished" and row["failures"] == 0, f"{name}: {row['state']}: {row['fault']}")
    for name, row in bench.replay(bench.trace(program(3, 4000, 60)), ["tiny", "tiny4"], "--verify").items():
        expect(row["state"] == "finished" and row["failures"] == 0, f"{name}: {row['state']}: {row['fault']}")


WAYS = {
    "twice": ("malloc 0x20000 777", "overlaps"),
    "into the next": ("malloc 0x20000 777", "overlaps one of 1000 bytes"),
    "misaligned": ("malloc 0x20000 777", "is not aligned to 16"),
    "unaligned": ("memalign 0x20000 2048 777", "is not aligned to 2048"),
    "dirty": ("calloc 0x20000 777 1", "byte 100 of a zeroed block of 777 bytes"),
    "forget": ("realloc 0x20000 0x10000 777", "byte 776 of the 777"),
    "crash": ("malloc 0x20000 777", "signal 6"),
    "exit": ("malloc 0x20000 777", "ended with status 0"),
}


def broken(bench):
    """A malloc that is broken is found, and what is broken is said."""
    for way, (line, text) in WAYS.items():
        trace = bench.trace(["malloc 0x50000 100", "malloc 0x10000 1000", line, "free 0x20000"])
        sound = bench.replay(trace, [bench.broken], "--verify")[bench.broken]
        expect(sound["state"] == "finished", f"sound: {sound['fault']}")
        row = bench.replay(trace, ["heap", bench.broken], "--verify", status=1, BROKEN=way)
        expect(row["heap"]["state"] == "finished", f"{way}: heap: {row['heap']['fault']}")
        found = row[bench.broken]
        expect(found["state"] == "broken" and text in found["fault"], f"{way}: {found['state']}: {found['fault']}")
    for last in (["free 0x50000"], []):
        trace = bench.trace(["malloc 0x20000 777", "malloc 0x50000 100", "free 0x20000", *last])
        found = bench.replay(trace, [bench.broken], "--verify", status=1, BROKEN="scribble")[bench.broken]
        expect("byte 5 of the 100" in found["fault"], f"scribble: {found['fault']}")
    full = bench.replay(bench.trace(["malloc 0x10000 5", "malloc 0x20000 777"]), [bench.broken], BROKEN="full")[bench.broken]
    expect((full["failures"], full["first_failure"], full["state"]) == (1, 1, "finished"), f"full: {full}")


def libraries(bench):
    """A library that cannot be preloaded, or has no malloc, is not taken for one."""
    text = bench.directory / "text.so"
    text.write_text("no library")
    row = bench.replay(SMALL, [str(text), "heap"], status=1)
    expect(row[str(text)]["state"] == "unusable" and "no library" in row[str(text)]["fault"], f"{row[str(text)]}")
    expect(row["heap"]["state"] == "finished", "heap was not replayed, too")
    spaced = bench.directory / "a b.so"
    spaced.write_bytes(Path(bench.broken).read_bytes())
    expect("space" in bench.run("replay", "--on", spaced, SMALL, status=1).stderr, "a space is taken")
    trace = bench.trace(["malloc 0x10000 777"])
    expect(bench.replay(trace, [bench.broken], BROKEN="full")[bench.broken]["failures"] == 1, "the library is not preloaded")
    preloaded = bench.replay(trace, ["glibc"], LD_PRELOAD=bench.broken, BROKEN="full")
    expect(preloaded["glibc"]["failures"] == 0, "glibc is not the system's when another malloc is preloaded")


def malloc(bench):
    """Memory of a malloc is what its blocks take, and falls when they are freed."""
    lines = [f"malloc {0x1000000 * (i + 1):#x} 1000000" for i in range(40)] + [f"free {0x1000000 * (i + 1):#x}" for i in range(40)]
    rows = bench.replay(bench.trace(lines), MALLOCS, "--samples", 80)
    for name, row in rows.items():
        expect(40e6 < row["memory"] < 44e6, f"{name}: {row['memory']} bytes for 40 million")
        expect(row["samples"][19]["memory"] < 24e6, f"{name}: {row['samples'][19]['memory']} bytes for 20 million")
    last = rows["glibc"]["samples"][79]["memory"]
    expect(last < 20e6, f"glibc: {last} bytes for none")


def exact(bench):
    """Memory of a malloc is the same each time, and never less than what was live or a sample shows, also between samples."""
    release = tuple(int(number) for number in re.findall(r"\d+", platform.release())[:2])
    spread = 16384 if release >= (5, 14) else 262144  # before, code could not be loaded beforehand
    lines = [f"malloc {0x10000 * (i + 1):#x} 3000" for i in range(700)] + [f"free {0x10000 * (i + 1):#x}" for i in range(699, -1, -1)]
    trace = bench.trace(lines + repeated(3000, 50))
    for options in ([], ["--concurrent"]):
        found = []
        for samples in (0, 1, 1, 20, 20):
            row = bench.replay(trace, ["glibc"], *options, "--samples", samples)["glibc"]
            found.append(row["memory"])
            expect(row["peak_live"] == 2100000, f"a peak of {row['peak_live']}")
            expect(row["memory"] >= max([row["peak_live"], *(at["memory"] for at in row["samples"])]), f"{row['memory']}: {row}")
        expect(max(found) - min(found) <= spread, f"{found} {options}")


def moments(bench):
    """Samples of a concurrent replay lie evenly, also where there are more windows; and one is at the end."""
    trace = bench.trace(["malloc 0x10 10000", *repeated(160000, 20)])
    for samples in (1, 2):
        at = [sample["events"] for sample in bench.replay(trace, ["heap"], "--concurrent", "--samples", samples)["heap"]["samples"]]
        expect(len(at) == samples and at[-1] == 320001 and at[0] >= 160000, f"{samples} samples: {at}")


def closed_files(bench):
    """Standard files that are closed are not taken for others."""
    for closed, status in (("<&-", 0), ("2>&-", 0), (">&-", 1), ("<&- >&- 2>&-", 1)):
        done = subprocess.run(["sh", "-c", f'exec "$@" {closed}', "sh", bench.heapmm, "replay", "--on", "glibc", SMALL], check=False, capture_output=True, text=True)
        expect(done.returncode == status and "broken" not in done.stdout, f"{closed}: status {done.returncode}: {done.stdout}")


def arenas(bench):
    """An arena grows to what is needed, over more than one region where blocks or regions are short."""
    for size, count in ((40000, 3), (3000000, 30)):
        lines = [f"malloc {0x1000000 * (i + 1):#x} {size}" for i in range(count)] + ["realloc 0xfff0000 0x1000000 100"]
        for name, row in bench.replay(bench.trace(lines), ["tiny", "heap", "wide", "pool", "single-tree"], "--verify").items():
            fits = name != "tiny" or size < 65536
            expect(row["failures"] == (0 if fits else count), f"{name}: {row['failures']} failures of {count} x {size}")
            least = row["peak_live"]
            expect(not fits or least < row["memory"] <= (1.8 if name == "tiny" else 1.03) * least, f"{name}: {row['memory']} for {least}")


def hostile(bench):
    """Sizes and alignments that cannot be are failures, and cost neither time nor memory."""
    lines = [f"malloc {0x10000 * (i + 1):#x} {size}" for i, size in enumerate((2**64 - 1, 2**63, 2**63 - 1, 2**62, 2**33, 0))]
    lines += [f"memalign {0x1000000 * (i + 1):#x} {alignment} 10" for i, alignment in enumerate((2**63, 2**62, 2**40, 3, 0))]
    lines += ["calloc 0x20000000 4294967296 4294967296", "realloc 0x30000000 0x1000000 18446744073709551615", "malloc 0x10000 50"]
    trace = bench.trace(lines)
    for name, row in bench.replay(trace, ["heap", "heap8", "tiny", "tiny4", "pool"]).items():
        expect(row["state"] == "finished" and row["failures"] == 10, f"{name}: {row['failures']} failures, {row['fault']}")
        expect(row["memory"] < 2**20, f"{name}: {row['memory']} bytes")
    bench.run("size", trace, status=1)
    command = ["sh", "-c", f"ulimit -v 1000000; exec '{bench.heapmm}' replay --on single-tree --arena 3G {SMALL}"]
    limited = subprocess.run(command, check=False, capture_output=True, text=True)
    expect(limited.returncode == 1 and "cannot be so small or so large" in limited.stdout, f"3 GiB of 1: {limited.stdout}")


def expect_smallest(bench, trace, name, row):
    """Completes in so much, and not in a granule less."""
    fits = bench.replay(trace, [name], "--arena", row["bytes"], "--verify")[name]
    expect(fits["failures"] == 0 and fits["memory"] == row["bytes"], f"{name}: fails in {row['bytes']}")
    less = json.loads(subprocess.run([bench.heapmm, "replay", "--json", "--on", name, "--arena", str(row["bytes"] - row["granule"]),
                                      trace], check=False, capture_output=True).stdout)["replays"][0]
    expect(less["failures"] > 0 or less["state"] == "unusable", f"{name}: less than {row['bytes']} is enough")


def sizes(bench):
    """The answer of size is the smallest: for programs at random, no events, and one byte."""
    on = [word for name in ARENAS for word in ("--on", name)]
    for number, lines in enumerate((program(4, 2000, 200), program(5, 300, 2000), ["malloc 0x10000 1"], ["free 0x10000"])):
        trace = bench.trace(lines)
        for name, row in bench.sizes(trace, *on).items():
            expect(row["completes"] or (name[:4] == "tiny" and number == 1), f"{name} has no size for program {number}")
            if row["completes"]:
                expect_smallest(bench, trace, name, row)
    trace = bench.trace(["malloc 0x10000 65000", "malloc 0x30000 1000"])
    found = bench.sizes(trace, "--on", "tiny", "--on", "tiny4", "--on", "heap")
    expect([row["completes"] for row in found.values()] == [False, False, True], f"66000 bytes: {found}")
    bench.run("size", "--on", "tiny", trace, status=1)
    close = bench.trace(["malloc 0x10000 60000", "malloc 0x30000 5300"])
    expect_smallest(bench, close, "tiny", bench.sizes(close, "--on", "tiny")["tiny"])


def fits(bench):
    """The answer and the status of --fits, at the limit and beside it."""
    trace = bench.trace(program(6, 1000, 300))
    for name in ("tiny", "heap", "pool"):
        row = bench.sizes(trace, "--on", name)[name]
        at = bench.run("size", "--on", name, "--fits", row["bytes"], trace)
        expect(f"yes, with 0 B to spare ({name})" in at.stdout, at.stdout)
        expect(bench.sizes(trace, "--on", name, "--fits", row["bytes"] + 2048)[name]["bytes"] == row["bytes"], "the size depends on --fits")
        above = bench.run("size", "--on", name, "--fits", row["bytes"] + 2048, trace)
        expect(f"yes, with 2.0 KiB to spare ({name})" in above.stdout, above.stdout)
        below = bench.run("size", "--on", name, "--fits", row["bytes"] - row["granule"], trace, status=3)
        expect(": no\n" in below.stdout, below.stdout)
    expect("fits in 1 MiB: yes" in bench.run("size", "--fits", "1M", "--on", "tiny", trace).stdout, "tiny takes a part of 1 MiB")
    bench.run("size", "--fits", "16", trace, status=3)


def alignments(bench):
    """Aligned blocks are aligned where the allocator cannot, and stay whole when they are resized."""
    lines = [f"memalign {0x10000 * (i + 1):#x} {2 ** (i % 13)} {100 * i}" for i in range(60)]
    lines += [f"realloc {0x10000 * (i + 1) + 0x1000000:#x} {0x10000 * (i + 1):#x} {50 * i + 1500}" for i in range(60)]
    lines += [f"free {0x10000 * (i + 1) + 0x1000000:#x}" for i in range(60)]
    names = [name for name in ARENAS if name[:4] != "tiny"] + MALLOCS
    for name, row in bench.replay(bench.trace(lines), names, "--verify").items():
        expect(row["state"] == "finished" and row["failures"] == 0, f"{name}: {row['failures']} failures, {row['fault']}")
        expect(row["samples"][-1]["live"] == 0, f"{name}: {row['samples'][-1]['live']} bytes are left")
    again = [line for i in range(300) for line in (f"memalign 0x10000 256 {100 + 16 * (i % 29)}", "realloc 0x20000 0x10000 600", "free 0x20000")]
    for name, row in bench.replay(bench.trace(again), ARENAS, "--verify").items():
        expect(row["memory"] < 4096, f"{name}: {row['memory']} bytes for one block at a time")


def shared(seed, steps, threads):
    """The lines of a program whose threads resize and free each other's blocks."""
    rng = random.Random(seed)
    return [f"{rng.randrange(1, threads + 1)}: {line}" for line in program(seed, steps, 400)]


def concurrent(bench):
    """Each thread by one of its own; whatever is in the blocks stays, and in the end as many bytes are live as in the trace."""
    for threads, steps in ((1, 500), (7, 20000), (70, 20000), (2000, 6000)):
        trace = bench.trace(["5: malloc 0x10 33", "6: malloc 0x10 34", *shared(threads, steps, threads)])
        points = curve(bench, trace)
        on = ["heap", "wide", "single-tree", "pool", *MALLOCS]
        for name, row in bench.replay(trace, on, "--concurrent", "--verify", "--samples", 9).items():
            expect(row["state"] == "finished" and row["failures"] == 0, f"{name}: {row['state']}: {row['fault']}, {row['failures']} failures")
            expect(row["samples"][-1]["live"] == points[-1], f"{name}: {row['samples'][-1]['live']} bytes live, not {points[-1]}")
            expect(row["threads"] == min(len(set(line.split(":")[0] for line in shared(threads, steps, threads)) | {"5", "6"}), 1024), f"{row['threads']} threads")
            expect(row["wall_nanoseconds"] > 0 and row["nanoseconds"] > 0, f"{name}: no time")
    for name, row in bench.replay(trace, ["tiny", "heap"], "--concurrent", "--arena", "4K").items():
        expect(row["state"] == "finished" and row["failures"] > 0, f"{name} in 4 KiB: {row}")
    rows = list(bench.replay(trace, ["heap", "glibc", "pool"], "--concurrent", "--by", "time").values())
    expect([row["wall_nanoseconds"] for row in rows] == sorted(row["wall_nanoseconds"] for row in rows), "not by wall time")


def at_once(bench):
    """Threads do not wait for each other but for blocks; and for blocks they do."""
    trace = bench.trace(["1: malloc 0x10000 777", "2: malloc 0x20000 778", "2: free 0x20000", "2: free 0x10000"])
    expect(bench.replay(trace, [bench.broken], BROKEN="wait")[bench.broken]["failures"] == 1, "one thread plays both")
    row = bench.replay(trace, [bench.broken], "--concurrent", "--verify", BROKEN="wait")[bench.broken]
    expect(row["failures"] == 0 and row["state"] == "finished", f"one waits for the other: {row}")
    trace = bench.trace(["1: malloc 0x10000 777", "2: free 0x10000", "2: malloc 0x20000 778"])
    expect(bench.replay(trace, [bench.broken], "--concurrent", BROKEN="wait")[bench.broken]["failures"] == 1, "a block is freed before it is there")
    trace = bench.trace(["1: malloc 0x10000 777", "1: free 0x10000", "2: malloc 0x20000 778"])
    row = bench.replay(trace, [bench.broken], "--concurrent", BROKEN="wait")[bench.broken]
    expect(row["failures"] == 0, f"a block waits for another to be freed: {row}")
    # These do not depend on what other threads do.
    for way, text in (("misaligned", "is not aligned"), ("forget", "when it has been resized"), ("crash", "signal")):
        lines = shared(9, 2000, 8)
        lines[1000:1000] = ["3: malloc 0x30000000 100", "2: malloc 0x40000000 777", "2: realloc 0x50000000 0x30000000 777", "3: free 0x40000000"]
        row = bench.replay(bench.trace(lines), [bench.broken], "--concurrent", "--verify", status=1, BROKEN=way)[bench.broken]
        expect(row["state"] == "broken" and text in row["fault"], f"{way}: {row['state']}: {row['fault']}")


def races(bench):
    """For a tool with ThreadSanitizer, which says what it finds."""
    trace = bench.trace(shared(10, 12000, 12))
    done = bench.run("replay", "--concurrent", "--verify", *(word for name in ("heap", "pool", "single-tree", "glibc") for word in ("--on", name)), trace)
    expect(done.stderr == "", done.stderr)
    done = bench.run("replay", "--concurrent", "--on", "pool", "--on", "tiny", "--on", "glibc", "--arena", "20K", trace)
    expect(done.stderr == "", done.stderr)


def without_counters():
    """From here on, the system does not let this process count anything: a filter of system calls answers perf_event_open with EACCES."""
    number = {"x86_64": 298, "aarch64": 241}[platform.machine()]
    rules = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x00050000 | 13), (0x06, 0, 0, 0x7FFF0000)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
    filters = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(rules), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((38, 1, 0, 0, 0), (22, 2, ctypes.addressof(filters), 0, 0)):  # no new privileges; the filter
        if libc.prctl(*(ctypes.c_ulong(word) for word in words)) != 0:
            os._exit(99)


def instructions(bench):
    """They are counted where the system can, and where it cannot nothing is said of them."""
    trace = bench.trace(program(11, 5000, 300))
    for options in ([], ["--concurrent"]):
        words = [bench.heapmm, "replay", *options, "--on", "heap", "--on", "glibc"]
        denied = subprocess.run([*words, trace], check=False, capture_output=True, text=True, preexec_fn=without_counters)
        expect(denied.returncode == 0 and denied.stderr == "" and "instructions" not in denied.stdout, f"{denied}")
        expect("glibc" in denied.stdout, f"{denied}")
        left_out = bench.run(*words[1:], "--no-instructions", trace)
        expect("instructions" not in left_out.stdout, left_out.stdout)
        rows = bench.replay(trace, ["heap", "glibc"], *options)
        if all("instructions" in row for row in rows.values()):
            expect(all(20 < row["instructions"] / row["events"] < 20000 for row in rows.values()), f"{rows}")
            expect("instructions" in bench.run(*words[1:], trace).stdout, "there is no column")


def order(bench):
    """Best first: what is broken last, what failed before it, then by what is asked."""
    trace = bench.trace(program(7, 3000, 3000))
    rows = list(bench.replay(trace, ["tiny", "heap", "wide", "heap8", "single-tree", "glibc"], "--arena", "40K").values())
    expect([row["failures"] for row in rows] == sorted(row["failures"] for row in rows), "not by failures")
    expect(rows[0]["failures"] == 0 < rows[-1]["failures"], "there are no failures to sort by")
    for by, field in (("memory", "memory"), ("time", "nanoseconds")):
        rows = list(bench.replay(trace, ["wide", "heap", "single-tree", "glibc", "pool"], "--by", by).values())
        expect([row[field] for row in rows] == sorted(row[field] for row in rows), f"not by {by}")
    last = bench.trace(["malloc 0x10000 777", "free 0x10000"])
    rows = bench.replay(last, [bench.broken, "heap", "glibc"], status=1, BROKEN="crash")
    expect(list(rows)[-1] == bench.broken, "what is broken is not last")


def repeated(rounds, size):
    """Blocks that come and go."""
    return [line for i in range(rounds) for line in (f"malloc {0x10000 + 0x10000 * (i % 64):#x} {size}", f"free {0x10000 + 0x10000 * (i % 64):#x}")]


def progress(bench):
    """A line says how far it is, on a terminal only, and is gone in the end."""
    rounds, seconds = 20000, 0
    while seconds < 4:
        trace = bench.trace(repeated(rounds, 16000))
        begun = time.monotonic()
        expect(bench.run("replay", "--on", "heap", "--verify", trace).stderr == "", "progress without a terminal")
        seconds = time.monotonic() - begun
        rounds = int(rounds * 6 / seconds)
    said = said_on_terminal(bench.heapmm, "replay", "--on", "heap", "--verify", trace)
    expect("heap: 0." in said and " left" in said and said.endswith("\r\033[K"), f"progress is {said!r}")


def streams(bench):
    """Memory of heapmm replay does not grow with the trace."""
    peaks = []
    for rounds in (20000, 200000):
        trace = bench.trace(repeated(rounds, 100), f"rounds{rounds}")
        # A process begins with the peak of the one that starts it, so a small one does.
        starter = ("import os, resource, sys; os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:]); "
                   "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
        done = subprocess.run([sys.executable, "-S", "-c", starter, bench.heapmm, "replay", "--on", "heap", trace], check=True,
                              capture_output=True, text=True)
        expect("heap" in done.stdout, done.stderr)
        peaks.append(int(done.stdout.split()[-1]))
    expect(peaks[1] < peaks[0] + 1024, f"{peaks} KiB")


CASES = [live_bytes, contents, broken, libraries, malloc, exact, moments, closed_files, arenas, hostile, sizes, fits, alignments, order, concurrent, at_once, races, instructions, progress, streams]


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    heapmm, library = (str(Path(path).resolve()) for path in arguments[:2])
    cases = {case.__name__: case for case in CASES}
    run_cases([cases[name] for name in (arguments[2:] or list(cases))], lambda directory: Bench(heapmm, library, directory))


if __name__ == "__main__":
    main(sys.argv[1:])
