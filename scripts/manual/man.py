"""Manual pages for man(1), in mdoc, from the words in the public headers.

SPDX-License-Identifier: MIT

The pages of the tool, in section 1, are written by hand: docs/man/, with @DATE@ and @VERSION@ in place of these. heapmm(3) is what heapmm/heap.h says before its first function; hmm_avl(3) is all of heapmm/avl.h. Every other function, structure
and enumeration has a page of its own, and the functions of the tiny and the wide instance lead to those of the default one.
"""
import re
import subprocess
from pathlib import Path

OVERVIEWS = {"heapmm/heap.h": "heapmm", "heapmm/tiny_heap.h": "hmm_tiny_heap", "heapmm/wide_heap.h": "hmm_wide_heap", "heapmm/pool.h": "hmm_pool",
             "heapmm.h": "heapmm_classic", "heapmm/avl.h": "hmm_avl", "heapmm/declare.h": "hmm_declare",
             "heapmm/malloc.h": "heapmm_malloc", "heapmm/malloc_window.h": "heapmm_malloc_window", "heapmm/trace.h": "heapmm_trace"}


def escaped(text):
    text = text.replace("\\", "\\e")
    return re.sub(r"^([.'])", r"\\&\1", text)


def argument(text):
    """Text as one argument of a macro."""
    text = escaped(text).replace('"', '\\(dq')
    return '"%s"' % text if re.search(r"\s", text) or text == "" else text


def sentences(text):
    """A line of source for each sentence, as mdoc has it."""
    text = re.sub(r"\s+", " ", text).strip()
    return [escaped(line) for line in re.split(r"(?<=[.!?:]) (?=[A-Z])", text) if line]


class Pages:
    def __init__(self, headers, date, version):
        self.headers = headers
        self.date = date
        self.version = version
        self.files = {}
        self.page_of = {}  # of each symbol, the name of the page that describes it

    def plan(self):
        for header in self.headers:
            overview = OVERVIEWS.get(header.name)
            for symbol in header.symbols:
                if header.name == "heapmm/avl.h":
                    continue
                if header.name in ("heapmm/tiny_heap.h", "heapmm/wide_heap.h") and symbol.kind == "function":
                    verb = re.sub(r"^hmm_(tiny|wide)_heap_", "", symbol.name)
                    self.page_of[symbol.name] = "hmm_heap_" + verb
                elif symbol.kind in ("function", "struct", "enum"):
                    self.page_of[symbol.name] = symbol.name
                elif overview:
                    self.page_of[symbol.name] = overview
                if symbol.kind == "enum":
                    for declared, _ in symbol.members:
                        self.page_of[declared.split()[0]] = symbol.name
        self.page_of["hmm_tiny_heap_options"] = self.page_of["hmm_wide_heap_options"] = "hmm_heap_options"
        for instance in ("hmm_tiny_heap", "hmm_wide_heap"):
            self.page_of[instance] = instance

    def build(self):
        self.plan()
        for header in self.headers:
            if header.name in OVERVIEWS:
                self.overview(header)
            if header.name in ("heapmm/heap.h", "heapmm/pool.h", "heapmm.h", "heapmm/avl_relation.h", "heapmm/malloc.h",
                               "heapmm/malloc_window.h", "heapmm/trace.h"):
                for symbol in header.symbols:
                    if self.page_of.get(symbol.name) == symbol.name:
                        self.symbol(header, symbol)
        for name, page in self.page_of.items():
            if name != page and name not in self.files and re.match("hmm_", name):
                self.files[name] = ".so man3/%s.3\n" % page
        return self.files

    # ---- Parts ----

    def head(self, name, names, brief):
        # Without a volume of its own, man(1) of GNU would call it the manual of BSD.
        lines = [".\\\" SPDX-License-Identifier: MIT", ".ds doc-volume-ds-heapmm heapmm manual", ".Dd %s" % self.date,
                 ".Dt %s 3 heapmm" % name.upper(), ".Os heapmm %s" % self.version, ".Sh NAME"]
        lines += [".Nm %s%s" % (each, " ," if each != names[-1] else "") for each in names]
        return lines + [".Nd %s" % escaped(brief.rstrip("."))]

    @staticmethod
    def library(header):
        name = {"heapmm/malloc.h": "heapmm-malloc", "heapmm/malloc_window.h": "heapmm-malloc", "heapmm/trace.h": "heapmm-trace"}.get(header.name, "heapmm")
        return [".Sh LIBRARY", name, ".Pq lib%s, \\-l%s" % (name, name)]

    def words(self, words, page):
        """Prose; the first mention of another page becomes a reference to it."""
        text = "".join(part for _, part in words)
        lines = []
        for sentence in sentences(text):
            lines += self.with_references(sentence, page)
        return lines

    def with_references(self, line, page):
        out = []
        rest = line
        while True:
            match = re.search(r"(?P<before>^|.*?\s)(?P<open>[(\[]?)(?P<name>hmm_\w+)(?P<after>[.,;:)\]]*)(?=\s|$)", rest)
            if not match:
                break
            name = match.group("name")
            target = self.page_of.get(name)
            before = match.group("before").strip()
            if before:
                out.append(before)
            after = " ".join(match.group("after"))
            opening = match.group("open") + " " if match.group("open") else ""
            if target == name != page:
                reference = ".Xr %s%s 3 %s"
            else:
                reference = ".Nm %s%s %s" if name == page else ".Fn %s%s %s" if self.is_function(name) else ".Vt %s%s %s"
            out.append((reference % (opening, name, after)).rstrip())
            rest = rest[match.end():].lstrip()
        return out + ([rest] if rest else [])

    def is_function(self, name):
        return any(symbol.name == name for header in self.headers for symbol in header.functions())

    def blocks(self, blocks, page, first=True):
        out = []
        for block in blocks:
            kind = block[0]
            if kind == "text":
                out += ([] if first else [".Pp"]) + self.words(block[1], page)
            elif kind in ("code", "table"):
                out += self.display(block[1])
            elif kind == "list":
                out.append(".Bl -bullet")
                for item in block[1]:
                    out += [".It"] + self.blocks(item, page)
                out.append(".El")
            elif kind == "terms":
                width = min(max(len("".join(text for _, text in term)) for term, _ in block[1]), 12)
                out.append(".Bl -tag -width %s" % ("X" * width))
                for term, text in block[1]:
                    out += [".It %s" % argument("".join(part for _, part in term))] + self.blocks(text, page)
                out.append(".El")
            elif kind == "heading":
                out += [".Ss %s" % escaped(block[1])]
                first = True
                continue
            first = False
        return out

    @staticmethod
    def display(code):
        lines = [escaped(line).replace("-", "\\-") for line in code.split("\n")]
        return [".Bd -literal -offset indent"] + lines + [".Ed"]

    # ---- Pages ----

    def overview(self, header):
        name = OVERVIEWS[header.name]
        lines = self.head(name, [name], header.title)
        if header.name != "heapmm/avl.h":
            lines += self.library(header)
        lines += [".Sh SYNOPSIS", ".In %s" % header.name]
        if header.name == "heapmm/avl.h":
            lines += self.prototypes(header.functions())
        lines += [".Sh DESCRIPTION"] + self.blocks(header.blocks, name)
        own = [symbol for symbol in header.symbols if self.page_of.get(symbol.name, name) == name]
        if own:
            lines += [".Ss Types, macros and functions" if header.name == "heapmm/avl.h" else ".Ss Types and macros"]
            lines += [".Bl -tag -width 4n"]
            for symbol in own:
                lines += [".It %s" % argument(symbol.name if symbol.kind != "macro" else symbol.definition.replace("#define ", ""))]
                lines += self.told(symbol, name)
            lines += [".El"]
        described = {self.page_of.get(symbol.name, name) for symbol in header.symbols}
        lines += self.see_also((described | set(OVERVIEWS.values())) - {name})
        self.files[name] = "\n".join(lines) + "\n"

    def told(self, symbol, page):
        """All about a symbol inside another page."""
        lines = self.words(symbol.brief, page) if symbol.brief else []
        lines += self.blocks([block for block in symbol.blocks if block[0] != "part"], page, first=not lines)
        for label, blocks in [("Returns", symbol.returns)] + [(block[1], block[2]) for block in symbol.blocks if block[0] == "part"]:
            if blocks and not (label == "Returns" and "".join(text for _, text in symbol.brief).startswith("Returns")):
                lines += [".Pp" if lines else "", "%s:" % label] + self.blocks(blocks, page)
        return [line for line in lines if line]

    def prototypes(self, functions):
        lines = []
        for function in functions:
            lines.append(".Ft %s" % argument(function.type))
            lines.append(".Fo %s" % function.name)
            for type_, name in function.arguments:
                lines.append(".Fa %s" % argument((type_ + ("" if type_.endswith("*") else " ") + name).strip()))
            lines.append(".Fc")
        return lines

    def symbol(self, header, symbol):
        name = symbol.name
        names = [name]
        if header.name == "heapmm/heap.h" and name.startswith("hmm_heap_") and symbol.kind == "function":
            names += [name.replace("hmm_heap", "hmm_%s_heap" % instance) for instance in ("tiny", "wide")]
        brief = "".join(text for _, text in (symbol.brief or symbol.blocks[0][1]))
        brief = re.split(r"[:;,.] ", brief)[0]
        lines = self.head(name, names, brief[:1].lower() + brief[1:]) + self.library(header)
        lines += [".Sh SYNOPSIS", ".In %s" % header.name]
        if symbol.kind == "function":
            lines += self.prototypes([symbol])
        else:
            lines += [".Bd -literal"] + [escaped(line) for line in symbol.text().split("\n")] + [".Ed"]
        lines += [".Sh DESCRIPTION"]
        lines += self.words(symbol.brief, name) if symbol.brief else []
        entries = symbol.parameters or [(self.member_name(declared), blocks) for declared, blocks in symbol.members]
        if entries:
            lines += [".Bl -tag -width 4n"]
            for entry, blocks in entries:
                lines += [".It %s %s" % ("Dv" if symbol.kind == "enum" else "Fa", entry)] + self.blocks(blocks, name)
            lines += [".El"]
        lines += self.blocks([block for block in symbol.blocks if block[0] != "part"], name, first=not (symbol.brief or entries))
        parts = {block[1]: block[2] for block in symbol.blocks if block[0] == "part"}
        unknown = set(parts) - {"Time", "Faults", "Fails with", "Audits", "Example"}
        if unknown:
            raise ValueError("%s: no place in a manual page for %s" % (name, ", ".join(unknown)))
        if "Time" in parts:
            lines += [".Pp", "Time:"] + self.blocks(parts["Time"], name)
        if symbol.returns:
            lines += [".Sh RETURN VALUES", "Returns"] + self.blocks(symbol.returns, name)
        faults = [block for label in ("Faults", "Fails with", "Audits") for block in parts.get(label, [])]
        if "Example" in parts:
            lines += [".Sh EXAMPLES"] + self.blocks(parts["Example"], name)
        if faults:
            lines += [".Sh ERRORS"] + self.blocks(faults, name)
        related = {other.name for other in header.symbols
                   if other.group == symbol.group and self.page_of.get(other.name) == other.name}
        lines += self.see_also((related | {OVERVIEWS.get(header.name, "hmm_avl")}) - {name})
        self.files[name] = "\n".join(lines) + "\n"

    @staticmethod
    def member_name(declared):
        pointer = re.search(r"\(\*(\w+)\)", declared)
        return pointer.group(1) if pointer else re.search(r"(\w+)(?:\[\w*\])?(?: = .*)?$", declared).group(1)

    @staticmethod
    def see_also(names):
        names = sorted(names)
        return [".Sh SEE ALSO"] + [".Xr %s 3%s" % (name, " ," if name != names[-1] else "") for name in names]


def write(headers, directory, date, version):
    """Writes the pages to DIRECTORY/man1 and man3; returns how many."""
    directory = Path(directory) / "man3"
    directory.mkdir(parents=True)
    files = Pages(headers, date, version).build()
    for name, text in files.items():
        (directory / (name + ".3")).write_text(text)
    return len(files) + write_commands(directory.parent / "man1", date, version)


def write_commands(directory, date, version):
    directory.mkdir()
    pages = sorted((Path(__file__).resolve().parents[2] / "docs/man").glob("*.1"))
    for page in pages:
        (directory / page.name).write_text(page.read_text().replace("@DATE@", date).replace("@VERSION@", version))
    return len(pages)


def pages_in(directory):
    """Of each page its section and name, as in man3/hmm_heap_alloc.3."""
    return sorted(path for section in ("man1", "man3") for path in Path(directory, section).iterdir())


def dead_references(directory):
    """The references to pages that there are not."""
    paths = pages_in(directory)
    there = {path.name for path in paths}
    reference = re.compile(r"^\.(?:(?:It )?Xr (?:[(\[] )?([\w-]+) ([13])|so man3/(\w+)\.(3))", re.M)
    found = []
    for path in paths:
        wanted = {(a or c) + "." + (b or d) for a, b, c, d in reference.findall(path.read_text())}
        found += ["%s refers to %s(%s), of which there is no page" % (path.name, *page.rsplit(".", 1)) for page in sorted(wanted - there)]
    return found


def undescribed(directory, root):
    """The functions of our own that a library exports, and of which there is no page."""
    exported = [line for layer in ("install", "malloc", "trace") for line in (root / "tests" / layer / "symbols.txt").read_text().split()]
    return ["there is no page of %s(3)" % name for name in exported
            if name.startswith("hmm_") and not Path(directory, "man3", name + ".3").exists()]


def lint(directory):
    """What mandoc has to say against the pages."""
    pages = [str(path.relative_to(directory)) for path in pages_in(directory) if not path.read_text().startswith(".so ")]
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"] + pages, cwd=directory, capture_output=True, text=True)
    return (done.stdout + done.stderr).strip()
