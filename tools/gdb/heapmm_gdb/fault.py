"""What can be wrong: with a heap, and with what was asked for.

SPDX-License-Identifier: MIT
"""


class Fault(Exception):
    """What hmm_heap_check finds: the name of its code, an address, a sentence."""

    def __init__(self, code, address, text):
        super().__init__(f"{code} at {address:#x}: {text}")
        self.code, self.address, self.text = code, address, text


class Problem(Exception):
    """Why a question has no answer, and what to do."""


class Unreadable(Problem):
    def __init__(self, address):
        super().__init__(f"the memory at {address:#x} cannot be read: it is not mapped, or not in this core (is the core truncated?)")
        self.address = address
