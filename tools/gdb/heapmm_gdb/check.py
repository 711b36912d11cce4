"""The full check of a heap: what hmm_heap_check does, in the same order, with the same answers.

SPDX-License-Identifier: MIT
"""
from .avl import Tree, WrongTree, depth_for
from .fault import Fault

NO_BLOCK = 0
M64 = (1 << 64) - 1


class Tally:
    """What is counted on the way: free blocks by their number and by a sum of their places and sizes."""

    def __init__(self):
        self.units = self.bytes = self.units_in_use = self.blocks_in_use = self.blocks_free = self.free_sum = 0

    def add_free(self, heap, block):
        value = heap.control.link_of(block.address) * 0x9E3779B97F4A7C15 + block.units & M64
        self.free_sum = self.free_sum + (value ^ value >> 29) * 0xBF58476D1CE4E5B9 & M64
        self.blocks_free += 1


class Check:
    def __init__(self, heap):
        self.heap, self.control = heap, heap.control
        self.tally, self.indexed = Tally(), Tally()

    def run(self):
        """Raises the first fault. Returns what was counted."""
        self.control.check()
        for region in self.heap.regions():
            self.check_region(region)
        self.check_index()
        self.check_counts()
        return self.tally

    # ---- Blocks --------------------------------------------------------------------------------------------------------------

    def check_region(self, region):
        self.tally.units += self.heap.units_between(region.first, region.end)
        self.tally.bytes += region.limit - region.start
        for block in self.heap.blocks(region):
            self.check_block(block)

    def check_block(self, block):
        if block.is_free:
            self.check_free(block)
            return
        if self.control.audit >= 2 and not block.has_canary():
            raise Fault("HMM_FAULT_CANARY", block.address,
                        "the word behind the payload was overwritten: an overflow of this block")
        self.tally.units_in_use += block.units
        self.tally.blocks_in_use += 1

    def check_free(self, block):
        if block.footer() != block.units:
            raise Fault("HMM_FAULT_FOOTER", block.address,
                        "the size at the end of a free block was overwritten, by an underflow perhaps")
        written = block.written_after_free() if self.control.audit >= 2 else None
        if written is not None:
            raise Fault("HMM_FAULT_WRITE_AFTER_FREE", written, "a free payload was written to")
        self.tally.add_free(self.heap, block)

    # ---- The index -----------------------------------------------------------------------------------------------------------

    def check_index(self):
        wrong = self.bitmap_fault()
        for number in range(self.control.units_least):
            if self.control.head(number) != self.control.no_region:
                raise Fault("HMM_FAULT_INDEX", self.control.address_of_head(number), "the head of a list was overwritten")
        if wrong is not None:
            raise wrong
        for number in range(self.control.units_least, self.control.classes):
            if number >= self.control.exact:
                self.check_tree(number)
            else:
                self.check_list(number)
        if (self.indexed.blocks_free, self.indexed.free_sum) != (self.tally.blocks_free, self.tally.free_sum):
            raise Fault("HMM_FAULT_INDEX", self.control.address_of_head(0), "the index does not hold exactly the free blocks")

    def bitmap_fault(self):
        control = self.control
        bits = 8 * control.memory.pointer_bytes
        words = [control.memory.number(control.address_of_map(i * bits), bits // 8) for i in range(control.map_words())]
        for number in range(len(words) * bits):
            marked = words[number // bits] >> number % bits & 1 == 1
            used = control.units_least <= number < control.classes and control.head(number) != NO_BLOCK
            if marked != used:
                return Fault("HMM_FAULT_INDEX", control.address_of_map(number), "the bitmap and the classes do not agree")
        if control.summary != sum(1 << i for i, word in enumerate(words) if word != 0):
            return Fault("HMM_FAULT_INDEX", control.address_of_summary,
                         "the summary of the bitmap was overwritten")
        return None

    def class_of(self, units):
        control = self.control
        if units < control.exact:
            return units
        power = units.bit_length() - 1
        fraction = (units >> power - control.class_bits) - (1 << control.class_bits)
        return min(control.exact + (power - control.exact_bits << control.class_bits) + fraction, control.classes - 1)

    def is_sound_link(self, link, number):
        """Whether a link leads to a free block of a class."""
        address = self.control.at_link(link)
        room = self.heap.units_to_end(address)
        if room < self.control.units_least or not (self.control.links_are_short or link == self.control.link_of(address)):
            return False
        block = self.heap.block(address)
        valid = self.control.audit < 1 or block.is_valid()
        return valid and block.is_free and block.is_plausible(room) and self.class_of(block.units) == number

    def at(self, link):
        return self.heap.block(self.control.at_link(link))

    def check_member(self, link, previous, units, holder):
        """One block of a bin: that the link leads to a free block of that size, and that it links back."""
        if self.indexed.blocks_free == self.tally.blocks_free or not self.is_sound_link(link, self.class_of(units)):
            raise Fault("HMM_FAULT_LINK", holder, "a link to a free block was overwritten")
        block = self.at(link)
        if block.link(1) != previous or block.units != units:
            raise Fault("HMM_FAULT_LINK", block.address, "two neighbours in a bin do not agree: a link was overwritten")
        self.indexed.add_free(self.heap, block)
        return block

    def check_list(self, number):
        end, link = self.control.list_end(number), self.control.head(number)
        holder, previous = self.control.address_of_head(number), end
        if link == NO_BLOCK:
            return
        while link != end:
            block = self.check_member(link, previous, number, holder)
            holder, previous, link = block.address, link, block.link(0)

    def check_ring(self, node):
        units, previous, link = self.at(node).units, self.at(node).link(1), node
        while True:
            holder = self.control.at_link(node if link == node else previous)
            block = self.check_member(link, previous, units, holder)
            if (block.link(4) & self.control.mask != self.control.mask // 3) != (link == node):
                raise Fault("HMM_FAULT_LINK", block.address, "a balance in a tree of free blocks was overwritten")
            previous, link = link, block.link(0)
            if link == node:
                break
        if self.at(node).link(1) != previous:
            raise Fault("HMM_FAULT_LINK", self.control.at_link(node), "a link in a bin was overwritten")

    def check_tree(self, number):
        root = self.control.head(number)
        depth = depth_for(1 << (self.control.bits // 2 + 1))
        tree = Tree(NO_BLOCK, lambda node, side: self.at(node).link(2 + side), lambda node: self.at(node).link(4),
                    lambda node: self.at(node).units, lambda node: self.access(node, number), depth)
        try:
            nodes = tree.check(root, self.tally.blocks_free)
        except WrongTree:
            raise Fault("HMM_FAULT_TREE", self.control.address_of_head(number),
                        "a tree of free blocks is out of order, or a link in it was overwritten") from None
        for node in nodes:
            self.check_ring(node)

    def access(self, node, number):
        if not self.is_sound_link(node, number):
            raise WrongTree

    # ---- The counters --------------------------------------------------------------------------------------------------------

    def check_counts(self):
        control, tally = self.control, self.tally
        agree = control.units_total == tally.units and control.bytes_total == tally.bytes
        if control.stats:
            in_use = (control.allocations - control.frees) % control.memory.top
            agree = (agree and control.units_in_use == tally.units_in_use and control.units_peak >= control.units_in_use and
                     control.blocks_free == tally.blocks_free and in_use == tally.blocks_in_use)
        if not agree:
            raise Fault("HMM_FAULT_COUNTS", control.address, "the counters disagree with the blocks")
