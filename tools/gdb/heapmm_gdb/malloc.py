"""The memory of heapmm's malloc: its spans and slabs, as include/heapmm/malloc_window.h shows them.

SPDX-License-Identifier: MIT
"""
from .fault import Problem, Unreadable

TAG = b"heapmm malloc's window\0\0"
VERSION = 1
NONE, FREE, SLAB, LARGE, OWN, GUARDED = range(6)
MOST_BLOCKS = 64


class Span:
    """A run of units, as its record says."""

    def __init__(self, window, record, remote):
        at = window.record

        def number(name, size, where=record):
            return int.from_bytes(where[at[name]:at[name] + size], window.memory.order)

        self.start, self.bytes = number("start", 8), number("units", 4) * window.unit_bytes
        self.kind, self.clean = number("kind", 1), number("clean", 1)
        self.size, self.blocks = number("size", 4), number("blocks", 1)
        self.free_bits = number("free", 8) | number("freed", 8, remote)
        self.end = self.start + self.bytes

    def is_sound(self):
        if self.kind == SLAB and not (0 < self.blocks <= MOST_BLOCKS and self.size * self.blocks == self.bytes):
            return False
        return self.bytes > 0 and self.kind <= GUARDED

    def is_free(self, block):
        return self.kind == FREE or (self.kind == SLAB and self.free_bits >> block & 1 == 1)

    def in_use(self):
        return sum(not self.is_free(block) for block in range(self.blocks))

    def __str__(self):
        if self.kind == SLAB and self.is_sound():
            return f"slab: {self.blocks} blocks of {self.size} bytes, {self.in_use()} in use"
        if not self.is_sound():
            return f"what its record says makes no sense: kind {self.kind}, {self.blocks} blocks of {self.size} bytes"
        return {FREE: "free, given back" if self.clean else "free", LARGE: "large block", OWN: "malloc's own",
                GUARDED: "block between guard pages"}[self.kind]


class Window:
    """Of the process; where it has several, of the one that has most memory."""

    def __init__(self, memory, address):
        self.memory, self.address = memory, address
        number = memory.number
        if number(address + 24, 4) != VERSION:
            raise Problem(f"the program's malloc is of another version of heapmm: its window has version {number(address + 24, 4)}, "
                          f"and this script knows {VERSION}")
        where = [number(address + 40 + 8 * i, 8) for i in range(7)]
        self.start, self.mapped, self.fresh = (number(at, 8) for at in where[:3])
        self.records, self.record_count = number(where[5], 8), number(where[6], 4)
        self.remote, self.unit_bytes, self.record_bytes = number(address + 96, 8), number(address + 104, 4), number(address + 108, 4)
        names = ("start", "units", "kind", "clean", "free", "freed", "size", "blocks")
        self.record = {name: number(address + 112 + 2 * i, 2) for i, name in enumerate(names)}

    def spans(self):
        """By address; those whose records are in use."""
        size = self.record_bytes
        records = self.memory.read(self.records, self.record_count * size)
        remotes = self.memory.read(self.records + self.remote, self.record_count * size)
        found = []
        for at in range(size, len(records), size):
            span = Span(self, records[at:at + size], remotes[at:at + size])
            if span.kind != NONE and self.start <= span.start < self.start + self.fresh:
                found.append(span)
        return sorted(found, key=lambda span: span.start)

    def holds(self, address):
        return self.start <= address < self.start + self.fresh

    def span_around(self, address):
        return next((span for span in self.spans() if span.start <= address < span.end), None)

    def wrong(self):
        """What is wrong with the spans: an address and a sentence; or None."""
        expected = self.start
        for span in self.spans():
            if span.start != expected or not span.is_sound():
                return expected, "the spans do not lie one behind the other: malloc was just changing them, or its records were overwritten"
            expected = span.end
        if expected != self.start + self.fresh:
            return expected, "no span begins here: malloc was just making one, or its records were overwritten"
        return None


def window_of(memory):
    """The window of the process, or None."""
    found = []
    for address in memory.find(TAG, is_shared=False):
        try:
            if memory.number(address + 32, 8) == address:
                found.append(Window(memory, address))
        except Unreadable:
            continue
    return max(found, key=lambda window: window.fresh, default=None)
