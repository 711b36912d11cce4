#!/usr/bin/env python3
"""Runs the fuzzers, which clang builds, and says what they did.

SPDX-License-Identifier: MIT

Each runs for the same time, as many at once as there are processors; what they do is shown every few seconds. Inputs that reach
new code are kept in build/fuzz/corpus, logs in build/fuzz, and an input that finds something in build/fuzz/findings. At the end
stands a table, in the form in which fuzz/README.md records long runs. Exit status 1 if anything was found.

    fuzz.py                            all fuzzers, a minute each
    fuzz.py --seconds 3600             an hour each
    fuzz.py operations.hostile         one of them
    fuzz.py --minimise                 makes fuzz/corpus anew, from itself and from what was kept in build/fuzz/corpus
"""
import argparse
import datetime
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build/dev-clang"
WORK = ROOT / "build/fuzz"
CORPUS = ROOT / "fuzz/corpus"
LONGEST_INPUT = 800
STATUS = re.compile(r"^#(\d+)\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)", re.M)


def build():
    """Returns {name: program}."""
    WORK.mkdir(parents=True, exist_ok=True)
    with open(WORK / "build.log", "w", encoding="utf-8") as log:
        for command in (["cmake", "--preset", "dev-clang"], ["cmake", "--build", BUILD, "--target", "heapmm_fuzzers"]):
            if subprocess.run(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False).returncode != 0:
                sys.exit(f"{(WORK / 'build.log').read_text(encoding='utf-8')}fuzz: the fuzzers could not be built")
    lines = (BUILD / "fuzz/fuzzers.txt").read_text(encoding="utf-8").split("\n")
    return dict(line.split(" ", 1) for line in lines if line)


class Run:
    """One fuzzer at work."""

    def __init__(self, name, program, seconds):
        self.name = name
        self.log = WORK / f"{name}.log"
        self.start = time.monotonic()
        corpus = WORK / "corpus" / name
        self.finding_directory = WORK / "findings" / name
        for directory in (corpus, self.finding_directory):
            directory.mkdir(parents=True, exist_ok=True)
        self.known_findings = set(self.finding_directory.iterdir())
        self.command = [program, f"-max_total_time={seconds}", f"-max_len={LONGEST_INPUT}", "-timeout=60",
                        f"-artifact_prefix={self.finding_directory}/", "-print_final_stats=1", corpus,
                        *(ROOT / "fuzz" / kind / name.split(".", 1)[0] for kind in ("corpus", "found"))]
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=subprocess.STDOUT)

    def status(self):
        """(executions, edges, features, inputs) so far."""
        found = STATUS.findall(self.log.read_text(encoding="utf-8", errors="replace"))
        return tuple(int(number) for number in found[-1]) if found else (0, 0, 0, 0)

    def seconds(self):
        return int(time.monotonic() - self.start)

    def findings(self):
        return sorted(set(self.finding_directory.iterdir()) - self.known_findings)

    def show(self):
        executions, edges, features, inputs = self.status()
        print(f"  {self.name:28} {self.seconds():6} s {executions:10} executions {edges:6} edges {features:7} features "
              f"{inputs:5} inputs", flush=True)

    def report(self):
        """Says how it ended; returns a line of the table."""
        failed = self.process.returncode != 0
        found = self.findings()
        if failed:
            print(f"\n{self.log.read_text(encoding='utf-8', errors='replace')[-6000:]}")
            for finding in found:
                print(f"fuzz: repeat with {self.command[0]} {finding}")
        executions, edges, features, inputs = self.status()
        count = len(found) if found or not failed else f"status {self.process.returncode}"
        return f"| {self.name} | {self.seconds()} | {executions} | {edges} | {features} | {inputs} | {count} |"


def fuzz(programs, seconds, jobs):
    """Returns the table and whether all is well."""
    waiting = sorted(programs.items())
    running, lines, well = [], {}, True
    shown = time.monotonic()
    interval = max(5, min(60, seconds // 6))
    while waiting or running:
        while waiting and len(running) < jobs:
            running.append(Run(*waiting.pop(0), seconds))
        time.sleep(0.5)
        if time.monotonic() - shown >= interval:
            shown = time.monotonic()
            for run in running:
                run.show()
        for run in [run for run in running if run.process.poll() is not None]:
            running.remove(run)
            run.show()
            lines[run.name] = run.report()
            well = well and run.process.returncode == 0
    return [lines[name] for name in sorted(lines)], well


def machine():
    model = ""
    if os.path.exists("/proc/cpuinfo"):
        found = re.search(r"^model name\s*: (.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
        model = found.group(1) if found else ""
    return f"{os.cpu_count()} x {model or platform.machine()}"


def first_line(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")[0]


def print_table(lines, seconds):
    print(f"\n{datetime.date.today()}, {machine()}, {first_line('clang', '--version')}, commit "
          f"{first_line('git', 'describe', '--always', '--dirty')}: `make fuzz FUZZ_SECONDS={seconds}`\n")
    print("| fuzzer | seconds | executions | edges | features | inputs | findings |\n|---|---|---|---|---|---|---|")
    print("\n".join(lines))


def minimise(programs):
    """For each target the fewest inputs, small ones first, that reach what all inputs reach, on each instance."""
    for target in sorted({name.split(".", 1)[0] for name in programs}):
        with tempfile.TemporaryDirectory() as directory:
            sources = [CORPUS / target, *sorted((WORK / "corpus").glob(f"{target}.*"))]
            for name, program in sorted(programs.items()):
                if name.startswith(f"{target}."):
                    command = [program, "-merge=1", "-use_counters=0", f"-max_len={LONGEST_INPUT}", directory, *sources]
                    subprocess.run(command, check=True, capture_output=True)
            files = sorted(pathlib.Path(directory).iterdir())
            if not files:
                sys.exit(f"fuzz: no input for {target} was kept")
            for old in CORPUS.glob(f"{target}/*"):
                old.unlink()
            for file in files:
                shutil.copy(file, CORPUS / target / file.name)
            print(f"{target}: {len(files)} inputs, {sum(file.stat().st_size for file in files)} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for each fuzzer; default 60")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="how many at once; default: one for each processor")
    parser.add_argument("--minimise", action="store_true", help="make fuzz/corpus anew")
    parser.add_argument("names", nargs="*", metavar="NAME", help="of fuzzers; default: all")
    arguments = parser.parse_args()
    programs = build()
    unknown = [name for name in arguments.names if name not in programs]
    if unknown:
        sys.exit(f"fuzz: there is no {unknown[0]}; there are {', '.join(sorted(programs))}")
    if arguments.minimise:
        minimise(programs)
        return
    names = arguments.names or programs
    lines, well = fuzz({name: programs[name] for name in names}, arguments.seconds, arguments.jobs)
    print_table(lines, arguments.seconds)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
