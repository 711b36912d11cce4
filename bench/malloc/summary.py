"""What many runs come to: medians, minima, geometric means relative to the C library's malloc, and which peer is the best.

SPDX-License-Identifier: MIT
"""
import math
import statistics
import sys

from launch import GLIBC, OURS

METRICS = ("wall", "cpu", "rss", "faults")


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values))


class Results:
    """The runs of all programs with all allocators."""

    def __init__(self, allocators):
        self.allocators = list(allocators)
        self.runs = {}  # (program, allocator): [Taken]
        self.real = set()
        self.outputs = {}

    def add(self, program, real, allocator, taken):
        """The first output of a program is what all others must be."""
        if self.outputs.setdefault(program, taken.output) != taken.output:
            sys.exit(f"\nbench: {program} gives another output with {allocator}")
        if real:
            self.real.add(program)
        self.runs.setdefault((program, allocator), []).append(taken)

    def programs(self, which="all"):
        """all, or those that are real, or the patterns; in the order of their first run."""
        chosen = {"all": lambda name: True, "real": lambda name: name in self.real, "patterns": lambda name: name not in self.real}
        return [name for name in self.outputs if chosen[which](name)]

    def peers(self):
        return [name for name in self.allocators if name not in (GLIBC, OURS)]

    def median(self, program, allocator, metric):
        return statistics.median(getattr(taken, metric) for taken in self.runs[program, allocator])

    def minimum(self, program, allocator, metric):
        return min(getattr(taken, metric) for taken in self.runs[program, allocator])

    def ratio(self, program, allocator, metric, to=GLIBC):
        """Median to median. What takes next to nothing counts as one page fault, or a microsecond."""
        least = 1 if metric == "faults" else 1e-6
        return max(self.median(program, allocator, metric), least) / max(self.median(program, to, metric), least)

    def mean(self, allocator, metric, which="all", to=GLIBC):
        return geometric_mean(self.ratio(program, allocator, metric, to) for program in self.programs(which))

    def best_peer(self, metric="wall", which="all"):
        """The peer with the lowest mean in this run."""
        return min(self.peers(), key=lambda name: self.mean(name, metric, which))

    def furthest(self, to, metric="wall"):
        """The program in which ours is furthest behind, and its ratio."""
        program = max(self.programs(), key=lambda name: self.ratio(name, OURS, metric, to))
        return program, self.ratio(program, OURS, metric, to)

    def behind(self, metric, by):
        """[(program, peer, ratio)]: the programs in which some peer is ahead of ours by more than `by`, the worst first."""
        found = []
        for program in self.programs():
            peer = min(self.peers(), key=lambda name: self.median(program, name, metric))
            ratio = self.ratio(program, OURS, metric, peer)
            if ratio > by:
                found.append((program, peer, ratio))
        return sorted(found, key=lambda row: -row[2])


class Goal:
    """What is to be reached, beside whom, and what was measured."""

    def __init__(self, text, bound, measured, beside, unit=""):
        self.text = text
        self.bound = bound
        self.measured = measured
        self.beside = beside
        self.unit = unit

    def is_met(self):
        return self.measured <= self.bound


def goals(results):
    """Those for time and peak memory of the programs."""
    peer = results.best_peer()
    far, ratio = results.furthest(peer)
    far_glibc, ratio_glibc = results.furthest(GLIBC)
    return [*goals_of_means(results, "all", "all programs", 1.00),
            *(goals_of_means(results, "real", "the real programs", 0.95) if results.real else []),
            Goal("wall time, any program, to the best peer of all", 1.15, ratio, f"{peer}; worst: {far}"),
            Goal("wall time, any program, to glibc", 1.05, ratio_glibc, f"worst: {far_glibc}")]


def goals_of_means(results, which, text, rss):
    peer = results.best_peer(which=which)
    return [Goal(f"wall time, mean of {text}, to the best peer", 0.95, results.mean(OURS, "wall", which, peer),
                 f"{peer}, {results.mean(peer, 'wall', which):.3f} of glibc"),
            Goal(f"peak RSS, mean of {text}, to glibc", rss, results.mean(OURS, "rss", which), leanest(results, which))]


def leanest(results, which):
    peer = results.best_peer("rss", which)
    return f"leanest peer: {peer}, {results.mean(peer, 'rss', which):.3f}"
