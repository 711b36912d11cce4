"""Which heap is meant: by the address of a heap, of a pool, or of something inside a heap; and all heaps that there are.

SPDX-License-Identifier: MIT
"""
from .control import MAGIC, Control, NotAHeap
from .fault import Fault, Problem, Unreadable
from .heap import Heap

POOL_MAGIC = 0x9B70D1E5
POOL_OWNERS = (0x6A09E667, 0xB5F1D998)
POOL_MOST = 8192  # bytes from a pool to its heap, at most: a pool, and as much as aligns a granule


class Pool:
    """In front of a heap; see src/pool/state.h. Cells lie on cache lines of 64 bytes, or of 8 where pointers are short."""

    def __init__(self, heap, address):
        self.heap, self.address = heap, address
        pointer = heap.memory.pointer_bytes
        line = 64 if pointer == 8 else 8
        fixed = 9 * pointer
        self.head_at = address + fixed + -fixed % line
        self.owner_at = self.head_at + line

    def waiting(self):
        """The blocks that others have freed and that the owner has not brought home: pushed, and taken but not freed yet."""
        memory, control = self.heap.memory, self.heap.control
        pointer = memory.pointer_bytes
        if memory.number(self.owner_at, pointer) not in POOL_OWNERS:
            return set()
        found = set()
        for at in (self.head_at, self.owner_at + pointer):
            link = memory.signed(at, 4) if memory.order == "little" or at != self.head_at else memory.signed(at + pointer - 4, 4)
            while link != 0 and self.heap.region_of(control.at_link(link)) and control.at_link(link) not in found:
                found.add(control.at_link(link))
                link = memory.signed(control.at_link(link) + pointer, 4)
        return found


def heap_at(memory, address):
    """The heap whose control block, or whose pool, stands there."""
    if memory.number(address, 4) != POOL_MAGIC:
        return Heap(memory, address)
    step = memory.pointer_bytes
    for at in range(address + step - address % step, address + POOL_MOST, step):
        try:
            heap = Heap(memory, at)
        except (NotAHeap, Unreadable):
            continue
        if heap.control.context == address:
            heap.pool = Pool(heap, address)
            return heap
    raise Problem(f"the pool at {address:#x} has no heap behind it: it was overwritten")


def pool_of(heap):
    """The pool that a heap belongs to, or None."""
    address = heap.control.context
    try:
        is_pool = 0 < heap.address - address <= POOL_MOST and heap.memory.number(address, 4) == POOL_MAGIC
    except Unreadable:
        return None
    return Pool(heap, address) if is_pool else None


def all_heaps(memory):
    """Those whose control block is sound. One whose is not might be anything."""
    found = {}
    for at in memory.find(MAGIC.to_bytes(4, memory.order)):
        for word in (4, 8, 2):
            try:
                control = Control(memory, at - 8 * word)
            except (NotAHeap, Unreadable):
                continue
            if control.word == word and control.is_sound():
                found[control.address] = Heap(memory, control.address)
    return [found[address] for address in sorted(found)]


def heap_around(memory, address):
    """The heap in whose blocks an address lies, or None."""
    for heap in all_heaps(memory):
        try:
            if heap.region_of(address) is not None:
                return heap
        except (Fault, Unreadable):
            continue
    return None
