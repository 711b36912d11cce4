"""The test programs, and a workshop in which they are built from sources of which one file at a time is mutated.

SPDX-License-Identifier: MIT
"""
import contextlib
import dataclasses
import hashlib
import math
import os
import pathlib
import resource
import shutil
import signal
import subprocess
import threading

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

HEAP = ["src/heap/heap.c", "src/heap/result.c", "src/os/fault.c"]
BESIDE_THE_HEAP = HEAP[1:]
AVL = ["tests/avl/avl_subjects.c", "tests/avl/avl_checked.c", "tests/avl/avl_shapes.c"]
COVERAGE = ["-fsanitize-coverage=trace-pc"]
POOL = ["src/pool/pool.c", *HEAP]
TRACE = ["src/trace/reader.c", "src/trace/writer.c", "src/trace/names.c"]
STEPPED = ["tests/pool/stepped_pool.c", "tests/heap/stepped_heap.c"]
MODEL = [f"tests/heap/model{part}.c" for part in ("", "_program", "_regions")]
FAULT_PARTS = ("test", "pointer", "block", "payload", "tree", "forged", "heap", "region", "handler")
FAULTS = [f"tests/heap/faults_{part}.c" for part in FAULT_PARTS]


def units(name):
    return {"sources": [f"tests/heap/units_{name}.c", *HEAP], "options": ["-O0"]}


def forged(name):
    return {"sources": [f"tests/heap/{name}_test.c", "tests/heap/forge.c", *BESIDE_THE_HEAP], "options": ["-O0"]}


def tree(name):
    return {"sources": [f"tests/avl/avl_{name}_test.c", *AVL], "options": ["-O0"]}


def classic(name, level="-O0", number=0):
    return {"sources": [f"tests/classic/classic_{name}_test.c"],
            "options": [level, "-Itests/classic", f"-DHMM_CNFG_NUM={number}", '-DHMM_CNFG_HEADER="configurations.h"']}


def stepped_pool(name, *options):
    return {
        "sources": [f"tests/pool/{name}.c", *STEPPED, *BESIDE_THE_HEAP],
        "options": ["-O0", *options],
        "options of": {source: COVERAGE for source in STEPPED},
    }


# The test programs, as in the CMakeLists.txt of tests/heap, tests/avl, tests/pool, tests/classic and fuzz; those that compute much
# are optimised.
def malloc(name):
    """A test of the malloc replacement, compiled in, without the standard names but where they are what is tested."""
    standard = int(name == "process")
    return {
        "sources": [f"tests/malloc/malloc_{name}.c", "src/malloc/malloc.c", "src/os/linux.c"],
        "options": ["-O1", "-fno-builtin", "-D_GNU_SOURCE", f"-DHMM_STANDARD_NAMES={standard}"],
    }


# Without heapmm report, whose page the build makes.
TOOL_FILES = sorted(path for path in (ROOT / "tools/heapmm").glob("*.c") if path.stem not in ("command_report", "report_page"))
TOOL = [*(str(path.relative_to(ROOT)) for path in TOOL_FILES), *HEAP, "src/heap/tiny_heap.c", "src/heap/wide_heap.c", "src/pool/pool.c",
        *TRACE, "src/os/trace_file.c"]
TOOL_COMMANDS = " ".join(f"COMMAND({path.stem[8:]})" for path in TOOL_FILES if path.stem.startswith("command_"))


def tool(script, *arguments):
    """The tool, and a script that uses it: PROGRAM, BROKEN and COMPILER among its arguments are put in."""
    return {"sources": TOOL, "libraries": ["-lzstd", "-lz", "-lm", "-lpthread"], "script": [f"tests/tools/{script}.py", *arguments],
            "options": ["-O1", "-D_GNU_SOURCE", f"-DHEAPMM_COMMANDS={TOOL_COMMANDS}", '-DHEAPMM_VERSION="2"', '-DHEAPMM_RECORD_PATH="."',
                        "-Itools/heapmm"]}


PROGRAMS = {
    "heap_alloc": units("alloc"),
    "heap_resize": units("resize"),
    "heap_region": units("region"),
    "heap_faults": {"sources": [*FAULTS, "tests/heap/forge.c", *BESIDE_THE_HEAP], "options": ["-O0"]},
    "heap_failures": {"sources": ["tests/heap/failures_test.c", *HEAP], "options": ["-O0"]},
    "heap_model": {
        "sources": ["tests/heap/model_test.c", *MODEL, *HEAP],
        "options": ["-O0"],
    },
    "heap_damage": {"sources": ["tests/heap/damage_test.c", *HEAP], "options": ["-O1"]},
    "heap_attach": forged("attach"),
    "heap_attach_forged": forged("attach_forged"),
    "heap_bound": {
        "sources": ["tests/heap/bound_test.c", "tests/heap/stepped_heap.c", *BESIDE_THE_HEAP],
        "options": ["-O0"],
        "options of": {"tests/heap/stepped_heap.c": COVERAGE},
    },
    "fuzz_operations": {
        "libraries": ["-lzstd"],
        "sources": ["fuzz/operations_fuzz.c", "fuzz/replay_main.c", "fuzz/unpack_zstd.c", *TRACE, *MODEL, *HEAP],
        "options": ["-O1"],
    },
    "fuzz_attach": {
        "sources": ["fuzz/attach_fuzz.c", "fuzz/replay_main.c", "tests/heap/forge.c", *BESIDE_THE_HEAP],
        "options": ["-O1"],
    },
    **{f"avl_{name}": tree(name) for name in ("random", "damage", "iterator", "build", "access", "exhaustive")},
    "avl_depth": {
        **tree("depth"),
        "options of": {"tests/avl/avl_depth_test.c": ['-DHMM_AVL_HEADER="include/heapmm/avl.h"']},
    },
    "pool_units": {"sources": ["tests/pool/pool_units.c", *POOL], "options": ["-O0"]},
    "pool_faults": {"sources": ["tests/pool/pool_faults.c", *POOL], "options": ["-O0"]},
    "pool_cost": stepped_pool("pool_cost"),
    "pool_interrupt": stepped_pool("pool_interrupt"),
    "pool_sections": stepped_pool("pool_interrupt", "-DHMM_CRITICAL_SECTIONS=1", "-include", "tests/pool/critical.h"),
    **{f"malloc_{name}": malloc(name) for name in ("sizes", "units", "faults", "process", "threads", "checked")},
    "fault_table": {**malloc("faults"), "sources": ["tests/malloc/fault_table.c", "src/malloc/malloc.c", "src/os/linux.c"]},
    **{f"trace_{name}": {"sources": [f"tests/trace/trace_{name}.c", *TRACE], "options": ["-O1"]} for name in ("units", "damage")},
    "fuzz_trace": {"sources": ["fuzz/trace_fuzz.c", "fuzz/replay_main.c", *TRACE], "options": ["-O1"]},
    "tool_order": {"sources": ["tests/tools/order_test.c", "tools/heapmm/order.c"], "options": ["-O1"]},
    "tool_statistics": {
        "sources": ["tests/tools/statistics_test.c", "tools/heapmm/statistics.c", "tools/heapmm/blocks.c"],
        "options": ["-O1"],
    },
    "tool_replay": tool("replay", "PROGRAM", "BROKEN"),
    "tool_shrink": tool("shrink", "PROGRAM", "BROKEN", "COMPILER"),
    "tool_report_parts": {
        "sources": ["tests/tools/report_test.c", *(f"tools/heapmm/{noun}.c" for noun in ("history", "axis", "footprint", "blocks", "columns"))],
        "options": ["-O1"],
        "libraries": ["-lz"],
    },
    "classic_units": classic("units"),
    **{f"classic_audit_{noun}": classic(f"audit_{noun}") for noun in ("block", "bins", "chunks")},
    "classic_model": classic("model", "-O1"),
    "classic_damage": classic("damage", "-O1"),
    "classic_visited": classic("visited", "-O1"),
    "classic_long_units": classic("units", number=1),
    "classic_long_audit_block": classic("audit_block", number=1),
}
COMMON_OPTIONS = ["-std=gnu11", "-w", "-Iinclude", "-Isrc", "-Itests", "-DHMM_HOSTED=1"]
FIXED_SEED = {"HEAPMM_TEST_SEED": "1", "HEAPMM_TEST_STEPS": "1"}

# What a test may write before it is stopped: a mutant can make one write for ever.
MOST_OUTPUT_BYTES = 1 << 20


class Problem(Exception):
    """What is wrong and what to do, in one sentence."""


class DoesNotCompile(Problem):
    """The compiler's messages."""


class RanTooLong(Exception):
    """A test used more than its seconds."""


@dataclasses.dataclass(frozen=True)
class Configuration:
    """How all of a program is compiled, in place of the options of the program itself."""
    name: str
    options: tuple = ()
    instance: str = ""  # tiny or wide: that one, under the default one's names

    def all_options(self):
        return [*self.options, *(["-include", f"tests/instances/{self.instance}.h"] if self.instance else [])]

    def source(self, name):
        return f"src/heap/{self.instance}_heap.c" if self.instance and name == HEAP[0] else name


AS_IT_IS = Configuration("as it is")


class Store:
    """The unmutated sources, and objects of them, built once, by whichever workshop needs them first."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        for part in ("src", "include", "tests", "fuzz", "tools"):
            shutil.copytree(ROOT / part, self.directory / part)
        os.symlink("../../src", self.directory / "include/heapmm/impl")
        self.kept = {}  # (source, options) => (object, names of the files that it was made from)
        self.locks = {}
        self.lock = threading.Lock()

    def lock_of(self, key):
        with self.lock:
            return self.locks.setdefault(key, threading.Lock())


class Workshop:
    """A copy of the sources in which one file at a time is mutated."""

    def __init__(self, directory, compiler, store):
        self.directory = pathlib.Path(directory)
        self.compiler = compiler
        self.store = store
        self.of_this_mutant = set()  # keys of objects that were built since the file was mutated
        for part in ("src", "include", "tests", "fuzz", "tools"):
            shutil.copytree(store.directory / part, self.directory / part, symlinks=True)

    def build(self, program, mutated=None, configuration=AS_IT_IS):
        """Returns the executable, built with `mutated`, the name of the one file that differs."""
        description = PROGRAMS[program]
        objects = []
        for source in description["sources"]:
            options = [*(configuration.all_options() or description["options"]),
                       *description.get("options of", {}).get(source, [])]
            objects.append(self.object(configuration.source(source), options, mutated))
        executable = self.directory / program
        self.run_compiler([*configuration.options, *objects, "-o", executable, *description.get("libraries", [])])
        return self.command(executable, description["script"]) if "script" in description else executable

    def command(self, executable, script):
        """The script in place of the executable, which it starts."""
        broken = self.directory / "broken.so"
        if "BROKEN" in script and not broken.exists():
            self.run_compiler(["-w", "-shared", "-fPIC", "-fno-builtin", "tests/tools/broken_malloc.c", "-o", broken])
        words = {"PROGRAM": executable, "BROKEN": broken, "COMPILER": self.compiler}
        return ["python3", "-B", *(words.get(word, word) for word in script)]

    def object(self, source, options, mutated=None):
        """An object that was made from the mutated file is the workshop's own, and lasts until the next mutant."""
        key = (source, tuple(options))
        name = hashlib.sha256(repr(key).encode()).hexdigest()[:16] + ".o"
        with self.store.lock_of(key):
            if key not in self.store.kept:
                self.store.kept[key] = self.unmutated_object(source, options, self.store.directory / name)
        kept, made_from = self.store.kept[key]
        if mutated not in made_from:
            return kept
        target = self.directory / ("mutated." + name)
        if key not in self.of_this_mutant:
            self.run_compiler([*COMMON_OPTIONS, *options, "-c", source, "-o", target])
            self.of_this_mutant.add(key)
        return target

    def unmutated_object(self, source, options, target):
        dependencies = target.with_suffix(".d")
        self.run_compiler([*COMMON_OPTIONS, *options, "-MD", "-MF", dependencies, "-c", source, "-o", target],
                          self.store.directory)
        words = dependencies.read_text(encoding="utf-8").replace("\\\n", " ").split()[1:]
        return target, {os.path.normpath(word) for word in words}

    def run_compiler(self, arguments, directory=None):
        result = subprocess.run([self.compiler, *map(str, arguments)], cwd=directory or self.directory, text=True,
                                capture_output=True, errors="replace")
        if result.returncode != 0:
            raise DoesNotCompile("it does not compile:\n" + result.stderr.strip())

    def run(self, executable, cases=(), seconds=120):
        """Returns how the test failed; None if it passed. RanTooLong if it used more processor time than that, or slept for
        longer; no other load of the machine makes a test fail."""
        failure, _ = self.run_measured(executable, cases, seconds)
        return failure

    def run_measured(self, executable, cases=(), seconds=120):
        """The same, and the seconds of processor time that it used."""
        said = self.directory / "said"
        with open(said, "wb") as errors:
            command = executable if isinstance(executable, list) else [executable]
            process = subprocess.Popen([*command, *cases], cwd=self.directory, env={**os.environ, **FIXED_SEED},
                                       stdin=subprocess.DEVNULL, stderr=errors,
                                       stdout=errors if isinstance(executable, list) else subprocess.DEVNULL,
                                       start_new_session=True, preexec_fn=lambda: limit_process(seconds))
        sleeps = threading.Timer(30 + 20 * seconds, os.killpg, (process.pid, signal.SIGKILL))
        sleeps.start()
        _, status, used = os.wait4(process.pid, 0)
        sleeps.cancel()
        process.returncode = status = os.waitstatus_to_exitcode(status)
        errors = said.read_text(encoding="utf-8", errors="replace")
        if "no test of that name" in errors:
            raise Problem(f"the program has no test named {' '.join(cases)}")
        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            raise RanTooLong()
        failure = None
        if status < 0:
            failure = signal.Signals(-status).name
        elif status > 0:
            failure = (errors.strip().splitlines() or [f"exit status {status}"])[0]
        return failure, used.ru_utime + used.ru_stime

    @contextlib.contextmanager
    def mutated(self, name, text):
        """with workshop.mutated(name, text): that file has that text."""
        file = self.directory / name
        original = file.read_text(encoding="utf-8")
        file.write_text(text, encoding="utf-8")
        self.of_this_mutant.clear()
        try:
            yield
        finally:
            file.write_text(original, encoding="utf-8")


def limit_process(seconds):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_OUTPUT_BYTES, MOST_OUTPUT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 1))

