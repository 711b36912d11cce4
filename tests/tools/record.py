#!/usr/bin/env python3
"""Records programs, and looks at the traces.

SPDX-License-Identifier: MIT

    record.py HEAPMM STRESS [CASE...]     HEAPMM: the program; STRESS: the one of stress.c. Default: all cases but the long ones

Each case is a function below. What a program prints and its status must be the same as without the recorder, and its trace whole.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from cases import ENVIRONMENT, PYTHON, Failure, expect, run_cases


class Bench:
    """A directory to work in, and the programs."""

    def __init__(self, heapmm, stress, directory):
        self.heapmm = heapmm
        self.stress = stress
        self.directory = Path(directory)
        self.trace = self.directory / "app.hmt"

    def run(self, command, **options):
        options = {"env": ENVIRONMENT, "cwd": self.directory, "capture_output": True, "text": True, "timeout": 300, **options}
        return subprocess.run([str(word) for word in command], check=False, **options)

    def record(self, *command, options=(), **more):
        return self.run([self.heapmm, "record", "-o", self.trace, *options, "--", *command], **more)

    def stat(self, trace=None):
        done = self.run([self.heapmm, "stat", "--json", trace or self.trace])
        expect(done.returncode == 0, f"stat failed: {done.stderr}")
        return json.loads(done.stdout)

    def same(self, *command, **more):
        """Runs the command plainly and recorded; returns the statistics of its trace."""
        plain = self.run(command, **more)
        recorded = self.record(*command, options=["-q"], **more)
        expect(plain.returncode == recorded.returncode, f"status {recorded.returncode}, plainly {plain.returncode}: {recorded.stderr}")
        expect(plain.stdout == recorded.stdout, f"prints {recorded.stdout!r}, plainly {plain.stdout!r}")
        expect(plain.stderr == recorded.stderr, f"says {recorded.stderr!r}, plainly {plain.stderr!r}")
        found = self.stat()
        expect(found["whole"], "the trace is not whole")
        return found

    def events(self, process):
        """The directory for events of a `heapmm record` that runs. Others run at the same time, and theirs look the same."""
        for link in Path(f"/proc/{process.pid}/fd").iterdir():
            if (target := os.readlink(link)).endswith("/reader"):
                return Path(target).parent
        raise Failure("no directory for events is locked")

    def others(self):
        """The traces of other processes."""
        return sorted(path for path in self.directory.glob("app.*.hmt"))


def expect_order(found):
    """No free before its malloc, no malloc before the free of what was there."""
    expect(found["unmatched_frees"] == 0, f"{found['unmatched_frees']} frees come before their allocations")
    expect(found["unmatched_reallocs"] == 0, f"{found['unmatched_reallocs']} reallocs come before their allocations")
    expect(found["allocated_twice"] == 0, f"{found['allocated_twice']} allocations come before the frees of the blocks before")


def calls(found):
    return sum(kind["times"] for kind in found["calls"].values())


def python(bench):
    found = bench.same(PYTHON, "-c", "import json; print(json.dumps([str(i) for i in range(1000)]))")
    expect_order(found)
    expect(found["events"] > 2000 and found["events"] == calls(found), f"{found['events']} events")
    expect(found["about"]["command"].startswith(PYTHON + " -c import json"), f"{found['about']}")
    expect(found["peak"]["bytes"] > 500_000, f"a peak of {found['peak']}")


def sqlite(bench):
    found = bench.same("sqlite3", ":memory:", "create table t(a, b); with recursive n(i) as (select 1 union all select i+1 from n "
                       "where i < 5000) insert into t select i, hex(i*i) from n; select sum(length(b)) from t;")
    expect_order(found)
    expect(found["events"] > 10_000, f"{found['events']} events")


def git(bench):
    """The trace grows beside the files while git looks at them, so git does not ask what else is there."""
    bench.run(["git", "init", "-q", "."])
    for i in range(20):
        (bench.directory / f"file{i}").write_text("line\n" * i)
    bench.run(["git", "add", "."])
    found = bench.same("git", "status", "--short", "--untracked-files=no")
    expect_order(found)
    expect(found["events"] > 200, f"{found['events']} events")


def stress(bench):
    """The second time all threads share all memory at once, which the GNU C library otherwise avoids."""
    bench.same(bench.stress, 64, 400_000)
    expect_order(bench.stat())
    found = bench.same(bench.stress, 64, 400_000, env={**ENVIRONMENT, "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1:"
                                                       "glibc.malloc.mxfast=0"})
    expect_order(found)
    expect(found["end"]["blocks"] < 100, f"the frees at the end are missing: {found['end']}")
    expect(len(found["threads"]) == 65, f"{len(found['threads'])} threads")
    expect(found["foreign_frees"] > 1000, f"{found['foreign_frees']} frees of others' blocks")
    expect(found["events"] > 200_000, f"{found['events']} events")


def every_call(bench):
    """As many events as calls, with what was asked for."""
    program = """
        import ctypes
        c = ctypes.CDLL(None)
        for name in ("malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "memalign", "valloc", "pvalloc"):
            getattr(c, name).restype = ctypes.c_void_p
        p, s = ctypes.c_void_p, ctypes.c_size_t
        blocks = [c.malloc(s(123457)), c.calloc(s(3), s(123459)), c.realloc(None, s(123461)), c.aligned_alloc(s(64), s(123520)),
                  c.memalign(s(128), s(123463)), c.valloc(s(123465)), c.pvalloc(s(123467))]
        blocks[2] = c.realloc(p(blocks[2]), s(223461))
        blocks[0] = c.reallocarray(p(blocks[0]), s(3), s(123469))
        out = ctypes.c_void_p()
        c.posix_memalign(ctypes.byref(out), s(256), s(123471))
        for block in blocks[:-1] + [out.value]:
            c.free(p(block))
        c.realloc(p(blocks[-1]), s(0))
        c.malloc(s(1 << 62))
        c.calloc(s(1 << 62), s(1 << 62))
        c.free(None)
        c.posix_memalign(ctypes.byref(out), s(3), s(123473))
    """
    bench.record(PYTHON, "-c", "\n".join(line[8:] for line in program.split("\n")))
    lines = bench.run([bench.heapmm, "export", bench.trace]).stdout.split("\n")[1:-1]
    rows = [line.split(",") for line in lines]
    sized = {(row[3], row[4], int(row[5]), int(row[6])) for row in rows if int(row[5]) > 120_000}
    wanted = {("malloc", "0", 123457, 0), ("calloc", "0", 3 * 123459, 0), ("realloc", "0", 123461, 0), ("realloc", "0", 223461, 0),
              ("realloc", "0", 3 * 123469, 0), ("aligned_alloc", "0", 123520, 64), ("aligned_alloc", "0", 123463, 128),
              ("aligned_alloc", "0", 123465, 4096), ("aligned_alloc", "0", 123467, 4096), ("aligned_alloc", "0", 123471, 256),
              ("malloc", "1", 1 << 62, 0), ("calloc", "1", (1 << 64) - 1, 0), ("aligned_alloc", "1", 123473, 3)}
    expect(wanted <= sized, f"not recorded: {wanted - sized}")
    of_pvalloc = next(row[7] for row in rows if row[5] == "123467")
    expect(any(row[3] == "free" and row[8] == of_pvalloc for row in rows), "realloc to size 0 is no free")
    times = [int(row[1]) for row in rows]
    expect(times == sorted(times), "the time falls")
    expect(times[-1] - times[0] < 60e9, f"{times[-1] - times[0]} ns passed")


def time_passes(bench):
    """As long as by the clock of the system."""
    start = time.monotonic()
    bench.record(PYTHON, "-c", "import time; x = 'a' * 70000; time.sleep(0.5); y = 'b' * 70000")
    passed = time.monotonic() - start
    found = bench.stat()
    expect(0.5e9 <= found["nanoseconds"] <= passed * 1e9, f"{found['nanoseconds']} ns of {passed} s")


def killed(bench):
    """What a program did before it was killed is there, but for what it was just doing."""
    process = subprocess.Popen([bench.heapmm, "record", "-o", bench.trace, bench.stress, "8", "0"], env=ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    children = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout.split()
    expect(len(children) == 1, f"children {children}")
    os.kill(int(children[0]), signal.SIGKILL)
    said = process.communicate(timeout=120)[1]
    expect(process.returncode == 128 + signal.SIGKILL, f"status {process.returncode}: {said}")
    found = bench.stat()
    expect(found["events"] > 10_000, f"{found['events']} events")
    expect(found["missing"] <= 16, f"{found['missing']} are missing, of 8 threads")  # a number too many for some
    lost = re.search(r"; (\d+) lost", said)
    expect(int(lost.group(1) if lost else 0) == found["missing"], f"{found['missing']} are missing, but: {said}")
    if found["missing"] == 0:
        expect_order(found)


def recorder_killed(bench):
    """The program goes on, and all but the last second is in the trace."""
    process = subprocess.Popen([bench.heapmm, "record", "-o", bench.trace, bench.stress, "4", "4000000"], env=ENVIRONMENT,
                               stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and (not bench.trace.exists() or bench.trace.stat().st_size < 100_000):
        time.sleep(0.02)
    directory = bench.events(process)
    os.kill(process.pid, signal.SIGKILL)
    out = process.communicate(timeout=120)[0]
    shutil.rmtree(directory)
    expect(out == "done\n", f"the program printed {out!r}")
    done = bench.run([bench.heapmm, "stat", "--json", bench.trace])
    found = json.loads(done.stdout)
    expect("no mark of the end" in done.stderr or "ends inside" in done.stderr, f"it says {done.stderr!r}")
    expect(not found["whole"] and found["events"] > 10_000, f"{found['events']} events")


def forks(bench):
    """A trace for each process, while other threads allocate; nothing of one in that of another."""
    found = bench.same(bench.stress, 16, 40_000, "forks")
    expect_order(found)
    others = bench.others()
    expect(len(others) == 4, f"{len(others)} traces of 4 children")
    for trace in others:
        child = bench.stat(trace)
        expect(child["whole"] and child["about"]["parent"] == found["about"]["pid"], f"{child['about']}")
        expect(len(child["threads"]) == 1, f"{len(child['threads'])} threads in a child")
        expect(child["allocated_twice"] == 0 and child["events"] > 1000, f"{child['events']} events")
        expect(f".{child['about']['pid']}." in trace.name, f"{trace.name} is of {child['about']['pid']}")


def execs(bench):
    """The first process is three programs, one after the other, and starts another."""
    bench.same("/bin/sh", "-c", "/bin/ls / > /dev/null; exec /bin/sh -c 'exec " + PYTHON + " -c \"print(1)\"'")
    last = bench.stat()
    expect("python" in last["about"]["program"], f"{last['about']}")
    programs = sorted(Path(bench.stat(trace)["about"]["program"]).name for trace in bench.others())
    expect("ls" in programs and len(programs) >= 2, f"{programs}")
    pids = [bench.stat(trace)["about"]["pid"] for trace in bench.others()]
    expect(last["about"]["pid"] in pids, "the first process has one trace")


def outlived(bench):
    """A process that the program leaves behind is recorded to its end."""
    start = time.monotonic()
    done = bench.record("/bin/sh", "-c", f"(sleep 0.3; {PYTHON} -c 'print(1)' > out) & exit 3")
    expect(done.returncode == 3, f"status {done.returncode}: {done.stderr}")
    expect(time.monotonic() - start >= 0.3 and (bench.directory / "out").read_text() == "1\n", "it was not waited for")
    programs = [Path(bench.stat(trace)["about"]["program"]).name for trace in bench.others()]
    expect(any("python" in program for program in programs), f"{programs}: {done.stderr}")


def none_made(bench):
    """A process that cannot begin its trace goes on all the same, and it is said that it has none."""
    forks = "import os, resource; resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3)); child = os.fork(); child and os.waitpid(child, 0)"
    done = bench.record(PYTHON, "-c", forks)
    expect(done.returncode == 125 and re.search(r"process \d+ has no trace: Too many open files", done.stderr), f"{done.returncode}: {done.stderr}")
    expect(bench.stat()["whole"] and not bench.others(), f"{bench.others()}")
    done = bench.record("/bin/sh", "-c", "ulimit -f 1; /bin/ls -d / && echo lists")
    expect(done.stdout == "/\nlists\n", f"prints {done.stdout!r}")
    expect(done.returncode == 125 and "has no trace: File too large" in done.stderr, f"{done.returncode}: {done.stderr}")


def directory_gone(bench):
    """Whoever removes the directory for events takes from later processes their traces, which is said."""
    done = bench.record("/bin/sh", "-c", "/bin/rm -r ${HMM_RECORD#?:}; /bin/ls -d /; /bin/ls -d /; exit 3")
    expect(done.stdout == "/\n/\n" and done.returncode == 125, f"{done.returncode}: {done.stdout}")
    expect(done.stderr.count("may have no trace") == 1, f"{done.stderr}")


def statuses(bench):
    for command, status in ((["/bin/sh", "-c", "exit 7"], 7), (["/bin/sh", "-c", "kill -TERM $$"], 143), (["/bin/true"], 0)):
        done = bench.record(*command)
        expect(done.returncode == status, f"{command}: status {done.returncode}: {done.stderr}")
        expect(bench.stat()["whole"], f"{command}: not whole")


def signals(bench):
    """SIGTERM is for the program; the trace is finished."""
    process = subprocess.Popen([bench.heapmm, "record", "-o", bench.trace, bench.stress, "2", "0"], env=ENVIRONMENT, stderr=subprocess.PIPE)
    time.sleep(0.5)
    process.terminate()
    process.communicate(timeout=60)
    expect(process.returncode == 128 + signal.SIGTERM, f"status {process.returncode}")
    expect(bench.stat()["events"] > 1000, "few events")


def environment(bench):
    """What is preloaded already stays; what the recorder needs is not handed to a program that empties its environment."""
    done = bench.record("/usr/bin/env", env={**ENVIRONMENT, "LD_PRELOAD": "libc.so.6"})
    preloaded = re.search(r"LD_PRELOAD=(.*)", done.stdout).group(1)
    expect(preloaded.endswith("libheapmm-record.so:libc.so.6"), preloaded)
    done = bench.record("/usr/bin/env", "-i", "/usr/bin/env")
    expect(done.stdout == "" and done.returncode == 0, done.stdout)


def another_allocator(bench):
    """The malloc replacement, beside the tool in the build directory, is recorded as the C library's is."""
    library = Path(bench.heapmm).parents[1] / "libheapmm-malloc.so"
    expect(library.exists(), f"there is no {library}")
    done = bench.record(bench.stress, 16, 100_000, env={**ENVIRONMENT, "LD_PRELOAD": str(library), "HEAPMM_VERBOSE": "1"})
    expect(done.stdout == "done\n" and "malloc is heapmm's" in done.stderr, done.stdout + done.stderr)
    found = bench.stat()
    expect_order(found)
    expect(found["events"] > 50_000 and found["foreign_frees"] > 100, f"{found['events']} events")


def closed_files(bench):
    """A program that closes all files, as daemons do, is recorded all the same."""
    found = bench.same(PYTHON, "-c", "import os; os.closerange(3, 4096); x = [bytearray(100000) for _ in range(50)]; print(len(x))")
    big = [size for size in found["sizes"] if size["from"] == 65536]
    expect(big and big[0]["blocks"] >= 50, f"{found['sizes']}")


def statically_linked(bench):
    source = bench.directory / "static.c"
    source.write_text("#include <stdlib.h>\nint main(void) { free(malloc(3)); return 0; }\n")
    built = bench.run(["cc", "-static", "-o", "static", source])
    expect(built.returncode == 0, built.stderr)
    done = bench.record(bench.directory / "static")
    expect(done.returncode == 125 and "cannot be recorded" in done.stderr, f"{done.returncode}: {done.stderr}")


def nothing_is_left(bench):
    """The directory for events, which the program's environment names behind a letter, is there meanwhile and gone afterwards."""
    bench.record("/bin/sh", "-c", "directory=${HMM_RECORD#?:}; /bin/ls -d $directory; echo $directory > out")
    directory = (bench.directory / "out").read_text().strip()
    expect("/heapmm-" in directory and not Path(directory).exists(), f"{directory} is left")


def pipes(bench):
    """A trace from a pipe is read as from a file."""
    bench.record("/bin/ls", "/")
    done = bench.run(["/bin/sh", "-c", f"cat {bench.trace} | {bench.heapmm} stat --json -"])
    expect(json.loads(done.stdout) == bench.stat(), done.stdout + done.stderr)
    done = bench.run([bench.heapmm, "record", "-o", "-", "/bin/ls"])
    expect(done.returncode == 2, f"status {done.returncode}: {done.stderr}")


def long_trace(bench):
    """10 million events, and stat without holding them in memory."""
    bench.record(bench.stress, 4, 12_500_000, timeout=3000)
    done = bench.run(["/bin/sh", "-c", f"ulimit -v 100000; exec {bench.heapmm} stat --json {bench.trace}"], timeout=3000)
    expect(done.returncode == 0, done.stderr)
    found = json.loads(done.stdout)
    expect(found["events"] >= 10_000_000, f"{found['events']} events")
    expect_order(found)
    expect(bench.trace.stat().st_size < 8 * found["events"], f"{bench.trace.stat().st_size} bytes")


def lengths(bench):
    """Memory of no command grows with the trace. A process begins with the peak of the one that starts it, so a small one does."""
    starter = ("import os, resource, sys; status = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:]); "
               "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)")
    peaks = {}
    for events in (450_000, 1_350_000):
        for words in (["record", "-q", "-o", bench.trace, bench.stress, 4, events], ["stat", bench.trace],
                      ["export", "--to", "perfetto", "--every", 1000, bench.trace], ["replay", "--on", "heap", "--verify", bench.trace],
                      ["replay", "--on", "heap", "--concurrent", bench.trace], ["size", "--on", "heap", bench.trace]):
            done = bench.run([sys.executable, "-S", "-c", starter, bench.heapmm, *words])
            expect(done.returncode == 0, f"{words}: status {done.returncode}: {done.stderr}")
            name = " ".join(str(word) for word in words if str(word).isalpha() or str(word).startswith("--"))
            peaks.setdefault(name, []).append(int(done.stdout.split()[-1]))
    for name, (short, long) in peaks.items():
        expect(long < short + 1024, f"{name}: {short} KiB, and {long} KiB for three times as much")


SHORT = [python, sqlite, git, stress, every_call, time_passes, killed, recorder_killed, forks, execs, outlived, none_made, directory_gone,
         statuses, signals, environment, another_allocator, closed_files, statically_linked, nothing_is_left, pipes, lengths]
LONG = [long_trace]


def main(arguments):
    if len(arguments) < 2:
        sys.exit(__doc__)
    heapmm, program = (str(Path(path).resolve()) for path in arguments[:2])
    cases = {case.__name__: case for case in SHORT + LONG}
    names = arguments[2:] or [case.__name__ for case in SHORT]
    run_cases([cases[name] for name in names], lambda directory: Bench(heapmm, program, directory))


if __name__ == "__main__":
    main(sys.argv[1:])
