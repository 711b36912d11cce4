"""Runs the programs of bench/ and the tools around them, and returns what they found.

SPDX-License-Identifier: MIT
"""
import concurrent.futures
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "build" / "bench"
PROGRAMS = RESULTS / "bench"
# Not counted: what belongs to the replay, and not to the heap.
HARNESS = re.compile(r"replay_steady|operate|subject_\w+")


def run(*command, **options):
    """Standard output of a command; says on stderr what failed and ends the program if it did."""
    words = [str(word) for word in command]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"\nbench: this failed with status {done.returncode}: {' '.join(words)}\n{done.stderr}{done.stdout}")
    return done.stdout


def program(name):
    return PROGRAMS / name


def instances():
    listed = run(program("replay-level1-granule16"), "list").split()
    return [name for name in listed if name not in ("classic", "malloc", "nothing") and not re.match("ideal|.*_one_tree", name)]


def in_parallel(tasks, progress, what):
    """tasks: functions without arguments. Their results, in order."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = [pool.submit(task) for task in tasks]
        for done, _ in enumerate(concurrent.futures.as_completed(futures), 1):
            progress(f"{what}: {done} of {len(tasks)}")
    return [future.result() for future in futures]


def space(variant, subject, kind, seed):
    """(smallest arena / peak, control block / peak), or None if the subject cannot hold the trace."""
    done = subprocess.run([program(f"replay-{variant}"), "space", subject, kind, str(seed)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode == 1 and "cannot hold" in done.stderr:
        return None
    if done.returncode != 0:
        sys.exit(f"\nbench: {subject} on {kind}, seed {seed}: status {done.returncode}\n{done.stderr}")
    peak, arena, control = map(int, done.stdout.split())
    return arena / peak, control / peak


def instructions(variant, subject, kind):
    """Instructions of one allocation and the frees that go with it, by callgrind; None if the subject cannot hold the trace."""
    command = [program(f"replay-{variant}"), "steady", subject, kind]
    plain = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if plain.returncode != 0:
        return None
    with tempfile.TemporaryDirectory() as directory:
        costs = os.path.join(directory, "costs")
        run("valgrind", "--tool=callgrind", f"--callgrind-out-file={costs}", "--toggle-collect=replay_steady", *command)
        by_function = self_costs(costs)
    heap = sum(cost for name, cost in by_function.items() if not HARNESS.fullmatch(name))
    return heap / int(plain.stdout.split()[0])


def self_costs(path):
    """Instructions in each function itself, from a file that callgrind wrote. Names stand in full once, then by number."""
    names, costs, function, of_call = {}, {}, None, False
    with open(path, encoding="utf-8") as file:
        for line in file:
            name = re.match(r"c?fn=\((\d+)\)(?: (.*))?$", line)
            if name:
                names.setdefault(name[1], name[2])
                if line.startswith("fn="):
                    function = names[name[1]]
            elif line.startswith("calls="):
                of_call = True
            elif re.match(r"[-+*\d]", line):
                if not of_call:
                    costs[function] = costs.get(function, 0) + int(line.split()[1])
                of_call = False
    return {re.sub(r"('\d+|@.*)$", "", name): cost for name, cost in costs.items()} if costs else {}


def dearest(variant, subject, trace, count):
    """{verb: (operations stepped through, instructions of the dearest)}; the count operations of each verb that enter the most
    basic blocks are stepped through."""
    places = run(program(f"dearest-{variant}"), subject, trace, count).split()
    return stepped(variant, subject, trace, places)


def stepped(variant, subject, trace, places):
    lines = run(program(f"step-{variant}"), subject, trace, *places).splitlines()
    return {verb: (int(count), int(most)) for verb, count, most, _ in map(str.split, lines)}


def searched(variant, subject, verb, tries, holes, least):
    """(instructions of the dearest operation of the sequence that a search finds, bytes of its arena)."""
    path = RESULTS / f"dearest-{subject}-{verb}-{variant}.trc"
    _, arena = run(program(f"search-{variant}"), subject, verb, tries, path, holes, least).split()
    return dearest(variant, subject, path, 5)[verb][1], int(arena)


def bounds(instance, level, shapes):
    """{function: instructions at most for each shape, "DEPTH" or "DEPTH/REGIONS"}."""
    lines = run(sys.executable, "-B", ROOT / "bench" / "bound.py", instance, level, *shapes).splitlines()
    return {function: list(map(int, most)) for function, *most in map(str.split, lines)}


def pages(variant, subject, kind):
    """Mean and most distinct pages of an alloc, mean and most of a free; None if the subject cannot hold the trace."""
    done = subprocess.run([program(f"pages-{variant}"), subject, kind], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        return None
    mean_alloc, most_alloc, mean_free, most_free = done.stdout.split()
    return float(mean_alloc), int(most_alloc), float(mean_free), int(most_free)


def control(variant, subject, heap_bytes):
    return int(run(program(f"replay-{variant}"), "control", subject, heap_bytes))
