"""The most instructions that a function of the heap can take, found in the compiled code: the longest way through it.

SPDX-License-Identifier: MIT

    bound.py INSTANCE LEVEL DEPTH[/REGIONS]...     prints for each function the bounds with size trees of so many levels, in a
                                                   heap of one or more regions

Every branch is believed to be possible, every loop to make as many turns as LOOPS says, and every call to take its dearest way, but
for what the rules below leave out. So nothing is measured, and the figure lies above whatever can happen. Ways that end in a call of a
handler of the user are left out: faults, and the question for more memory. memcpy, memmove and memset count as one instruction.
"""
import re
import sys
import tempfile
from collections import namedtuple
from pathlib import Path

from measure import ROOT, run
from size import LEVELS

# What turns depend on: levels of a size tree; levels of the tree of regions, 0 if there is one region; levels that an audit looks
# beside a path; and the levels of the first and of the second part of a way in two parts, see IN_TWO_PARTS.
Most = namedtuple("Most", "depth regions beside first second")


def turns_beside(most):
    """One for each child of each node above the last level, audited if there is one; and one to leave each of these nodes."""
    nodes_below = 2 ** (most.beside - 1) - 1 if most.beside else 0
    return [(1 + nodes_below, 2 ** most.beside - 1)]


def turns_of_removal(most):
    """Where it rotates, the subtree that it comes from had two levels less than its top, elsewhere one: so at most on half of them."""
    return [(most.depth, 0), (most.depth % 2, most.depth // 2)]


# Loops by the source function that they stand in, and the turns they make at most: a number, or pairs (cheap turns, dear turns), of
# which one holds; dear ones go through what the third column names. A loop in another function ends the program.
LOOPS = [
    (r"audit_tree_path|by_size_avl_find", lambda most: most.first, None),
    (r"audit_way_to_neighbour|by_size_avl_descend", lambda most: most.second, None),
    (r"by_size_avl_shrunk", turns_of_removal, r"by_size_avl_rotate|by_size_set_child"),
    (r"audit_beside", turns_beside, r"audit_node"),
    (r"by_size_avl_can_grow", lambda most: 0, None),  # no path is as long as HMM_AVL_MAX_DEPTH
    (r"(by_size|checked)_\w+", lambda most: most.depth, None),
    (r"regions_\w+", lambda most: most.regions, None),
    (r"seal_add", lambda most: 4, None),  # of uintmax_t, 16 bits at a time
    (r"hmm_parity", lambda most: 4, None),  # 64 bits down to 4
    (r"geometry_for", lambda most: 6, None),  # HMM_EXACT_BITS_MOST - HMM_EXACT_BITS_LEAST; by largest_free
    (r"per_mille", lambda most: 10, None),  # bits of 1000; the inner loop makes at most 3
]
# Functions that follow one path in two parts, to a node and from there to its neighbour: both together have no more levels than the
# tree. The cost is linear in where they meet, so one of the ends is the dearest.
IN_TWO_PARTS = r"audit_tree_path|by_size_remove"
# Who audits a path for an insertion, or before it is searched: nothing beside it.
AUDITS_BARE_PATH = r"fit_in_tree|audit_put|find_largest"
ONLY_BESIDE = r"audit_beside|audit_replacement|audit_way_to_neighbour"
# Where nothing has to be aligned, one end of a free block at most stays free.
ONE_REST = r"make_free|audit_put"
# Of each power of two, at least, where sizes have 64 bits: src/heap/class.h. An index of 32 takes a 256th of a smaller heap.
RANGES, RANGES_FROM_2_MIB = 4, 32
REMOVAL, TWO_REMOVALS = 2, 4  # HMM_BESIDE_...: only what releases takes two blocks out
ALLOCATES = ("alloc", "alloc_aligned", "alloc_greedy")
FUNCTIONS = (*ALLOCATES, "resize", "resize_greedy", "realloc", "free", "usable_size", "largest_free", "contains")


# ---- The code ---------------------------------------------------------------------------------------------------------------------


class Instruction:
    def __init__(self, address, text):
        self.address = address
        self.mnemonic, _, operands = re.sub(r"^(rep[a-z]*|bnd|notrack|lock|data16|cs) +", "", text).partition(" ")
        target = re.match(r" *([0-9a-f]+) <", operands)
        self.target = int(target[1], 16) if target else None
        self.is_jump = self.mnemonic.startswith("j")
        self.is_call = self.mnemonic == "call"
        self.next = []  # addresses


class Code:
    """The instructions of a program, from what `objdump -d --no-show-raw-insn` says.

    frames(address): names of the source functions an instruction stems from, innermost first."""

    def __init__(self, listing, frames):
        self.frames = frames
        self.entries = {name: int(address, 16) for address, name in re.findall(r"^([0-9a-f]+) <(\S+)>:$", listing, re.M)}
        self.names = {address: name for name, address in self.entries.items()}
        lines = re.findall(r"^ +([0-9a-f]+):\t(\S.*?)\s*$", listing, re.M)
        self.at = {int(address, 16): Instruction(int(address, 16), text) for address, text in lines}
        addresses = sorted(self.at)
        for address, following in zip(addresses, addresses[1:] + [None]):
            instruction = self.at[address]
            if instruction.is_jump and instruction.target is None:
                raise SystemExit(f"bound: a jump to where a register says, at {address:x}")
            if instruction.is_jump:
                instruction.next.append(instruction.target)
            if instruction.mnemonic not in ("jmp", "ret", "ud2", "hlt") and following is not None:
                instruction.next.append(following)

    def source_name(self, entry):
        """Of a function: without what the compiler adds to the names of parts and copies."""
        return self.names.get(entry, "").partition(".")[0]

    def callee(self, instruction):
        """The name of the function that a call goes to; None if that stands in a register."""
        if not instruction.is_call or instruction.target is None:
            return None
        return self.source_name(instruction.target) or "of the C library"


def compiled(instance, level):
    """The code of an instance as the benchmarks have it."""
    with tempfile.TemporaryDirectory() as directory:
        built, linked = Path(directory) / "heap.o", Path(directory) / "heap"
        run("cc", "-std=c11", "-O2", "-g", *LEVELS[level], f"-I{ROOT}/include", "-c", f"{ROOT}/src/heap/{instance}.c", "-o", built)
        run("ld", "-Ttext=0x100000", "--unresolved-symbols=ignore-all", "-e", "0", built, "-o", linked)
        listing = run("objdump", "-d", "--no-show-raw-insn", linked)
        addresses = re.findall(r"^ +([0-9a-f]+):\t", listing, re.M)
        answer = run("addr2line", "-e", linked, "-f", "-i", "-a", input="\n".join(addresses))
    frames = {}
    for group in re.split(r"^0x(?=[0-9a-f]{16}$)", answer, flags=re.M)[1:]:
        address, *lines = group.splitlines()
        frames[int(address, 16)] = lines[::2]
    return Code(listing, lambda address: frames[address])


# ---- The longest way --------------------------------------------------------------------------------------------------------------


def components(nodes, following):
    """Strongly connected components, a component before those that lead to it (Tarjan)."""
    index, low, on_stack, stack, found = {}, {}, set(), [], []
    for start in nodes:
        if start in index:
            continue
        work = [(start, iter(following(start)))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(following(other))))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    component = []
                    while not component or component[-1] != node:
                        component.append(stack.pop())
                        on_stack.discard(component[-1])
                    found.append(component)
    return found


class Bound:
    """Bounds of the functions of a program. one_rest: see ONE_REST."""

    def __init__(self, code, one_rest):
        self.code = code
        self.one_rest = one_rest
        self.found = {}

    def function(self, entry, most):
        """Instructions from an entry to the return; 0 if no way returns."""
        key = entry, most
        if key not in self.found:
            self.found[key] = None
            parts = [most]
            if re.fullmatch(IN_TWO_PARTS, self.code.source_name(entry)):
                parts = [most._replace(second=0), most._replace(first=0)]
            self.found[key] = max(self.longest_to_return(entry, part, barred) for part in parts for barred in self.choices(entry))
        if self.found[key] is None:
            raise SystemExit(f"bound: {self.code.names.get(entry)} calls itself")
        return self.found[key]

    def choices(self, entry):
        """Sets of calls that do not happen: of the functions of which only one is called, all but one."""
        sets = [frozenset()]
        if not self.one_rest:
            return sets
        calls = {}
        for address in self.reached(entry, frozenset(), None):
            name = self.code.callee(self.code.at[address])
            if name and re.fullmatch(ONE_REST, name):
                calls.setdefault(name, set()).add(address)
        for places in calls.values():
            sets = [chosen | (places - {place}) for chosen in sets for place in places]
        return sets

    def cost(self, address, most):
        instruction = self.code.at[address]
        if not instruction.is_call or instruction.target not in self.code.at:
            return 1
        return 1 + self.function(instruction.target, self.of_callee(address, most))

    def of_callee(self, address, most):
        """What is known of a call."""
        if self.code.callee(self.code.at[address]) != "audit_tree_path":
            return most
        bare = any(re.fullmatch(AUDITS_BARE_PATH, frame) for frame in self.code.frames(address))
        return most._replace(beside=0) if bare else most

    def is_barred(self, address, most):
        """Whether a call does not happen, or ends what is counted."""
        instruction = self.code.at[address]
        if not instruction.is_call:
            return False
        name = self.code.callee(instruction)
        if name is None or name.startswith("report"):
            return True
        if most is None:
            return False
        if most.regions == 0 and name == "search_region" or most.beside == 0 and re.fullmatch(ONLY_BESIDE, name):
            return True
        return instruction.target in self.code.at and self.function(instruction.target, self.of_callee(address, most)) == 0

    def reached(self, entry, barred, most):
        found, work = set(), [entry]
        while work:
            address = work.pop()
            if address not in found and address not in barred and not self.is_barred(address, most):
                found.add(address)
                work += self.code.at[address].next
        return found

    def longest_to_return(self, entry, most, barred):
        reached = self.reached(entry, barred, most)
        leads = {}
        for address in reached:
            for other in self.code.at[address].next:
                leads.setdefault(other, []).append(address)
        returns = [address for address in reached if self.code.at[address].mnemonic == "ret"]
        useful, work = set(), list(returns)
        while work:
            address = work.pop()
            if address not in useful:
                useful.add(address)
                work += [other for other in leads.get(address, []) if other in reached]
        if entry not in useful:
            return 0
        edges = {address: [other for other in self.code.at[address].next if other in useful] for address in useful}
        distance = self.longest(edges, entry, most)
        return max(distance[address] for address in returns if address in distance)

    def longest(self, edges, entry, most):
        """{address: instructions of the longest way from the entry to it, both counted}."""
        distance, before = {}, {entry: 0}
        for component in reversed(components([entry], lambda address: edges[address])):
            inside = set(component)
            if len(component) == 1 and component[0] not in edges[component[0]]:
                distance[component[0]] = before[component[0]] + self.cost(component[0], most)
            else:
                entered = {address: before[address] for address in component if address in before}
                distance.update(self.through_loop(edges, inside, entered, most))
            for address in component:
                for other in edges[address]:
                    if other not in inside:
                        before[other] = max(before.get(other, 0), distance[address])
        return distance

    def through_loop(self, edges, inside, entered, most):
        """The distances inside a loop. Where it can be entered at several places, a turn may pass all of them."""
        heads = set(entered)
        within = {address: [other for other in edges[address] if other in inside and other not in heads] for address in inside}
        turns, dear_name = self.turns(inside, most)
        dear = {address for address in inside if dear_name and self.stems_from(address, dear_name)}
        cheap = {address: [other for other in after if other not in dear] for address, after in within.items()}
        any_turn, way = self.turn(edges, within, heads, most)
        cheap_turn = self.turn(edges, cheap, heads - dear, most)[0] or any_turn  # where the compiler has mingled them
        ahead = max(entered.values()) + len(heads) * max(few * cheap_turn + many * any_turn for few, many in turns)
        return {address: ahead + length for address, length in way.items()}

    def turn(self, edges, within, heads, most):
        """The longest way from a head to a head, and the distances from them."""
        way, turn = {}, 0
        for head in heads:
            for address, length in self.longest(within, head, most).items():
                way[address] = max(way.get(address, 0), length)
                if any(other in heads for other in edges[address]):
                    turn = max(turn, length)
        return turn, way

    def stems_from(self, address, pattern):
        names = list(self.code.frames(address)) + [self.code.callee(self.code.at[address]) or ""]
        return any(re.fullmatch(pattern, name) for name in names)

    def turns(self, inside, most):
        """By the source function that most of the loop stems from; of two, the inner one."""
        counts = {}
        for address in inside:
            for level, name in enumerate(self.code.frames(address)):
                if any(re.fullmatch(pattern, name) for pattern, _, _ in LOOPS):
                    count, _ = counts.get(name, (0, 0))
                    counts[name] = (count + 1, -level)
        if not counts:
            raise SystemExit(f"bound: LOOPS does not tell of the loop in {self.code.frames(min(inside))}")
        owner = max(counts, key=counts.get)
        most_turns, dear = next((turns(most), dear) for pattern, turns, dear in LOOPS if re.fullmatch(pattern, owner))
        return (most_turns, dear) if dear else ([(0, most_turns)], None)


# ---- Trees ------------------------------------------------------------------------------------------------------------------------


def depth_of(nodes):
    """Of the deepest AVL tree with so many nodes: the sparsest tree of depth d has 1 + those of d - 1 and d - 2."""
    depth, least, less = 0, 1, 0
    while least <= nodes:
        depth, least, less = depth + 1, 1 + least + less, least
    return depth


def depth_in_heap(heap_bytes, granule):
    """Of the deepest size tree: k sizes of one class have more than k times its least size S, and there are at most S / ranges."""
    ranges = RANGES if heap_bytes < 2 << 20 else RANGES_FROM_2_MIB
    return depth_of(int((heap_bytes // granule / ranges) ** 0.5))


def depth_beyond_index(heap_bytes, granule):
    """Of the tree of an open-ended class, where k sizes have at least k (k + 1) / 2 units."""
    return depth_of(int((2 * heap_bytes // granule) ** 0.5))


def bound(code, instance, function, depth, regions=1):
    """Instructions of hmm_<instance>_<function> at most."""
    beside = REMOVAL if function in ALLOCATES else TWO_REMOVALS
    most = Most(depth, depth_of(regions) if regions > 1 else 0, beside, depth, depth)
    return Bound(code, function in ("alloc", "alloc_greedy")).function(code.entries[f"hmm_{instance}_{function}"], most)


def main():
    instance, level = sys.argv[1], int(sys.argv[2])
    code = compiled(instance, level)
    shapes = [[int(number) for number in shape.split("/")] for shape in sys.argv[3:]]
    for function in FUNCTIONS:
        print(function, *(bound(code, instance, function, *shape) for shape in shapes))


if __name__ == "__main__":
    main()
