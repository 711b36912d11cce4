"""Traces for tests, written as docs/trace-format.md says and not by heapmm, and what they come to, found out the plain way.

SPDX-License-Identifier: MIT
"""
import random
import struct
import zlib

MALLOC, CALLOC, REALLOC, ALIGNED, FREE = range(5)


def short(value):
    done = bytearray()
    while value >= 0x80:
        done.append(value & 0x7f | 0x80)
        value >>= 7
    done.append(value)
    return done


def folded(difference):
    """Of 64 bits: what is further away than half of all numbers is near in the other direction."""
    difference = (difference + (1 << 63)) % (1 << 64) - (1 << 63)
    return short(2 * difference if difference >= 0 else -2 * difference - 1)


def frame(kind, contents, events=0, first=0):
    head = b"\x89hmt" + struct.pack("<BBBBIII", 1, kind, 0, 0, len(contents), len(contents), events)
    rest = struct.pack("<Q", first)
    return head + struct.pack("<I", zlib.crc32(head + rest + contents)) + rest + contents


class Event:
    def __init__(self, kind, time, size=0, address=0, old=0, thread=0, alignment=0):
        self.kind, self.time, self.size, self.address = kind, time, size, address
        self.old, self.thread, self.alignment = old, thread, alignment

    def record(self, before):
        """The bytes, and what the next record compares itself with: thread, time, address."""
        thread, time, address = before
        record = bytearray([self.kind | 0x20 | (0x10 if self.thread != thread else 0)])
        if self.thread != thread:
            record += short(self.thread)
        record += short(self.time - time)

        def put(where):
            nonlocal record, address
            record += folded(where - address)
            address = where
        if self.kind in (REALLOC, FREE):
            put(self.old)
        if self.kind != FREE:
            record += short(self.size)
        if self.kind == ALIGNED:
            record += short(self.alignment)
        if self.kind != FREE:
            put(self.address)
        return record, (self.thread, self.time, address)


def write(path, events, about=(), ends=True):
    """Writes a trace. about: bytes, each name=text."""
    with open(path, "wb") as out:
        out.write(frame(1, b"".join(text + b"\0" for text in about)))
        contents, count, first, before = bytearray(), 0, 0, (0, 0, 0)
        for number, event in enumerate(events):
            record, after = event.record(before)
            if len(contents) + len(record) > 60000:
                out.write(frame(2, bytes(contents), count, first))
                contents, count, first = bytearray(), 0, number
                record, after = event.record((0, 0, 0))
            contents += record
            count += 1
            before = after
        if count:
            out.write(frame(2, bytes(contents), count, first))
        if ends:
            out.write(frame(3, b"\0" + struct.pack("<Q", out.tell()), 0, first + count))


def churn(count, live=500, seed=1, threads=3):
    """Events of a program that allocates, resizes and frees at random, mostly what it has not had for long, in two stretches of
    addresses."""
    rng = random.Random(seed)
    blocks, spare, tops, time, thread = [], {}, [0x55d0c0000010, 0x7f3a00000010], 1000000, 0
    for number in range(count):
        time += rng.choice((20, 40, 60, 1000, 3))
        if rng.random() < 0.05:
            thread = rng.randrange(threads)

        def place(size):
            room = max(16, size + 15 & ~15)
            if spare.get(room):
                return spare[room].pop()
            which = 1 if size > 2000 else 0
            tops[which] += room + 16
            return tops[which] - room - 16

        def drop(block):
            spare.setdefault(max(16, block[1] + 15 & ~15), []).append(block[0])

        def recent():
            return max(0, len(blocks) - 1 - int(rng.expovariate(1 / 3))) if rng.random() < 0.97 else rng.randrange(len(blocks))
        choice = rng.random()
        if blocks and choice < 0.1:
            at = recent()
            old, before = blocks[at]
            size = rng.choice((64, 128, 1000, rng.randrange(1, 3000)))
            address = place(size)
            drop((old, before))
            blocks[at] = (address, size)
            yield Event(REALLOC, time, size, address, old, thread)
        elif not blocks or choice < (0.64 if len(blocks) < live else 0.4):
            size = rng.choice((0, 8, 24, 24, 24, 48, 100, 100, 600, rng.randrange(1, 5000)))
            address = place(size)
            blocks.append((address, size))
            yield Event(rng.choice((MALLOC, CALLOC)), time, size, address, 0, thread)
        else:
            at = recent()
            blocks[at], blocks[-1] = blocks[-1], blocks[at]
            old = blocks.pop()
            drop(old)
            yield Event(FREE, time, 0, 0, old[0], thread)


def live_at(events, moment):
    """The blocks after so many events: address => (size, thread and number of the event in which the block began)."""
    blocks = {}
    for number, event in enumerate(events[:moment]):
        thread, began = event.thread, number
        if event.kind in (REALLOC, FREE):
            before = blocks.pop(event.old, None)
            if before is not None and event.kind == REALLOC:
                thread, began = before[1:]
        if event.kind != FREE:
            blocks[event.address] = (event.size, thread, began)
    return blocks
