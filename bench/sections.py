"""What is measured, against which goals, beside which figures of others: each section returns tables and plots.

SPDX-License-Identifier: MIT

The figures of others were measured elsewhere on the same traces: instructions by callgrind as here, arenas by the same search.
"""
import statistics
from functools import partial

import bound
import measure
import size
from table import Table, verdict

KINDS = ("mcu", "uniform", "small", "mixed", "phase")
ELSEWHERE = "Columns marked * were measured elsewhere on the same traces."

# Instructions for one allocation and one free, without audits and with (the others have none); smallest arena / peak of the trace
# without a seed.
PEERS = {
    "TLSF": {"level0": (206, 255, 192, 213, 288), "space": (1.538, 1.053, 1.256, 1.149, 1.380)},
    "o1heap 2.2": {"level0": (125, 126, 120, 126, 169), "space": (2.197, 1.413, 2.161, 1.459, 2.843)},
    "dlmalloc": {"level0": (125, 312, 117, 156, 198), "space": (1.388, 1.052, 1.291, 1.129, 1.490)},
    "heapmm 1.1": {"level0": (511, 803, 434, 664, 803), "level1": (638, 1007, 553, 841, 1007),
                   "space": (1.324, 1.050, 1.251, 1.19, 1.369)},
}
CLASSIC = ("The classic heap is the interface of heapmm 1.1, written anew; its configuration here has units of 8 bytes and 32-bit size "
           "words, so 8 bytes of head (bench/classic.h). Before anything changes, its audits verify the ways through the tree and the nodes "
           "beside them.")
PUBLISHED_IDEAL = (1.219, 1.045, 1.151, 1.151, 1.236)


class Section:
    def __init__(self, title, text):
        self.title = title
        self.text = text
        self.tables = []
        self.plots = []


class Plot:
    """Groups of bars: a group for each label, a bar in it for each series (name, values)."""

    def __init__(self, name, title, axis, labels, series):
        self.name = name
        self.title = title
        self.axis = axis
        self.labels = labels
        self.series = series


# ---- Space ------------------------------------------------------------------------------------------------------------------------


def space(quick, progress):
    section = Section("Space", "The smallest arena in which a trace completes, control block included, divided by the most bytes "
                      "that are live in it: a search by halving, in steps of 64 bytes. The ideal is a simulated strict best fit "
                      "with the same header and granule, and no control block. Statistics and audits (level 1) are on; they "
                      "do not change the figures but by the size of the control block, which level 0 has, too.")
    section.tables.append(space_of_default(range(2 if quick else 10), progress))
    section.tables.append(space_of_splitting(quick, progress))
    section.tables.append(space_of_others(quick, progress))
    unseeded, plot = space_beside_peers(progress)
    section.tables.append(unseeded)
    section.plots.append(plot)
    return section


def ratios(variant, subject, kind, seeds, progress):
    tasks = [partial(measure.space, variant, subject, kind, seed) for seed in seeds]
    return measure.in_parallel(tasks, progress, f"space, {kind}, {subject}, {variant}")


def space_of_default(seeds, progress):
    table = Table("space", f"Smallest arena / peak of live bytes, default instance, median of seeds 0 to {len(seeds) - 1}",
                  ["trace", "granule", "ideal", "control block", "goal", "measured", "met"],
                  "Goal: 1.01 of the ideal, and the control block.")
    for granule in (8, 16):
        for kind in ("mcu", "small", "uniform", "phase"):
            ideal = ratios("level1-granule8", f"ideal_4_{granule}", kind, seeds, progress)
            heap = ratios(f"level1-granule{granule}", "heap", kind, seeds, progress)
            goal = statistics.median(1.01 * i[0] + h[1] for i, h in zip(ideal, heap))
            measured = statistics.median(h[0] for h in heap)
            table.add(kind, granule, statistics.median(i[0] for i in ideal), statistics.median(h[1] for h in heap), goal, measured,
                      verdict(measured, goal))
    return table


def space_of_splitting(quick, progress):
    table = Table("space_split", "Where the end at which a block is split matters, default instance, mean of the seeds",
                  ["trace", "granule", "seeds", "ideal, low end", "ideal, high from 2 KiB", "dlmalloc*", "TLSF*", "goal", "measured",
                   "met"], ELSEWHERE)
    for kind, last, goal, dlmalloc, tlsf in (("mixed", 5, 1.135, 1.175, 1.185), ("resize", 3, 1.40, 1.435, 1.49)):
        seeds = range(2 if quick else last + 1)
        for granule in (8, 16):
            means = [statistics.mean(r[0] for r in ratios(f"level1-granule{granule}", subject, kind, seeds, progress))
                     for subject in (f"ideal_4_{granule}", f"ideal_4_{granule}_high", "heap")]
            table.add(kind, granule, f"0 to {seeds[-1]}", means[0], means[1], dlmalloc, tlsf, goal, means[2], verdict(means[2], goal))
    return table


def space_of_others(quick, progress):
    table = Table("space_instances", "Other instances, granule 8 where they have the choice, median of the seeds",
                  ["instance", "trace", "ideal", "control block", "goal", "measured", "met"],
                  "The ideal has a header of 2 bytes and granule 8 beside the tiny instance, 8 and 16 beside the wide one. "
                  "An instance stands here as soon as it exists.")
    seeds = range(2 if quick else 10)
    for instance, ideal, kinds in (("tiny_heap", "ideal_2_8", ("mcu",)), ("wide_heap", "ideal_8_16", KINDS)):
        for kind in kinds if instance in measure.instances() else ():
            floor = ratios("level1-granule8", ideal, kind, seeds, progress)
            heap = ratios("level1-granule8", instance, kind, seeds, progress)
            if None in heap:
                continue
            goal = 1.20 if instance == "tiny_heap" else statistics.median(1.01 * i[0] + h[1] for i, h in zip(floor, heap))
            measured = statistics.median(h[0] for h in heap)
            table.add(instance, kind, statistics.median(i[0] for i in floor), statistics.median(h[1] for h in heap), goal, measured,
                      verdict(measured, goal))
    return table


def space_beside_peers(progress):
    names = ["ideal*", "ideal, simulated here", "heapmm, granule 8", "heapmm, granule 16", "classic"]
    names += [f"{peer}*" for peer in PEERS]
    table = Table("space_peers", "The traces without a seed, beside others", ["trace"] + names, f"{ELSEWHERE} {CLASSIC}")
    subjects = (("level1-granule8", "ideal_4_8"), ("level1-granule8", "heap"), ("level1-granule16", "heap"),
                ("level1-granule8", "classic"))
    for index, kind in enumerate(KINDS):
        ours = [measure.space(variant, subject, kind, -1)[0] for variant, subject in subjects]
        table.add(kind, PUBLISHED_IDEAL[index], *ours, *(peer["space"][index] for peer in PEERS.values()))
        progress(f"space beside others: {kind}")
    chosen = [names.index(name) + 1 for name in ("ideal, simulated here", "heapmm, granule 8", "classic", "TLSF*", "o1heap 2.2*",
                                                 "dlmalloc*")]
    plot = Plot("space", "Smallest arena / peak of live bytes", "arena / live bytes", KINDS,
                [(table.heading[column], [row[column] for row in table.rows]) for column in chosen])
    return table, plot


# ---- Instructions -----------------------------------------------------------------------------------------------------------------

INSTRUCTION_GOALS = {"level0": (125, 126, 117, 126, 169), "level1": (206, 255, 192, 213, 288)}


def instructions(quick, progress):
    section = Section("Instructions", "Instructions of one allocation and one free in the steady part of a trace, by callgrind, "
                      "those of the replay itself left out, in an arena of twice the most bytes live. Compiled with -O2, granule 16. "
                      "Level 0 has no statistics, level 1 has.")
    subjects = ["heap"] if quick else measure.instances()
    tasks = [(variant, subject, kind) for variant in ("level0", "level1") for subject in subjects for kind in KINDS]
    tasks += [(variant, "classic", kind) for variant in ("level0", "level1") for kind in KINDS]
    tasks += [("level0", "malloc", kind) for kind in KINDS]
    results = measure.in_parallel([partial(measure.instructions, f"{variant}-granule16", *rest) for variant, *rest in tasks], progress,
                                  "instructions")
    found = dict(zip(tasks, results))
    for variant, note in (("level0", "Goal: the fastest of all peers on each trace."),
                          ("level1", "Goal: TLSF, which checks and counts nothing. As a stretch 0.85 of that.")):
        section.tables.append(instructions_table(variant, found, note))
    section.tables.append(instructions_of_others(found, subjects))
    series = [(f"heapmm, {variant}", [found[variant, "heap", kind] for kind in KINDS]) for variant in ("level0", "level1")]
    series += [(f"{peer}*", PEERS[peer]["level0"]) for peer in ("TLSF", "o1heap 2.2", "dlmalloc")]
    section.plots.append(Plot("instructions", "Instructions of one allocation and one free", "instructions", KINDS, series))
    return section


def instructions_table(variant, found, note):
    peers = {peer: figures.get(variant, figures["level0"]) for peer, figures in PEERS.items()
             if variant == "level0" or peer in ("TLSF", "heapmm 1.1")}
    table = Table(f"instructions_{variant}", f"Audit level {variant[-1]}, {'no ' if variant == 'level0' else ''}statistics",
                  ["trace"] + [f"{peer}*" for peer in peers] + ["classic", "goal", "measured", "met"], f"{note} {ELSEWHERE} {CLASSIC}")
    for index, kind in enumerate(KINDS):
        measured = round(found[variant, "heap", kind])
        goal = INSTRUCTION_GOALS[variant][index]
        table.add(kind, *(figures[index] for figures in peers.values()), round(found[variant, "classic", kind]), goal, measured,
                  verdict(measured, goal))
    return table


def instructions_of_others(found, subjects):
    others = [name for name in subjects if name != "heap"]
    heading = ["trace", "glibc malloc"] + [f"{name}, {variant}" for name in others for variant in ("level0", "level1")]
    table = Table("instructions_others", "The C library's malloc, and other instances, measured here", heading)
    for kind in KINDS:
        row = [("level0", "malloc", kind)] + [(variant, name, kind) for name in others for variant in ("level0", "level1")]
        table.add(kind, *(None if found[key] is None else round(found[key]) for key in row))
    return table


# ---- The worst single operation ---------------------------------------------------------------------------------------------------

WORST_GOALS = {"alloc": 400, "free": 300}
# What is searched for each instance: the subject, the number of free blocks, bytes of the smallest; and how deep its trees can be. All
# classes of a tiny heap that are wide enough for deep trees need more than the 64 KiB it can have: so there it has the smallest index,
# whose last class is open-ended.
SEARCHED = {
    "heap": ("heap", 400, 16384, lambda arena: bound.depth_in_heap(arena, 16)),
    "tiny_heap": ("tiny_heap_one_tree", 29, 512, lambda arena: bound.depth_beyond_index(arena, 8)),
    "wide_heap": ("wide_heap", 400, 16384, lambda arena: bound.depth_in_heap(arena, 16)),
}


def worst(quick, progress):
    section = Section("The worst single operation", "Instructions of the dearest allocation and of the dearest free, stepped through "
                      "one by one in the optimised program (-O2, granule 16, arena of twice the most bytes live). Of each trace those "
                      "operations are stepped through that enter the most basic blocks. The last rows are sequences that hill climbing "
                      "found: some hundred free blocks of many sizes in few trees, and then the dearest operation that random changes "
                      "lead to; the sequences stand in build/bench/ as traces. Bounds are the longest ways through the compiled code, by "
                      "[bench/bound.py](../bench/bound.py); [ARCHITECTURE.md](../ARCHITECTURE.md#time) derives the turns of its loops.")
    count, tries = (20, 2000) if quick else (60, 15000)
    instances = ["heap"] if quick else [name for name in SEARCHED if name in measure.instances()]
    tasks, labels = [], []
    for variant in ("level0", "level1"):
        for subject in ("heap", "classic"):
            labels += [(variant, subject, kind) for kind in KINDS]
            tasks += [partial(measure.dearest, f"{variant}-granule16", subject, kind, count) for kind in KINDS]
        for instance in instances:
            subject, holes, least, _ = SEARCHED[instance]
            labels += [(variant, instance, f"searched, {verb}") for verb in WORST_GOALS]
            tasks += [partial(measure.searched, f"{variant}-granule16", subject, verb, tries, holes, least) for verb in WORST_GOALS]
    found = dict(zip(labels, measure.in_parallel(tasks, progress, "worst single operation")))
    section.tables += [worst_of_default(found), worst_of_classic(found), *bound_tables(found, instances, progress)]
    return section


def worst_of_default(found):
    table = Table("worst", "Instructions of the dearest operation, default instance",
                  ["sequence", "alloc, level 0", "goal", "met", "free, level 0", "goal", "met", "alloc, level 1", "free, level 1"],
                  "The goals are for level 0 over the traces.")
    for kind in KINDS:
        alloc, free = (found["level0", "heap", kind][verb][1] for verb in WORST_GOALS)
        table.add(kind, alloc, WORST_GOALS["alloc"], verdict(alloc, WORST_GOALS["alloc"]), free, WORST_GOALS["free"],
                  verdict(free, WORST_GOALS["free"]), *(found["level1", "heap", kind][verb][1] for verb in WORST_GOALS))
    row = [found[variant, "heap", f"searched, {verb}"][0] for variant in ("level0", "level1") for verb in WORST_GOALS]
    table.add("searched for", row[0], None, "-", row[1], None, "-", row[2], row[3])
    return table


def worst_of_classic(found):
    table = Table("worst_classic", "The same, classic heap",
                  ["sequence", "alloc, no audits", "free, no audits", "alloc, audits", "free, audits"], CLASSIC)
    for kind in KINDS:
        table.add(kind, *(found[variant, "classic", kind][verb][1] for variant in ("level0", "level1") for verb in WORST_GOALS))
    return table


HEAPS_OF_BOUNDS = (("2 KiB", 2 ** 11, 8), ("32 KiB", 2 ** 15, 16), ("1 MiB", 2 ** 20, 16), ("1 GiB", 2 ** 30, 16))  # with granule
REGIONS_OF_BOUNDS = 16


def bound_tables(found, instances, progress):
    depths = [bound.depth_in_heap(size_of_heap, granule) for _, size_of_heap, granule in HEAPS_OF_BOUNDS]
    depth_of_found = {key: SEARCHED[key[1]][3](found[key][1]) for key in found if key[2].startswith("searched")}
    shapes = [*depths, f"{depths[-2]}/{REGIONS_OF_BOUNDS}", *sorted(set(depth_of_found.values()))]
    cells = [(instance, level) for instance in instances for level in (0, 1)]
    bounds_of = dict(zip(cells, measure.in_parallel([partial(measure.bounds, *cell, shapes) for cell in cells], progress, "bounds")))
    by_heap = Table("bounds", "Most instructions of a function, by levels of the deepest size tree",
                    ["instance", "level", "function"] + [f"{depth} levels" for depth in depths] +
                    ["for one level more", f"{depths[-2]} levels, {REGIONS_OF_BOUNDS} regions"],
                    "In one region, but for the last column. The deepest tree has "
                    + ", ".join(f"{depth} levels in a heap of {name} with granule {granule}"
                                for depth, (name, _, granule) in zip(depths, HEAPS_OF_BOUNDS)) +
                    ". Copying, zeroing and handlers of the user aside.")
    for instance, level in cells:
        for function, most in bounds_of[instance, level].items():
            few, *_, many = most[1:len(depths)]
            by_heap.add(instance, level, function, *most[:len(depths)], round((many - few) / (depths[-1] - depths[1])), most[len(depths)])
    beside = Table("bound_found", "The worst that was searched for, beside the bound of its heap",
                   ["instance", "level", "operation", "arena, bytes", "levels", "worst found", "bound", "worst found / bound"])
    for (variant, instance, sequence), depth in depth_of_found.items():
        verb, (worst_found, arena) = sequence.split()[1], found[variant, instance, sequence]
        most = bounds_of[instance, int(variant[-1])][verb][shapes.index(depth)]
        if worst_found > most:
            raise SystemExit(f"bench: {verb} of {instance}, {variant}, took {worst_found} instructions, its bound is {most}")
        beside.add(instance, int(variant[-1]), verb, arena, depth, worst_found, most, worst_found / most)
    return by_heap, beside


# ---- Pages ------------------------------------------------------------------------------------------------------------------------

PAGE_GOALS = {"level0": 3.3, "level1": 4.5}
PAGES_OF_PEERS = {"uniform": (14, 3.3), "small": (11, 2.9)}


def pages(quick, progress):
    section = Section("Pages touched", "Distinct pages of 4 KiB that one allocation touches, and one free: control block, headers and "
                      "free blocks, not the stack. The heap is compiled with -fsanitize=thread, whose calls at each access are counted; "
                      "valgrind's lackey, which is far slower, gave the same for the first 300 pairs of uniform.")
    table = Table("pages", "Distinct pages per operation, in the mean and at most", [
        "trace", "level", "heapmm 1.1*", "TLSF*", "classic, alloc", "classic, free", "goal", "alloc", "met", "most", "free",
        "most of a free"],
        f"{ELSEWHERE} {CLASSIC}")
    for kind, (old, tlsf) in PAGES_OF_PEERS.items():
        for variant, goal in PAGE_GOALS.items():
            progress(f"pages: {kind}, {variant}")
            mean_alloc, most_alloc, mean_free, most_free = measure.pages(f"{variant}-granule16", "heap", kind)
            classic = measure.pages(f"{variant}-granule16", "classic", kind)
            table.add(kind, int(variant[-1]), old, tlsf, classic[0], classic[2], goal, mean_alloc, verdict(mean_alloc, goal), most_alloc,
                      mean_free, most_free)
    section.tables.append(table)
    return section


# ---- The forest -------------------------------------------------------------------------------------------------------------------


def forest(quick, progress):
    section = Section("The forest against a single tree", "The same code twice: with the index that the heap makes for its size, and "
                      "with the smallest one (options.capacity 1), which has exact classes below 8 granules and one tree for all "
                      "larger sizes. Both find the same best fit.")
    table = Table("forest", "One allocation and one free: instructions, and pages touched in the mean",
                  ["trace", "level", "instructions, forest", "one tree", "pages of an alloc, forest", "one tree", "of a free, forest",
                   "one tree"])
    kinds = KINDS[:2] if quick else KINDS
    cells = [(kind, variant) for kind in kinds for variant in ("level0", "level1")]
    pair = ("heap", "heap_one_tree")
    tasks = [partial(measure.instructions, f"{variant}-granule16", subject, kind) for kind, variant in cells for subject in pair]
    tasks += [partial(measure.pages, f"{variant}-granule16", subject, kind) for kind, variant in cells for subject in pair]
    found = measure.in_parallel(tasks, progress, "the forest against a single tree")
    for index, (kind, variant) in enumerate(cells):
        instructions_of = [round(value) for value in found[2 * index:2 * index + 2]]
        pages_of = found[2 * len(cells) + 2 * index:][:2]
        table.add(kind, int(variant[-1]), *instructions_of, pages_of[0][0], pages_of[1][0], pages_of[0][2], pages_of[1][2])
    section.tables.append(table)
    section.plots.append(Plot("forest", "Pages touched by one allocation, level 1", "pages of 4 KiB", kinds, [
        (name, [row[column] for row in table.rows if row[1] == 1]) for name, column in (("forest", 4), ("one tree", 5))]))
    return section


# ---- Size -------------------------------------------------------------------------------------------------------------------------

CODE_GOALS = {("Cortex-M4", "tiny_heap", 0): 2200, ("Cortex-M4", "tiny_heap", 1): 4000}
CONTROL = (("heap", 32 * 1024, 512), ("heap", 1024 * 1024, None), ("heap", 256 * 1024 * 1024, None), ("tiny_heap", 2048, 160),
           ("tiny_heap", 32 * 1024, None), ("wide_heap", 32 * 1024, None))


def sizes(quick, progress):
    section = Section("Size", "Code is what the linker keeps of the heap in a program that only allocates and frees, at -Os, with "
                      "what it needs of the compiler's own library. Level 0 has no statistics, level 1 has. Stack is that of a "
                      "function and of the deepest chain of calls from it, by -fcallgraph-info=su, handlers of the user aside.")
    possible = size.possible()
    section.tables += [code_table(possible, progress), control_table(), stack_table(possible, progress)]
    return section


def code_table(possible, progress):
    table = Table("code", "Bytes of code for alloc and free, and of constants (the sentences of faults)",
                  ["target", "instance", "level", "fast path", "code", "constants", "goal", "met"],
                  "Without the fast path: compiled with HMM_FAST=0, slower and smaller. On AVR constants are copied into RAM.")
    for target, instance in possible:
        for level in size.LEVELS:
            for fast_path in size.FAST_PATH:
                progress(f"size: {target}, {instance}, level {level}")
                code, constants = size.code(target, instance, level, fast_path)
                goal = CODE_GOALS.get((target, instance, level))
                table.add(target, instance, level, fast_path, code, constants, goal, "-" if goal is None else verdict(code, goal))
    return table


def control_table():
    table = Table("control", "Control block, free index included, and the ends of the region, on x86-64",
                  ["instance", "heap, bytes", "granule", "bytes", "without the ends", "goal", "met"],
                  "The ends are one granule. They are the same at audit levels 0 and 1.")
    for instance, heap_bytes, goal in CONTROL:
        if instance not in measure.instances():
            continue
        for granule in (8, 16) if instance == "heap" else (8,) if instance == "tiny_heap" else (16,):
            bytes_of_both = measure.control(f"level1-granule{granule}", instance, heap_bytes)
            without = bytes_of_both - granule
            table.add(instance, heap_bytes, granule, bytes_of_both, without, goal, "-" if goal is None else verdict(without, goal))
    return table


def stack_table(possible, progress):
    # Debian's compiler for AVR is too old to tell.
    columns = [(target, instance, level) for target, instance in possible for level in size.LEVELS
               if instance == "heap" and target in ("x86-64", "Cortex-M4") or instance == "tiny_heap" and target.startswith("Cortex")]
    found = {}
    for target, instance, level in columns:
        progress(f"stack: {target}, {instance}, level {level}")
        by_function = size.stack(target, instance, level, "-O2" if target == "x86-64" else "-Os")
        found[target, instance, level] = {name.removeprefix(f"hmm_{instance}_"): most for name, most in by_function.items()}
    table = Table("stack", "Stack of each function in bytes, -O2 on x86-64, -Os elsewhere",
                  ["function"] + [f"{target}, {instance}, level {level}" for target, instance, level in columns])
    for name in found[columns[0]]:
        table.add(name, *(found[column].get(name) for column in columns))
    return table


ALL = {"space": space, "instructions": instructions, "worst": worst, "pages": pages, "forest": forest, "size": sizes}
