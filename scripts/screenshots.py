#!/usr/bin/python3
"""Takes the pictures of a real report that the documents show.

SPDX-License-Identifier: MIT

    screenshots.py [HEAPMM]      default: build/release/tools/heapmm

Records a compilation, makes a report of it and opens it in Chromium, without a screen. Writes docs/report-light.png, the page's beginning, and
docs/report-dark.png, the map and the blocks of a moment. Needs what scripts/setup.sh test installs: Debian's chromium, chromium-driver and
python3-selenium.
"""
import base64
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

ROOT = Path(__file__).resolve().parents[1]
WIDTH = 1200

# Of the files: what to look at, and what happens before.
PICTURES = {
    "report-light.png": ("light", "header", "#fragmentation-legend", ""),
    "report-dark.png": ("dark", "#map-section", "#block-text", "zoom(1/4); Page.blocks.selectAt(Page.state.view.start + Page.state.view.bytes / 3)"),
}


def make_report(heapmm, directory):
    """Of the compiler proper, which is the process with the most events."""
    program = ["gcc", "-O2", "-S", "-Iinclude", "src/heap/heap.c", "-o", "/dev/null"]
    subprocess.run([heapmm, "record", "-q", "-o", directory / "cc.hmt", "--", *program], cwd=ROOT, check=True)
    trace = max(directory.glob("*.hmt"), key=lambda path: path.stat().st_size)
    subprocess.run([heapmm, "report", "-o", "page.html", trace], cwd=directory, check=True)
    return directory / "page.html"


def start_browser():
    options = Options()
    for argument in ["--headless=new", "--disable-gpu", "--hide-scrollbars"] + (["--no-sandbox"] if os.geteuid() == 0 else []):
        options.add_argument(argument)
    return webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)


def take(browser, page, picture, scheme, first, last, script):
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": WIDTH, "height": 900, "deviceScaleFactor": 1, "mobile": False})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    browser.get(page.as_uri())
    while not browser.execute_script("return document.documentElement.dataset.ready"):
        time.sleep(0.1)
    if script:
        browser.execute_script(f"Page.blocks.{script}; Page.showView()")
    top, bottom = browser.execute_script("return [document.querySelector(arguments[0]).getBoundingClientRect().top + scrollY, "
                                         "document.querySelector(arguments[1]).getBoundingClientRect().bottom + scrollY]", first, last)
    clip = {"x": 0, "y": max(0, top - 14), "width": WIDTH, "height": bottom - top + 19, "scale": 1}
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
    picture.write_bytes(base64.b64decode(taken["data"]))
    print(f"{picture}: {picture.stat().st_size / 1000:.0f} KB")


def main():
    heapmm = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build/release/tools/heapmm").resolve()
    browser = start_browser()
    try:
        with tempfile.TemporaryDirectory() as directory:
            page = make_report(heapmm, Path(directory))
            for name, (scheme, first, last, script) in PICTURES.items():
                take(browser, page, ROOT / "docs" / name, scheme, first, last, script)
    finally:
        browser.quit()


if __name__ == "__main__":
    main()
