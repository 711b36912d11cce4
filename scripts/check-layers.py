#!/usr/bin/env python3
"""Checks the layer rule over the preprocessor lines of the tree.

SPDX-License-Identifier: MIT

    check-layers.py [ROOT]         checks the tree at ROOT (default: this one); prints FILE:LINE: what is wrong and what to do
    check-layers.py --self-test    checks that each rule finds what it forbids, on small trees made for it

The rules, each with its reason in CONTRIBUTING.md:
  1. A file includes its own layer and lower ones only (LAYERS).
  2. Only os/ and tools/ include system headers. The others have the freestanding headers of C11, and one
     file of src/base <valgrind/memcheck.h>.
  3. Compiler macros are tested in src/base/compiler.h and include/heapmm/export.h only; __cplusplus may be tested anywhere.
  4. Compiler extensions (__builtin_..., __attribute__) appear in src/base and include/heapmm/export.h only.
  5. Options are values: #ifdef, #ifndef and defined() serve for include guards, for default values and for parameters that must be
     defined, never for features.
"""
import os
import re
import sys
import tempfile

# For each layer: the layers under src/ that it may include, and the public headers (by the layer they belong to).
LAYERS = {
    "base": {"base"},
    "avl": {"base", "avl"},
    "heap": {"base", "avl", "heap"},
    "classic": {"base", "avl", "classic"},
    "os": {"base", "os"},
    "pool": {"base", "avl", "heap", "pool"},
    "malloc": {"base", "avl", "heap", "pool", "os", "malloc"},
    "trace": {"base", "trace"},
}
# os/ sees the public side of the heap, which declares the default fault handler, and of traces, which are in files there, and nothing
# of their inside.
PUBLIC_ALSO = {"os": {"heap", "classic", "trace"}}
PUBLIC_LAYER = {
    "heapmm/export.h": "base",
    "heapmm/avl.h": "avl",
    "heapmm/avl_relation.h": "avl",
    "heapmm/declare.h": "heap",
    "heapmm/heap.h": "heap",
    "heapmm/tiny_heap.h": "heap",
    "heapmm/wide_heap.h": "heap",
    "heapmm/pool.h": "pool",
    "heapmm/malloc.h": "malloc",
    "heapmm/malloc_window.h": "malloc",
    "heapmm/trace.h": "trace",
    "heapmm.h": "classic",
    "heapmm_impl.h": "classic",
    "heapmm/classic/block.h": "classic",
    "heapmm/classic/bins.h": "classic",
    "heapmm/classic/audit.h": "classic",
}
# What heapmm 1.1 fixed: these macros of its users are defined or not, and one names the header of their configurations.
CLASSIC_FILES = {"include/heapmm.h", "include/heapmm_impl.h"}
CLASSIC_MACRO = re.compile(r"HMM_(CNFG_\w+|AUDIT_FAIL|IMPL_INCLUDED)$")
FREESTANDING = {
    f"{name}.h" for name in "float iso646 limits stdalign stdarg stdatomic stdbool stddef stdint stdnoreturn".split()
}
# System headers that one file of src/base may include.
ONCE_IN_BASE = {"valgrind/memcheck.h"}
WITH_SYSTEM = {"os", "tools", "tests", "examples", "bench", "fuzz"}
COMPILER_FILES = {"src/base/compiler.h", "include/heapmm/export.h"}
CHECKED = ("include", "src", "tools", "examples")

# Of the compiler: names it reserves, and what people test to learn about the platform.
COMPILER_MACRO = re.compile(r"\b(?!__cplusplus\b)(__\w+|_[A-Z]\w*|linux|unix|NDEBUG)\b")
COMPILER_EXTENSION = re.compile(r"\b(__builtin_\w+|__attribute__|__asm__|__asm|__extension__|__typeof__|typeof)\b")


class Tree:
    def __init__(self, root):
        self.root = root
        self.problems = []
        self.included_once = {}

    def report(self, path, line, text):
        self.problems.append(f"{path}:{line}: {text}")

    def check(self):
        files = sorted(self.files())
        for path in files:
            with open(os.path.join(self.root, path), encoding="utf-8") as file:
                lines = without_comments(file.read()).split("\n")
            self.check_file(path, lines)
        for header, places in self.included_once.items():
            for path, line in places[1:]:
                self.report(path, line, f"<{header}> is included by {places[0][0]} already; one file has it, include that one")
        return len(files)

    def files(self):
        for top in CHECKED:
            for directory, _, names in os.walk(os.path.join(self.root, top)):
                for name in names:
                    if name.endswith((".c", ".h")):
                        yield os.path.relpath(os.path.join(directory, name), self.root)

    def check_file(self, path, lines):
        layer = layer_of(path)
        if layer is None:
            self.report(path, 1, "src/ has no such layer; if it is a new one, add it to LAYERS in scripts/check-layers.py")
            return
        directives = list(directives_of(lines))
        for number, keyword, rest in directives:
            if keyword == "include":
                self.check_include(path, layer, number, rest)
        if not path.startswith(("src/", "include/")):
            return
        self.check_conditions(path, directives)
        if layer != "base":
            for number, line in enumerate(lines, 1):
                for word in COMPILER_EXTENSION.findall(without_strings(line)):
                    self.report(path, number, f"{word} is a compiler extension: give it a name in src/base/compiler.h and use that")

    # Rules 1 and 2.
    def check_include(self, path, layer, number, rest):
        quoted = re.match(r'"([^"]+)"', rest)
        angled = re.match(r"<([^>]+)>", rest)
        if quoted:
            self.check_own(path, layer, number, quoted.group(1))
        elif angled and angled.group(1) in PUBLIC_LAYER:
            self.report(path, number, f'write #include "{angled.group(1)}"')
        elif angled:
            self.check_system(path, layer, number, angled.group(1))
        elif not (path in CLASSIC_FILES and CLASSIC_MACRO.match(rest)):
            self.report(path, number, "an #include of a macro cannot be checked: name the file")

    def check_own(self, path, layer, number, name):
        beside = os.path.normpath(os.path.join(os.path.dirname(path), name))
        public = os.path.join("include", name)
        installed = os.path.join(self.root, "src", name.removeprefix("heapmm/impl/"))
        if name.startswith("heapmm/impl/") and layer in {"examples", "tools"} and os.path.isfile(installed):
            return  # the implementation as it is installed, for an instance of the user's own
        if os.path.isfile(os.path.join(self.root, beside)):
            target = beside
        elif os.path.isfile(os.path.join(self.root, public)):
            target = public
        else:
            self.report(path, number, f'"{name}" is neither beside this file nor in include/')
            return
        if target.startswith("include/"):
            self.check_public(path, layer, number, target[len("include/"):])
        elif path.startswith("include/"):
            self.report(path, number, f"a public header includes {target}: users have include/ only")
        elif layer in ("tools", "examples"):
            if not target.startswith(layer + "/"):
                self.report(path, number, f"{layer}/ uses include/ only, as a user would, and not {target}")
        else:
            other = layer_of(target)
            if other not in LAYERS[layer]:
                self.report(path, number, f"{layer}/ may not include {other}/: it may include {listed(LAYERS[layer])}")

    def check_public(self, path, layer, number, name):
        if layer in ("tools", "examples"):
            return
        other = PUBLIC_LAYER.get(name)
        allowed = LAYERS[layer] | PUBLIC_ALSO.get(layer, set())
        if other is None:
            self.report(path, number, f"{name} belongs to no layer: add it to PUBLIC_LAYER in scripts/check-layers.py")
        elif other not in allowed:
            self.report(path, number, f"{name} belongs to {other}/, which {layer}/ may not include")

    def check_system(self, path, layer, number, name):
        if name in FREESTANDING or layer in WITH_SYSTEM:
            return
        if name in ONCE_IN_BASE and path.startswith("src/base/"):
            self.included_once.setdefault(name, []).append((path, number))
        elif name in ONCE_IN_BASE:
            self.report(path, number, f"<{name}> is included by one file of src/base: include that file")
        else:
            self.report(path, number, f"<{name}> is a system header: only src/os and tools/ include these")

    # Rules 3 and 5.
    def check_conditions(self, path, directives):
        guard = include_guard(directives)
        for index, (number, keyword, rest) in enumerate(directives):
            if keyword not in ("if", "ifdef", "ifndef", "elif", "elifdef", "elifndef"):
                continue
            compiler_macros = COMPILER_MACRO.findall(rest)
            if compiler_macros and path not in COMPILER_FILES:
                self.report(path, number, f"{compiler_macros[0]} is a compiler macro: test it in src/base/compiler.h")
            elif not compiler_macros and not is_value_test(directives, index, guard) and not (
                    path in CLASSIC_FILES and CLASSIC_MACRO.match(rest)):
                self.report(path, number, f"#{keyword} {rest}: options are values, give it a default and test it with if")


def layer_of(path):
    parts = path.split("/")
    if parts[0] == "src":
        return parts[1] if parts[1] in LAYERS else None
    if parts[0] == "include":
        return PUBLIC_LAYER.get("/".join(parts[1:]))
    return parts[0]


def without_comments(text):
    """Blanks comments, keeping strings and line numbers."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.S)

    def blank(match):
        found = match.group(0)
        return found if found[0] in "\"'" else " " + "\n" * found.count("\n")

    return pattern.sub(blank, text)


def without_strings(line):
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', line)


def directives_of(lines):
    """Yields (line number, keyword, rest), a continued directive as one."""
    number = 0
    while number < len(lines):
        start, text = number + 1, lines[number]
        while text.endswith("\\") and number + 1 < len(lines):
            number += 1
            text = text[:-1] + lines[number]
        number += 1
        match = re.match(r"\s*#\s*(\w+)\s*(.*?)\s*$", text)
        if match:
            yield start, match.group(1), match.group(2)


def include_guard(directives):
    """The name of the include guard, if the file has one."""
    if len(directives) < 3 or directives[0][1] != "ifndef" or directives[1][1] != "define":
        return None
    name = directives[0][2]
    return name if directives[1][2] == name else None


def is_value_test(directives, index, guard):
    """Whether a conditional is one of the allowed forms: guard, __cplusplus, default value, required parameter, test of a value."""
    _, keyword, rest = directives[index]
    if rest == "__cplusplus" or (keyword == "ifndef" and rest == guard and index == 0):
        return True
    if keyword in ("if", "elif"):
        return "defined" not in rest
    if keyword != "ifndef":
        return False
    following = [(k, r) for _, k, r in directives[index + 1:index + 3]]
    if following and following[0] == ("ifdef", "__cplusplus"):
        following = following[1:]
    if not following:
        return False
    next_keyword, next_rest = following[0]
    gives_value = next_keyword == "define" and re.match(rf"{re.escape(rest)}(\(|\s+\S)", next_rest)
    return bool(gives_value) or next_keyword == "error"


def listed(names):
    return ", ".join(sorted(name + "/" for name in names))


# ---- Self-test: a tree that keeps the rules, and one violation at a time --------------------------------------------------------

GOOD = {
    "src/base/compiler.h": "#ifndef A\n#define A\n#if defined(__GNUC__)\n#define B __attribute__((unused))\n#endif\n#endif\n",
    "src/base/memory.h": '#include "compiler.h"\n#if HMM_VALGRIND\n#include <valgrind/memcheck.h>\n#endif\n',
    "src/heap/config.h": "#ifndef C_H\n#define C_H\n#ifndef HMM_STATS\n#define HMM_STATS 1\n#endif\n#endif\n",
    "src/heap/heap.c": '#include <stdint.h>\n#include "heapmm/heap.h"\n#include "../base/memory.h"\n#include "config.h"\n'
                       "#ifndef HMM_NEEDED\n#error \"define HMM_NEEDED\"\n#endif\nconst char *s = \"__builtin_x\"; /* __attribute__ */\n",
    "src/pool/pool.c": '#include <stdatomic.h>\n#include "../heap/config.h"\n#include "heapmm/pool.h"\n',
    "src/os/fault.c": '#include <stdio.h>\n#include "heapmm/heap.h"\n#include "../base/compiler.h"\n',
    "src/os/trace_file.c": '#include <zstd.h>\n#include "heapmm/trace.h"\n',
    "src/trace/frame.h": '#include "../base/compiler.h"\n',
    "src/trace/reader.c": '#include "heapmm/trace.h"\n#include "frame.h"\n',
    "tools/heapmm/main.c": '#include <getopt.h>\n#include "heapmm/trace.h"\n',
    "include/heapmm/trace.h": "\n",
    "include/heapmm/export.h": "#ifdef __GNUC__\n#endif\n",
    "include/heapmm/heap.h": '#include <stddef.h>\n#include "heapmm/export.h"\n#ifdef __cplusplus\n#endif\n',
    "include/heapmm/avl.h": "\n",
    "include/heapmm/pool.h": '#include "heapmm/heap.h"\n',
    "examples/demo.c": '#include <stdio.h>\n#include <sqlite3.h>\n#include "heapmm/heap.h"\n',
}
# (file, text added to it, what the report must say)
BAD = [
    ("src/base/memory.h", '#include "../heap/config.h"\n', "base/ may not include heap/"),
    ("src/base/compiler.h", '#include "heapmm/heap.h"\n', "belongs to heap/, which base/ may not include"),
    ("src/heap/heap.c", '#include "../os/fault.c"\n', "heap/ may not include os/"),
    ("src/heap/heap.c", '#include "heapmm/pool.h"\n', "belongs to pool/, which heap/ may not include"),
    ("src/os/fault.c", '#include "../heap/config.h"\n', "os/ may not include heap/"),
    ("src/os/fault.c", '#include "heapmm/pool.h"\n', "belongs to pool/, which os/ may not include"),
    ("src/os/fault.c", '#include "../trace/frame.h"\n', "os/ may not include trace/"),
    ("src/trace/reader.c", '#include "heapmm/heap.h"\n', "belongs to heap/, which trace/ may not include"),
    ("src/trace/reader.c", "#include <zstd.h>\n", "<zstd.h> is a system header"),
    ("src/pool/pool.c", '#include "../os/fault.c"\n', "pool/ may not include os/"),
    ("src/pool/pool.c", "#include <threads.h>\n", "<threads.h> is a system header"),
    ("src/heap/heap.c", "#include <stdio.h>\n", "<stdio.h> is a system header"),
    ("src/heap/heap.c", "#include <string.h>\n", "<string.h> is a system header"),
    ("src/heap/heap.c", "#include <valgrind/memcheck.h>\n", "<valgrind/memcheck.h> is included by one file of src/base"),
    ("src/base/compiler.h", "#include <valgrind/memcheck.h>\n", "is included by src/base/compiler.h already"),
    ("src/heap/heap.c", "#include <heapmm/heap.h>\n", 'write #include "heapmm/heap.h"'),
    ("src/heap/heap.c", "#include HMM_FILE\n", "an #include of a macro cannot be checked"),
    ("src/pool/pool.c", '#include "heapmm/impl/heap/config.h"\n', '"heapmm/impl/heap/config.h" is neither beside this file'),
    ("src/heap/heap.c", '#include "nothing.h"\n', '"nothing.h" is neither beside this file nor in include/'),
    ("include/heapmm/heap.h", '#include "../../src/heap/config.h"\n', "a public header includes src/heap/config.h"),
    ("include/heapmm/heap.h", "#include <stdlib.h>\n", "<stdlib.h> is a system header"),
    ("include/heapmm/heap.h", "#if __GNUC__ >= 4\n#endif\n", "__GNUC__ is a compiler macro"),
    ("src/heap/heap.c", "#ifdef __clang__\n#endif\n", "__clang__ is a compiler macro"),
    ("src/base/memory.h", "#if __has_builtin(__builtin_clz)\n#endif\n", "__has_builtin is a compiler macro"),
    ("src/heap/heap.c", "#  if defined(X) || \\\n    defined(__SANITIZE_ADDRESS__)\n#endif\n", "__SANITIZE_ADDRESS__ is a compiler macro"),
    ("src/heap/heap.c", "#ifndef NDEBUG\n#endif\n", "NDEBUG is a compiler macro"),
    ("src/heap/heap.c", "int x = __builtin_clz(1);\n", "__builtin_clz is a compiler extension"),
    ("src/heap/heap.c", "#ifdef HMM_STATS\n#endif\n", "options are values"),
    ("src/heap/heap.c", "#if defined(HMM_STATS) && HMM_STATS\n#endif\n", "options are values"),
    ("src/heap/config.h", "#ifndef HMM_AUDIT\nint x;\n#endif\n", "options are values"),
    ("src/heap/config.h", "#ifndef HMM_AUDIT\n#define HMM_AUDIT\n#endif\n", "options are values"),
    ("include/heapmm/heap.h", "#ifdef HMM_FEATURE\n#endif\n", "options are values"),
    ("src/stray/x.c", "int x;\n", "src/ has no such layer"),
    ("include/heapmm/extra.h", "int x;\n", "no such layer"),
    ("examples/demo.c", '#include "../src/heap/config.h"\n', "examples/ uses include/ only"),
    ("tools/heapmm/main.c", '#include "../../src/heap/config.h"\n', "tools/ uses include/ only"),
]


def problems_of(files):
    with tempfile.TemporaryDirectory() as root:
        for path, text in files.items():
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        tree = Tree(root)
        tree.check()
        return tree.problems


def self_test():
    failures = [f"a tree that keeps the rules: {problem}" for problem in problems_of(GOOD)]
    for path, addition, expected in BAD:
        problems = problems_of({**GOOD, path: GOOD.get(path, "") + addition})
        if len(problems) != 1 or expected not in problems[0]:
            failures.append(f"{addition.strip()!r} in {path}: expected one report with {expected!r}, got {problems}")
    print("\n".join(failures) if failures else f"each of {len(BAD)} violations is found, and the tree without them is clean")
    return 1 if failures else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    root = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir)
    tree = Tree(os.path.abspath(root))
    count = tree.check()
    if count == 0:
        print(f"{root}: no sources found")
        return 1
    print("\n".join(tree.problems) if tree.problems else f"{count} files keep the layer rule")
    return 1 if tree.problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
