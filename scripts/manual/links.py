#!/usr/bin/env python3
"""Looks for dead links in a directory of HTML pages, and for anything that they would fetch from elsewhere.

SPDX-License-Identifier: MIT

    links.py DIRECTORY      prints what is wrong; exit status 1 if anything is
    links.py --self-test    shows that each kind of mistake is found
"""
import re
import sys
import tempfile
import urllib.parse
from html.parser import HTMLParser
from pathlib import Path

FETCHED = {("img", "src"), ("script", "src"), ("link", "href"), ("iframe", "src"), ("source", "src"), ("image", "href"),
           ("image", "xlink:href"), ("object", "data"), ("use", "href"), ("use", "xlink:href")}


class Page(HTMLParser):
    """The anchors of a page, and what it refers to."""

    def __init__(self, text):
        super().__init__()
        self.anchors = {}
        self.references = []  # (address, whether the browser fetches it by itself)
        self.style = False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.anchors[value] = self.anchors.get(value, 0) + 1
            if (tag, name) in FETCHED:
                self.references.append((value, True))
            elif tag == "a" and name == "href":
                self.references.append((value, False))
            elif name == "style":
                self.references += [(address, True) for address in urls_in(value)]
        self.style = tag == "style"

    def handle_data(self, data):
        if self.style:
            self.references += [(address, True) for address in urls_in(data)]


def urls_in(css):
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    return [match[0] or match[1] for match in re.findall(r"url\(\s*[\"']?([^\"')]+)|@import\s+[\"']([^\"']+)", css)]


def mistakes(directory):
    """What is wrong with the pages of a directory, one line each."""
    directory = Path(directory).resolve()
    files = sorted(directory.rglob("*.html"))
    pages = {file: Page(file.read_text()) for file in files}
    found = [] if files else ["no pages in %s" % directory]
    for css in directory.rglob("*.css"):
        found += ["%s fetches %s" % (css.relative_to(directory), address) for address in urls_in(css.read_text())
                  if re.match(r"[a-z]+:|//", address)]
    for file, page in pages.items():
        name = file.relative_to(directory)
        found += ["%s: the anchor %s is there %d times" % (name, anchor, count) for anchor, count in page.anchors.items() if count > 1]
        for address, fetched in page.references:
            if re.match(r"[a-z][a-z0-9+.-]*:|//", address):
                if fetched:
                    found.append("%s fetches %s" % (name, address))
                continue
            path, _, anchor = urllib.parse.unquote(address).partition("#")
            target = (file.parent / path).resolve() if path else file
            if not target.is_file():
                found.append("%s: links to %s, which is not there" % (name, address))
            elif directory not in target.parents:
                found.append("%s: links to %s, which is outside" % (name, address))
            elif anchor and target in pages and anchor not in pages[target].anchors:
                found.append("%s: links to %s, where there is no such anchor" % (name, address))
    return found


def self_test():
    sound = '<h1 id="top">A</h1><a href="#top">a</a><a href="b.html#x">b</a><a href="https://example.org/">c</a>'
    cases = {"": 0, '<a href="c.html">': 1, '<a href="b.html#y">': 1, '<a href="#none">': 1, '<i id="top">': 1,
             '<img src="https://example.org/a.png">': 1, '<link rel="stylesheet" href="//example.org/a.css">': 1,
             '<img src="a.png">': 1, '<style>@font-face { src: url(https://example.org/f.woff) }</style>': 1, '<a href="../up.html">': 1}
    for addition, expected in cases.items():
        with tempfile.TemporaryDirectory() as directory:
            pages = Path(directory) / "pages"
            pages.mkdir()
            (Path(directory) / "up.html").write_text("")
            (pages / "a.html").write_text(sound + addition)
            (pages / "b.html").write_text('<p id="x">')
            found = mistakes(pages)
            if len(found) != expected:
                print("%r: found %r, expected %d" % (addition, found, expected))
                return 1
    print("each of %d kinds of mistake is found" % (len(cases) - 1))
    return 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    found = mistakes(arguments[0])
    print("\n".join(found) if found else "no dead links")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
