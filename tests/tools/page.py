#!/usr/bin/python3
"""Opens pages of heapmm report in Chromium, without a screen and a network: they draw, and answer as the trace says.

SPDX-License-Identifier: MIT

    page.py HEAPMM [CASE...]      HEAPMM: the program. Default: all cases

Debian's chromium, chromium-driver and python3-selenium, so it is Debian's python3 that runs this.
"""
import bisect
import os
import random
import re
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

sys.dont_write_bytecode = True  # nothing is written into the tree
from selenium import webdriver  # noqa: E402
from selenium.webdriver.chrome.options import Options  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.action_chains import ActionChains  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402

import traces  # noqa: E402
from cases import expect, run_cases  # noqa: E402
from report import RUBBISH, wild_events  # noqa: E402


def start_browser():
    options = Options()
    arguments = ["--headless=new", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb", "--disable-dev-shm-usage",
                 "--host-resolver-rules=MAP * ~NOTFOUND"]
    for argument in arguments + (["--no-sandbox"] if os.geteuid() == 0 else []):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def pixels(png):
    """The rows of a PNG of 8 bits without interlacing, each a list of colours."""
    at, packed = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", png[at + 8:at + 18])
        if kind == b"IDAT":
            packed += png[at + 8:at + 8 + length]
        at += 12 + length
    size = {2: 3, 6: 4}[colour]
    data, before, rows = zlib.decompress(packed), bytes(width * size), []
    for y in range(height):
        start = y * (width * size + 1)
        kind, line = data[start], bytearray(data[start + 1:start + 1 + width * size])
        for i in range(len(line) if kind else 0):
            left, up, corner = line[i - size] if i >= size else 0, before[i], before[i - size] if i >= size else 0
            guess = left + up - corner
            near = min((left, up, corner), key=lambda value: abs(guess - value))
            line[i] = line[i] + {1: left, 2: up, 3: left + up >> 1, 4: near}[kind] & 0xff
        rows.append([bytes(line[i:i + 3]) for i in range(0, len(line), size)])
        before = bytes(line)
    return rows


class Bench:
    def __init__(self, heapmm, browser, directory):
        self.heapmm = heapmm
        self.browser = browser
        self.directory = Path(directory)

    def look(self, width=1280, dark=False):
        """How the next page is looked at."""
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600})
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                     {"features": [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]})

    def open(self, events, *options, width=1280, dark=False, **of_trace):
        """Makes a page, opens it and waits until it is ready."""
        traces.write(self.directory / "trace.hmt", events, **of_trace)
        done = subprocess.run([self.heapmm, "report", *(options or ("--on", "heap")), "-o", "page.html", "trace.hmt"], cwd=self.directory,
                              capture_output=True, text=True, check=False)
        expect(done.returncode == 0, done.stderr)
        self.look(width, dark)
        self.browser.get((self.directory / "page.html").as_uri())
        self.wait_for("return document.documentElement.dataset.ready === 'true'", "the page never gets ready")
        self.complain()

    def wait_for(self, script, what, seconds=60):
        end = time.monotonic() + seconds
        while not self.browser.execute_script(script):
            self.complain()
            expect(time.monotonic() < end, what)
            time.sleep(0.05)

    def complain(self):
        said = [entry["message"] for entry in self.browser.get_log("browser")]
        expect(not said, f"the browser says: {said}")

    def find(self, id):
        return self.browser.find_element(By.ID, id)

    def text(self, id):
        return self.find(id).text

    def pick(self, moment):
        number = self.find("moment-number")
        number.clear()
        number.send_keys(str(moment), Keys.ENTER)

    def choose(self, name, value):
        self.browser.find_element(By.CSS_SELECTOR, f"input[name={name}][value={value}]").click()

    def click(self, id, x, y):
        """At a point of an element, from its left and top."""
        box = self.find(id)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
        middle = box.size["width"] / 2, box.size["height"] / 2
        actions = ActionChains(self.browser).move_to_element_with_offset(box, 5 - middle[0], 5 - middle[1])
        actions.move_to_element_with_offset(box, x - middle[0], y - middle[1]).click().perform()

    def moment(self):
        return int(self.find("moment-number").get_attribute("value"))

    def expect_moment(self, events, moment):
        """The text of the moment is true."""
        live = traces.live_at(events, moment)
        text = self.text("moment-text")
        count, size = re.search(r": ([\d,]+) blocks?, ([\d.]+ [KMi]*B)\.", text).groups()
        expect(text.startswith(f"After event {moment:,} of {len(events):,}"), text)
        expect(int(count.replace(",", "")) == len(live), f"{text}: there are {len(live)}")
        expect(close(size, sum(block[0] for block in live.values())), f"{text}: there are {sum(block[0] for block in live.values())} bytes")
        return live

    def expect_block(self, events, live):
        """The text of the block that is selected is true. Returns its address."""
        text = self.text("block-text")
        found = re.match(r"([\d,]+) bytes? at 0x([0-9a-f]+): (.*) old, from thread (\d+) in event ([\d,]+)(, resized in event [\d,]+)?\.", text)
        expect(found is not None, f"no block is told of: {text}")
        size, address, _, thread, event, _ = found.groups()
        size, event = (int(number.replace(",", "")) for number in (size, event))
        expect(live.get(int(address, 16)) == (size, int(thread), event - 1), f"{text}: it is {live.get(int(address, 16))}")
        ends = [n for n, e in enumerate(events[self.moment():], self.moment() + 1) if e.old == int(address, 16)]
        expect((f"Its end is event {ends[0]:,}, " if ends else "It is never freed.") in text, f"{text}: it ends in event {ends[:1]}")
        return int(address, 16)

    def expect_drawn(self, id, colours, share):
        """A canvas is no empty one: so many colours, and so many percent of it are not of the commonest one. Returns that."""
        rows = pixels(self.find(id).screenshot_as_png)
        counts = {}
        for row in rows:
            for colour in row:
                counts[colour] = counts.get(colour, 0) + 1
        everything = sum(counts.values())
        expect(len(counts) >= colours, f"{id} has {len(counts)} colours")
        other = 100 * (1 - max(counts.values()) / everything)
        expect(other >= share, f"{id} is of one colour, but for {other:.1f} %")
        return max(counts, key=counts.get)


def close(text, value):
    """Whether "1.5 KiB" is what a number is with three digits."""
    number, unit = text.split()
    scale = 1024 ** ["B", "KiB", "MiB", "GiB"].index(unit)
    return abs(float(number) * scale - value) <= max(0.006 * value, 0.5)


# Colours and percent, see expect_drawn.
CANVASES = {"memory-plot": (12, 5), "fragmentation-plot": (8, 3), "map": (30, 15), "blocks": (6, 10)}
CHURN = list(traces.churn(4000, live=300))


def draws(bench):
    """All is drawn, in the light and in the dark, and on a phone, where nothing is wider than the screen."""
    grounds = set()
    for width, dark in ((1280, False), (1280, True), (390, True), (390, False)):
        bench.open(CHURN, "--on", "heap", "--on", "glibc", "--on", "single-tree", width=width, dark=dark)
        for id, (colours, share) in CANVASES.items():
            ground = bench.expect_drawn(id, colours, share)
        grounds.add((dark, ground))
        wide = bench.browser.execute_script("return document.documentElement.scrollWidth")
        expect(wide <= width, f"the page is {wide} wide on a screen of {width}")
        tables = bench.browser.execute_script("return [...document.querySelectorAll('table')].map((t) => [t.id, t.rows.length])")
        expect(all(rows >= 2 for id, rows in tables if id != "block-table"), f"a table is empty: {tables}")
    expect(len({ground for dark, ground in grounds if dark} & {ground for dark, ground in grounds if not dark}) == 0, "dark is as light")


def moments(bench):
    """The blocks of moments that are picked by number are those of the trace, and the map of the replay has as many."""
    bench.open(CHURN)
    rng = random.Random(1)
    for place in ("recorded", "replayed"):
        bench.choose("place", place)
        for moment in [0, 1, len(CHURN)] + [rng.randrange(len(CHURN)) for _ in range(6)]:
            bench.pick(moment)
            bench.expect_moment(CHURN, moment)
    bench.find("moment-back").click()
    expect(bench.moment() == moment - 1, "one event back is another moment")
    bench.find("moment-peak").click()
    most = max(range(len(CHURN) + 1), key=live_bytes().__getitem__)
    expect(bench.moment() == most, f"the peak is after event {most}, not {bench.moment()}")


def live_bytes():
    """Live bytes after each number of events."""
    sizes, total, totals = {}, 0, [0]
    for event in CHURN:
        total -= sizes.pop(event.old, 0)
        if event.kind != traces.FREE:
            sizes[event.address] = event.size
            total += event.size
        totals.append(total)
    return totals


def tables(bench):
    """What the curves show stands in a table, too."""
    bench.open(CHURN)
    bench.browser.execute_script("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    rows = [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")]
            for row in bench.browser.find_elements(By.CSS_SELECTOR, "#moment-table tbody tr")]
    expect(len(rows) >= 20, f"there are {len(rows)} moments")
    for row in rows:
        events = int(row[1].replace(",", ""))
        live = traces.live_at(CHURN, events)
        total = sum(block[0] for block in live.values())
        expect(close(row[2], total) and int(row[3]) == len(live), f"{row}: there are {len(live)} blocks of {total} bytes")
        used = {page for address, block in live.items() for page in range(address >> 12, (address + max(block[0], 1) - 1 >> 12) + 1)}
        share = round(100 * (1 - total / (4096 * len(used)))) if used else 0
        text, percent = row[4].split(", ")
        expect(close(text, 4096 * len(used)) and abs(int(percent[:-2]) - share) <= 1, f"{row}: these are {len(used)} pages, {share} % unused")
        heap = row[5].split(", ")
        expect(events == 0 or 0 <= int(heap[1][:-2]) < 100, f"{row}: the heap's memory is missing")


def map_answers(bench):
    """A click on the map picks the moment and the address below it; the block that is shown is that of the trace."""
    bench.open(CHURN)
    bench.choose("across", "events")
    left, right = 68, bench.find("map").size["width"] - 26
    before = None
    for part, down in ((0.5, 20), (0.25, 150), (0.9, 260), (0.7, 60)):
        x = round(left + part * (right - left))
        bench.click("map", x, down)
        moment = bench.moment()
        expect(abs(moment - len(CHURN) * (x - left) / (right - left)) < 4, f"a click at {part} picks moment {moment}")
        live = bench.expect_moment(CHURN, moment)
        address = bench.expect_block(CHURN, live)
        expect(before is None or (down > before[0]) == (address > before[1]), "a lower click is a lower address")
        before = (down, address)
    picture = bench.find("blocks").screenshot_as_png
    bench.click("map", left + 30, 20)
    expect(bench.find("blocks").screenshot_as_png != picture, "the blocks are drawn as before")
    bench.choose("across", "time")
    bench.click("map", (left + right) // 2, 20)
    half = CHURN[0].time + (CHURN[-1].time - CHURN[0].time) / 2
    moment = bench.moment()
    times = [event.time for event in CHURN]
    expect(abs(moment - bisect.bisect_right(times, half)) < 10, f"half of the time is moment {moment}")
    bench.click("memory-plot", left + (right - left) // 4, 100)
    expect(abs(bench.moment() - bisect.bisect_right(times, CHURN[0].time + (CHURN[-1].time - CHURN[0].time) / 4)) < 10,
           f"a click on a curve picks moment {bench.moment()}")


def zooms(bench):
    """What is dragged over in a curve is what curves and map show; a double click shows all again."""
    bench.open(CHURN)
    bench.choose("across", "events")
    left, right = 68, bench.find("map").size["width"] - 26
    whole = bench.find("map").screenshot_as_png
    plot = bench.find("memory-plot")
    middle = plot.size["width"] / 2, plot.size["height"] / 2
    quarter, half = ((left + part * (right - left)) - middle[0] for part in (0.25, 0.5))
    actions = ActionChains(bench.browser).move_to_element_with_offset(plot, quarter, 0).click_and_hold()
    actions.move_to_element_with_offset(plot, (quarter + half) / 2, 0).move_to_element_with_offset(plot, half, 0).release().perform()
    expect(bench.find("map").screenshot_as_png != whole, "the map is as before")
    for x, part in ((left + 2, 0.25), (right - 2, 0.5)):
        bench.click("map", x, 50)
        expect(abs(bench.moment() - part * len(CHURN)) < 20, f"at {x} there is moment {bench.moment()}")
        bench.expect_moment(CHURN, bench.moment())
    ActionChains(bench.browser).double_click(plot).perform()
    bench.click("map", right - 1, 50)
    expect(bench.moment() > 0.99 * len(CHURN), f"a double click does not show all: {bench.moment()}")


def blocks_answer(bench):
    """Blocks are told of when they are clicked or pointed at; zoomed, others are shown."""
    bench.open(CHURN)
    bench.pick(2500)
    live = bench.expect_moment(CHURN, 2500)
    bench.find("zoom-in").click()
    widths = bench.text("view-text")
    script = """const b = Page.blocks, {view, place} = b.state, offsets = b.live.map((life) => place.offsets[life]);
        return offsets.filter((o) => o >= view.start && o < view.start + view.bytes).map((o) => [b.pointOf(o).x + 1, b.pointOf(o).y + 4])"""
    points = bench.browser.execute_script(script)
    expect(len(points) > 10, f"only {len(points)} blocks are shown")
    for x, y in (points[0], points[len(points) // 2], points[-1]):
        bench.click("blocks", x, y)
        address = bench.expect_block(CHURN, live)
        tip = bench.text("tip")
        expect(f"0x{address:x}" in tip and f"thread {live[address][1]}" in tip and tip.startswith(f"{live[address][0]:,} byte"),
               f"0x{address:x}: the tip says {tip!r}")
    bench.find("zoom-in").click()
    expect(bench.text("view-text") != widths, "zooming does nothing")
    for colour in ("size", "thread", "age"):
        before = bench.find("blocks").screenshot_as_png
        bench.choose("colour", colour)
        expect(bench.find("blocks").screenshot_as_png != before, f"coloured by {colour} the blocks look the same")
    bench.browser.execute_script("document.getElementById('block-details').open = true")
    bench.wait_for("return document.querySelectorAll('#block-table tbody tr').length === 50", "the table has not 50 blocks")
    rows = [[cell.text for cell in row.find_elements(By.CSS_SELECTOR, "th, td")]
            for row in bench.browser.find_elements(By.CSS_SELECTOR, "#block-table tbody tr")]
    sizes = sorted((block[0] for block in live.values()), reverse=True)[:50]
    expect([int(row[1].replace(",", "")) for row in rows] == sizes, "the table has other blocks than the largest")
    expect(all(live[int(row[0], 16)][0] == int(row[1].replace(",", "")) for row in rows), "the table has other addresses")


def keys(bench):
    """Everything works with keys alone, and one sees where one is."""
    bench.open(CHURN)
    bench.pick(2000)
    def press(*pressed):
        ActionChains(bench.browser).send_keys(*pressed).perform()
    seen = []
    bench.browser.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    for _ in range(60):
        press(Keys.TAB)
        active = bench.browser.switch_to.active_element
        seen.append(active.get_attribute("id") or active.get_attribute("name") or active.tag_name)
        outline = bench.browser.execute_script("return getComputedStyle(arguments[0]).outlineStyle", active)
        expect(outline != "none" or active.tag_name == "body", f"nothing shows that {seen[-1]} has the focus")
    for id in ("across", "part", "place", "map", "moment-slider", "moment-number", "colour", "zoom-in", "blocks"):
        expect(id in seen, f"{id} cannot be reached with Tab: {seen}")
    focus = "document.getElementById(arguments[0]).focus()"
    bench.browser.execute_script(focus, "map")
    press(Keys.ARROW_RIGHT)
    expect(bench.moment() > 2000, "the right arrow does nothing")
    after = bench.moment()
    ActionChains(bench.browser).key_down(Keys.SHIFT).send_keys(Keys.ARROW_LEFT).key_up(Keys.SHIFT).perform()
    expect(bench.moment() == after - 1, "shift and the left arrow is no step of one event")
    expect(bench.find("map").get_attribute("aria-valuenow") == str(after - 1), "the map has another value")
    press(Keys.END)
    expect(bench.moment() == len(CHURN), "End is not the end")
    press(Keys.HOME)
    expect(bench.moment() == 1, "Home is not the first event")
    bench.pick(2000)
    live = bench.expect_moment(CHURN, 2000)
    bench.browser.execute_script(focus, "blocks")
    press(Keys.HOME)
    texts = ""
    for address in sorted(live)[:60]:
        texts += bench.text("block-text")
        expect(bench.expect_block(CHURN, live) == address, f"the next block is not that at {address:x}")
        press(Keys.ARROW_RIGHT)
    expect("resized" in texts and "never freed" in texts, "none of these blocks was resized, or none stays")
    press(Keys.ARROW_LEFT)
    expect(bench.expect_block(CHURN, live) == sorted(live)[59], "the left arrow does not lead back")
    press(Keys.END)
    expect(bench.expect_block(CHURN, live) == max(live), "End is not the last block")
    view = bench.text("view-text")
    press("+")
    expect(bench.text("view-text") != view, "+ does not zoom")
    press("0")
    expect(bench.text("view-text") == view, "0 does not show all")


def rubbish(bench):
    """Names of unknown origin stand there as they are."""
    bench.open(CHURN[:60], about=RUBBISH)
    expect(bench.text("name").startswith("</title><b>\"it's\" & <!-- ÿþÀ"), bench.text("name"))
    expect("/bin/</script><script>alert(1)</script>" in bench.text("about"), bench.text("about"))
    expect(len(bench.browser.find_elements(By.CSS_SELECTOR, "header b")) == 0, "there is an element")


def incomplete(bench):
    """Pages of no events, of one, of those that no program has, and of a trace that is not whole."""
    bench.open([])
    expect("no events" in bench.text("summary"), bench.text("summary"))
    bench.open(CHURN[:1], "--on", "none")
    bench.expect_moment(CHURN[:1], 1)
    bench.open(wild_events(random.Random(1)))
    for moment in (1, 100, 400):
        bench.pick(moment)
    bench.click("map", 500, 100)
    bench.complain()
    bench.open(CHURN, ends=False)
    expect("The trace is not whole. At offset" in bench.text("warnings"), bench.text("warnings"))
    bench.expect_drawn("map", *CANVASES["map"])


def unreadable(bench):
    """Where blocks cannot be unpacked, it is said at the top, and all else is there; without scripts, it is said what to do."""
    bench.open(CHURN)
    path = bench.directory / "page.html"
    without = bench.browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": "delete window.DecompressionStream"})

    def expect_rest(why):
        bench.wait_for("return !document.getElementById('warnings').hidden", "nothing is said")
        expect(why in bench.text("warnings"), bench.text("warnings"))
        hidden = bench.browser.execute_script("return [...document.querySelectorAll('main section')].map((s) => s.offsetHeight === 0)")
        expect(hidden == [True] * 3 + [False] * 4, f"the sections that are hidden: {hidden}")
        for id in ("size-table", "lifetime-table", "thread-table", "allocator-table"):
            expect(len(bench.find(id).text.splitlines()) > 1, f"{id} is empty")
    try:
        bench.browser.get(path.as_uri())
        expect_rest("DecompressionStream")
    finally:
        bench.browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", without)
    bench.complain()
    text = path.read_text()
    at = text.index('id="columns">') + 1000
    path.write_text(text[:at] + "AAAAAAAAAAAA" + text[at + 12:])
    bench.browser.get(path.as_uri())
    expect_rest("cannot be read")
    bench.browser.get_log("browser")
    bench.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        bench.browser.get(path.as_uri())
        said = bench.browser.find_element(By.TAG_NAME, "body").text
    finally:
        bench.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    expect("scripts are off" in said and "Memory over time" not in said, f"without scripts it says {said!r}")


def no_times(bench):
    """Where no time passes, curves and map are of events."""
    events = [traces.Event(traces.MALLOC, 7, 100, 4096 * (i + 1)) for i in range(200)]
    bench.open(events)
    chosen = bench.browser.find_element(By.CSS_SELECTOR, "input[name=across]:checked")
    expect(chosen.get_attribute("value") == "events" and not chosen.is_enabled(), "it is of a time that does not pass")
    bench.click("map", 68 + (bench.find("map").size["width"] - 68 - 26) / 2, 50)
    expect(abs(bench.moment() - 100) < 3, f"in the middle of the map there is event {bench.moment()}")
    bench.expect_moment(events, bench.moment())


def many_threads(bench):
    """Colours tell for which threads they are, and a table of some threads that there are more."""
    for count, first, note in ((3, "thread 0", ""), (8, "thread 0", ""), (20, "thread 0, 8, 16", ""), (100, "thread 0, 8, 16 ...", "first 64 of 100")):
        bench.open([traces.Event(traces.MALLOC, i, 100, 4096 * (i + 1), thread=i) for i in range(count)])
        bench.choose("colour", "thread")
        names = bench.text("blocks-legend").splitlines()
        expect(names[0] == first and len(names) == min(8, count), f"of {count} threads the legend is {names}")
        expect(note in bench.text("thread-note") and bool(note) == bool(bench.text("thread-note")), bench.text("thread-note"))


def long_name(bench):
    """A long command is no wall of text."""
    bench.open(CHURN[:60], about=[b"command=sqlite3 :memory: " + b"SELECT 1; " * 100])
    expect(len(bench.browser.title) < 120 and bench.browser.title.endswith("\u2026"), bench.browser.title)
    height = bench.find("name").size["height"]
    expect(height < 120, f"the heading is {height} high")


def million(bench):
    """A million events: a moment is there in a tenth of a second."""
    events = list(traces.churn(1000000, live=3000))
    bench.open(events)
    script = "const begun = performance.now(); Page.pick(arguments[0]); return performance.now() - begun"
    times = [bench.browser.execute_script(script, moment) for moment in range(100000, 1000000, 100000)]
    print("moments take, in ms:", " ".join(f"{took:.0f}" for took in times))
    expect(min(times) < 100, f"a moment takes {min(times):.0f} ms")
    bench.pick(123456)
    bench.expect_moment(events, 123456)


def paper(bench):
    """It can be printed."""
    bench.open(CHURN)
    printed = bench.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"]
    expect(len(printed) > 40000, f"the print has {len(printed)} bytes only")


CASES = [draws, moments, tables, map_answers, zooms, blocks_answer, keys, rubbish, incomplete, unreadable, no_times, many_threads, long_name, million, paper]


def main():
    wanted = sys.argv[2:] or [case.__name__ for case in CASES]
    browser = start_browser()
    try:
        run_cases([case for case in CASES if case.__name__ in wanted],
                  lambda directory: Bench(os.path.abspath(sys.argv[1]), browser, directory))
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
