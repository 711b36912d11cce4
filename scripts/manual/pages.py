"""The pages of the manual: Markdown through pandoc, the reference from the headers, and files of the repository as they are.

SPDX-License-Identifier: MIT
"""
import html
import os
import posixpath
import re
import shutil
import string
import subprocess
from pathlib import Path

# ---- Code --------------------------------------------------------------------------------------------------------------------

KEYWORDS = ("auto break case char const continue default do double else enum extern float for goto if inline int long register "
            "return short signed sizeof static struct switch typedef union unsigned void volatile while bool true false NULL "
            "size_t ptrdiff_t max_align_t int8_t uint8_t int16_t uint16_t int32_t uint32_t int64_t uint64_t uintptr_t "
            "_Alignas _Alignof _Bool _Static_assert").split()
C_TOKEN = re.compile(r'(?P<c>/\*.*?\*/|//[^\n]*)|(?P<s>"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\')|(?P<p>^[ \t]*#[ \t]*\w+)'
                     r"|(?P<w>[A-Za-z_]\w*)|(?P<o>.)", re.S | re.M)
SH_TOKEN = re.compile(r'(?P<c>(?:^|(?<=\s))#[^\n]*)|(?P<s>"[^"\n]*"|\'[^\'\n]*\')|(?P<o>.)', re.S | re.M)


def highlighted(code, language, links):
    """Code as HTML. links(name): the address of a public symbol, or None."""
    token = C_TOKEN if language == "c" else SH_TOKEN if language in ("sh", "console", "cmake", "make") else None
    if token is None:
        return html.escape(code, quote=False)
    out = []
    for match in token.finditer(code):
        text = html.escape(match.group(), quote=False)
        kind = match.lastgroup
        if kind == "w":
            address = links(match.group())
            if match.group() in KEYWORDS:
                text = '<span class="k">%s</span>' % text
            elif address:
                text = '<a href="%s">%s</a>' % (address, text)
        elif kind != "o":
            text = '<span class="%s">%s</span>' % (kind, text)
        out.append(text)
    return "".join(out)


def language_of(name):
    suffix = Path(name).suffix
    if suffix in (".c", ".h", ".cpp", ".in") and not name.endswith(".cmake.in"):
        return "c"
    return "sh" if suffix in (".sh", ".py", ".cmake", ".txt", ".ini", "") else ""


def slug(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Page:
    """A page to be: where it is, what it is called, what it says."""

    def __init__(self, address, title, body, kind="guide"):
        self.address = address
        self.title = title
        self.body = body
        self.kind = kind
        self.sections = []  # (anchor, title)


class Manual:
    def __init__(self, root, output, headers, version):
        self.root = Path(root)
        self.output = Path(output)
        self.headers = headers
        self.version = version
        self.contents = []   # (group, [page])
        self.pages = []
        self.address_of = {} # of files of the repository that have a page
        self.sources = []    # files and directories still to be shown as they are
        self.symbols = {}    # name: address
        self.terms = set()   # those that only the text of a header describes
        self.template = string.Template((self.root / "docs/style/page.html").read_text())
        for header in headers:
            address = self.header_address(header.name)
            self.address_of["include/" + header.name] = address
            for symbol in header.symbols:
                self.symbols[symbol.name] = "%s#%s" % (address, symbol.name)
                if symbol.kind == "enum":
                    for declared, _ in symbol.members:
                        self.symbols[declared.split()[0]] = "%s#%s" % (address, declared.split()[0])
                if symbol.kind == "struct":
                    self.symbols["struct " + symbol.name] = self.symbols[symbol.name]
            for block in header.blocks:
                if block[0] == "terms":
                    for words, _ in block[1]:
                        name = "".join(text for _, text in words).split("(")[0]
                        if re.fullmatch(r"HMM_\w+", name) and name not in self.symbols:
                            self.symbols[name] = "%s#%s" % (address, name)
                            self.terms.add(name)

    @staticmethod
    def header_address(name):
        return name.split("/")[-1] + ".html"

    def link(self, up=""):
        def find(name):
            address = self.symbols.get(name)
            return up + address if address else None
        return find

    # ---- The guide ----

    def plan(self):
        """Reads the contents: the lists of docs/guide/index.md, under their headings."""
        index = "docs/guide/index.md"
        self.address_of[index] = "index.html"
        group = ""
        chapters = []
        for line in (self.root / index).read_text().split("\n"):
            heading = re.match(r"## (.*)", line)
            item = re.match(r"(?:- |\d+\. )\[([^\]]+)\]\(([^)#]+)\)", line)
            if heading:
                group = heading.group(1)
            elif item:
                path = posixpath.normpath(posixpath.join("docs/guide", item.group(2)))
                if not (self.root / path).is_file():
                    raise ValueError("%s lists %s, which is not there" % (index, path))
                if path not in self.address_of:
                    self.address_of[path] = slug(Path(path).stem) + ".html"
                chapters.append((group, item.group(1), path))
        return index, chapters

    def build(self):
        index, chapters = self.plan()
        first = Page("index.html", "heapmm", self.markdown(index, "index.html"))
        self.contents = [("", [first])]
        self.pages = [first]
        headers = {"include/" + header.name: header for header in self.headers}
        for group, title, path in chapters:
            if path in headers:
                page = self.reference_page(headers.pop(path))
            else:
                address = self.address_of[path]
                page = Page(address, title, self.markdown(path, address))
            page.title = title
            page.sections = re.findall(r'<h2 id="([^"]+)">(.*?)</h2>', page.body)
            if not self.contents or self.contents[-1][0] != group:
                self.contents.append((group, []))
            self.contents[-1][1].append(page)
            self.pages.append(page)
        if headers:
            raise ValueError("docs/guide/index.md does not list %s" % ", ".join(headers))
        listed = list(self.pages)
        names = self.names_page()
        self.contents[-1][1].append(names)
        self.pages.append(names)
        listed.append(names)
        while self.sources:
            self.pages.append(self.source_page(self.sources.pop()))
        self.write(listed)

    def markdown(self, path, address):
        """A Markdown file as HTML, its links and figures made to work where the page will be."""
        done = subprocess.run(["pandoc", "--from=gfm-tex_math_dollars", "--to=html5", "--no-highlight", "--wrap=none", path],
                              cwd=self.root, capture_output=True, text=True, check=True)
        text = done.stdout
        text = re.sub(r'href="([^"]+)"', lambda m: 'href="%s"' % self.resolve(path, html.unescape(m.group(1))), text)
        text = re.sub(r'<pre class="([\w-]+)[^"]*"><code>(.*?)</code></pre>', lambda m: self.code_block(m.group(1), m.group(2)), text,
                      flags=re.S)
        text = re.sub(r'<p><img src="([^"]+)" alt="([^"]*)"(?: title="[^"]*")? ?/?></p>', lambda m: self.figure(path, *m.groups()), text)
        text = re.sub(r'<figure>\s*<img src="([^"]+)" alt="([^"]*)"[^>]*>\s*<figcaption[^>]*>.*?</figcaption>\s*</figure>',
                      lambda m: self.figure(path, *m.groups()), text, flags=re.S)
        text = re.sub(r"<code>([^<]+)</code>(?!</a>|</pre>)", self.inline_code, text)
        text = re.sub(r"<table.*?</table>", self.table, text, flags=re.S)
        return text

    def code_block(self, language, code):
        code = html.unescape(code).strip("\n")
        kind = ' class="output"' if language in ("text", "prints", "stderr") else ""
        return "<pre%s><code>%s</code></pre>" % (kind, highlighted(code, language, self.link()))

    def inline_code(self, match):
        name = html.unescape(match.group(1))
        address = self.symbols.get(re.sub(r"\(.*\)$", "", name))
        return '<code><a href="%s">%s</a></code>' % (address, match.group(1)) if address else match.group()

    @staticmethod
    def table(match):
        columns = len(re.findall(r"<th[ >]", match.group()))
        return '<div class="scroll%s" tabindex="0">%s</div>' % (" wide" if columns > 5 else "", match.group())

    def figure(self, path, source, caption):
        file = self.root / posixpath.normpath(posixpath.join(posixpath.dirname(path), source))
        if "figures/" in source:
            drawing = re.sub(r"^.*?(?=<svg)", "", file.read_text(), flags=re.S)
            drawing = drawing.replace("<svg ", '<svg role="img" aria-label="%s" ' % caption, 1)
            return "<figure>\n%s\n<figcaption>%s</figcaption>\n</figure>" % (drawing.strip(), caption)
        shutil.copy(file, self.output / file.name)
        return '<figure><img class="plot" src="%s" alt="%s"><figcaption>%s</figcaption></figure>' % (file.name, caption, caption)

    def resolve(self, path, address):
        """Where a link of a file leads in the manual."""
        if re.match(r"[a-z]+:", address) or address.startswith("#"):
            return html.escape(address)
        target, _, anchor = address.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if target not in self.address_of:
            if not (self.root / target).exists():
                raise ValueError("%s links to %s, which is not there" % (path, address))
            self.address_of[target] = "source/%s.html" % target.replace("/", "-")
            self.sources.append(target)
        return html.escape(self.address_of[target] + ("#" + anchor if anchor else ""))

    # ---- Files as they are ----

    def source_page(self, target):
        file = self.root / target
        address = self.address_of[target]
        if file.is_dir():
            names = sorted(name for name in os.listdir(file) if not name.startswith(("__", ".")))
            items = ['<li><a href="../%s">%s</a></li>' % (self.resolve(target + "/x", name), html.escape(name)) for name in names]
            body = "<h1><code>%s/</code></h1>\n<ul>\n%s\n</ul>" % (html.escape(target), "\n".join(items))
        else:
            code = highlighted(file.read_text(), language_of(target), self.link("../"))
            body = "<h1><code>%s</code></h1>\n<pre><code>%s</code></pre>" % (html.escape(target), code)
        return Page(address, target, body, "source")

    # ---- The reference ----

    def words(self, words):
        out = []
        for kind, text in words:
            if kind == "code":
                address = self.symbols.get(text)
                text = html.escape(text, quote=False)
                out.append("<code>%s</code>" % ('<a href="%s">%s</a>' % (address, text) if address else text))
            else:
                out.append(self.linked(text))
        return "".join(out)

    def linked(self, text):
        """Prose: symbols and files of the repository become links."""
        def replace(match):
            name = match.group()
            address = self.symbols.get(name)
            if not address and "/" in name or name.endswith(".md"):
                file = name if (self.root / name).is_file() else "include/" + name
                if (self.root / file).is_file():
                    address = self.resolve("x", file)
            if not address and not re.match(r"(hmm|HMM)_|tree_", name):
                return html.escape(name, quote=False)
            shown = html.escape(name, quote=False)
            return "<code>%s</code>" % ('<a href="%s">%s</a>' % (address, shown) if address else shown)
        parts = re.split(r"((?:[\w]+/)+\w+\.(?:c|h|md)|[A-Z]+\.md|\b(?:hmm|HMM|tree)_\w+)", text)
        return "".join(replace(re.match(r".*", part, re.S)) if i % 2 else html.escape(part, quote=False)
                       for i, part in enumerate(parts))

    def blocks(self, blocks, level=2):
        out = []
        for block in blocks:
            kind = block[0]
            if kind == "text":
                out.append("<p>%s</p>" % self.words(block[1]))
            elif kind == "code":
                out.append("<pre><code>%s</code></pre>" % highlighted(block[1], "c", self.link()))
            elif kind == "table":
                out.append("<pre>%s</pre>" % html.escape(block[1], quote=False))
            elif kind == "list":
                out.append("<ul>%s</ul>" % "".join("<li>%s</li>" % self.blocks(item, level) for item in block[1]))
            elif kind == "terms":
                items = []
                for term, text in block[1]:
                    name = "".join(part for _, part in term).split("(")[0]
                    anchor = ' id="%s"' % name if name in self.terms else ""
                    items.append("<dt%s>%s</dt><dd>%s</dd>" % (anchor, self.words(term), self.blocks(text, level)))
                out.append("<dl>%s</dl>" % "".join(items))
            elif kind == "heading":
                out.append('<h%d id="%s">%s</h%d>' % (level, slug(block[1]), html.escape(block[1]), level))
            elif kind == "part":
                out.append("<h4>%s</h4>%s" % (html.escape(block[1]), self.blocks(block[2], level)))
        return "\n".join(out)

    def symbol(self, symbol):
        out = ['<section class="symbol" id="%s">' % symbol.name,
               '<h3><a href="#%s">%s</a></h3>' % (symbol.name, symbol.name)]
        if symbol.kind in ("struct", "enum"):
            prototype = "typedef %s %s" % (symbol.kind, symbol.name)
        else:
            prototype = symbol.text()
        out.append('<pre class="prototype"><code>%s</code></pre>' % highlighted(prototype, "c", self.link()))
        texts = [block for block in symbol.blocks if block[0] != "part"]
        brief = list(symbol.brief)
        if symbol.kind != "function" and brief and texts and texts[0][0] == "text":
            brief += [("plain", " ")] + texts.pop(0)[1]
        if brief:
            out.append("<p>%s</p>" % self.words(brief))
        parts = [block for block in symbol.blocks if block[0] == "part"]
        out.append(self.blocks(texts))
        if symbol.parameters:
            items = "".join("<dt>%s</dt><dd>%s</dd>" % (name, self.blocks(text)) for name, text in symbol.parameters)
            out.append('<h4>Parameters</h4><dl class="parameters">%s</dl>' % items)
        if symbol.returns:
            out.append("<h4>Returns</h4>" + self.blocks(symbol.returns))
        out.append(self.blocks(parts))
        if symbol.members:
            rows = []
            for declared, text in symbol.members:
                anchor = ' id="%s"' % declared.split()[0] if symbol.kind == "enum" else ""
                rows.append("<tr%s><td>%s</td><td>%s</td></tr>" % (anchor, highlighted(declared, "c", lambda name: None),
                                                                 self.blocks(text)))
            out.append('<table class="members"><tbody>%s</tbody></table>' % "".join(rows))
        out.append("</section>")
        return "\n".join(line for line in out if line)

    def reference_page(self, header):
        title = header.title[:1].upper() + header.title[1:]
        out = ["<h1>%s</h1>" % self.linked(title),
               "<pre><code>#include %s</code></pre>" % html.escape('"heapmm.h"' if header.name == "heapmm.h"
                                                                   else "<%s>" % header.name)]
        if header.symbols:
            rows = "".join('<tr><td><a href="#%s">%s</a></td><td>%s</td></tr>'
                           % (symbol.name, symbol.name, self.words(symbol.brief or first_text(symbol)))
                           for symbol in header.symbols)
            overview = '<h2 id="overview">Overview</h2>\n<div class="scroll"><table class="overview"><tbody>%s</tbody></table></div>' % rows
        else:
            overview = ""
        first = next((i for i, block in enumerate(header.blocks) if block[0] == "heading"), len(header.blocks))
        out += [self.blocks(header.blocks[:first]), overview, self.blocks(header.blocks[first:])]
        group = ""
        for symbol in header.symbols:
            if symbol.group != group:
                group = symbol.group
                out.append('<h2 id="%s">%s</h2>' % (slug(group), html.escape(group)))
            out.append(self.symbol(symbol))
        return Page(self.header_address(header.name), header.name, "\n".join(out), "reference")

    def names_page(self):
        names = sorted((name for name in self.symbols if " " not in name), key=str.lower)
        items = "".join('<li><code><a href="%s">%s</a></code></li>' % (self.symbols[name], name) for name in names)
        return Page("names.html", "All names", "<h1>All names</h1>\n<ul>%s</ul>" % items, "reference")

    # ---- Writing ----

    def navigation(self, page):
        up = "../" if "/" in page.address else ""
        out = []
        for group, pages in self.contents:
            if group:
                out.append("<p>%s</p>" % html.escape(group))
            out.append("<ul>")
            for other in pages:
                if other.address == "index.html":
                    continue
                current = ' aria-current="page"' if other is page else ""
                out.append('<li><a href="%s%s"%s>%s</a>' % (up, other.address, current, html.escape(other.title)))
                if other is page and len(page.sections) > 1:
                    out.append("<ul>%s</ul>" % "".join('<li><a href="#%s">%s</a></li>' % (anchor, re.sub("<[^>]*>", "", title))
                                                       for anchor, title in page.sections))
                out.append("</li>")
            out.append("</ul>")
        return re.sub(r"<ul>\n?</ul>\n?", "", "\n".join(out))

    def write(self, listed):
        for page in self.pages:
            steps = []
            if page in listed:
                place = listed.index(page)
                for label, other in (("Before", place - 1), ("Next", place + 1)):
                    if 0 <= other < len(listed):
                        steps.append('<a href="%s"><small>%s</small>%s</a>' % (listed[other].address, label,
                                                                              html.escape(listed[other].title)))
            file = self.output / page.address
            file.parent.mkdir(parents=True, exist_ok=True)
            title = "heapmm" if page.address == "index.html" else "%s - heapmm" % page.title
            file.write_text(self.template.substitute(
                title=html.escape(title), up="../" if "/" in page.address else "", version=self.version, kind=page.kind,
                contents=self.navigation(page), body=page.body, steps="\n".join(steps)))
        shutil.copy(self.root / "docs/style/manual.css", self.output / "manual.css")


def first_text(symbol):
    return next((block[1] for block in symbol.blocks + symbol.returns if block[0] == "text"), [])
