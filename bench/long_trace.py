#!/usr/bin/env python3
"""What commands of heapmm need for a long trace: time and memory.

SPDX-License-Identifier: MIT

    long_trace.py [--events N]     default 10 million

Builds the tool in build/release. Records four threads that allocate, resize and free blocks, mostly those of others (tests/tools/stress.c), and gives the trace to the
commands. Memory is the peak of whichever process of the command needed most, the recorded program's included.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

# A process begins with the peak of the one that starts it, so a small one does.
STARTER = ("import os, resource, sys; status = os.spawnv(os.P_WAIT, sys.argv[1], sys.argv[1:]); "
           "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(status)")


def measure(name, *words):
    begun = time.monotonic()
    done = subprocess.run([sys.executable, "-S", "-c", STARTER, *map(str, words)], check=False, capture_output=True, text=True)
    seconds = time.monotonic() - begun
    if done.returncode != 0:
        sys.exit(f"{name}: status {done.returncode}: {done.stderr}{done.stdout[-500:]}")
    print(f"| {name} | {seconds:.1f} | {int(done.stdout.split()[-1]) / 1024:.1f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    options = parser.parse_args()
    for command in (["cmake", "--preset", "release"], ["cmake", "--build", "build/release", "--target", "heapmm_tool", "tool_stress"]):
        subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    heapmm, stress = ROOT / "build/release/tools/heapmm", ROOT / "build/release/tests/tools/tool_stress"
    with tempfile.TemporaryDirectory() as directory:
        trace = pathlib.Path(directory, "long.hmt")
        print("| command | seconds | peak, MiB |\n|---|---:|---:|")
        # A quarter of the program's turns find nothing to do.
        measure("heapmm record", heapmm, "record", "-q", "-o", trace, "--", stress, 4, options.events * 5 // 4)
        measure("heapmm stat", heapmm, "stat", trace)
        measure("heapmm replay --on heap", heapmm, "replay", "--on", "heap", trace)
        measure("heapmm replay --on glibc", heapmm, "replay", "--on", "glibc", trace)
        measure("heapmm replay --on glibc --verify", heapmm, "replay", "--on", "glibc", "--verify", trace)
        measure("heapmm replay --on glibc --concurrent", heapmm, "replay", "--on", "glibc", "--concurrent", trace)
        measure("heapmm size --on heap", heapmm, "size", "--on", "heap", trace)
        events = json.loads(subprocess.run([heapmm, "stat", "--json", trace], check=True, capture_output=True).stdout)["events"]
        print(f"\n{events:,} events, {trace.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
