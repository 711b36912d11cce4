#!/usr/bin/env python3
"""Compiles and runs every code sample of the documents and of the public headers, and compares what it gives with what is said.

SPDX-License-Identifier: MIT

    check-samples.py COMPILER ROOT [FILE...]      FILE: only the samples of these
    check-samples.py --self-test COMPILER ROOT    shows that samples which are wrong are found

In a Markdown document the words behind the three backticks say what is done with a block:

    c              a program if it has a main, which must end with status 0; else statements, in a function where `heap` is a
                   heap on the 16 KiB at `memory`. A line `expression => value` is a check.
    c aborts       a program that must be ended by a signal; also compiled as for a board, where a fault is a trap
    c file=NAME    a file, for the blocks that follow in the same document
    sh             commands, run where the files are, beside include/, src/, examples/ and tools/; cc is COMPILER, and rtos/ is
                   docs/samples/rtos/
    text prints    what the block before printed on standard output
    text stderr    what it printed on standard error; 0x... stands for any address
    text           anything else; so is console, for commands that are not run here; neither is a block without backticks

In a header, the indented lines after `Example` in a comment, and those of the file comment that are code, are statements as
above. An example that names a file is that file, which the build compiles; it must be there.

Also every file that a document links to must be there.
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written into the tree
sys.path.insert(0, str(Path(__file__).resolve().parent / "manual"))
import headers as header_comments  # noqa: E402

STRICT = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
STATEMENTS = STRICT + ["-Wno-unused-variable", "-Wno-unused-but-set-variable", "-Wno-unused-value", "-Wno-unused-function",
                       "-Wno-unused-result", "-Wno-unused-parameter"]
LIBRARY = ["src/heap/heap.c", "src/heap/tiny_heap.c", "src/heap/wide_heap.c", "src/pool/pool.c", "src/heap/result.c", "src/os/fault.c",
           "src/classic/classic.c", "src/os/audit_abort.c", "src/trace/reader.c", "src/trace/writer.c", "src/trace/names.c",
           "src/os/trace_file.c"]
SCAFFOLDS = {"heapmm/heap.h": "heap.c", "heapmm/tiny_heap.h": "heap.c", "heapmm/wide_heap.h": "heap.c", "heapmm/pool.h": "pool.c", "heapmm.h": "classic.c",
             "heapmm/avl.h": "avl.c", "heapmm/trace.h": "trace.c"}


class Wrong(Exception):
    pass


class Bench:
    """Where samples are compiled and run."""

    def __init__(self, compiler, root, work):
        self.compiler = compiler
        self.root = Path(root).resolve()
        self.work = Path(work)
        self.count = 0
        self.objects = []
        self.bin = self.work / "bin"
        self.bin.mkdir()
        (self.bin / "cc").write_text('#!/bin/sh\nexec %s "$@"\n' % compiler)
        (self.bin / "cc").chmod(0o755)

    def run(self, command, directory, what, **options):
        environment = {**os.environ, "PATH": "%s:%s" % (self.bin, os.environ["PATH"])}
        done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, timeout=60, **options)
        if done.returncode and what:
            raise Wrong("%s:\n%s%s" % (what, done.stdout, done.stderr))
        return done

    def library(self):
        if not self.objects:
            processes = []
            for source in LIBRARY:
                target = self.work / (Path(source).stem + ".o")
                processes.append((source, subprocess.Popen(
                    [self.compiler, "-std=c11", "-O1", "-DHMM_HOSTED=1", "-Iinclude", "-c", source, "-o", str(target)], cwd=self.root)))
                self.objects.append(str(target))
            for source, process in processes:
                if process.wait():
                    raise Wrong("%s does not compile" % source)
        return self.objects

    def compile(self, source, program, flags, where):
        self.run([self.compiler] + flags + ["-I%s" % (self.root / "include"), "-I%s" % (self.root / "docs/samples"),
                                            "-I%s" % self.work, str(source)] + self.library() + ["-lzstd", "-lm", "-o", str(program)], self.work, where)

    def execute(self, program, where, aborts=False):
        # What a program has not yet written when a signal ends it is lost, but for this.
        done = self.run(["stdbuf", "-o0", str(program)], program.parent, None)
        if aborts and done.returncode >= 0:
            raise Wrong("%s: it should have been ended by a fault, and ended with status %d" % (where, done.returncode))
        if not aborts and done.returncode:
            raise Wrong("%s: status %d\n%s%s" % (where, done.returncode, done.stdout, done.stderr))
        self.count += 1
        return done


# ---- Statements --------------------------------------------------------------------------------------------------------------


def statements(code):
    """Statements as C: lines `expression => value` become checks."""
    out = []
    for line in code.split("\n"):
        match = re.match(r"(\s*)(.*\S) +=> (.*?)\s*(//.*)?$", line)
        make = re.match(r"\s*tree = \{(.*)\};$", line)
        if make:
            line = "MAKE_TREE(%s);" % make.group(1)
        elif match:
            indent, expression, value, _ = match.groups()
            if expression.strip() == "tree":
                line = "EXPECT_TREE(%s);" % value.strip("{}")
            elif value.startswith('"'):
                line = "%sEXPECT(strcmp(%s, %s) == 0);" % (indent, expression, value)
            else:
                line = "%sEXPECT((%s) == (%s));" % (indent, expression, value)
        out.append(line)
    return "\n".join(out)


def split_file_scope(code):
    """What stands before the last directive belongs to the file, the rest into a function."""
    lines = code.split("\n")
    last = max((i for i, line in enumerate(lines) if line.startswith("#")), default=-1)
    return "\n".join(lines[:last + 1]), "\n".join(lines[last + 1:]), last + 1


def run_statements(bench, scaffold, samples, name):
    """Runs samples [(line, code)] of the file `name` in one program."""
    text = []
    calls = []
    for number, (line, code) in enumerate(samples, 1):
        above, inside, skipped = split_file_scope(code)
        text.append('#line %d "%s"\n%s' % (line, name, above))
        text.append('static void sample_%d(void) {\n#line %d "%s"\n%s\n}' % (number, line + skipped, name, statements(inside)))
        calls.append("    before_sample();\n    sample_%d();" % number)
    text.append("int main(void) {\n%s\n    return 0;\n}\n" % "\n".join(calls))
    frame = (bench.root / "docs/samples" / scaffold).read_text()
    source = bench.work / "statements.c"
    source.write_text(frame.replace("/* SAMPLES */", "\n".join(text)))
    program = bench.work / "statements"
    bench.compile(source, program, STATEMENTS, name)
    done = bench.execute(program, name)
    bench.count += len(samples) - 1
    return done


# ---- Headers -----------------------------------------------------------------------------------------------------------------


def header_samples(text):
    """The samples in a header's comments: [(line, code)], and the files that they name."""
    samples, files = [], []
    for match in re.finditer(r"/\*.*?\*/", text, re.S):
        is_file_comment = match.start() == 0
        lines = header_comments.comment_lines(match.group())
        above = ""
        i = 0
        while i < len(lines):
            named = re.search(r"\bExample(?:, [^:]*)?: (.+)", lines[i])
            if named and not re.match(r"\w+(/\w+)+\.c\b", named.group(1)):
                raise Wrong("an example that is not tested, since it does not stand in lines of its own: %s" % lines[i])
            if named:
                files.append(re.match(r"[\w/.]+\.c", named.group(1)).group())
            if not header_comments.is_code(lines[i]):
                above = lines[i] or above
                i += 1
                continue
            start = i
            while i < len(lines) and (header_comments.is_code(lines[i]) or not lines[i]):
                i += 1
            code = "\n".join(line[4:] for line in lines[start:i]).rstrip()
            is_c = re.search(r"[;{}]$|^#define", code, re.M) is not None
            if re.search(r"\bExample(, [^:]*)?:$", above) or (is_file_comment and is_c):
                samples.append((text.count("\n", 0, match.start()) + 1 + start, code))
    return samples, files


def check_header(bench, path):
    name = str(path.relative_to(bench.root / "include"))
    samples, files = header_samples(path.read_text())
    for file in files:
        if not (bench.root / file).is_file():
            raise Wrong("%s: the example %s is not there" % (name, file))
    runs = {}
    for line, code in samples:
        if "#define HMM_UNIQUE" in code:
            (bench.work / "sample.h").write_text(code + "\n")
            runs["configuration.c"] = [(line, "")]
        elif "#define HMM_CNFG_NUM" in code:
            (bench.work / "several.h").write_text(code + "\n")
        elif "#include" in code:
            runs.setdefault("heap.c", []).append((line, code))  # it brings all it needs
        elif name in SCAFFOLDS:
            runs.setdefault(SCAFFOLDS[name], []).append((line, code))
        else:
            raise Wrong("%s has samples: say in check-samples.py where they run" % name)
    for scaffold, those in runs.items():
        run_statements(bench, scaffold, those, str(path.relative_to(bench.root)))


# ---- Documents ---------------------------------------------------------------------------------------------------------------


def fenced_blocks(text):
    """[(line, words, code)] of a Markdown document."""
    blocks = []
    lines = text.split("\n")
    i = 0
    while i < len(lines):
        if lines[i].startswith("```"):
            words = lines[i][3:].split()
            start = i + 1
            i = lines.index("```", start)
            blocks.append((start + 1, words, "\n".join(lines[start:i])))
        i += 1
    return blocks


def same(expected, printed):
    """Whether a text was printed; 0x... in what is expected stands for any address."""
    pattern = r"0x[0-9a-f]+".join(re.escape(part) for part in re.split(r"0x[0-9a-f.]+", expected.strip()))
    return re.fullmatch(pattern, printed.strip()) is not None


class Document:
    def __init__(self, bench, path):
        self.bench = bench
        self.path = path
        self.name = str(path.relative_to(bench.root))
        self.place = Path(tempfile.mkdtemp(dir=bench.work))
        for directory in ("include", "src", "examples", "tools"):
            (self.place / directory).symlink_to(bench.root / directory)
        (self.place / "rtos").symlink_to(bench.root / "docs/samples/rtos")
        self.done = None

    def check(self):
        text = self.path.read_text()
        self.links(text)
        for line, words, code in fenced_blocks(text):
            self.block("%s:%d" % (self.name, line), line, words or ["text"], code)

    def block(self, where, line, words, code):
        language, rest = words[0], words[1:]
        if language == "c" and rest and rest[0].startswith("file="):
            (self.place / rest[0][5:]).write_text(code + "\n")
        elif language == "c" and re.search(r"\bmain\(", code):
            self.program(where, line, code, rest == ["aborts"])
        elif language == "c":
            self.done = run_statements(self.bench, "heap.c", [(line, code)], self.name)
        elif language == "sh":
            self.done = self.bench.run(["sh", "-e", "-c", "ulimit -c 0\n" + code], self.place, where)
            self.bench.count += 1
        elif language == "text" and rest:
            if self.done is None:
                raise Wrong("%s: there is nothing that could have printed this" % where)
            # Of a program that a signal ended the shell says so.
            printed = self.done.stdout if rest == ["prints"] else re.sub(r"^(Aborted|Trace/breakpoint trap)\n", "",
                                                                       self.done.stderr, flags=re.M)
            if not same(code, printed):
                raise Wrong("%s: the document says\n%s\nwhat comes is\n%s" % (where, code, printed))
        elif language not in ("text", "console"):
            raise Wrong("%s: nothing is known about blocks of %s" % (where, language))

    def program(self, where, line, code, aborts):
        source = self.place / "app.c"
        source.write_text('#line %d "%s"\n%s\n' % (line, self.name, code))
        program = self.place / "app"
        if aborts:
            self.bench.run([self.bench.compiler] + STRICT + ["app.c", "src/heap/heap.c", "src/heap/result.c", "-Iinclude", "-o",
                                                             str(program)], self.place, where)
            trapped = self.bench.execute(program, where + ", as for a board", True)
        self.bench.compile(source, program, STRICT, where)
        self.done = self.bench.execute(program, where, aborts)
        if aborts and trapped.stdout != self.done.stdout:
            raise Wrong("%s: prints something else as for a board:\n%s" % (where, trapped.stdout))

    def links(self, text):
        for target in re.findall(r"\]\(([^)#:]+)[)#]", re.sub(r"```.*?```", "", text, flags=re.S)):
            if not (self.path.parent / target).exists():
                raise Wrong("%s: links to %s, which is not there" % (self.name, target))


# ---- All ---------------------------------------------------------------------------------------------------------------------


def check(bench, paths):
    failures = []
    for path in paths:
        try:
            if path.suffix == ".md":
                Document(bench, path).check()
            else:
                check_header(bench, path)
        except (Wrong, subprocess.TimeoutExpired) as wrong:
            failures.append(str(wrong))
    return failures


def all_paths(root):
    documents = sorted(root.glob("*.md")) + sorted((root / "docs").rglob("*.md"))
    return documents + sorted(path for path in (root / "include").rglob("*.h") if path.parent.name != "classic")


WRONG = {
    "a program that does not compile": "```c\nint main(void) { return x; }\n```\n",
    "a program that fails": "```c\nint main(void) { return 1; }\n```\n",
    "a program that prints something else":
        '```c\n#include <stdio.h>\nint main(void) { puts("a"); return 0; }\n```\n```text prints\nb\n```\n',
    "a program that should abort": "```c aborts\nint main(void) { return 0; }\n```\n",
    "a statement that does not compile": "```c\nhmm_heap_allocate(heap, 1);\n```\n",
    "a value that is another": "```c\nhmm_heap_largest_free(heap) => 1\n```\n",
    "a command that fails": "```sh\nfalse\n```\n",
    "a language that is unknown": "```cobol\nSTOP RUN.\n```\n",
    "a link to nothing": "[see](nothing.md)\n",
    "output of nothing": "```text prints\na\n```\n",
}


def self_test(bench):
    document = bench.root / "docs" / "guide" / "index.md"
    missed = []
    for what, text in WRONG.items():
        made = Document(bench, document)
        made.path = type("Text", (), {"read_text": staticmethod(lambda text=text: text), "parent": document.parent})()
        try:
            made.check()
            missed.append(what)
        except Wrong:
            pass
    samples, _ = header_samples("/* x.h: a.\n *\n * SPDX\n */\n\n/* Does.\n *\n * Example:\n *     f(1) => 2 */\nint f(int);\n")
    if samples != [(9, "f(1) => 2")]:
        missed.append("the example of a header: %r" % samples)
    try:
        header_samples("/* Does. Example: f(1) => 2 */")
        missed.append("an example in the middle of a line")
    except Wrong:
        pass
    return ["not found: " + what for what in missed]


def main(arguments):
    testing = arguments[:1] == ["--self-test"]
    compiler, root = arguments[1:3] if testing else arguments[:2]
    root = Path(root).resolve()
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(compiler, root, work)
        if testing:
            failures = self_test(bench)
        else:
            failures = check(bench, [Path(path).resolve() for path in arguments[2:]] or all_paths(root))
        if failures:
            print("\n".join(failures))
            return 1
        print("each of %d mistakes is found" % (len(WRONG) + 2) if testing else
              "%d samples compile, run and give what is said" % bench.count)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
