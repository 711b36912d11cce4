#!/usr/bin/env python3
"""Turns a public header with its ordinary comments into what Doxygen reads: its INPUT_FILTER.

SPDX-License-Identifier: MIT

    headers.py HEADER

The headers are written for people who read them in an editor. A comment directly before a declaration documents it, a comment
behind a member on the same line documents that, and the first comment of a file documents the file. In a comment

    name: text              at the beginning of a line or of a sentence describes a parameter; also `name, name: text`
    Returns ...             what is returned
    Faults: Audits: Time: Example:  and `Fails with:` begin a part of that name; what stands between `Example` and the colon is
                            what is given
    lines indented by four  are code, or a table that is left as it is
    ## Title                a section of the file comment
    word    text            lines of the file comment with the text in one column: a list of terms

Parameters that mean the same everywhere are described once, in the section "Parameters that are the same everywhere" of the
file comment. A macro is documented by a comment before it or by being named in the file comment.

Doxygen's line numbers are those of its input; its complaints name what they are about.
"""
import re
import sys
from pathlib import Path

INCLUDE = Path(__file__).resolve().parents[2] / "include"
SHARED_SECTION = "Parameters that are the same everywhere"
KEYWORDS = "Returns|Faults|Fails with|Audits|Time|Example"
# Names that are no part of any interface: include guards, and what the headers need of the preprocessor.
PRIVATE_MACRO = re.compile(r"HEAPMM_\w+_H$|HMM_CNFG_(SELECTED|CURRENT|API|DECLARE\w*)$|HMM_CEILING$")
ATTRIBUTE = re.compile(r"\b(HMM_API|HMM_CNFG_API|HMM_NODISCARD|HMM_MALLOC|HMM_AVL_FUNCTION)\b\s*")


# ---- Comments ----------------------------------------------------------------------------------------------------------------


def comment_lines(comment):
    """The lines of a comment without its frame."""
    text = re.sub(r"^/\*|\*/$", "", comment)
    lines = text.split("\n")
    lines = [lines[0].strip()] + [re.sub(r"^\s*\*? ?", "", line, count=1).rstrip() for line in lines[1:]]
    while lines and not lines[-1]:
        lines.pop()
    return lines


def escape(text):
    """Doxygen's commands and HTML's characters as text; `code` as code."""
    text = text.replace("\\", "\\\\")
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, entity)
    text = re.sub(r"([@#%$])", r"\\\1", text)
    return re.sub(r"`([^`]+)`", r"<tt>\1</tt>", text)


def verbatim(lines, code):
    """A block of lines as they are."""
    begin, end = ("@code{.c}", "@endcode") if code else ("@verbatim", "@endverbatim")
    least = min(len(line) - len(line.lstrip()) for line in lines if line)
    return [begin] + [line[least:] for line in lines] + [end]


def is_code(line):
    return line.startswith("    ")


def paragraphs(lines):
    """Splits lines into ('text', lines) and ('code', lines)."""
    blocks = []
    i = 0
    while i < len(lines):
        if not lines[i]:
            i += 1
            continue
        kind = "code" if is_code(lines[i]) else "text"
        block = []
        while i < len(lines):
            line = lines[i]
            if kind == "text" and (not line or (is_code(line) and not column_of(block)) or (block and line.startswith("##"))):
                break
            if kind == "code" and not is_code(line):
                # A blank line between lines of code belongs to it.
                following = next((later for later in lines[i:] if later), "")
                if line or not is_code(following):
                    break
            block.append(line)
            i += 1
            if kind == "text" and line.startswith("##"):
                break
        blocks.append((kind, block))
    return blocks


def column_of(lines):
    """The column in which the text of a list of terms begins, or 0 if the lines are no such list."""
    gaps = [re.match(r"\S(?:(?!  ).)* {2,}(?=\S)", line) for line in lines]
    return min(gap.end() for gap in gaps if gap) if gaps and gaps[0] else 0


def terms(lines):
    """A list of terms as [(term, text)]; None if the lines are something else."""
    column = column_of(lines)
    if not column:
        return None
    found = []
    for line in lines:
        if line.startswith(" "):
            if not found or len(line) - len(line.lstrip()) < min(column, 4):
                return None
            found[-1] = (found[-1][0], found[-1][1] + " " + line.strip())
            continue
        match = re.match(r"(\S(?:(?!  ).)*?) {2,}(\S.*)", line)
        if match is None and len(line) > column and line[column - 1] == " ":
            match = re.match(r"(.{%d}) (.*)" % (column - 1), line)
        if match is None or "  " in match.group(2):
            return None
        found.append((match.group(1).strip(), match.group(2)))
    return found


def shared_parameters(lines):
    """The parameters that the file comment describes for all functions."""
    found = {}
    inside = False
    for kind, block in paragraphs(lines):
        if block[0].startswith("##"):
            inside = block[0].lstrip("# ") == SHARED_SECTION
        elif inside and kind == "text":
            found.update(terms(block) or [])
    return found


def file_comment(lines, name):
    """The file comment: title, then sections, paragraphs, lists and code."""
    title = lines[0].split(":", 1)[1].strip()
    out = ["@file " + name, "@brief " + escape(title)]
    sections = 0
    for kind, block in paragraphs(lines[1:]):
        if block[0].startswith("SPDX"):
            continue
        out.append("")
        if kind == "code":
            out += verbatim(block, code=bool(re.search(r"[;{]\s*($|/|   )|#define", "\n".join(block))))
        elif block[0].startswith("##"):
            sections += 1
            anchor = re.sub(r"\W", "_", name) + "_" + re.sub(r"\W+", "_", block[0].lstrip("# ").lower())[:40]
            out.append("@section %s %s" % (anchor, escape(block[0].lstrip("# "))))
        elif all(re.match(r"- |  ", line) for line in block):
            out.append("<ul>")
            out += [re.sub("^- ", "<li>", escape(line)) for line in block]
            out.append("</ul>")
        elif terms(block):
            out.append("<dl>")
            out += ["<dt>%s</dt><dd>%s</dd>" % (escape(term), escape(text)) for term, text in terms(block)]
            out.append("</dl>")
        elif any(re.search(r"\S {2,}\S", line) for line in block):
            out += verbatim(block, code=False)
        else:
            out.append(escape(" ".join(line.strip() for line in block)))
    return out


def first_sentence(text):
    match = re.match(r"(.*?[.:;])(?= [A-Z`]|$)\s*(.*)", text, re.S)
    return (match.group(1), match.group(2)) if match and not match.group(1).endswith(":") else (text, "")


def parts(lines, names):
    """Splits the text of a comment where a parameter or a keyword begins: [(head, given, text)], head None for plain text."""
    heads = "|".join(sorted(map(re.escape, names), key=len, reverse=True))
    head = r"(?P<head>%s)(?P<given>, [^:\n]*?)?:(?=\s|$)|(?P<returns>Returns) " % KEYWORDS.replace("Returns|", "")
    if heads:
        head = r"(?P<names>(?:%s)(?:, (?:%s))*):(?=\s|$)|" % (heads, heads) + head
    pattern = re.compile(r"(?:(?<=^)|(?<=\. )|(?<=; )|(?<=\.\) ))(?:%s)" % head)
    found = []
    for kind, block in paragraphs(lines):
        if kind == "code":
            found.append(("code", "", block))
            continue
        # A line may begin a part; the lines below it, indented by two, go on with it.
        runs = []
        for line, above in zip(block, [""] + block):
            text = line.strip()
            outdented = above.startswith("  ") and not line.startswith(" ")
            if runs and not pattern.match(text) and not outdented:
                runs[-1] += " " + text
            else:
                runs.append(text)
        for run in runs:
            ends = [match for match in pattern.finditer(run)]
            start = ends[0].start() if ends else len(run)
            if run[:start].strip():
                found.append((None, "", run[:start].strip()))
            for match, following in zip(ends, ends[1:] + [None]):
                text = run[match.end():following.start() if following else len(run)].strip()
                groups = match.groupdict()
                name = groups.get("names") or groups["head"] or groups["returns"]
                found.append((name, (groups["given"] or "").lstrip(", "), text))
    return found


def function_comment(lines, names, shared):
    """The comment of a function with the parameters `names`, as Doxygen's commands."""
    found = parts(lines, names)
    out = []
    described = {}
    pending = []
    for head, given, text in found:
        if head is None and not out and not pending:
            brief, rest = first_sentence(text)
            out.append("@brief " + escape(brief))
            if rest:
                out += ["", escape(rest)]
        elif head is None:
            pending += ["", escape(text)]
        elif head == "code":
            pending += verbatim(text, code=True)
        elif head == "Returns":
            if not out:
                brief, _ = first_sentence(text)
                out.append("@brief Returns " + escape(brief))
            pending += ["", "@return " + escape(text)]
        elif head in ("Faults", "Fails with", "Audits", "Time", "Example"):
            pending += ["", "@par " + head, escape((given + ":" if given else "") + " " + text).strip()]
        else:
            for name in head.split(", "):
                described[name] = text
    for name in names:
        text = described.get(name) or shared.get(name)
        if text:
            out += ["", "@param %s %s" % (name, escape(text))]
    return out + pending


def plain_comment(lines):
    out = []
    for kind, block in paragraphs(lines):
        text = " ".join(line.strip() for line in block)
        if kind == "code":
            out += [""] + verbatim(block, code=True)
        elif not out:
            brief, rest = first_sentence(text)
            out.append("@brief " + escape(brief))
            if rest:
                out += ["", escape(rest)]
        else:
            out += ["", escape(text)]
    return out


# ---- Declarations ------------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r"/\*.*?\*/|\n|#(?:\\\n|/\*.*?\*/|[^\n])*|[^\S\n]+", re.S)


def items(text):
    """Splits a header into ('comment' | 'directive' | 'space' | 'declaration', text)."""
    position = 0
    while position < len(text):
        match = TOKEN.match(text, position)
        if match:
            token = match.group()
            kind = "comment" if token.startswith("/*") else "directive" if token.startswith("#") else "space"
            yield kind, token
            position = match.end()
            continue
        if re.match(r'extern "C" \{|\}(?=\s*(#|$))', text[position:]):
            end = text.index("\n", position)
            yield "space", ""
            position = end
            continue
        end = declaration_end(text, position)
        yield "declaration", text[position:end]
        position = end


def declaration_end(text, position):
    """Behind the ; or the function body that ends a declaration."""
    depth = 0
    comment = False
    is_type = re.match(r"(typedef\s+)?(struct|enum|union)\b", text[position:]) is not None
    while position < len(text):
        if comment:
            comment = not text.startswith("*/", position)
        elif text.startswith("/*", position):
            comment = True
        elif text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0 and not is_type:
                return position + 1
        elif text[position] == ";" and depth == 0:
            return position + 1
        position += 1
    return position


def parameter_names(declaration):
    """The names of a function's parameters; None if the declaration is no function."""
    declaration = re.sub(r"/\*.*?\*/", "", declaration, flags=re.S)
    if re.match(r"\s*(typedef|struct|enum)\b", declaration):
        return None
    match = re.match(r"[^(]*?\w\s*\((.*)\)\s*(;|\{|$)", declaration, re.S)
    if not match:
        return None
    names = []
    depth = 0
    argument = ""
    for character in match.group(1) + ",":
        if character == "," and depth == 0:
            pointer = re.match(r".*?\(\s*\*\s*(\w+)\s*\)", argument, re.S)
            plain = re.search(r"(\w+)\s*$", argument)
            if pointer or (plain and argument.strip() != "void"):
                names.append((pointer or plain).group(1))
            argument = ""
            continue
        depth += character in "({"
        depth -= character in ")}"
        argument += character
    return names


def doc_comment(lines):
    return "/** " + "\n".join(lines) + "\n*/"


def member_comments(declaration):
    """The comments inside a struct or an enum: those behind a member on its line, and those before one."""
    out = []
    previous = ""
    for piece in re.split(r"(/\*.*?\*/)", declaration, flags=re.S):
        if piece.startswith("/*"):
            behind = previous.rstrip(" ") != "" and not previous.rstrip(" ").endswith(("\n", "{"))
            text = escape(" ".join(comment_lines(piece))).strip()
            out.append(("/**< " if behind else "/** ") + text + " */")
        else:
            out.append(piece)
        previous = piece
    return "".join(out)


class Header:
    """One header, its template parameters replaced by what they stand for."""

    def __init__(self, path):
        self.path = Path(path).resolve()
        self.name = str(self.path.relative_to(INCLUDE))
        self.text = self.path.read_text()
        self.instance = ""
        comment, end, code = self.text.partition("*/")
        if self.name == "heapmm/avl.h":
            code = re.sub(r"^#if !HMM_AVL_CAN_FAIL\n.*?\n#endif\n", "", code, flags=re.S | re.M)
            code = re.sub(r"\bHMM_AVL\((\w+)\)", r"tree_\1", code)
        if self.name == "heapmm.h":
            code = re.sub(r"(?<!define )\bHMM_UNIQUE\((\w+)\)", r"hmm_\1", code)
        self.text = comment + end + code
        if self.name == "heapmm/declare.h":
            self.text = self.text[:self.text.index("#include")]
        match = re.search(r"#define HMM_HEAP (\w+)\n#define HMM_NAME\(verb\).*\n#include \"heapmm/declare.h\"", self.text)
        if match:
            self.instance = match.group(1)
            self.text = self.text.replace(match.group(), self.declared(self.instance))

    @staticmethod
    def declared(instance):
        """What heapmm/declare.h declares for an instance, each function with the words of heapmm/heap.h."""
        text = (INCLUDE / "heapmm/declare.h").read_text()
        text = text[text.index("typedef struct HMM_HEAP"):text.index("#ifdef __cplusplus\n}")]
        text = re.sub(r"\bHMM_NAME\((\w+)\)", instance + r"_\1", text)
        text = re.sub(r"\bHMM_HEAP\b", instance, text)
        return re.sub(r"\n(?=HMM_API|typedef)", "\n\n", text)

    def filtered(self):
        out = []
        comment = None
        file_comment_text = ""
        group_open = False
        shared = {}
        defined = set()

        for kind, text in items(self.text):
            if kind == "space":
                if text == "\n" and out and out[-1] == "\n":
                    comment = None  # a blank line below it: the comment is about what was before
                out.append(text)
            elif kind == "comment":
                lines = comment_lines(text)
                section = re.match(r"-{3,} (.*?) -+$", lines[0])
                if not file_comment_text:
                    file_comment_text = text
                    shared = shared_parameters(lines)
                    out.append(doc_comment(file_comment(lines, self.name)))
                elif section:
                    out.append("/** @} */ " if group_open else "")
                    out.append("/** @name %s\n@{ */" % escape(section.group(1)))
                    group_open = True
                else:
                    comment = comment if lines[0].startswith("clang-format") else lines
                    out.append("")
            elif kind == "directive":
                macro = re.match(r"#define (\w+)", text)
                if not macro:
                    out.append("")
                    continue
                name = macro.group(1)
                in_file_comment = comment is None and re.search(r"\b%s\b" % name, file_comment_text)
                if not (PRIVATE_MACRO.match(name) or name in defined or in_file_comment):
                    out.append((doc_comment(plain_comment(comment)) + " " if comment else "") + text)
                    comment = None
                defined.add(name)
            else:
                out.append(self.declaration(text, comment, shared))
                comment = None
        if group_open:
            out.append("/** @} */\n")
        return "".join(out)

    def declaration(self, text, comment, shared):
        is_type = re.match(r"(typedef|struct|enum|union)\b", text)
        declared = text if is_type else re.sub(r"\s*\{.*", ";", text, flags=re.S)
        names = parameter_names(declared)
        declared = ATTRIBUTE.sub("", declared)
        if self.name == "heapmm/avl.h" and re.search(r"\btree_(avl_\w+)\W*(\(|$|\{|=)", declared.split("(")[0] + "("):
            return ""
        if self.instance:
            return self.instance_declaration(declared, names)
        doc = ""
        if comment:
            lines = plain_comment(comment) if names is None else function_comment(comment, names, shared)
            doc = doc_comment(lines) + "\n"
        if names is None:
            declared = member_comments(declared)
        return doc + declared

    def instance_declaration(self, declared, names):
        """A function of an instance has the words of hmm_heap's; so have its options."""
        if names is None:
            return "" if re.match(r"typedef struct \w+ \w+;", declared) is None else \
                "/** @brief A heap of this instance. Opaque. */\n" + declared
        name = re.search(r"(\w+)\s*\(", declared).group(1)
        return "/** @copydoc hmm_heap%s */\n%s" % (name[len(self.instance):], declared)


if __name__ == "__main__":
    sys.stdout.write(Header(sys.argv[1]).filtered())
