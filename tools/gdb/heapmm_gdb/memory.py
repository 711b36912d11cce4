"""The program's memory: reading it, and looking for something in it.

SPDX-License-Identifier: MIT
"""
import re

import gdb

from .fault import Problem, Unreadable

ALIGNMENT_MOST = {"i386": 4, "avr": 1}  # of members, where not 8
PIECE = 1 << 20
CHUNK = 4096  # not larger than a page, so that what is beside a mapping that ends does not matter


class Memory:
    """As it is now: what was read once is not read again."""

    def __init__(self):
        try:
            self.inferior = gdb.selected_inferior()
            self.pointer_bytes = gdb.lookup_type("char").pointer().sizeof
        except gdb.error as error:
            raise Problem(f"gdb knows of no program: {error}") from error
        if self.inferior.pid == 0 and not has_core():
            raise Problem("no program is running, and there is no core: `run` it, or start gdb as gdb PROGRAM CORE")
        self.order = "big" if "big endian" in gdb.execute("show endian", to_string=True) else "little"
        self.top = 1 << (8 * self.pointer_bytes)
        self.alignment_most = ALIGNMENT_MOST.get(self.inferior.architecture().name(), 8)
        self.chunks = {}

    def chunk(self, number):
        if number not in self.chunks:
            self.chunks[number] = self.read_or_none(number * CHUNK, CHUNK)
        return self.chunks[number]

    def read_or_none(self, address, size):
        try:
            return bytes(self.inferior.read_memory(address, size))
        except gdb.error:
            return None

    def read(self, address, size):
        parts = []
        while size > 0:
            number, begin = divmod(address, CHUNK)
            chunk = self.chunk(number)
            length = min(size, CHUNK - begin)
            parts.append(chunk[begin:begin + length] if chunk is not None else self.read_piece(address, length))
            address, size = address + length, size - length
        return b"".join(parts)

    def read_piece(self, address, length):
        """Of a chunk that cannot be read as a whole, as on boards."""
        try:
            return bytes(self.inferior.read_memory(address, length))
        except (gdb.error, OverflowError) as error:
            raise Unreadable(address) from error

    def number(self, address, size):
        return int.from_bytes(self.read(address, size), self.order)

    def signed(self, address, size):
        return int.from_bytes(self.read(address, size), self.order, signed=True)

    def find(self, pattern, is_shared=True):
        """The addresses of a pattern in all memory that can be read. gdb's own search finds what is not there where memory ends early.
        is_shared: also where memory is shared with others; reading that makes the pages which it has not yet."""
        for start, end in ranges(is_shared):
            before = b""
            for address, content in self.pieces(start, end):
                content, begin = before + content, address - len(before)
                at = content.find(pattern)
                while at >= 0:
                    yield begin + at
                    at = content.find(pattern, at + 1)
                before = content[-(len(pattern) - 1):]

    def pieces(self, start, end):
        """What is there of a range, up to where it cannot be read."""
        size = PIECE
        while start < end:
            length = min(size, end - start)
            content = self.read_or_none(start, length)
            if content is not None:
                yield start, content
                start += length
            elif size == CHUNK:
                return
            else:
                size = CHUNK


def has_core():
    return "core file" in gdb.execute("info files", to_string=True)


def ranges(is_shared):
    """What is mapped, as gdb knows it: of a process, or of a core."""
    found = mappings(is_shared) or sections()
    if not found:
        raise Problem("gdb does not know what memory this program has: name the heap, as in `heapmm blocks heap`")
    return found


def mappings(is_shared):
    try:
        text = gdb.execute("info proc mappings", to_string=True)
    except gdb.error:
        return []
    found = []
    for line in text.splitlines():
        row = re.match(r"\s*0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+0x[0-9a-f]+\s+0x[0-9a-f]+\s+(\S{4})?", line)
        access = row and (row.group(3) or "rw-p")
        if row and access[0] == "r" and (is_shared or access[3] == "p") and "[v" not in line:
            found.append((int(row.group(1), 16), int(row.group(2), 16)))
    # What is listed of a core are its files only.
    return [] if has_core() else found


def sections():
    text = gdb.execute("maintenance info sections", to_string=True)
    core = text[text.find("Core file"):] if "Core file" in text else ""
    rows = re.findall(r"0x([0-9a-f]+)->0x([0-9a-f]+) at 0x[0-9a-f]+: load\w* (.*)", core)
    return [(int(start, 16), int(end, 16)) for start, end, flags in rows if "HAS_CONTENTS" in flags]
