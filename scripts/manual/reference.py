"""What Doxygen found in the public headers, as plain Python: headers, their symbols, and the words about them.

SPDX-License-Identifier: MIT

Text is a list of blocks. A block is

    ("text", words)         words: a list of ("plain" | "code", text)
    ("code", text)
    ("table", text)         lines that are left as they are
    ("list", [blocks])
    ("terms", [(words, blocks)])
    ("heading", text)
    ("part", title, blocks)    "Faults", "Time", "Example" and the like
"""
import os
import re
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

HEADERS = ["heapmm/heap.h", "heapmm/tiny_heap.h", "heapmm/wide_heap.h", "heapmm/pool.h", "heapmm/declare.h", "heapmm.h", "heapmm/avl.h",
           "heapmm/avl_relation.h", "heapmm/malloc.h", "heapmm/malloc_window.h", "heapmm/trace.h", "heapmm/export.h"]


class Symbol:
    """A function, macro, type, enumeration or structure."""

    def __init__(self, kind, name, line):
        self.kind = kind
        self.name = name
        self.line = line
        self.group = ""
        self.brief = []       # words
        self.blocks = []      # all that is said besides brief, parameters and results
        self.parameters = []  # (name, blocks)
        self.returns = []     # blocks
        self.members = []     # of a structure or an enumeration: (declaration, blocks)
        self.type = ""
        self.arguments = []   # (type, name) as declared
        self.definition = ""

    def prototype(self, width=78):
        """A function as C; arguments below each other if they do not fit into a line."""
        arguments = [join_type(type_, name) if name else type_ for type_, name in self.arguments] or ["void"]
        head = "%s%s(" % (self.type + ("" if self.type.endswith("*") else " "), self.name)
        line = head + ", ".join(arguments) + ");"
        if len(line) <= width:
            return line
        if len(head) + max(map(len, arguments)) < width:
            return head + (",\n" + " " * len(head)).join(arguments) + ");"
        return head + "\n    " + ",\n    ".join(arguments) + ");"

    def text(self):
        """The symbol as C."""
        if self.kind == "function":
            return self.prototype()
        if self.kind in ("struct", "enum"):
            ends = ";" if self.kind == "struct" else ","
            body = "".join("    %s%s\n" % (declaration, ends) for declaration, _ in self.members)
            return "typedef %s %s {\n%s} %s;" % (self.kind, self.name, body, self.name)
        return self.definition


class Header:
    def __init__(self, name):
        self.name = name
        self.title = ""
        self.blocks = []
        self.symbols = []

    def functions(self):
        return [symbol for symbol in self.symbols if symbol.kind == "function"]


def join_type(type_, name):
    """A declaration of `name`."""
    return type_ + ("" if type_.endswith("*") else " ") + name


# ---- From XML ----------------------------------------------------------------------------------------------------------------


def squeeze(text):
    return re.sub(r"\s+", " ", text)


def plain(element):
    return squeeze("".join(element.itertext())).strip() if element is not None else ""


def words_of(element):
    """The inline content of an element, as words; its block children end it."""
    found = []

    def add(kind, text):
        if not text:
            return
        if found and found[-1][0] == kind:
            found[-1] = (kind, found[-1][1] + text)
        else:
            found.append((kind, text))

    add("plain", squeeze(element.text or ""))
    for child in element:
        if child.tag == "computeroutput":
            add("code", squeeze("".join(child.itertext())))
        elif child.tag in ("ref", "ulink", "emphasis", "bold"):
            add("plain", squeeze("".join(child.itertext())))
        else:
            raise ValueError("unexpected <%s> in the text of a comment" % child.tag)
        add("plain", squeeze(child.tail or ""))
    if found and found[0][0] == "plain":
        found[0] = ("plain", found[0][1].lstrip())
    if found and found[-1][0] == "plain":
        found[-1] = ("plain", found[-1][1].rstrip())
    return [word for word in found if word[1]]


def listing(element):
    lines = []
    for line in element.iter("codeline"):
        text = ""
        for part in line.iter():
            if part.tag == "sp":
                text += " "
            text += part.text or "" if part.tag != "codeline" else ""
            if part is not line:
                text += part.tail or ""
        lines.append(text.rstrip())
    return "\n".join(lines).strip("\n")


INLINE = {"ref", "ulink", "emphasis", "bold", "computeroutput"}


def blocks_of(element, symbol=None):
    """The block content of an element; parameters and results go to the symbol."""
    blocks = []
    run = ElementTree.Element("run")

    def flush():
        nonlocal run
        words = words_of(run)
        if words:
            blocks.append(("text", words))
        run = ElementTree.Element("run")

    def add_text(text):
        if not text:
            return
        if len(run):
            run[-1].tail = (run[-1].tail or "") + text
        else:
            run.text = (run.text or "") + text

    add_text(element.text)
    for child in element:
        if child.tag in INLINE:
            copy = ElementTree.Element(child.tag)
            copy.text = "".join(child.itertext())
            run.append(copy)
            add_text(child.tail)
            continue
        flush()
        if child.tag == "para":
            blocks += blocks_of(child, symbol)
        elif child.tag == "programlisting":
            code = ("code", listing(child))
            if blocks and blocks[-1][0] == "part":
                blocks[-1][2].append(code)
            else:
                blocks.append(code)
        elif child.tag in ("verbatim", "preformatted"):
            blocks.append(("table", (child.text or "").strip("\n")))
        elif child.tag == "itemizedlist":
            blocks.append(("list", [blocks_of(item) for item in child.findall("listitem")]))
        elif child.tag == "variablelist":
            terms = [words_of(entry.find("term")) for entry in child.findall("varlistentry")]
            blocks.append(("terms", list(zip(terms, [blocks_of(item) for item in child.findall("listitem")]))))
        elif child.tag == "parameterlist":
            for item in child.findall("parameteritem"):
                name = plain(item.find("parameternamelist/parametername"))
                symbol.parameters.append((name, blocks_of(item.find("parameterdescription"))))
        elif child.tag == "simplesect" and child.get("kind") == "return":
            symbol.returns += blocks_of(child)
        elif child.tag == "simplesect":
            content = [block for paragraph in child.findall("para") for block in blocks_of(paragraph)]
            blocks.append(("part", plain(child.find("title")), content))
        elif child.tag == "sect1":
            blocks.append(("heading", plain(child.find("title"))))
            for part in child:
                if part.tag == "para":
                    blocks += blocks_of(part)
        else:
            raise ValueError("unexpected <%s> in a comment" % child.tag)
        add_text(child.tail)
    flush()
    return blocks


def member_of(element, group):
    kind = {"define": "macro"}.get(element.get("kind"), element.get("kind"))
    symbol = Symbol(kind, plain(element.find("name")), int(element.find("location").get("line")))
    symbol.group = group
    brief = blocks_of(element.find("briefdescription"))
    symbol.brief = brief[0][1] if brief else []
    symbol.blocks = blocks_of(element.find("detaileddescription"), symbol)
    symbol.type = plain(element.find("type"))
    if kind == "function":
        for parameter in element.findall("param"):
            if plain(parameter.find("declname")):
                symbol.arguments.append((plain(parameter.find("type")), plain(parameter.find("declname"))))
            else:
                # A pointer to a function has its name inside the type.
                symbol.arguments.append((plain(parameter.find("type")), ""))
        symbol.arguments = with_arguments_of(element, symbol.arguments)
    elif kind == "macro":
        names = [plain(parameter.find("defname")) for parameter in element.findall("param")]
        symbol.definition = "#define %s%s" % (symbol.name, "(%s)" % ", ".join(names) if names else "")
    elif kind == "enum":
        for value in element.findall("enumvalue"):
            blocks = blocks_of(value.find("briefdescription")) + blocks_of(value.find("detaileddescription"))
            declared = plain(value.find("name")) + (" " + plain(value.find("initializer")) if value.find("initializer") is not None
                                                    else "")
            symbol.members.append((declared, blocks))
    else:
        symbol.definition = plain(element.find("definition")) + ";"
    return symbol


def with_arguments_of(element, arguments):
    """Pointers to functions as they are declared: Doxygen splits them."""
    whole = plain(element.find("argsstring"))[1:-1]
    pieces, depth, piece = [], 0, ""
    for character in whole + ",":
        if character == "," and depth == 0:
            pieces.append(piece.strip())
            piece = ""
            continue
        depth += (character == "(") - (character == ")")
        piece += character
    return [(re.sub(r" ?\(\*", " (*", piece), "") if "(*" in piece else argument
            for piece, argument in zip(pieces, arguments)]


def structure_of(path):
    compound = ElementTree.parse(path).getroot().find("compounddef")
    symbol = Symbol("struct", plain(compound.find("compoundname")), 0)
    symbol.line = int(compound.find("location").get("line"))
    brief = blocks_of(compound.find("briefdescription"))
    symbol.brief = brief[0][1] if brief else []
    symbol.blocks = blocks_of(compound.find("detaileddescription"), symbol)
    for section in compound.findall("sectiondef"):
        for member in section.findall("memberdef"):
            arguments = plain(member.find("argsstring"))
            type_, name = plain(member.find("type")), plain(member.find("name"))
            declared = type_ + name + arguments if arguments.startswith(")") else join_type(type_, name) + arguments
            declared = re.sub(r" ?\(\*", " (*", declared)
            blocks = blocks_of(member.find("briefdescription")) + blocks_of(member.find("detaileddescription"))
            symbol.members.append((declared, blocks))
    return symbol


def read(xml):
    """The headers in the directory of Doxygen's XML."""
    headers = {}
    for path in Path(xml).glob("*_8h.xml"):
        compound = ElementTree.parse(path).getroot().find("compounddef")
        header = Header(compound.find("location").get("file"))
        brief = blocks_of(compound.find("briefdescription"))
        header.title = "".join(text for _, text in brief[0][1]).rstrip(".")
        header.blocks = blocks_of(compound.find("detaileddescription"))
        for section in compound.findall("sectiondef"):
            group = plain(section.find("header"))
            for element in section.findall("memberdef"):
                header.symbols.append(member_of(element, group))
        for inner in compound.findall("innerclass"):
            header.symbols.append(structure_of(path.with_name(inner.get("refid") + ".xml")))
        names = {symbol.name for symbol in header.symbols if symbol.kind == "struct"}
        header.symbols = [symbol for symbol in header.symbols if symbol.kind != "typedef" or symbol.name not in names]
        header.symbols.sort(key=lambda symbol: symbol.line)
        for before, symbol in zip(header.symbols, header.symbols[1:]):
            symbol.group = symbol.group or (before.group if symbol.kind == "struct" else symbol.group)
        headers[header.name] = header
    missing = set(HEADERS) ^ set(headers)
    if missing:
        raise ValueError("the list of headers in reference.py is not what Doxygen found: %s" % ", ".join(sorted(missing)))
    return [headers[name] for name in HEADERS]


def undocumented(headers):
    """What has no words, beyond what Doxygen complains of."""
    found = []
    for header in headers:
        for symbol in header.symbols:
            if not symbol.brief and not symbol.blocks and not symbol.returns:
                found.append("%s: %s has no words" % (header.name, symbol.name))
            for declared, blocks in symbol.members:
                if not blocks:
                    found.append("%s: %s: `%s` has no words" % (header.name, symbol.name, declared))
            if symbol.kind == "function":
                described = [name for name, _ in symbol.parameters]
                for name in (name or re.search(r"\(\*(\w+)", type_).group(1) for type_, name in symbol.arguments if type_ != "void"):
                    if name not in described:
                        found.append("%s: %s: the parameter %s has no words" % (header.name, symbol.name, name))
                if symbol.type != "void" and not symbol.returns:
                    found.append("%s: %s: its result has no words" % (header.name, symbol.name))
    return found


def run_doxygen(root, xml):
    """Returns the complaints of Doxygen, an empty text if there are none."""
    done = subprocess.run(["doxygen", "docs/Doxyfile"], cwd=root, env={**os.environ, "HEAPMM_XML": str(xml)},
                          capture_output=True, text=True)
    complaints = done.stdout + done.stderr
    if done.returncode and not complaints:
        complaints = "doxygen ended with status %d" % done.returncode
    return complaints.strip()
