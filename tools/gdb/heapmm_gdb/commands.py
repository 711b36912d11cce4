"""The commands.

SPDX-License-Identifier: MIT
"""
import gdb

from . import find, malloc
from .check import Check
from .control import NotAHeap
from .fault import Fault, Problem, Unreadable
from .memory import Memory

MALLOC = "malloc"  # in place of a heap


def said(count, noun):
    return f"{count} {noun}{'' if count == 1 else 's'}"


# ---- Which heap --------------------------------------------------------------------------------------------------------------


def evaluate(expression):
    """The address that an expression of the program's language gives: a pointer's value, or where an object is."""
    try:
        value = gdb.parse_and_eval(expression)
        kind = value.type.strip_typedefs().code
        if kind in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_UNION):
            value = value.address
        number = int(value.cast(gdb.lookup_type("unsigned long")) if kind == gdb.TYPE_CODE_PTR else value)
        return number % (1 << 8 * gdb.lookup_type("char").pointer().sizeof)
    except (gdb.error, TypeError) as error:
        raise Problem(f"{error} Give an address, as in 0x7ffff7a00010, where there is no debug information.") from error


def only_heap(memory):
    heaps = find.all_heaps(memory)
    if len(heaps) == 1:
        return heaps[0]
    if not heaps:
        raise Problem("no heap was found in the program's memory. If there is one whose control block is damaged, name it, "
                      "as in `heapmm check heap`")
    for heap in heaps:
        print(describe(heap))
    raise Problem("there are several heaps: name one, as in `heapmm blocks {:#x}`".format(heaps[0].address))


def describe(heap):
    control = heap.control
    pool = find.pool_of(heap)
    return (f"heap {heap.address:#x}: {control.name}, granule {control.granule}, audit level {control.audit}"
            f"{f', of the pool {pool.address:#x}' if pool else ''}")


# ---- heapmm blocks -----------------------------------------------------------------------------------------------------------


class Sums:
    def __init__(self):
        self.in_use = self.bytes_in_use = self.free = self.bytes_free = self.largest = 0

    def add(self, block):
        if block.is_free:
            self.free, self.bytes_free = self.free + 1, self.bytes_free + block.bytes
            self.largest = max(self.largest, block.bytes)
        else:
            self.in_use, self.bytes_in_use = self.in_use + 1, self.bytes_in_use + block.bytes

    def __str__(self):
        return (f"{said(self.in_use, 'block')} in use, {self.bytes_in_use} bytes; {self.free} free, {self.bytes_free} bytes, "
                f"the largest {self.largest}")


def state_of(block, waiting):
    """What is known of a block."""
    if block.is_free:
        notes = ["free"]
        if block.footer() != block.units:
            notes.append("the size at its end was overwritten")
        if block.control.audit >= 2 and block.written_after_free() is not None:
            notes.append(f"written to at {block.written_after_free():#x} since it was freed")
    else:
        notes = ["in use"]
        if block.control.audit >= 2 and block.control.multiplier is not None and not block.has_canary():
            notes.append("the word behind it was overwritten")
        if block.address in waiting:
            notes.append("freed by another, waits for the pool's owner")
    return "; ".join(notes)


def print_block(block, waiting):
    print(f"  {block.address:#018x} {block.bytes:12} {block.usable:12}  {state_of(block, waiting)}")


def print_region(heap, region, waiting, sums):
    print(f"region {region.start:#x}: {region.limit - region.start} bytes")
    print(f"  {'address':18} {'bytes':>12} {'usable':>12}  state")
    try:
        for block in heap.blocks(region):
            print_block(block, waiting)
            sums.add(block)
    except (Fault, Unreadable) as fault:
        print(f"{fault}\nWhat is behind it in this region cannot be told.")


def print_blocks(heap):
    print(describe(heap))
    if not heap.control.is_sound():
        print(f"HMM_FAULT_CONTROL at {heap.address:#x}: the control block was overwritten; what follows may be wrong")
    waiting = waiting_in(heap)
    sums = Sums()
    for region in heap.regions():
        print_region(heap, region, waiting, sums)
    print(sums)


def waiting_in(heap):
    pool = find.pool_of(heap)
    return pool.waiting() if pool else set()


def print_block_around(heap, address):
    print(describe(heap))
    region = heap.region_of(address)
    for block in heap.blocks(region):
        if address < block.next:
            inside = address - block.address
            where = "begins" if inside == 0 else f"lies {inside} bytes behind the beginning of" if inside > 0 else "lies in the header of"
            print(f"{address:#x} {where} this block:")
            print_block(block, waiting_in(heap))
            return


def malloc_window(memory):
    window = malloc.window_of(memory)
    if window is None:
        raise Problem("this program does not run on heapmm's malloc, or has not begun to")
    return window


def print_spans(window):
    print(f"malloc {window.start:#x}: {window.fresh} bytes used at any time, {window.mapped} mapped")
    print(f"  {'address':18} {'bytes':>12}  what")
    spans = window.spans()
    for span in spans:
        print(f"  {span.start:#018x} {span.bytes:12}  {span}")
    slabs = [span for span in spans if span.kind == malloc.SLAB and span.is_sound()]
    large = [span for span in spans if span.kind in (malloc.LARGE, malloc.GUARDED)]
    print(f"{said(len(slabs), 'slab')} with {said(sum(slab.in_use() for slab in slabs), 'block')} in use, "
          f"{said(len(large), 'large block')}; {sum(span.bytes for span in spans if span.kind == malloc.FREE)} bytes free")


def print_span_around(window, address):
    span = window.span_around(address)
    if span is None:
        raise Problem(f"no span of malloc's is known at {address:#x}")
    print(f"malloc {window.start:#x}: {address:#x} lies in a span of {span.bytes} bytes at {span.start:#x}: {span}")
    if span.kind == malloc.SLAB and span.is_sound():
        block, inside = divmod(address - span.start, span.size)
        print(f"  {inside} bytes behind the beginning of the block of {span.size} bytes at {span.start + block * span.size:#x}, "
              f"which is {'free' if span.is_free(block) else 'in use'}")


class Blocks(gdb.Command):
    """heapmm blocks [HEAP|ADDRESS|malloc]: every block of a heap, by address; or the spans and slabs of heapmm's malloc.

HEAP: an expression that gives an hmm_heap *, hmm_tiny_heap *, hmm_wide_heap *, hmm_pool *, or a pointer to an instance of your own.
ADDRESS: of anything inside a heap, or malloc's memory: the block that it lies in.
Without an argument, the only heap that the program has; where there are several they are listed.

bytes: what the block takes of its region, with its header; usable: what the program may use of it."""

    def __init__(self):
        super().__init__("heapmm blocks", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        answer(self.show, argument)

    def show(self, argument):
        memory = Memory()
        if not argument:
            print_blocks(only_heap(memory))
            return
        if argument == MALLOC:
            print_spans(malloc_window(memory))
            return
        address = evaluate(argument)
        try:
            print_blocks(find.heap_at(memory, address))
        except NotAHeap as no:
            self.show_around(memory, address, no)

    def show_around(self, memory, address, no):
        """A heap within a block of malloc's is the nearer one."""
        heap = find.heap_around(memory, address)
        window = malloc.window_of(memory) if heap is None else None
        if heap is not None:
            print_block_around(heap, address)
        elif window is not None and window.holds(address):
            print_span_around(window, address)
        else:
            raise Problem(f"{no}, nor does it lie in a block of a heap that could be found") from no


# ---- heapmm check ------------------------------------------------------------------------------------------------------------


def print_surroundings(heap, address):
    """The last sound blocks before an address, whose overflow may be the reason."""
    try:
        region = heap.region_of(address) or next((region for region in heap.regions() if region.end == address), None)
        before = []
        for block in heap.blocks(region) if region else []:
            if block.address >= address:
                break
            before = [block] if not before else [before[-1], block]
    except Fault:
        pass
    if before:
        print("The blocks before it:")
        for block in before:
            print_block(block, set())


def check_malloc(window):
    wrong = window.wrong()
    if wrong is not None:
        raise Problem("at {:#x}: {}".format(*wrong))
    print(f"malloc {window.start:#x}: no fault was found; {said(len(window.spans()), 'span')}")


class HeapCheck(gdb.Command):
    """heapmm check [HEAP|malloc]: checks a whole heap, as hmm_heap_check does, and says what is wrong and where.

HEAP: as for heapmm blocks. Without it, each heap that the program has. malloc: that its spans lie one behind the other.
The control block, the records of the regions, every block with its check value, the lists and trees of free blocks, the bitmap,
and the counters. The first fault ends it."""

    def __init__(self):
        super().__init__("heapmm check", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        answer(self.check, argument)

    def check(self, argument):
        memory = Memory()
        if argument == MALLOC:
            check_malloc(malloc_window(memory))
            return
        try:
            heaps = [find.heap_at(memory, evaluate(argument))] if argument else find.all_heaps(memory)
        except NotAHeap as no:
            raise Fault("HMM_FAULT_CONTROL", evaluate(argument), f"{no}: it was overwritten, or never one, or destroyed") from no
        if not heaps:
            only_heap(memory)
        for heap in heaps:
            self.check_heap(heap)

    def check_heap(self, heap):
        print(describe(heap))
        try:
            tally = Check(heap).run()
        except Fault as fault:
            print(fault)
            if fault.code in ("HMM_FAULT_HEADER", "HMM_FAULT_SENTINEL"):
                print_surroundings(heap, fault.address)
        except Unreadable as problem:
            print(problem)
        else:
            print(f"HMM_OK: no fault was found; {said(tally.blocks_in_use, 'block')} in use, {tally.blocks_free} free")


# ------------------------------------------------------------------------------------------------------------------------------


def answer(command, argument):
    """What cannot be answered is an error of gdb's, without a trace of Python calls."""
    try:
        command(argument.strip())
    except (Problem, Fault, NotAHeap) as problem:
        raise gdb.GdbError(f"heapmm: {problem}") from problem
    except gdb.error as error:
        raise gdb.GdbError(f"heapmm: {error}") from error


class Prefix(gdb.Command):
    """Heaps of heapmm: heapmm blocks lists the blocks of one, heapmm check looks for damage. Nothing in the program is called."""

    def __init__(self):
        super().__init__("heapmm", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


def register():
    Prefix()
    Blocks()
    HeapCheck()
