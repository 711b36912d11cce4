"""Puts sections on the terminal, and into docs/benchmarks.md with their plots.

SPDX-License-Identifier: MIT
"""
import datetime
import os
import platform
import re

import measure

HEAD = """# Benchmarks

Written by `make bench`, which does all that stands here; `make bench QUICK=1` is a shorter run that leaves this page alone.
Measured on {date}: {machine}; {compiler}; {system}. heapmm at {commit}.

The traces are made anew by [bench/trace.c](../bench/trace.c), to the byte those of the figures of others. **Columns marked \\***
were measured elsewhere on the same traces; all others here. "NO" in the last column of a table: the goal is not met yet.

| trace | what it does |
|---|---|
| mcu | 400 live blocks, log-normal sizes of mean 64 bytes, 4 to 1024; a random one is freed, another allocated, 100,000 times |
| uniform | the same with 5000 blocks of 1 to 2048 bytes |
| small | 20,000 live blocks, log-normal of mean 64 bytes, 1 to 4096; 200,000 times |
| mixed | 2000 live blocks, 95 % log-normal of mean 128 bytes, 5 % from 64 KiB to 1 MiB; 50,000 times |
| phase | twelve phases, the mean size grows by 1.41 from each to the next; 80 % is freed in between |
| resize | 1000 live buffers that grow by half, shrink to half or are replaced; 100,000 times |
"""


def on_terminal(section):
    return "\n".join([f"== {section.title} =="] + [table.text() for table in section.tables if table.rows])


def write(sections):
    out = [HEAD.format(date=datetime.date.today().isoformat(), machine=machine(), system=system(), commit=commit(),
                       compiler=measure.run("cc", "--version").splitlines()[0])]
    for section in sections:
        out.append(f"## {section.title}\n\n{section.text}\n")
        out += [table.markdown() for table in section.tables if table.rows]
        for plot in section.plots:
            draw(plot)
            out.append(f"![{plot.title}](benchmarks-{plot.name}.svg)\n")
    (measure.ROOT / "docs" / "benchmarks.md").write_text("\n".join(out), encoding="utf-8")


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = re.search(r"model name\s*: (.*)", file.read())
    return f"{model[1] if model else platform.machine()}, {os.cpu_count()} cores"


def system():
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")


def commit():
    return measure.run("git", "-C", measure.ROOT, "rev-parse", "--short", "HEAD").strip()


def draw(plot):
    data = measure.RESULTS / f"{plot.name}.dat"
    with open(data, "w", encoding="utf-8") as file:
        file.write("\t".join(["trace"] + [name for name, _ in plot.series]) + "\n")
        for index, label in enumerate(plot.labels):
            file.write("\t".join([label] + [f"{values[index]:.4f}" for _, values in plot.series]) + "\n")
    measure.run("gnuplot", "-", input=f"""
        set terminal svg size 820,360 background 'white' font 'sans-serif,12'
        set output '{measure.ROOT}/docs/benchmarks-{plot.name}.svg'
        set title '{plot.title}'; set ylabel '{plot.axis}'
        set datafile separator '\t'
        set style data histograms; set style histogram clustered gap 1; set style fill solid 0.9 noborder
        set yrange [0:*]; set grid ytics lc rgb '#dddddd'; set key outside right noenhanced; set xtics noenhanced nomirror
        plot for [i=2:{len(plot.series) + 1}] '{data}' using i:xtic(1) title columnheader(i)
        """)
