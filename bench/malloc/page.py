"""Tables and plots of the malloc benchmarks; docs/malloc-benchmarks.md.

SPDX-License-Identifier: MIT
"""
import datetime
import os
import re

import launch
import measure
import report
from launch import GLIBC
from table import Table

README = measure.ROOT / "README.md"
PAGE = measure.ROOT / "docs" / "malloc-benchmarks.md"
BY_HAND = "## What is not reached, and why"
HEAD = """# Benchmarks of the malloc replacement

Written by `{command}`, which measures all that stands here; `make bench-malloc` makes nine runs, with huge pages besides, and
`make bench-malloc QUICK=1` a short one that leaves this page alone. Measured on {date}: {machine}, {memory} GiB; {compiler};
{system}, Linux {kernel}. heapmm's sources of {commit}, with its default checks.

Each program runs with one allocator after the other, preloaded, {runs} times, in an order that changes from round to round; figures
are medians, relative to the GNU C library's malloc where nothing else is said. The output of each program is the same with all of
them, or the benchmark stops. The mean of several programs is the geometric mean of their ratios. The best peer is the one with the
lowest mean of wall time in the same run.{others}

The patterns are our own programs after the field's usual ones, in [bench/malloc](../bench/malloc); each runs for a second or two.
The real programs are Debian's, on work that [inputs.py](../bench/malloc/inputs.py) makes. Of redis the server is measured,
while redis-benchmark asks; it is linked with jemalloc's library, which is loaded, unused, with the other allocators, too.
Differences below 5 % are noise. {disturbed}
"""


def seconds_and_least(results, metric, name, title, digits):
    """Medians, and minima beside them."""
    table = Table(name, title, ["program"] + results.allocators)
    for program in results.programs():
        table.add(program, *(f"{results.median(program, one, metric):.{digits}f} ({results.minimum(program, one, metric):.{digits}f})"
                             for one in results.allocators))
    return table


def ratios(results, metric, name, title):
    table = Table(name, title, ["program", GLIBC] + results.allocators[1:])
    for program in results.programs():
        table.add(program, *(results.ratio(program, one, metric) for one in results.allocators))
    for which, text in (("patterns", "mean of the patterns"), ("real", "mean of the real programs"), ("all", "mean of all")):
        if results.programs(which):
            table.add(f"**{text}**", *(results.mean(one, metric, which) for one in results.allocators))
    return table


def means(results, name, title):
    kinds = [(metric, which) for metric in ("wall", "cpu", "rss") for which in ("all", "real") if results.programs(which)]
    words = {"wall": "wall", "cpu": "CPU", "rss": "peak RSS"}
    table = Table(name, title, ["allocator"] + [f"{words[metric]}, {which}" for metric, which in kinds])
    for one in results.allocators:
        table.add(one, *(results.mean(one, metric, which) for metric, which in kinds))
    return table


def goal_table(goals):
    table = Table("malloc_goals", "Medians of this run, and what is to be reached", ["goal", "at most", "measured", "met", "beside"])
    for goal in goals:
        unit = f" {goal.unit}" if goal.unit else ""
        table.add(goal.text, f"{goal.bound:g}{unit}", f"{goal.measured:.3f}" if not unit else f"{goal.measured:.0f}{unit}",
                  "yes" if goal.is_met() else "NO", goal.beside)
    return table


def behind_table(results):
    table = Table("malloc_behind", "Where a peer is ahead by more than 2 % of wall time or of peak RSS: heapmm to the best there",
                  ["program", "measured", "best peer there", "heapmm / that peer"])
    for metric, word in (("wall", "wall"), ("rss", "peak RSS")):
        for program, peer, ratio in results.behind(metric, 1.02):
            table.add(program, word, peer, ratio)
    return table


def main_tables(results):
    return [means(results, "malloc_means", "Geometric means, huge pages off"),
            ratios(results, "wall", "malloc_wall", "Wall time, to glibc"),
            ratios(results, "cpu", "malloc_cpu", "CPU time, to glibc"),
            ratios(results, "rss", "malloc_rss", "Peak RSS, to glibc"),
            behind_table(results),
            seconds_and_least(results, "wall", "malloc_seconds", "Wall time in seconds, median and, in brackets, minimum", 3),
            seconds_and_least(results, "rss", "malloc_mebibytes", "Peak RSS in MiB, median and minimum", 1),
            seconds_and_least(results, "faults", "malloc_faults", "Page faults, median and minimum", 0)]


def huge_tables(results):
    return [means(results, "malloc_means_huge", "Geometric means, huge pages as the system has them"),
            ratios(results, "wall", "malloc_wall_huge", "Wall time, to glibc, huge pages as the system has them"),
            ratios(results, "rss", "malloc_rss_huge", "Peak RSS, to glibc, huge pages as the system has them")]


def huge_page_setting():
    try:
        with open("/sys/kernel/mm/transparent_hugepage/enabled", encoding="ascii") as file:
            return file.read().split("[")[1].split("]")[0]
    except OSError:
        return "not supported"


def disturbed(load, cores, niceness=0):
    """The benchmark itself makes a load of two, while threads run in it."""
    if load < 1.5 * max(cores, 2):
        return f"The load average at the end was {load:.1f}."
    other = f"**The machine did much else meanwhile**: the load average at the end was {load:.1f}, on {cores} cores. "
    if niceness < 0:
        return other + (f"The benchmark ran before it, at niceness {niceness}, which is no help where threads wait for each other: wall times "
                        "of such programs (producer-consumer, short-threads, redis) say little, and CPU times more.")
    return other + "Wall times of this run say little; CPU times are nearer to what an idle machine shows."


def kernel():
    return measure.run("uname", "-r").strip()


def memory_size():
    with open("/proc/meminfo", encoding="ascii") as file:
        return round(int(file.readline().split()[1]) / 2 ** 20)


def sources():
    """The commit that changed what is measured last."""
    measured = ("src/malloc", "src/os", "src/base", "include/heapmm/avl.h")
    return measure.run("git", "-C", measure.ROOT, "log", "-1", "--format=%h", "--", *measured).strip()


def versions():
    """The Debian packages of the peers."""
    packages = ("libc6", "libmimalloc2.0", "libjemalloc2", "libtcmalloc-minimal4")
    return ", ".join(measure.run("dpkg-query", "-W", "-f", "${Package} ${Version}", package) for package in packages)


def write(bench, goals, results, memory, counted):
    """bench: how it was measured, see run.py; results: {with huge pages: Results}."""
    others = list(bench.libraries)[2 + len(launch.PEERS):]
    others = f" Beside Debian's: {', '.join(others)}." if others else ""
    runs, huge_runs = bench.runs[False], bench.runs.get(True)
    head = HEAD.format(command=bench.command(), date=datetime.date.today().isoformat(), machine=report.machine(), memory=memory_size(),
                       compiler=measure.run("cc", "--version").splitlines()[0], system=report.system(), kernel=kernel(),
                       commit=sources(), runs=runs, others=others,
                       disturbed=disturbed(os.getloadavg()[2], os.cpu_count(), os.getpriority(os.PRIO_PROCESS, 0)))
    out = [head, f"Packages: {versions()}.\n", "## Goals\n"]
    out += [goal_table(goals).markdown(), "## Programs\n", "Huge pages are off for all allocators (PR_SET_THP_DISABLE).\n"]
    tables = main_tables(results[False])
    out += [table.markdown() for table in tables[:2]]
    for metric, title in (("wall", "Wall time, glibc = 1"), ("rss", "Peak RSS, glibc = 1")):
        draw(results[False], metric, title)
        out.append(f"![{title}](malloc-benchmarks-{metric}.svg)\n")
    out += [table.markdown() for table in tables[2:] if table.rows]
    out += ["## Memory given back, and many threads\n"] + [table.markdown() for table in memory.tables()]
    out += ["## Instructions\n", counted.table().markdown()]
    if huge_runs:
        out += ["## Huge pages\n", f"The same with huge pages as this system has them: `{huge_page_setting()}`; with `madvise`, "
                f"those get them that ask. Runs of each: {huge_runs}.\n"]
        out += [table.markdown() for table in huge_tables(results[True])]
    PAGE.write_text("\n".join(out + [by_hand()]), encoding="utf-8")
    quote_in_readme()


def by_hand():
    """What a person has written at the end of the page stays."""
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    return text[text.find(BY_HAND):] if BY_HAND in text else f"{BY_HAND}\n"


def headline(text):
    """The first table of means in a page or in README."""
    return re.search(r"^\| allocator \| wall, all \|.*\n(\|.*\n)*", text, re.MULTILINE).group()


def quote_in_readme():
    text = README.read_text(encoding="utf-8")
    README.write_text(text.replace(headline(text), headline(PAGE.read_text(encoding="utf-8"))), encoding="utf-8")


def draw(results, metric, title):
    data = measure.RESULTS / f"malloc-{metric}.dat"
    others = results.allocators[1:]
    with open(data, "w", encoding="utf-8") as file:
        file.write("\t".join(["program"] + others) + "\n")
        for program in results.programs():
            file.write("\t".join([program] + [f"{results.ratio(program, one, metric):.4f}" for one in others]) + "\n")
    most = max(results.ratio(program, one, metric) for program in results.programs() for one in others)
    measure.run("gnuplot", "-", input=f"""
        set terminal svg size 1100,420 background 'white' font 'sans-serif,12'
        set output '{measure.ROOT}/docs/malloc-benchmarks-{metric}.svg'
        set title '{title}'; set datafile separator '\t'
        set style data histograms; set style histogram clustered gap 1.5; set style fill solid 0.9 noborder
        set yrange [0:{min(most * 1.05, 2.5)}]; set grid ytics lc rgb '#dddddd'; set key outside right noenhanced
        set xtics noenhanced nomirror rotate by -40
        set linetype 1 lc rgb '#c0392b'; set linetype 2 lc rgb '#7f9fbf'; set linetype 3 lc rgb '#8fbf8f'
        set linetype 4 lc rgb '#d0b070'; set linetype 5 lc rgb '#a890c0'; set linetype 6 lc rgb '#909090'
        plot for [i=2:{len(others) + 1}] '{data}' using i:xtic(1) title columnheader(i), 1 with lines lc rgb '#404040' title 'glibc'
        """)
