"""How many bytes of code a target needs to allocate and free, and how much stack each function of the heap takes.

SPDX-License-Identifier: MIT
"""
import re
import subprocess
import tempfile
from pathlib import Path

from measure import ROOT, instances, run

# name: (compiler, its options)
TARGETS = {
    "x86-64": ("gcc", ["-ffreestanding"]),
    "Cortex-M4": ("arm-none-eabi-gcc", ["-mcpu=cortex-m4", "-mthumb", "-ffreestanding"]),
    "Cortex-M0": ("arm-none-eabi-gcc", ["-mcpu=cortex-m0", "-mthumb", "-ffreestanding"]),
    "AVR": ("avr-gcc", ["-mmcu=atmega1284p"]),
}
LEVELS = {0: ["-DHMM_AUDIT_LEVEL=0", "-DHMM_STATS=0"], 1: ["-DHMM_AUDIT_LEVEL=1", "-DHMM_STATS=1"]}
FAST_PATH = {"with": ["-DHMM_FAST=1"], "without": ["-DHMM_FAST=0"]}  # the straight path of the commonest cases, a copy of what exists anyway
LIBRARY = [f"-Wl,--defsym={name}=start" for name in ("memcpy", "memmove", "memset")]  # not the heap's, so not counted
OWN = ("start", "abort", "heap")


def compiles(target, instance):
    """Whether the instance can be built for the target at all."""
    compiler, options = TARGETS[target]
    command = [compiler, *options, "-std=c11", "-Os", f"-I{ROOT}/include", "-fsyntax-only", f"{ROOT}/src/heap/{instance}.c"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def code(target, instance, level, fast_path):
    """(bytes of code, bytes of constants) that the heap takes in a program which only allocates and frees."""
    compiler, options = TARGETS[target]
    prefix = f"hmm_{instance}"
    with tempfile.TemporaryDirectory() as directory:
        linked = Path(directory) / "linked"
        run(compiler, *options, "-std=c11", "-Os", "-ffunction-sections", "-fdata-sections", *LEVELS[level],
            *FAST_PATH[fast_path], f"-I{ROOT}/include", f'-DHEADER="heapmm/{instance}.h"', f"-DTYPE={prefix}", f"-DALLOC={prefix}_alloc", f"-DFREE={prefix}_free",
            ROOT / "bench" / "size_user.c", f"{ROOT}/src/heap/{instance}.c", "-nostdlib", "-static", "-Wl,--gc-sections",
            "-Wl,-estart", *LIBRARY, "-lgcc", "-o", linked)
        tools = compiler[:-len("gcc")]
        sections = dict(re.findall(r"^(\.\w+)\s+(\d+)", run(f"{tools}size", "-A", linked), re.M))
        own = sum(int(size, 16) for _, size, _, name in
                  re.findall(r"^(\w+) (\w+) ([Tt]) (\w+)$", run(f"{tools}nm", "-S", linked), re.M) if name in OWN)
    return int(sections[".text"]) - own, int(sections.get(".rodata", 0)) + int(sections.get(".data", 0))


def stack(target, instance, level, optimisation):
    """{public function: bytes of stack at most, with all that it calls, handlers of the user aside}."""
    compiler, options = TARGETS[target]
    with tempfile.TemporaryDirectory() as directory:
        run(compiler, *options, "-std=c11", optimisation, *LEVELS[level], f"-I{ROOT}/include", "-fcallgraph-info=su", "-c",
            f"{ROOT}/src/heap/{instance}.c", "-o", Path(directory) / "heap.o")
        graph = next(Path(directory).glob("*.ci")).read_text(encoding="utf-8")
    own = {name: int(size) for name, size in re.findall(r'node: \{ title: "([^"]*)" label: "[^"]*\\n(\d+) bytes', graph)}
    calls = {}
    for caller, callee in re.findall(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"', graph):
        calls.setdefault(caller, set()).add(callee)

    deepest = {}

    def depth(name):
        if name not in deepest:
            deepest[name] = 0  # there is no recursion; if there were, this would not loop
            deepest[name] = own.get(name, 0) + max((depth(callee) for callee in calls.get(name, ())), default=0)
        return deepest[name]

    return {name: depth(name) for name in own if name.startswith(f"hmm_{instance}_")}


def possible():
    """(target, instance) for all that can be built."""
    return [(target, instance) for target in TARGETS for instance in instances() if compiles(target, instance)]
