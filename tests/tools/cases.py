"""Cases of a test of the tool: each is a function, in a directory of its own, and says with expect what must hold.

SPDX-License-Identifier: MIT
"""
import os
import pty
import subprocess
import sys
import tempfile

# Debian's tools, which do without locale files and user configuration then.
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}


class Failure(Exception):
    pass


def expect(condition, what):
    if not condition:
        raise Failure(what)


def said_on_terminal(*words):
    """What a command prints on a terminal that is its standard error."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        said = b""
        try:
            while part := os.read(ours, 65536):
                said += part
        except OSError:
            pass
        expect(process.wait() == 0, f"{words}: status {process.returncode}")
    os.close(ours)
    return said.decode()


def run_cases(cases, make_bench):
    """Runs functions of a bench, which make_bench makes of a directory. Ends the program, with status 1 if one failed."""
    failed = 0
    for case in cases:
        with tempfile.TemporaryDirectory() as directory:
            try:
                case(make_bench(directory))
                print(f"{case.__name__}: as expected", flush=True)
            except Failure as failure:
                print(f"{case.__name__}: {failure}", flush=True)
                failed += 1
    sys.exit(1 if failed else 0)
