#!/usr/bin/env python3
"""Builds the manual: HTML pages and manual pages for man(1).

SPDX-License-Identifier: MIT

    build.py [--man] [--output DIRECTORY]      default: build/docs

Writes DIRECTORY/html/index.html, DIRECTORY/man/man1/ and man3/. Stops, with what is wrong, where a symbol, parameter or result of a
public header has no words, where a link or an anchor leads nowhere, where a page would fetch anything from elsewhere, where
mandoc complains about a manual page or one refers to a page that there is not, and where the guide quotes a figure that the
benchmarks do not have. --man: only the manual pages, for which Doxygen and mandoc are enough.
"""
import argparse
import datetime
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written into the tree
import links  # noqa: E402
import man  # noqa: E402
import reference  # noqa: E402
from pages import Manual  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
QUOTING = ["docs/guide/choosing.md", "docs/guide/comparison.md"]


def version():
    return re.search(r"^project\(heapmm VERSION ([0-9.]+)", (ROOT / "CMakeLists.txt").read_text(), re.M).group(1)


def date_of_headers():
    """The day of the last change of the headers, which stands in the manual pages."""
    done = subprocess.run(["git", "log", "-1", "--format=%cs", "--", "include"], cwd=ROOT, capture_output=True, text=True)
    day = done.stdout.strip()
    if done.returncode or not day:
        newest = max(path.stat().st_mtime for path in (ROOT / "include").rglob("*.h"))
        day = datetime.date.fromtimestamp(newest).isoformat()
    day = datetime.date.fromisoformat(day)
    return "%s %d, %d" % (day.strftime("%B"), day.day, day.year)


def stale_figures():
    """The figures in the guide, which stand in columns aligned right, that are not in docs/benchmarks.md, from which they are."""
    measured = {float(cell) for cell in re.findall(r"(?<=\|) *([0-9.]+) *(?=\|)", (ROOT / "docs/benchmarks.md").read_text())}
    found = []
    for path in QUOTING:
        for rows in re.findall(r"^\|[-|]*---:[-|:]*\|\n((?:\|.*\n)+)", (ROOT / path).read_text(), re.M):
            for row in rows.strip().split("\n"):
                figures = [float(figure) for cell in row.split("|")[2:] for figure in re.findall(r"^ *([0-9.]+)", cell)]
                found += ["%s: %g is no figure of docs/benchmarks.md: %s" % (path, figure, row) for figure in figures
                          if figure not in measured]
    return found


def stop(what, complaints):
    print("%s:\n%s" % (what, complaints), file=sys.stderr)
    sys.exit(1)


def fresh(directory):
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    return directory


def main():
    parser = argparse.ArgumentParser(usage="build.py [--man] [--output DIRECTORY]")
    parser.add_argument("--man", action="store_true")
    parser.add_argument("--output", type=Path, default=ROOT / "build/docs")
    options = parser.parse_args()
    output = options.output.resolve()

    xml = fresh(output / "xml")
    complaints = reference.run_doxygen(ROOT, xml)
    if complaints:
        stop("Doxygen", complaints)
    headers = reference.read(xml)
    missing = reference.undocumented(headers)
    if missing:
        stop("words are missing", "\n".join(missing))

    count = man.write(headers, fresh(output / "man"), date_of_headers(), version())
    complaints = man.lint(output / "man")
    if complaints:
        stop("mandoc", complaints)
    dead = man.dead_references(output / "man") + man.undescribed(output / "man", ROOT)
    if dead:
        stop("manual pages", "\n".join(dead))
    print("%d manual pages in %s" % (count, output / "man"))
    if options.man:
        return

    manual = Manual(ROOT, fresh(output / "html"), headers, version())
    try:
        manual.build()
    except (ValueError, OSError) as error:
        stop("the guide", error)
    stale = stale_figures()
    if stale:
        stop("figures", "\n".join(stale))
    dead = links.mistakes(output / "html")
    if dead:
        stop("links", "\n".join(dead))
    print("%d pages, no dead links: %s" % (len(manual.pages), output / "html/index.html"))


if __name__ == "__main__":
    main()
