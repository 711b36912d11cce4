"""Tables for the terminal, for docs/benchmarks.md and as CSV; progress on a terminal.

SPDX-License-Identifier: MIT
"""
import csv
import sys


class Table:
    """A title, a heading, rows of cells and a note below. A cell is a text or a number; numbers stand to the right."""

    def __init__(self, name, title, heading, note=""):
        self.name = name  # of the CSV file
        self.title = title
        self.heading = heading
        self.note = note
        self.rows = []

    def add(self, *cells):
        assert len(cells) == len(self.heading), f"{self.name}: {cells}"
        self.rows.append(list(cells))

    def text(self):
        lines = [self.heading] + [[shown(cell) for cell in row] for row in self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.heading))]
        right = [all(is_numeric(row[column]) for row in self.rows) for column in range(len(self.heading))]
        out = [self.title]
        for line in lines:
            cells = [cell.rjust(width) if to_right else cell.ljust(width) for cell, width, to_right in zip(line, widths, right)]
            out.append("    " + "  ".join(cells).rstrip())
        return "\n".join(out + ([self.note] if self.note else [])) + "\n"

    def markdown(self):
        right = [all(is_numeric(row[column]) for row in self.rows) for column in range(len(self.heading))]
        out = [self.title + ":", "", "| " + " | ".join(self.heading) + " |"]
        out.append("|" + "|".join("---:" if to_right else "---" for to_right in right) + "|")
        out += ["| " + " | ".join(shown(cell) for cell in row) + " |" for row in self.rows]
        return "\n".join(out + (["", self.note] if self.note else [])) + "\n"

    def write_csv(self, directory):
        with open(directory / f"{self.name}.csv", "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(self.heading)
            writer.writerows([shown(cell) for cell in row] for row in self.rows)


def is_numeric(cell):
    return not isinstance(cell, str) or cell == "-"


def shown(cell):
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.3f}" if abs(cell) < 10 else f"{cell:.1f}"
    return str(cell)


def verdict(value, goal):
    return "yes" if value <= goal else "NO"


class Progress:
    """One line that is overwritten, on a terminal only."""

    def __init__(self):
        self.shown = sys.stderr.isatty()

    def __call__(self, text):
        if self.shown:
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()

    def end(self):
        self("")
