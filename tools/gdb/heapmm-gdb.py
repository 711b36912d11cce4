"""The commands `heapmm blocks` and `heapmm check` of gdb: heaps of heapmm in a running program or in a core.

SPDX-License-Identifier: MIT

    (gdb) source /usr/local/share/heapmm/gdb/heapmm-gdb.py
    (gdb) help heapmm

Nothing is called in the program, and nothing is written to it: all is read from its memory, so a core will do.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))

from heapmm_gdb import commands  # noqa: E402  the directory is known only now

commands.register()
