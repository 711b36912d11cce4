"""The runs of a benchmark as a file, line by line: one that was broken off goes on where it was.

SPDX-License-Identifier: MIT
"""
import csv
import hashlib
import os

from launch import Taken

HEADING = ["program", "allocator", "huge pages", *Taken._fields]


def key_of(files, *words):
    """Changes with the contents of the files, and with the words: runs of something else are not gone on with."""
    digest = hashlib.sha256(" ".join(map(str, words)).encode())
    for path in files:
        with open(path, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()[:16]


class Journal:
    """path: where the runs stand in the end; until then they stand beside it, under the key."""

    def __init__(self, path, key):
        self.path = path
        self.part = path.with_suffix(f".{key}.part")
        self.kept = {}
        for *place, wall, cpu, rss, faults, output in self.lines():
            self.kept.setdefault(tuple(place), []).append(Taken(float(wall), float(cpu), float(rss), int(faults), output))
        for other in path.parent.glob(f"{path.stem}.*.part"):
            if other != self.part:
                other.unlink()
        self.file = open(self.part, "a", newline="", buffering=1, encoding="utf-8")
        self.writer = csv.writer(self.file)
        if self.file.tell() == 0:
            self.writer.writerow(HEADING)

    def lines(self):
        """Without a last line that was not finished, which is removed."""
        if not self.part.exists():
            return []
        text = self.part.read_text(encoding="utf-8")
        whole = text[:text.rfind("\n") + 1]
        self.part.write_text(whole, encoding="utf-8", newline="")
        return list(csv.reader(whole.splitlines()))[1:]

    def take(self, program, allocator, huge, turn, measure):
        """The run number `turn`, from 0, if it is there; else it is measured."""
        place = (program, allocator, "on" if huge else "off")
        runs = self.kept.setdefault(place, [])
        if turn >= len(runs):
            runs.append(measure())
            self.writer.writerow([*place, *runs[-1]])
        return runs[turn]

    def close(self):
        """All is measured."""
        self.file.close()
        os.replace(self.part, self.path)
