#!/usr/bin/env python3
"""Looks at processes and at heaps in files with heapmm map, and compares what it draws with what these say themselves.

SPDX-License-Identifier: MIT

    map.py HEAPMM DIRECTORY LIBRARY [CASE...]     HEAPMM: the program; DIRECTORY: where the programs of mapped.c, fake_window.c and
                                                  write_heap.c are; LIBRARY: libheapmm-malloc.so, - where there is none
    map.py HEAPMM DIRECTORY LIBRARY --update      writes what is committed in golden/
"""
import fcntl
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

from cases import expect, run_cases

GOLDEN = Path(__file__).resolve().parent / "golden"
KINDS = ("heap", "tiny", "wide", "regions")
ENTER, LEAVE, SHOW_CURSOR = b"\033[?1049h", b"\033[?1049l", b"\033[?25h"
SEEDS = 60 * int(os.environ.get("HEAPMM_TEST_STEPS", "1"))  # of forged windows and damaged files


class Bench:
    def __init__(self, heapmm, programs, library, directory):
        self.heapmm, self.programs, self.library = heapmm, Path(programs), library
        self.directory = Path(directory)
        self.environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TERM": "xterm-256color"}

    def map(self, *arguments, env=None, **more):
        return subprocess.run([self.heapmm, "map", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False,
                              cwd=self.directory, env={**self.environment, **(env or {})}, **more)

    def seen(self, *arguments, **more):
        done = self.map(*arguments, **more)
        expect(done.returncode == 0, f"status {done.returncode}: {done.stderr}")
        return done.stdout

    def refused(self, why, *arguments, status=1, **more):
        done = self.map(*arguments, **more)
        expect(done.returncode == status and why in done.stderr and done.stdout == "", f"status {done.returncode}: {done.stderr} {done.stdout}")
        expect(done.stderr.startswith("heapmm: "), done.stderr)

    def file(self, kind):
        """A heap in a file, and what it said of itself."""
        path = self.directory / f"{kind}.heap"
        done = subprocess.run([self.programs / "tool_write_heap", kind, path], capture_output=True, text=True, check=True)
        return path, [int(number) for number in done.stdout.split()]


class Target:
    """A process to be looked at."""

    def __init__(self, bench, *command, library=None):
        library = bench.library if library is None else library
        environment = {**bench.environment, **({"LD_PRELOAD": str(library)} if library else {})}
        self.process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment)
        self.pid = self.process.pid
        self.said = []
        while not self.said or self.said[-1] != "ready\n":
            self.said.append(self.process.stdout.readline().decode())
            expect(self.said[-1] != "", f"{command} has ended")

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.process.kill()
        self.process.communicate()

    def end(self):
        """Lets it end. Returns what it wrote to standard error."""
        error = self.process.communicate(b"", timeout=60)[1].decode()
        expect(self.process.returncode == 0, f"it ended with status {self.process.returncode}: {error}")
        return error


def mapped(bench, *arguments, **more):
    return Target(bench, bench.programs / "tool_mapped", *arguments, **more)


def rows_in(text):
    """The summary: name and number."""
    rows = re.findall(r"^  ([a-z][a-z, ]*?)  +([0-9,.]+)", text, re.M)
    return {name: float(number.replace(",", "")) for name, number in rows}


def expect_whole(rows):
    """All that was ever used is in one of the sums."""
    used = rows["mapped from the system"] - rows["never used"]
    parts = ("in slabs and large blocks", "free, not given back", "free, given back", "changing at that moment")
    expect(sum(rows.get(name, 0) for name in parts) == used >= 0, f"{rows}")
    expect(all(rows.get(name, 0) <= used for name in parts), f"{rows}")
    expect(rows["of that, in blocks"] <= rows["in slabs and large blocks"] and rows["largest free span"] <= used, f"{rows}")


def classes_in(text):
    """By size: slabs, blocks in use, bytes."""
    rows = re.findall(r"^(?:heapmm:)? +(\d+) +(\d+) +(\d+) +(\d+) +\d+ %$", text, re.M)
    return {int(row[0]): tuple(map(int, row[1:])) for row in rows}


def picture_in(text):
    """The cells, and the bytes of each."""
    cells = "".join(re.findall(r"^  [0-9a-f]{12} (.*)$", text, re.M))
    size, unit = re.search(r"^([0-9.]+) (B|KiB|MiB) a cell", text, re.M).groups()
    return cells, float(size) * {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20}[unit]


# ---- A process ---------------------------------------------------------------------------------------------------------------


def numbers(bench):
    """Those of a process that is still are those that it tells itself."""
    with mapped(bench, "still") as target:
        text = bench.seen("--once", target.pid)
        arena, uordblks, fordblks, hblks, _ = map(int, target.said[0].split())
        report = target.end()
    rows = rows_in(text)
    expect(rows["mapped from the system"] == arena and rows["in slabs and large blocks"] == uordblks, f"{rows}, {target.said}")
    expect(rows["free, not given back"] + rows["free, given back"] + rows["never used"] == fordblks, f"{rows}, {target.said}")
    expect_whole(rows)
    expect(rows["large blocks"] == hblks and hblks > 5, f"{rows}, {target.said}")
    expect(rows["of that, in blocks"] < uordblks and rows["of that, in blocks"] > sum(row[2] for row in classes_in(text).values()), f"{rows}")
    told = rows_in(report.replace("heapmm: ", ""))
    for name in ("free spans", "large blocks"):
        expect(rows[name] == told[name], f"{name}: {rows[name]}, {told[name]}")
    expect(rows["largest free span"] == told["largest free span, in bytes"], f"{rows}, {told}")
    expect(classes_in(text) == classes_in(report) and len(classes_in(text)) > 30, f"{classes_in(text)}, {classes_in(report)}")
    share = 1 - rows["largest free span"] / (rows["free, not given back"] + rows["free, given back"])
    expect(abs(rows["fragmentation"] / 100 - share) < 0.002, f"{rows['fragmentation']} % is not {share}")


def picture(bench):
    """How full the cells are comes to what is in use, as far as tenths can say."""
    with mapped(bench, "still") as target:
        text = bench.seen("--once", target.pid)
    cells, size = picture_in(text)
    fullness = sum(1 if cell == "#" else int(cell) / 10 + 0.05 if cell.isdigit() else 0 for cell in cells)
    rows = rows_in(text)
    slabs = sum(row[2] for row in classes_in(text).values())
    own = rows["in slabs and large blocks"] - rows["of that, in blocks"]
    expect(slabs * 0.9 < rows["of that, in blocks"] < fullness * size * 1.05, f"{fullness * size}, {rows}")
    expect(fullness * size < (rows["of that, in blocks"] + own) * 1.05, f"{fullness * size}, {rows}")
    expect({"#", "."} <= set(cells) and any(cell.isdigit() for cell in cells), cells)


def busy(bench):
    """Threads that allocate and free as fast as they can are seen again and again, and are not disturbed."""
    with mapped(bench, "busy", 4) as target:
        for _ in range(40):
            rows = rows_in(bench.seen("--once", target.pid))
            in_use, mapped_bytes = rows["in slabs and large blocks"], rows["mapped from the system"]
            expect(0 < rows["of that, in blocks"] <= in_use <= mapped_bytes, f"{rows}")
            expect(rows.get("changing at that moment", 0) < mapped_bytes / 10, f"{rows}")
            expect_whole(rows)
        target.end()


def nothing_yet(bench):
    """A process that has hardly allocated."""
    with mapped(bench, "nothing") as target:
        text = bench.seen("--once", target.pid)
        expect("mapped from the system" in text or "nothing was allocated" in text, text)


def undisturbed(bench):
    """Looking for malloc makes no page of memory that is shared; and a process's name is no command for the terminal."""
    def shared(target):
        return re.search(r"RssShmem:\s*(\d+ kB)", Path(f"/proc/{target.pid}/status").read_text()).group(1)

    with mapped(bench, "sharing") as target:
        before = shared(target)
        expect("(?[31mred), malloc" in bench.seen("--once", target.pid), "no name")
        expect(shared(target) == before == "0 kB", f"{before}, and then {shared(target)}")
    with mapped(bench, "sharing", library="") as target:
        bench.refused("(?[31mred) does not run on heapmm's malloc", "--once", target.pid)
        expect(shared(target) == "0 kB", shared(target))


def just_started(bench):
    """A shell that is about to become the program, as heapmm-run is."""
    script = f"sleep 0.5; LD_PRELOAD={bench.library} exec {bench.programs}/tool_mapped nothing"
    with subprocess.Popen(["/bin/sh", "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        text = bench.seen("--once", process.pid)
        expect(f"process {process.pid} (tool_mapped), malloc" in text, text)
        process.communicate(b"")


def stripped(bench):
    """A library without symbols."""
    library = bench.directory / "libheapmm-malloc.so"
    subprocess.run(["strip", "--strip-unneeded", "-o", library, bench.library], check=True)
    with mapped(bench, "still", library=library) as target:
        expect(len(classes_in(bench.seen("--once", target.pid))) > 30, "no sizes")


def linked_statically(bench):
    """Into a program from which the linker has left out what nothing refers to, and which is stripped."""
    program = bench.directory / "static"
    source = Path(__file__).resolve().parent / "mapped.c"
    archive = Path(bench.library).parent / "libheapmm-malloc.a"
    subprocess.run(["cc", "-D_GNU_SOURCE", "-static", "-O2", "-s", "-Wl,--gc-sections", "-o", program, source, archive, "-pthread"], check=True)
    with Target(bench, program, "still", library="") as target:
        rows = rows_in(bench.seen("--once", target.pid))
        expect(rows["in slabs and large blocks"] == int(target.said[0].split()[1]), f"{rows}, {target.said}")


def no_process(bench):
    """What cannot be looked at, and what to do."""
    with subprocess.Popen(["/bin/sleep", "100"]) as other:
        time.sleep(0.2)
        bench.refused("does not run on heapmm's malloc: start it with heapmm-run", "--once", other.pid)
        other.kill()
        time.sleep(0.2)
        bench.refused("has ended", "--once", other.pid)  # nobody has asked for its status yet
        other.wait()
        bench.refused("there is no process", "--once", other.pid)
    bench.refused("there is no process", 999999999)
    bench.refused("is not the number of a process", "sleep", status=2)
    bench.refused("the number of a process is needed", status=2)
    bench.refused("either a process or a file", "--file", "x", "1", status=2)
    bench.refused("--instance is heap, tiny or wide", "--file", "x", "--instance", "small", status=2)
    bench.refused("--instance says what is in the file", "--instance", "tiny", "1", status=2)
    for interval in ("0", "-1", "x", "nan", "1e9", ""):
        bench.refused("--interval is a number of seconds", "--interval", interval, "1", status=2)


def no_permission(bench):
    """Another user's process."""
    nobody = {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}
    with mapped(bench, "nothing") as target:
        pid = target.pid if nobody else 1
        copy = bench.directory / "heapmm"
        copy.write_bytes(Path(bench.heapmm).read_bytes())
        copy.chmod(0o755)
        bench.directory.chmod(0o755)
        bench.heapmm = copy
        bench.refused("ptrace_scope", "--once", pid, **nobody)


def another_version(bench):
    """A window of another version is not looked through."""
    content = bytearray(Path(bench.library).read_bytes())
    at = content.index(b"heapmm malloc's window\0\0")
    struct.pack_into("<I", content, at + 24, 2)
    library = bench.directory / "libheapmm-malloc.so"
    library.write_bytes(content)
    with mapped(bench, "still", library=library) as target:
        bench.refused("another version of heapmm", "--once", target.pid)


def forged_windows(bench):
    """A process that shows anything: a picture or a reason, never a crash."""
    refused = 0
    for seed in range(SEEDS):
        with Target(bench, bench.programs / "tool_fake_window", seed, library="") as target:
            done = bench.map("--once", target.pid)
            expect(done.returncode in (0, 1) and "ERROR: " not in done.stderr, f"seed {seed}: {done.returncode}: {done.stderr}")
            refused += done.returncode
            if done.returncode == 0:
                expect_whole(rows_in(done.stdout))
            if seed <= 2:
                expect(done.returncode == 0, f"seed {seed} is refused: {done.stderr}")
                changing = rows_in(done.stdout).get("changing at that moment", 0)
                expect(changing == (int(target.said[0]) if seed else 0), f"seed {seed}: {done.stdout}")
    expect(0 < refused < SEEDS, f"{refused} of {SEEDS} are refused")


# ---- A file ------------------------------------------------------------------------------------------------------------------


def files(bench):
    """The heap of each instance, also one of several regions, and anywhere in the file."""
    for kind in KINDS:
        path, (in_use, free, total, blocks, free_blocks, largest) = bench.file(kind)
        name = "heap" if kind == "regions" else kind
        for options in ([], ["--instance", name]):
            rows = rows_in(bench.seen("--file", path, *options))
            found = [rows[row] for row in ("in use", "free", "in all regions", "blocks in use", "free blocks", "largest free block")]
            expect(found == [in_use, free, total, blocks, free_blocks, largest], f"{kind}: {rows}")
        moved = bench.directory / "moved"
        moved.write_bytes(bytes(4 + random.randrange(5000)) + path.read_bytes())
        expect(rows_in(bench.seen("--file", moved))["in use"] == in_use, f"{kind} was moved")
        other = "tiny" if name == "wide" else "wide"
        bench.refused(f"no {other} heap begins in it", "--file", path, "--instance", other)


def no_files(bench):
    path, _ = bench.file("heap")
    content = path.read_bytes()
    bad = bench.directory / "bad"
    bench.refused("No such file", "--file", "/nowhere/at/all")
    bench.refused("no plain file", "--file", "/dev/null")
    bench.refused("no plain file", "--file", bench.directory)
    os.mkfifo(bench.directory / "pipe")
    bench.refused("no plain file", "--file", bench.directory / "pipe")
    for data, why in ((b"", "it is empty"), (bytes(10000), "no heap begins in it"), (content[:20000], "lies outside the file"),
                      (content[:108] + bytes(8) + content[116:], "is damaged: HMM_FAULT_"),
                      (content[:5000] + bytes(3000) + content[8000:], "HMM_FAULT_HEADER at byte"),
                      (content[:102] + b"\x19" + content[103:], "another granule or audit level")):
        bad.write_bytes(data)
        bench.refused(why, "--file", bad)


def damaged_files(bench):
    """Whatever is in the file: a picture or a reason, never a crash."""
    chance = random.Random(int(os.environ.get("HEAPMM_TEST_SEED", "7")))
    bad = bench.directory / "bad"
    refused = 0
    for seed in range(SEEDS):
        path, _ = bench.file(KINDS[seed % len(KINDS)])
        content = bytearray(path.read_bytes())
        for _ in range(1 + chance.randrange(3)):
            at = chance.randrange(64, 1200 if chance.randrange(2) else len(content) - 8)
            content[at:at + 4] = chance.choice([bytes(4), b"\xff" * 4, chance.randbytes(4), bytes([content[at] ^ 1]) + content[at + 1:at + 4]])
        bad.write_bytes(content[:chance.choice([len(content), chance.randrange(len(content))])])
        done = bench.map("--file", bad)
        expect(done.returncode in (0, 1) and "ERROR: " not in done.stderr, f"seed {seed}: {done.returncode}: {done.stderr}")
        refused += done.returncode
    expect(SEEDS / 3 < refused < SEEDS, f"{refused} of {SEEDS} are refused")


def golden(bench, update=False):
    """What is drawn of files is what is committed."""
    for kind in KINDS:
        bench.file(kind)
        text = bench.seen("--once", "--file", f"{kind}.heap")
        committed = GOLDEN / f"{kind}.map"
        if update:
            committed.write_text(text)
        expect(committed.exists() and committed.read_text() == text, f"{committed.name} differs:\n{text}")


# ---- A terminal --------------------------------------------------------------------------------------------------------------


class Screen:
    """A terminal in which the command runs."""

    def __init__(self, bench, *arguments, lines=24, columns=80, env=None, shell=()):
        self.master, self.slave = pty.openpty()
        self.resize(lines, columns)
        self.before = termios.tcgetattr(self.slave)
        self.text = b""
        self.process = subprocess.Popen([*shell, bench.heapmm, "map", *map(str, arguments)], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        env={**bench.environment, **(env or {})}, start_new_session=True, cwd=bench.directory,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def __enter__(self):
        return self

    def __exit__(self, *reason):
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    def resize(self, lines, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, seconds=0.0):
        """What was written within that time, and until nothing comes any more."""
        part = b""
        deadline = time.monotonic() + seconds
        while select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))[0]:
            piece = os.read(self.master, 65536)
            part += piece
        self.text += part
        return part

    def read_until(self, wanted, seconds=30):
        part = b""
        deadline = time.monotonic() + seconds
        while wanted not in part and time.monotonic() < deadline:
            part += self.read(0.05)
        expect(wanted in part, f"there is no {wanted!r} in {part!r}")
        return part

    def frame(self):
        """A whole frame, as lines without colours."""
        text = self.read_until(b"\033[J").split(b"\033[H")[-1].split(b"\033[J")[0]
        return re.sub(r"\033\[[0-9;?]*[A-Za-z]", "", text.decode()).split("\r\n")

    def press(self, keys):
        os.write(self.master, keys)

    def has_ended(self, status, seconds=30):
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read(0.05)
        self.read(0.1)
        expect(self.process.returncode == status, f"status {self.process.returncode}: {self.text[-500:]!r}")
        expect(termios.tcgetattr(self.slave) == self.before, "the terminal is not as it was")
        expect(self.text.count(ENTER) == self.text.count(LEAVE), "the screen is not given back")
        after = self.text[self.text.rfind(LEAVE):]
        expect(self.text.rfind(SHOW_CURSOR) >= self.text.rfind(b"\033[?25l"), "the cursor is not shown")
        expect(self.text.rfind(b"\033[?7h") >= self.text.rfind(b"\033[?7l"), "long lines are still cut off")
        return after[len(LEAVE):].decode()


def fits(lines, most_lines, most_columns):
    expect(len(lines) <= most_lines, f"{len(lines)} lines on a screen of {most_lines}: {lines}")
    long = [line for line in lines if len(line) > most_columns]
    expect(not long, f"more than {most_columns} columns: {long}")


def shown(text, lines, columns):
    """What stands on a screen after a frame, as xterm has it: a letter in the last column leaves the cursor there."""
    screen = [[" "] * columns for _ in range(lines)]
    line = column = 0
    for part in re.findall(r"\033\[[0-9;?]*[A-Za-z]|.|\r|\n", text.decode()):
        if part == "\033[K":
            screen[line][column:] = [" "] * (columns - column)
        elif part == "\n":
            line += 1
            expect(line < lines, f"a frame is longer than {lines} lines: {text!r}")
        elif part == "\r":
            column = 0
        elif not part.startswith("\033"):
            screen[line][column] = part
            column = min(column + 1, columns - 1)
    return ["".join(row).rstrip() for row in screen]


def live(bench):
    """Draws again and again, with what changes; fits into the window, also after that has changed; ends with q."""
    with mapped(bench, "busy", 1) as target, Screen(bench, "--interval", "0.2", target.pid) as screen:
        first = screen.frame()
        expect(f"process {target.pid} (tool_mapped), malloc" in first[0] and "q ends" in first[0], first)
        expect(any("\u2588" in line or "\u2585" in line for line in first) and b"\033[38;5;" in screen.text, first)
        fits(first, 24, 80)
        expect(len(first) >= 20, f"{len(first)} lines of 24 are used")
        expect(first != screen.frame(), "it is not drawn anew")
        for lines, columns in ((50, 160), (12, 40), (30, 100)):
            screen.resize(lines, columns)
            os.kill(screen.process.pid, signal.SIGWINCH)
            screen.read(0.5)
            fits(screen.frame(), lines, columns)
        screen.press(b"x")
        screen.frame()
        screen.press(b"q")
        expect(screen.has_ended(0) == "", screen.text[-300:])
        target.end()


def resized(bench):
    """Another size of the window, and any key, are answered at once."""
    path, _ = bench.file("heap")
    with Screen(bench, "--interval", "3600", "--file", path) as screen:
        fits(screen.frame(), 24, 80)
        screen.resize(40, 120)
        frame = screen.frame()
        expect(max(map(len, frame)) > 100, f"{frame}")
        fits(frame, 40, 120)
        expect(shown(screen.text.split(b"\033[H")[-1], 40, 120) == (frame + [""] * 40)[:40], f"not all of it is seen: {screen.text!r}")
        for lines, columns in ((5, 50), (3, 10), (1, 1)):
            screen.read(0.5)
            screen.resize(lines, columns)
            rows = shown(screen.read(1).split(b"\033[H")[-1], lines, columns)
            expect(rows[0].startswith(frame[0][:min(columns - 1, 8)]) and rows[-1] != "", f"{rows}")
            expect(screen.text.count(b"\033[?7l") == 1, "long lines are not cut off")
        screen.resize(40, 120)
        screen.frame()
        screen.press(b" ")
        screen.frame()
        screen.press(b"q")
        screen.has_ended(0)


def ways_to_end(bench):
    """Ctrl-C; a signal; the terminal goes away."""
    path, _ = bench.file("heap")
    for number, status in ((signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGQUIT, -signal.SIGQUIT)):
        with Screen(bench, "--interval", "3600", "--file", path) as screen:
            screen.frame()
            if number == signal.SIGINT:
                screen.press(b"\x03")
            else:
                os.kill(screen.process.pid, number)
            screen.has_ended(status)
    screen = Screen(bench, "--interval", "3600", "--file", path)
    screen.frame()
    os.close(screen.slave)
    os.close(screen.master)
    try:
        screen.process.wait(10)
    except subprocess.TimeoutExpired:
        screen.process.kill()
        expect(False, "it goes on without a terminal")


def stopped(bench):
    """Ctrl-Z gives the terminal back to the shell, and fg takes it again."""
    path, _ = bench.file("heap")
    shell = ["/bin/sh", "-c", "set -m; \"$@\"; echo stopped; read line; fg > /dev/null; echo ended $?", "sh"]
    with Screen(bench, "--interval", "3600", "--file", path, shell=shell) as screen:
        screen.frame()
        screen.press(b"\x1a")
        screen.read_until(b"stopped")
        expect(screen.text.count(LEAVE) == 1, f"{screen.text!r}")
        expect(termios.tcgetattr(screen.slave) == screen.before, "the terminal is not as it was")
        screen.press(b"\n")
        screen.frame()
        expect(screen.text.count(ENTER) == 2, f"{screen.text!r}")
        screen.press(b"q")
        expect("ended 0" in screen.has_ended(0), f"{screen.text!r}")


def killed(bench):
    """The process that is looked at is killed."""
    with mapped(bench, "still") as target, Screen(bench, "--interval", "0.2", target.pid) as screen:
        screen.frame()
        target.process.kill()
        target.process.wait()
        said = screen.has_ended(0)
        expect(said.strip() == f"heapmm: process {target.pid} (tool_mapped) has ended", said)


def changing_file(bench):
    """A file that is written anew is drawn anew, and one that is damaged ends it."""
    path, _ = bench.file("heap")
    with Screen(bench, "--interval", "0.2", "--file", path) as screen:
        first = screen.frame()
        other, _ = bench.file("tiny")
        other.replace(path)
        second = screen.read_until(b"tiny at byte 64")
        expect(second and first, "two pictures")
        path.write_bytes(bytes(5000))
        said = screen.has_ended(1)
        expect("no heap begins in it" in said, said)


def plainly(bench):
    """No colours, no Unicode, no screen, where these are not wanted."""
    path, _ = bench.file("heap")
    for env, has_colours, has_blocks, is_live in (({}, True, True, True), ({"NO_COLOR": "1"}, False, True, True),
                                                 ({"LC_ALL": "C"}, True, False, True), ({"TERM": "dumb"}, False, False, False),
                                                 ({"TERM": ""}, False, False, False)):
        with Screen(bench, "--file", path, env=env) as screen:
            if is_live:
                screen.frame()
                screen.press(b"q")
            screen.has_ended(0)
            expect((b"\033[38;5;" in screen.text) == has_colours and (b"\033[1m" in screen.text) == has_colours, f"{env}: {screen.text!r}")
            expect(("\u2588".encode() in screen.text) == has_blocks, f"{env}: {screen.text!r}")
            expect((b"\033" in screen.text) == is_live, f"{env}: {screen.text!r}")
    with Screen(bench, "--file", path, env={"LC_ALL": "C"}, lines=24, columns=40) as screen:
        fits(screen.frame(), 24, 40)
    with Screen(bench, "--once", "--file", path) as screen:
        screen.has_ended(0)
        expect(ENTER not in screen.text and "\u2588".encode() in screen.text, f"{screen.text!r}")
    expect("\033" not in bench.seen("--file", path) and bench.seen("--file", path).isascii(), "a pipe gets more than letters")


OF_FILES = [files, no_files, damaged_files, golden, resized, ways_to_end, stopped, changing_file, plainly, forged_windows]
OF_PROCESSES = [numbers, picture, busy, nothing_yet, undisturbed, just_started, stripped, linked_statically, no_process, no_permission, another_version, live, killed]


def main(arguments):
    if len(arguments) < 3:
        sys.exit(__doc__)
    heapmm, programs, library = ("" if path == "-" else str(Path(path).resolve()) for path in arguments[:3])
    cases = {case.__name__: case for case in OF_FILES + OF_PROCESSES}

    def bench(directory):
        return Bench(heapmm, programs, library, directory)

    def update(bench):
        golden(bench, update=True)

    if arguments[3:] == ["--update"]:
        run_cases([update], bench)
    run_cases([cases[name] for name in arguments[3:] or cases], bench)


if __name__ == "__main__":
    main(sys.argv[1:])
