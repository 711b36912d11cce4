#!/usr/bin/env python3
"""Whatever the target `trace` reads, the tool makes a report of it, or says at which offset what is wrong.

SPDX-License-Identifier: MIT

    images_test.py IMAGES HEAPMM FILE-OR-DIRECTORY...     IMAGES: the program of images_main.c; HEAPMM: the tool

The inputs are opened as they are, too: they have a byte in front that no trace has.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def fail(text):
    sys.exit(f"images_test: {text}")


def report(heapmm, trace, page):
    """Whether there is one."""
    page.unlink(missing_ok=True)
    done = subprocess.run([heapmm, "report", "--svg", "--on", "heap", "-o", page, trace], check=False, capture_output=True, text=True,
                          errors="replace", timeout=60)
    if done.returncode not in (0, 1):
        fail(f"{trace}: status {done.returncode}: {done.stderr}")
    if page.exists() != (done.returncode == 0):
        fail(f"{trace}: status {done.returncode}, {'a' if page.exists() else 'no'} page: {done.stderr}")
    said = [line for line in done.stderr.splitlines() if not line.startswith("heapmm: the page leaves out")]
    is_whole = '"whole": true' in page.read_text() if page.exists() else False
    if is_whole == bool(said) or not all(re.match(rf"heapmm: {re.escape(str(trace))}: offset \d+: ..|.* is not told$", line) for line in said):
        fail(f"{trace}: {'whole' if is_whole else 'not whole'}, and it says: {done.stderr}")
    return page.exists()


def main(arguments):
    images, heapmm, *places = arguments
    inputs = [path for place in map(Path, places) for path in (sorted(place.iterdir()) if place.is_dir() else [place])]
    with tempfile.TemporaryDirectory() as directory:
        page, made = Path(directory, "page.html"), Path(directory, "made")
        made.mkdir()
        subprocess.run([images, made, *inputs], check=True)
        opened = sum(report(heapmm, path, page) for path in sorted(made.iterdir()))
        as_they_are = sum(report(heapmm, path, page) for path in inputs)
        if opened < len(inputs) // 3 or as_they_are > len(inputs) // 3:
            fail(f"of {len(inputs)} there are {opened} reports, and {as_they_are} of them as they are")
    print(f"{len(inputs)} inputs, {opened} reports; {as_they_are} of inputs as they are")


if __name__ == "__main__":
    main(sys.argv[1:])
