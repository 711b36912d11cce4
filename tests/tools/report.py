#!/usr/bin/env python3
"""Tests heapmm report: what stands in its page, against the trace itself; how long it is; what it makes of traces that are not whole.

SPDX-License-Identifier: MIT

    report.py HEAPMM [CASE...]      HEAPMM: the program. Default: all cases but ten_million

The columns of a page are unpacked here as tools/heapmm/columns.h says, by code that knows nothing of what wrote them.
"""
import base64
import functools
import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree
import zlib
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written into the tree
import traces  # noqa: E402
from cases import expect, run_cases  # noqa: E402

BYTES, BYTES_PER_EVENT = 300000, 6


def between(text, begin, end):
    start = text.index(begin) + len(begin)
    return text[start:text.index(end, start)]


class Page:
    """What a page says to its script."""

    def __init__(self, path):
        self.bytes = Path(path).read_bytes()
        self.text = self.bytes.decode("utf-8")
        self.facts = json.loads(between(self.text, '<script type="application/json" id="facts">', "</script>"))
        packed = base64.b64decode(between(self.text, '<script type="application/octet-stream" id="columns">', "</script>"), validate=True)
        self.columns = self.unpack(zlib.decompress(packed, -15))

    @staticmethod
    def unpack(data):
        columns, at = {}, 0
        while at < len(data):
            length = data[at]
            name = data[at + 1:at + 1 + length].decode("ascii")
            at += 1 + length
            coding = data[at]
            count, size = (int.from_bytes(data[at + k:at + k + 4], "little") for k in (1, 5))
            at += 9
            columns[name] = Page.numbers(data[at:at + size], coding)
            expect(len(columns[name]) == count, f"{name}: {len(columns[name])} numbers, {count} are told")
            at += size
        return columns

    @staticmethod
    def numbers(data, coding):
        values, value, shift, before = [], 0, 0, 0
        for byte in data:
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte & 0x80:
                continue
            if coding == 1:
                value += before
            if coding == 2:
                value = before + (value >> 1 if value % 2 == 0 else -(value + 1 >> 1))
            values.append(value)
            value, shift, before = 0, 0, value
        return values

    def spans(self, prefix):
        """Of an axis: (offset, address, bytes) of each span."""
        offset, spans = 0, []
        for high, low, size in zip(*(self.columns[f"{prefix}.{name}"] for name in ("high", "low", "bytes"))):
            spans.append((offset, (high << 32) + low, size))
            offset += size
        return spans

    def addresses(self, prefix):
        """Of each life; None where it has none."""
        spans, unit = self.spans(prefix), self.facts["lives"][prefix + "_unit"]
        more = 1 if prefix == "replayed" else 0

        def address(value):
            offset = (value - more) * unit
            start = [span for span in spans if span[0] <= offset < span[0] + span[2]]
            return start[0][1] + offset - start[0][0]
        return [None if more and value == 0 else address(value) for value in self.columns["life." + prefix]]

    @functools.cached_property
    def lives(self):
        """(birth, death, size, thread, began, recorded, replayed) of each; death: None if there is none."""
        columns = self.columns
        replayed = self.addresses("replayed") if "life.replayed" in columns else [None] * len(columns["life.birth"])
        return [(birth, birth + length if length else None, size, thread, birth - since, recorded, moved)
                for birth, length, size, thread, since, recorded, moved in zip(
                    *(columns["life." + name] for name in ("birth", "length", "size", "thread", "since")),
                    self.addresses("recorded"), replayed)]

    def live_at(self, moment):
        return [life for life in self.lives if life[0] < moment and (life[1] is None or life[1] >= moment)]


class Bench:
    def __init__(self, heapmm, directory):
        self.heapmm = heapmm
        self.directory = Path(directory)

    def path(self, name):
        return str(self.directory / name)

    def run(self, *arguments, status=0, **options):
        done = subprocess.run([self.heapmm, *arguments], capture_output=True, text=True, errors="replace", cwd=self.directory, **options)
        expect(done.returncode == status, f"heapmm {' '.join(arguments)}: status {done.returncode}, expected {status}: {done.stderr}")
        return done.stdout + done.stderr

    def trace(self, events, name="trace.hmt", **options):
        traces.write(self.path(name), events, **options)
        return self.path(name)

    def report(self, events, *arguments, **options):
        """The page of a trace of these events, and what was said."""
        said = self.run("report", *(arguments or ("--on", "heap")), "-o", "page.html", self.trace(events, **options))
        page = Page(self.path("page.html"))
        expect(len(page.bytes) <= BYTES + BYTES_PER_EVENT * len(events), f"the page has {len(page.bytes)} bytes for {len(events)} events")
        return page, said


def blocks(bench):
    """The blocks of any moment are those of the trace."""
    events = list(traces.churn(6000))
    page, said = bench.report(events)
    expect(said == "", said)
    rng = random.Random(3)
    for moment in [0, 1, 2, len(events)] + [rng.randrange(len(events)) for _ in range(60)]:
        found = {life[5]: (life[2], life[3], life[4]) for life in page.live_at(moment)}
        truth = traces.live_at(events, moment)
        expect(found == truth, f"after {moment} events there are other blocks: {sorted(found.items() ^ truth.items())[:4]}")
        expect(len(page.live_at(moment)) == len(truth), f"after {moment} events there are blocks twice")


def replayed_blocks(bench):
    """In the replay each block has a place of its own, and is in the memory that the heap has."""
    events = list(traces.churn(5000, seed=2))
    page, _ = bench.report(events, "--on", "glibc", "--on", "heap")
    expect(page.facts["lives"]["replayed_on"] == "heap", "the replay is not that of the heap")
    expect([replay["name"] for replay in page.facts["replays"]] == ["glibc", "heap"], "other allocators than asked for")
    memory = page.facts["replays"][1]["memory"]
    for moment in range(0, len(events), 97):
        places = sorted((life[6], life[2]) for life in page.live_at(moment))
        expect(all(place is not None and place % 16 == 0 for place, _ in places), "a block has no place, or one that is not aligned")
        expect(all(a + size <= b for (a, size), (b, _) in zip(places, places[1:])), f"after {moment} events blocks overlap")
        expect(not places or places[-1][0] + places[-1][1] <= memory, "a block is outside the arena")


def curves(bench):
    """Live bytes and pages of each moment are those of the trace, and so are the times."""
    events = list(traces.churn(3000, seed=4))
    page, _ = bench.report(events, "--on", "heap", "--on", "glibc")
    columns = page.columns
    expect(len(columns["moment.events"]) == 481 and columns["moment.events"][0] == 0, "there are other moments")
    expect(columns["moment.events"][-1] == len(events), "the last moment is not the end")
    expect(columns["clock"] == [event.time - events[0].time for event in events], "times are others")
    most = at = 0
    sizes = []
    for moment in range(len(events) + 1):
        if moment % 50 == 0 or moment in columns["moment.events"]:
            live = traces.live_at(events, moment)
            sizes.append((moment, live))
    for moment, live in sizes:
        if moment not in columns["moment.events"]:
            continue
        at = columns["moment.events"].index(moment)
        total = sum(size for size, _, _ in live.values())
        most = max(most, total)
        pages = {page for address, (size, _, _) in live.items() for page in range(address >> 12, (address + max(size, 1) - 1 >> 12) + 1)}
        expect(columns["moment.live"][at] == total, f"after {moment} events {columns['moment.live'][at]} bytes are live, not {total}")
        expect(columns["moment.blocks"][at] == len(live), f"after {moment} events there are {columns['moment.blocks'][at]} blocks")
        expect(columns["moment.pages"][at] == 4096 * len(pages), f"after {moment} events there are {columns['moment.pages'][at]} bytes of pages")
        expect(columns["moment.most"][at] >= total, "the most is less than what is live")
        for replay in (0, 1):
            if at > 0:
                expect(columns[f"replay.{replay}.live"][at - 1] == total, "a replay has other live bytes")
                expect(replay == 1 or columns[f"replay.{replay}.memory"][at - 1] > total, "a heap has less memory than its blocks")
    expect(max(columns["moment.most"]) == page.facts["trace"]["peak"]["bytes"], "the peak is another")
    stat = json.loads(bench.run("stat", "--json", bench.path("trace.hmt")))
    for name in ("peak", "sizes", "lifetimes", "calls", "end", "allocated", "realloc"):
        expect(page.facts["trace"][name] == stat[name], f"{name}: other numbers than heapmm stat has")


def million(bench):
    """A million events: within the bound, with nothing left out."""
    events = list(traces.churn(1000000, live=3000, seed=5))
    page, said = bench.report(events)
    expect(said == "" and page.facts["lives"]["left_out"] == 0, "something was left out")
    expect(page.facts["lives"]["clock_step"] == 8, "another step of the clock")
    columns = page.columns
    for at in (0, 1, 60000, 125000):
        expect(columns["clock"][at] == events[min(8 * at, len(events) - 1)].time - events[0].time, "another time")
    moment = 700000
    found = {life[5]: life[2] for life in page.live_at(moment)}
    truth = {address: size for address, (size, _, _) in traces.live_at(events, moment).items()}
    expect(found == truth, "there are other blocks")


def scattered_events(count):
    rng = random.Random(6)
    events, places = [], []
    for number in range(count):
        if places and rng.random() < 0.5:
            events.append(traces.Event(traces.FREE, number, old=places.pop(rng.randrange(len(places)))))
        else:
            places.append(rng.randrange(1, 1 << 50))
            events.append(traces.Event(traces.MALLOC, number, rng.randrange(1 << 48), places[-1]))
    return events


def scattered(bench):
    """Blocks at random addresses with random sizes do not fit into the bound: what is left out is said, and the rest is right."""
    events = scattered_events(100000)
    page, said = bench.report(events, "--on", "none")
    lives = page.facts["lives"]
    expect(lives["left_out"] > 0 and "the page leaves out" in said, "nothing is said of what was left out")
    expect(f"freed or resized within {lives['shortest']:,} events" in said, said)
    frees = {}
    for number, event in enumerate(events):
        if event.kind == traces.FREE:
            frees[event.old] = number
    kept = [number for number, event in enumerate(events) if event.kind == traces.MALLOC and event.size >= lives["smallest"]
            and frees.get(event.address, 1 << 40) - number >= lives["shortest"]]
    expect([life[0] for life in page.lives] == kept, "others were left out than it says")
    expect(lives["left_out"] + len(kept) == sum(event.kind == traces.MALLOC for event in events), "another number of blocks is left out")


def only_lasting(bench):
    """Where nothing is ever freed, the smallest blocks are left out."""
    rng = random.Random(7)
    events = [traces.Event(traces.MALLOC, n, rng.randrange(1 << 40), rng.randrange(1, 1 << 47) // 16 * 16) for n in range(150000)]
    page, said = bench.report(events, "--on", "none")
    expect(page.facts["lives"]["smallest"] > 0 and "those smaller than" in said, said)
    expect(all(life[2] >= page.facts["lives"]["smallest"] for life in page.lives), "a smaller block is there")
    expect(len(page.lives) > 5000, "hardly a block is left")


RUBBISH = [b"program=/bin/</script><script>alert(1)</script>", b"command=</title><b>\"it's\" & <!-- \xff\xfe\xc0\x80 \xed\xa0\x80 \x01 \xe2\x80\xa8 \xf0\x9f\x8d\x8e]]>"]


def names(bench):
    """What a trace says of itself is never read as HTML."""
    page, _ = bench.report(list(traces.churn(50)), "--svg", "--on", "none", about=RUBBISH)
    for name in ("script", "title"):
        expect(len(re.findall(f"</{name}>", page.text)) == len(re.findall(f"<{name}[ >]", page.text)), f"a {name} is ended in a text")
    facts = between(page.text, 'id="facts">', "</script>")
    expect("<" not in facts, "there is a < in the facts")
    expect("alert(1)" not in page.text.replace(facts, ""), "the program stands somewhere else")
    expect(page.facts["about"]["program"] == "/bin/</script><script>alert(1)</script>", "the program is another")
    expect(page.facts["about"]["command"].startswith("</title><b>\"it's\" & <!-- ÿþÀ"), "the command is another")
    for name in ("live", "fragmentation", "map"):
        title = xml.etree.ElementTree.parse(bench.path(f"page-{name}.svg")).getroot()[0].text
        expect("</title><b>\"it's\" & <!--" in title, f"{name}: the title is {title!r}")
    long = [b"command=" + b"\x01" * 60000]
    page, _ = bench.report(list(traces.churn(50)), "--on", "none", about=long)
    expect(page.facts["about"]["command"].endswith("..."), "a long command is not shortened")


def drawings(bench):
    """The drawings are SVG that shows what the page shows."""
    events = list(traces.churn(4000, seed=8))
    bench.run("report", "--svg=pictures", "--on", "heap", "-o", "page.html", bench.trace(events))
    page, found = Page(bench.path("page.html")), {}
    for name in ("live", "fragmentation", "map"):
        root = xml.etree.ElementTree.parse(bench.path(f"pictures-{name}.svg")).getroot()
        found[name] = [path for path in root.iter("{http://www.w3.org/2000/svg}path")]
        expect(not any(element.tag.endswith("script") for element in root.iter()), "there is a script")
    curve = [path for path in found["live"] if path.get("class") == "live"][0].get("d")
    heights = [float(y) for y in re.findall(r"[ML][0-9.]+ ([0-9.]+)", curve)]
    most = page.columns["moment.most"]
    expect(len(heights) == len(most), "the curve of live bytes has other points")
    scale = (max(heights) - min(heights)) / (max(most) - min(most))
    expect(all(abs(max(heights) - height - scale * value) < 0.2 for height, value in zip(heights, most)), "live bytes are drawn wrongly")
    strokes = sum(path.get("d").count("M") for path in found["map"])
    expect(strokes > 200, f"the map has {strokes} strokes only")


NAMESPACE = "{http://www.w3.org/2000/svg}"


def legends(bench):
    """The legend of a drawing has its place, however many allocators there are, and a heading however long the command is."""
    names = ["heap", "tiny", "wide", "tiny4", "heap8", "single-tree", "pool", "glibc", "heap", "wide", "pool", "tiny"]
    trace = bench.trace(list(traces.churn(300)), about=[b"command=sqlite3 :memory: " + b"SELECT * FROM T WHERE X > 17; " * 40])
    bench.run("report", "--svg", *(word for name in names for word in ("--on", name)), "-o", "page.html", trace)
    for drawing, others in (("live", ["pages in use", "live bytes"]), ("fragmentation", ["pages in use"])):
        root = xml.etree.ElementTree.parse(bench.path(f"page-{drawing}.svg")).getroot()
        width, height = (int(number) for number in root.get("viewBox").split()[2:])
        texts = [(float(text.get("x")), float(text.get("y")), text.text) for text in root.iter(NAMESPACE + "text")]
        legend = [text for text in texts if text[1] > 360]
        expect(sorted(name for _, _, name in legend) == sorted(names + others), f"the legend is {legend}")
        expect(all(x + 8 * len(name) <= width and y <= height - 5 for x, y, name in legend), f"the legend is not in the picture: {legend}")
        expect(len({(x, y) for x, y, _ in legend}) == len(legend), "names are on top of each other")
        heading = [text for _, y, text in texts if y == 40]
        expect(len(heading) == 1 and len(heading[0]) < 80 and heading[0].endswith("..."), f"the heading is {heading}")


def no_times(bench):
    """Where no time passes, drawings are of events."""
    bench.run("report", "--svg", "--on", "heap", "-o", "page.html",
              bench.trace([traces.Event(traces.MALLOC, 77, 100, 4096 * (i + 1)) for i in range(50)]))
    for name in ("live", "map"):
        root = xml.etree.ElementTree.parse(bench.path(f"page-{name}.svg")).getroot()
        xs = [float(x) for path in root.iter(NAMESPACE + "path") for x in re.findall(r"[MLH]([0-9.]+)", path.get("d"))]
        expect(min(xs) < 120 and max(xs) == 820, f"{name} is drawn from {min(xs)} to {max(xs)}")
        texts = list(root.iter(NAMESPACE + "text"))
        labels = [text.text for text in texts]
        expect(all(float(text.get("x")) + 4 * len(text.text) < 840 for text in texts if text.get("text-anchor") == "middle"),
               f"a label of {name} is cut off")
        expect("0 events" in labels and "50 events" in labels, f"{name} has the labels {labels}")


def not_whole(bench):
    """Of a trace that is cut off there is a report, which says so; of what is no trace there is none."""
    events = list(traces.churn(20000, seed=9))
    whole = Path(bench.trace(events)).read_bytes()
    cut = Path(bench.path("cut.hmt"))
    cut.write_bytes(whole[:len(whole) * 2 // 3])
    said = bench.run("report", "--on", "heap", "-o", "cut.html", str(cut))
    facts = Page(bench.path("cut.html")).facts
    expect(not facts["missing"]["whole"] and facts["missing"]["end"] in said, said)
    expect(re.search(rf"cut.hmt: offset {facts['missing']['offset']}: ", said), said)
    expect(0 < facts["trace"]["events"] < len(events), "no events, or all")
    damaged = bytearray(whole)
    damaged[70000:70010] = b"x" * 10
    cut.write_bytes(damaged)
    bench.run("report", "--on", "heap", "-o", "cut.html", str(cut))
    facts = Page(bench.path("cut.html")).facts
    expect(facts["missing"]["damaged"] == 1 and facts["missing"]["events"] > 0, f"{facts['missing']}")
    cut.write_bytes(whole[:50])
    bench.run("report", "--on", "heap", "-o", "cut.html", str(cut))
    expect(Page(bench.path("cut.html")).facts["trace"]["events"] == 0, "there are events")
    os.unlink(bench.path("cut.html"))
    for contents, what in ((b"", "offset 0: "), (b"no trace at all", "offset 0: "), (whole[:4] + b"\x02" + whole[5:], "offset 4|offset 0")):
        cut.write_bytes(contents)
        said = bench.run("report", "-o", "cut.html", str(cut), status=1)
        expect(re.search(r"cut.hmt: (%s)" % what, said), said)
        expect(not os.path.exists(bench.path("cut.html")), "there is a page")


def bytes_flipped(bench):
    """Whatever the bytes of a trace, the report ends, and says what is wrong or has a page of what is right."""
    rng = random.Random(10)
    whole = Path(bench.trace(list(traces.churn(300)))).read_bytes()
    for _ in range(40):
        damaged = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        Path(bench.path("damaged.hmt")).write_bytes(damaged)
        done = subprocess.run([bench.heapmm, "report", "--on", "heap", "-o", "page.html", "damaged.hmt"], cwd=bench.directory,
                              capture_output=True, text=True)
        expect(done.returncode in (0, 1) and "damaged.hmt: " in done.stderr, f"status {done.returncode}: {done.stderr}")


def wild_events(rng):
    """Events that no program has."""
    places = [0, 16, 24, 4096, 8192, 1 << 30, (1 << 47) - 16, 1 << 62] + [rng.randrange(1, 1 << 40) for _ in range(6)]
    sizes = [0, 0, 1, 16, 100, 5000, 1 << 20, 1 << 33, 1 << 45, (1 << 63) - 1]
    events, time = [], 0
    for _ in range(400):
        time += rng.choice((0, 1, 1000, 10 ** 12))
        events.append(traces.Event(rng.randrange(5), time, rng.choice(sizes), rng.choice(places), rng.choice(places),
                                   rng.choice((0, 1, 70000)), rng.choice((0, 1, 3, 16, 4096, 1 << 40))))
    return events


def wild(bench):
    """Of such events there is a page, too."""
    rng = random.Random(12)
    for _ in range(12):
        events = wild_events(rng)
        page, _ = bench.report(events, "--svg", "--on", rng.choice(("heap", "tiny", "pool")))
        expect(page.facts["trace"]["events"] == len(events), "events are missing")
        expect(all(life[1] is None or life[1] > life[0] for life in page.lives), "a block ends before it begins")


def failed_writes(bench):
    """If the page cannot be written, nothing is left of it, and what was there before is."""
    trace = bench.trace(list(traces.churn(30000)))
    before = "<!doctype html>\nthe one before\n"
    Path(bench.path("page.html")).write_text(before)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))
    said = bench.run("report", "--on", "none", "-o", "page.html", trace, status=1, preexec_fn=limit)
    expect("page.html: File too large" in said, said)
    expect(Path(bench.path("page.html")).read_text() == before, "the page before is gone")
    expect(sorted(os.listdir(bench.directory)) == ["page.html", "trace.hmt"], f"files are left: {os.listdir(bench.directory)}")
    said = bench.run("report", "--on", "none", "-o", "/dev/full", trace, status=1)
    expect("/dev/full: No space left" in said, said)
    said = bench.run("report", "--on", "none", "-o", "trace.hmt", trace, status=1)
    expect("trace.hmt is there, and is nothing" in said and Path(trace).read_bytes()[:4] == b"\x89hmt", said)
    bench.run("report", "--on", "none", "-o", "page.html", trace)
    expect(Page(bench.path("page.html")).facts["trace"]["events"] == 30000, "the page was not replaced")


def interrupted(bench):
    """Whoever interrupts the writing of a page finds nothing of it, and the page before."""
    trace = bench.trace(scattered_events(100000))
    before = "<!doctype html>\nthe one before\n"
    Path(bench.path("page.html")).write_text(before)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with subprocess.Popen([bench.heapmm, "report", "--on", "none", "-o", "page.html", trace], cwd=bench.directory) as process:
            while not any(name.endswith(".part") for name in os.listdir(bench.directory)):
                expect(process.poll() is None, "it ended before it was interrupted")
            process.send_signal(number)
            expect(process.wait() == -number, f"status {process.returncode} after signal {number}")
        expect(sorted(os.listdir(bench.directory)) == ["page.html", "trace.hmt"], f"files are left: {os.listdir(bench.directory)}")
        expect(Path(bench.path("page.html")).read_text() == before, "the page before is gone")


def falling_times(bench):
    """Times that fall from one frame to the next are those before: nothing lasts for centuries."""
    frames = []
    for first, events in ((0, [traces.Event(traces.MALLOC, 10 ** 9 + i, 100, 4096 * (i + 1)) for i in range(50)]),
                          (50, [traces.Event(traces.FREE, 5 + i, old=4096 * (i + 1)) for i in range(50)])):
        contents, last = bytearray(), (0, 0, 0)
        for event in events:
            record, last = event.record(last)
            contents += record
        frames.append(traces.frame(2, bytes(contents), len(events), first))
    Path(bench.path("falling.hmt")).write_bytes(traces.frame(1, b"") + b"".join(frames))
    bench.run("report", "--on", "heap", "-o", "page.html", "falling.hmt")
    page = Page(bench.path("page.html"))
    expect(page.facts["trace"]["nanoseconds"] == 49, f"the trace lasts {page.facts['trace']['nanoseconds']} ns")
    expect(page.columns["clock"] == [min(i, 49) for i in range(100)], f"the clock is {page.columns['clock']}")
    expect(" in 49 ns," in bench.run("stat", "falling.hmt"), "heapmm stat has another time")


def no_bytes(bench):
    """Where no byte is ever live, the peak is at the first event."""
    for events in ([traces.Event(traces.FREE, 5000, old=16)], [traces.Event(traces.MALLOC, 5000, 0, 16), traces.Event(traces.FREE, 6000, old=16)]):
        page, _ = bench.report(events, "--svg", "--on", "heap")
        expect(page.facts["trace"]["peak"]["nanoseconds"] == 0, f"the peak is after {page.facts['trace']['peak']['nanoseconds']} ns")
        expect("The peak of bytes is 0 ns after" in bench.run("stat", bench.path("trace.hmt")), "heapmm stat has another peak")


def highest_addresses(bench):
    """Blocks in the last page that there is have their addresses, too."""
    last = (1 << 64) - 1
    page, _ = bench.report([traces.Event(traces.MALLOC, i, 50 * i, last - 100 * i) for i in range(1, 60)], "--on", "none")
    expect([life[5] for life in page.lives] == [last - 100 * i for i in range(1, 60)], "addresses are others")


def self_contained(bench):
    """The page refers to nothing elsewhere, and has uPlot with its licence."""
    page, _ = bench.report(list(traces.churn(100)))
    marked = re.sub(r"(<script[^>]*>).*?</script>", r"\1", page.text, flags=re.S)
    fetched = re.findall(r"""(?:src|href|action|data)\s*=\s*["']?(?!#)[^"'> ]+|url\(|@import""", marked)
    fetched += re.findall(r"\bfetch\(|XMLHttpRequest|\bimport\(|new Worker|WebSocket", page.text)
    expect(not fetched, f"the page refers to {fetched}")
    for text in ("Leon Sorokin", "Permission is hereby granted", "var uPlot=", "default-src 'none'"):
        expect(text in page.text, f"{text} is missing")


def ten_million(bench):
    """Ten million events: in a minute and a GiB."""
    trace = bench.trace(traces.churn(10000000, live=100000, seed=11))
    start = time.monotonic()
    bench.run("report", "-o", "page.html", trace)
    seconds = time.monotonic() - start
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    size = os.path.getsize(bench.path("page.html"))
    print(f"{seconds:.1f} s, {most / 1024:.0f} MiB, {size / 1e7:.2f} bytes an event")
    expect(seconds < 60, f"{seconds:.0f} s")
    expect(most < 1 << 20, f"{most} KiB")
    expect(size <= BYTES + BYTES_PER_EVENT * 10000000, f"{size} bytes")


CASES = [blocks, replayed_blocks, curves, million, scattered, only_lasting, names, drawings, legends, no_times, not_whole, bytes_flipped, wild, failed_writes,
         interrupted, falling_times, no_bytes, highest_addresses, self_contained]


def main():
    wanted = sys.argv[2:] or [case.__name__ for case in CASES]
    cases = [case for case in CASES + [ten_million] if case.__name__ in wanted]
    run_cases(cases, lambda directory: Bench(os.path.abspath(sys.argv[1]), directory))


if __name__ == "__main__":
    main()
