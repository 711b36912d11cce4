"""The programs that are measured: patterns.c's patterns, and real programs on real work.

SPDX-License-Identifier: MIT

A program's scale is a percentage of a full run. It is prepared once, and then run as often as one likes.
"""
import os
import shutil
import subprocess
from pathlib import Path

import inputs
import redis

WORK = Path(__file__).resolve().parent / "work"
PYTHON = "/usr/bin/python3"
TINY, QUICK, FULL = 1, 15, 100


def part(scale, count):
    return max(1, count * scale // 100)


class Program:
    """needs: the executable; command(scale): how it is called in a directory where prepare(directory, scale) made its input."""

    real = True

    def __init__(self, name, needs, command, prepare=lambda directory, scale: None):
        self.name = name
        self.needs = needs
        self.command = command
        self.prepare = prepare

    def is_there(self):
        return shutil.which(self.needs) is not None

    def run(self, launcher, scale):
        return launcher.run(self.command(scale))[0]


class Pattern(Program):
    real = False

    def __init__(self, name, executable):
        super().__init__(name, str(executable), lambda scale: [executable, name, scale])


class Redis(Program):
    """The server is measured, under a load from outside."""

    def __init__(self):
        super().__init__("redis", redis.SERVER, None, lambda directory, scale: redis.prepare(directory, part(scale, 20000)))

    def run(self, launcher, scale):
        return redis.run(launcher, part(scale, 20000))


def compiler_proper():
    """Debian's C++ compiler without its driver, or a name that is not there."""
    if shutil.which("g++") is None:
        return "cc1plus"
    return subprocess.run(["g++", "-print-prog-name=cc1plus"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def sql(directory, scale):
    text = (WORK / "work.sql").read_text(encoding="utf-8")
    (directory / "work.sql").write_text(f".parameter set :size {part(scale, 100)}\n{text}", encoding="utf-8")


def real_programs():
    compiler = compiler_proper()
    return [
        Program("python3", PYTHON, lambda scale: [PYTHON, "-B", WORK / "work.py", part(scale, 34)]),
        Program("sqlite3", "sqlite3", lambda scale: ["sqlite3", ":memory:", ".read work.sql"], sql),
        Program("lua5.4", "lua5.4", lambda scale: ["lua5.4", WORK / "work.lua", part(scale, 20)]),
        Program("perl", "perl", lambda scale: ["perl", WORK / "work.pl", part(scale, 28)]),
        Program("cc1plus", compiler, lambda scale: [compiler, "-quiet", "-O1", "-std=c++17", "input.ii", "-o", "-"],
                lambda directory, scale: inputs.cplusplus(directory / "input.ii", part(scale, 2))),
        Program("gs", "gs", lambda scale: ["gs", "-q", f"-dPAGES={part(scale, 120)}", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-r30",
                                           "-sDEVICE=ppmraw", "-sOutputFile=-", WORK / "work.ps"]),
        Program("z3", "z3", lambda scale: ["z3", "input.smt2"],
                lambda directory, scale: inputs.solver(directory / "input.smt2", part(scale, 80))),
        Redis(),
        Program("git", "git", lambda scale: ["git", "-C", "repository", "log", "-p", "-M", "--stat", "--format=%H %s", "main"],
                lambda directory, scale: inputs.repository(directory / "repository", part(scale, 900))),
        Program("jq", "jq", lambda scale: ["jq", "-f", WORK / "work.jq", "orders.json"],
                lambda directory, scale: inputs.orders(directory / "orders.json", part(scale, 10000))),
    ]


def patterns(build):
    executable = build / "bench/malloc/patterns"
    names = subprocess.run([executable], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    return [Pattern(name, executable) for name in names]


def every(build):
    return patterns(build) + real_programs()


def prepared(programs, build, scale, progress):
    """A directory with all inputs; those of an earlier run are taken again if they were made by the same sources."""
    directory = build / "malloc-inputs" / str(scale)
    made = directory / "made"
    newest = max(path.stat().st_mtime for path in [Path(inputs.__file__), Path(redis.__file__), Path(__file__), *WORK.iterdir()])
    wanted = " ".join(program.name for program in programs if program.is_there())
    if made.exists() and made.stat().st_mtime > newest and made.read_text(encoding="utf-8") == wanted:
        return directory
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    for program in programs:
        if program.is_there():
            progress(f"making the input of {program.name}")
            program.prepare(directory, scale)
    made.write_text(wanted, encoding="utf-8")
    return directory
