"""Heaps of heapmm as gdb sees them. Only memory.py and commands.py know gdb.

SPDX-License-Identifier: MIT
"""
