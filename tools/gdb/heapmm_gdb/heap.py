"""A heap's regions and blocks.

SPDX-License-Identifier: MIT
"""
from .avl import Tree, WrongTree
from .control import Control
from .fault import Fault

FILL_BYTE = 0xDF


class Region:
    def __init__(self, control, record):
        word, number = control.word, control.memory.number
        words = [number(record + i * word, word) for i in range(8)]
        self.control, self.record = control, record
        self.first_link, self.end_link = control.signed(words[3]), control.signed(words[4])
        self.first, self.end = control.at_link(self.first_link), control.at_link(self.end_link)
        self.start, self.limit = record - words[5], self.end + words[6]

    def holds(self, address):
        return self.first <= address < self.end


class Block:
    """A block, by the address of its payload. What its header says, true or not."""

    def __init__(self, heap, address):
        control = self.control = heap.control
        self.heap, self.address = heap, address
        self.header = control.memory.number(address - control.word, control.word)
        self.units = self.header & ((1 << control.size_bits) - 1)
        self.is_free = self.header >> control.size_bits & 1 == 1
        self.says_previous_free = self.header >> control.size_bits & 2 == 2
        self.bytes = self.units << control.shift
        self.next = address + self.bytes

    @property
    def usable(self):
        return self.bytes - (self.control.word if self.is_free else self.control.overhead)

    def is_valid(self):
        """Whether its check value is right. Of an instance whose multiplier is not known, all are."""
        control = self.control
        if control.audit < 1:
            return self.header >> control.size_bits >> 2 == 0
        link = control.link_of(self.address)
        if control.check_bits == 1:
            return bin((self.header ^ link ^ control.key) & control.mask).count("1") % 2 == 0
        if control.multiplier is None:
            return True
        flags = self.header & 3 << control.size_bits
        plain = self.header ^ flags * (21 if control.check_bits >= 4 else 5) & control.mask
        return ((plain + link + control.key) * control.multiplier & control.mask) >> (control.bits - control.check_bits) == 0

    def is_plausible(self, room):
        return self.control.units_least <= self.units <= room

    def footer(self):
        return self.control.memory.number(self.next - 2 * self.control.word, self.control.word)

    def link(self, index):
        """0: next, 1: previous, 2 and 3: the children, 4: the balance."""
        return self.control.memory.signed(self.address + index * self.control.word, self.control.word)

    def has_canary(self):
        control = self.control
        place = (control.key | 1) + control.link_of(self.address) + control.key
        return self.footer() == ~(place * control.multiplier) & control.mask

    def written_after_free(self):
        """The first byte that was written to since the block was freed, or None."""
        begin = self.address + min(self.bytes - 2 * self.control.word, 5 * self.control.word)
        end = self.next - 2 * self.control.word
        content = self.control.memory.read(begin, end - begin) if begin < end else b""
        rest = content.lstrip(bytes([FILL_BYTE]))
        return begin + len(content) - len(rest) if rest else None


class Heap:
    def __init__(self, memory, address):
        self.memory, self.address = memory, address
        self.control = Control(memory, address)
        self.found_regions = None

    def block(self, address):
        return Block(self, address)

    def units_between(self, address, later):
        return later - address >> self.control.shift

    # ---- Regions -------------------------------------------------------------------------------------------------------------

    def region_tree(self):
        return Tree(self.control.no_region, self.region_child, self.region_balance, lambda node: node, self.access_region)

    def region_child(self, node, side):
        return self.memory.signed(self.control.at_link(node) + side * self.control.word, self.control.word)

    def region_balance(self, node):
        return self.region_child(node, 2)

    def access_region(self, node):
        record = self.control.at_link(node)
        if self.control.multiplier is not None and not self.control.region_seal_fits(self.control.multiplier, record):
            raise Fault("HMM_FAULT_REGION_RECORD", record, "the record at the start of a region was overwritten")

    def regions(self):
        """By address. Raises the fault that there is in them."""
        if self.found_regions is None:
            self.found_regions = self.read_regions()
        return self.found_regions

    def read_regions(self):
        control = self.control
        try:
            nodes = self.region_tree().check(control.signed(control.regions), 1 << 32)
        except WrongTree:
            nodes = []
        if not nodes:
            raise Fault("HMM_FAULT_TREE", self.address, "the tree of regions is out of order or out of balance")
        found = [Region(control, control.at_link(node)) for node in nodes]
        limit = -self.memory.top
        for region in found:
            start, end = control.distance(region.start), control.distance(region.limit)
            if start < limit or region.first_link > region.end_link or end < start:
                raise Fault("HMM_FAULT_REGION_RECORD", region.record, "two regions overlap, or one ends before it begins")
            limit = end
        return found

    def region_of(self, address):
        return next((region for region in self.regions() if region.holds(address)), None)

    def units_to_end(self, address):
        region = self.region_of(address)
        return 0 if region is None else self.units_between(address, region.end)

    # ---- Blocks --------------------------------------------------------------------------------------------------------------

    def check_header(self, block, end, previous_free):
        valid = block.is_valid() and block.says_previous_free == previous_free
        if block.address == end:
            if not valid or block.units != 0 or block.is_free:
                raise Fault("HMM_FAULT_SENTINEL", block.address, "the end of the region was overwritten")
        elif not valid or not block.is_plausible(self.units_between(block.address, end)) or (previous_free and block.is_free):
            raise Fault("HMM_FAULT_HEADER", block.address,
                        "the header was overwritten, by an overflow of the block before it perhaps")

    def blocks(self, region):
        """The blocks of a region in the order of their addresses, up to a damaged header, which is raised as a fault."""
        previous_free = False
        block = self.block(region.first)
        while True:
            self.check_header(block, region.end, previous_free)
            if block.address == region.end:
                return
            yield block
            previous_free = block.is_free
            block = self.block(block.next)
