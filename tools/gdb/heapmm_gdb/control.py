"""A heap's control block: which instance it is, where everything is, and whether its checksums are right.

SPDX-License-Identifier: MIT

What src/heap/instance.h, control.h and header.h say of the bytes of a heap stands here once more. No debug information is needed:
the place of the magic number gives the width of a word, and the layout number the rest, but for the multiplier of an instance of
one's own, which is found as a root of the checksum that it made.
"""
from .fault import Fault

MAGIC = 0x9B6D6D68
LAYOUT_VERSION = 2
# Of the three instances, by the bits of a word and of a size: the name, the multiplier.
INSTANCES = {(16, 13): ("hmm_tiny_heap", 0x9E6B), (32, 26): ("hmm_heap", 0xA46D674F),
             (64, 42): ("hmm_wide_heap", 0xF2A74DE452EFFFFF)}
MOST_ROOTS = 4096
TEXT = "the control block was overwritten, or this is not a heap"


class NotAHeap(Exception):
    """No control block stands at the address, or none that is known here."""


class Control:
    """The control block at an address, as it is, sound or not."""

    def __init__(self, memory, address):
        self.memory, self.address = memory, address
        self.word = next((word for word in (4, 8, 2) if self.has_magic(word)), None)
        if self.word is None:
            raise NotAHeap(f"there is no control block of a heap at {address:#x}")
        self.bits = 8 * self.word
        self.mask = (1 << self.bits) - 1
        self.read_layout()
        self.read_members()
        self.name, self.multiplier = INSTANCES.get((self.bits, self.size_bits), ("an instance of one's own", None))
        if self.multiplier is None or not self.seal_fits(self.multiplier):
            self.find_multiplier()

    def has_magic(self, word):
        return self.address % word == 0 and self.memory.number(self.address + 8 * word, 4) == MAGIC

    def read_layout(self):
        layout = self.memory.number(self.address + 8 * self.word + 4, 4)
        self.stats, self.audit, self.size_bits = layout >> 18 & 1, layout >> 16 & 3, layout >> 10 & 63
        self.shift, pointer_bytes = layout >> 4 & 63, layout & 15
        if layout >> 24 != LAYOUT_VERSION:
            raise NotAHeap(f"the heap at {self.address:#x} has layout version {layout >> 24}, and this script knows {LAYOUT_VERSION}: "
                           "use the script that comes with the program's heapmm")
        if pointer_bytes != self.memory.pointer_bytes or not 3 <= self.size_bits <= self.bits - 3 or self.shift > 12:
            raise NotAHeap(f"the layout number {layout:#x} at {self.address:#x} is one that no heap of this program has")
        self.granule = 1 << self.shift
        self.check_bits = self.bits - 2 - self.size_bits
        self.units_least = -(-4 * self.word // self.granule)
        self.overhead = (2 if self.audit >= 2 else 1) * self.word
        self.links_are_short = self.bits + self.shift <= 8 * self.memory.pointer_bytes

    # ---- Members -------------------------------------------------------------------------------------------------------------

    def read_members(self):
        """Units are at least as wide as int, which has 16 bits on small processors."""
        for units_bytes in [4, 2] if self.word == 2 else [self.word]:
            self.read_members_of(units_bytes)
            if self.geometry_is_sound():
                return

    def read_members_of(self, units):
        """Each becomes an attribute, by the name it has in C."""
        word, pointer = self.word, self.memory.pointer_bytes
        members = [("magic", 4), ("layout", 4), ("key", word), ("seal", word), ("bounds", word), ("regions", word), ("exact", units),
                   ("classes", 2), ("map_at", 2), ("exact_bits", 1), ("class_bits", 1), ("capacity_bits", 1), ("units_total", units),
                   ("bytes_total", pointer), ("exact_bytes", pointer), ("on_fault", pointer), ("on_exhausted", pointer),
                   ("context", pointer), ("units_in_use", units), ("units_peak", units), ("blocks_free", units), ("changes", units),
                   ("allocations", pointer), ("frees", pointer), ("failures", pointer), ("summary", pointer)]
        at = 8 * word
        for name, size in members:
            at += -at % min(size, self.memory.alignment_most)
            setattr(self, name, self.memory.number(self.address + at, size))
            at += size
        self.address_of_summary = self.address + at - pointer
        self.heads_at = at

    def address_of_head(self, number):
        return self.address + self.heads_at + number * self.word

    def head(self, number):
        return self.memory.signed(self.address_of_head(number), self.word)

    def map_words(self):
        return -(-self.classes // (8 * self.memory.pointer_bytes))

    def address_of_map(self, number):
        return self.address + self.map_at + number // (8 * self.memory.pointer_bytes) * self.memory.pointer_bytes

    # ---- Links ---------------------------------------------------------------------------------------------------------------

    def signed(self, number):
        number &= self.mask
        return number - (self.mask + 1) if number >> (self.bits - 1) else number

    def distance(self, address):
        """From the control block, as a signed number that wraps as addresses do."""
        half = self.memory.top // 2
        return (address - self.address + half) % self.memory.top - half

    def at_link(self, link):
        return (self.address + (link << self.shift)) % self.memory.top

    def link_of(self, address):
        return self.signed(self.distance(address) >> self.shift)

    @property
    def no_region(self):
        return self.signed(1 << (self.bits - 1))

    def list_end(self, number):
        return self.signed(1 << (self.bits - 1) | number)

    # ---- Checksums -----------------------------------------------------------------------------------------------------------

    def seal_add(self, multiplier, seal, value):
        for _ in range(8 // self.word):
            seal = (seal + value) * multiplier & self.mask
            seal ^= seal >> (self.bits // 2)
            value >>= self.bits
        return seal

    def sealed(self, multiplier, seal, values):
        for value in values:
            seal = self.seal_add(multiplier, seal, value)
        return seal

    def seal_fits(self, multiplier):
        values = [self.magic, self.layout, self.regions, self.exact, self.exact_bytes]
        values += [self.classes << 16 | self.map_at, self.exact_bits << 16 | self.class_bits << 8 | self.capacity_bits]
        values += [self.units_total, self.bytes_total, self.on_fault, self.on_exhausted, self.context]
        return self.sealed(multiplier, self.key, values) == self.seal

    def region_seal_fits(self, multiplier, record):
        words = [self.memory.number(record + i * self.word, self.word) for i in range(8)]
        return self.sealed(multiplier, self.key + self.link_of(record) & self.mask, words[:7]) == words[7]

    def coefficients(self):
        """Of the polynomial in the multiplier whose value is `bounds`."""
        first, end = (self.memory.number(self.address + i * self.word, self.word) for i in (3, 4))
        return [self.regions, first, end, self.exact + self.exact_bits, self.classes + self.class_bits, self.map_at + self.key]

    def bounds_fit(self, multiplier, mask):
        value = 0
        for coefficient in self.coefficients():
            value = value * multiplier + coefficient
        return (value - self.bounds) & mask == 0

    def find_multiplier(self):
        """Roots modulo 2, 4, 8 and so on; its lowest bits are 1, as many as there are check bits."""
        known = self.check_bits if self.check_bits > 1 else 0
        roots = [(1 << known) - 1] if self.bounds_fit((1 << known) - 1, (1 << known) - 1) else []
        for bit in range(known, self.bits):
            mask = (2 << bit) - 1
            roots = [root for low in roots for root in (low, low | 1 << bit) if self.bounds_fit(root, mask)][:MOST_ROOTS]
        sound = [root for root in roots if self.seal_fits(root) or self.region_seal_fits(root, self.address)]
        if sound:
            self.multiplier = sound[0]

    def geometry_is_sound(self):
        """Whether the numbers that say where the index is fit each other."""
        if self.capacity_bits > self.size_bits or not self.class_bits <= self.exact_bits < 16:
            return False
        exact = 1 << self.exact_bits
        powers = max(1, self.capacity_bits - self.exact_bits + 1)
        heads_end = self.heads_at + self.classes * self.word
        return (self.exact == exact and self.classes == exact + (powers << self.class_bits) and
                self.exact_bytes == (exact - 1 << self.shift) - self.overhead and
                self.map_at == heads_end + -heads_end % self.memory.pointer_bytes)

    def is_sound(self):
        return (self.geometry_is_sound() and self.multiplier is not None and self.seal_fits(self.multiplier) and
                self.bounds_fit(self.multiplier, self.mask))

    def check(self):
        if not self.is_sound():
            raise Fault("HMM_FAULT_CONTROL", self.address, TEXT)
