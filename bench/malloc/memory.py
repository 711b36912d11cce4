"""What stays resident, and what many threads cost: measured by patterns.c's memory and scaling.

SPDX-License-Identifier: MIT
"""
import statistics

from launch import GLIBC, OURS
from summary import Goal
from table import Table

THREADS = (1, 2, 4, 16, 64)
THREADS_OF_FAIRNESS = THREADS[1:]


def numbers(text):
    return {name: float(value) for name, value in (line.split() for line in text.splitlines())}


def medians(launcher, command, runs):
    """{what was printed: median}, and the peak in MiB and the seconds among them."""
    found = []
    for _ in range(runs):
        taken, text = launcher.run(command)
        found.append({**numbers(text), "peak": taken.rss, "wall": taken.wall})
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


class Memory:
    """launchers: {allocator: Launcher}."""

    def __init__(self, launchers, scale, runs, progress):
        patterns = next(iter(launchers.values())).build / "bench/malloc/patterns"
        self.found = {}
        for name, launcher in launchers.items():
            for what in ("nothing", "all-freed", "some-kept"):
                progress(f"memory: {name}, {what}")
                self.found[name, what] = medians(launcher, [patterns, "memory", what], runs)
            for threads in THREADS:
                progress(f"scaling: {name}, {threads} threads")
                self.found[name, threads] = medians(launcher, [patterns, "scaling", threads, scale], runs)
            for threads in THREADS_OF_FAIRNESS:
                progress(f"fairness: {name}, {threads} threads")
                self.found[name, "fairness", threads] = medians(launcher, [patterns, "fairness", threads, scale], 1)
        self.names = list(launchers)

    def mebibytes(self, name, what, moment):
        return self.found[name, what][moment] / 1024

    def growth(self, name):
        return self.found[name, THREADS[-1]]["peak"] / self.found[name, 1]["peak"]

    def goals(self):
        empty = {name: self.found[name, "nothing"]["resident"] for name in self.names}
        return [
            Goal("RSS of an empty program, over glibc", 256, empty[OURS] - empty[GLIBC], f"glibc: {empty[GLIBC]:.0f} KiB", "KiB"),
            self.returned("all-freed", "4 threads x 64 MiB, all freed, 2 s later and after 1000 small calls", 15),
            self.returned("some-kept", "the same, one block in 50 kept, threads joined", 50),
            Goal("peak RSS with 64 threads, to one thread with the same work", 1.3, self.growth(OURS),
                 f"glibc: {self.growth(GLIBC):.2f}"),
        ]

    def returned(self, what, text, bound):
        after = {name: self.mebibytes(name, what, "after_calls") for name in self.names}
        best = min((name for name in self.names if name != OURS), key=after.get)
        return Goal(text, bound, after[OURS], f"{best}: {after[best]:.0f}", "MiB")

    def tables(self):
        resident = Table("malloc_memory", "Resident memory, MiB; 4 threads allocate 64 MiB each, in blocks of 16 to 2048 bytes, "
                         "and free all, or all but one in 50 and end; the 1000 calls are the main thread's",
                         ["allocator", "empty program, KiB", "all allocated", "all freed", "2 s later", "after 1000 calls",
                          "one in 50 kept", "2 s later", "after 1000 calls"])
        for name in self.names:
            resident.add(name, round(self.found[name, "nothing"]["resident"]), self.mebibytes(name, "all-freed", "full"),
                         *(self.mebibytes(name, what, moment) for what in ("all-freed", "some-kept")
                           for moment in ("at_once", "later", "after_calls")))
        return [resident, self.table("malloc_scaling", "The same work by 1 to 64 threads: wall time, s", lambda one: one["wall"]),
                self.table("malloc_growth", "Its peak RSS, MiB", lambda one: one["peak"]),
                self.table("malloc_fairness", "Fairness: turns of the fastest thread / turns of the slowest, in two seconds; the kernel "
                           "has its share in it",
                           lambda one: one["most"] / max(one["fewest"], 1), "fairness")]

    def table(self, name, title, value, *kind):
        table = Table(name, title, ["threads"] + self.names)
        for threads in THREADS_OF_FAIRNESS if kind else THREADS:
            table.add(threads, *(value(self.found[name_of, *kind, threads]) for name_of in self.names))
        return table
