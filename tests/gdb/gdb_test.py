#!/usr/bin/env python3
"""Compares what the gdb script says of the heaps of a program with what the program itself has found.

SPDX-License-Identifier: MIT

    gdb_test.py SCRIPT SCENE CASE...     SCRIPT: heapmm-gdb.py; SCENE: the program of scene.c, of pool_scene.c for the case pool,
                                         of mapped.c for malloc; for board, the directory of the tree
"""
import os
import re
import struct
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))
from cases import expect, run_cases  # noqa: E402

BLOCK = re.compile(r"  (0x[0-9a-f]+) +(\d+) +(\d+)  (in use|free)(.*)")


class Bench:
    def __init__(self, script, scene, directory):
        self.script, self.scene, self.directory = script, scene, Path(directory)
        self.core = self.directory / "core"

    def gdb(self, *arguments, commands=(), gdb="gdb", timeout=100):
        """Runs gdb; returns what it prints, both streams."""
        file = self.directory / "commands"
        file.write_text("\n".join(commands) + "\n")
        command = [gdb, "-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set width 0", "-x", self.script, "-x", file, *arguments]
        done = subprocess.run([str(word) for word in command], cwd=self.directory, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout, check=False)
        return done.stdout

    def stopped(self, commands, program=None):
        """Runs commands where the scene has told everything. Returns what they print, and what the scene has told."""
        told = self.directory / "told"
        begin = ["set breakpoint pending on", "break stop_here", f"run > {told}", "echo \\n==\\n"]
        said = self.gdb(program or self.scene, commands=[*begin, *commands]).partition("\n==\n")[2]
        return said, heaps_in(told.read_text())

    def heaps(self):
        """What the scene says; it is the same each time."""
        heaps = self.stopped([])[1]
        expect(len(heaps) > 100, f"the scene tells of {len(heaps)} heaps only")
        return heaps


def heaps_in(text):
    """By name: the address, the blocks, what the walk and the check said."""
    heaps = {}
    for line in text.splitlines():
        what, _, rest = line.partition(" ")
        if what == "heap":
            name, address = rest.split()
            heap = heaps[name] = {"address": int(address, 16), "blocks": []}
        elif what == "block":
            address, size, usable, state = rest.split(maxsplit=3)
            heap["blocks"].append((int(address, 16), int(size), int(usable), state))
        else:
            heap[what] = rest
    return heaps


def each(names, command):
    """A command for each heap, with a mark between; a failed command ends the others of a file, but not Python's."""
    lines = ["python"]
    for name in names:
        lines += [f"try: gdb.execute({f'heapmm {command} {name}'!r})", "except gdb.error as e: print(e)", "print('==')"]
    return [*lines, "end"]


def parts(said):
    return said.split("==\n")[:-1]


def expect_same_checks(heaps, said):
    answers = parts(said)
    expect(len(answers) == len(heaps), f"{len(answers)} answers of {len(heaps)}: {said[-2000:]}")
    for (name, heap), answer in zip(heaps.items(), answers):
        code = heap["check"].split()[0]
        wanted = heap["check"]
        if code == "HMM_OK":
            wanted = f"HMM_OK: no fault was found; {in_use(heap)} in use"
        elif code == "HMM_FAULT_CONTROL":  # where hardly anything of it is left, more is said
            wanted = f"HMM_FAULT_CONTROL at {heap['address']:#x}"
        expect(wanted in answer, f"{name}: the program says {heap['check']!r}, gdb {answer!r}")


def in_use(heap):
    count = sum(block[3] == "in use" for block in heap["blocks"])
    return f"{count} block{'' if count == 1 else 's'}"


def blocks_in(answer):
    rows = (BLOCK.fullmatch(line) for line in answer.splitlines())
    return [(int(row[1], 16), int(row[2]), int(row[3]), row[4]) for row in rows if row]


def sound(heaps):
    return {name: heap for name, heap in heaps.items() if heap["check"].startswith("HMM_OK")}


# ---- Cases -------------------------------------------------------------------------------------------------------------------


def checks(bench):
    """Live: every heap gets the same diagnosis, to the letter; and all kinds of damage are among them."""
    heaps = bench.heaps()
    said, again = bench.stopped(each(heaps, "check"))
    expect(heaps == again, "the scene is not the same each time")
    expect_same_checks(heaps, said)
    kinds = Counter(re.match(r"HMM_(?:FAULT_)?(\w+)", heap["check"]).group(1) for heap in heaps.values())
    print(f"    {dict(kinds)}")
    expect(len(kinds) >= 9 and len(sound(heaps)) >= 8, "kinds of damage are missing")


def blocks(bench):
    """Live: the blocks of every heap, up to where it is damaged, are those of the walk."""
    heaps = bench.heaps()
    heaps = {name: heap for name, heap in heaps.items() if "CONTROL" not in heap["walk"]}
    answers = parts(bench.stopped(each(heaps, "blocks"))[0])
    expect(len(answers) == len(heaps), "answers are missing")
    for (name, heap), answer in zip(heaps.items(), answers):
        found = blocks_in(answer)
        if heap["walk"] == "HMM_OK":
            expect(found == heap["blocks"], f"{name}: {set(found) ^ set(heap['blocks'])}")
            expect(f"{in_use(heap)} in use" in answer, f"{name}: {answer[-300:]}")
        else:
            expect(found[:len(heap["blocks"])] == heap["blocks"] and heap["walk"] in answer, f"{name}: {heap['walk']}: {answer}")


def core(bench):
    """The same of a core, with the program beside it and with the core alone."""
    live, heaps = bench.stopped([f"gcore {bench.core}"])
    expect(bench.core.exists() and len(heaps) > 100, f"no core was written: {live}")
    expect_same_checks(heaps, bench.gdb(bench.scene, bench.core, commands=each(heaps, "check")).partition("heap 0x")[2])
    alone = {f"{heap['address']:#x}": heap for heap in heaps.values()}
    said = bench.gdb("-core", bench.core, commands=each(alone, "check"))
    expect_same_checks(alone, said[said.find("heap 0x"):])
    said = bench.gdb("-core", bench.core, commands=["heapmm check"])
    found = [int(address, 16) for address in re.findall(r"^heap (0x[0-9a-f]+)", said, re.M)]
    wanted = {heap["address"] for heap in heaps.values() if not heap["check"].startswith("HMM_FAULT_CONTROL")}
    expect(wanted <= set(found), f"heaps in the core were not found: {wanted - set(found)}")


def notes_first(core):
    """The same core of 64 bits as the kernel writes it: notes in front of memory, no sections; so it can be cut off."""
    header, (count,) = bytearray(core[:64]), struct.unpack_from("<H", core, 56)
    header[40:48], header[60:64] = bytes(8), bytes(4)
    rows = [list(struct.unpack_from("<IIQQQQQQ", core, 64 + 56 * i)) for i in range(count)]
    notes = next(row for row in rows if row[0] == 4)
    begin = 64 + 56 * count
    notes_bytes = core[notes[2]:notes[2] + notes[5]]
    memory = core[begin:notes[2]]
    for row in rows:
        row[2] = begin if row is notes else row[2] + notes[5]
    return bytes(header) + b"".join(struct.pack("<IIQQQQQQ", *row) for row in rows) + notes_bytes + memory


def truncated(bench):
    """A core that ends early."""
    heaps = bench.stopped([f"gcore {bench.core}"])[1]
    last = f"{list(heaps.values())[-1]['address']:#x}"
    content = notes_first(bench.core.read_bytes())
    bench.core.write_bytes(content)
    said = bench.gdb(bench.scene, bench.core, commands=["heapmm check heaps[0]"])
    expect("HMM_OK" in said, said)
    bench.core.write_bytes(content[:len(content) // 3])
    said = bench.gdb(bench.scene, bench.core, commands=[f"heapmm check {last}"])
    expect("cannot be read" in said and "truncated" in said and "Traceback" not in said, said)
    said = bench.gdb(bench.scene, bench.core, commands=each(["", "malloc"], "check"), timeout=30)
    expect("does not run on heapmm's malloc" in said and "Traceback" not in said, said)
    expect(f"heap {heaps['heaps[1]']['address']:#x}" in said and "HMM_OK" in said, f"heaps in front of the end were not found: {said}")


def stripped(bench):
    """Without any symbol, by address and by looking for heaps."""
    program = bench.directory / "stripped"
    subprocess.run(["strip", "-o", program, bench.scene], check=True)
    told = bench.directory / "told"
    begin = ["catch syscall exit_group", f"run > {told}", "echo \\n==\\n"]
    said = bench.gdb(program, commands=[*begin, "heapmm check"]).partition("\n==\n")[2]
    heaps = heaps_in(told.read_text())
    for name in sound(heaps):
        expect(f"heap {heaps[name]['address']:#x}" in said, f"{name} was not found: {said}")
    said = bench.gdb(program, commands=[*begin, "heapmm check heaps[0]"])
    expect("Give an address" in said, said)


def pool(bench):
    """A pool's heap, and which of its blocks wait: in the queue, and taken from it."""
    said = bench.stopped(["print pool->chain != 0 && pool->head != 0", "heapmm blocks pool", "heapmm check pool", *(f"print/x (unsigned long)kept[{i}]" for i in range(20))])[0]
    expect(said.startswith("$1 = 1") and "of the pool" in said and "HMM_OK" in said, said)
    addresses = [int(number, 16) for number in re.findall(r"^\$\d+ = (0x[0-9a-f]+)", said, re.M)]
    waiting = {int(row[1], 16) for row in map(BLOCK.fullmatch, said.splitlines()) if row and "waits" in row[5]}
    expect(len(waiting) >= 2 and addresses[1] in waiting and waiting <= {addresses[i] for i in (*range(0, 20, 3), 1)}, said)


def inside(bench):
    """An address within a block: which block it is."""
    block = next(block for block in bench.heaps()["heaps[3]"]["blocks"] if block[1] > 100)
    said = bench.stopped([f"heapmm blocks {block[0] + 7}", f"heapmm blocks (void *){block[0]:#x}"])[0]
    address = f"{block[0]:#x}"
    expect("lies 7 bytes behind the beginning of this block" in said and f"{address} begins this block" in said, said)
    expect(blocks_in(said) == [block] * 2, said)


def errors(bench):
    """What is no heap, not readable, or not there."""
    said = bench.stopped(each(["&stop_here", "&stops", "1", "nothing", "0xffff0000ffff0000", "'", "-1"], "check") +
                         each(["&stops", "nothing", "-8"], "blocks"))[0]
    answers = parts(said)
    expect("HMM_FAULT_CONTROL" in answers[0] and "no control block of a heap" in answers[1], said)
    expect("cannot be read" in answers[2] and 'No symbol "nothing"' in answers[3], said)
    expect("nor does it lie in a block" in answers[7], said)
    expect("0xffffffffffffffff cannot be read" in answers[6] and "0xfffffffffffffff8 cannot be read" in answers[9], said)
    expect("Traceback" not in said and said.count("heapmm: ") == len(answers), said)
    expect("no program is running" in bench.gdb(bench.scene, commands=["heapmm check"]), "it runs without a program")
    expect("there are several heaps" in bench.stopped(["heapmm blocks"])[0], "heaps are not listed")
    for command in ("help heapmm", "help heapmm blocks", "help heapmm check"):
        expect("heapmm" in bench.gdb(commands=[command]), command)


def board(bench):
    """A Cortex-M4 board that qemu emulates, through its connection for gdb. SCENE: the directory of the tree."""
    root, program, told = Path(bench.scene), bench.directory / "scene", bench.directory / "told"
    build = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "--specs=picolibc.specs", "--oslib=semihost", "--crt0=semihost", "-T",
             "tests/board/mps2_an386.ld", "-g", "-O1", "-std=gnu11", "-DHMM_HOSTED=1", "-Iinclude", "-Isrc", "-Itests"]
    sources = ["src/heap/result.c", "src/os/fault.c", "tests/gdb/scene.c", "tests/heap/forge.c"]
    subprocess.run([*build, *sources, "-o", program], cwd=root, check=True)
    machine = (f"qemu-system-arm -machine mps2-an386 -display none -monitor none -serial none -chardev file,id=told,path={told} "
               f"-semihosting-config enable=on,target=native,chardev=told,arg=scene -S -gdb stdio -kernel {program}")
    names, whole = [f"heaps[{i}]" for i in range(0, 240, 8)], ["heaps[0]", "heaps[1]", "heaps[2]"]
    commands = [f"target remote | {machine}", "break stop_here", "continue", "echo \\n==\\n", *each(names, "check"), *each(whole, "blocks"),
                *each([""], "check")]
    said = bench.gdb(program, commands=commands, gdb="gdb-multiarch").partition("\n==\n")[2]
    heaps = heaps_in(told.read_text())
    expect(len(heaps) == 240, f"the board tells of {len(heaps)} heaps")
    answers = parts(said)
    expect_same_checks({name: heaps[name] for name in names}, "".join(answer + "==\n" for answer in answers[:len(names)]))
    for name, answer in zip(whole, answers[len(names):]):
        expect(blocks_in(answer) == heaps[name]["blocks"], f"{name}: {answer}")
    expect("name the heap" in answers[-1], answers[-1])


def malloc(bench):
    """The spans of malloc, live and in a core, against its own report. SCENE is the program of mapped.c, started with the library."""
    library = os.environ["HEAPMM_TEST_MALLOC"]
    told = bench.directory / "told"
    begin = [f"set environment LD_PRELOAD {library}", "set breakpoint pending on", "break wait_for_the_end",
             f"run still > /dev/null 2> {told}", "echo \\n==\\n"]
    spoil = ["python", "from heapmm_gdb import malloc, memory", "w = malloc.window_of(memory.Memory())",
             "at = next(span for span in w.spans() if span.kind == malloc.SLAB).start.to_bytes(8, 'little')",
             "records = bytes(w.memory.read(w.records, w.record_count * w.record_bytes))",
             "record = w.records + records.index(at) - w.record['start']",
             "def write(name, value): gdb.selected_inferior().write_memory(record + w.record[name], value)",
             "write('size', bytes(4))", "gdb.execute('heapmm blocks malloc')", "gdb.execute(f'heapmm blocks {w.start}')",
             "write('kind', bytes([9]))", "gdb.execute('heapmm blocks malloc')", "end", *each(["malloc"], "check")]
    questions = ["heapmm blocks malloc", "heapmm check malloc", "up", "heapmm blocks blocks[5]",
                 "heapmm blocks (unsigned long)blocks[5] + 3"]
    said = bench.gdb(bench.scene, commands=[*begin, *questions, f"gcore {bench.core}"]).partition("\n==\n")[2]
    expect_same_slabs(said, told.read_text())
    expect("no fault was found" in said and "  0 bytes behind the beginning of the block of 32 bytes at" in said, said[-1000:])
    expect("  3 bytes behind" in said and said.count("which is in use") == 2, said[-1000:])
    again = bench.gdb(bench.scene, bench.core, commands=questions[:2])
    rows = [line for line in said.splitlines() if line.startswith("  0x")]
    expect(rows and rows == [line for line in again.splitlines() if line.startswith("  0x")], "the core tells something else")
    said = bench.gdb(bench.scene, commands=[*begin, *spoil]).partition("\n==\n")[2]
    untouched = [f"set environment LD_PRELOAD {library}", "set breakpoint pending on", "break wait_for_the_end", "run sharing > /dev/null",
                 "heapmm check malloc", "python print(open(f'/proc/{gdb.selected_inferior().pid}/status').read())"]
    shared = bench.gdb(bench.scene, commands=untouched)
    expect("no fault was found" in shared and re.search(r"^RssShmem:\s+0 kB", shared, re.M), f"shared memory was read: {shared}")
    expect("makes no sense: kind 2, " in said and "makes no sense: kind 9, " in said, said[-1000:])
    expect("the spans do not lie one behind the other" in said and "Traceback" not in said, said[-1000:])


def expect_same_slabs(said, report):
    slabs = Counter()
    for count, size, used in re.findall(r"^  0x\S+ +\d+  slab: (\d+) blocks of (\d+) bytes, (\d+) in use", said, re.M):
        expect(int(used) <= int(count), f"{used} of {count} are in use")
        slabs[int(size)] += 1
        slabs[-int(size)] += int(used)
    rows = re.findall(r"^heapmm: +(\d+) +(\d+) +(\d+) +\d+ +\d+ %$", report, re.M)
    expect(len(rows) > 30, f"no report: {report}")
    for size, count, used in rows:
        found = slabs[int(size)], slabs[-int(size)]
        expect(found == (int(count), int(used)), f"{size} bytes: {found} slabs and blocks, and not {count}, {used}")


CASES = [checks, blocks, core, truncated, stripped, pool, inside, errors, board, malloc]


def main(arguments):
    if len(arguments) < 3:
        sys.exit(__doc__)
    script, scene = (str(Path(path).resolve()) for path in arguments[:2])
    cases = {case.__name__: case for case in CASES}
    run_cases([cases[name] for name in arguments[2:]], lambda directory: Bench(script, scene, directory))


if __name__ == "__main__":
    main(sys.argv[1:])
