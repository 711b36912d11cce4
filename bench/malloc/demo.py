#!/usr/bin/env python3
"""git packs a repository with four threads, as a server does for each clone, on the C library's malloc and on heapmm's:
demo.py BUILD-DIRECTORY.

SPDX-License-Identifier: MIT

Part of `make demo`. Each allocator in turn; the better of two runs. Exit status 0 if both made packs with the same objects.
"""
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent))

import inputs  # noqa: E402
import launch  # noqa: E402
from table import Progress  # noqa: E402

ROUNDS = 2
THREADS = 4
COMMITS = 1200
PACK = ("git", "-C", "repository", "-c", f"pack.threads={THREADS}", "pack-objects", "--all", "--revs", "-q", "--no-reuse-delta",
        "--no-reuse-object", "--window=30", "--stdout")
ROWS = (("wall time, s", "wall", "{:.2f}"), ("processor time, s", "cpu", "{:.2f}"), ("peak resident, MiB", "rss", "{:.1f}"),
        ("page faults", "faults", "{:,}"))


def git(directory, *arguments, **options):
    return subprocess.run(["git", *arguments], cwd=directory, stdout=subprocess.PIPE, check=True, text=True, **options).stdout


def repository(directory, progress):
    """Made once."""
    if (directory / "made").exists():
        return
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    progress("making a repository")
    inputs.repository(directory / "repository", COMMITS)
    (directory / "made").touch()


def pack(launcher):
    """What it took, and the names of the objects in the pack, which git verifies against their contents."""
    made = launcher.directory / f"{launcher.name}.pack"
    with open(made, "w+b") as file:
        taken, _ = launcher.run_into(file, PACK)
    git(launcher.directory, "index-pack", str(made))
    with open(made.with_suffix(".idx"), "rb") as index:
        return taken, sorted(line.split()[1] for line in git(launcher.directory, "show-index", stdin=index).splitlines())


def measured(launchers, progress):
    """{allocator: the runs}, and the objects in all packs; None if they are not the same."""
    runs = {name: [] for name in launchers}
    contents = []
    for turn in range(1, ROUNDS + 1):
        for name, launcher in launchers.items():
            progress(f"git on {name}, run {turn} of {ROUNDS}")
            taken, objects = pack(launcher)
            runs[name].append(taken)
            contents.append(objects)
    progress.end()
    return runs, contents[0] if all(objects == contents[0] for objects in contents) else None


def show(runs):
    print(f"  {'best of ' + str(ROUNDS) + ' runs in turn':<27} {'glibc':>10} {'heapmm':>10} {'saved':>9}")
    for text, metric, form in ROWS:
        glibc, heapmm = (min(getattr(taken, metric) for taken in runs[name]) for name in (launch.GLIBC, launch.OURS))
        print(f"  {text:<27} {form.format(glibc):>10} {form.format(heapmm):>10} {100 * (1 - heapmm / glibc):>7.1f} %")


def main():
    build = Path(sys.argv[1]).resolve()
    directory = build / "malloc-demo"
    progress = Progress()
    repository(directory, progress)
    libraries = launch.both(build)
    launchers = {name: launch.Launcher(build, name, library, directory, True) for name, library in libraries.items()}
    print(f"\nA real program on heapmm's malloc: {git(directory, '--version').strip()} packs {COMMITS} commits with {THREADS} threads;\n"
          "nothing is compiled anew, the library is preloaded\n")
    runs, objects = measured(launchers, progress)
    if objects is None:
        print("demo: the packs do not hold the same objects", file=sys.stderr)
        return 1
    show(runs)
    print(f"\n  All packs hold the same {len(objects):,} objects, each verified by git. Figures: of this machine today.\n\n"
          "The same for any program, once heapmm is installed:\n\n  heapmm-run PROGRAM ARGUMENTS...")
    return 0


if __name__ == "__main__":
    sys.exit(main())
